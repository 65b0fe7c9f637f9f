//! The encoder core against golden: every kind of layer, stalls, packets back to back, resets and
//! errors.

mod dynamic;

use dqa_golden::context::Context;
use dqa_golden::packet::samples_to_bytes;
use dqa_golden::payload::{EncodeError, PlaneRun, encode};
use dqa_hdl::load::{self, Write};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Core, CoreError, Stall, layers, seeds};
use fastrand::Rng;

fn parameters(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        channels: 64,
        ..Parameters::default()
    }
}

/// Words that golden gives, or just the end with error 3 where it refuses.
fn packet(
    core: &mut Core,
    slot: bool,
    context: &Context,
    run: &PlaneRun,
    samples: &[i16],
    [stall_in, stall_out]: [Stall; 2],
) -> Result<u64, CoreError> {
    core.send(slot, run, &samples_to_bytes(samples), stall_in);
    match encode(context, run, samples) {
        Ok(encoded) => core.expect(&encoded.payload, 0, stall_out),
        Err(EncodeError::NoCode { .. }) => {
            let answer = core.answer(stall_out)?;
            assert_eq!(answer.error, 3);
            Ok(answer.clocks)
        }
        Err(other) => panic!("{other}"),
    }
}

/// Random layers, packets back to back with contexts in turn.
fn agrees_with_golden(lanes: usize) -> Result<(), CoreError> {
    for seed in seeds(5) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::encoder(parameters(lanes), seed)?;
        for number in 0..20 {
            let slot = number % 2 == 1;
            let context = layers::context(&mut random, &parameters(lanes));
            core.load(slot, &context)?;
            for _ in 0..random.usize(1..3) {
                let run = layers::run(&mut random, &context);
                let samples = layers::samples(&mut random, &context, &run);
                let stalls = [(); 2].map(|()| Stall::SWEEP[random.usize(0..4)]);
                packet(&mut core, slot, &context, &run, &samples, stalls)?;
            }
        }
    }
    Ok(())
}

#[test]
fn one_lane_agrees_with_golden() -> Result<(), CoreError> {
    agrees_with_golden(1)
}

#[test]
fn two_lanes_agree_with_golden() -> Result<(), CoreError> {
    agrees_with_golden(2)
}

#[test]
fn four_lanes_agree_with_golden() -> Result<(), CoreError> {
    agrees_with_golden(4)
}

#[test]
fn eight_lanes_agree_with_golden() -> Result<(), CoreError> {
    agrees_with_golden(8)
}

/// Commands and samples of many packets wait from the start, in both contexts.
#[test]
fn packets_wait_for_each_other() -> Result<(), CoreError> {
    let lanes = 2;
    for seed in seeds(4) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::encoder(parameters(lanes), seed)?;
        let contexts = [5, 16].map(|plane_len| layers::length_by_sample(lanes, plane_len));
        core.load(false, &contexts[0])?;
        core.load(true, &contexts[1])?;
        let mut payloads = Vec::new();
        for _ in 0..50 {
            let slot = random.bool();
            let context = &contexts[usize::from(slot)];
            let run = layers::run(&mut random, context);
            let samples: Vec<i16> = (0..run.samples(context))
                .map(|_| random.i16(0..9))
                .collect();
            core.send(slot, &run, &samples_to_bytes(&samples), Stall::NONE);
            let encoded = encode(context, &run, &samples).expect("all symbols have codes");
            payloads.push(encoded.payload);
        }
        for payload in payloads {
            core.expect(&payload, 0, Stall::percent(10))?;
        }
    }
    Ok(())
}

