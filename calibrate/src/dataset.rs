//! Labelled images.

use std::ops::Range;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Axes of an image of CIFAR-10: channels, height, width.
const CIFAR: [usize; 3] = [3, 32, 32];
/// Stands for a pixel, or an image, that has no class and is not counted.
pub const NO_CLASS: u8 = 255;

/// Why a data set is refused.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum DatasetError {
    #[error("{path}: {error}")]
    Read {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(
        "{path} has {bytes} bytes, which is no whole number of records of {record} bytes \
         ({what})"
    )]
    Records {
        path: PathBuf,
        bytes: usize,
        record: usize,
        what: String,
    },
    #[error("{path} holds no image")]
    Empty { path: PathBuf },
    #[error("{asked} images are asked for, {path} holds {there}")]
    TooFew {
        path: PathBuf,
        asked: usize,
        there: usize,
    },
    #[error("{labels} holds {got} labels for {images} images of {pixels} labels each")]
    Labels {
        labels: PathBuf,
        got: usize,
        images: usize,
        pixels: usize,
    },
    #[error(
        "image {image} has the label {label}, the network tells {classes} classes apart: is this \
         the data that it was trained for?"
    )]
    Label {
        image: usize,
        label: u8,
        classes: usize,
    },
}

/// Labelled images, 8 bits a channel, in memory.
#[derive(Clone, Debug)]
pub struct Dataset {
    shape: [usize; 3],
    pixels: Vec<u8>,
    labels: Vec<u8>,
    labels_each: usize,
}

impl Dataset {
    /// Reads the binary format of CIFAR-10: records of a label byte and the planes of red, green
    /// and blue, 32 x 32 bytes each.
    pub fn cifar10(path: &Path) -> Result<Self, DatasetError> {
        let record = 1 + CIFAR.iter().product::<usize>();
        let bytes = read(path)?;
        let whole = bytes.len().is_multiple_of(record);
        if !whole {
            return Err(DatasetError::Records {
                path: path.to_owned(),
                bytes: bytes.len(),
                record,
                what: "a label, and 3 x 32 x 32 bytes of red, green and blue".into(),
            });
        }
        if bytes.is_empty() {
            return Err(DatasetError::Empty {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            shape: CIFAR,
            labels: bytes.chunks_exact(record).map(|r| r[0]).collect(),
            pixels: bytes
                .chunks_exact(record)
                .flat_map(|r| &r[1..])
                .copied()
                .collect(),
            labels_each: 1,
        })
    }

    /// Replaces the labels by those of a file: one byte for each pixel of each image, in the order
    /// of the images; 255 where a pixel has no class.
    pub fn with_pixel_labels(mut self, path: &Path) -> Result<Self, DatasetError> {
        self.labels = read(path)?;
        self.labels_each = self.shape[1] * self.shape[2];
        if self.labels.len() != self.len() * self.labels_each {
            return Err(DatasetError::Labels {
                labels: path.to_owned(),
                got: self.labels.len(),
                images: self.len(),
                pixels: self.labels_each,
            });
        }
        Ok(self)
    }

    /// The first `count` images.
    pub fn first(self, count: usize, path: &Path) -> Result<Self, DatasetError> {
        if count > self.len() || count == 0 {
            return Err(DatasetError::TooFew {
                path: path.to_owned(),
                asked: count,
                there: self.len(),
            });
        }
        Ok(self.subset(0..count))
    }

    /// `count` of the images, drawn by `seed` without repetition; all of them, in their order, where
    /// `count` is not below their number.
    pub fn draw(self, count: usize, seed: u64) -> Self {
        if count >= self.len() {
            return self;
        }
        let mut all: Vec<usize> = (0..self.len()).collect();
        fastrand::Rng::with_seed(seed).shuffle(&mut all);
        self.subset(all.into_iter().take(count))
    }

    fn subset(&self, images: impl Iterator<Item = usize>) -> Self {
        let size = self.size();
        let mut subset = Self {
            shape: self.shape,
            labels_each: self.labels_each,
            pixels: Vec::new(),
            labels: Vec::new(),
        };
        for image in images {
            subset.pixels.extend(&self.pixels[image * size..][..size]);
            subset.labels.extend(self.labels(image));
        }
        subset
    }

    /// Checks the labels against what a network tells apart.
    pub fn check(&self, classes: usize, pixels: usize) -> Result<(), DatasetError> {
        if pixels != self.labels_each {
            return Err(DatasetError::Labels {
                labels: "the data set".into(),
                got: self.labels.len(),
                images: self.len(),
                pixels,
            });
        }
        let wrong = |&label: &u8| label != NO_CLASS && usize::from(label) >= classes;
        match self.labels.iter().position(wrong) {
            Some(at) => Err(DatasetError::Label {
                image: at / self.labels_each,
                label: self.labels[at],
                classes,
            }),
            None => Ok(()),
        }
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.size()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// Channels, height and width of an image.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The labels of an image: one, or one a pixel.
    pub fn labels(&self, image: usize) -> &[u8] {
        &self.labels[image * self.labels_each..][..self.labels_each]
    }

    /// Images as the network takes them, in [0, 1].
    pub fn pixels(&self, images: Range<usize>) -> Vec<f32> {
        let bytes = &self.pixels[images.start * self.size()..images.end * self.size()];
        bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect()
    }

    /// A digest of images and labels, which tells whether two runs saw the same.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.pixels);
        hash.update(&self.labels);
        hex(&hash.finalize())
    }
}

/// A digest of a file.
pub fn file_digest(path: &Path) -> Result<String, DatasetError> {
    Ok(digest(&read(path)?))
}

/// A digest of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The first 16 digits: enough to tell files apart.
fn hex(digest: &[u8]) -> String {
    digest
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn read(path: &Path) -> Result<Vec<u8>, DatasetError> {
    std::fs::read(path).map_err(|error| DatasetError::Read {
        path: path.to_owned(),
        error,
    })
}
