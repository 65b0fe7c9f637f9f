//! Tensor files: `.npy`, `.npz` and `.safetensors`, read and written in bounded memory.
//!
//! Elements are read and written as f32 at any position, in C order, and converted chunk by
//! chunk: memory does not grow with the tensors. The element types are those of
//! [`DType`](dqa_golden::tensor::DType); numpy has no bfloat16, which comes by `.safetensors`.
//! No length in a file is believed before it is held against the file's size.
//!
//! ```
//! use dqa_driver::tensor::{self, TensorSpec, TensorWriter};
//! use dqa_golden::tensor::DType;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("activations.safetensors");
//! let spec = TensorSpec {
//!     name: "relu1".to_owned(),
//!     dtype: DType::I8,
//!     shape: vec![2, 3],
//! };
//! let mut writer = TensorWriter::create(&path, &[spec])?;
//! writer.write(0, 4, &[7.4, 1e6])?;
//! writer.finish()?;
//!
//! let reader = tensor::open_named(&path, "relu1")?;
//! let mut values = [0.0; 3];
//! reader.read(3, &mut values)?;
//! assert_eq!(values, [0.0, 7.0, 127.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;
use std::fs::{self, File};
use std::path::Path;

mod element;
mod error;
mod npy;
mod npz;
mod reader;
mod safetensors;
mod writer;

pub use error::TensorFileError;
pub use reader::TensorReader;
pub use writer::{TensorSpec, TensorWriter};

/// A format of tensor files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// One tensor, `numpy.save`.
    Npy,
    /// Any number of tensors, `numpy.savez`: a ZIP archive of `.npy` files.
    Npz,
    /// Any number of tensors, `safetensors`.
    Safetensors,
}

impl FileFormat {
    /// The format that a file's extension names, in any case.
    ///
    /// # Errors
    ///
    /// When it is another or none.
    pub fn of(path: &Path) -> Result<Self, TensorFileError> {
        let extension = path.extension().unwrap_or_default();
        [Self::Npy, Self::Npz, Self::Safetensors]
            .into_iter()
            .find(|format| extension.eq_ignore_ascii_case(&format.to_string()[1..]))
            .ok_or_else(|| TensorFileError::Format {
                path: path.to_owned(),
            })
    }
}

/// The extension, with its dot.
impl fmt::Display for FileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Npy => ".npy",
            Self::Npz => ".npz",
            Self::Safetensors => ".safetensors",
        })
    }
}

/// Opens all tensors of a `.npy`, `.npz` or `.safetensors` file, in the order of the file.
///
/// The tensors of a `.npz` file are unpacked, and their checksums verified, to one unnamed file
/// in the folder for temporary files, of the size of all tensors.
///
/// # Errors
///
/// When the file cannot be read or breaks its format, or when any tensor is of an unsupported
/// type, order or byte order.
pub fn open(path: &Path) -> Result<Vec<TensorReader>, TensorFileError> {
    select(path, None)
}

/// Opens the tensor of that name in a `.npy`, `.npz` or `.safetensors` file; the others may be
/// of any type.
///
/// # Errors
///
/// Those of [`open`], and [`TensorFileError::NoTensor`], which lists the names there are.
pub fn open_named(path: &Path, name: &str) -> Result<TensorReader, TensorFileError> {
    let mut tensors = select(path, Some(name))?;
    Ok(tensors.pop().expect("select finds it or fails"))
}

/// Opens all tensors or the `wanted` one.
fn select(path: &Path, wanted: Option<&str>) -> Result<Vec<TensorReader>, TensorFileError> {
    let format = FileFormat::of(path)?;
    let read_error = |error| TensorFileError::read(path, error);
    // Asked before opening: that of a pipe waits for a writer.
    let metadata = fs::metadata(path).map_err(read_error)?;
    if !metadata.is_file() {
        return Err(TensorFileError::NotRegular {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(read_error)?;
    match format {
        FileFormat::Npy => npy::open(path, file, metadata.len(), wanted),
        FileFormat::Npz => npz::open(path, file, wanted),
        FileFormat::Safetensors => safetensors::open(path, file, metadata.len(), wanted),
    }
}

/// Indices of the names to open: of all of them, or of the `wanted` one.
fn choose(
    path: &Path,
    names: &[String],
    wanted: Option<&str>,
) -> Result<std::ops::Range<usize>, TensorFileError> {
    let Some(wanted) = wanted else {
        return Ok(0..names.len());
    };
    match names.iter().position(|name| name == wanted) {
        Some(index) => Ok(index..index + 1),
        None => Err(TensorFileError::NoTensor {
            path: path.to_owned(),
            tensor: wanted.to_owned(),
            names: names.to_vec(),
        }),
    }
}
