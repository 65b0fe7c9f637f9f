//! Cycles a beat without stalls, 64 channels.

use crate::packet::{Layer, Packet, Tables};
use crate::{load, model};
use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::format::Format;
use dqa_golden::multiplier::Multiplier;
use dqa_golden::payload::PlaneRun;
use dqa_golden::symbol::Mode;
use dqa_sim::{Bench, SimError, Stall};
use fastrand::Rng;

/// From the command to the first beat, and from the first to the last, without stalls.
fn measure(
    lanes: usize,
    class: Class,
    format: Format,
    mode: Mode,
    tables: Tables,
) -> Result<f64, SimError> {
    let entry = ChannelEntry {
        class,
        quantizer: Multiplier::from_ratio(1 << (format.bits() - 1), 20_000).unwrap(),
        dequantizer: Multiplier::from_ratio(20_000, 1 << (format.bits() - 1)).unwrap(),
    };
    let layer = Layer {
        format,
        mode,
        limit: 8,
        tables,
        channels: vec![entry; 64],
    };
    let run = PlaneRun {
        first_channel: 0,
        channels: 64,
        images: 4,
    };
    let packet = Packet::new(&mut Rng::with_seed(7), lanes, 196, layer, run);
    clocks(lanes, class, packet)
}

/// The same of a packet.
fn clocks(lanes: usize, class: Class, packet: Packet) -> Result<f64, SimError> {
    let mut bench = Bench::new(&model(lanes), 0)?;
    bench.reset();
    load(&mut bench, false, &packet.writes());
    bench.run_until(|bench| bench.waiting("load") == 0, 100_000)?;
    bench.source("s_axis", packet.words.clone(), Stall::NONE);
    bench.source("cmd", [packet.command(false)], Stall::NONE);
    bench.sink("m_axis", Stall::NONE);
    let start = bench.cycle();
    bench.run_until(|bench| bench.received("m_axis") > 0, 1000)?;
    let first = bench.cycle();
    let beats = packet.samples.len();
    bench.run_until(|bench| bench.received("m_axis") == beats, 1_000_000)?;
    let cycles = bench.cycle() - first;
    let bits = (packet.words.len() - 2 * lanes) * packet.context.shape().word_bits();
    let ratio = cycles as f64 / (beats - 1) as f64;
    println!(
        "{lanes} lanes, {class:?}, {:.2} bits a sample: {} clocks to the first beat, then {ratio:.4} a beat",
        bits as f64 / (beats * lanes) as f64,
        first - start,
    );
    bench.check("m_axis", packet.samples)?;
    Ok(ratio)
}

#[test]
fn a_beat_a_clock_up_to_8_bits_a_sample() -> Result<(), SimError> {
    let joint = |direct, important| Mode::Joint { direct, important };
    for lanes in [1, 2, 4, 8] {
        let format = |bits, extra| Format::new(bits, extra, true, 0).unwrap();
        for (class, format, mode, tables) in [
            (Class::Direct, format(3, 1), joint(3, 4), Tables::Fitting),
            (Class::Important, format(3, 1), joint(3, 4), Tables::Fitting),
            (Class::Important, format(5, 3), joint(5, 5), Tables::Fitting),
            (Class::Direct, format(4, 0), joint(4, 4), Tables::Flat),
            (Class::Direct, format(8, 0), joint(5, 5), Tables::Flat),
            (Class::Direct, format(8, 0), Mode::Paper, Tables::Flat),
        ] {
            let ratio = measure(lanes, class, format, mode, tables)?;
            assert!(ratio <= 1.02, "{ratio} clocks a beat");
        }
    }
    Ok(())
}

/// Half of the lanes write the shortest codes and half the longest, then the other way round: so far
/// apart that the fullest lanes are half of the layer ahead.
#[test]
fn a_beat_a_clock_with_skewed_lanes() -> Result<(), SimError> {
    for lanes in [2, 4, 8] {
        let mut random = Rng::with_seed(3);
        let entry = ChannelEntry {
            class: Class::Direct,
            quantizer: Multiplier::from_ratio(128, 32_768).unwrap(),
            dequantizer: Multiplier::from_ratio(32_768, 128).unwrap(),
        };
        let layer = Layer {
            format: Format::new(8, 0, true, 0).unwrap(),
            mode: Mode::Joint {
                direct: 6,
                important: 6,
            },
            limit: 8,
            tables: Tables::Fitting,
            channels: vec![entry; 64],
        };
        let run = PlaneRun {
            first_channel: 0,
            channels: 64,
            images: 1,
        };
        let count = 64 * 200;
        let samples: Vec<i16> = (0..count)
            .map(|at| match (at % lanes % 2 == 1) == (at < count / 2) {
                true => random.i16(..),
                false => 0,
            })
            .collect();
        let packet = Packet::of(&mut random, lanes, 200, layer, run, &samples);
        let ratio = clocks(lanes, Class::Direct, packet)?;
        assert!(ratio <= 1.02, "{ratio} clocks a beat");
    }
    Ok(())
}
