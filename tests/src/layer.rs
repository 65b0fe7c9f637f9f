//! A layer's context fitted to a real tensor, as a host would fit it.

use std::cmp::Reverse;

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::Format;
use dqa_golden::lanes::LaneShape;
use dqa_golden::payload::PlaneRun;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::{DEFAULT_SYMBOL_BITS, Mode};
use dqa_golden::table::{CodeTable, MAX_LIMIT};

use crate::activations::Activations;

/// What a host chooses for a layer.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// How Delta follows from a channel's range.
    pub policy: DeltaPolicy,
    /// Target bits n.
    pub bits: u8,
    /// Extra bits m.
    pub extra: u8,
    /// The part of a channel's samples, per mille, that its range covers.
    pub covered: usize,
}

impl Choice {
    /// The choice that serves ResNet-32 best: full-range policy, ranges at the 99.9th percentile.
    pub fn full_range(bits: u8, extra: u8) -> Self {
        Self {
            policy: DeltaPolicy::FullRange,
            bits,
            extra,
            covered: 999,
        }
    }

    /// The number format.
    ///
    /// # Panics
    /// If n and m are not legal.
    pub fn format(&self) -> Format {
        self.policy
            .format(self.bits, self.extra)
            .expect("legal n and m")
    }

    /// Joint mode with alphabets of at most 32 symbols.
    pub fn joint(&self) -> Mode {
        Mode::Joint {
            direct: self.bits.min(DEFAULT_SYMBOL_BITS),
            important: (self.bits + self.extra).min(DEFAULT_SYMBOL_BITS),
        }
    }
}

/// The range of each channel: the smallest that covers the chosen part of its samples.
pub fn ranges(tensor: &Activations, choice: &Choice) -> Vec<u16> {
    let range = |channel| {
        let samples = tensor.channel(channel);
        let mut magnitudes: Vec<u16> = samples.map(|x| choice.policy.magnitude(x)).collect();
        magnitudes.sort_unstable();
        magnitudes[(magnitudes.len() * choice.covered / 1000).min(magnitudes.len() - 1)]
    };
    (0..tensor.channels).map(range).collect()
}

/// The channel table: the 40 % of channels with the largest ranges are Important.
pub fn channel_table(tensor: &Activations, choice: &Choice) -> Vec<ChannelEntry> {
    let ranges = ranges(tensor, choice);
    let mut by_range: Vec<usize> = (0..ranges.len()).collect();
    by_range.sort_by_key(|&channel| Reverse(ranges[channel]));
    let important = &by_range[..ranges.len() * 2 / 5];
    let entry = |(channel, &range): (usize, &u16)| {
        let class = if important.contains(&channel) {
            Class::Important
        } else {
            Class::Direct
        };
        choice.policy.entry(class, u32::from(choice.bits), range)
    };
    ranges.iter().enumerate().map(entry).collect()
}

/// How often each symbol of a class occurs in the tensor.
pub fn histogram(
    tensor: &Activations,
    table: &[ChannelEntry],
    format: &Format,
    mode: Mode,
    class: Class,
) -> Vec<u64> {
    let layout = mode.layout(format, class);
    let mut counts = vec![0; layout.alphabet()];
    for (channel, entry) in table.iter().enumerate().filter(|(_, e)| e.class == class) {
        for x in tensor.channel(channel) {
            let (symbol, _) = layout.split(format.pattern(class, entry.quantize(format, x)));
            counts[symbol] += 1;
        }
    }
    counts
}

/// The context: joint mode, code tables fitted to the tensor's own symbols.
///
/// # Panics
/// If the choice is not legal.
pub fn fit(tensor: &Activations, choice: &Choice, mode: Mode, shape: LaneShape) -> Context {
    let format = choice.format();
    let channels = channel_table(tensor, choice);
    let code = |class| {
        let counts = histogram(tensor, &channels, &format, mode, class);
        CodeTable::from_counts(&counts, MAX_LIMIT).expect("at most 64 symbols")
    };
    Context::new(ContextParts {
        format,
        mode,
        shape,
        scale: Scale::Fixed,
        plane_len: u32::try_from(tensor.plane_len).expect("small planes"),
        limit: MAX_LIMIT,
        direct: code(Class::Direct),
        important: code(Class::Important),
        channels,
    })
    .expect("a legal context")
}

/// A run of whole images, and their samples with each plane padded to whole beats.
///
/// # Panics
/// If the tensor has over 65535 channels or images.
pub fn run_of(tensor: &Activations, shape: LaneShape, images: &[usize]) -> (PlaneRun, Vec<i16>) {
    let mut samples = Vec::new();
    for &image in images {
        for channel in 0..tensor.channels {
            samples.extend_from_slice(tensor.plane(image, channel));
            samples.resize(samples.len().next_multiple_of(shape.lanes()), 0);
        }
    }
    let count = |n: usize| u16::try_from(n).expect("a small tensor");
    let run = PlaneRun {
        first_channel: 0,
        channels: count(tensor.channels),
        images: count(images.len()),
    };
    (run, samples)
}
