//! Packet parser and framer around a core, the whole of a path: to whatever comes in, the answer
//! that golden gives.

mod packet_path;

use dqa_golden::context::Context;
use dqa_golden::packet::{Direction, Header, Operation, Packet, Path, Reply, samples_to_bytes};
use dqa_golden::payload::{PlaneRun, encode};
use dqa_sim::{SimError, Stall, layers, seeds};
use fastrand::Rng;
use packet_path::{Device, model};

/// Bytes of a header in front of its CRC.
const SEALED: usize = 28;

/// What is done to a request.
const FAULTS: usize = 15;

/// Requests of one host to one path.
struct Host {
    random: Rng,
    path: Path,
    sequence: u32,
}

impl Host {
    fn new(seed: u64, direction: Direction, lanes: usize) -> Self {
        let mut random = Rng::with_seed(seed);
        let contexts: Vec<_> = (0..2).map(|_| Some(context(&mut random, lanes))).collect();
        let sequence = random.u32(..) | u32::from(random.bool()).wrapping_neg();
        Self {
            sequence,
            path: Path {
                direction,
                shape: contexts[0].as_ref().expect("there").shape(),
                contexts,
                scan: false,
                counts: false,
                check_sequence: random.u8(0..4) > 0,
                last_sequence: None,
            },
            random,
        }
    }

    fn beat_bytes(&self) -> usize {
        match self.path.direction {
            Direction::Write => 2 * self.path.shape.lanes(),
            Direction::Read => self.path.shape.word_bytes(),
        }
    }

