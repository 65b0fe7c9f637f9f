//! Requests to a path, right and faulty ones.

use dqa_golden::context::Context;
use dqa_golden::packet::{Direction, Header, Operation, Packet, Path, samples_to_bytes};
use dqa_golden::payload::{MAX_PACKET_SAMPLES, PlaneRun, encode};
use dqa_hdl::parameters::Parameters;
use dqa_sim::layers;
use fastrand::Rng;

/// Parameters that fit all layers of these tests; with dynamic scale from four lanes on.
pub fn parameters(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        channels: 16,
        dynamic_beats: if lanes < 4 { 0 } else { 60 },
        ..Parameters::default()
    }
}

/// Bytes of a header in front of its CRC.
const SEALED: usize = 28;

/// What is done to a request, 0 for nothing.
pub const FAULTS: usize = 15;

/// Requests of one host to one path.
pub struct Host {
    /// Of all its choices.
    pub random: Rng,
    /// What answers them.
    pub path: Path,
    /// Samples of its requests so far that were right.
    pub samples: usize,
    sequence: u32,
}

impl Host {
    /// To a path with two contexts.
    pub fn new(seed: u64, direction: Direction, lanes: usize) -> Self {
        let mut random = Rng::with_seed(seed);
        let contexts: Vec<_> = (0..2).map(|_| Some(context(&mut random, lanes))).collect();
        let sequence = random.u32(..) | u32::from(random.bool()).wrapping_neg();
        Self {
            sequence,
            samples: 0,
            path: Path {
                direction,
                shape: contexts[0].as_ref().expect("there").shape(),
                contexts,
                scan: direction == Direction::Write,
                counts: direction == Direction::Write,
                check_sequence: random.u8(0..4) > 0,
                last_sequence: None,
            },
            random,
        }
    }

    /// Bytes of a request's beat.
    pub fn beat_bytes(&self) -> usize {
        match self.path.direction {
            Direction::Write => 2 * self.path.shape.lanes(),
            Direction::Read => self.path.shape.word_bytes(),
        }
    }

    /// Header and payload of a plain request that is right.
    pub fn plain(&mut self) -> (Header, Vec<u8>) {
        let random = &mut self.random;
        let contexts = self.path.contexts.iter().enumerate();
        let loaded: Vec<_> = contexts
            .filter_map(|(id, context)| Some((id, context.as_ref()?)))
            .collect();
        let (id, context) = loaded[random.usize(0..loaded.len())];
        let run = layers::run(random, context);
        let samples = layers::samples(random, context, &run);
        let (operation, payload) = match self.path.direction {
            Direction::Write => {
                let operations = [Operation::Encode, Operation::Encode, Operation::Scan];
                (operations[random.usize(0..3)], samples_to_bytes(&samples))
            }
            Direction::Read => {
                let encoded = encode(context, &run, &samples)
                    .or_else(|_| encode(context, &run, &vec![0; samples.len()]));
                (Operation::Decode, encoded.expect("a code for 0").payload)
            }
        };
        if random.u8(0..8) > 0 {
            self.sequence = self.sequence.wrapping_add(1);
        }
        let header = Header {
            operation,
            context: id as u8,
            shape: self.path.shape,
            run,
            plane_len: context.plane_len() as u32,
            sequence: self.sequence,
            payload_len: payload.len() as u32,
        };
        (header, payload)
    }

    /// A request that is right, whether it is streamed, and its samples.
    fn request(&mut self) -> (Vec<u8>, bool, usize) {
        let (header, payload) = self.plain();
        let samples = usize::from(header.run.images)
            * usize::from(header.run.channels)
            * header.plane_len as usize;
        if self.random.bool() {
            return (header.packet(&payload), false, samples);
        }
        let beat = self.beat_bytes();
        let random = &mut self.random;
        let blocks = match random.bool() {
            true => Vec::new(),
            false => (0..payload.len() / beat)
                .map(|_| beat * random.usize(1..=40))
                .collect(),
        };
        let packet = Packet {
            header,
            payload: &payload,
        };
        (packet.stream_in(blocks), true, samples)
    }

    /// A request with the fault of this number; none for 0.
    pub fn faulty(&mut self, fault: usize) -> Vec<u8> {
        let (mut bytes, mut streamed, mut samples) = self.request();
        while fault == 12 && !streamed {
            (bytes, streamed, samples) = self.request();
        }
        let beat = self.beat_bytes();
        let beats = bytes.len() / beat;
        let random = &mut self.random;
        let trailer = bytes.len() - 16;
        match fault {
            0 => self.samples += samples,
            1 => bytes[random.usize(0..32)] ^= 1 << random.u32(0..8),
            2 => bytes[random.usize(0..SEALED)] = random.u8(..),
            3 => bytes[5] = random.u8(0..5),
            4 => bytes[6] = random.u8(0..4),
            5 => bytes[20] ^= 1 << random.u32(0..8),
            6 => bytes[[7, 14, 15, 16, 17, 18, 24][random.usize(0..7)]] ^= 1 << random.u32(0..8),
            7 => bytes[8 + random.usize(0..5)] ^= 1 << random.u32(0..4),
            8 => bytes[random.usize(32..trailer)] ^= 1 << random.u32(0..8),
            9 => bytes[trailer + random.usize(0..16)] ^= 1 << random.u32(0..8),
            10 => bytes.truncate(beat * random.usize(1..beats)),
            11 => bytes.extend((0..beat * random.usize(1..30)).map(|_| random.u8(..))),
            12 => bytes[32 + random.usize(0..16)] ^= 1 << random.u32(0..8),
            13 => {
                bytes.truncate(beat * random.usize(1..=beats));
                bytes.iter_mut().for_each(|byte| *byte = random.u8(..));
            }
            _ => {
                // No payload at all.
                let streamed = bytes[15] == 1;
                let trailer = bytes.split_off(trailer);
                bytes.truncate(32);
                bytes[24..SEALED].fill(0);
                if streamed {
                    bytes.extend([0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                }
                if random.bool() {
                    bytes.extend(trailer);
                }
            }
        }
        if [2, 3, 4, 5, 6, 7, 14].contains(&fault) && bytes.len() >= 32 {
            let crc = crc32fast::hash(&bytes[..SEALED]);
            bytes[SEALED..32].copy_from_slice(&crc.to_le_bytes());
        }
        match self.is_oversize(&bytes) {
            true => self.faulty(fault),
            false => bytes,
        }
    }

    /// Whether a request asks for more samples than a packet may have. Its answer is not defined.
    fn is_oversize(&self, bytes: &[u8]) -> bool {
        let Some(header) = bytes.first_chunk::<SEALED>() else {
            return false;
        };
        let [channels, images] =
            [10, 12].map(|at| u64::from(header[at]) | u64::from(header[at + 1]) << 8);
        let context = self.path.contexts.get(usize::from(header[6]));
        context.is_some_and(|context| {
            let samples = |context: &Context| channels * images * context.padded_plane() as u64;
            context
                .as_ref()
                .is_some_and(|context| samples(context) > MAX_PACKET_SAMPLES)
        })
    }
}

/// A context that has a code for samples of 0.
pub fn context(random: &mut Rng, lanes: usize) -> Context {
    loop {
        let context = layers::context(random, &parameters(lanes));
        let run = PlaneRun {
            first_channel: 0,
            channels: context.channels().len() as u16,
            images: 1,
        };
        if encode(&context, &run, &vec![0; run.samples(&context)]).is_ok() {
            return context;
        }
    }
}
