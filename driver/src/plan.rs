//! From settings and a tensor to the context that compresses it.

use dqa_calibrate::code::{CodeLimits, bits, choose};
use dqa_calibrate::layers::CodeMode;
use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::Format;
use dqa_golden::lanes::LaneShape;
use dqa_golden::policy::{DeltaPolicy, asymmetric};
use dqa_golden::symbol::{MAX_SYMBOL_BITS, Mode};
use dqa_golden::table::CodeTable;
use dqa_golden::tensor::{DType, TensorInfo, Tiling};

use crate::encoding::Encoding;
use crate::error::Error;
use crate::observer::Observer;
use crate::ranges::{Extremes, PercentileScope, Side, extremes, percentiles};
use crate::settings::{
    Important, ModeChoice, Policy, RangeOf, Scope, Settings, SettingsError, Tables,
};
use crate::source::TensorSource;
use crate::survey::{Quantization, Survey};

/// All that is decided about a tensor before its first sample is encoded.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is encoded, and how.
    pub encoding: Encoding,
    /// The policy chosen.
    pub policy: DeltaPolicy,
    /// Codes and errors of the whole tensor under this context.
    pub survey: Survey,
    /// Whether some elements are negative and become 0, the codes having no sign.
    pub negatives_lost: bool,
}

impl Plan {
    /// Looks at the whole tensor, some four to nine times, and decides.
    pub fn new(
        source: &dyn TensorSource,
        settings: &Settings,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        settings.check()?;
        let tiling = Tiling::new(source.shape(), settings.layout)?;
        let shape = LaneShape::new(settings.lanes)?;
        Format::new(settings.bits, settings.extra, false, 0)?;
        check_important(&settings.important, tiling.channels())?;

        let extremes = extremes(source, tiling, observer)?;
        let any_negative = extremes.iter().any(|e| e.min < 0.0);
        let policy = settings.delta_policy(any_negative);
        let ranges = ranges(source, tiling, settings, policy, &extremes, observer)?;
        let scale = scale(source.dtype(), &ranges, settings)?;

        let plane_len = (tiling.segment_len() as usize).max(shape.lanes());
        let mut quantization = quantization(settings, policy, &ranges, scale, plane_len)?;
        for (entry, extremes) in quantization.channels.iter_mut().zip(&extremes) {
            if extremes.min == 0.0 && extremes.max == 0.0 {
                *entry = ChannelEntry::PRUNED;
            }
        }
        let important = match &settings.important {
            Important::Ratio(0.0) => Vec::new(),
            Important::Ratio(ratio) => {
                let stage = "ranking channels";
                let direct = Survey::take(source, tiling, &quantization, observer, stage)?;
                let mut ranks: Vec<usize> = (0..tiling.channels()).collect();
                ranks.sort_by(|&a, &b| {
                    let error = |channel: usize| direct.errors[channel].absolute;
                    error(b).total_cmp(&error(a)).then(a.cmp(&b))
                });
                ranks.truncate(wanted(*ratio, tiling.channels()));
                ranks
            }
            Important::Ranked { ranks, ratio } => {
                ranks[..wanted(*ratio, tiling.channels())].to_vec()
            }
            Important::List(channels) => channels.clone(),
        };
        for channel in important {
            let entry = &mut quantization.channels[channel];
            if entry.class == Class::Direct {
                entry.class = Class::Important;
            }
        }

        let survey = Survey::take(source, tiling, &quantization, observer, "counting codes")?;
        let format = &quantization.format;
        let code = match &settings.tables {
            Tables::Own { .. } => Code::choose(settings, format, &survey)?,
            Tables::Given { direct, important } => {
                Code::given(settings.mode, format, direct, important)?
            }
        };
        let context = Context::new(ContextParts {
            format: quantization.format,
            mode: code.mode,
            shape,
            scale: quantization.delta,
            plane_len: u32::try_from(plane_len).expect("at most 2^20"),
            limit: settings.limit,
            direct: code.direct,
            important: code.important,
            channels: quantization.channels,
        })?;
        Ok(Self {
            encoding: Encoding {
                tensor: TensorInfo {
                    dtype: source.dtype(),
                    layout: settings.layout,
                    shape: source.shape().to_vec(),
                    scale,
                    segment_len: tiling.segment_len(),
                },
                tiling,
                context,
                packet_samples: settings.packet_samples as usize,
            },
            policy,
            survey,
            negatives_lost: any_negative
                && policy == DeltaPolicy::FullRange
                && settings.policy != Policy::Asymmetric,
        })
    }
}

