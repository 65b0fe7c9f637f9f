//! Where a tensor's elements come from, and its images as planes.

use dqa_golden::tensor::{DType, Tiling};

use crate::error::Error;
use crate::tensor::{TensorFileError, TensorReader};

/// A tensor that can be read from any place, any number of times.
pub trait TensorSource: Sync {
    /// Element type.
    fn dtype(&self) -> DType;

    /// Lengths of the axes, outermost first.
    fn shape(&self) -> &[u64];

    /// Reads `out.len()` consecutive elements from element `start` on, in row-major order.
    fn read(&self, start: u64, out: &mut [f32]) -> Result<(), TensorFileError>;
}

impl TensorSource for TensorReader {
    fn dtype(&self) -> DType {
        self.dtype()
    }

    fn shape(&self) -> &[u64] {
        self.shape()
    }

    fn read(&self, start: u64, out: &mut [f32]) -> Result<(), TensorFileError> {
        self.read(start, out)
    }
}

/// A float tensor in memory.
#[derive(Clone, Copy, Debug)]
pub struct TensorSlice<'a> {
    shape: &'a [u64],
    values: &'a [f32],
}

impl<'a> TensorSlice<'a> {
    /// Row-major `values` of a tensor of this shape; `None` where their number does not fit.
    pub fn new(shape: &'a [u64], values: &'a [f32]) -> Option<Self> {
        let elements = shape
            .iter()
            .try_fold(1u64, |n, &axis| n.checked_mul(axis))?;
        (elements == values.len() as u64).then_some(Self { shape, values })
    }
}

impl TensorSource for TensorSlice<'_> {
    fn dtype(&self) -> DType {
        DType::F32
    }

    fn shape(&self) -> &[u64] {
        self.shape
    }

    fn read(&self, start: u64, out: &mut [f32]) -> Result<(), TensorFileError> {
        let start = usize::try_from(start).expect("within the slice");
        out.copy_from_slice(&self.values[start..start + out.len()]);
        Ok(())
    }
}

/// Reads a tensor image by image.
pub struct ImageReader<'a> {
    source: &'a dyn TensorSource,
    tiling: Tiling,
    values: Vec<f32>,
    interleaved: Vec<f32>,
}

/// The planes of one image, all of the same length.
#[derive(Clone, Copy)]
pub struct Planes<'a> {
    values: &'a [f32],
    len: usize,
}

impl<'a> ImageReader<'a> {
    /// A reader of the images of `source` under `tiling`.
    pub fn new(source: &'a dyn TensorSource, tiling: Tiling) -> Self {
        Self {
            source,
            tiling,
            values: Vec::new(),
            interleaved: Vec::new(),
        }
    }

    /// Reads one image.
    pub fn read(&mut self, image: u64) -> Result<Planes<'_>, Error> {
        let channels = self.tiling.channels();
        let first = self.tiling.span(image, 0);
        let len = first.len;
        self.values.resize(channels * len, 0.0);
        if first.stride > 1 {
            self.interleaved.resize(channels * len, 0.0);
            self.source.read(first.start, &mut self.interleaved)?;
            for (position, row) in self.interleaved.chunks_exact(channels).enumerate() {
                for (channel, &value) in row.iter().enumerate() {
                    self.values[channel * len + position] = value;
                }
            }
        } else if self.tiling.is_contiguous() {
            self.source.read(first.start, &mut self.values)?;
        } else {
            for (channel, plane) in self.values.chunks_exact_mut(len).enumerate() {
                let span = self.tiling.span(image, channel);
                self.source.read(span.start, plane)?;
            }
        }
        Ok(Planes {
            values: &self.values,
            len,
        })
    }
}

impl<'a> Planes<'a> {
    /// The planes, channel by channel.
    pub fn iter(&self) -> impl Iterator<Item = &'a [f32]> + use<'a> {
        self.values.chunks_exact(self.len)
    }

    /// The plane of one channel.
    pub fn plane(&self, channel: usize) -> &'a [f32] {
        &self.values[channel * self.len..][..self.len]
    }

    /// All elements of the image.
    pub fn elements(&self) -> u64 {
        self.values.len() as u64
    }
}

/// The position on each axis of the element at `flat` in row-major order.
pub(crate) fn multi_index(mut flat: u64, shape: &[u64]) -> Vec<u64> {
    let mut index: Vec<u64> = shape
        .iter()
        .rev()
        .map(|axis| {
            let along = flat % axis;
            flat /= axis;
            along
        })
        .collect();
    index.reverse();
    index
}
