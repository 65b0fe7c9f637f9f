//! One pass that quantizes a tensor and counts: codes by class, errors by channel.

pub use dqa_calibrate::quantizer::to_sample;
use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::Scale;
use dqa_golden::format::Format;
use dqa_golden::tensor::Tiling;

use crate::error::Error;
use crate::observer::{Observer, advance};
use crate::source::{ImageReader, TensorSource};

/// What the quantization of a tensor needs to know; a context less its code.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantization {
    /// Number format.
    pub format: Format,
    /// Value of a sample unit.
    pub scale: f32,
    /// Where Delta comes from.
    pub delta: Scale,
    /// Samples of a plane as sent.
    pub plane_len: usize,
    /// Channel table.
    pub channels: Vec<ChannelEntry>,
}

impl Quantization {
    /// The entry that quantizes a plane of these samples, the zeros it is padded with included.
    pub fn entry_for(&self, channel: usize, samples: &[i16]) -> ChannelEntry {
        let entry = self.channels[channel];
        match self.delta {
            Scale::Fixed => entry,
            Scale::Dynamic { policy } => {
                let range = samples.iter().map(|&x| policy.magnitude(x)).max();
                policy.entry(entry.class, self.format.bits(), range.unwrap_or(0))
            }
        }
    }
}

/// Counts of one class of channels.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct ClassCounts {
    /// Channels of the class.
    pub channels: usize,
    /// How often each pattern (code q of b bits) occurs; `2^b` counts. The zeros that pad short
    /// planes are counted: they are coded too.
    pub patterns: Vec<u64>,
}

/// Errors of one channel, in the units of the tensor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChannelError {
    /// Sum of |a - a'|.
    pub absolute: f64,
    /// Sum of (a - a')^2.
    pub squared: f64,
    /// Largest |a - a'|.
    pub worst: f64,
}

/// The result of the pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Survey {
    /// Counts of Direct channels.
    pub direct: ClassCounts,
    /// Counts of Important channels.
    pub important: ClassCounts,
    /// Pruned channels.
    pub pruned: usize,
    /// Errors of each channel.
    pub errors: Vec<ChannelError>,
}

impl Survey {
    /// The counts of a class; `None` for Pruned.
    pub fn counts(&self, class: Class) -> Option<&ClassCounts> {
        match class {
            Class::Direct => Some(&self.direct),
            Class::Important => Some(&self.important),
            Class::Pruned => None,
        }
    }

    /// Quantizes the whole tensor and counts.
    pub fn take(
        source: &dyn TensorSource,
        tiling: Tiling,
        quantization: &Quantization,
        observer: &dyn Observer,
        stage: &'static str,
    ) -> Result<Self, Error> {
        observer.stage(stage, tiling.elements());
        let format = &quantization.format;
        let of_class = |class| ClassCounts {
            channels: quantization
                .channels
                .iter()
                .filter(|e| e.class == class)
                .count(),
            patterns: vec![0; 1 << format.width(class)],
        };
        let mut survey = Self {
            direct: of_class(Class::Direct),
            important: of_class(Class::Important),
            pruned: quantization
                .channels
                .iter()
                .filter(|e| e.class == Class::Pruned)
                .count(),
            errors: vec![ChannelError::default(); quantization.channels.len()],
        };
        let inverse_scale = quantization.scale.recip();
        let mut samples = Vec::new();
        let mut reader = ImageReader::new(source, tiling);
        for image in 0..tiling.images() {
            let planes = reader.read(image)?;
            for (channel, plane) in planes.iter().enumerate() {
                samples.clear();
                samples.extend(plane.iter().map(|&a| to_sample(a, inverse_scale)));
                let entry = quantization.entry_for(channel, &samples);
                let padding = quantization.plane_len - plane.len();
                survey.plane(
                    format,
                    quantization.scale,
                    channel,
                    &entry,
                    plane,
                    &samples,
                    padding,
                );
            }
            advance(observer, planes.elements())?;
        }
        Ok(survey)
    }

    #[expect(clippy::too_many_arguments)]
    fn plane(
        &mut self,
        format: &Format,
        scale: f32,
        channel: usize,
        entry: &ChannelEntry,
        plane: &[f32],
        samples: &[i16],
        padding: usize,
    ) {
        let error = &mut self.errors[channel];
        let mut unused = ClassCounts::default();
        let counts = match entry.class {
            Class::Direct => &mut self.direct,
            Class::Important => &mut self.important,
            Class::Pruned => &mut unused,
        };
        let mut count = |q| {
            let pattern = format.pattern(entry.class, q) as usize;
            if let Some(count) = counts.patterns.get_mut(pattern) {
                *count += 1;
            }
        };
        for (&a, &x) in plane.iter().zip(samples) {
            let q = entry.quantize(format, x);
            count(q);
            let back = f32::from(entry.dequantize(format, q)) * scale;
            let difference = (f64::from(a) - f64::from(back)).abs();
            error.absolute += difference;
            error.squared += difference * difference;
            error.worst = error.worst.max(difference);
        }
        for _ in 0..padding {
            count(entry.quantize(format, 0));
        }
    }
}
