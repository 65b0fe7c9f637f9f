//! Options that say how a tensor is compressed; shared by the commands that do it.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::ValueEnum;
use dqa_driver::decompress::Decompressor;
use dqa_driver::settings::{Important, ModeChoice, Policy, RangeOf, Scope, Settings, Tables};
use dqa_golden::container::Event;
use dqa_golden::tensor::Layout;

use crate::console::Failure;

/// How a tensor is quantized and coded.
#[derive(clap::Args)]
#[command(next_help_heading = "Quantization")]
pub struct Choices {
    /// Target bits n: 2 to 8
    #[arg(long, short = 'n', value_name = "N", default_value_t = 4)]
    bits: u8,
    /// Extra bits m of important channels: 0 to 5, at most n, n + m at most 10
    #[arg(long, short = 'm', value_name = "M", default_value_t = 3)]
    extra: u8,
    /// Which axis holds the channels (3 or 4 axes; with 2 axes it is the last)
    #[arg(long, value_enum, default_value_t = LayoutArg::Nchw)]
    layout: LayoutArg,
    /// How the quantization step follows from the range
    #[arg(long, value_enum, default_value_t = PolicyArg::Auto)]
    policy: PolicyArg,
    /// Range: the smallest magnitude that P % of the elements do not exceed [default: the largest]
    #[arg(long, value_name = "P", conflicts_with = "clip")]
    percentile: Option<f64>,
    /// Range: this value
    #[arg(long, value_name = "VALUE")]
    clip: Option<f32>,
    /// Over what a range is taken [default: channel; layer with --policy asymmetric]
    #[arg(long, value_enum)]
    scope: Option<ScopeArg>,
    /// Part of the channels that is important, 0 to 1: those that quantize worst, or the first of
    /// --rank
    #[arg(long, value_name = "RATIO", default_value_t = 0.4)]
    important: f64,
    /// File that ranks the channels, most important first: numbers, as a JSON list or separated by
    /// blanks, commas or line ends
    #[arg(long, value_name = "FILE")]
    rank: Option<PathBuf>,
    /// Exactly these channels are important, such as 0,3,7
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        conflicts_with_all = ["rank", "important"]
    )]
    important_channels: Option<Vec<usize>>,
    /// What is Huffman coded: value and shifting error together, or as in the paper the error alone
    #[arg(long, value_enum, default_value_t = ModeArg::Joint, help_heading = "Code")]
    mode: ModeArg,
    /// Lanes (sub-streams): 1, 2, 4, 8 or 16; as the hardware that is to read them
    #[arg(long, value_name = "S", default_value_t = 4, help_heading = "Code")]
    lanes: u8,
    /// Most symbols of a code: 1, 2, 4, .. 64
    #[arg(
        long,
        value_name = "SYMBOLS",
        default_value_t = 32,
        help_heading = "Code"
    )]
    symbols: u32,
    /// Longest code in bits: 4 to 8
    #[arg(long, value_name = "BITS", default_value_t = 8, help_heading = "Code")]
    limit: u8,
    /// Give every symbol a code, so that other tensors can use the tables
    #[arg(long, help_heading = "Code")]
    all_symbols: bool,
    /// Take the code tables of this container instead of making new ones
    #[arg(
        long,
        value_name = "FILE.dqa",
        conflicts_with = "all_symbols",
        help_heading = "Code"
    )]
    tables: Option<PathBuf>,
    /// Samples a packet aims at: 1 to 4194304
    #[arg(long, value_name = "SAMPLES", default_value_t = 1 << 18, help_heading = "Code")]
    packet_samples: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum LayoutArg {
    /// [N, C, H, W] or [C, H, W]
    Nchw,
    /// [N, H, W, C] or [H, W, C]
    Nhwc,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum PolicyArg {
    /// full-range, or paper where elements are negative
    Auto,
    /// range / 2^(n-1), signed codes
    Paper,
    /// range / (2^n - 1), unsigned codes: for activations after ReLU
    FullRange,
    /// (max - min) / (2^n - 1), unsigned codes with a zero point
    Asymmetric,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeArg {
    /// All channels together
    Layer,
    /// Each channel
    Channel,
    /// Each plane of each image, found while it is encoded and sent along
    Plane,
}

#[derive(Clone, Copy, ValueEnum)]
enum ModeArg {
    /// Value and shifting error are one symbol
    Joint,
    /// n-bit values, Huffman coded shifting errors
    Paper,
}

impl Choices {
    /// Options that a layer file takes the place of.
    pub const QUANTIZATION: [&str; 14] = [
        "bits",
        "extra",
        "policy",
        "percentile",
        "clip",
        "scope",
        "important",
        "rank",
        "important_channels",
        "mode",
        "symbols",
        "limit",
        "all_symbols",
        "tables",
    ];

    /// The settings; reads the files that options name.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let policy = match self.policy {
            PolicyArg::Auto => Policy::Auto,
            PolicyArg::Paper => Policy::Paper,
            PolicyArg::FullRange => Policy::FullRange,
            PolicyArg::Asymmetric => Policy::Asymmetric,
        };
        if !self.symbols.is_power_of_two() || self.symbols > 64 {
            return Err(Failure::usage(format!(
                "--symbols {}: choose 1, 2, 4, 8, 16, 32 or 64",
                self.symbols
            )));
        }
        Ok(Settings {
            bits: self.bits,
            extra: self.extra,
            lanes: self.lanes,
            layout: match self.layout {
                LayoutArg::Nchw => Layout::Nchw,
                LayoutArg::Nhwc => Layout::Nhwc,
            },
            policy,
            range: match (self.percentile, self.clip) {
                (Some(percent), _) => RangeOf::Percentile(percent),
                (None, Some(clip)) => RangeOf::Clip(clip),
                (None, None) => RangeOf::Max,
            },
            scope: match self.scope {
                Some(ScopeArg::Layer) => Scope::Layer,
                Some(ScopeArg::Channel) => Scope::Channel,
                Some(ScopeArg::Plane) => Scope::Plane,
                None if policy == Policy::Asymmetric => Scope::Layer,
                None => Scope::Channel,
            },
            important: self.important()?,
            mode: match self.mode {
                ModeArg::Joint => ModeChoice::Joint,
                ModeArg::Paper => ModeChoice::Paper,
            },
            symbol_bits: u8::try_from(self.symbols.ilog2()).expect("at most 6"),
            limit: self.limit,
            tables: self.tables()?,
            packet_samples: self.packet_samples,
        })
    }

    fn important(&self) -> Result<Important, Failure> {
        if let Some(channels) = &self.important_channels {
            return Ok(Important::List(channels.clone()));
        }
        let Some(path) = &self.rank else {
            return Ok(Important::Ratio(self.important));
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        let separators = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']');
        let numbers = text.split(separators).filter(|number| !number.is_empty());
        let ranks = numbers.map(|number| {
            number.parse().map_err(|_| {
                Failure::new(format!(
                    "{}: {number:?} is no channel number: give a list such as [3, 0, 7]",
                    path.display()
                ))
            })
        });
        Ok(Important::Ranked {
            ranks: ranks.collect::<Result<_, _>>()?,
            ratio: self.important,
        })
    }

    fn tables(&self) -> Result<Tables, Failure> {
        let Some(path) = &self.tables else {
            return Ok(Tables::Own {
                all_symbols: self.all_symbols,
            });
        };
        let file = File::open(path)
            .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
        let mut found = None;
        Decompressor::new(BufReader::new(file))
            .and_then(|mut container| {
                container.for_each_record(|event, _| {
                    if let Event::Context(_, context) = event {
                        found.get_or_insert(Tables::of(context));
                    }
                    Ok(())
                })
            })
            .map_err(|error| Failure::at(path, error))?;
        found.ok_or_else(|| Failure::new(format!("{}: holds no tables", path.display())))
    }
}
