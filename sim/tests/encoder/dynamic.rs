//! Dynamic scale: ranges found while planes wait in the encoder's buffer.

use super::{good_packet, packet};
use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, Scale};
use dqa_golden::packet::samples_to_bytes;
use dqa_golden::payload::{PlaneRun, encode};
use dqa_golden::policy::DeltaPolicy;
use dqa_hdl::load::{self, Write};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Core, CoreError, Stall, layers, seeds};
use fastrand::Rng;

fn parameters(lanes: usize, dynamic_beats: usize) -> Parameters {
    Parameters {
        lanes,
        channels: 64,
        dynamic_beats,
        ..Parameters::default()
    }
}

/// A context of full-range dynamic scale whose planes are of these classes.
fn context(lanes: usize, plane_len: usize, classes: &[Class]) -> Context {
    let plane_len = u32::try_from(plane_len).expect("few");
    let mut parts = layers::length_by_sample(lanes, plane_len).parts().clone();
    parts.scale = Scale::Dynamic {
        policy: DeltaPolicy::FullRange,
    };
    parts.direct = dqa_golden::table::CodeTable::flat(4);
    parts.important = parts.direct.clone();
    parts.channels = classes
        .iter()
        .map(|&class| ChannelEntry {
            class,
            ..parts.channels[0]
        })
        .collect();
    Context::new(parts).expect("legal")
}

fn all_of(context: &Context, images: u16) -> PlaneRun {
    PlaneRun {
        first_channel: 0,
        channels: u16::try_from(context.channels().len()).expect("few"),
        images,
    }
}

/// Random layers of fixed and dynamic scale, packets back to back with contexts in turn.
fn agrees_with_golden(lanes: usize, dynamic_beats: usize) -> Result<(), CoreError> {
    let parameters = parameters(lanes, dynamic_beats);
    for seed in seeds(5) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::encoder(parameters, seed)?;
        for number in 0..30 {
            let slot = number % 2 == 1;
            let context = layers::context(&mut random, &parameters);
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
    agrees_with_golden(1, 196)
}

#[test]
fn two_lanes_agree_with_golden() -> Result<(), CoreError> {
    agrees_with_golden(2, 1)
}

#[test]
fn four_lanes_agree_with_golden() -> Result<(), CoreError> {
    agrees_with_golden(4, 64)
}

#[test]
fn eight_lanes_agree_with_golden() -> Result<(), CoreError> {
    agrees_with_golden(8, 448)
}

/// Planes of one beat, of an odd length, of 7 x 7 samples, and as long as can be; of every class.
fn planes_of_every_length(lanes: usize) -> Result<(), CoreError> {
    use Class::{Direct, Important, Pruned};
    let longest = 60;
    for seed in seeds(2) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::encoder(parameters(lanes, longest), seed)?;
        for plane_len in [
            lanes,
            2 * lanes - 1,
            49,
            longest * lanes - 1,
            longest * lanes,
        ] {
            for classes in [
                vec![Direct, Important, Important, Direct],
                vec![Pruned, Direct, Pruned, Pruned],
                vec![Pruned; 3],
            ] {
                let context = context(lanes, plane_len, &classes);
                core.load(false, &context)?;
                for images in [1, 12] {
                    let run = all_of(&context, images);
                    let samples = layers::samples(&mut random, &context, &run);
                    for stalls in [[Stall::NONE; 2], [Stall::percent(50); 2]] {
                        packet(&mut core, false, &context, &run, &samples, stalls)?;
                    }
                }
            }
        }
    }
    Ok(())
}

#[test]
fn planes_of_every_length_on_one_lane() -> Result<(), CoreError> {
    planes_of_every_length(1)
}

#[test]
fn planes_of_every_length_on_eight_lanes() -> Result<(), CoreError> {
    planes_of_every_length(8)
}

