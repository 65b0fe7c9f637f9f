//! Images of a data set on their way through a network, many at once.

use std::ops::Range;

use crate::dataset::{Dataset, NO_CLASS};
use crate::network::{Flight, Network, NetworkError};

/// Consecutive images that run together.
#[derive(Clone)]
pub struct Batch {
    flight: Flight,
    images: Range<usize>,
}

/// How good outputs are.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Score {
    /// Images, or pixels, with a class.
    pub counted: u64,
    /// Those that the network gives that class.
    pub correct: u64,
    /// Sum of the cross-entropy, in nats.
    pub loss: f64,
    /// Sum over images of the squared distance to the outputs compared with.
    pub change: f64,
}

impl Score {
    /// Part of the images, or pixels, that is right.
    pub fn accuracy(&self) -> f64 {
        self.correct as f64 / self.counted.max(1) as f64
    }

    /// Mean cross-entropy.
    pub fn mean_loss(&self) -> f64 {
        self.loss / self.counted.max(1) as f64
    }

    /// Adds another's images.
    pub fn add(&mut self, other: &Self) {
        self.counted += other.counted;
        self.correct += other.correct;
        self.loss += other.loss;
        self.change += other.change;
    }
}

impl Batch {
    /// The batches of `size` images that a data set is.
    pub fn ranges(dataset: &Dataset, size: usize) -> Vec<Range<usize>> {
        let size = size.max(1);
        let firsts = (0..dataset.len()).step_by(size);
        firsts
            .map(|first| first..(first + size).min(dataset.len()))
            .collect()
    }

    /// Runs these images up to the first tap.
    pub fn start(
        network: &Network,
        dataset: &Dataset,
        images: Range<usize>,
    ) -> Result<Self, NetworkError> {
        let flight = network.start(&dataset.pixels(images.clone()))?;
        Ok(Self { flight, images })
    }

    /// Number of images.
    pub fn images(&self) -> usize {
        self.images.len()
    }

    /// What a tap holds, `[images, C, H, W]`.
    pub fn made(&self, network: &Network, tap: usize) -> &[f32] {
        network.made(&self.flight, tap)
    }

    /// Gives back what became of a tap, and runs up to the next one or the end.
    pub fn resume(
        &mut self,
        network: &Network,
        tap: usize,
        values: Vec<f32>,
    ) -> Result<(), NetworkError> {
        network.resume(&mut self.flight, tap, values)
    }

    /// Gives a tap back as it was made, and runs on.
    pub fn pass(&mut self, network: &Network, tap: usize) -> Result<(), NetworkError> {
        network.pass(&mut self.flight, tap)
    }

    /// The outputs if `values` became of a tap and later taps pass as they are made.
    pub fn rest(
        &self,
        network: &Network,
        tap: usize,
        values: &[f32],
    ) -> Result<Vec<f32>, NetworkError> {
        network.rest(&self.flight, tap, values)
    }

    /// The outputs of the images, `[images, classes, pixels]`.
    pub fn outputs(&self, network: &Network) -> &[f32] {
        network.output(&self.flight)
    }

    /// Scores outputs of the images, and compares them with others.
    pub fn score(
        &self,
        network: &Network,
        dataset: &Dataset,
        outputs: &[f32],
        reference: Option<&[f32]>,
    ) -> Score {
        let (classes, pixels) = (network.classes(), network.pixels());
        let mut score = Score::default();
        for (image, output) in self
            .images
            .clone()
            .zip(outputs.chunks_exact(classes * pixels))
        {
            for (pixel, &label) in dataset.labels(image).iter().enumerate() {
                if label == NO_CLASS {
                    continue;
                }
                let logits = (0..classes).map(|class| output[class * pixels + pixel]);
                let best = (logits.clone().enumerate())
                    .reduce(|best, other| if other.1 > best.1 { other } else { best });
                let (class, top) = best.expect("checked: the label is a class");
                let sum: f64 = logits.map(|logit| f64::from(logit - top).exp()).sum();
                let own = output[usize::from(label) * pixels + pixel];
                score.counted += 1;
                score.correct += u64::from(class == usize::from(label));
                score.loss += sum.ln() - f64::from(own - top);
            }
        }
        if let Some(reference) = reference {
            let pairs = outputs.iter().zip(reference);
            let change: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
            score.change = change / pixels as f64;
        }
        score
    }
}
