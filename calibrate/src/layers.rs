//! The layer file: all that a host needs to store a network's activations, as TOML.
//!
//! One `[[layer]]` for each tensor. `docs/src/calibrating.md` describes the fields.

use std::path::{Path, PathBuf};

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::format::{Format, FormatError};
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::Mode;
use dqa_golden::table::{CodeTable, TableError};

use crate::graph::Reads;
use crate::network::Tap;

/// Version of the format that this program writes and reads.
pub const VERSION: u32 = 1;

/// Why a layer file is refused.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum LayerError {
    #[error("{path}: {error}")]
    Read {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{path} is no layer file: {reason}")]
    Parse { path: PathBuf, reason: String },
    #[error("the layer file has version {0}, this program knows version {VERSION}")]
    Version(u32),
    #[error("layer {tensor:?}: {error}")]
    Format { tensor: String, error: FormatError },
    #[error("layer {tensor:?}: code of {class:?} channels: {error}")]
    Table {
        tensor: String,
        class: Class,
        error: TableError,
    },
    #[error("layer {tensor:?}: {what}")]
    Field { tensor: String, what: String },
    #[error(
        "the layer file is for tensors {file:?}, the network has {network:?}: calibrate this \
         network, or name its tensors"
    )]
    OtherNetwork {
        file: Vec<String>,
        network: Vec<String>,
    },
    #[error(
        "layer {tensor:?} has {got} channels in the layer file and {expected} in the tensor: it is \
         the file of another network"
    )]
    Channels {
        tensor: String,
        got: usize,
        expected: usize,
    },
    #[error("no layer {tensor:?} in the layer file; it has {}", known.join(", "))]
    NoLayer { tensor: String, known: Vec<String> },
}

/// A calibrated network.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayerFile {
    /// [`VERSION`].
    pub version: u32,
    /// How it was made, for people.
    pub made_by: String,
    /// Who reads the tensors when they come back.
    pub reads: Reads,
    /// The layers, in the order of the network.
    #[serde(rename = "layer")]
    pub layers: Vec<Layer>,
}

/// Over what, and when, a range is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RangeFrom {
    /// From the layer file.
    Fixed,
    /// The maximum of the layer, of each image.
    LayerOfImage,
    /// The maximum of the layer, of each batch.
    LayerOfBatch,
    /// The maximum of each channel, of each image: what the hardware's dynamic scale does.
    ChannelOfImage,
    /// The maximum of each channel, of each batch.
    ChannelOfBatch,
}

/// What the Huffman codes stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeMode {
    /// Value and shifting error together.
    Joint,
    /// The shifting error alone.
    Paper,
}

/// How one tensor is stored.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// The tensor's name in the network.
    pub tensor: String,
    /// Target bits n.
    pub bits: u8,
    /// Extra bits m of important channels.
    pub extra: u8,
    /// How Delta follows from the range.
    pub policy: DeltaPolicy,
    /// Where ranges come from.
    pub range: RangeFrom,
    /// Value of a sample unit, a power of two.
    pub unit: f32,
    /// What is Huffman coded.
    pub mode: CodeMode,
    /// Longest code in bits.
    pub limit: u8,
    /// Code lengths of Direct channels.
    pub direct_lengths: Vec<u8>,
    /// Code lengths of Important channels.
    pub important_lengths: Vec<u8>,
    /// Channels, most important first: the first `important` of them are Important.
    pub ranks: Vec<usize>,
    /// Number of Important channels.
    pub important: usize,
    /// Channels that are not stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pruned: Vec<usize>,
    /// Range of each channel, in sample units: Delta of quantizing.
    pub ranges: Vec<u16>,
    /// Range of each channel for de-quantizing, where it is another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back_ranges: Vec<u16>,
}

impl LayerFile {
    /// Reads and checks a file.
    pub fn open(path: &Path) -> Result<Self, LayerError> {
        let text = std::fs::read_to_string(path).map_err(|error| LayerError::Read {
            path: path.to_owned(),
            error,
        })?;
        Self::parse(&text).map_err(|error| match error {
            LayerError::Parse { reason, .. } => LayerError::Parse {
                path: path.to_owned(),
                reason,
            },
            other => other,
        })
    }

    /// Reads and checks the text of a file.
    pub fn parse(text: &str) -> Result<Self, LayerError> {
        let unreadable = |error: toml::de::Error| LayerError::Parse {
            path: PathBuf::new(),
            reason: reason(text, &error),
        };
        // Of another version only the number can be relied on.
        #[derive(serde::Deserialize)]
        struct Head {
            version: u32,
        }
        let head: Head = toml::from_str(text).map_err(unreadable)?;
        if head.version != VERSION {
            return Err(LayerError::Version(head.version));
        }
        let file: Self = toml::from_str(text).map_err(unreadable)?;
        for layer in &file.layers {
            layer.check()?;
        }
        Ok(file)
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        toml::to_string(self).expect("numbers, texts and lists of them")
    }

    /// The layer of a tensor.
    pub fn layer(&self, tensor: &str) -> Result<&Layer, LayerError> {
        let found = self.layers.iter().find(|layer| layer.tensor == tensor);
        found.ok_or_else(|| LayerError::NoLayer {
            tensor: tensor.to_owned(),
            known: self.layers.iter().map(|l| l.tensor.clone()).collect(),
        })
    }