    /// Header and payload of a plain request that is right.
    fn plain(&mut self) -> (Header, Vec<u8>) {
        let random = &mut self.random;
        let loaded: Vec<_> = self.path.contexts.iter().flatten().collect();
        let id = random.usize(0..loaded.len());
        let context = loaded[id];
        let run = layers::run(random, context);
        let samples = layers::samples(random, context, &run);
        let (operation, payload) = match self.path.direction {
            Direction::Write => (Operation::Encode, samples_to_bytes(&samples)),
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

    /// A request that is right, and whether it is streamed.
    fn request(&mut self) -> (Vec<u8>, bool) {
        let (header, payload) = self.plain();
        if self.random.bool() {
            return (header.packet(&payload), false);
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
        (packet.stream_in(blocks), true)
    }

    /// A request with the fault of this number; none for 0.
    fn faulty(&mut self, fault: usize) -> Vec<u8> {
        let (mut bytes, mut streamed) = self.request();
        while fault == 12 && !streamed {
            (bytes, streamed) = self.request();
        }
        let beat = self.beat_bytes();
        let beats = bytes.len() / beat;
        let random = &mut self.random;
        let trailer = bytes.len() - 16;
        match fault {
            0 => {}
            1 => bytes[random.usize(0..32)] ^= 1 << random.u32(0..8),
            // Not the high byte of images: golden refuses over 2^22 samples at once.
            2 => bytes[(14 + random.usize(0..SEALED - 1)) % SEALED] = random.u8(..),
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
        bytes
    }
}

/// A context that has a code for samples of 0.
fn context(random: &mut Rng, lanes: usize) -> Context {
    loop {
        let context = layers::context(random, &packet_path::parameters(lanes));
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

/// Sends requests with these faults back to back, and compares all answers.
fn agree(
    device: &mut Device,
    host: &mut Host,
    faults: impl IntoIterator<Item = usize>,
    stalls: [Stall; 2],
) -> Result<[usize; 16], SimError> {
    let faults: Vec<_> = faults.into_iter().collect();
    let requests: Vec<_> = faults.iter().map(|&fault| host.faulty(fault)).collect();
    let replies: Vec<_> = requests
        .iter()
        .map(|bytes| host.path.reply(bytes))
        .collect();
    let answers = device.answers(&requests, stalls)?;
    let mut met = [0; 16];
    for (at, (reply, answer)) in replies.iter().zip(&answers).enumerate() {
        let status = usize::from(answer[answer.len() - 8]);
        assert!(
            reply.admits(answer),
            "request {at} with fault {} of {} {} bytes a beat, seed {}: status {status}, expected {}\n\
             request {:02x?}\nanswer {answer:02x?}\nexpected {reply:02x?}",
            faults[at],
            requests.len(),
            host.beat_bytes(),
            device.seed(),
            told(reply),
            requests[at],
        );
        met[status] += 1;
    }
    assert_eq!(answers.len(), requests.len());
    Ok(met)
}

fn told(reply: &Reply) -> u32 {
    match reply {
        Reply::Exact(bytes) => u32::from(bytes[bytes.len() - 8]),
        Reply::Broken { status, .. } => status.code(),
    }
}

fn all(direction: Direction, lanes: usize) -> Result<(), SimError> {
    let model = model(direction, lanes)?;
    let mut met = [0; 16];
    for seed in seeds(24) {
        let mut host = Host::new(seed, direction, lanes);
        if seed % 4 == 3 {
            host.path.contexts[1] = None;
        }
        let mut device = Device::new(&model, seed, &host.path)?;
        let stall = |at: u64| Stall::SWEEP[(at % 4) as usize];
        let good = [0; 6];
        agree(&mut device, &mut host, good, [stall(seed), stall(seed / 4)])?;
        let (request, clocks) = (host.faulty(0), host.random.u64(1..600));
        device.interrupt(&request, clocks, &mut host.path)?;
        let mut faults: Vec<_> = (0..FAULTS).chain(0..FAULTS).chain([0; 15]).collect();
        host.random.shuffle(&mut faults);
        let stalls = [stall(seed / 4), stall(seed)];
        let told = agree(&mut device, &mut host, faults, stalls)?;
        met.iter_mut()
            .zip(told)
            .for_each(|(all, told)| *all += told);
    }
    println!("{direction:?}, {lanes} lanes: answers by status {met:?}");
    // No layer has an undefined class, and any bits are some symbol's code.
    let absent = match direction {
        Direction::Write => vec![4],
        Direction::Read => vec![3, 4],
    };
    let never: Vec<_> = (0..16).filter(|&status| met[status] == 0).collect();
    assert!(
        never == absent || seeds(2).count() == 1,
        "never met: {never:?}"
    );
    Ok(())
}

#[test]
fn write_path_answers_as_golden() -> Result<(), SimError> {
    [1, 2, 4, 8]
        .into_iter()
        .try_for_each(|lanes| all(Direction::Write, lanes))
}

#[test]
fn read_path_answers_as_golden() -> Result<(), SimError> {
    [1, 2, 4, 8]
        .into_iter()
        .try_for_each(|lanes| all(Direction::Read, lanes))
}

/// Plain requests back to back take a clock a beat of the wider side, and little beside it.
#[test]
fn a_beat_a_clock() -> Result<(), SimError> {
    for direction in [Direction::Write, Direction::Read] {
        let lanes = 4;
        let mut host = Host::new(0, direction, lanes);
        host.path.contexts = vec![Some(layers::length_by_sample(lanes, 8192))];
        let requests: Vec<_> = (0..20)
            .map(|_| {
                let (header, payload) = host.plain();
                header.packet(&payload)
            })
            .collect();
        let mut device = Device::new(&model(direction, lanes)?, 0, &host.path)?;
        let before = device.cycle();
        let answers = device.answers(&requests, [Stall::NONE; 2])?;
        let clocks = device.cycle() - before;
        let bytes = |packets: &[Vec<u8>]| packets.iter().map(Vec::len).sum::<usize>();
        let beats = (bytes(&requests) / host.beat_bytes()).max(bytes(&answers) / 8);
        println!("{direction:?}: {clocks} clocks for {beats} beats");
        // A block waits until it is complete, and the last one then goes out; and the wait for quiet.
        assert!(clocks as f64 <= 1.02 * beats as f64 + 1200.0);
    }
    Ok(())
}
