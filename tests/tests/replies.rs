//! What a path of a device replies to good requests and to bad ones.

use dqa_golden::context::Scale;
use dqa_golden::packet::{
    BLOCK_HEAD_BYTES, Direction, HEADER_BYTES, Header, Operation, Packet, PacketError, Path,
    Reader, Reply, Status, TRAILER_BYTES, answer, samples_to_bytes,
};
use dqa_golden::payload::encode;
use dqa_golden::symbol::Mode;
use dqa_tests::hostile::small_container;
use dqa_tests::strategies::{Planes, planes};
use proptest::prelude::*;

/// A path with one context, and a plain request for it.
#[derive(Clone, Debug)]
struct Case {
    path: Path,
    request: Vec<u8>,
}

fn case(planes: Planes, operation: Operation) -> Option<Case> {
    let Planes {
        context,
        run,
        samples,
    } = planes;
    if context.shape().lanes() > 8 {
        return None;
    }
    let payload = match operation {
        Operation::Decode => encode(&context, &run, &samples).ok()?.payload,
        Operation::Encode | Operation::Scan => samples_to_bytes(&samples),
    };
    let request = Header {
        operation,
        context: 1,
        shape: context.shape(),
        run,
        plane_len: u32::try_from(context.plane_len()).unwrap(),
        sequence: 41,
        payload_len: 0,
    }
    .packet(&payload);
    let path = Path {
        direction: match operation {
            Operation::Decode => Direction::Read,
            Operation::Encode | Operation::Scan => Direction::Write,
        },
        shape: context.shape(),
        contexts: vec![None, Some(context)],
        scan: true,
        counts: true,
        check_sequence: true,
        last_sequence: None,
    };
    Some(Case { path, request })
}

fn cases() -> impl Strategy<Value = Case> {
    let operations = [Operation::Encode, Operation::Decode, Operation::Scan];
    (planes(), prop::sample::select(operations.to_vec())).prop_filter_map(
        "planes that have codes, of 8 lanes at most",
        |(planes, operation)| case(planes, operation),
    )
}

/// The fixed case of an operation: 4 lanes, 3 planes of 35 samples.
fn fixed(operation: Operation) -> Case {
    let joint = Mode::Joint {
        direct: 3,
        important: 5,
    };
    let container = small_container(4, joint, Scale::Fixed, true);
    let run = Packet::parse(&container.packets[0]).unwrap().header.run;
    let samples: Vec<i16> = (0..run.samples(&container.context))
        .map(|i| (i * 7 % 700) as i16)
        .collect();
    let planes = Planes {
        context: container.context,
        run,
        samples,
    };
    case(planes, operation).unwrap()
}

impl Case {
    fn expected(&self) -> Vec<u8> {
        let answer = answer(&self.path.contexts, &self.request).unwrap();
        Packet::parse(&answer).unwrap().stream()
    }

    fn beat(&self) -> usize {
        match self.path.direction {
            Direction::Write => 2 * self.path.shape.lanes(),
            Direction::Read => self.path.shape.word_bytes(),
        }
    }

    /// The request in blocks of at most this many beats.
    fn streamed(&self, beats: usize) -> Vec<u8> {
        let blocks = std::iter::repeat(beats.max(1) * self.beat());
        Packet::parse(&self.request).unwrap().stream_in(blocks)
    }

    /// The request with another header, whose CRC is right.
    fn with_header(&self, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
        let mut request = self.request.clone();
        change(&mut request[..28]);
        let crc = crc32fast::hash(&request[..28]);
        request[28..32].copy_from_slice(&crc.to_le_bytes());
        request
    }
}

