//! From choices and statistics to layers.

use dqa_golden::channel::Class;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::{DEFAULT_SYMBOL_BITS, Mode};
use dqa_golden::table::{CodeTable, MAX_LIMIT};

use crate::Error;
use crate::code::{CodeLimits, choose};
use crate::dataset::Dataset;
use crate::evaluate::{Options, evaluate};
use crate::layers::{CodeMode, Layer, LayerError, RangeFrom};
use crate::network::{Network, Tap};
use crate::progress::Progress;
use crate::statistics::{TapStatistics, percentile};
use crate::treatment::Treatment;

/// Why choices are refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ChoiceError {
    #[error("{0} % is no percentile: choose one over 0 and up to 100, such as 99.9")]
    Percentile(f64),
    #[error("{0} of the channels: choose 0 (none) to 1 (all)")]
    Ratio(f64),
    #[error("a range that is found online is a maximum: it goes with no other statistic")]
    OnlineStatistic,
}

/// What a fixed range is.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// The largest magnitude in the calibration set.
    Max,
    /// The mean over images of the image's largest magnitude.
    MeanMax,
    /// The magnitude that this percentage of the elements do not exceed.
    Percentile(f64),
}

/// Over what a range is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// The whole layer.
    Layer,
    /// Each channel.
    Channel,
}

/// When a range is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    /// Beforehand, from the calibration set.
    Fixed,
    /// Online, of each batch.
    Batch,
    /// Online, of each image.
    Image,
}

/// How all layers are quantized and coded.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Choice {
    /// Target bits n.
    pub bits: u8,
    /// Extra bits m.
    pub extra: u8,
    /// Delta policy; `None` takes full-range where no element is negative, else the paper's.
    pub policy: Option<DeltaPolicy>,
    /// When ranges are taken.
    pub when: When,
    /// Over what.
    pub over: Over,
    /// What a fixed range is.
    pub statistic: Statistic,
    /// Part of the channels that is important.
    pub important: f64,
    /// What is Huffman coded.
    pub mode: CodeMode,
}

impl Default for Choice {
    fn default() -> Self {
        Self {
            bits: 3,
            extra: 1,
            policy: None,
            when: When::Fixed,
            over: Over::Channel,
            statistic: Statistic::Percentile(99.9),
            important: 0.4,
            mode: CodeMode::Joint,
        }
    }
}

impl Choice {
    /// The same with no channel important: what channels are ranked by.
    pub fn all_direct(self) -> Self {
        Self {
            important: 0.0,
            ..self
        }
    }

    /// The layers of a network's taps. Their codes are flat; [`with_tables`] finds better ones.
    ///
    /// `ranks` are the channels of each tap, most important first; none where no channel is to be
    /// important.
    pub fn layers(
        &self,
        taps: &[Tap],
        statistics: &[TapStatistics],
        ranks: &[Vec<usize>],
    ) -> Result<Vec<Layer>, Error> {
        let ranks = (ranks.iter().map(|ranks| &ranks[..])).chain(std::iter::repeat(&[][..]));
        let taps = taps.iter().zip(statistics).zip(ranks);
        taps.map(|((tap, statistics), ranks)| self.layer(tap, statistics, ranks))
            .collect()
    }

    fn check(&self) -> Result<(), ChoiceError> {
        if !(0.0..=1.0).contains(&self.important) {
            return Err(ChoiceError::Ratio(self.important));
        }
        match self.statistic {
            Statistic::Percentile(p) if !(p > 0.0 && p <= 100.0) => Err(ChoiceError::Percentile(p)),
            Statistic::Max => Ok(()),
            _ if self.when != When::Fixed => Err(ChoiceError::OnlineStatistic),
            _ => Ok(()),
        }
    }

    fn layer(
        &self,
        tap: &Tap,
        statistics: &TapStatistics,
        ranks: &[usize],
    ) -> Result<Layer, Error> {
        self.check()?;
        let policy = self.policy.unwrap_or(match statistics.any_negative() {
            true => DeltaPolicy::Paper,
            false => DeltaPolicy::FullRange,
        });
        let ranges = self.ranges(statistics, policy);
        let largest = match self.when {
            When::Fixed => ranges.iter().copied().fold(0.0, f32::max),
            // Other images may hold more than those of the calibration set.
            When::Batch | When::Image => 2.0 * statistics.largest(policy),
        };
        let unit = unit(largest);
        let mut layer = Layer {
            tensor: tap.name.clone(),
            bits: self.bits,
            extra: self.extra,
            policy,
            range: match (self.when, self.over) {
                (When::Fixed, _) => RangeFrom::Fixed,
                (When::Batch, Over::Layer) => RangeFrom::LayerOfBatch,
                (When::Batch, Over::Channel) => RangeFrom::ChannelOfBatch,
                (When::Image, Over::Layer) => RangeFrom::LayerOfImage,
                (When::Image, Over::Channel) => RangeFrom::ChannelOfImage,
            },
            unit,
            mode: self.mode,
            limit: MAX_LIMIT,
            direct_lengths: Vec::new(),
            important_lengths: Vec::new(),
            ranks: ranks.to_vec(),
            important: (self.important * tap.channels as f64).round() as usize,
            pruned: Vec::new(),
            ranges: ranges.iter().map(|&range| to_range(range / unit)).collect(),
            back_ranges: Vec::new(),
        };
        flatten(&mut layer)?;
        if self.when == When::Fixed {
            let channels = 0..tap.channels;
            layer.pruned = channels.filter(|&c| layer.ranges[c] == 0).collect();
        }
        Ok(layer)
    }

