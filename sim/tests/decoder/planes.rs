//! Planes of dynamic scale, of every length: a beat a clock but for their ranges.

use crate::coded::Coded;
use crate::dynamic;
use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, Scale};
use dqa_golden::payload::PlaneRun;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::table::CodeTable;
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Core, CoreError, Stall, layers};
use fastrand::Rng;

/// A packet of planes of these classes, codes of 4 bits.
fn packet(
    random: &mut Rng,
    lanes: usize,
    plane_len: usize,
    classes: &[Class],
    images: u16,
) -> Coded {
    let plane_len = u32::try_from(plane_len).expect("few");
    let mut parts = layers::length_by_sample(lanes, plane_len).parts().clone();
    parts.scale = Scale::Dynamic {
        policy: DeltaPolicy::FullRange,
    };
    parts.direct = CodeTable::flat(4);
    parts.important = parts.direct.clone();
    let entry = parts.channels[0];
    parts.channels = classes
        .iter()
        .map(|&class| ChannelEntry { class, ..entry })
        .collect();
    let context = Context::new(parts).expect("legal");
    let run = PlaneRun {
        first_channel: 0,
        channels: u16::try_from(classes.len()).expect("few"),
        images,
    };
    let samples = layers::samples(random, &context, &run);
    Coded::new(context, run, &samples).expect("all symbols have codes")
}

fn planes_of_every_length(lanes: usize) -> Result<(), CoreError> {
    use Class::{Direct, Important, Pruned};
    let mut random = Rng::with_seed(1);
    let mut core = Core::decoder(dynamic(lanes), 1)?;
    for plane_len in [lanes, 2 * lanes - 1, 49, 200 * lanes - 1, 200 * lanes] {
        for classes in [
            vec![Direct, Important, Important, Direct],
            vec![Pruned, Direct, Pruned, Pruned],
            vec![Pruned; 3],
        ] {
            for images in [1, 15] {
                let packet = packet(&mut random, lanes, plane_len, &classes, images);
                core.load(false, &packet.context)?;
                for stalls in [[Stall::NONE; 2], [Stall::percent(50); 2]] {
                    core.send(false, &packet.run, &packet.words, stalls[0]);
                    core.expect(&packet.samples, 0, stalls[1])?;
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

/// Clocks of a packet's planes, beyond those of the first ones.
fn clocks_a_plane(lanes: usize, plane_len: usize) -> Result<f64, CoreError> {
    let parameters = Parameters {
        dynamic_beats: 448,
        ..dynamic(lanes)
    };
    let mut core = Core::decoder(parameters, 0)?;
    let mut random = Rng::with_seed(0);
    let mut clocks = |images| {
        let classes = [Class::Direct, Class::Important];
        let packet = packet(&mut random, lanes, plane_len, &classes, images);
        core.load(false, &packet.context)?;
        core.send(false, &packet.run, &packet.words, Stall::NONE);
        core.expect(&packet.samples, 0, Stall::NONE)
    };
    let few = clocks(1)?;
    let planes = 2 * 40;
    Ok((clocks(41)? - few) as f64 / f64::from(planes))
}

/// The figures are those of `docs/src/design/pipeline.md`.
#[test]
fn a_beat_a_clock() -> Result<(), CoreError> {
    for (lanes, plane_len) in [(4, 196), (4, 1024), (8, 1024), (8, 3136)] {
        let clocks = clocks_a_plane(lanes, plane_len)?;
        let beats = plane_len.div_ceil(lanes) as f64;
        let rate = clocks / beats;
        println!("{lanes} lanes, planes of {beats} beats: {clocks:.2} clocks, {rate:.4} a beat");
        assert!(clocks <= beats + 2.5);
        assert!(beats < 100.0 || rate <= 1.02, "{rate}");
    }
    Ok(())
}