    /// Checks that the file is one for a network with these taps.
    pub fn check_taps(&self, taps: &[Tap]) -> Result<(), LayerError> {
        let file = self.layers.iter().map(|layer| &layer.tensor);
        if !file.clone().eq(taps.iter().map(|tap| &tap.name)) {
            return Err(LayerError::OtherNetwork {
                file: file.cloned().collect(),
                network: taps.iter().map(|tap| tap.name.clone()).collect(),
            });
        }
        for (layer, tap) in self.layers.iter().zip(taps) {
            layer.check_channels(tap.channels)?;
        }
        Ok(())
    }
}

/// What is wrong in a TOML file, in one line.
pub(crate) fn reason(text: &str, error: &toml::de::Error) -> String {
    let message = error.message().replace('\n', ", ");
    match error.span() {
        Some(span) => {
            let before = &text.as_bytes()[..span.start];
            let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
            format!("line {line}: {message}")
        }
        None => message,
    }
}

impl Layer {
    fn field(&self, what: impl Into<String>) -> LayerError {
        LayerError::Field {
            tensor: self.tensor.clone(),
            what: what.into(),
        }
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.ranges.len()
    }

    /// Checks that a tensor has this layer's channels.
    pub fn check_channels(&self, channels: usize) -> Result<(), LayerError> {
        if channels == self.channels() {
            return Ok(());
        }
        Err(LayerError::Channels {
            tensor: self.tensor.clone(),
            got: self.channels(),
            expected: channels,
        })
    }

    fn check(&self) -> Result<(), LayerError> {
        let channels = self.channels();
        self.format()?;
        self.table(Class::Direct)?;
        self.table(Class::Important)?;
        if !(self.unit.is_normal() && self.unit > 0.0 && self.unit.to_bits() & 0x7f_ffff == 0) {
            return Err(self.field(format!("unit = {}: give a power of two", self.unit)));
        }
        if channels == 0 {
            return Err(self.field("ranges is empty: give one for each channel"));
        }
        if !self.back_ranges.is_empty() && self.back_ranges.len() != channels {
            return Err(self.field("back_ranges and ranges are not of the same length"));
        }
        let mut seen = vec![false; channels];
        for &channel in &self.ranks {
            match seen.get_mut(channel) {
                Some(seen) if !*seen => *seen = true,
                _ => {
                    return Err(self.field(format!(
                        "ranks names channel {channel}, which is not one of {channels}, or twice"
                    )));
                }
            }
        }
        if self.important > self.ranks.len() {
            return Err(self.field(format!(
                "{} channels are to be important, {} are ranked",
                self.important,
                self.ranks.len()
            )));
        }
        match self.pruned.iter().find(|&&channel| channel >= channels) {
            Some(channel) => {
                Err(self.field(format!("pruned names channel {channel} of {channels}")))
            }
            None => Ok(()),
        }
    }

    /// The number format.
    pub fn format(&self) -> Result<Format, LayerError> {
        let format = self.policy.format(self.bits, self.extra);
        format.map_err(|error| LayerError::Format {
            tensor: self.tensor.clone(),
            error,
        })
    }

    /// The code of a class.
    pub fn table(&self, class: Class) -> Result<CodeTable, LayerError> {
        let lengths = match class {
            Class::Important => &self.important_lengths,
            Class::Direct | Class::Pruned => &self.direct_lengths,
        };
        let table = CodeTable::from_lengths(lengths, self.limit);
        let table = table.map_err(|error| LayerError::Table {
            tensor: self.tensor.clone(),
            class,
            error,
        })?;
        let (format, mode) = (self.format()?, self.mode());
        mode.check(&format)
            .map_err(|error| self.field(error.to_string()))?;
        let expected = mode.layout(&format, class).alphabet();
        if table.alphabet() != expected {
            return Err(self.field(format!(
                "the code of {class:?} channels has {} symbols, this mode needs {expected}",
                table.alphabet()
            )));
        }
        Ok(table)
    }

    /// The mode, with the symbol bits of the codes.
    pub fn mode(&self) -> Mode {
        let bits = |lengths: &[u8]| u8::try_from(lengths.len().max(1).ilog2()).unwrap_or(u8::MAX);
        match self.mode {
            CodeMode::Paper => Mode::Paper,
            CodeMode::Joint => Mode::Joint {
                direct: bits(&self.direct_lengths),
                important: bits(&self.important_lengths),
            },
        }
    }

    /// The class of each channel.
    pub fn classes(&self) -> Vec<Class> {
        let mut classes = vec![Class::Direct; self.channels()];
        for &channel in &self.ranks[..self.important] {
            classes[channel] = Class::Important;
        }
        for &channel in &self.pruned {
            classes[channel] = Class::Pruned;
        }
        classes
    }

    /// The channel table with the ranges of the file.
    pub fn entries(&self) -> Vec<ChannelEntry> {
        let back = match &self.back_ranges[..] {
            [] => &self.ranges,
            back => back,
        };
        let ranges = self.ranges.iter().zip(back).zip(self.classes());
        let entry = |((&range, &back), class)| self.entry(class, range, back);
        ranges.map(entry).collect()
    }

    /// The entry of a channel with these ranges of quantizing and de-quantizing, in sample units.
    pub fn entry(&self, class: Class, range: u16, back: u16) -> ChannelEntry {
        if class == Class::Pruned {
            return ChannelEntry::PRUNED;
        }
        let bits = u32::from(self.bits);
        ChannelEntry {
            dequantizer: self.policy.entry(class, bits, back).dequantizer,
            ..self.policy.entry(class, bits, range)
        }
    }
}
