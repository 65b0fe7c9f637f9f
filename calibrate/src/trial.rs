//! A channel on trial: what the network makes of its tensor with the channel treated otherwise.

use crate::batch::{Batch, Score};
use crate::dataset::Dataset;
use crate::network::{Network, NetworkError, Tap};
use crate::treatment::Treatment;

/// The channels of one layer on trial.
pub(crate) struct Trial<'a> {
    /// The network.
    pub network: &'a Network,
    /// Its images.
    pub dataset: &'a Dataset,
    /// The tensor.
    pub tap: &'a Tap,
    /// Which of the taps it is.
    pub layer: usize,
    /// How it is quantized.
    pub treatment: &'a Treatment,
    /// Whether the channel alone is quantized, or all others.
    pub only: bool,
}

impl Trial<'_> {
    /// The scores of a batch, for each of the channels.
    pub fn run(
        &self,
        batch: &Batch,
        channels: &[usize],
        reference: Option<&[f32]>,
    ) -> Result<Vec<Score>, NetworkError> {
        let original = batch.made(self.network, self.layer);
        let mut quantized = original.to_vec();
        self.treatment.apply(&mut quantized);
        let (from, to) = match self.only {
            true => (&quantized[..], original),
            false => (original, &quantized[..]),
        };
        let mut values = to.to_vec();
        let score = |values: &[f32]| {
            let outputs = batch.rest(self.network, self.layer, values)?;
            Ok(batch.score(self.network, self.dataset, &outputs, reference))
        };
        // All channels in which quantizing changes nothing score alike.
        let mut unchanged = None;
        let scores = channels.iter().map(|&channel| {
            if !differ(self.tap, channel, from, to) {
                if unchanged.is_none() {
                    unchanged = Some(score(&values)?);
                }
                return Ok(unchanged.expect("scored"));
            }
            copy_channel(self.tap, channel, from, &mut values);
            let scored = score(&values);
            copy_channel(self.tap, channel, to, &mut values);
            scored
        });
        scores.collect()
    }
}

/// The planes of a channel, image by image.
fn planes<'a>(
    tap: &'a Tap,
    channel: usize,
    values: &'a [f32],
) -> impl Iterator<Item = &'a [f32]> + 'a {
    let images = values.chunks_exact(tap.elements());
    images.map(move |image| &image[channel * tap.plane..][..tap.plane])
}

/// Whether a channel differs in some image.
fn differ(tap: &Tap, channel: usize, a: &[f32], b: &[f32]) -> bool {
    !planes(tap, channel, a).eq(planes(tap, channel, b))
}

/// Copies a channel of all images.
pub(crate) fn copy_channel(tap: &Tap, channel: usize, from: &[f32], to: &mut [f32]) {
    let images = to.chunks_exact_mut(tap.elements());
    for (from, to) in planes(tap, channel, from).zip(images) {
        to[channel * tap.plane..][..tap.plane].copy_from_slice(from);
    }
}
