//! Measures of importance that need no runs of their own: one look at the activations is enough.

use rayon::prelude::*;

use crate::Error;
use crate::batch::{Batch, Score};
use crate::dataset::Dataset;
use crate::layers::Layer;
use crate::network::Network;
use crate::plan::treatments;
use crate::progress::{Progress, advance};
use crate::rank::Measure;
use crate::statistics::TapStatistics;
use crate::treatment::Treatment;

/// Ranks the channels of every tap by a measure that needs no runs.
pub fn rank_cheaply(
    network: &Network,
    dataset: &Dataset,
    measure: Measure,
    layers: &[Layer],
    statistics: &[TapStatistics],
    seed: u64,
    progress: &dyn Progress,
) -> Result<Vec<Vec<usize>>, Error> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let errors = match measure {
        Measure::Error => errors(network, dataset, &treatments(network, layers)?, progress)?,
        _ => Vec::new(),
    };
    let ranks = statistics.iter().enumerate().map(|(tap, statistics)| {
        let channels = statistics.channels.iter().enumerate();
        let scores: Vec<Score> = channels
            .map(|(channel, statistics)| Score {
                change: match measure {
                    Measure::Activation => statistics.absolute,
                    Measure::Error => errors[tap][channel],
                    _ => rng.f64(),
                },
                ..Score::default()
            })
            .collect();
        measure.order(&scores)
    });
    Ok(ranks.collect())
}

/// The sum of squared errors of each channel of each tap, the network otherwise as it is.
pub fn errors(
    network: &Network,
    dataset: &Dataset,
    treatments: &[Option<Treatment>],
    progress: &dyn Progress,
) -> Result<Vec<Vec<f64>>, Error> {
    progress.stage("measuring errors", dataset.len() as u64);
    let found: Vec<Vec<Vec<f64>>> = Batch::ranges(dataset, 64)
        .into_par_iter()
        .map(|images| {
            let mut batch = Batch::start(network, dataset, images)?;
            let mut found = Vec::new();
            for (index, (tap, treatment)) in network.taps().iter().zip(treatments).enumerate() {
                let original = batch.made(network, index);
                let mut values = original.to_vec();
                if let Some(treatment) = treatment {
                    treatment.apply(&mut values);
                }
                let mut errors = vec![0.0; tap.channels];
                let planes = original
                    .chunks_exact(tap.plane)
                    .zip(values.chunks_exact(tap.plane));
                for (plane, (before, after)) in planes.enumerate() {
                    let pairs = before.iter().zip(after);
                    let squares = pairs.map(|(a, b)| f64::from(a - b).powi(2));
                    errors[plane % tap.channels] += squares.sum::<f64>();
                }
                found.push(errors);
                batch.pass(network, index)?;
            }
            advance(progress, batch.images() as u64)?;
            Ok(found)
        })
        .collect::<Result<_, Error>>()?;
    let mut sums: Vec<Vec<f64>> = network
        .taps()
        .iter()
        .map(|t| vec![0.0; t.channels])
        .collect();
    for batch in found {
        for (sums, errors) in sums.iter_mut().zip(batch) {
            sums.iter_mut()
                .zip(errors)
                .for_each(|(sum, error)| *sum += error);
        }
    }
    Ok(sums)
}
