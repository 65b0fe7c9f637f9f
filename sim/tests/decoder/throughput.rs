//! Cycles a beat without stalls, 64 channels.

use crate::coded::Coded;
use crate::parameters;
use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::Format;
use dqa_golden::lanes::LaneShape;
use dqa_golden::multiplier::Multiplier;
use dqa_golden::payload::PlaneRun;
use dqa_golden::symbol::Mode;
use dqa_golden::table::CodeTable;
use dqa_sim::{Core, CoreError, Stall};
use fastrand::Rng;

/// Samples of a plane.
const PLANE: u32 = 196;

const RUN: PlaneRun = PlaneRun {
    first_channel: 0,
    channels: 64,
    images: 4,
};

/// What is measured: channels of one class, with the code that fits their samples or the flat one.
struct Layer {
    class: Class,
    format: Format,
    mode: Mode,
    fits: bool,
}

impl Layer {
    /// Its packet, samples by their place among all; the code's steps cover `range` to either side.
    fn coded(&self, lanes: usize, range: u32, mut sample: impl FnMut(usize) -> i16) -> Coded {
        let Self {
            class,
            format,
            mode,
            fits,
        } = *self;
        let steps = 1 << (format.bits() - 1);
        let entry = ChannelEntry {
            class,
            quantizer: Multiplier::from_ratio(steps, range).expect("legal"),
            dequantizer: Multiplier::from_ratio(range, steps).expect("legal"),
        };
        let shape = LaneShape::new(u8::try_from(lanes).expect("few")).expect("legal");
        let samples: Vec<i16> = (0..RUN.planes() * shape.padded(PLANE as usize))
            .map(&mut sample)
            .collect();
        let layout = mode.layout(&format, class);
        let mut counts = vec![0; layout.alphabet()];
        for &x in &samples {
            let pattern = format.pattern(class, entry.quantize(&format, x));
            counts[layout.split(pattern).0] += 1;
        }
        let flat = |class| CodeTable::flat(mode.layout(&format, class).symbol_bits);
        let table = |of| match fits && of == class {
            true => CodeTable::from_counts(&counts, 8).expect("few symbols"),
            false => flat(of),
        };
        let context = Context::new(ContextParts {
            format,
            mode,
            shape,
            scale: Scale::Fixed,
            plane_len: PLANE,
            limit: 8,
            direct: table(Class::Direct),
            important: table(Class::Important),
            channels: vec![entry; RUN.channels.into()],
        })
        .expect("legal");
        Coded::new(context, RUN, &samples).expect("all symbols have codes")
    }
}

/// Clocks a beat from the first one on.
fn measure(core: &mut Core, lanes: usize, class: Class, packet: &Coded) -> Result<f64, CoreError> {
    core.load(false, &packet.context)?;
    core.send(false, &packet.run, &packet.words, Stall::NONE);
    core.bench().sink("m_axis", Stall::NONE);
    let start = core.bench().cycle();
    core.bench()
        .run_until(|bench| bench.received("m_axis") > 0, 1000)?;
    let first = core.bench().cycle();
    core.expect(&packet.samples, 0, Stall::NONE)?;
    let beats = packet.samples.len() / (2 * lanes);
    let ratio = (core.bench().cycle() - first) as f64 / (beats - 1) as f64;
    println!(
        "{lanes} lanes, {class:?}, {:.2} bits a sample: {} clocks to the first beat, then {ratio:.4} a beat",
        8.0 * packet.words.len() as f64 / (beats * lanes) as f64,
        first - start,
    );
    Ok(ratio)
}

#[test]
fn a_beat_a_clock_up_to_8_bits_a_sample() -> Result<(), CoreError> {
    let joint = |direct, important| Mode::Joint { direct, important };
    for lanes in [1, 2, 4, 8] {
        let mut core = Core::decoder(parameters(lanes), 0)?;
        let format = |bits, extra| Format::new(bits, extra, true, 0).expect("legal");
        for (class, format, mode, fits) in [
            (Class::Direct, format(3, 1), joint(3, 4), true),
            (Class::Important, format(3, 1), joint(3, 4), true),
            (Class::Important, format(5, 3), joint(5, 5), true),
            (Class::Direct, format(4, 0), joint(4, 4), false),
            (Class::Direct, format(8, 0), joint(5, 5), false),
            (Class::Direct, format(8, 0), Mode::Paper, false),
        ] {
            let layer = Layer {
                class,
                format,
                mode,
                fits,
            };
            let mut random = Rng::with_seed(7);
            // Small samples are more frequent.
            let packet = layer.coded(lanes, 20_000, |_| {
                (40_000.0 * (random.f64() - 0.5) * random.f64()) as i16
            });
            let ratio = measure(&mut core, lanes, class, &packet)?;
            assert!(ratio <= 1.02, "{ratio} clocks a beat");
        }
    }
    Ok(())
}

/// Every other lane has small samples for half of the layer, then the others have: at the longest
/// codes of one and the shortest of the other, the lanes come as far apart as this layer is long.
#[test]
fn a_beat_a_clock_with_skewed_lanes() -> Result<(), CoreError> {
    for lanes in [2, 4, 8] {
        let layer = Layer {
            class: Class::Direct,
            format: Format::new(8, 0, true, 0).expect("legal"),
            mode: Mode::Joint {
                direct: 6,
                important: 6,
            },
            fits: true,
        };
        let mut random = Rng::with_seed(3);
        let half = RUN.planes() * PLANE as usize / 2;
        let packet = layer.coded(lanes, 32_768, |at| {
            match (at % lanes % 2 == 1) == (at < half) {
                true => random.i16(..),
                false => 0,
            }
        });
        let mut core = Core::decoder(parameters(lanes), 0)?;
        let ratio = measure(&mut core, lanes, Class::Direct, &packet)?;
        assert!(ratio <= 1.02, "{ratio} clocks a beat");
    }
    Ok(())
}