/// The range that a channel's quantizer covers, in the units of the tensor. `low` is 0 or, with
/// an asymmetric policy, the negative end.
#[derive(Clone, Copy)]
struct Range {
    low: f32,
    high: f32,
}

fn ranges(
    source: &dyn TensorSource,
    tiling: Tiling,
    settings: &Settings,
    policy: DeltaPolicy,
    extremes: &[Extremes],
    observer: &dyn Observer,
) -> Result<Vec<Range>, Error> {
    let scope = match settings.scope {
        Scope::Layer => PercentileScope::Layer,
        Scope::Channel | Scope::Plane => PercentileScope::Channel,
    };
    let one_side = |side: Side| -> Result<Vec<f32>, Error> {
        let of_channels = match settings.range {
            RangeOf::Clip(clip) => vec![clip],
            RangeOf::Percentile(percent) => {
                percentiles(source, tiling, side, percent, scope, observer)?
            }
            RangeOf::Max => {
                let maxima = extremes.iter().map(|e| side.max(e));
                match scope {
                    PercentileScope::Layer => vec![maxima.fold(0.0, f32::max)],
                    PercentileScope::Channel => maxima.collect(),
                }
            }
        };
        // A value for the whole layer holds for each channel.
        let last = of_channels.len() - 1;
        let channels = 0..tiling.channels();
        Ok(channels.map(|c| of_channels[c.min(last)]).collect())
    };
    if settings.policy == Policy::Asymmetric {
        let (low, high) = (one_side(Side::Negative)?, one_side(Side::Positive)?);
        let ranges = low.into_iter().zip(high);
        return Ok(ranges
            .map(|(low, high)| Range { low: -low, high })
            .collect());
    }
    let side = match policy {
        DeltaPolicy::Paper => Side::Both,
        DeltaPolicy::FullRange => Side::Positive,
    };
    let ranges = one_side(side)?.into_iter();
    Ok(ranges.map(|high| Range { low: 0.0, high }).collect())
}

/// The value of a sample unit: 1 for integers; for floats the smallest power of two with which
/// every range fits 15 bits.
fn scale(dtype: DType, ranges: &[Range], settings: &Settings) -> Result<f32, Error> {
    if matches!(dtype, DType::I16 | DType::I8) {
        return match settings.range {
            RangeOf::Clip(clip) if clip > f32::from(u16::MAX) => {
                Err(SettingsError::IntegerClip(clip).into())
            }
            _ => Ok(1.0),
        };
    }
    let largest = ranges.iter().fold(0.0f32, |m, r| m.max(r.high).max(-r.low));
    if largest == 0.0 {
        return Ok(1.0);
    }
    let mut exponent = -126;
    while f64::from(largest) > 32767.0 * f64::from(exponent).exp2() {
        exponent += 1;
    }
    Ok(f32::from_bits(
        u32::try_from(exponent + 127).expect("-126 to 113") << 23,
    ))
}

fn quantization(
    settings: &Settings,
    policy: DeltaPolicy,
    ranges: &[Range],
    scale: f32,
    plane_len: usize,
) -> Result<Quantization, Error> {
    let units = |value: f32| f64::from(value) / f64::from(scale);
    let class = Class::Direct;
    let bits = u32::from(settings.bits);
    let (zero_point, channels) = if settings.policy == Policy::Asymmetric {
        let Range { low, high } = ranges[0];
        let (min, max) = (to_i16(units(low)), to_i16(units(high)));
        let (range, zero_point) = asymmetric(settings.bits, min, max);
        (
            zero_point,
            vec![policy.entry(class, bits, range); ranges.len()],
        )
    } else {
        let entry = |range: &Range| policy.entry(class, bits, to_range(units(range.high)));
        (0, ranges.iter().map(entry).collect())
    };
    Ok(Quantization {
        format: Format::new(settings.bits, settings.extra, policy.signed(), zero_point)?,
        scale,
        delta: match settings.scope {
            Scope::Plane => Scale::Dynamic { policy },
            Scope::Layer | Scope::Channel => Scale::Fixed,
        },
        plane_len,
        channels,
    })
}

