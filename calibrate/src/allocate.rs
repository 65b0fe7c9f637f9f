//! One tensor at one price of a bit: the class and range of every channel, and the codes.
//!
//! Every channel takes the class and range that cost the least: sensitivity times squared error,
//! plus price times bits. Squared errors and bits come from the channel's histogram; bits are those
//! of the layer's own Huffman codes, which are made anew from what the channels chose, and the
//! channels choose again, until nothing changes. A channel may be left out altogether.

use dqa_golden::channel::Class;
use dqa_golden::format::Format;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::DEFAULT_SYMBOL_BITS;
use dqa_golden::table::{CodeTable, MAX_LIMIT};

use crate::code::{CodeLimits, choose, entropy_of_parts};
use crate::layers::{CodeMode, Layer, LayerError, RangeFrom};
use crate::network::Tap;
use crate::plan::{flatten, to_range, unit};
use crate::quantizer::{ChannelQuantizer, to_sample};
use crate::statistics::{ChannelStatistics, TapStatistics};

/// Ranges tried, as parts of the channel's maximum: 2^(-i/4).
const RANGES: i32 = 17;
/// The widest range tried is this many quarters of a factor of two above the maximum.
const ABOVE: i32 = 6;
/// Rounds of choosing channels and making codes.
const ROUNDS: usize = 6;

/// One tensor with one n and m, and all that its channels can be.
pub(crate) struct Problem<'a> {
    tap: &'a Tap,
    /// The layer without classes, ranges and codes.
    layer: Layer,
    format: Format,
    channels: Vec<Vec<Choosable>>,
}

/// What a tensor takes.
pub(crate) struct Candidate {
    /// Formats, classes, ranges, codes.
    pub layer: Layer,
    /// Bits of an image.
    pub bits: f64,
    /// Expected output change of an image.
    pub change: f64,
    /// What both cost.
    pub cost: f64,
}

/// A channel with one class and range.
struct Choosable {
    class: Class,
    range: f32,
    /// Squared error an element.
    error: f64,
    /// Part of the elements that have each pattern.
    patterns: Vec<f64>,
    /// Range of de-quantizing that fits best.
    back: f32,
}

impl<'a> Problem<'a> {
    /// The tensor `tap` with n = `bits` and m = `extra`.
    ///
    /// `prune` is whether channels may be left out.
    pub fn new(
        tap: &'a Tap,
        statistics: &TapStatistics,
        (bits, extra): (u8, u8),
        prune: bool,
    ) -> Result<Self, LayerError> {
        let policy = match statistics.any_negative() {
            true => DeltaPolicy::Paper,
            false => DeltaPolicy::FullRange,
        };
        let largest = statistics.largest(policy);
        let mut layer = Layer {
            tensor: tap.name.clone(),
            bits,
            extra,
            policy,
            range: RangeFrom::Fixed,
            unit: unit(largest * 2f32.powf(ABOVE as f32 / 4.0)),
            mode: CodeMode::Joint,
            limit: MAX_LIMIT,
            direct_lengths: Vec::new(),
            important_lengths: Vec::new(),
            ranks: Vec::new(),
            important: 0,
            pruned: Vec::new(),
            ranges: Vec::new(),
            back_ranges: Vec::new(),
        };
        flatten(&mut layer)?;
        let format = layer.format()?;
        let channels = statistics.channels.iter();
        let channels = channels.map(|channel| options(&layer, &format, channel, prune));
        Ok(Self {
            channels: channels.collect(),
            tap,
            layer,
            format,
        })
    }

    /// Elements of the tensor, of one image.
    pub fn elements(&self) -> usize {
        self.tap.elements()
    }

    /// The layer that costs the least where a bit is worth the output change `price`.
    ///
    /// `sensitivities` are the output change for each unit of squared error, channel by channel.
    pub fn solve(&self, sensitivities: &[f64], price: f64) -> Result<Candidate, LayerError> {
        // What channels choose first decides in which basin they end.
        let flat = [Class::Direct, Class::Important]
            .map(|class| pattern_bits(&self.layer, &self.format, class));
        let flat = self.settle(sensitivities, price, |option| rate(option, &flat))?;
        let own = self.settle(sensitivities, price, |option| {
            entropy_of_parts(option.patterns.iter().copied())
        })?;
        Ok(if own.cost < flat.cost { own } else { flat })
    }

    /// Channels choose by the rates of `first`, codes are made of that, channels choose again, and
    /// so on.
    fn settle(
        &self,
        sensitivities: &[f64],
        price: f64,
        first: impl Fn(&Choosable) -> f64,
    ) -> Result<Candidate, LayerError> {
        let mut layer = self.layer.clone();
        let mut chosen = self.choose(sensitivities, price, first);
        let mut bits;
        let mut round = 0;
        loop {
            self.make_codes(&mut layer, &chosen)?;
            bits = [Class::Direct, Class::Important]
                .map(|class| pattern_bits(&layer, &self.format, class));
            round += 1;
            let again = self.choose(sensitivities, price, |option| rate(option, &bits));
            if again == chosen || round == ROUNDS {
                break;
            }
            chosen = again;
        }
        let plane = self.tap.plane as f64;
        let (mut code_bits, mut change) = (0.0, 0.0);
        for (channel, (options, &at)) in self.channels.iter().zip(&chosen).enumerate() {
            let option = &options[at];
            code_bits += plane * rate(option, &bits);
            change += plane * sensitivities[channel] * option.error;
            layer.ranges.push(to_range(option.range / layer.unit));
            layer.back_ranges.push(to_range(option.back / layer.unit));
            match option.class {
                Class::Important => layer.ranks.push(channel),
                Class::Pruned => layer.pruned.push(channel),
                Class::Direct => {}
            }
        }
        layer.important = layer.ranks.len();
        Ok(Candidate {
            cost: change + price * code_bits,
            bits: code_bits,
            change,
            layer,
        })
    }

