//! What the command says: results, progress, failures.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dqa_calibrate::progress::Progress;
use dqa_driver::atomic::AtomicFileError;
use dqa_driver::device::DeviceError;
use dqa_driver::error::Error;
use dqa_driver::observer::Observer;
use dqa_driver::tensor::TensorFileError;
use indicatif::{ProgressBar, ProgressStyle};

/// Standard output and the progress bar.
pub struct Console {
    json: bool,
    quiet: bool,
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

impl Console {
    /// Also takes over Ctrl-C: long work then ends with [`Error::Interrupted`], so that no half
    /// file stays behind.
    pub fn new(json: bool, quiet: bool) -> Self {
        let interrupted = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&interrupted);
        // Without a handler Ctrl-C ends the program at once, which is no reason to refuse work.
        let _ = ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        });
        let bar = if quiet {
            ProgressBar::hidden()
        } else {
            ProgressBar::no_length() // draws on standard error, and only where that is a terminal
        };
        Self {
            json,
            quiet,
            bar,
            interrupted,
        }
    }

    /// Prints a result: `text` for people, `value` as JSON.
    pub fn result(&self, text: &str, value: &impl serde::Serialize) -> Result<(), Failure> {
        self.bar.finish_and_clear();
        let text = if self.json {
            serde_json::to_string_pretty(value).map_err(Failure::new)?
        } else if self.quiet {
            return Ok(());
        } else {
            text.to_owned()
        };
        match writeln!(std::io::stdout(), "{}", text.trim_end()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(error)),
            _ => Ok(()),
        }
    }

    /// Tells of a step that is done.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| eprintln!("{text}"));
        }
    }

    /// Says something that the user should know but that stops nothing.
    pub fn warn(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| eprintln!("dqa: note: {text}"));
        }
    }
}

impl Observer for Console {
    fn stage(&self, name: &'static str, elements: u64) {
        let style = "{msg:>20} {wide_bar} {percent:>3} % {per_sec}, {eta} left";
        self.bar.reset();
        self.bar.set_length(elements);
        self.bar.set_style(
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        self.bar.set_message(name);
    }

    fn advance(&self, elements: u64) -> bool {
        self.bar.inc(elements);
        !self.interrupted.load(Ordering::Relaxed)
    }
}

impl Progress for Console {
    fn stage(&self, name: &'static str, steps: u64) {
        Observer::stage(self, name, steps);
    }

    fn advance(&self, steps: u64) -> bool {
        Observer::advance(self, steps)
    }
}

/// Why the command failed: one line, and an exit code.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// A failure with exit code 1.
    pub fn new(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            code: 1,
        }
    }

    /// Wrong usage: exit code 2.
    pub fn usage(message: impl Display) -> Self {
        Self {
            message: message.to_string(),
            code: 2,
        }
    }

    /// A failure of the library at work on a file.
    pub fn at(path: &Path, error: Error) -> Self {
        let code = match &error {
            Error::Interrupted => 130,
            Error::Settings(_) => 2,
            _ => 1,
        };
        let message = match &error {
            Error::File(_) | Error::Interrupted => error.to_string(), // names its file, or needs none
            _ => format!("{}: {error}", path.display()),
        };
        Self { message, code }
    }

    /// Prints the line and gives the exit code.
    pub fn report(&self, console: &Console) -> ExitCode {
        console.bar.finish_and_clear();
        eprintln!("dqa: {}", self.message);
        ExitCode::from(self.code)
    }
}

impl From<TensorFileError> for Failure {
    fn from(error: TensorFileError) -> Self {
        Self::new(error)
    }
}

impl From<AtomicFileError> for Failure {
    fn from(error: AtomicFileError) -> Self {
        Self::new(error)
    }
}

impl From<dqa_calibrate::Error> for Failure {
    fn from(error: dqa_calibrate::Error) -> Self {
        let code = match &error {
            dqa_calibrate::Error::Interrupted => 130,
            dqa_calibrate::Error::Choice(_) => 2,
            _ => 1,
        };
        Self {
            message: error.to_string(),
            code,
        }
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Link(_) => Self::new(error),
            DeviceError::Unknown(_) | DeviceError::Threads(_) => Self::usage(error),
        }
    }
}
