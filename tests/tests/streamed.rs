//! Streamed packets: out in blocks and back, in pieces of any size, and damaged ones.

use dqa_golden::lanes::LaneShape;
use dqa_golden::packet::{
    BLOCK_BYTES, BLOCK_HEAD_BYTES, HEADER_BYTES, Header, MAX_PAYLOAD_BYTES, Operation, Packet,
    PacketError, Reader, TRAILER_BYTES, checked, is_whole, plain,
};
use dqa_golden::payload::PlaneRun;
use proptest::collection::vec;
use proptest::prelude::*;

/// A packet of any header and payload.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let len = prop_oneof![
        8 => 0..300usize,
        1 => BLOCK_BYTES - 4..BLOCK_BYTES + 4,
        1 => 2 * BLOCK_BYTES - 4..3 * BLOCK_BYTES,
    ];
    let payload = len.prop_flat_map(|len| vec(any::<u8>(), len / 2 * 2));
    let operations = [Operation::Encode, Operation::Decode, Operation::Scan];
    let header = (
        prop::sample::select(operations.to_vec()),
        any::<(u8, u16, u16, u32)>(),
        1u16..300,
        1u32..1000,
    );
    (header, payload).prop_map(|((operation, numbers, images, plane_len), payload)| {
        let (context, first_channel, channels, sequence) = numbers;
        let header = Header {
            operation,
            context,
            shape: LaneShape::new(4).unwrap(),
            run: PlaneRun {
                first_channel,
                channels: channels % 1000,
                images,
            },
            plane_len,
            sequence,
            payload_len: 0,
        };
        header.packet(&payload)
    })
}

/// Lengths of blocks, in whole samples.
fn lengths(most: usize) -> impl Strategy<Value = Vec<usize>> {
    vec((0..most / 2).prop_map(|samples| 2 * samples), 0..6)
}

/// Feeds a reader in pieces of these lengths, then the rest.
fn feed(
    reader: &mut Reader,
    mut bytes: &[u8],
    pieces: &[usize],
) -> Vec<Result<Vec<u8>, PacketError>> {
    let mut packets = Vec::new();
    let mut pieces = pieces.iter();
    while !bytes.is_empty() {
        let len = pieces
            .next()
            .map_or(bytes.len(), |&len| len.min(bytes.len()));
        let (mut piece, rest) = bytes.split_at(len);
        while let Some(packet) = reader.read(&mut piece) {
            packets.push(packet);
        }
        assert!(piece.is_empty());
        bytes = rest;
    }
    packets
}