/// Lanes that write their shortest codes beside lanes that write their longest, in every phase of
/// their words, on planes that have a partial beat after every full one: the deepest FIFOs. Also
/// where the one lane's samples have no code.
fn never_locks_up(lanes: usize) -> Result<(), CoreError> {
    let plane_len = u32::try_from(2 * lanes - 1).expect("few");
    let context = layers::length_by_sample(lanes, plane_len);
    let run = PlaneRun {
        first_channel: 0,
        channels: 1,
        images: 1200,
    };
    for seed in seeds(4) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::encoder(parameters(lanes), seed)?;
        core.load(false, &context)?;
        for (slow, least) in (0..lanes).flat_map(|lane| [(lane, 0), (lane, 9)]) {
            let lead = random.usize(0..400);
            let samples: Vec<i16> = (0..run.samples(&context))
                .map(|at| match (at % lanes == slow, at < lead * lanes) {
                    (_, true) => random.i16(0..9),
                    (true, false) => least,
                    (false, false) => 8,
                })
                .collect();
            packet(&mut core, false, &context, &run, &samples, [Stall::NONE; 2])?;
        }
    }
    Ok(())
}

#[test]
fn two_lanes_never_lock_up() -> Result<(), CoreError> {
    never_locks_up(2)
}

#[test]
fn eight_lanes_never_lock_up() -> Result<(), CoreError> {
    never_locks_up(8)
}

/// The output stands still until every FIFO is as full as it gets, in long packets and in tiny ones.
#[test]
fn an_output_that_stands_still_loses_nothing() -> Result<(), CoreError> {
    let lanes = 2;
    for (plane_len, images, packets) in [(49, 200, 1), (2, 1, 400)] {
        let mut random = Rng::with_seed(packets);
        let mut core = Core::encoder(parameters(lanes), packets)?;
        let context = layers::length_by_sample(lanes, plane_len);
        core.load(false, &context)?;
        let run = PlaneRun {
            first_channel: 0,
            channels: 1,
            images,
        };
        let mut payloads = Vec::new();
        for _ in 0..packets {
            let samples: Vec<i16> = (0..run.samples(&context))
                .map(|_| random.i16(7..9))
                .collect();
            core.send(false, &run, &samples_to_bytes(&samples), Stall::NONE);
            let encoded = encode(&context, &run, &samples).expect("all symbols have codes");
            payloads.push(encoded.payload);
        }
        core.bench().run(8000)?;
        assert!(core.bench().waiting("s_axis") > 0, "it still takes");
        assert_eq!(core.bench().read("s_axis_tready").to_u64(), 0);
        for payload in payloads {
            core.expect(&payload, 0, Stall::NONE)?;
        }
    }
    Ok(())
}

/// A layer of 64 channels without stalls: a beat a clock, and few clocks before and behind.
#[test]
fn a_beat_a_clock() -> Result<(), CoreError> {
    let (lanes, plane_len, channels) = (4, 256, 64);
    let mut parts = layers::length_by_sample(lanes, plane_len).parts().clone();
    parts.channels = vec![parts.channels[0]; channels];
    let context = Context::new(parts).expect("legal");
    let run = PlaneRun {
        first_channel: 0,
        channels: 64,
        images: 1,
    };
    let mut core = Core::encoder(parameters(lanes), 0)?;
    core.load(false, &context)?;
    let mut random = Rng::with_seed(0);
    let samples: Vec<i16> = (0..run.samples(&context))
        .map(|_| random.i16(0..9))
        .collect();
    let clocks = packet(&mut core, false, &context, &run, &samples, [Stall::NONE; 2])?;
    let beats = (samples.len() / lanes) as u64;
    println!("{clocks} clocks for {beats} beats");
    assert!(clocks <= beats + 40, "{clocks} clocks for {beats} beats");
    Ok(())
}

/// A packet that is known to be good, behind something that went wrong.
fn good_packet(core: &mut Core, lanes: usize, random: &mut Rng) -> Result<(), CoreError> {
    let context = layers::length_by_sample(lanes, 49);
    core.load(true, &context)?;
    let run = PlaneRun {
        first_channel: 0,
        channels: 1,
        images: 2,
    };
    let samples: Vec<i16> = (0..run.samples(&context))
        .map(|_| random.i16(0..9))
        .collect();
    packet(
        core,
        true,
        &context,
        &run,
        &samples,
        [Stall::percent(10); 2],
    )?;
    Ok(())
}

