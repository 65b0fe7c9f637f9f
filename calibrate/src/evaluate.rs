//! The whole data set through the network, its taps quantized: accuracy and bits.

use dqa_golden::channel::ChannelEntry;
use rayon::prelude::*;

use crate::Error;
use crate::batch::{Batch, Score};
use crate::dataset::Dataset;
use crate::layers::{Layer, RangeFrom};
use crate::network::Network;
use crate::progress::{Progress, advance};
use crate::treatment::{Counts, Treatment};

/// Where activations are stored while the network runs on: a device behind a driver.
pub trait Storage: Sync {
    /// Compresses `values` (`[images, C, H, W]`) to a container, decompresses it over them, and
    /// gives the container's bytes.
    fn round_trip(&self, stored: &Stored<'_>, values: &mut [f32]) -> Result<u64, Error>;
}

/// A tensor to store.
pub struct Stored<'a> {
    /// Format and codes.
    pub layer: &'a Layer,
    /// The channel table.
    pub entries: Vec<ChannelEntry>,
    /// Whether the table has classes alone, and each plane sends its own range (dynamic scale).
    pub dynamic: bool,
    /// Lengths of the axes: images, channels, elements of a plane, 1.
    pub shape: [u64; 4],
}

/// What an evaluation found out about one tap.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct TapOutcome {
    /// The tensor's name.
    pub tensor: String,
    /// Elements stored.
    pub elements: u64,
    /// Bits an element where n and n + m bits are written plainly.
    pub flat_bits: f64,
    /// Bytes of the containers; absent where nothing was stored.
    pub container_bytes: Option<u64>,
    /// Codes that occurred.
    pub counts: Counts,
}

/// Bytes that the tensors stored at one time take, for an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Peak {
    /// In float32.
    pub float: f64,
    /// Where n and n + m bits are written plainly.
    pub flat: f64,
    /// In containers; absent where nothing was stored.
    pub container: Option<f64>,
}

/// What an evaluation found out.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Outcome {
    /// Images.
    pub images: usize,
    /// Accuracy and loss.
    pub score: Score,
    /// The most that is stored at one time; each column has its own time.
    pub peak: Peak,
    /// Tap by tap.
    pub taps: Vec<TapOutcome>,
}

impl Outcome {
    /// Bits of the containers for each activation stored.
    pub fn container_bits(&self) -> Option<f64> {
        let bytes = self.taps.iter().map(|tap| tap.container_bytes);
        let bytes: u64 = bytes.sum::<Option<u64>>()?;
        Some(8.0 * bytes as f64 / self.elements().max(1) as f64)
    }

    /// Bits an activation where n and n + m bits are written plainly.
    pub fn flat_bits(&self) -> f64 {
        let bits: f64 = (self.taps.iter())
            .map(|tap| tap.flat_bits * tap.elements as f64)
            .sum();
        bits / self.elements().max(1) as f64
    }

    /// The most bytes that some of the taps take together.
    fn peak(&self, together: &[Vec<usize>]) -> Peak {
        let images = self.images.max(1) as f64;
        let largest = |bytes: &dyn Fn(&TapOutcome) -> f64| {
            let sums = together.iter().map(|taps| {
                let taps = taps.iter().map(|&tap| bytes(&self.taps[tap]));
                taps.sum::<f64>() / images
            });
            sums.fold(0.0, f64::max)
        };
        let contained = self.container_bits().is_some();
        Peak {
            float: largest(&|tap| 4.0 * tap.elements as f64),
            flat: largest(&|tap| tap.flat_bits / 8.0 * tap.elements as f64),
            container: contained.then(|| largest(&|tap| tap.container_bytes.unwrap_or(0) as f64)),
        }
    }

    fn elements(&self) -> u64 {
        self.taps.iter().map(|tap| tap.elements).sum()
    }
}

