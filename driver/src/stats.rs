//! What compression does to a tensor: bits, entropies, errors.

pub use dqa_calibrate::code::entropy;
use dqa_golden::channel::Class;
use dqa_golden::package_merge::code_lengths;
use dqa_golden::symbol::SymbolLayout;
use dqa_golden::tensor::{DType, Layout};

use crate::compress::Sizes;
use crate::error::Error;
use crate::plan::{Code, Plan};
use crate::settings::{ModeChoice, Settings, Tables};

/// The figures of one tensor under one plan.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Stats {
    /// Element type.
    pub dtype: DType,
    /// Where the channels are.
    pub layout: Layout,
    /// Lengths of the axes.
    pub shape: Vec<u64>,
    /// Elements.
    pub elements: u64,
    /// Target bits n.
    pub bits: u32,
    /// Extra bits m.
    pub extra: u32,
    /// Whether codes are two's complement.
    pub signed: bool,
    /// Lanes S.
    pub lanes: usize,
    /// Direct channels.
    pub direct: ClassStats,
    /// Important channels.
    pub important: ClassStats,
    /// Channels that are zero throughout and not stored.
    pub pruned_channels: usize,
    /// The m bits shifted out of Important channels (the paper's Figure 2).
    pub shifting_error: ErrorCode,
    /// Bits of each stored activation, by how it is stored.
    pub bits_per_activation: BitsPerActivation,
    /// The container against plain storage; above 1 is smaller.
    pub ratio: Ratios,
    /// What quantization costs.
    pub error: QuantizationError,
    /// Sizes of the container.
    pub sizes: Sizes,
}

/// Codes of one class of channels.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ClassStats {
    /// Channels of the class.
    pub channels: usize,
    /// Codes q stored, the zeros that pad short planes included.
    pub codes: u64,
    /// Bits of q: n or n + m.
    pub width: u32,
    /// Which bits of q are Huffman coded and which are written raw.
    #[serde(flatten)]
    pub layout: SymbolLayout,
    /// Code length of each symbol; 0 where it has none.
    pub code_lengths: Vec<u8>,
    /// How often each pattern of q occurs.
    pub histogram: Vec<u64>,
    /// Order-0 entropy of q in bits.
    pub entropy: f64,
    /// Average bits written for a code q.
    pub average_bits: f64,
}

/// How well the shifting errors compress on their own.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ErrorCode {
    /// How often each of the 2^m errors occurs.
    pub histogram: Vec<u64>,
    /// Their entropy in bits.
    pub entropy: f64,
    /// Average length of their Huffman code.
    pub average_bits: f64,
    /// m over the average length: the paper's compression ratio of the errors, up to 1.12.
    pub ratio: f64,
}

/// Bits of an activation by way of storing. All but `container` count code bits alone.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct BitsPerActivation {
    /// n bits for Direct, n + m for Important.
    pub flat: f64,
    /// The paper's: n-bit values, Huffman coded errors.
    pub paper: f64,
    /// Value and error coded together.
    pub joint: f64,
    /// Order-0 entropy of the codes q.
    pub entropy: f64,
    /// The container, everything counted.
    pub container: f64,
}

/// Sizes against the container's.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Ratios {
    /// Against the tensor's own type.
    pub original: f64,
    /// Against 16 bits an activation.
    pub bits_16: f64,
    /// Against 8 bits an activation.
    pub bits_8: f64,
    /// Against n bits an activation.
    pub bits_n: f64,
}

/// Difference between the tensor and what comes back, in the tensor's units.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct QuantizationError {
    /// Mean of the squares.
    pub mean_squared: f64,
    /// Mean of the magnitudes.
    pub mean_absolute: f64,
    /// The largest magnitude.
    pub worst: f64,
}

