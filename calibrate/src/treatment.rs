//! What happens to a tap on its way: quantize and de-quantize a batch as a layer says.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::format::Format;

use crate::layers::{Layer, LayerError, RangeFrom};
use crate::quantizer::{ChannelQuantizer, round_trip, to_sample};

/// How often each pattern of a code occurs, by class.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Counts {
    /// Of Direct channels, `2^n`.
    pub direct: Vec<u64>,
    /// Of Important channels, `2^(n+m)`.
    pub important: Vec<u64>,
}

impl Counts {
    fn new(format: &Format) -> Self {
        Self {
            direct: vec![0; 1 << format.width(Class::Direct)],
            important: vec![0; 1 << format.width(Class::Important)],
        }
    }

    /// Adds another's, which may be empty.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.direct, &other.direct),
            (&mut self.important, &other.important),
        ] {
            own.resize(own.len().max(other.len()), 0);
            own.iter_mut()
                .zip(other)
                .for_each(|(own, other)| *own += other);
        }
    }

    /// The counts of a class; none for Pruned.
    pub fn of(&self, class: Class) -> &[u64] {
        match class {
            Class::Direct => &self.direct,
            Class::Important => &self.important,
            Class::Pruned => &[],
        }
    }
}

/// A layer made ready to be applied.
pub struct Treatment {
    layer: Layer,
    format: Format,
    classes: Vec<Class>,
    /// Elements of a plane.
    plane: usize,
    fixed: Vec<ChannelQuantizer>,
    /// Samples added before quantizing and taken away afterwards, one for each element of an image
    /// (NoisyQuant).
    noise: Option<Vec<i16>>,
}

/// Images whose ranges are found together, and the channel table that follows.
pub struct Run {
    /// Images, counted from the batch's first.
    pub images: std::ops::Range<usize>,
    /// The channel table.
    pub entries: Vec<ChannelEntry>,
}

impl Treatment {
    /// Makes a layer ready for planes of `plane` elements.
    pub fn new(layer: Layer, plane: usize) -> Result<Self, LayerError> {
        let format = layer.format()?;
        let fixed = match layer.range {
            RangeFrom::Fixed => layer.entries(),
            _ => Vec::new(),
        };
        Ok(Self {
            classes: layer.classes(),
            fixed: fixed
                .iter()
                .map(|e| ChannelQuantizer::new(&format, e))
                .collect(),
            format,
            plane,
            layer,
            noise: None,
        })
    }

    /// Adds NoisyQuant's fixed noise: one sample for each element of an image.
    pub fn with_noise(mut self, noise: Vec<i16>) -> Self {
        self.noise = Some(noise);
        self
    }

    /// Whether noise is added.
    pub fn is_noisy(&self) -> bool {
        self.noise.is_some()
    }

    /// The layer.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    /// The number format.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// Elements of a plane.
    pub fn plane(&self) -> usize {
        self.plane
    }

    /// The classes of the channels.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// Bits of a stored element where n and n + m bits are written plainly.
    pub fn flat_bits(&self) -> f64 {
        let width = |&class: &Class| match class {
            Class::Pruned => 0,
            class => self.format.width(class),
        };
        let bits: u32 = self.classes.iter().map(width).sum();
        f64::from(bits) / self.classes.len() as f64
    }

    /// Divides a batch into the runs of images that share a channel table.
    pub fn runs(&self, values: &[f32]) -> Vec<Run> {
        let image = self.plane * self.classes.len();
        let images = values.len() / image;
        match self.layer.range {
            RangeFrom::Fixed => vec![Run {
                images: 0..images,
                entries: self.layer.entries(),
            }],
            RangeFrom::LayerOfBatch | RangeFrom::ChannelOfBatch => {
                vec![self.run(0..images, values)]
            }
            RangeFrom::LayerOfImage | RangeFrom::ChannelOfImage => (0..images)
                .map(|at| self.run(at..at + 1, &values[at * image..][..image]))
                .collect(),
        }
    }

    /// A batch whose planes bring their own ranges: the table has classes alone.
    pub fn dynamic_run(&self, images: usize) -> Run {
        let entries = self.classes.iter();
        Run {
            images: 0..images,
            entries: entries
                .map(|&class| self.layer.entry(class, 0, 0))
                .collect(),
        }
    }

