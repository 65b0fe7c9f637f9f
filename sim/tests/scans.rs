//! The encoder core with its scanner: packets to encode and to scan in any order, errors, resets.

use dqa_golden::context::Context;
use dqa_golden::packet::samples_to_bytes;
use dqa_golden::payload::{EncodeError, PlaneRun, encode};
use dqa_golden::scan::scan;
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

/// Packets of both kinds wait from the start, several at a time, in contexts that change.
fn take_turns(lanes: usize) -> Result<(), CoreError> {
    for seed in seeds(4) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::scanner(parameters(lanes), seed)?;
        for _ in 0..6 {
            let contexts = [(); 2].map(|()| layers::context(&mut random, &parameters(lanes)));
            for (slot, context) in [false, true].into_iter().zip(&contexts) {
                core.load(slot, context)?;
            }
            let mut expected = Vec::new();
            let [stall_in, stall_out] = [(); 2].map(|()| Stall::SWEEP[random.usize(0..4)]);
            for _ in 0..8 {
                let slot = random.bool();
                let context = &contexts[usize::from(slot)];
                let run = layers::run(&mut random, context);
                let samples = layers::samples(&mut random, context, &run);
                let bytes = samples_to_bytes(&samples);
                if random.bool() {
                    core.send_scan(slot, &run, &bytes, stall_in);
                    let scan = scan(context, &run, &samples).expect("legal");
                    expected.push(Some(scan.to_bytes()));
                } else {
                    core.send(slot, &run, &bytes, stall_in);
                    expected.push(match encode(context, &run, &samples) {
                        Ok(encoded) => Some(encoded.payload),
                        Err(EncodeError::NoCode { .. }) => None,
                        Err(other) => panic!("{other}"),
                    });
                }
            }
            for bytes in expected {
                match bytes {
                    Some(bytes) => drop(core.expect(&bytes, 0, stall_out)?),
                    None => core.expect_error(3, stall_out)?,
                }
            }
        }
    }
    Ok(())
}

#[test]
fn packets_of_one_lane_take_turns() -> Result<(), CoreError> {
    take_turns(1)
}

#[test]
fn packets_of_eight_lanes_take_turns() -> Result<(), CoreError> {
    take_turns(8)
}

/// A scan and packets around it that are known to be good, behind something that went wrong.
fn good_packets(core: &mut Core, lanes: usize, random: &mut Rng) -> Result<(), CoreError> {
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
    let bytes = samples_to_bytes(&samples);
    core.send_scan(true, &run, &bytes, Stall::percent(10));
    core.send(true, &run, &bytes, Stall::percent(10));
    let scan = scan(&context, &run, &samples).expect("legal");
    core.expect(&scan.to_bytes(), 0, Stall::percent(10))?;
    let encoded = encode(&context, &run, &samples).expect("all symbols have codes");
    core.expect(&encoded.payload, 0, Stall::percent(10))?;
    Ok(())
}

/// A scan that ends with this error, then good packets.
fn ends_with(
    core: &mut Core,
    lanes: usize,
    random: &mut Rng,
    run: &PlaneRun,
    samples: &[i16],
    error: u64,
) -> Result<(), CoreError> {
    core.send_scan(false, run, &samples_to_bytes(samples), Stall::percent(10));
    core.expect_error(error, Stall::percent(10))?;
    good_packets(core, lanes, random)
}

/// Loads a context and one write more.
fn spoil(core: &mut Core, context: &Context, addr: u32, data: u32) -> Result<(), CoreError> {
    core.load(false, context)?;
    core.write(false, &[Write { addr, data }])
}

#[test]
fn errors_end_the_scan_and_the_next_starts_clean() -> Result<(), CoreError> {
    for (lanes, seed) in [2, 4].into_iter().zip(seeds(2)) {
        // Three beats.
        let context = layers::length_by_sample(lanes, u32::try_from(3 * lanes - 1).expect("few"));
        let one = PlaneRun {
            first_channel: 0,
            channels: 1,
            images: 1,
        };
        let random = &mut Rng::with_seed(seed);
        let core = &mut Core::scanner(parameters(lanes), seed)?;
        core.load(false, &context)?;
        let two = PlaneRun { images: 2, ..one };
        let samples = vec![1; two.samples(&context)];
        for (run, beats, error) in [(two, 3, 1), (two, 1, 1), (one, 6, 2), (one, 4, 2)] {
            ends_with(core, lanes, random, &run, &samples[..beats * lanes], error)?;
        }
        let samples = &samples[..3 * lanes];
        for run in [
            PlaneRun { channels: 0, ..one },
            PlaneRun { images: 0, ..one },
            PlaneRun { channels: 2, ..one },
            PlaneRun {
                first_channel: 65535,
                channels: 65535,
                images: 1,
            },
        ] {
            ends_with(core, lanes, random, &run, samples, 5)?;
        }
        // A plane below S: one beat that is not whole.
        spoil(core, &context, load::PLANE, ((1 << (lanes - 1)) - 1) << 20)?;
        ends_with(core, lanes, random, &one, &samples[..lanes], 5)?;
        // An undefined class.
        spoil(core, &context, load::CHANNELS, 3 << 22)?;
        ends_with(core, lanes, random, &one, samples, 4)?;
    }
    Ok(())
}

#[test]
fn a_reset_at_any_clock_leaves_nothing_behind() -> Result<(), CoreError> {
    let lanes = 4;
    for seed in seeds(40) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::scanner(parameters(lanes), seed)?;
        let context = layers::length_by_sample(lanes, 49);
        core.load(false, &context)?;
        let run = PlaneRun {
            first_channel: 0,
            channels: 1,
            images: 4,
        };
        let bytes = samples_to_bytes(&vec![8; run.samples(&context)]);
        // Also in what a reset before has begun.
        core.bench().run(random.u64(0..1400))?;
        core.send_scan(false, &run, &bytes, Stall::NONE);
        core.bench().sink("m_axis", Stall::percent(50));
        core.bench().run(random.u64(1..1500))?;
        core.reset()?;
        good_packets(&mut core, lanes, &mut random)?;
    }
    Ok(())
}
