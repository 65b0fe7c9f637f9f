//! Options that say how layers are quantized and coded.

use clap::ValueEnum;
use dqa_calibrate::layers::CodeMode;
use dqa_calibrate::plan::{Choice, Over, Statistic, When};
use dqa_golden::policy::DeltaPolicy;

/// How layers are quantized and coded.
#[derive(clap::Args)]
#[command(next_help_heading = "Quantization")]
pub struct ChoiceArgs {
    /// Target bits n: 2 to 8
    #[arg(long, short = 'n', value_name = "N", default_value_t = 3)]
    bits: u8,
    /// Extra bits m of important channels: 0 to 5
    #[arg(long, short = 'm', value_name = "M", default_value_t = 1)]
    extra: u8,
    /// How the quantization step follows from the range
    #[arg(long, value_enum, default_value_t = PolicyArg::Auto)]
    policy: PolicyArg,
    /// When ranges are taken
    #[arg(long, value_enum, default_value_t = WhenArg::Fixed)]
    when: WhenArg,
    /// Over what ranges are taken
    #[arg(long, value_enum, default_value_t = OverArg::Channel)]
    over: OverArg,
    /// A fixed range is what P % of the elements do not exceed; 100 takes the maximum
    #[arg(
        long,
        value_name = "P",
        default_value_t = 99.9,
        conflicts_with = "mean_max"
    )]
    percentile: f64,
    /// A fixed range is the mean of the images' maxima
    #[arg(long)]
    mean_max: bool,
    /// Part of the channels that is important, 0 to 1
    #[arg(long, value_name = "RATIO", default_value_t = 0.4)]
    important: f64,
    /// What is Huffman coded
    #[arg(long, value_enum, default_value_t = ModeArg::Joint)]
    mode: ModeArg,
}

#[derive(Clone, Copy, ValueEnum)]
enum PolicyArg {
    /// full-range, or paper where elements are negative
    Auto,
    /// range / 2^(n-1), signed codes
    Paper,
    /// range / (2^n - 1), unsigned codes
    FullRange,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum WhenArg {
    /// Beforehand, from these images
    Fixed,
    /// Online, of each batch
    Batch,
    /// Online, of each image
    Image,
}

#[derive(Clone, Copy, ValueEnum)]
enum OverArg {
    /// All channels together
    Layer,
    /// Each channel
    Channel,
}

#[derive(Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Value and shifting error are one symbol
    Joint,
    /// n-bit values, Huffman coded shifting errors
    Paper,
}

impl ChoiceArgs {
    /// The choices.
    pub fn choice(&self) -> Choice {
        Choice {
            bits: self.bits,
            extra: self.extra,
            policy: match self.policy {
                PolicyArg::Auto => None,
                PolicyArg::Paper => Some(DeltaPolicy::Paper),
                PolicyArg::FullRange => Some(DeltaPolicy::FullRange),
            },
            when: match self.when {
                WhenArg::Fixed => When::Fixed,
                WhenArg::Batch => When::Batch,
                WhenArg::Image => When::Image,
            },
            over: match self.over {
                OverArg::Layer => Over::Layer,
                OverArg::Channel => Over::Channel,
            },
            statistic: match (self.mean_max, self.when) {
                (true, _) => Statistic::MeanMax,
                (false, WhenArg::Fixed) if self.percentile < 100.0 => {
                    Statistic::Percentile(self.percentile)
                }
                (false, _) => Statistic::Max,
            },
            important: self.important,
            mode: match self.mode {
                ModeArg::Joint => CodeMode::Joint,
                ModeArg::Paper => CodeMode::Paper,
            },
        }
    }
}