/// How to evaluate.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Images that share a range where it is one of a batch, and a container.
    pub batch: usize,
    /// Where activations are stored; without it they are quantized in memory and not coded.
    pub storage: Option<&'a dyn Storage>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            batch: 128,
            storage: None,
        }
    }
}

/// Runs the data set through the network, each tap through its treatment; a tap without one passes
/// as it is.
///
/// What comes back from a storage is held against golden's arithmetic, bit for bit.
pub fn evaluate(
    network: &Network,
    dataset: &Dataset,
    treatments: &[Option<Treatment>],
    options: Options<'_>,
    progress: &dyn Progress,
) -> Result<Outcome, Error> {
    progress.stage("evaluating", dataset.len() as u64);
    let batches = Batch::ranges(dataset, options.batch);
    let done: Vec<(Score, Vec<TapOutcome>)> = batches
        .into_par_iter()
        .map(|images| {
            let mut batch = Batch::start(network, dataset, images)?;
            let mut taps = Vec::new();
            for (tap, treatment) in treatments.iter().enumerate() {
                let Some(treatment) = treatment else {
                    taps.push(TapOutcome::default());
                    batch.pass(network, tap)?;
                    continue;
                };
                let mut values = batch.made(network, tap).to_vec();
                taps.push(treat(treatment, &mut values, batch.images(), options)?);
                batch.resume(network, tap, values)?;
            }
            advance(progress, batch.images() as u64)?;
            let score = batch.score(network, dataset, batch.outputs(network), None);
            Ok((score, taps))
        })
        .collect::<Result<_, Error>>()?;

    let mut outcome = Outcome {
        images: dataset.len(),
        score: Score::default(),
        peak: Peak::default(),
        taps: Vec::new(),
    };
    for (tap, treatment) in network.taps().iter().zip(treatments) {
        outcome.taps.push(TapOutcome {
            tensor: tap.name.clone(),
            flat_bits: treatment.as_ref().map_or(0.0, Treatment::flat_bits),
            container_bytes: options.storage.map(|_| 0),
            ..TapOutcome::default()
        });
    }
    for (score, taps) in done {
        outcome.score.add(&score);
        for (sum, tap) in outcome.taps.iter_mut().zip(taps) {
            sum.elements += tap.elements;
            sum.container_bytes = sum
                .container_bytes
                .zip(tap.container_bytes)
                .map(|(a, b)| a + b);
            sum.counts.add(&tap.counts);
        }
    }
    outcome.peak = outcome.peak(network.stored());
    Ok(outcome)
}

fn treat(
    treatment: &Treatment,
    values: &mut [f32],
    images: usize,
    options: Options<'_>,
) -> Result<TapOutcome, Error> {
    let mut outcome = TapOutcome {
        elements: values.len() as u64,
        ..TapOutcome::default()
    };
    let mut expected = values.to_vec();
    outcome.counts = treatment.apply_and_count(&mut expected);
    // NoisyQuant has no container: what it stores is no more than its codes.
    let storage = options.storage.filter(|_| !treatment.is_noisy());
    let Some(storage) = storage else {
        values.copy_from_slice(&expected);
        return Ok(outcome);
    };
    let image = values.len() / images;
    let mut bytes = 0;
    let dynamic = treatment.layer().range == RangeFrom::ChannelOfImage;
    let runs = match dynamic {
        true => vec![treatment.dynamic_run(images)],
        false => treatment.runs(values),
    };
    for run in runs {
        let stored = Stored {
            layer: treatment.layer(),
            entries: run.entries,
            dynamic,
            shape: [
                run.images.len() as u64,
                treatment.classes().len() as u64,
                treatment.plane() as u64,
                1,
            ],
        };
        let part = run.images.start * image..run.images.end * image;
        bytes += storage.round_trip(&stored, &mut values[part])?;
    }
    if values != expected {
        return Err(Error::Returned(treatment.layer().tensor.clone()));
    }
    outcome.container_bytes = Some(bytes);
    Ok(outcome)
}
