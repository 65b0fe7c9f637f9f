//! What can go wrong when building, driving or checking a model.

use crate::Value;
use std::path::PathBuf;

/// A failed build, a broken stream, or an answer that differs.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A program that the build needs does not start.
    #[error(
        "{program} does not start ({source}): install it, on Debian `apt-get install {package}`"
    )]
    ToolMissing {
        /// Its name.
        program: &'static str,
        /// The package it comes with.
        package: &'static str,
        /// Why it does not start.
        source: std::io::Error,
    },
    /// A step of the build failed.
    #[error("{step} of {top} failed; files in {}\n{log}", folder.display())]
    Build {
        /// The program that failed.
        step: &'static str,
        /// The module to build.
        top: String,
        /// Where the build ran.
        folder: PathBuf,
        /// What the program printed.
        log: String,
    },
    /// A file of the cache cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The built library cannot be opened.
    #[error("cannot open the model {}: {source}; delete the file to build it anew", path.display())]
    Load {
        /// The library.
        path: PathBuf,
        /// Why.
        source: libloading::Error,
    },
    /// The module has no clock.
    #[error("{top} has no input named `aclk` or `clock`: drive it as an Instance")]
    NoClock {
        /// The module.
        top: String,
    },
    /// The module lacks a pin.
    #[error("{top} has no pin named `{port}`")]
    NoPort {
        /// The module.
        top: String,
        /// The pin.
        port: String,
    },
    /// What was waited for did not happen.
    #[error("{top}, seed {seed}: not done after {cycles} cycles\n{streams}")]
    Timeout {
        /// The module.
        top: String,
        /// The bench's seed.
        seed: u64,
        /// Clocks that this call gave.
        cycles: u64,
        /// The state of each stream, one a line.
        streams: String,
    },
    /// An output broke the handshake: what is offered stays until it is taken.
    #[error("{top}, seed {seed}, cycle {cycle}: {stream} {what} while it waited for ready")]
    Protocol {
        /// The module.
        top: String,
        /// The bench's seed.
        seed: u64,
        /// The clock since the bench began.
        cycle: u64,
        /// The stream's prefix.
        stream: String,
        /// What it did.
        what: String,
    },
    /// A beat differs from the expected one.
    #[error(transparent)]
    Mismatch(Box<Mismatch>),
    /// More or fewer beats than expected, of which the common ones agree.
    #[error("{top}, seed {seed}: {stream} gave {got} beats, expected {expected}")]
    Count {
        /// The module.
        top: String,
        /// The bench's seed.
        seed: u64,
        /// The stream's prefix.
        stream: String,
        /// Beats expected.
        expected: usize,
        /// Beats received.
        got: usize,
    },
}

/// The first difference between what a stream gave and what was expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{top}, seed {seed}: {stream} beat {beat}, {field} lane {lane}: expected {expected}, got {got} \
     (DQA_SEED={seed} repeats it, DQA_TRACE=dir writes waveforms)"
)]
pub struct Mismatch {
    /// The module.
    pub top: String,
    /// The bench's seed.
    pub seed: u64,
    /// The stream's prefix.
    pub stream: String,
    /// Number of the beat, from 0.
    pub beat: usize,
    /// The port that differs.
    pub field: String,
    /// The lowest lane that differs, by the width given to `Bench::lanes`; else 0.
    pub lane: usize,
    /// The lane's expected value.
    pub expected: Value,
    /// The lane's value.
    pub got: Value,
}
