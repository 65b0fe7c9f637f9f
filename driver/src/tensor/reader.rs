//! Elements of a tensor in a file, by position.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use dqa_golden::tensor::DType;

use super::TensorFileError;
use super::element::{self, CHUNK};

/// A tensor in a file.
///
/// It holds no elements: each read takes them from the file, at their position, so a tensor can
/// be read many times, in any order, and by several threads at once.
#[derive(Clone, Debug)]
pub struct TensorReader {
    pub(super) path: Arc<Path>,
    pub(super) file: Arc<File>,
    pub(super) name: String,
    pub(super) dtype: DType,
    pub(super) shape: Vec<u64>,
    pub(super) elements: u64,
    /// Position of the first element in `file`.
    pub(super) offset: u64,
}

impl TensorReader {
    /// Its name in the file; that of a `.npy` file is the file's, without the extension.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its element type.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Lengths of its axes, outermost first. Any number of them, and 0 is possible.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Number of its elements, the product of the shape.
    pub fn elements(&self) -> u64 {
        self.elements
    }

    /// Reads `out.len()` consecutive elements from index `start` on, in C order. Every element
    /// type converts to f32 exactly.
    ///
    /// # Errors
    ///
    /// When the elements reach past the end of the tensor, or the file cannot be read.
    pub fn read(&self, start: u64, out: &mut [f32]) -> Result<(), TensorFileError> {
        let end = start.checked_add(out.len() as u64);
        if end.is_none_or(|end| end > self.elements) {
            return Err(TensorFileError::Range {
                path: self.path.to_path_buf(),
                tensor: self.name.clone(),
                elements: self.elements,
                start,
                count: out.len(),
            });
        }
        let size = self.dtype.bytes();
        let mut buffer = vec![0; CHUNK.min(out.len() * size)];
        let mut offset = self.offset + start * size as u64;
        for values in out.chunks_mut(CHUNK / size) {
            let bytes = &mut buffer[..values.len() * size];
            let read = self.file.read_exact_at(bytes, offset);
            read.map_err(|error| TensorFileError::read(&self.path, error))?;
            element::decode(self.dtype, bytes, values);
            offset += bytes.len() as u64;
        }
        Ok(())
    }
}
