//! Many settings on one network: what the report's tables and curves are made of.
//!
//! A sweep file (TOML) lists rows; each row is run for each of its bits and seeds. One such run is a
//! cell. Cells stand alone: results are JSON lines, which a later run takes over, and shards take
//! every n-th cell.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dqa_golden::policy::DeltaPolicy;

use crate::layers::{CodeMode, reason};
use crate::plan::{Choice, Over, Statistic, When};
use crate::rank::Measure;

/// Why a sweep is refused.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SweepError {
    #[error("{path}: {error}")]
    Read {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{path} is no sweep file: {reason}")]
    Parse { path: PathBuf, reason: String },
    #[error("row {0:?} is there twice")]
    Twice(String),
    #[error("no seed: give at least one, such as seeds = [1]")]
    NoSeed,
}

/// A sweep file.
#[derive(Clone, Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Title of the report.
    pub title: String,
    /// Calibration images drawn by each seed; all where it is not below their number.
    pub calibration: usize,
    /// Seeds, where a row hangs on one.
    pub seeds: Vec<u64>,
    /// The rows.
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
}

/// How activations are quantized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Not at all.
    Float,
    /// n bits.
    Direct,
    /// n bits, important channels n + m.
    Dqa,
    /// n bits, with noise.
    Noisy,
}

/// One setting.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Its name in the report.
    pub name: String,
    /// How activations are quantized.
    pub method: Method,
    /// Target bits n, one cell each.
    #[serde(default)]
    pub bits: Vec<u8>,
    /// Extra bits m.
    #[serde(default)]
    pub extra: u8,
    /// Part of the channels that is important.
    #[serde(default)]
    pub important: f64,
    /// Delta policy.
    #[serde(default)]
    pub policy: Option<DeltaPolicy>,
    /// When ranges are taken.
    #[serde(default = "fixed")]
    pub when: When,
    /// Over what.
    #[serde(default = "channel")]
    pub over: Over,
    /// What a fixed range is.
    #[serde(default = "maximum")]
    pub statistic: Statistic,
    /// What is coded.
    #[serde(default = "joint")]
    pub mode: CodeMode,
    /// By what channels are ranked.
    #[serde(default)]
    pub rank: Option<Measure>,
    /// Calibration images for this row instead of the sweep's.
    #[serde(default)]
    pub calibration: Option<usize>,
    /// Accuracy that somebody else reports, in %, by bits.
    #[serde(default)]
    pub reported: BTreeMap<String, f64>,
}

fn fixed() -> When {
    When::Fixed
}

fn channel() -> Over {
    Over::Channel
}

fn maximum() -> Statistic {
    Statistic::Max
}

fn joint() -> CodeMode {
    CodeMode::Joint
}

/// What one cell gave.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Cell {
    /// The row's name.
    pub row: String,
    /// Target bits n; 0 without quantization.
    pub bits: u8,
    /// The seed, where the cell hangs on one.
    pub seed: Option<u64>,
    /// Images.
    pub images: usize,
    /// Part that is right.
    pub accuracy: f64,
    /// Mean cross-entropy.
    pub loss: f64,
    /// Bits an activation, n and n + m bits written plainly.
    pub flat_bits: f64,
    /// Order-0 entropy of the codes, where they were counted.
    pub entropy_bits: Option<f64>,
    /// Bits an activation of the containers, where they were made.
    pub container_bits: Option<f64>,
    /// Tap by tap: bits of the containers, flat bits.
    pub taps: Vec<CellTap>,
    /// Channels of each tap, most important first.
    pub ranks: Vec<Vec<usize>>,
    /// Time it took.
    pub seconds: f64,
}

/// One tap of a cell.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct CellTap {
    /// The tensor.
    pub tensor: String,
    /// Elements.
    pub elements: u64,
    /// Bits an element, plainly.
    pub flat_bits: f64,
    /// Bits an element of the container.
    pub container_bits: Option<f64>,
    /// How often each shifting error occurs in Important channels.
    pub shifting_errors: Vec<u64>,
}

/// A cell to run.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The row.
    pub row: &'a Row,
    /// Target bits.
    pub bits: u8,
    /// The seed, where it hangs on one.
    pub seed: Option<u64>,
}

impl Sweep {
    /// Reads a sweep file.
    pub fn open(path: &Path) -> Result<Self, SweepError> {
        let text = std::fs::read_to_string(path).map_err(|error| SweepError::Read {
            path: path.to_owned(),
            error,
        })?;
        let sweep: Self = toml::from_str(&text).map_err(|error| SweepError::Parse {
            path: path.to_owned(),
            reason: reason(&text, &error),
        })?;
        if sweep.seeds.is_empty() {
            return Err(SweepError::NoSeed);
        }
        let mut names = std::collections::BTreeSet::new();
        match sweep.rows.iter().find(|row| !names.insert(&row.name)) {
            Some(row) => Err(SweepError::Twice(row.name.clone())),
            None => Ok(sweep),
        }
    }

    /// All cells: every row with the first seed, then with the second, and so on, so that a sweep
    /// that is stopped has something of each.
    pub fn cells(&self) -> Vec<Key<'_>> {
        let mut cells = Vec::new();
        for (turn, &seed) in self.seeds.iter().enumerate() {
            for row in &self.rows {
                let bits = match row.method {
                    Method::Float => &[0][..],
                    _ => &row.bits,
                };
                let seed = row.hangs_on_seed().then_some(seed);
                if turn == 0 || seed.is_some() {
                    cells.extend(bits.iter().map(|&bits| Key { row, bits, seed }));
                }
            }
        }
        cells
    }
}

impl Row {
    /// Whether calibration data or chance enter.
    fn hangs_on_seed(&self) -> bool {
        match self.method {
            Method::Float => false,
            Method::Direct => self.when == When::Fixed,
            Method::Dqa | Method::Noisy => true,
        }
    }

    pub(crate) fn choice(&self, bits: u8) -> Choice {
        Choice {
            bits,
            extra: match self.method {
                Method::Dqa => self.extra,
                _ => 0,
            },
            policy: self.policy,
            when: self.when,
            over: self.over,
            statistic: self.statistic,
            important: match self.method {
                Method::Dqa => self.important,
                _ => 0.0,
            },
            mode: self.mode,
        }
    }
}

impl Cell {
    /// Whether this is the cell's result.
    pub fn is(&self, key: &Key<'_>) -> bool {
        self.row == key.row.name && self.bits == key.bits && self.seed == key.seed
    }
}