/// The status that a reply ends with; 0 for none.
fn status(reply: &Reply) -> u32 {
    match reply {
        Reply::Broken { status, .. } => status.code(),
        Reply::Exact(bytes) => {
            let mut left = &bytes[..];
            let told = Reader::new().read(&mut left).expect("a whole packet");
            assert!(left.is_empty());
            match told {
                Ok(_) => 0,
                Err(PacketError::Status(status)) => status.code(),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

proptest! {
    #[test]
    fn good_requests_get_their_answer_streamed(case in cases(), beats in 1usize..40) {
        let mut path = case.path.clone();
        let expected = Reply::Exact(case.expected());
        prop_assert!(expected.admits(&case.expected()));
        prop_assert_eq!(path.reply(&case.request), expected.clone());
        prop_assert_eq!(path.reply(&case.streamed(beats)), expected);
    }

    /// Whatever comes: a reply that is whole, with a status where the request was not good, and
    /// the next request is right.
    #[test]
    fn every_damaged_request_gets_a_reply(
        case in cases(),
        beats in prop::option::of(1usize..40),
        flip in prop::option::of((any::<prop::sample::Index>(), 0u8..8)),
        end in prop::option::of(any::<prop::sample::Index>()),
        more in prop::option::weighted(0.2, 1usize..8),
    ) {
        let whole = beats.map_or(case.request.clone(), |beats| case.streamed(beats));
        let mut request = whole.clone();
        if let Some((at, bit)) = flip {
            request[at.index(whole.len())] ^= 1 << bit;
        }
        if let Some(end) = end {
            let beats = whole.len() / case.beat();
            request.truncate((1 + end.index(beats)) * case.beat());
        }
        request.extend(std::iter::repeat_n(0xa5, more.unwrap_or(0) * case.beat()));
        let mut path = case.path.clone();
        let reply = path.reply(&request);
        if request == whole {
            prop_assert_eq!(&reply, &Reply::Exact(case.expected()));
        } else {
            // A read path does not look at the samples in the trailer.
            let trailer = whole.len() - TRAILER_BYTES;
            let unseen = case.path.direction == Direction::Read
                && request.len() == whole.len()
                && [&request[..trailer], &request[trailer + 4..]]
                    == [&whole[..trailer], &whole[trailer + 4..]];
            prop_assert_eq!(status(&reply) == 0, unseen, "{:?}", reply);
        }
        prop_assert_eq!(path.reply(&case.request), Reply::Exact(case.expected()));
    }

    #[test]
    fn any_bytes_get_a_reply(case in cases(), bytes: Vec<u8>, header: bool) {
        let mut path = case.path.clone();
        let head = if header { &case.streamed(1)[..HEADER_BYTES] } else { &[] };
        let request = [head, &bytes].concat();
        prop_assert_ne!(status(&path.reply(&request)), 0);
        prop_assert_eq!(path.reply(&case.request), Reply::Exact(case.expected()));
    }
}

const OPERATIONS: [Operation; 3] = [Operation::Encode, Operation::Decode, Operation::Scan];

/// The reply to a request that is refused: its header with these operation and status.
fn refusal(request: &[u8], operation: u8, status: Status) -> Reply {
    let mut reply = [0; HEADER_BYTES + BLOCK_HEAD_BYTES + TRAILER_BYTES];
    let came = request.len().min(24);
    reply[..came].copy_from_slice(&request[..came]);
    reply[..4].copy_from_slice(b"DQAP");
    (reply[4], reply[5], reply[15]) = (1, operation, 1);
    let crc = crc32fast::hash(&reply[..28]);
    reply[28..32].copy_from_slice(&crc.to_le_bytes());
    reply[35] = 0x80;
    reply[56..60].copy_from_slice(&status.code().to_le_bytes());
    Reply::Exact(reply.to_vec())
}

#[test]
fn refused_headers() {
    for operation in OPERATIONS {
        let case = fixed(operation);
        let answer = operation.answer() as u8;
        let check = |request: &[u8], operation, status: Status| {
            let reply = case.path.clone().reply(request);
            assert_eq!(reply, refusal(request, operation, status), "{status:?}");
        };
        for (at, bit) in (0..HEADER_BYTES).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut request = case.request.clone();
            request[at] ^= 1 << bit;
            check(&request, 0, Status::Header);
        }
        check(&case.with_header(|h| h[0] = b'X'), 0, Status::Header);
        check(&case.with_header(|h| h[4] = 2), 0, Status::Header);
        check(&case.with_header(|h| h[15] = 1), 0, Status::Header);
        check(&case.with_header(|h| h[15] = 2), 0, Status::Header);
        check(&case.with_header(|h| h[24] += 2), 0, Status::Header);
        for byte in [0, 4, 255] {
            check(&case.with_header(|h| h[5] = byte), 0, Status::Operation);
        }
        let other_path = if operation == Operation::Decode { 1 } else { 2 };
        check(
            &case.with_header(|h| h[5] = other_path),
            0,
            Status::Operation,
        );
        for id in [0, 2, 255] {
            check(&case.with_header(|h| h[6] = id), answer, Status::NoContext);
        }
        for change in [(7, 8), (7, 3), (14, 64), (14, 0), (16, 36), (19, 1)] {
            let request = case.with_header(|h| h[change.0] = change.1);
            check(&request, answer, Status::ContextMismatch);
        }
        check(
            &case.with_header(|h| h[24..28].fill(0)),
            answer,
            Status::InputEnded,
        );
        for len in (case.beat()..HEADER_BYTES).step_by(case.beat()) {
            check(&case.request[..len], 0, Status::StreamEnded);
        }
        check(&case.request[..HEADER_BYTES], answer, Status::StreamEnded);
        check(
            &case.streamed(1)[..HEADER_BYTES],
            answer,
            Status::StreamEnded,
        );
        check(
            &case.streamed(1)[..HEADER_BYTES + BLOCK_HEAD_BYTES],
            answer,
            Status::StreamEnded,
        );
    }
}

#[test]
fn a_device_without_scan() {
    let mut case = fixed(Operation::Scan);
    case.path.counts = false;
    let Reply::Exact(reply) = case.path.reply(&case.request) else {
        panic!("a good request");
    };
    let with_counts = case.expected();
    assert_eq!(reply.len(), HEADER_BYTES + 16 + 3 * 8 + TRAILER_BYTES);
    assert_eq!(reply[48..][..24], with_counts[48..][..24]);
    case.path.scan = false;
    let reply = case.path.reply(&case.request);
    assert_eq!(reply, refusal(&case.request, 0, Status::Operation));
}

#[test]
fn sequence_numbers() {
    let case = fixed(Operation::Encode);
    let mut path = case.path.clone();
    let mut told = |sequence: u32| {
        let request = case.with_header(|h| h[20..24].copy_from_slice(&sequence.to_le_bytes()));
        status(&path.reply(&request))
    };
    let jump = Status::Sequence.code();
    // First, next, repeated, jumps up and down, each right from then on.
    let sent = [7, 8, 8, 10, 10, 11, 10, 11, u32::MAX, u32::MAX, 0, u32::MAX];
    let expected = [0, 0, 0, jump, 0, 0, jump, 0, jump, 0, 0, jump];
    assert_eq!(sent.map(&mut told), expected);

    // A damaged header leaves the number as it was; any other is remembered.
    path.last_sequence = Some(40);
    let mut request = case.request.clone();
    request[20] = 99;
    assert_eq!(status(&path.reply(&request)), Status::Header.code());
    assert_eq!(path.last_sequence, Some(40));
    path.reply(&case.with_header(|h| (h[6], h[20]) = (0, 50)));
    assert_eq!(path.last_sequence, Some(50));
    assert_eq!(status(&path.reply(&case.request)), jump);
    path.last_sequence = Some(50);
    path.check_sequence = false;
    assert_eq!(status(&path.reply(&case.request)), 0);
    assert_eq!(path.last_sequence, Some(41));
}

/// Behind a whole payload the answer is complete, whatever is said about the rest.
#[test]
fn faults_behind_the_payload() {
    for operation in OPERATIONS {
        let case = fixed(operation);
        let check = |request: &[u8], status: Status| {
            let mut expected = case.expected();
            let at = expected.len() - 8;
            expected[at..at + 4].copy_from_slice(&status.code().to_le_bytes());
            let reply = case.path.clone().reply(request);
            assert_eq!(reply, Reply::Exact(expected), "{operation:?} {status:?}");
        };
        let len = case.request.len();
        let damaged = |from_end: usize| {
            let mut request = case.request.clone();
            request[len - from_end] ^= 1;
            request
        };
        if operation != Operation::Decode {
            check(&damaged(16), Status::Trailer);
        }
        check(&damaged(12), Status::Trailer);
        check(&damaged(8), Status::Trailer);
        check(&damaged(4), Status::PayloadCrc);
        let both = [&damaged(8)[..], &[0; 16]].concat();
        check(&both, Status::Trailer);
        check(
            &[&case.request[..], &[0; 16]].concat(),
            Status::StreamTooLong,
        );
        for missing in (case.beat()..=TRAILER_BYTES).step_by(case.beat()) {
            check(&case.request[..len - missing], Status::StreamEnded);
        }
        // The last block head, of the last beat, is bad or did not come.
        let mut blocks = case.streamed(1);
        let at = blocks.len() - TRAILER_BYTES - case.beat() - BLOCK_HEAD_BYTES;
        blocks[at + 3] = 0;
        blocks.truncate(at + BLOCK_HEAD_BYTES + case.beat());
        check(&blocks, Status::StreamEnded);
        blocks.extend([0, 0, 0, 64]);
        blocks.extend([0; 12]);
        check(&blocks, Status::Block);
    }
}

#[test]
fn faults_in_the_payload() {
    for operation in OPERATIONS {
        let case = fixed(operation);
        let answer = case.expected();
        let check = |request: &[u8], status: Status| {
            let Reply::Broken {
                header,
                status: told,
            } = case.path.clone().reply(request)
            else {
                panic!("{operation:?} {status:?}: the payload is not whole");
            };
            assert_eq!(told, status, "{operation:?}");
            assert_eq!(header[..6], answer[..6]);
        };
        let packet = Packet::parse(&case.request).unwrap();
        let (payload, beat) = (packet.payload, case.beat());
        let short = packet.header.packet(&payload[..payload.len() - beat]);
        check(&short, Status::InputEnded);
        let long = [payload, &vec![0; beat]].concat();
        check(&packet.header.packet(&long), Status::InputTooLong);
        check(
            &case.request[..case.request.len() - TRAILER_BYTES - beat],
            Status::StreamEnded,
        );
        let mut blocks = case.streamed(1);
        blocks[HEADER_BYTES + BLOCK_HEAD_BYTES + beat + 8] = 1;
        check(&blocks, Status::Block);
        for run in [(8, 1), (10, 4), (10, 0), (12, 0)] {
            check(&case.with_header(|h| h[run.0] = run.1), Status::Command);
        }
    }
}

#[test]
fn a_broken_reply_admits_any_payload_and_nothing_else() {
    let case = fixed(Operation::Decode);
    let packet = Packet::parse(&case.request).unwrap();
    let short = packet
        .header
        .packet(&packet.payload[..packet.payload.len() - case.beat()]);
    let reply = case.path.clone().reply(&short);
    let mut got = case.expected();
    assert!(!reply.admits(&got));
    let at = got.len() - 8;
    got[at] = 1;
    assert!(reply.admits(&got));
    for at in [
        5,
        HEADER_BYTES,
        HEADER_BYTES + BLOCK_HEAD_BYTES,
        at - 4,
        at,
        at + 4,
    ] {
        let mut bad = got.clone();
        bad[at] ^= 2;
        assert!(!reply.admits(&bad), "byte {at}");
    }
    assert!(!reply.admits(&[&got[..], &[0]].concat()));
}
