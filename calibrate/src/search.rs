//! Fewer bits for the same accuracy: per layer n and m, per channel range and class, by rate and
//! distortion.
//!
//! 1. *Sensitivity*: how far the network's outputs move for each unit of squared error in a channel,
//!    measured by quantizing that channel alone.
//! 2. For a price of a bit, each layer takes the n and m, and each of its channels the class and
//!    range, with which output change and bits cost the least together ([`allocate`](crate)).
//! 3. The price is bisected until the network takes the bits asked for.

use rayon::prelude::*;

use crate::Error;
use crate::allocate::{Candidate, Problem};
use crate::journal::Scores;
use crate::layers::{Layer, LayerError};
use crate::network::Tap;
use crate::statistics::TapStatistics;

/// What the search may choose from.
#[derive(Clone, Debug)]
pub struct Space {
    /// Pairs of n and m.
    pub formats: Vec<(u8, u8)>,
    /// Whether channels may be left out.
    pub prune: bool,
}

impl Default for Space {
    fn default() -> Self {
        Self {
            formats: [2, 3, 4]
                .into_iter()
                .flat_map(|bits| (0..=2).map(move |extra| (bits, extra)))
                .collect(),
            prune: true,
        }
    }
}

/// What a layer's channels are to the network: output change for each unit of squared error.
pub type Sensitivities = Vec<Vec<f64>>;

/// Sensitivities from output changes of channels quantized alone
/// ([`Measure::Output`](crate::rank::Measure::Output)), and their squared errors.
pub fn sensitivities(scores: &Scores, squares: &[Vec<f64>]) -> Sensitivities {
    let layers = squares.iter().enumerate().map(|(layer, squares)| {
        let channels = squares.iter().enumerate().map(|(channel, &square)| {
            match scores.get(&(layer, channel)) {
                Some(score) if square > 0.0 => score.change / square,
                _ => 0.0,
            }
        });
        channels.collect()
    });
    layers.collect()
}

/// Layers found, and what they are expected to cost.
#[derive(Clone, Debug)]
pub struct Found {
    /// The layers, with codes from the histograms.
    pub layers: Vec<Layer>,
    /// Bits an activation, the codes' alone.
    pub bits: f64,
    /// Expected output change of an image.
    pub change: f64,
}

/// Searches layers that take `bits` an activation together: bisects the price of a bit.
pub fn search(
    taps: &[Tap],
    statistics: &[TapStatistics],
    sensitivities: &Sensitivities,
    space: &Space,
    bits: f64,
) -> Result<Found, Error> {
    let taps = taps.par_iter().zip(statistics);
    let problems = taps.map(|(tap, statistics)| {
        let formats = space.formats.iter();
        formats
            .map(|&format| Problem::new(tap, statistics, format, space.prune))
            .collect()
    });
    let problems: Vec<Vec<Problem<'_>>> = problems.collect::<Result<_, LayerError>>()?;
    // Prices far apart enough for anything: a bit that costs nothing, and one that is never worth it.
    let (mut low, mut high) = (1e-12f64, 1e6f64);
    let mut best = at_price(&problems, sensitivities, high)?;
    while high / low > 1.01 {
        let price = (low * high).sqrt();
        let found = at_price(&problems, sensitivities, price)?;
        if found.bits > bits {
            low = price;
        } else {
            high = price;
            best = found;
        }
    }
    Ok(best)
}

/// The best layers where a bit has this price.
fn at_price(
    problems: &[Vec<Problem<'_>>],
    sensitivities: &Sensitivities,
    price: f64,
) -> Result<Found, LayerError> {
    let layers = problems.par_iter().zip(sensitivities);
    let layers = layers.map(|(formats, sensitivities)| {
        let solved = formats
            .iter()
            .map(|problem| problem.solve(sensitivities, price));
        let solved: Vec<Candidate> = solved.collect::<Result<_, LayerError>>()?;
        let best = solved.into_iter().min_by(|a, b| a.cost.total_cmp(&b.cost));
        Ok(best.expect("at least one format"))
    });
    let layers: Vec<Candidate> = layers.collect::<Result<_, LayerError>>()?;
    let elements: f64 = (problems.iter())
        .map(|formats| formats[0].elements() as f64)
        .sum();
    Ok(Found {
        bits: layers.iter().map(|layer| layer.bits).sum::<f64>() / elements,
        change: layers.iter().map(|layer| layer.change).sum(),
        layers: layers.into_iter().map(|layer| layer.layer).collect(),
    })
}