/// Beats of a bad packet, and its error code; then a good one.
fn ends_with(
    core: &mut Core,
    lanes: usize,
    random: &mut Rng,
    run: &PlaneRun,
    samples: &[i16],
    error: u64,
) -> Result<(), CoreError> {
    let stalls = [Stall::percent(10); 2];
    let answer = core.packet(false, run, &samples_to_bytes(samples), stalls)?;
    assert_eq!(answer.error, error, "{run:?}");
    good_packet(core, lanes, random)
}

fn errors_end_the_packet_and_the_next_starts_clean(lanes: usize) -> Result<(), CoreError> {
    // Three beats.
    let context = layers::length_by_sample(lanes, u32::try_from(3 * lanes - 1).expect("few"));
    let one = PlaneRun {
        first_channel: 0,
        channels: 1,
        images: 1,
    };
    for seed in seeds(3) {
        let random = &mut Rng::with_seed(seed);
        let core = &mut Core::encoder(parameters(lanes), seed)?;
        core.load(false, &context)?;
        let two = PlaneRun { images: 2, ..one };
        let samples = vec![1; two.samples(&context)];
        // The input of one plane where two are due, and the other way round.
        for (run, beats, error) in [(two, 3, 1), (two, 1, 1), (one, 6, 2), (one, 4, 2)] {
            ends_with(core, lanes, random, &run, &samples[..beats * lanes], error)?;
        }
        let samples = &samples[..3 * lanes];
        // A symbol without a code.
        ends_with(core, lanes, random, &one, &vec![9; 3 * lanes], 3)?;
        // Commands out of range, whose input is dropped.
        let refused = [
            PlaneRun { channels: 0, ..one },
            PlaneRun { images: 0, ..one },
            PlaneRun { channels: 2, ..one },
            PlaneRun {
                first_channel: 1,
                ..one
            },
            PlaneRun {
                first_channel: 65535,
                channels: 65535,
                images: 1,
            },
        ];
        for run in refused {
            ends_with(core, lanes, random, &run, samples, 5)?;
        }
        // A plane below S: one beat that is not whole.
        let short = Write {
            addr: load::PLANE,
            data: ((1 << (lanes - 1)) - 1) << 20,
        };
        core.write(false, &[short])?;
        ends_with(core, lanes, random, &one, &samples[..lanes], 5)?;
        // An undefined class.
        core.load(false, &context)?;
        let undefined = Write {
            addr: load::CHANNELS,
            data: 3 << 22,
        };
        core.write(false, &[undefined])?;
        ends_with(core, lanes, random, &one, samples, 4)?;
    }
    Ok(())
}

#[test]
fn errors_of_two_lanes() -> Result<(), CoreError> {
    errors_end_the_packet_and_the_next_starts_clean(2)
}

#[test]
fn errors_of_four_lanes() -> Result<(), CoreError> {
    errors_end_the_packet_and_the_next_starts_clean(4)
}

#[test]
fn a_reset_at_any_clock_leaves_nothing_behind() -> Result<(), CoreError> {
    let lanes = 4;
    for seed in seeds(40) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::encoder(parameters(lanes), seed)?;
        let context = layers::length_by_sample(lanes, 49);
        core.load(false, &context)?;
        let run = PlaneRun {
            first_channel: 0,
            channels: 1,
            images: 4,
        };
        let samples = vec![8; run.samples(&context)];
        core.send(false, &run, &samples_to_bytes(&samples), Stall::NONE);
        core.bench().sink("m_axis", Stall::percent(50));
        core.bench().run(random.u64(1..120))?;
        core.reset()?;
        good_packet(&mut core, lanes, &mut random)?;
    }
    Ok(())
}
