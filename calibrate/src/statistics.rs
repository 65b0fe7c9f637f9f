//! What a network's taps hold over a calibration set: maxima, means, histograms of magnitudes.

use dqa_golden::policy::DeltaPolicy;
use rayon::prelude::*;

use crate::Error;
use crate::batch::Batch;
use crate::dataset::Dataset;
use crate::network::{Network, NetworkError};
use crate::progress::{Progress, advance};

/// Buckets of a factor of two: magnitudes are known to 1 part in 256.
const PER_OCTAVE: u32 = 128;
/// Magnitudes below 2^-16 are one bucket.
const LOWEST: i32 = -16;
/// Magnitudes of 2^16 and more are one bucket.
const OCTAVES: u32 = 32;
const BUCKETS: usize = (PER_OCTAVE * OCTAVES) as usize;

/// Magnitudes of one sign, in buckets that are 1/128 of a factor of two wide.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    counts: Vec<u32>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; BUCKETS],
        }
    }
}

impl Histogram {
    fn bucket(magnitude: f32) -> usize {
        let key = magnitude.to_bits() >> 16; // exponent and the mantissa's top 7 bits
        let first = u32::try_from(127 + LOWEST).expect("a small number") << 7;
        (key.saturating_sub(first) as usize).min(BUCKETS - 1)
    }

    /// The middle of a bucket.
    fn middle(bucket: usize) -> f32 {
        if bucket == 0 {
            return 0.0;
        }
        let first = u32::try_from(127 + LOWEST).expect("a small number") << 7;
        let key = u32::try_from(bucket).expect("some thousands") + first;
        f32::from_bits(key << 16 | 1 << 15)
    }

    /// Magnitudes and how often they occur, smallest first; those near 0 as 0.
    pub fn iter(&self) -> impl Iterator<Item = (f32, u32)> {
        let counts = self.counts.iter().enumerate();
        counts
            .filter(|(_, count)| **count > 0)
            .map(|(bucket, &count)| (Self::middle(bucket), count))
    }

    fn add(&mut self, other: &Self) {
        let pairs = self.counts.iter_mut().zip(&other.counts);
        pairs.for_each(|(own, other)| *own += other);
    }
}

/// Elements of one channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelStatistics {
    /// Smallest element, or 0.
    pub min: f32,
    /// Largest element, or 0.
    pub max: f32,
    /// Sum of |a|.
    pub absolute: f64,
    /// Sum over images of the image's largest |a|.
    pub image_maxima: f64,
    /// Sum over images of the image's largest a, negative ones counting as 0.
    pub image_positive_maxima: f64,
    /// Elements above or at 0.
    pub positive: Histogram,
    /// Magnitudes of elements below 0.
    pub negative: Histogram,
}

impl ChannelStatistics {
    fn plane(&mut self, plane: &[f32]) {
        let (mut min, mut max) = (0.0f32, 0.0f32);
        for &value in plane {
            min = min.min(value);
            max = max.max(value);
            self.absolute += f64::from(value.abs());
            let side = match value < 0.0 {
                true => &mut self.negative,
                false => &mut self.positive,
            };
            side.counts[Histogram::bucket(value.abs())] += 1;
        }
        self.min = self.min.min(min);
        self.max = self.max.max(max);
        self.image_maxima += f64::from(max.max(-min));
        self.image_positive_maxima += f64::from(max);
    }

    fn add(&mut self, other: &Self) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.absolute += other.absolute;
        self.image_maxima += other.image_maxima;
        self.image_positive_maxima += other.image_positive_maxima;
        self.positive.add(&other.positive);
        self.negative.add(&other.negative);
    }

    /// The largest magnitude that a policy's codes have to hold.
    pub fn largest(&self, policy: DeltaPolicy) -> f32 {
        match policy {
            DeltaPolicy::Paper => self.max.max(-self.min),
            DeltaPolicy::FullRange => self.max,
        }
    }

    /// Elements and how often they occur, those below 0 with their sign.
    pub fn elements(&self) -> impl Iterator<Item = (f32, u32)> {
        let negative = self.negative.iter().map(|(value, count)| (-value, count));
        negative.chain(self.positive.iter())
    }
}

/// Elements of one tap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TapStatistics {
    /// Images looked at.
    pub images: usize,
    /// Elements of a channel of an image.
    pub plane: usize,
    /// Channel by channel.
    pub channels: Vec<ChannelStatistics>,
    /// Sum over images of the image's largest |a|.
    pub image_maxima: f64,
    /// Sum over images of the image's largest a.
    pub image_positive_maxima: f64,
}

impl TapStatistics {
    fn batch(&mut self, channels: usize, plane: usize, values: &[f32]) {
        self.channels
            .resize_with(channels, ChannelStatistics::default);
        self.plane = plane;
        for image in values.chunks_exact(channels * plane) {
            self.images += 1;
            let (mut positive, mut both) = (0.0f32, 0.0f32);
            for (channel, plane) in self.channels.iter_mut().zip(image.chunks_exact(plane)) {
                channel.plane(plane);
            }
            for &value in image {
                positive = positive.max(value);
                both = both.max(value.abs());
            }
            self.image_maxima += f64::from(both);
            self.image_positive_maxima += f64::from(positive);
        }
    }