    fn run(&self, images: std::ops::Range<usize>, values: &[f32]) -> Run {
        let per_unit = self.layer.unit.recip();
        let policy = self.layer.policy;
        let mut ranges = vec![0; self.classes.len()];
        for (index, plane) in values.chunks_exact(self.plane).enumerate() {
            let range = &mut ranges[index % self.classes.len()];
            // Rounding is monotonic: the extremes' samples are the extreme samples.
            let (low, high) = extremes(plane);
            for value in [low, high] {
                *range = policy.magnitude(to_sample(value, per_unit)).max(*range);
            }
        }
        if matches!(
            self.layer.range,
            RangeFrom::LayerOfImage | RangeFrom::LayerOfBatch
        ) {
            let whole = ranges.iter().copied().max().unwrap_or(0);
            ranges.fill(whole);
        }
        let entries = ranges.iter().zip(&self.classes);
        Run {
            images,
            entries: entries
                .map(|(&range, &class)| self.layer.entry(class, range, range))
                .collect(),
        }
    }

    /// Quantizes and de-quantizes the elements of a batch, `[images, C, H, W]`.
    pub fn apply(&self, values: &mut [f32]) {
        self.work(values, |_, _, _| {});
    }

    /// As [`apply`](Self::apply), and counts the codes.
    pub fn apply_and_count(&self, values: &mut [f32]) -> Counts {
        let mut counts = Counts::new(&self.format);
        let mut pruned = vec![0; 1 << self.format.width(Class::Direct)];
        self.work(values, |class, lo, index| {
            let (counts, class) = match class {
                Class::Direct => (&mut counts.direct, class),
                Class::Important => (&mut counts.important, class),
                Class::Pruned => (&mut pruned, Class::Direct),
            };
            let q = lo + i32::try_from(index).expect("at most 10 bits");
            counts[self.format.pattern(class, q) as usize] += 1;
        });
        counts
    }

    fn work(&self, values: &mut [f32], mut observe: impl FnMut(Class, i32, usize)) {
        let image = self.plane * self.classes.len();
        let mut quantize = |values: &mut [f32], channels: &[ChannelQuantizer]| {
            for image in values.chunks_exact_mut(image) {
                let planes = image.chunks_exact_mut(self.plane);
                for (channel, plane) in planes.enumerate() {
                    let (quantizer, class) = (&channels[channel], self.classes[channel]);
                    let (lo, _) = self.format.code_range(class);
                    let observe = |index| observe(class, lo, index);
                    match &self.noise {
                        None => round_trip(quantizer, self.layer.unit, plane, observe),
                        Some(noise) => {
                            let noise = &noise[channel * self.plane..][..self.plane];
                            noisy_round_trip(quantizer, self.layer.unit, plane, noise, observe);
                        }
                    }
                }
            }
        };
        if self.layer.range == RangeFrom::Fixed {
            quantize(values, &self.fixed);
            return;
        }
        for run in self.runs(values) {
            let channels = run.entries.iter();
            let channels: Vec<_> = channels
                .map(|entry| ChannelQuantizer::new(&self.format, entry))
                .collect();
            let images = run.images.start * image..run.images.end * image;
            quantize(&mut values[images], &channels);
        }
    }
}

/// NoisyQuant: a fixed sample is added to each sample before it is quantized, and taken away from
/// what comes back.
fn noisy_round_trip(
    channel: &ChannelQuantizer,
    unit: f32,
    elements: &mut [f32],
    noise: &[i16],
    mut observe: impl FnMut(usize),
) {
    let per_unit = unit.recip();
    for (element, &noise) in elements.iter_mut().zip(noise) {
        let index = channel.index(to_sample(*element, per_unit).saturating_add(noise));
        observe(index);
        let back = channel.back(index).saturating_sub(noise);
        *element = f32::from(back) * unit;
    }
}

fn extremes(plane: &[f32]) -> (f32, f32) {
    let low = plane.iter().copied().fold(0.0, f32::min);
    let high = plane.iter().copied().fold(0.0, f32::max);
    (low, high)
}
