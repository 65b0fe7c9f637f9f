//! Tensor files that are written at any position.

use std::collections::HashSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use dqa_golden::tensor::DType;

use super::element::{self, CHUNK};
use super::{FileFormat, TensorFileError, npy, npz, safetensors};
use crate::atomic::{self, AtomicFile};

/// What a tensor to be written is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// Its name in the file; `.npy` files have none.
    pub name: String,
    /// Its element type.
    pub dtype: DType,
    /// Lengths of its axes, outermost first.
    pub shape: Vec<u64>,
}

impl TensorSpec {
    /// Bytes of the elements, or nothing if above 2^62.
    pub(super) fn bytes(&self) -> Option<u64> {
        let elements = element::count(self.dtype, &self.shape)?;
        Some(elements * self.dtype.bytes() as u64)
    }
}

/// Writes a tensor file whose elements come in any order; those that do not come are 0.
///
/// The file appears when [`finish`](Self::finish) succeeds. A writer dropped before leaves
/// nothing behind, and a file that had the name keeps it until then. `.npz` archives are stored,
/// not deflated, as those of `numpy.savez`; their tensors first go to an unnamed file of the
/// same folder, so they need their space twice. In a `.safetensors` file tensors of wider
/// elements come first.
#[derive(Debug)]
pub struct TensorWriter {
    path: PathBuf,
    tensors: Vec<TensorSpec>,
    layout: Layout,
    output: AtomicFile,
    /// The `.npy` files of an archive, one after the other, until it is packed.
    spool: Option<File>,
}

impl TensorWriter {
    /// Starts a file of these tensors, all zeros; its extension says the format.
    ///
    /// # Errors
    ///
    /// When the extension is none of `.npy`, `.npz` and `.safetensors`, the format cannot hold
    /// these tensors, or the file cannot be made.
    pub fn create(path: &Path, tensors: &[TensorSpec]) -> Result<Self, TensorFileError> {
        let format = FileFormat::of(path)?;
        check(path, format, tensors)?;
        let write_error = |error| TensorFileError::write(path, error);
        let output = AtomicFile::create(path)?;
        let spool = match format {
            FileFormat::Npz => {
                Some(tempfile::tempfile_in(atomic::folder(path)).map_err(write_error)?)
            }
            FileFormat::Npy | FileFormat::Safetensors => None,
        };
        let writer = Self {
            path: path.to_owned(),
            tensors: tensors.to_vec(),
            layout: Layout::new(format, tensors),
            output,
            spool,
        };
        let file = writer.file();
        file.set_len(writer.layout.end).map_err(write_error)?;
        for (position, header) in &writer.layout.headers {
            file.write_all_at(header, *position).map_err(write_error)?;
        }
        Ok(writer)
    }

    /// Writes consecutive elements of a tensor, numbered as given to [`create`](Self::create),
    /// from index `start` on, in C order. Values are rounded to the nearest element, half to
    /// even; integers saturate and take NaN as 0, 16-bit floats overflow to infinity.
    ///
    /// # Errors
    ///
    /// When the elements reach past the end of the tensor, or the disk refuses.
    ///
    /// # Panics
    ///
    /// When there is no such tensor.
    pub fn write(
        &mut self,
        tensor: usize,
        start: u64,
        values: &[f32],
    ) -> Result<(), TensorFileError> {
        let spec = &self.tensors[tensor];
        let elements = element::count(spec.dtype, &spec.shape).expect("checked by create");
        let end = start.checked_add(values.len() as u64);
        if end.is_none_or(|end| end > elements) {
            return Err(TensorFileError::Range {
                path: self.path.clone(),
                tensor: spec.name.clone(),
                elements,
                start,
                count: values.len(),
            });
        }
        let size = spec.dtype.bytes();
        let mut buffer = vec![0; CHUNK.min(values.len() * size)];
        let mut offset = self.layout.offsets[tensor] + start * size as u64;
        for values in values.chunks(CHUNK / size) {
            let bytes = &mut buffer[..values.len() * size];
            element::encode(spec.dtype, values, bytes);
            let written = self.file().write_all_at(bytes, offset);
            written.map_err(|error| TensorFileError::write(&self.path, error))?;
            offset += bytes.len() as u64;
        }
        Ok(())
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    ///
    /// When the disk refuses; a file that had the name before is then untouched.
    pub fn finish(self) -> Result<(), TensorFileError> {
        if let Some(spool) = &self.spool {
            let starts = self.layout.headers.iter().map(|(position, _)| *position);
            let ends = starts.clone().skip(1).chain([self.layout.end]);
            let names = self.tensors.iter().map(|spec| spec.name.as_str());
            let entries = names.zip(starts.zip(ends).map(|(start, end)| start..end));
            let packed = npz::pack(spool, entries, self.output.file());
            packed.map_err(|error| TensorFileError::write(&self.path, error))?;
        }
        Ok(self.output.commit()?)
    }

    /// The file that the layout is of.
    fn file(&self) -> &File {
        self.spool.as_ref().unwrap_or(self.output.file())
    }
}

/// Where headers and tensors lie in a file, or in the spool of an archive.
#[derive(Debug)]
struct Layout {
    headers: Vec<(u64, Vec<u8>)>,
    /// Positions of the first elements, one a tensor.
    offsets: Vec<u64>,
    end: u64,
}

impl Layout {
    fn new(format: FileFormat, tensors: &[TensorSpec]) -> Self {
        if format == FileFormat::Safetensors {
            let (header, offsets) = safetensors::header(tensors);
            let sizes = tensors.iter().map(checked_bytes);
            return Self {
                end: header.len() as u64 + sizes.sum::<u64>(),
                headers: vec![(0, header)],
                offsets,
            };
        }
        let mut layout = Self {
            headers: Vec::new(),
            offsets: Vec::new(),
            end: 0,
        };
        for spec in tensors {
            let header = npy::header(spec.dtype, &spec.shape);
            let offset = layout.end + header.len() as u64;
            layout.headers.push((layout.end, header));
            layout.offsets.push(offset);
            layout.end = offset + checked_bytes(spec);
        }
        layout
    }
}

fn checked_bytes(spec: &TensorSpec) -> u64 {
    spec.bytes().expect("checked by create")
}

/// Refuses what a format cannot hold.
fn check(path: &Path, format: FileFormat, tensors: &[TensorSpec]) -> Result<(), TensorFileError> {
    if format == FileFormat::Npy && tensors.len() != 1 {
        return Err(TensorFileError::NotOneTensor {
            path: path.to_owned(),
            count: tensors.len(),
        });
    }
    let mut names = HashSet::new();
    let mut total = Some(0_u64);
    for spec in tensors {
        let (path, tensor) = (path.to_owned(), spec.name.clone());
        let reserved = format == FileFormat::Safetensors && spec.name == safetensors::METADATA;
        if !names.insert(&spec.name) || reserved || spec.name.len() > npz::MAX_NAME {
            return Err(TensorFileError::Name { path, tensor });
        }
        if format != FileFormat::Safetensors && spec.dtype == DType::Bf16 {
            return Err(TensorFileError::NoBf16 { path, tensor });
        }
        let sum = |total: u64| total.checked_add(spec.bytes()?);
        total = total.and_then(sum).filter(|total| *total <= 1 << 62);
        if total.is_none() {
            return Err(TensorFileError::TooLarge { path, tensor });
        }
    }
    Ok(())
}