impl Stats {
    /// The figures of a plan whose container had these sizes.
    ///
    /// Works out the code of both modes, whichever the plan uses, with tables of the tensor's own.
    pub fn new(settings: &Settings, plan: &Plan, sizes: Sizes) -> Result<Self, Error> {
        let (format, survey) = (plan.encoding.context.format(), &plan.survey);
        let elements = plan.encoding.tiling.elements();
        let bits_of = |mode| -> Result<f64, Error> {
            let own = Settings {
                mode,
                tables: Tables::Own { all_symbols: false },
                // The paper's mode has m symbol bits; a shorter limit has no code for it.
                limit: settings.limit.max(settings.extra),
                ..settings.clone()
            };
            let code = Code::choose(&own, format, survey)?;
            let bits = |class| code.bits(format, survey, class);
            Ok(per(bits(Class::Direct) + bits(Class::Important), elements))
        };
        let [direct, important] =
            [Class::Direct, Class::Important].map(|class| ClassStats::new(plan, class));
        let flat =
            direct.codes * u64::from(direct.width) + important.codes * u64::from(important.width);
        let entropy = [&direct, &important].map(|c| c.entropy * c.codes as f64);
        let container = sizes.bits_per_element();
        let errors = &survey.errors;
        Ok(Self {
            dtype: plan.encoding.tensor.dtype,
            layout: plan.encoding.tensor.layout,
            shape: plan.encoding.tensor.shape.clone(),
            elements,
            bits: format.bits(),
            extra: format.extra(),
            signed: format.signed(),
            lanes: plan.encoding.context.shape().lanes(),
            pruned_channels: survey.pruned,
            shifting_error: ErrorCode::new(&important.histogram, format.extra()),
            bits_per_activation: BitsPerActivation {
                flat: per(flat, elements),
                paper: bits_of(ModeChoice::Paper)?,
                joint: bits_of(ModeChoice::Joint)?,
                entropy: entropy.iter().sum::<f64>() / elements as f64,
                container,
            },
            ratio: Ratios {
                original: 8.0 * plan.encoding.tensor.dtype.bytes() as f64 / container,
                bits_16: 16.0 / container,
                bits_8: 8.0 / container,
                bits_n: f64::from(format.bits()) / container,
            },
            error: QuantizationError {
                mean_squared: errors.iter().map(|e| e.squared).sum::<f64>() / elements as f64,
                mean_absolute: errors.iter().map(|e| e.absolute).sum::<f64>() / elements as f64,
                worst: errors.iter().map(|e| e.worst).fold(0.0, f64::max),
            },
            direct,
            important,
            sizes,
        })
    }
}

impl ClassStats {
    fn new(plan: &Plan, class: Class) -> Self {
        let counts = plan.survey.counts(class).expect("a stored class");
        let codes = counts.patterns.iter().sum();
        let parts = plan.encoding.context.parts();
        let code = Code {
            mode: parts.mode,
            direct: parts.direct.clone(),
            important: parts.important.clone(),
        };
        Self {
            channels: counts.channels,
            codes,
            width: plan.encoding.context.format().width(class),
            layout: plan.encoding.context.layout(class),
            code_lengths: plan.encoding.context.table(class).lengths().to_vec(),
            histogram: counts.patterns.clone(),
            entropy: entropy(&counts.patterns),
            average_bits: per(
                code.bits(plan.encoding.context.format(), &plan.survey, class),
                codes,
            ),
        }
    }
}

impl ErrorCode {
    fn new(patterns: &[u64], extra: u32) -> Self {
        let mut histogram = vec![0; 1 << extra];
        for (pattern, count) in patterns.iter().enumerate() {
            histogram[pattern % (1 << extra)] += count;
        }
        // Unlimited, as in the paper: 32 symbols never need more than 31 bits.
        let lengths = code_lengths(&histogram, 31).expect("31 bits are enough");
        let bits = histogram.iter().zip(lengths).map(|(c, l)| c * u64::from(l));
        let average_bits = per(bits.sum(), histogram.iter().sum());
        Self {
            entropy: entropy(&histogram),
            ratio: if average_bits > 0.0 {
                f64::from(extra) / average_bits
            } else {
                1.0
            },
            average_bits,
            histogram,
        }
    }
}

fn per(total: u64, count: u64) -> f64 {
    if count == 0 {
        0.0
    } else {
        total as f64 / count as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_errors_do_not_compress() {
        let even = ErrorCode::new(&[3; 32], 2);
        assert_eq!((even.ratio, even.entropy), (1.0, 2.0));
        assert_eq!(ErrorCode::new(&[0; 8], 0).ratio, 1.0);
    }
}
