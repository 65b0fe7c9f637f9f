//! Finds the ends of requests in the bytes that a DMA engine brings.
//!
//! A core wants `tlast` with the last beat of each request, and an engine marks the ends of its
//! transfers, which hold several requests or a part of one. So a board counts: a plain request's header
//! says how long it is. What does not begin as one ends where its transfer ends, and the core refuses it.

use dqa_golden::packet::{HEADER_BYTES, MAGIC, MAX_PAYLOAD_BYTES, TRAILER_BYTES};

/// What is left of the request that the stream is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Left {
    /// Its header is not complete.
    #[default]
    Header,
    Bytes(usize),
    /// What is left of its transfer.
    Transfer,
}

/// Cuts one path's stream.
#[derive(Clone, Debug)]
pub(super) struct Cutter {
    /// Bytes of a beat.
    beat: usize,
    left: Left,
    /// What is not passed on yet: a part of a header or of a beat.
    held: Vec<u8>,
}

impl Cutter {
    pub(super) fn new(beat: usize) -> Self {
        Self {
            beat,
            left: Left::Header,
            held: Vec::new(),
        }
    }

    /// Forgets where it is.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.beat);
    }

    /// Takes bytes of a transfer, with which it `ends` or not, and passes whole beats on, telling which
    /// are the last of a request.
    pub(super) fn feed(&mut self, bytes: &[u8], ends: bool, pass: &mut dyn FnMut(&[u8], bool)) {
        self.held.extend_from_slice(bytes);
        let mut at = 0;
        loop {
            let here = &self.held[at..];
            let magic = here.len().min(MAGIC.len());
            match self.left {
                Left::Header if here.is_empty() => break,
                Left::Header if here[..magic] != MAGIC[..magic] => self.left = Left::Transfer,
                Left::Header => {
                    let Some(head) = here.first_chunk::<HEADER_BYTES>() else {
                        break;
                    };
                    let payload = u32::from_le_bytes([24, 25, 26, 27].map(|at| head[at]));
                    self.left = match payload <= MAX_PAYLOAD_BYTES {
                        true => Left::Bytes(HEADER_BYTES + payload as usize + TRAILER_BYTES),
                        false => Left::Transfer,
                    };
                }
                Left::Bytes(left) if left <= here.len() => {
                    pass(
                        &here[..left.next_multiple_of(self.beat).min(here.len())],
                        true,
                    );
                    at += left;
                    self.left = Left::Header;
                }
                Left::Bytes(left) => {
                    let whole = here.len() - here.len() % self.beat;
                    pass(&here[..whole], false);
                    at += whole;
                    self.left = Left::Bytes(left - whole);
                    break;
                }
                Left::Transfer => {
                    let whole = here.len() - here.len() % self.beat;
                    pass(&here[..whole], ends);
                    // A part of a beat at the end of a transfer has nowhere to go.
                    at += if ends { here.len() } else { whole };
                    if ends {
                        self.left = Left::Header;
                    }
                    break;
                }
            }
        }
        self.held.drain(..at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        lie[24..28].copy_from_slice(&(MAX_PAYLOAD_BYTES + 1).to_le_bytes());
        assert_eq!(cut(8, &[&lie, &good]).0, [lie, good.clone()]);
        // One that waits for its rest takes what comes for it.
        assert_eq!(cut(8, &[&long, &good]).0.len(), 0);
    }
}
