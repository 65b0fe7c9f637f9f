//! What a user chooses when a tensor is compressed.

use dqa_golden::channel::Class;
use dqa_golden::context::Context;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::table::{CodeTable, MAX_LIMIT};
use dqa_golden::tensor::Layout;

/// How Delta follows from the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Full-range where no element is negative, else the paper's.
    Auto,
    /// [`DeltaPolicy::Paper`]: signed codes.
    Paper,
    /// [`DeltaPolicy::FullRange`]: unsigned codes, negative elements become 0.
    FullRange,
    /// Unsigned codes with a zero point, over the layer's minimum to maximum.
    Asymmetric,
}

/// What the range of a channel or layer is.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RangeOf {
    /// The largest magnitude.
    Max,
    /// The smallest magnitude that at least this percentage (over 0, up to 100) of the elements
    /// do not exceed.
    Percentile(f64),
    /// A given value (PACT's alpha).
    Clip(f32),
}

/// Over what a range is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// All channels together.
    Layer,
    /// Each channel.
    Channel,
    /// Each plane, found while it is encoded and sent along (dynamic scale).
    Plane,
}

/// Which channels are important.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Important {
    /// This part (0 to 1) of the channels, those with the largest mean absolute error when
    /// quantized to n bits.
    Ratio(f64),
    /// The first part (0 to 1) of these channels, most important first.
    Ranked {
        /// Channels, most important first.
        ranks: Vec<usize>,
        /// Part of the tensor's channels to take.
        ratio: f64,
    },
    /// These channels.
    List(Vec<usize>),
}

/// What the Huffman codes stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeChoice {
    /// Value and shifting error together.
    Joint,
    /// The shifting error alone, as in the paper.
    Paper,
}

/// Where the code tables come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Tables {
    /// Built from the tensor's own codes. With `all_symbols` every symbol gets a code, so that
    /// the tables serve other tensors too.
    Own {
        /// Whether symbols that do not occur get a code.
        all_symbols: bool,
    },
    /// Given: of Direct and of Important channels.
    Given {
        /// Code of Direct channels.
        direct: CodeTable,
        /// Code of Important channels.
        important: CodeTable,
    },
}

impl Tables {
    /// The tables of a context.
    pub fn of(context: &Context) -> Self {
        let parts = context.parts();
        Self::Given {
            direct: parts.direct.clone(),
            important: parts.important.clone(),
        }
    }
}

/// All choices.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Target bits n, 2 to 8.
    pub bits: u8,
    /// Extra bits m of important channels, 0 to 5.
    pub extra: u8,
    /// Lanes S: 1, 2, 4, 8 or 16.
    pub lanes: u8,
    /// Where the channels are.
    pub layout: Layout,
    /// Delta policy.
    pub policy: Policy,
    /// What the range is.
    pub range: RangeOf,
    /// Over what the range is taken.
    pub scope: Scope,
    /// Important channels.
    pub important: Important,
    /// What the codes stand for.
    pub mode: ModeChoice,
    /// Most symbol bits of a code's alphabet, 0 to 6.
    pub symbol_bits: u8,
    /// Longest code, 4 to 8 bits.
    pub limit: u8,
    /// Code tables.
    pub tables: Tables,
    /// Samples a packet aims at, 1 to 2^22.
    pub packet_samples: u32,
}

impl Default for Settings {
    /// n = 4, m = 3, 4 lanes, ranges per channel, 40 % important, joint mode.
    fn default() -> Self {
        Self {
            bits: 4,
            extra: 3,
            lanes: 4,
            layout: Layout::Nchw,
            policy: Policy::Auto,
            range: RangeOf::Max,
            scope: Scope::Channel,
            important: Important::Ratio(0.4),
            mode: ModeChoice::Joint,
            symbol_bits: dqa_golden::symbol::DEFAULT_SYMBOL_BITS,
            limit: MAX_LIMIT,
            tables: Tables::Own { all_symbols: false },
            packet_samples: 1 << 18,
        }
    }
}

/// Why settings are refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SettingsError {
    #[error("{0} % is no percentile: choose one over 0 and up to 100, such as 99.9")]
    Percentile(f64),
    #[error("a clip value of {0}: choose a positive finite number")]
    Clip(f32),
    #[error("a clip value of {0} is out of reach for integer tensors: choose at most 65535")]
    IntegerClip(f32),
    #[error("a ratio of {0}: choose 0 (no important channel) to 1 (all)")]
    Ratio(f64),
    #[error("channel {channel} is named important, but the tensor has channels 0 to {}", .channels - 1)]
    Channel { channel: usize, channels: usize },
    #[error("channel {0} is ranked twice: name each channel once")]
    RankedTwice(usize),
    #[error(
        "{ranks} channels are ranked, but {wanted} are to be important: rank more, or lower the ratio"
    )]
    TooFewRanks { ranks: usize, wanted: usize },
    #[error("an asymmetric range is one of the whole layer: choose the layer scope")]
    AsymmetricScope,
    #[error(
        "a range found plane by plane is the plane's maximum: it goes with no percentile, clip value or asymmetric policy"
    )]
    PlaneRange,
    #[error("packets of {0} samples: choose 1 to 4194304")]
    PacketSamples(u32),
    #[error(
        "the given table of {class:?} channels has {got} symbols where this mode takes {expected}: \
         use tables made with the same n, m and mode"
    )]
    GivenTable {
        class: Class,
        got: usize,
        expected: String,
    },
}

impl Settings {
    /// Checks what can be checked without the tensor. Bits, lanes and limit are checked where
    /// they are used.
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        match self.range {
            RangeOf::Percentile(p) if !(p > 0.0 && p <= 100.0) => {
                return Err(SettingsError::Percentile(p));
            }
            RangeOf::Clip(clip) if !(clip > 0.0 && clip.is_finite()) => {
                return Err(SettingsError::Clip(clip));
            }
            _ => {}
        }
        if let Important::Ratio(ratio) | Important::Ranked { ratio, .. } = self.important
            && !(0.0..=1.0).contains(&ratio)
        {
            return Err(SettingsError::Ratio(ratio));
        }
        let asymmetric = self.policy == Policy::Asymmetric;
        if self.scope == Scope::Plane && (asymmetric || self.range != RangeOf::Max) {
            return Err(SettingsError::PlaneRange);
        }
        if asymmetric && self.scope == Scope::Channel {
            return Err(SettingsError::AsymmetricScope);
        }
        if !(1..=1 << 22).contains(&self.packet_samples) {
            return Err(SettingsError::PacketSamples(self.packet_samples));
        }
        Ok(())
    }

    /// The delta policy where it does not hang on the data.
    pub(crate) fn delta_policy(&self, any_negative: bool) -> DeltaPolicy {
        match self.policy {
            Policy::Paper => DeltaPolicy::Paper,
            Policy::Auto if any_negative => DeltaPolicy::Paper,
            Policy::Auto | Policy::FullRange | Policy::Asymmetric => DeltaPolicy::FullRange,
        }
    }
}