/// A plane beyond the buffer ends with error 5, also where the core's other context is fixed; packets
/// that end early or too late are told; each time the next packet is right.
#[test]
fn errors_end_the_packet_and_the_next_starts_clean() -> Result<(), CoreError> {
    let (lanes, longest) = (4, 20);
    for seed in seeds(3) {
        let random = &mut Rng::with_seed(seed);
        let core = &mut Core::encoder(parameters(lanes, longest), seed)?;
        let context = context(lanes, lanes * longest, &[Class::Direct; 2]);
        let run = all_of(&context, 3);
        let samples = layers::samples(random, &context, &run);
        let stalls = [Stall::percent(10); 2];
        let mut ends_with = |core: &mut Core, beats: usize, error| {
            let bytes = samples_to_bytes(&samples[..lanes * beats]);
            let answer = core.packet(false, &run, &bytes, stalls)?;
            assert_eq!(answer.error, error, "{beats} beats");
            good_packet(core, lanes, random)?;
            core.load(true, &context)?;
            let run = all_of(&context, 1);
            let samples = layers::samples(random, &context, &run);
            packet(core, true, &context, &run, &samples, stalls)
        };
        core.load(false, &context)?;
        for beats in [1, 19, 20, 21, 40, 100, 119] {
            ends_with(core, beats, 1)?;
        }
        // Planes less a beat: the same input is six beats too long.
        let set = |beats: usize| Write {
            addr: load::PLANE,
            data: u32::try_from(beats - 1).expect("few") | 0b1111 << 20,
        };
        core.write(false, &[set(longest - 1)])?;
        ends_with(core, 120, 2)?;
        core.write(false, &[set(longest + 1)])?;
        ends_with(core, 120, 5)?;
        core.write(false, &[set(1 << 20)])?;
        ends_with(core, 1, 5)?;
        core.write(false, &[set(1)])?;
        ends_with(core, 120, 2)?;
        core.write(false, &[set(longest)])?;
        ends_with(core, 120, 0)?;
        assert!(matches!(
            core.load(
                false,
                &self::context(lanes, lanes * longest + 1, &[Class::Direct])
            ),
            Err(CoreError::Misfit(_))
        ));
    }
    Ok(())
}

/// Resets at any time, also while a plane waits or is divided for.
#[test]
fn a_reset_at_any_clock_leaves_nothing_behind() -> Result<(), CoreError> {
    let lanes = 4;
    for seed in seeds(20) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::encoder(parameters(lanes, 20), seed)?;
        let context = context(lanes, 49, &[Class::Important; 5]);
        core.load(true, &context)?;
        let run = all_of(&context, 2);
        for _ in 0..4 {
            let samples = layers::samples(&mut random, &context, &run);
            core.send(true, &run, &samples_to_bytes(&samples), Stall::NONE);
            core.bench().sink("m_axis", Stall::percent(50));
            core.bench().run(random.u64(1..250))?;
            core.reset()?;
            packet(
                &mut core,
                true,
                &context,
                &run,
                &samples,
                [Stall::percent(10); 2],
            )?;
        }
    }
    Ok(())
}

/// The output stands still while planes of one beat come, of which most write a word's end.
#[test]
fn an_output_that_stands_still_loses_nothing() -> Result<(), CoreError> {
    let lanes = 2;
    let mut random = Rng::with_seed(1);
    let first = Core::encoder(parameters(lanes, 960), 1)?;
    for (plane_len, images) in [(2, 3000), (3, 2000), (1900, 6)] {
        let mut core = first.another(1)?;
        let context = context(lanes, plane_len, &[Class::Direct]);
        core.load(false, &context)?;
        let run = all_of(&context, images);
        let samples = layers::samples(&mut random, &context, &run);
        core.send(false, &run, &samples_to_bytes(&samples), Stall::NONE);
        core.bench().run(100_000)?;
        assert!(core.bench().waiting("s_axis") > 0, "it still takes");
        assert_eq!(core.bench().read("s_axis_tready").to_u64(), 0);
        let encoded = encode(&context, &run, &samples).expect("all symbols have codes");
        core.expect(&encoded.payload, 0, Stall::NONE)?;
    }
    Ok(())
}

/// Clocks of a packet's planes, beyond those of the first ones.
fn clocks_a_plane(lanes: usize, longest: usize, plane_len: usize) -> Result<f64, CoreError> {
    let mut core = Core::encoder(parameters(lanes, longest), 0)?;
    let context = context(lanes, plane_len, &[Class::Direct, Class::Important]);
    core.load(false, &context)?;
    let mut random = Rng::with_seed(0);
    let mut clocks = |images| {
        let run = all_of(&context, images);
        let samples = layers::samples(&mut random, &context, &run);
        packet(&mut core, false, &context, &run, &samples, [Stall::NONE; 2])
    };
    let few = clocks(1)?;
    let planes = 2 * 40;
    Ok((clocks(41)? - few) as f64 / f64::from(planes))
}

/// Planes that are longer than a division leave a beat a clock but for two clocks a plane, up to the
/// longest. The figures are those of `docs/src/design/pipeline.md`.
#[test]
fn a_beat_a_clock() -> Result<(), CoreError> {
    for (lanes, longest, plane_len) in [
        (4, 448, 196),
        (4, 448, 1024),
        (4, 448, 448 * 4),
        (8, 448, 1024),
        (8, 448, 3136),
        (8, 448, 448 * 8),
    ] {
        let clocks = clocks_a_plane(lanes, longest, plane_len)?;
        let beats = plane_len.div_ceil(lanes) as f64;
        let rate = clocks / beats;
        println!("{lanes} lanes, planes of {beats} beats: {clocks:.2} clocks, {rate:.4} a beat");
        assert!(clocks <= beats + if beats < 60.0 { 3.0 } else { 2.5 });
        assert!(beats < 60.0 || rate <= 1.02, "{rate}");
    }
    Ok(())
}