proptest! {
    #[test]
    fn packets_back_to_back_come_back_plain(
        packets in vec((packet(), any::<Option<u8>>()), 1..5),
        blocks in lengths(3000),
        pieces in vec(0..200usize, 0..100),
    ) {
        let mut bytes = Vec::new();
        for (packet, form) in &packets {
            let parsed = Packet::parse(packet).unwrap();
            match form.map(|form| form % 2) {
                None => bytes.extend_from_slice(packet),
                Some(0) => bytes.extend(parsed.stream()),
                Some(_) => bytes.extend(parsed.stream_in(blocks.iter().copied())),
            }
        }
        let mut reader = Reader::new();
        let read = feed(&mut reader, &bytes, &pieces);
        let expected: Vec<_> = packets.into_iter().map(|(packet, _)| Ok(packet)).collect();
        prop_assert_eq!(&read, &expected);
        prop_assert!(!reader.in_packet() && !reader.is_lost());
        prop_assert_eq!(feed(&mut reader, &bytes, &vec![1; bytes.len()]), expected);
    }

    #[test]
    fn a_device_sends_full_blocks(packet in packet()) {
        let stream = Packet::parse(&packet).unwrap().stream();
        let payload = packet.len() - HEADER_BYTES - TRAILER_BYTES;
        let heads = payload.div_ceil(BLOCK_BYTES).max(1);
        prop_assert_eq!(stream.len(), packet.len() + heads * BLOCK_HEAD_BYTES);
        for (block, at) in (HEADER_BYTES..).step_by(BLOCK_HEAD_BYTES + BLOCK_BYTES).take(heads).enumerate() {
            let last = block + 1 == heads;
            let len = if last { payload - block * BLOCK_BYTES } else { BLOCK_BYTES };
            let head = u32::from_le_bytes(stream[at..at + 4].try_into().unwrap());
            prop_assert_eq!(head, u32::try_from(len).unwrap() | u32::from(last) << 31);
        }
        prop_assert_eq!(plain(stream), Ok(packet));
    }

    #[test]
    fn damage_is_never_taken_for_a_packet(
        packet in packet(),
        blocks in lengths(100),
        at: prop::sample::Index,
        flip in 1u8..,
    ) {
        let mut stream = Packet::parse(&packet).unwrap().stream_in(blocks);
        prop_assert_eq!(plain(packet.clone()), Ok(packet.clone()));
        let trailer = stream.len() - TRAILER_BYTES;
        let at = at.index(stream.len());
        stream[at] ^= flip;
        let mut reader = Reader::new();
        let mut left = &stream[..];
        let read = reader.read(&mut left);
        prop_assert!(!matches!(read, Some(Ok(_))), "byte {at}: {read:?}");
        // A damaged trailer costs that packet only.
        if at >= trailer {
            prop_assert!(left.is_empty() && !reader.is_lost() && !reader.in_packet());
            prop_assert_eq!(reader.read(&mut &packet[..]), Some(Ok(packet)));
        }
    }

    #[test]
    fn a_whole_packet_is_read_where_it_is(
        packet in packet(),
        blocks in prop::option::of(lengths(3000)),
        status in prop::option::of(1u32..20),
        cut in prop::option::of(any::<prop::sample::Index>()),
        more: bool,
        damage in prop::option::of(any::<(prop::sample::Index, u8)>()),
    ) {
        let mut bytes = match blocks {
            None => packet.clone(),
            Some(blocks) => Packet::parse(&packet).unwrap().stream_in(blocks),
        };
        let trailer = bytes.len() - TRAILER_BYTES;
        if let Some(status) = status {
            bytes[trailer + 8..trailer + 12].copy_from_slice(&status.to_le_bytes());
        }
        if let Some((at, flip)) = damage {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes.extend(more.then_some(7));
        let mut reader = Reader::new();
        let mut left = &bytes[..];
        let read = reader.read(&mut left);
        let whole = read.is_some() && left.is_empty() && !reader.is_lost();
        prop_assert_eq!(is_whole(&bytes), whole);
        match read.filter(|_| whole) {
            Some(read) => prop_assert_eq!(checked(bytes), read),
            None => prop_assert!(checked(bytes).is_err()),
        }
    }

    #[test]
    fn a_part_of_a_packet_is_none(packet in packet(), at: prop::sample::Index) {
        let stream = Packet::parse(&packet).unwrap().stream();
        for bytes in [&packet, &stream] {
            let part = &bytes[..at.index(bytes.len())];
            let mut reader = Reader::new();
            prop_assert_eq!(reader.read(&mut &part[..]), None);
            prop_assert_eq!(reader.in_packet(), !part.is_empty());
            if part.get(15) == Some(&1) {
                prop_assert!(plain(part.to_vec()).is_err());
            }
        }
        prop_assert!(plain([&stream[..], &[0]].concat()).is_err());
    }

    #[test]
    fn any_bytes_behind_a_header_are_read_without_panic(
        packet in packet(),
        heads in vec((any::<u32>(), any::<bool>(), 0..64usize), 0..8),
    ) {
        let mut bytes = Packet::parse(&packet).unwrap().stream()[..HEADER_BYTES].to_vec();
        for (head, small, behind) in heads {
            let head = if small { head & 0x8000_003e } else { head };
            bytes.extend(head.to_le_bytes());
            bytes.extend([0; 12]);
            bytes.extend(std::iter::repeat_n(7, behind));
        }
        let mut reader = Reader::new();
        let _ = feed(&mut reader, &bytes, &[]);
        if reader.is_lost() {
            let again = [reader.read(&mut &[0][..]), reader.read(&mut &[][..])];
            prop_assert!(matches!(again, [Some(Err(_)), None]));
        }
    }
}

fn some_header() -> Header {
    Header {
        operation: Operation::Decode,
        context: 0,
        shape: LaneShape::new(4).unwrap(),
        run: PlaneRun {
            first_channel: 0,
            channels: 1,
            images: 1,
        },
        plane_len: 100,
        sequence: 0,
        payload_len: 0,
    }
}

fn block_head(word: u32) -> [u8; BLOCK_HEAD_BYTES] {
    let mut head = [0; BLOCK_HEAD_BYTES];
    head[..4].copy_from_slice(&word.to_le_bytes());
    head
}

#[test]
fn bad_block_heads_are_refused() {
    let packet = some_header().packet(&[1; 64]);
    let stream = Packet::parse(&packet).unwrap().stream();
    let refused = |head: [u8; BLOCK_HEAD_BYTES]| {
        let mut stream = stream.clone();
        stream[HEADER_BYTES..][..BLOCK_HEAD_BYTES].copy_from_slice(&head);
        Reader::new().read(&mut &stream[..])
    };
    let mut dirty = block_head(64 | 1 << 31);
    assert_eq!(refused(dirty), Some(Ok(packet.clone())));
    dirty[15] = 1;
    assert_eq!(refused(dirty), Some(Err(PacketError::Block(64 | 1 << 31))));
    for word in [0, 63, 4098, 1 << 30, u32::MAX] {
        let refused = refused(block_head(word));
        assert_eq!(refused, Some(Err(PacketError::Block(word))), "{word:#x}");
    }
}

#[test]
fn a_payload_without_end_is_refused() {
    let stream = Packet::parse(&some_header().packet(&[]))
        .map(|packet| packet.stream())
        .unwrap();
    let mut reader = Reader::new();
    assert_eq!(reader.read(&mut &stream[..HEADER_BYTES]), None);
    let block = [&block_head(4096)[..], &[0; BLOCK_BYTES]].concat();
    let mut sent = 0;
    let error = loop {
        match reader.read(&mut &block[..]) {
            None => sent += BLOCK_BYTES,
            Some(error) => break error,
        }
    };
    let too_large = MAX_PAYLOAD_BYTES as usize / BLOCK_BYTES * BLOCK_BYTES + BLOCK_BYTES;
    assert_eq!(error, Err(PacketError::TooLarge(too_large)));
    assert_eq!(sent, too_large - BLOCK_BYTES);
}
