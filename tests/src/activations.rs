//! The real activation tensors of `tests/data/activations`, as 16-bit fixed point.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use npyz::NpyFile;

/// A tensor `[N, C, H, W]` in fixed point.
#[derive(Clone, Debug)]
pub struct Activations {
    /// The file's name without its ending.
    pub name: String,
    /// Images N.
    pub images: usize,
    /// Channels C.
    pub channels: usize,
    /// Samples of a plane, H * W.
    pub plane_len: usize,
    /// All samples, image by image, channel by channel.
    pub samples: Vec<i16>,
    /// The value of one sample unit, a power of two.
    pub scale: f32,
}

impl Activations {
    /// The samples of one channel of one image.
    pub fn plane(&self, image: usize, channel: usize) -> &[i16] {
        let first = (image * self.channels + channel) * self.plane_len;
        &self.samples[first..][..self.plane_len]
    }

    /// All samples of a channel, over all images.
    pub fn channel(&self, channel: usize) -> impl Iterator<Item = i16> {
        (0..self.images).flat_map(move |image| self.plane(image, channel).iter().copied())
    }
}

/// Reads a float32 `.npy` file: its shape, and its elements in C order.
pub fn read_npy(path: &Path) -> Result<(Vec<u64>, Vec<f32>), Box<dyn Error>> {
    let file = NpyFile::new(BufReader::new(File::open(path)?))?;
    if file.order() != npyz::Order::C {
        return Err("Fortran order is not supported".into());
    }
    Ok((file.shape().to_vec(), file.into_vec()?))
}

/// The values as 16-bit samples, and the value of one sample unit: the smallest power of two with
/// which the largest magnitude fits.
pub fn to_fixed_point(values: &[f32]) -> (Vec<i16>, f32) {
    let largest = values.iter().fold(0f32, |max, v| max.max(v.abs()));
    let mut scale = 1f32;
    while largest / scale > f32::from(i16::MAX) {
        scale *= 2.0;
    }
    while largest > 0.0 && largest / scale * 2.0 <= f32::from(i16::MAX) {
        scale /= 2.0;
    }
    #[allow(clippy::cast_possible_truncation)] // within 16 bits by the choice of scale
    let sample = |v: &f32| (v / scale).round_ties_even() as i16;
    (values.iter().map(sample).collect(), scale)
}

/// The tensor `act_shortcutNN`.
///
/// # Panics
/// If its file is missing or no float32 tensor of 4 axes.
pub fn load(name: &str) -> Activations {
    let path = folder().join(name).with_extension("npy");
    let (shape, values) =
        read_npy(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let shape: Vec<usize> = shape.iter().map(|&n| usize::try_from(n).unwrap()).collect();
    let [images, channels, height, width] = shape[..] else {
        panic!("{}: {} axes instead of 4", path.display(), shape.len());
    };
    let (samples, scale) = to_fixed_point(&values);
    Activations {
        name: name.to_owned(),
        images,
        channels,
        plane_len: height * width,
        samples,
        scale,
    }
}

/// All tensors, by name.
///
/// # Panics
/// As [`load`], or if there are none.
pub fn all() -> Vec<Activations> {
    let entries = std::fs::read_dir(folder()).expect("the folder of test data");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "npy"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no test data");
    names.iter().map(|name| load(name)).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/activations")
}
