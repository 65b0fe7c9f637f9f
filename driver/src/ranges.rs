//! Ranges of channels: extremes in one pass, exact percentiles in four more.

use dqa_golden::tensor::Tiling;

use crate::error::Error;
use crate::observer::{Observer, advance};
use crate::source::{ImageReader, TensorSource, multi_index};

/// Smallest and largest element of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// Smallest element.
    pub min: f32,
    /// Largest element.
    pub max: f32,
}

/// Which elements ask for range, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// |a|.
    Both,
    /// a, negative elements counting as 0.
    Positive,
    /// -a, positive elements counting as 0.
    Negative,
}

impl Side {
    /// The magnitude of an element on this side.
    pub fn magnitude(self, value: f32) -> f32 {
        match self {
            Self::Both => value.abs(),
            // abs() makes a negative zero the positive one, whose bits order first.
            Self::Positive => value.max(0.0).abs(),
            Self::Negative => (-value).max(0.0).abs(),
        }
    }

    /// The largest magnitude on this side.
    pub fn max(self, extremes: &Extremes) -> f32 {
        self.magnitude(extremes.min)
            .max(self.magnitude(extremes.max))
    }
}

/// The extremes of every channel. Refuses NaN and infinity, naming the first.
pub fn extremes(
    source: &dyn TensorSource,
    tiling: Tiling,
    observer: &dyn Observer,
) -> Result<Vec<Extremes>, Error> {
    observer.stage("scanning", tiling.elements());
    let none = Extremes {
        min: f32::INFINITY,
        max: f32::NEG_INFINITY,
    };
    let mut found = vec![none; tiling.channels()];
    let mut reader = ImageReader::new(source, tiling);
    for image in 0..tiling.images() {
        let planes = reader.read(image)?;
        for (channel, plane) in planes.iter().enumerate() {
            if let Some(at) = plane.iter().position(|value| !value.is_finite()) {
                let span = tiling.span(image, channel);
                return Err(Error::NotFinite {
                    index: multi_index(span.start + at as u64 * span.stride, source.shape()),
                    value: plane[at],
                });
            }
            let extremes = &mut found[channel];
            extremes.min = plane.iter().copied().fold(extremes.min, f32::min);
            extremes.max = plane.iter().copied().fold(extremes.max, f32::max);
        }
        advance(observer, planes.elements())?;
    }
    Ok(found)
}

/// The smallest magnitude that at least `percent` % (over 0, up to 100) of the elements do not
/// exceed: exact, by a radix select of 8 bits a pass.
///
/// One value a channel, or a single one for the layer.
pub fn percentiles(
    source: &dyn TensorSource,
    tiling: Tiling,
    side: Side,
    percent: f64,
    scope: PercentileScope,
    observer: &dyn Observer,
) -> Result<Vec<f32>, Error> {
    let (groups, samples) = match scope {
        PercentileScope::Layer => (1, tiling.elements()),
        PercentileScope::Channel => (tiling.channels(), tiling.channel_samples()),
    };
    let rank = ((percent / 100.0 * samples as f64).ceil() as u64).clamp(1, samples);
    let mut selects = vec![Select::new(rank); groups];
    let mut reader = ImageReader::new(source, tiling);
    for digit in (0..4).rev() {
        observer.stage("finding percentiles", tiling.elements());
        for image in 0..tiling.images() {
            let planes = reader.read(image)?;
            for (channel, plane) in planes.iter().enumerate() {
                let select = &mut selects[channel.min(groups - 1)];
                for &value in plane {
                    select.count(side.magnitude(value).to_bits(), digit);
                }
            }
            advance(observer, planes.elements())?;
        }
        for select in &mut selects {
            select.narrow(digit);
        }
    }
    Ok(selects.iter().map(|s| f32::from_bits(s.prefix)).collect())
}

/// Over what [`percentiles`] are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentileScope {
    /// One percentile over all channels.
    Layer,
    /// One percentile a channel.
    Channel,
}

/// Finds the key of a given rank, one 8-bit digit after the other. The bits of non-negative
/// floats order as the floats do.
#[derive(Clone)]
struct Select {
    /// Digits found so far, the others 0.
    prefix: u32,
    /// Rank (from 1) among the keys that begin with the digits found.
    rank: u64,
    counts: [u64; 256],
}

impl Select {
    fn new(rank: u64) -> Self {
        Self {
            prefix: 0,
            rank,
            counts: [0; 256],
        }
    }

    fn count(&mut self, key: u32, digit: u32) {
        let known = u64::from(key ^ self.prefix) >> (8 * (digit + 1));
        if known == 0 {
            self.counts[(key >> (8 * digit) & 0xff) as usize] += 1;
        }
    }

    fn narrow(&mut self, digit: u32) {
        for (value, count) in (0u32..).zip(std::mem::replace(&mut self.counts, [0; 256])) {
            if self.rank <= count {
                self.prefix |= value << (8 * digit);
                return;
            }
            self.rank -= count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::TensorSlice;
    use dqa_golden::tensor::Layout;

    #[test]
    fn percentiles_are_those_of_a_sorted_list() {
        let shape = [3, 2, 5, 7];
        let values: Vec<f32> = (0u32..210)
            .map(|i| (i.wrapping_mul(2654435761) >> 8) as f32 / 1e5 - 80.0)
            .collect();
        let source = TensorSlice::new(&shape, &values).unwrap();
        let tiling = Tiling::new(&shape, Layout::Nchw).unwrap();
        for side in [Side::Both, Side::Positive, Side::Negative] {
            for percent in [0.1, 33.3, 50.0, 99.0, 100.0] {
                let found = percentiles(
                    &source,
                    tiling,
                    side,
                    percent,
                    PercentileScope::Channel,
                    &(),
                )
                .unwrap();
                for (channel, found) in found.into_iter().enumerate() {
                    let mut sorted: Vec<f32> = (0..3)
                        .flat_map(|n| &values[(n * 2 + channel) * 35..][..35])
                        .map(|&v| side.magnitude(v))
                        .collect();
                    sorted.sort_by(f32::total_cmp);
                    let rank = (percent / 100.0 * 105.0_f64).ceil() as usize;
                    assert_eq!(found, sorted[rank.max(1) - 1], "{side:?} {percent}");
                }
            }
        }
    }

    #[test]
    fn the_first_nan_is_named() {
        let shape = [2, 2, 2, 2];
        let mut values = [0.0; 16];
        values[13] = f32::NAN;
        let source = TensorSlice::new(&shape, &values).unwrap();
        for layout in [Layout::Nchw, Layout::Nhwc] {
            let tiling = Tiling::new(&shape, layout).unwrap();
            let error = extremes(&source, tiling, &()).unwrap_err();
            assert!(matches!(error, Error::NotFinite { index, .. } if index == [1, 1, 0, 1]));
        }
    }
}
