//! Packets that are wrong: each ends with its error code, and the next one is right.

use crate::packet::Packet;
use crate::{load, model};
use dqa_golden::channel::Class;
use dqa_hdl::load::{CHANNELS, PLANE, Write};
use dqa_sim::{Beat, Bench, SimError, Stall, Value, seeds};
use fastrand::Rng;

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    EndsEarly,
    TooLong,
    UndefinedClass,
    NoChannels,
    NoImages,
    RowsBeyond,
    ShortPlane,
}

const FAULTS: [Fault; 8] = [
    Fault::Nothing,
    Fault::EndsEarly,
    Fault::TooLong,
    Fault::UndefinedClass,
    Fault::NoChannels,
    Fault::NoImages,
    Fault::RowsBeyond,
    Fault::ShortPlane,
];

impl Fault {
    fn code(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::EndsEarly => 1,
            Self::TooLong => 2,
            Self::UndefinedClass => 4,
            _ => 5,
        }
    }
}

/// Sends packets with faults, and checks each packet that comes out.
fn ends_with_its_code(lanes: usize, input: Stall, output: Stall) -> Result<(), SimError> {
    let model = model(lanes);
    for seed in seeds(8) {
        let mut random = Rng::with_seed(seed);
        let mut bench = Bench::new(&model, seed)?;
        bench.reset();
        bench.sink("m_axis", output);
        bench.source("cmd", Vec::<Beat>::new(), Stall::NONE);
        let mut sent = Vec::new();
        for i in 0..30 {
            let fault = FAULTS[random.usize(0..FAULTS.len())];
            let packet = Packet::random(&mut random, lanes, 5 * lanes + 1, 12);
            let (mut writes, mut words) = (packet.writes(), packet.words.clone());
            let mut command = packet.command(i % 2 == 1);
            let rows: Vec<_> = packet.run.rows().collect();
            let mut beats = packet.samples.len();
            match fault {
                Fault::Nothing => {}
                Fault::EndsEarly => {
                    words.truncate(random.usize(1..words.len()));
                    let last = words.pop().expect("at least one");
                    words.push(last.last(true));
                }
                Fault::TooLong => {
                    let last = words.pop().expect("at least two a lane");
                    words.push(last.last(false));
                    let more = random.u64(1..10);
                    words.extend((1..=more).map(|word| Beat::from(word).last(word == more)));
                }
                Fault::UndefinedClass => {
                    let at = random.usize(0..rows.len());
                    let at = rows
                        .iter()
                        .position(|&row| row == rows[at])
                        .expect("it is there");
                    let addr = CHANNELS + rows[at] as u32;
                    let write = writes.iter_mut().find(|w| w.addr == addr).expect("loaded");
                    write.data |= 3 << 22;
                    beats = at * 6;
                }
                Fault::NoChannels => command = command.with("channels", 0u64),
                Fault::NoImages => command = command.with("images", 0u64),
                Fault::RowsBeyond => {
                    let rows = packet.context.channels().len() as u64;
                    let beyond = rows - u64::from(packet.run.first_channel) + random.u64(1..1000);
                    command = command.with("channels", beyond);
                }
                Fault::ShortPlane => writes.push(Write {
                    addr: PLANE,
                    data: ((1 << lanes) - 1) >> 1 << 20,
                }),
            }
            if fault.code() == 5 {
                beats = 0;
            }
            bench.run_until(|bench| bench.waiting("cmd") == 0, 1_000_000)?;
            load(&mut bench, i % 2 == 1, &writes);
            bench.run_until(|bench| bench.waiting("load") == 0, 1_000_000)?;
            bench.source("cmd", [command], Stall::NONE);
            bench.source("s_axis", words, input);
            sent.push((fault, packet, beats));
        }
        bench.run_until(|bench| bench.waiting("s_axis") == 0, 4_000_000)?;
        bench.run(2000)?;

        let received = bench.beats("m_axis");
        let mut received = received.split_inclusive(|beat| beat.get("tlast") == Value::from(1u64));
        for (i, (fault, packet, beats)) in sent.iter().enumerate() {
            let got = received
                .next()
                .unwrap_or_else(|| panic!("seed {seed}: no packet {i}"));
            let (last, before) = got.split_last().expect("split keeps the last");
            let context = format!("seed {seed}, packet {i}, {fault:?}");
            assert_eq!(last.get("tuser"), Value::from(fault.code()), "{context}");
            match fault {
                Fault::Nothing | Fault::TooLong => assert_eq!(got.len(), *beats, "{context}"),
                // Where only words behind the last beat lack, that beat is the one with the error.
                Fault::EndsEarly => assert!(got.len() <= *beats, "{context}"),
                _ => assert_eq!(before.len(), *beats, "{context}"),
            }
            for (got, expected) in before.iter().zip(&packet.samples) {
                assert_eq!(got.get("tdata"), expected.get("tdata"), "{context}");
                assert_eq!(got.get("tuser"), Value::from(0u64), "{context}");
            }
            let data = last.get("tdata");
            let complete = got.len() == packet.samples.len()
                && data == packet.samples[got.len() - 1].get("tdata");
            let must_be = matches!(fault, Fault::Nothing | Fault::TooLong);
            assert!(
                complete || (!must_be && data == Value::from(0u64)),
                "{context}"
            );
        }
        assert!(received.next().is_none(), "seed {seed}: a packet too many");
    }
    Ok(())
}

#[test]
fn one_lane_without_stalls() -> Result<(), SimError> {
    ends_with_its_code(1, Stall::NONE, Stall::NONE)
}

#[test]
fn two_lanes_with_stalls() -> Result<(), SimError> {
    ends_with_its_code(2, Stall::percent(10), Stall::percent(50))
}

#[test]
fn four_lanes_with_stalls() -> Result<(), SimError> {
    ends_with_its_code(4, Stall::percent(50), Stall::percent(50))
}

#[test]
fn eight_lanes_with_a_slow_output() -> Result<(), SimError> {
    ends_with_its_code(8, Stall::NONE, Stall::percent(90))
}

#[test]
fn eight_lanes_with_a_slow_input() -> Result<(), SimError> {
    ends_with_its_code(8, Stall::percent(90), Stall::NONE)
}

/// A reset at any time, and the packets behind it are right.
#[test]
fn reset_in_the_middle_of_a_packet() -> Result<(), SimError> {
    let model = model(4);
    let mut random = Rng::with_seed(1);
    let mut bench = Bench::new(&model, 1)?;
    bench.reset();
    for _ in 0..60 {
        let stored = |packet: &Packet| {
            let channels = packet.context.channels();
            packet
                .run
                .rows()
                .any(|row| channels[row].class != Class::Pruned)
        };
        let packets: Vec<_> = std::iter::repeat_with(|| Packet::random(&mut random, 4, 49, 8))
            .filter(stored)
            .take(2)
            .collect();
        crate::run(&mut bench, &packets, Stall::percent(10), Stall::percent(10))?;
        let packet = Packet::random(&mut random, 4, 49, 8);
        load(&mut bench, false, &packet.writes());
        bench.run_until(|bench| bench.waiting("load") == 0, 100_000)?;
        bench.source("cmd", [packet.command(false)], Stall::NONE);
        bench.source("s_axis", packet.words.clone(), Stall::percent(50));
        bench.run(random.u64(0..300))?;
        bench.restart();
    }
    Ok(())
}
