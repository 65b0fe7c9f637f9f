//! Which channels are important, found by running the network: the paper's Algorithm 3, and how far
//! outputs move. [`cheap`](crate::cheap) has measures that cost less.
//!
//! Greedy, layer by layer: a channel is as important as the network is good when the channel is
//! left as it is, all others of its layer are quantized to n bits, and the layers before are
//! quantized but for their most important channel. What comes before the layer runs once; for each
//! channel only what comes behind it runs again.

use std::str::FromStr;
use std::time::Duration;

use rayon::prelude::*;

use crate::Error;
use crate::batch::{Batch, Score};
use crate::dataset::Dataset;
use crate::journal::{Journal, Scores};
use crate::layers::RangeFrom;
use crate::network::{Network, NetworkError};
use crate::plan::treatments;
use crate::progress::{Progress, advance};
use crate::treatment::Treatment;
use crate::trial::{Trial, copy_channel};

/// By what channels are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Algorithm 3: accuracy with the channel left as it is; among equals the smaller loss.
    Greedy,
    /// How far the outputs move when only this channel is quantized.
    Output,
    /// Mean absolute activation.
    Activation,
    /// Mean squared error of quantizing to n bits.
    Error,
    /// By lot.
    Random,
}

impl Measure {
    /// Whether channels are measured by running the network once for each.
    pub fn needs_runs(self) -> bool {
        matches!(self, Self::Greedy | Self::Output)
    }

    /// Whether a layer can only be measured when those before are ranked.
    fn is_sequential(self) -> bool {
        matches!(self, Self::Greedy)
    }

    /// Channels of a layer, most important first.
    pub(crate) fn order(self, scores: &[Score]) -> Vec<usize> {
        let mut ranks: Vec<usize> = (0..scores.len()).collect();
        let loss = |a: &Score, b: &Score| a.loss.total_cmp(&b.loss);
        ranks.sort_by(|&a, &b| {
            let (x, y) = (&scores[a], &scores[b]);
            match self {
                Self::Greedy => y.correct.cmp(&x.correct).then(loss(x, y)),
                Self::Output | Self::Activation | Self::Error | Self::Random => {
                    y.change.total_cmp(&x.change)
                }
            }
            .then(a.cmp(&b))
        });
        ranks
    }
}

/// Shard `index` of `count`: which channels a run measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 0.
    pub index: usize,
    /// At least 1.
    pub count: usize,
}

impl Shard {
    /// All channels.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// The channels of a layer that are this shard's: a range.
    fn channels(&self, channels: usize) -> std::ops::Range<usize> {
        channels * self.index / self.count..channels * (self.index + 1) / self.count
    }
}

/// "2/16" is the second of 16.
impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            let (index, count): (usize, usize) = (index.parse().ok()?, count.parse().ok()?);
            (1..=count).contains(&index).then(|| Self {
                index: index - 1,
                count,
            })
        });
        numbers.ok_or(ShardError)
    }
}

/// A text that names no shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give one of how many, such as 1/16")]
pub struct ShardError;

/// How far a ranking by runs got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ranked {
    /// The channels of each layer, most important first.
    Complete(Vec<Vec<usize>>),
    /// The shard has done what it can; scores of other shards are missing.
    Waiting {
        /// Channels that have a score.
        known: usize,
        /// All channels.
        channels: usize,
    },
}

/// Ranks as far as scores are complete: for each layer from the first.
pub fn ranks_of(measure: Measure, scores: &Scores, taps: &[usize]) -> Vec<Vec<usize>> {
    let mut ranks = Vec::new();
    for (layer, &channels) in taps.iter().enumerate() {
        let scores: Vec<Score> = (0..channels)
            .map_while(|channel| scores.get(&(layer, channel)).copied())
            .collect();
        if scores.len() < channels {
            break;
        }
        ranks.push(measure.order(&scores));
    }
    ranks
}

/// Channels measured in one go, between two entries in the journal.
const AT_ONCE: usize = 16;
/// Images that run together where ranges are not found over batches: the engine is as fast with
/// one, and the fewer they are, the more often quantizing changes nothing in a channel.
const TOGETHER: usize = 1;

