//! Packets that are wrong: each ends with its error code, and the next one is right.

use crate::coded::Coded;
use crate::{dynamic, parameters};
use dqa_hdl::load::{CHANNELS, PLANE, Write};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Answer, Core, CoreError, Stall, seeds};
use fastrand::Rng;
use std::collections::VecDeque;

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

/// Sends a packet with a fault; the beats that come before the one with the error code, where they
/// do not depend on the words.
fn send(
    core: &mut Core,
    random: &mut Rng,
    slot: bool,
    packet: &Coded,
    fault: Fault,
    stall: Stall,
) -> Result<Option<usize>, CoreError> {
    let Coded { context, run, .. } = packet;
    let lanes = context.shape().lanes();
    let word = context.shape().word_bytes();
    let (mut words, mut command) = (packet.words.clone(), *run);
    let mut beats = Some(0);
    core.load(slot, context)?;
    match fault {
        Fault::Nothing => beats = None,
        Fault::EndsEarly => {
            words.truncate(word * random.usize(1..words.len() / word));
            beats = None;
        }
        Fault::TooLong => {
            words.resize(words.len() + word * random.usize(1..10), 0x5a);
            beats = None;
        }
        Fault::UndefinedClass => {
            let rows: Vec<_> = run.rows().collect();
            let row = rows[random.usize(0..rows.len())];
            let at = rows
                .iter()
                .position(|&other| other == row)
                .expect("it is there");
            let write = Write {
                addr: CHANNELS + row as u32,
                data: 3 << 22,
            };
            core.write(slot, &[write])?;
            beats = Some(at * context.shape().beats(context.plane_len()));
        }
        Fault::NoChannels => command.channels = 0,
        Fault::NoImages => command.images = 0,
        Fault::RowsBeyond => {
            let rows = context.channels().len() as u16;
            command.channels = rows - run.first_channel + random.u16(1..1000);
        }
        Fault::ShortPlane => {
            let write = Write {
                addr: PLANE,
                data: ((1 << lanes) - 1) >> 1 << 20,
            };
            core.write(slot, &[write])?;
        }
    }
    core.send(slot, &command, &words, stall);
    Ok(beats)
}

/// Sends packets with faults, each loaded while the one before runs, and checks what comes out.
fn ends_with_its_code(
    parameters: Parameters,
    input: Stall,
    output: Stall,
) -> Result<(), CoreError> {
    let first = Core::decoder(parameters, 0)?;
    for seed in seeds(8) {
        let mut random = Rng::with_seed(seed);
        let mut core = first.another(seed)?;
        let mut sent = VecDeque::new();
        for number in 0..30 {
            let fault = FAULTS[random.usize(0..FAULTS.len())];
            let packet = Coded::small(&mut random, &parameters, 3000);
            let slot = number % 2 == 1;
            let beats = send(&mut core, &mut random, slot, &packet, fault, input)?;
            sent.push_back((fault, packet, beats));
            while sent.len() > usize::from(number < 29) {
                let (fault, packet, beats) = sent.pop_front().expect("it was sent");
                let context = format!("seed {seed}, before packet {}, {fault:?}", number + 1);
                check(&core.answer(output)?, fault, &packet, beats, &context);
            }
        }
        core.bench().run(2000)?;
        assert_eq!(
            core.bench().received("m_axis"),
            0,
            "seed {seed}: a beat too many"
        );
    }
    Ok(())
}

/// The samples that came are right; behind them there may be one beat of zeros, with the error.
fn check(answer: &Answer, fault: Fault, packet: &Coded, beats: Option<usize>, context: &str) {
    let (got, expected) = (&answer.bytes, &packet.samples);
    let beat = 2 * packet.context.shape().lanes();
    assert_eq!(answer.error, fault.code(), "{context}");
    match (fault, beats) {
        (Fault::Nothing | Fault::TooLong, _) => assert!(got == expected, "{context}"),
        (_, Some(beats)) => assert_eq!(got.len(), (beats + 1) * beat, "{context}"),
        // Where only words behind the last beat lack, that beat is the one with the error.
        (_, None) => assert!(got.len() <= expected.len(), "{context}"),
    }
    let (before, last) = got.split_at(got.len() - beat);
    assert!(expected.starts_with(before), "{context}");
    assert!(
        got == expected || last.iter().all(|&byte| byte == 0),
        "{context}"
    );
}

#[test]
fn one_lane_without_stalls() -> Result<(), CoreError> {
    ends_with_its_code(parameters(1), Stall::NONE, Stall::NONE)
}

#[test]
fn two_lanes_with_stalls() -> Result<(), CoreError> {
    ends_with_its_code(parameters(2), Stall::percent(10), Stall::percent(50))
}

#[test]
fn four_lanes_with_stalls() -> Result<(), CoreError> {
    ends_with_its_code(parameters(4), Stall::percent(50), Stall::percent(50))
}

#[test]
fn eight_lanes_with_a_slow_output() -> Result<(), CoreError> {
    ends_with_its_code(parameters(8), Stall::NONE, Stall::percent(90))
}

#[test]
fn eight_lanes_with_a_slow_input() -> Result<(), CoreError> {
    ends_with_its_code(parameters(8), Stall::percent(90), Stall::NONE)
}

#[test]
fn one_lane_of_dynamic_scale() -> Result<(), CoreError> {
    ends_with_its_code(dynamic(1), Stall::NONE, Stall::percent(50))
}

#[test]
fn four_lanes_of_dynamic_scale() -> Result<(), CoreError> {
    ends_with_its_code(dynamic(4), Stall::NONE, Stall::NONE)
}

#[test]
fn eight_lanes_of_dynamic_scale() -> Result<(), CoreError> {
    ends_with_its_code(dynamic(8), Stall::percent(50), Stall::percent(10))
}
