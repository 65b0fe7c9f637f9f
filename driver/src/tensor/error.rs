//! Why a tensor file cannot be read or written, each in one line that says what to do.

use std::io;
use std::path::{Path, PathBuf};

use super::FileFormat;
use crate::atomic::AtomicFileError;

/// Why a tensor file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum TensorFileError {
    #[error("{path} is of no known format: give a .npy, .npz or .safetensors file")]
    Format { path: PathBuf },
    #[error("{path} cannot be read ({source}): check its name and permissions")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not a regular file: copy what it gives to one first")]
    NotRegular { path: PathBuf },
    #[error(
        "{path} cannot be unpacked ({source}): set TMPDIR to a folder with space for its tensors"
    )]
    Spool { path: PathBuf, source: io::Error },
    #[error("{path} is no good {format} file, {what}: make or copy it again")]
    Malformed {
        path: PathBuf,
        format: FileFormat,
        what: String,
    },
    #[error("{path}: the tensor {tensor:?} is {dtype}, which is not supported: {remedy}")]
    DType {
        path: PathBuf,
        tensor: String,
        dtype: String,
        remedy: &'static str,
    },
    #[error(
        "{path}: the tensor {tensor:?} is big-endian, which is not supported: convert it first, \
         numpy: x.astype(x.dtype.newbyteorder('<'))"
    )]
    BigEndian { path: PathBuf, tensor: String },
    #[error(
        "{path}: the tensor {tensor:?} is in Fortran order, which is not supported: convert it \
         first, numpy: np.ascontiguousarray(x)"
    )]
    FortranOrder { path: PathBuf, tensor: String },
    #[error("{path} has no tensor {tensor:?}: choose from {}", listed(.names))]
    NoTensor {
        path: PathBuf,
        tensor: String,
        names: Vec<String>,
    },
    #[error(
        "{path}: the tensor {tensor:?} has {elements} elements: {count} from index {start} \
         reach past its end"
    )]
    Range {
        path: PathBuf,
        tensor: String,
        elements: u64,
        start: u64,
        count: usize,
    },
    #[error("{path}: a .npy file holds one tensor, not {count}: write .npz or .safetensors")]
    NotOneTensor { path: PathBuf, count: usize },
    #[error("{path}: the tensor name {tensor:?} is taken, reserved or too long: rename the tensor")]
    Name { path: PathBuf, tensor: String },
    #[error(
        "{path}: numpy has no bfloat16, as which {tensor:?} is to be written: write .safetensors"
    )]
    NoBf16 { path: PathBuf, tensor: String },
    #[error("{path}: the tensors up to {tensor:?} are larger than any file: write smaller ones")]
    TooLarge { path: PathBuf, tensor: String },
    #[error(transparent)]
    Output(#[from] AtomicFileError),
}

impl TensorFileError {
    /// A file that cannot be read.
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Read { path, source }
    }

    /// A file that breaks its format; `what` may have several lines, of any length.
    pub(super) fn malformed(path: &Path, format: FileFormat, what: impl ToString) -> Self {
        Self::Malformed {
            path: path.to_owned(),
            format,
            what: shortened(&what.to_string()),
        }
    }

    /// An output that takes no more bytes.
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Output(AtomicFileError::Write { path, source })
    }
}

/// The text on one line of bounded length.
fn shortened(text: &str) -> String {
    const MOST: usize = 200;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// The first names of a file, and how many more there are.
fn listed(names: &[String]) -> String {
    const MOST: usize = 20;
    let first = names.iter().take(MOST);
    let first = first.map(|name| format!("{name:?}"));
    let text = first.collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "none, it holds no tensor".to_owned(),
        count if count > MOST => format!("{text} and {} more", count - MOST),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_from_files_stay_on_one_line_of_bounded_length() {
        assert_eq!(shortened(" a\n  b\tc\u{1b}[2J "), "a b c [2J");
        assert_eq!(shortened(&"é".repeat(1000)).chars().count(), 203);
        let names: Vec<_> = (0..25).map(|i| i.to_string()).collect();
        assert!(listed(&names).ends_with("\"19\" and 5 more"));
        assert_eq!(listed(&names[..2]), "\"0\", \"1\"");
    }
}