    /// The range of each channel, in the units of the tensor.
    fn ranges(&self, statistics: &TapStatistics, policy: DeltaPolicy) -> Vec<f32> {
        let channels = &statistics.channels;
        let images = statistics.images.max(1) as f64;
        match self.over {
            Over::Layer => {
                let range = match self.statistic {
                    Statistic::Max => statistics.largest(policy),
                    Statistic::MeanMax => statistics.mean_maximum(policy) as f32,
                    Statistic::Percentile(p) => percentile(channels.iter(), policy, p),
                };
                vec![range; channels.len()]
            }
            Over::Channel => (channels.iter())
                .map(|channel| match (self.statistic, policy) {
                    (Statistic::Max, _) => channel.largest(policy),
                    (Statistic::MeanMax, DeltaPolicy::Paper) => {
                        (channel.image_maxima / images) as f32
                    }
                    (Statistic::MeanMax, DeltaPolicy::FullRange) => {
                        (channel.image_positive_maxima / images) as f32
                    }
                    (Statistic::Percentile(p), _) => percentile([channel].into_iter(), policy, p),
                })
                .collect(),
        }
    }
}

/// Gives a layer the flat codes of its format and mode.
pub(crate) fn flatten(layer: &mut Layer) -> Result<(), LayerError> {
    let format = layer.format()?;
    for (class, lengths) in [
        (Class::Direct, &mut layer.direct_lengths),
        (Class::Important, &mut layer.important_lengths),
    ] {
        let symbol_bits = match layer.mode {
            CodeMode::Paper => Mode::Paper.layout(&format, class).symbol_bits,
            CodeMode::Joint => format.width(class).min(u32::from(DEFAULT_SYMBOL_BITS)),
        };
        *lengths = CodeTable::flat(symbol_bits).lengths().to_vec();
    }
    Ok(())
}

/// The smallest power of two with which `largest` fits 15 bits.
pub(crate) fn unit(largest: f32) -> f32 {
    if largest == 0.0 {
        return 1.0;
    }
    let mut unit = 2.0f64.powi(-126);
    while f64::from(largest) > 32767.0 * unit {
        unit *= 2.0;
    }
    unit as f32
}

/// A range in sample units; one that is not 0 stays so.
pub(crate) fn to_range(units: f32) -> u16 {
    match units {
        0.0 => 0,
        units => (units.round_ties_even() as u16).max(1),
    }
}

/// Gives each layer the code tables that suit the codes of a calibration set, all layers quantized.
pub fn with_tables(
    network: &Network,
    dataset: &Dataset,
    layers: &mut [Layer],
    batch: usize,
    progress: &dyn Progress,
) -> Result<(), Error> {
    let treatments = treatments(network, layers)?;
    let options = Options {
        batch,
        ..Options::default()
    };
    let outcome = evaluate(network, dataset, &treatments, options, progress)?;
    for (layer, tap) in layers.iter_mut().zip(&outcome.taps) {
        let format = layer.format()?;
        for (class, lengths) in [
            (Class::Direct, &mut layer.direct_lengths),
            (Class::Important, &mut layer.important_lengths),
        ] {
            let limits = CodeLimits {
                mode: layer.mode,
                symbol_bits: DEFAULT_SYMBOL_BITS,
                limit: layer.limit,
                all_symbols: true,
            };
            let table = choose(limits, &format, class, tap.counts.of(class));
            let table = table.map_err(|error| LayerError::Table {
                tensor: layer.tensor.clone(),
                class,
                error,
            })?;
            *lengths = table.lengths().to_vec();
        }
    }
    Ok(())
}

/// The treatments that layers are, one for each tap.
pub fn treatments(network: &Network, layers: &[Layer]) -> Result<Vec<Option<Treatment>>, Error> {
    let pairs = network.taps().iter().zip(layers);
    let treatments = pairs.map(|(tap, layer)| Ok(Some(Treatment::new(layer.clone(), tap.plane)?)));
    treatments.collect()
}
