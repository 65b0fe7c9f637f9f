//! Packet parser and framer around a core, the whole of a path: to whatever comes in, the answer
//! that golden gives.

mod packet_path;
mod requests;

use dqa_golden::packet::{Direction, Header, Operation, Reply, samples_to_bytes};
use dqa_golden::payload::PlaneRun;
use dqa_sim::{SimError, Stall, layers, seeds};
use packet_path::{Device, model};
use requests::{FAULTS, Host};

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

/// Answers by their status.
fn all(direction: Direction, lanes: usize) -> Result<[usize; 16], SimError> {
    let model = model(direction, lanes)?;
    let mut met = [0; 16];
    for seed in seeds(32) {
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
    Ok(met)
}

/// All lanes, each of which meets all statuses but those that cannot be.
fn all_lanes(direction: Direction, absent: &[usize]) -> Result<(), SimError> {
    for lanes in [1, 2, 4, 8] {
        let met = all(direction, lanes)?;
        let never: Vec<_> = (0..16).filter(|&status| met[status] == 0).collect();
        assert!(
            never == absent || seeds(2).count() == 1,
            "{lanes} lanes never met: {never:?}"
        );
    }
    Ok(())
}

#[test]
fn write_path_answers_as_golden() -> Result<(), SimError> {
    // No layer has an undefined class.
    all_lanes(Direction::Write, &[4])
}

#[test]
fn read_path_answers_as_golden() -> Result<(), SimError> {
    // Nor has a decoder a symbol without a code: any bits are some symbol's.
    all_lanes(Direction::Read, &[3, 4])
}

/// Scans of a layer of 2^20 samples, back to back: a clock a beat of samples, reports and all.
#[test]
fn a_scan_takes_a_beat_a_clock() -> Result<(), SimError> {
    let lanes = 4;
    let mut host = Host::new(0, Direction::Write, lanes);
    let context = layers::length_by_sample(lanes, 8192);
    let run = PlaneRun {
        first_channel: 0,
        channels: 1,
        images: 128,
    };
    let samples = layers::samples(&mut host.random, &context, &run);
    let requests = [0, 1].map(|sequence| {
        let header = Header {
            operation: Operation::Scan,
            context: 0,
            shape: context.shape(),
            run,
            plane_len: context.plane_len() as u32,
            sequence,
            payload_len: 0,
        };
        header.packet(&samples_to_bytes(&samples))
    });
    host.path.contexts = vec![Some(context)];
    let mut device = Device::new(&model(Direction::Write, lanes)?, 0, &host.path)?;
    let before = device.cycle();
    let answers = device.answers(&requests, [Stall::NONE; 2])?;
    let clocks = device.cycle() - before;
    for (request, answer) in requests.iter().zip(&answers) {
        assert!(host.path.reply(request).admits(answer));
    }
    assert_eq!(answers.len(), 2);
    let beats = requests.iter().map(Vec::len).sum::<usize>() / host.beat_bytes();
    println!("{clocks} clocks for {beats} beats");
    assert!(clocks as f64 <= 1.02 * beats as f64);
    Ok(())
}

/// Plain requests back to back take a clock a beat of the busier side, and little beside it.
#[test]
fn a_beat_a_clock() -> Result<(), SimError> {
    for direction in [Direction::Write, Direction::Read] {
        let lanes = 2;
        let mut host = Host::new(0, direction, lanes);
        host.path.contexts = vec![Some(layers::length_by_sample(lanes, 8192))];
        let requests: Vec<_> = (0..20)
            .map(|_| {
                let mut plain = host.plain();
                while plain.0.operation == Operation::Scan {
                    plain = host.plain();
                }
                plain.0.packet(&plain.1)
            })
            .collect();
        let mut device = Device::new(&model(direction, lanes)?, 0, &host.path)?;
        let before = device.cycle();
        let answers = device.answers(&requests, [Stall::NONE; 2])?;
        let clocks = device.cycle() - before;
        let bytes = |packets: &[Vec<u8>]| packets.iter().map(Vec::len).sum::<usize>();
        let beats = bytes(&requests).max(bytes(&answers)) / 4;
        println!("{direction:?}: {clocks} clocks for {beats} beats");
        // A block waits until it is complete, and the last one then goes out; and the wait for quiet.
        assert!(clocks as f64 <= 1.02 * beats as f64 + 1200.0);
    }
    Ok(())
}