/// Ranks the channels of every tap by running the network; scores go to the journal.
///
/// `wait` is how long to wait for other shards of a layer; without it the run ends there.
pub fn rank_by_runs(
    network: &Network,
    dataset: &Dataset,
    measure: Measure,
    journal: &mut Journal,
    shard: Shard,
    wait: Option<Duration>,
    progress: &dyn Progress,
) -> Result<Ranked, Error> {
    let taps = network.taps();
    let treatments = treatments(network, &journal.task().layers.clone())?;
    let treatments: Vec<Treatment> = treatments.into_iter().flatten().collect();
    let channels: Vec<usize> = taps.iter().map(|tap| tap.channels).collect();
    let over_batches = |treatment: &Treatment| {
        let range = treatment.layer().range;
        matches!(range, RangeFrom::LayerOfBatch | RangeFrom::ChannelOfBatch)
    };
    let size = match treatments.iter().any(over_batches) {
        true => journal.task().batch,
        false => TOGETHER,
    };

    let todo: usize = taps
        .iter()
        .map(|tap| shard.channels(tap.channels).len())
        .sum();
    progress.stage("ranking channels", todo as u64);
    let mut batches = start(network, dataset, size)?;
    let reference = match measure {
        Measure::Output => Some(reference(network, &batches)?),
        _ => None,
    };
    for (layer, tap) in taps.iter().enumerate() {
        let treatment = &treatments[layer];
        let own = shard.channels(tap.channels);
        let known = |channel: &usize| journal.scores().contains_key(&(layer, *channel));
        advance(progress, own.clone().filter(known).count() as u64)?;
        let missing: Vec<usize> = own.filter(|channel| !known(channel)).collect();
        let trial = Trial {
            network,
            dataset,
            tap,
            layer,
            treatment,
            only: measure == Measure::Output,
        };
        for channels in missing.chunks(AT_ONCE) {
            let scores: Vec<Vec<Score>> = batches
                .par_iter()
                .enumerate()
                .map(|(index, batch)| {
                    let reference = reference.as_ref().map(|all| &all[index][..]);
                    trial.run(batch, channels, reference)
                })
                .collect::<Result<_, NetworkError>>()?;
            for (at, &channel) in channels.iter().enumerate() {
                let mut sum = Score::default();
                scores.iter().for_each(|batch| sum.add(&batch[at]));
                journal.add(layer, channel, sum)?;
            }
            advance(progress, channels.len() as u64)?;
        }
        let top = if measure.is_sequential() {
            let waited = std::time::Instant::now();
            let ranks = loop {
                let ranks = ranks_of(measure, journal.scores(), &channels);
                if ranks.len() > layer {
                    break ranks;
                }
                if wait.is_none_or(|wait| waited.elapsed() > wait) {
                    return Ok(waiting(journal, &channels));
                }
                std::thread::sleep(Duration::from_millis(200));
                advance(progress, 0)?;
                journal.refresh()?;
            };
            Some(ranks[layer][0])
        } else {
            None
        };
        batches
            .par_iter_mut()
            .try_for_each(|batch| go_on(network, batch, layer, top.map(|top| (treatment, top))))?;
    }
    journal.refresh()?;
    let ranks = ranks_of(measure, journal.scores(), &channels);
    match ranks.len() == taps.len() {
        true => Ok(Ranked::Complete(ranks)),
        false => Ok(waiting(journal, &channels)),
    }
}

fn waiting(journal: &Journal, channels: &[usize]) -> Ranked {
    Ranked::Waiting {
        known: journal.scores().len(),
        channels: channels.iter().sum(),
    }
}

fn start(network: &Network, dataset: &Dataset, size: usize) -> Result<Vec<Batch>, NetworkError> {
    let ranges = Batch::ranges(dataset, size);
    let batches = ranges.into_par_iter();
    batches
        .map(|images| Batch::start(network, dataset, images))
        .collect()
}

/// The outputs of the network as it is, batch by batch.
fn reference(network: &Network, batches: &[Batch]) -> Result<Vec<Vec<f32>>, NetworkError> {
    let run = |batch: &Batch| batch.rest(network, 0, batch.made(network, 0));
    batches.par_iter().map(run).collect()
}

/// Takes a batch through a tap: quantized but for the channel `top`, or as it is.
fn go_on(
    network: &Network,
    batch: &mut Batch,
    tap: usize,
    quantize: Option<(&Treatment, usize)>,
) -> Result<(), NetworkError> {
    let Some((treatment, top)) = quantize else {
        return batch.pass(network, tap);
    };
    let original = batch.made(network, tap);
    let mut values = original.to_vec();
    treatment.apply(&mut values);
    copy_channel(&network.taps()[tap], top, original, &mut values);
    batch.resume(network, tap, values)
}