    fn add(&mut self, other: &Self) {
        self.images += other.images;
        self.plane = self.plane.max(other.plane);
        self.image_maxima += other.image_maxima;
        self.image_positive_maxima += other.image_positive_maxima;
        let channels = self.channels.len().max(other.channels.len());
        self.channels
            .resize_with(channels, ChannelStatistics::default);
        let pairs = self.channels.iter_mut().zip(&other.channels);
        pairs.for_each(|(own, other)| own.add(other));
    }

    /// Whether some element is negative.
    pub fn any_negative(&self) -> bool {
        self.channels.iter().any(|channel| channel.min < 0.0)
    }

    /// The largest magnitude that a policy's codes have to hold.
    pub fn largest(&self, policy: DeltaPolicy) -> f32 {
        let channels = self.channels.iter().map(|c| c.largest(policy));
        channels.fold(0.0, f32::max)
    }

    /// Mean over images of the layer's maximum.
    pub fn mean_maximum(&self, policy: DeltaPolicy) -> f64 {
        let sum = match policy {
            DeltaPolicy::Paper => self.image_maxima,
            DeltaPolicy::FullRange => self.image_positive_maxima,
        };
        sum / self.images.max(1) as f64
    }
}

/// The smallest magnitude that at least `percent` % of the elements of these channels do not
/// exceed, to 1 part in 256; elements that a policy cannot hold count as 0.
pub fn percentile<'a>(
    channels: impl Iterator<Item = &'a ChannelStatistics>,
    policy: DeltaPolicy,
    percent: f64,
) -> f32 {
    let mut all = Histogram::default();
    let mut largest = 0.0f32;
    let mut lost = 0u64;
    for channel in channels {
        all.add(&channel.positive);
        match policy {
            DeltaPolicy::Paper => all.add(&channel.negative),
            DeltaPolicy::FullRange => {
                lost += channel
                    .negative
                    .counts
                    .iter()
                    .map(|&n| u64::from(n))
                    .sum::<u64>();
            }
        }
        largest = largest.max(channel.largest(policy));
    }
    let total = all.counts.iter().map(|&n| u64::from(n)).sum::<u64>() + lost;
    let rank = (percent / 100.0 * total as f64).ceil() as u64;
    let mut below = lost;
    for (bucket, &count) in all.counts.iter().enumerate() {
        below += u64::from(count);
        if below >= rank {
            return Histogram::middle(bucket).min(largest);
        }
    }
    largest
}

/// Runs the network as it is over a data set and looks at every tap.
pub fn survey(
    network: &Network,
    dataset: &Dataset,
    progress: &dyn Progress,
) -> Result<Vec<TapStatistics>, Error> {
    progress.stage("looking at activations", dataset.len() as u64);
    let empty = || vec![TapStatistics::default(); network.taps().len()];
    let add = |mut all: Vec<TapStatistics>, other: Vec<TapStatistics>| {
        all.iter_mut()
            .zip(&other)
            .for_each(|(own, other)| own.add(other));
        all
    };
    // The sums must not hang on how threads share the work: each batch is summed by itself, and the
    // batches one after another, some at a time.
    let mut all = empty();
    let batches = Batch::ranges(dataset, 64);
    for some in batches.chunks(2 * rayon::current_num_threads()) {
        let found: Vec<_> = some
            .par_iter()
            .map(|images| {
                let mut batch = Batch::start(network, dataset, images.clone())?;
                let mut found = empty();
                for (tap, (statistics, facts)) in found.iter_mut().zip(network.taps()).enumerate() {
                    statistics.batch(facts.channels, facts.plane, batch.made(network, tap));
                    batch.pass(network, tap)?;
                }
                Ok(found)
            })
            .collect::<Result<_, NetworkError>>()?;
        all = found.into_iter().fold(all, add);
        advance(
            progress,
            some.iter().map(|images| images.len() as u64).sum(),
        )?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_near_those_of_a_sorted_list() {
        let mut rng = fastrand::Rng::with_seed(3);
        let mut values: Vec<f32> = (0..5000).map(|_| rng.f32() * rng.f32() * 9.0).collect();
        let mut channel = ChannelStatistics::default();
        channel.plane(&values);
        values.sort_by(f32::total_cmp);
        for percent in [1.0, 50.0, 99.0, 99.9, 100.0] {
            let found = percentile([&channel].into_iter(), DeltaPolicy::FullRange, percent);
            let exact = values[(percent / 100.0 * 5000.0_f64).ceil() as usize - 1];
            assert!(
                (found / exact - 1.0).abs() < 0.004,
                "{percent}: {found} for {exact}"
            );
        }
    }

    #[test]
    fn negative_elements_ask_for_range_only_where_codes_are_signed() {
        let mut channel = ChannelStatistics::default();
        channel.plane(&[-8.0, -1.0, 0.0, 2.0]);
        let percentile = |policy, percent| percentile([&channel].into_iter(), policy, percent);
        assert_eq!(percentile(DeltaPolicy::Paper, 100.0), 8.0);
        assert_eq!(percentile(DeltaPolicy::FullRange, 100.0), 2.0);
        assert_eq!(percentile(DeltaPolicy::FullRange, 75.0), 0.0);
        assert_eq!(channel.elements().map(|(_, n)| n).sum::<u32>(), 4);
    }
}
