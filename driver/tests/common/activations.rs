//! Contexts and samples from the real activations in `tests/data/activations`.

use std::path::Path;

use dqa_golden::channel::Class;
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::lanes::LaneShape;
use dqa_golden::payload::{PlaneRun, quantize_planes};
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::{DEFAULT_SYMBOL_BITS, Mode};
use dqa_golden::table::{CodeTable, MAX_LIMIT};

/// A tensor `[images, channels, plane]` as 16-bit samples.
pub struct Tensor {
    pub images: usize,
    pub channels: usize,
    pub plane: usize,
    pub samples: Vec<i16>,
}

impl Tensor {
    /// Shortcut `name` ("00", "04", ..), scaled by the power of two that uses 16 bits best.
    pub fn load(name: &str) -> Self {
        let file = format!("../tests/data/activations/act_shortcut{name}.npy");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let bytes = std::fs::read(path).expect("the test data is there");
        let (header, data) = bytes.split_at(128);
        let header = String::from_utf8_lossy(header).into_owned();
        let (_, shape) = header.split_once("'shape': (").expect("npy version 1");
        let (shape, _) = shape.split_once(')').expect("npy version 1");
        let axes: Vec<usize> = shape
            .split(',')
            .map(|n| n.trim().parse().unwrap())
            .collect();
        let values = data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b));
        let max = values.clone().fold(0.0, f32::max);
        let scale = (32767.0 / max).log2().floor().exp2();
        Self {
            images: axes[0],
            channels: axes[1],
            plane: axes[2] * axes[3],
            samples: values.map(|value| (value * scale).round() as i16).collect(),
        }
    }

    /// All planes.
    pub fn run(&self) -> PlaneRun {
        PlaneRun {
            first_channel: 0,
            channels: u16::try_from(self.channels).unwrap(),
            images: u16::try_from(self.images).unwrap(),
        }
    }

    /// Full-range policy over each channel's maximum, two channels of five Important, code
    /// tables from the tensor's own counts.
    pub fn context(&self, bits: u8, extra: u8, lanes: u8, paper: bool) -> Context {
        let policy = DeltaPolicy::FullRange;
        let format = policy.format(bits, extra).unwrap();
        let mode = if paper {
            Mode::Paper
        } else {
            Mode::Joint {
                direct: bits.min(DEFAULT_SYMBOL_BITS),
                important: (bits + extra).min(DEFAULT_SYMBOL_BITS),
            }
        };
        let class = |channel: usize| match channel % 5 {
            1 | 3 => Class::Important,
            _ => Class::Direct,
        };
        let planes = || self.samples.chunks(self.plane).enumerate();
        let mut ranges = vec![0; self.channels];
        for (plane, samples) in planes() {
            let range = &mut ranges[plane % self.channels];
            let magnitudes = samples.iter().map(|&x| policy.magnitude(x));
            *range = magnitudes.fold(*range, u16::max);
        }
        let entries = ranges.iter().enumerate();
        let channels = entries.map(|(c, &range)| policy.entry(class(c), bits.into(), range));
        let flat = |class| CodeTable::flat(mode.layout(&format, class).symbol_bits);
        let mut parts = ContextParts {
            format,
            mode,
            shape: LaneShape::new(lanes).unwrap(),
            scale: Scale::Fixed,
            plane_len: u32::try_from(self.plane).unwrap(),
            limit: MAX_LIMIT,
            direct: flat(Class::Direct),
            important: flat(Class::Important),
            channels: channels.collect(),
        };
        let context = Context::new(parts.clone()).unwrap();
        let codes = quantize_planes(&context, &self.run(), &self.samples).unwrap();
        let table = |counted: Class| {
            let layout = mode.layout(&format, counted);
            let mut counts = vec![0; layout.alphabet()];
            for (plane, codes) in codes.chunks(self.plane).enumerate() {
                if class(plane % self.channels) == counted {
                    for &q in codes {
                        counts[layout.split(format.pattern(counted, q)).0] += 1;
                    }
                }
            }
            CodeTable::from_counts(&counts, MAX_LIMIT).unwrap()
        };
        parts.direct = table(Class::Direct);
        parts.important = table(Class::Important);
        Context::new(parts).unwrap()
    }
}