/// A range in sample units; one that is not 0 stays so.
fn to_range(units: f64) -> u16 {
    if units == 0.0 {
        return 0;
    }
    (units.round_ties_even() as u16).max(1)
}

fn to_i16(units: f64) -> i16 {
    units.round_ties_even() as i16
}

fn check_important(important: &Important, channels: usize) -> Result<(), SettingsError> {
    let (named, wanted) = match important {
        Important::Ratio(_) => return Ok(()),
        Important::Ranked { ranks, ratio } => (ranks, wanted(*ratio, channels)),
        Important::List(list) => (list, 0),
    };
    let mut seen = vec![false; channels];
    for &channel in named {
        match seen.get_mut(channel) {
            None => return Err(SettingsError::Channel { channel, channels }),
            Some(true) => return Err(SettingsError::RankedTwice(channel)),
            Some(seen) => *seen = true,
        }
    }
    let ranks = named.len();
    if ranks < wanted {
        return Err(SettingsError::TooFewRanks { ranks, wanted });
    }
    Ok(())
}

/// How many of the channels a ratio is.
fn wanted(ratio: f64, channels: usize) -> usize {
    (ratio * channels as f64).round() as usize
}

/// What is coded and by which tables: one layout and table a class.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// The mode, with its symbol bits.
    pub mode: Mode,
    /// Code of Direct channels.
    pub direct: CodeTable,
    /// Code of Important channels.
    pub important: CodeTable,
}

impl Code {
    /// The code that takes the fewest bits for these codes, its tables counted, among those the
    /// settings allow.
    ///
    /// In joint mode the symbol bits are chosen too: from 0 (all raw) to
    /// [`Settings::symbol_bits`], the fewest of equals.
    pub fn choose(settings: &Settings, format: &Format, survey: &Survey) -> Result<Self, Error> {
        let limits = CodeLimits {
            mode: match settings.mode {
                ModeChoice::Joint => CodeMode::Joint,
                ModeChoice::Paper => CodeMode::Paper,
            },
            symbol_bits: settings.symbol_bits,
            limit: settings.limit,
            all_symbols: settings.tables == Tables::Own { all_symbols: true },
        };
        let table = |class| {
            let patterns = &survey.counts(class).expect("a stored class").patterns;
            choose(limits, format, class, patterns).map_err(|error| Error::table(class, error))
        };
        Ok(Self::of(
            settings.mode,
            table(Class::Direct)?,
            table(Class::Important)?,
        ))
    }

    /// Given tables, checked against the format.
    fn given(
        choice: ModeChoice,
        format: &Format,
        direct: &CodeTable,
        important: &CodeTable,
    ) -> Result<Self, SettingsError> {
        let code = Self::of(choice, direct.clone(), important.clone());
        for (class, table) in [(Class::Direct, direct), (Class::Important, important)] {
            let got = table.alphabet();
            let width = format.width(class).min(u32::from(MAX_SYMBOL_BITS));
            let (fits, expected) = match choice {
                ModeChoice::Paper => {
                    let alphabet = Mode::Paper.layout(format, class).alphabet();
                    (got == alphabet, alphabet.to_string())
                }
                ModeChoice::Joint => (got <= 1 << width, format!("at most {}", 1 << width)),
            };
            if !fits {
                return Err(SettingsError::GivenTable {
                    class,
                    got,
                    expected,
                });
            }
        }
        Ok(code)
    }

    fn of(choice: ModeChoice, direct: CodeTable, important: CodeTable) -> Self {
        let symbol_bits = |table: &CodeTable| u8::try_from(table.symbol_bits()).expect("at most 6");
        let mode = match choice {
            ModeChoice::Paper => Mode::Paper,
            ModeChoice::Joint => Mode::Joint {
                direct: symbol_bits(&direct),
                important: symbol_bits(&important),
            },
        };
        Self {
            mode,
            direct,
            important,
        }
    }

    /// Bits that the codes of a class take: codes and raw bits, nothing else.
    pub fn bits(&self, format: &Format, survey: &Survey, class: Class) -> u64 {
        let (Some(counts), table) = (
            survey.counts(class),
            match class {
                Class::Important => &self.important,
                Class::Direct | Class::Pruned => &self.direct,
            },
        ) else {
            return 0;
        };
        bits(table, &self.mode.layout(format, class), &counts.patterns)
    }
}
