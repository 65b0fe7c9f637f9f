//! NoisyQuant (Liu et al. 2023), the paper's rival: a fixed uniform noise is added to each element
//! before it is quantized and taken away from what comes back.
//!
//! The noise is drawn once, one sample for each element of an image, uniformly from [-b, b]; the
//! bias b is searched, layer by layer, for the smallest squared error over a calibration set.

use rayon::prelude::*;

use crate::Error;
use crate::batch::Batch;
use crate::dataset::Dataset;
use crate::layers::{Layer, RangeFrom};
use crate::network::{Network, Tap};
use crate::progress::{Progress, advance};
use crate::statistics::TapStatistics;
use crate::treatment::Treatment;

/// Biases tried, in steps Delta_n.
const BIASES: [f64; 9] = [0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];

/// The layers with the noise that suits them best, and its bias in steps Delta_n.
pub fn search(
    network: &Network,
    dataset: &Dataset,
    layers: &[Layer],
    statistics: &[TapStatistics],
    seed: u64,
    progress: &dyn Progress,
) -> Result<Vec<(Treatment, f64)>, Error> {
    progress.stage("searching noise", dataset.len() as u64);
    let mut candidates = Vec::new();
    for ((layer, tap), statistics) in layers.iter().zip(network.taps()).zip(statistics) {
        let of_bias = |&bias: &f64| with_bias(layer, tap, statistics, seed, bias);
        candidates.push(BIASES.iter().map(of_bias).collect::<Result<Vec<_>, _>>()?);
    }
    let errors: Vec<Vec<[f64; BIASES.len()]>> = Batch::ranges(dataset, 64)
        .into_par_iter()
        .map(|images| {
            let mut batch = Batch::start(network, dataset, images)?;
            let mut errors = Vec::new();
            for (tap, candidates) in candidates.iter().enumerate() {
                let original = batch.made(network, tap).to_vec();
                let mut of_tap = [0.0; BIASES.len()];
                for (sum, candidate) in of_tap.iter_mut().zip(candidates) {
                    let mut values = original.clone();
                    candidate.apply(&mut values);
                    let pairs = original.iter().zip(&values);
                    *sum = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
                }
                errors.push(of_tap);
                batch.resume(network, tap, original)?;
            }
            advance(progress, batch.images() as u64)?;
            Ok(errors)
        })
        .collect::<Result<_, Error>>()?;
    let chosen = candidates.into_iter().enumerate().map(|(tap, candidates)| {
        let total = |bias: usize| errors.iter().map(|batch| batch[tap][bias]).sum::<f64>();
        let best = (0..BIASES.len())
            .min_by(|&a, &b| total(a).total_cmp(&total(b)))
            .expect("some biases");
        let treatment = candidates.into_iter().nth(best).expect("one of them");
        (treatment, BIASES[best])
    });
    Ok(chosen.collect())
}

fn with_bias(
    layer: &Layer,
    tap: &Tap,
    statistics: &TapStatistics,
    seed: u64,
    bias: f64,
) -> Result<Treatment, Error> {
    let treatment = Treatment::new(layer.clone(), tap.plane)?;
    // Online ranges differ from image to image: their mean sets the noise.
    let mean = statistics.mean_maximum(layer.policy) / f64::from(layer.unit);
    let steps = f64::from(layer.policy.steps(u32::from(layer.bits)));
    let range = |channel: usize| match layer.range {
        RangeFrom::Fixed => f64::from(layer.ranges[channel]),
        _ => mean,
    };
    let mut rng = fastrand::Rng::with_seed(seed);
    let noise = (0..tap.elements()).map(|element| {
        let uniform = 2.0 * rng.f64() - 1.0;
        (uniform * bias * range(element / tap.plane) / steps).round_ties_even() as i16
    });
    Ok(treatment.with_noise(noise.collect()))
}
