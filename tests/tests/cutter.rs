//! Requests in a DMA engine's transfers, cut anywhere, come out as they were.

use dqa_golden::packet::{Cutter, HEADER_BYTES, MAGIC, MAX_PAYLOAD_BYTES, TRAILER_BYTES};

fn packet(payload: u32, fill: u8) -> Vec<u8> {
    let mut packet = vec![fill; HEADER_BYTES + payload as usize + TRAILER_BYTES];
    packet[..4].copy_from_slice(&MAGIC);
    packet[24..28].copy_from_slice(&payload.to_le_bytes());
    packet
}

/// Requests as they come out, and what came behind the last end.
fn cut(beat: usize, transfers: &[&[u8]]) -> (Vec<Vec<u8>>, Vec<u8>) {
    let mut cutter = Cutter::new(beat);
    let (mut requests, mut open) = (Vec::new(), Vec::new());
    for transfer in transfers {
        cutter.feed(transfer, true, &mut |bytes, last| {
            assert!(bytes.len().is_multiple_of(beat));
            open.extend_from_slice(bytes);
            if last {
                requests.push(std::mem::take(&mut open));
            }
        });
    }
    (requests, open)
}

#[test]
fn requests_end_where_they_say() {
    let packets = [packet(16, 1), packet(0, 2), packet(4096, 3), packet(160, 4)];
    let all = packets.concat();
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..500 {
        let mut transfers = Vec::new();
        let mut left = &all[..];
        while !left.is_empty() {
            let len = [left.len().min(16), left.len(), random.usize(1..=left.len())];
            let (transfer, rest) = left.split_at(len[random.usize(0..3)]);
            transfers.push(transfer);
            left = rest;
        }
        let beat = [2, 4, 8, 16][random.usize(0..4)];
        assert_eq!(cut(beat, &transfers), (packets.to_vec(), Vec::new()));
    }
}

#[test]
fn what_is_no_request_ends_with_its_transfer() {
    let good = packet(32, 1);
    let garbage = [7; 48];
    let (requests, open) = cut(8, &[&garbage, &good, &garbage, &good]);
    assert_eq!(requests, [&garbage[..], &good, &garbage, &good]);
    assert!(open.is_empty());
    let long = packet(MAX_PAYLOAD_BYTES, 1)[..64].to_vec();
    let mut lie = long.clone();
    lie[24..28].copy_from_slice(&(MAX_PAYLOAD_BYTES + 8).to_le_bytes());
    assert_eq!(cut(8, &[&lie, &good]).0, [lie, good.clone()]);
    // One that waits for its rest takes what comes for it.
    assert_eq!(cut(8, &[&long, &good]).0.len(), 0);
}

#[test]
fn what_is_not_whole_beats_is_filled_up() {
    let good = packet(32, 1);
    let odd = packet(33, 1);
    let filled = [&odd[..], &[0; 7]].concat();
    assert_eq!(cut(8, &[&odd, &good]).0, [filled, good]);
    // The first three bytes of the magic word, in two transfers, and then another one.
    let requests = cut(4, &[b"D", b"QX", &[1; 3]]).0;
    assert_eq!(requests, [b"DQX\0", &[1, 1, 1, 0]]);
}