    /// The option of each channel that costs the least.
    fn choose(
        &self,
        sensitivities: &[f64],
        price: f64,
        rate: impl Fn(&Choosable) -> f64,
    ) -> Vec<usize> {
        let channels = self.channels.iter().zip(sensitivities);
        let best = channels.map(|(options, &sensitivity)| {
            let cost = |option: &Choosable| sensitivity * option.error + price * rate(option);
            (0..options.len())
                .min_by(|&a, &b| cost(&options[a]).total_cmp(&cost(&options[b])))
                .expect("every channel has options")
        });
        best.collect()
    }

    /// The codes that suit what the channels chose.
    fn make_codes(&self, layer: &mut Layer, chosen: &[usize]) -> Result<(), LayerError> {
        // Enough for the counts to keep four digits of any part.
        const WHOLE: f64 = 1e9;
        for (class, lengths) in [
            (Class::Direct, &mut layer.direct_lengths),
            (Class::Important, &mut layer.important_lengths),
        ] {
            let mut counts = vec![0; 1 << self.format.width(class)];
            for (options, &at) in self.channels.iter().zip(chosen) {
                let option = &options[at];
                if option.class == class {
                    let pairs = counts.iter_mut().zip(&option.patterns);
                    pairs.for_each(|(count, part)| *count += (part * WHOLE) as u64);
                }
            }
            let limits = CodeLimits {
                mode: CodeMode::Joint,
                symbol_bits: DEFAULT_SYMBOL_BITS,
                limit: layer.limit,
                all_symbols: true,
            };
            let table = choose(limits, &self.format, class, &counts);
            let table = table.map_err(|error| LayerError::Table {
                tensor: layer.tensor.clone(),
                class,
                error,
            })?;
            *lengths = table.lengths().to_vec();
        }
        Ok(())
    }
}

/// What a channel can be.
fn options(
    layer: &Layer,
    format: &Format,
    channel: &ChannelStatistics,
    prune: bool,
) -> Vec<Choosable> {
    let all: f64 = channel.elements().map(|(_, n)| f64::from(n)).sum();
    let elements = channel.elements();
    let elements: Vec<(f64, f64)> = elements
        .map(|(value, n)| (f64::from(value), f64::from(n) / all.max(1.0)))
        .collect();
    let largest = channel.largest(layer.policy);
    let mut options = Vec::new();
    if prune || largest == 0.0 {
        options.push(Choosable {
            class: Class::Pruned,
            range: 0.0,
            error: elements.iter().map(|(x, part)| x * x * part).sum(),
            patterns: Vec::new(),
            back: 0.0,
        });
    }
    if largest == 0.0 {
        return options;
    }
    for step in -ABOVE..RANGES - ABOVE {
        let range = largest * 2f32.powf(-(step as f32) / 4.0);
        options.push(option(layer, format, &elements, Class::Direct, range));
        if format.extra() > 0 {
            options.push(option(layer, format, &elements, Class::Important, range));
        }
    }
    options
}

/// What quantizing to a class and range does to elements, given as values and their parts.
fn option(
    layer: &Layer,
    format: &Format,
    elements: &[(f64, f64)],
    class: Class,
    range: f32,
) -> Choosable {
    let units = to_range(range / layer.unit);
    let quantizer = ChannelQuantizer::new(format, &layer.entry(class, units, units));
    let (lo, _) = format.code_range(class);
    let mut patterns = vec![0.0; 1 << format.width(class)];
    let (mut squares, mut products, mut energy) = (0.0, 0.0, 0.0);
    for &(x, part) in elements {
        let index = quantizer.index(to_sample(x as f32, layer.unit.recip()));
        let q = lo + i32::try_from(index).expect("at most 10 bits");
        patterns[format.pattern(class, q) as usize] += part;
        let q = f64::from(q);
        squares += part * q * q;
        products += part * q * x;
        energy += part * x * x;
    }
    // The step that fits best: the error left is what the codes cannot tell.
    let (delta, error) = match squares > 0.0 {
        true => (products / squares, energy - products * products / squares),
        false => (0.0, energy),
    };
    let steps = f64::from(layer.policy.steps(u32::from(layer.bits)));
    let back = delta * f64::from(format.extra_of(class)).exp2() * steps;
    Choosable {
        class,
        range,
        error: error.max(0.0),
        patterns,
        back: back as f32,
    }
}

/// Bits an element, where each pattern of Direct and of Important codes takes so many.
fn rate(option: &Choosable, bits: &[Vec<f64>; 2]) -> f64 {
    let bits = match option.class {
        Class::Direct => &bits[0],
        Class::Important => &bits[1],
        Class::Pruned => return 0.0,
    };
    let pairs = option.patterns.iter().zip(bits);
    pairs.map(|(part, bits)| part * bits).sum()
}

/// Bits of each pattern in a layer's code.
fn pattern_bits(layer: &Layer, format: &Format, class: Class) -> Vec<f64> {
    let layout = layer.mode().layout(format, class);
    let table = match layer.table(class) {
        Ok(table) => table,
        Err(_) => CodeTable::flat(layout.symbol_bits),
    };
    let patterns = 0..1u32 << format.width(class);
    patterns
        .map(|pattern| {
            let (symbol, _) = layout.split(pattern);
            let length = table.lengths()[symbol];
            f64::from(u32::from(length) + layout.raw_bits)
        })
        .collect()
}
