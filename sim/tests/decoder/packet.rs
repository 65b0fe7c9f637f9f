//! Random packets: context, planes, code words and the samples that golden decodes from them.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::{Format, max_extra};
use dqa_golden::lanes::LaneShape;
use dqa_golden::multiplier::Multiplier;
use dqa_golden::payload::{self, PlaneRun};
use dqa_golden::symbol::Mode;
use dqa_golden::table::CodeTable;
use dqa_hdl::load::{self, Write};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Beat, Value};
use fastrand::Rng;

/// Rows of the cores' channel tables.
const ROWS: usize = 64;

/// Of the cores that these packets go to.
pub fn parameters(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        symbol_bits: 6,
        channels: ROWS,
        ..Parameters::default()
    }
}

/// One packet with all that belongs to it.
pub struct Packet {
    pub context: Context,
    pub run: PlaneRun,
    pub words: Vec<Beat>,
    pub samples: Vec<Beat>,
}

fn words(context: &Context, payload: &[u8]) -> Vec<Beat> {
    let words: Vec<_> = payload.chunks(context.shape().word_bytes()).collect();
    let last = words.len() - 1;
    let beat = |(i, word): (usize, &&[u8])| {
        let value = word
            .iter()
            .rev()
            .fold(0u64, |v, &byte| v << 8 | u64::from(byte));
        Beat::from(value).last(i == last)
    };
    words.iter().enumerate().map(beat).collect()
}

fn samples(lanes: usize, samples: &[i16], status: u64) -> Vec<Beat> {
    let beats = samples.len() / lanes;
    let beat = |(i, beat): (usize, &[i16])| {
        let beat: Vec<_> = beat.iter().map(|&x| i64::from(x)).collect();
        let last = i + 1 == beats;
        Beat::from(Value::lanes(&beat, 16))
            .last(last)
            .user(if last { status } else { 0 })
    };
    samples.chunks(lanes).enumerate().map(beat).collect()
}

/// Where the code tables come from.
#[derive(Clone, Copy)]
pub enum Tables {
    /// All codes of the same length.
    Flat,
    /// The longest codes.
    Staircase,
    /// Random counts.
    Random,
    /// The samples.
    Fitting,
}

/// A context without its geometry.
pub struct Layer {
    pub format: Format,
    pub mode: Mode,
    pub limit: u8,
    pub tables: Tables,
    pub channels: Vec<ChannelEntry>,
}

/// Lengths of the longest code that `limit` allows.
fn staircase(symbols: usize, limit: u8) -> Vec<u8> {
    let mut counts = vec![1; symbols];
    for (i, count) in counts.iter_mut().enumerate().take(8) {
        *count = 1 << (2 * (8 - i));
    }
    CodeTable::from_counts(&counts, limit)
        .unwrap()
        .lengths()
        .to_vec()
}

impl Packet {
    /// Planes of `plane_len` samples with a random context.
    pub fn random(random: &mut Rng, lanes: usize, plane_len: usize, planes: usize) -> Self {
        let bits = random.u8(2..=8);
        let extra = random.u8(0..=max_extra(bits));
        let signed = random.bool();
        let zero_point = match (random.u8(0..3), signed) {
            (0, _) => 0,
            (_, true) => random.i16(-(1 << (bits - 1))..1 << (bits - 1)),
            (_, false) => random.i16(0..1 << bits),
        };
        let format = Format::new(bits, extra, signed, zero_point).unwrap();
        let limit = random.u8(6..=8);
        let mode = match random.u8(0..3) {
            0 => Mode::Paper,
            _ => Mode::Joint {
                direct: random.u8(0..=bits.min(6)),
                important: random.u8(0..=(bits + extra).min(6)),
            },
        };
        let channels: Vec<_> = (0..random.usize(1..=planes.min(ROWS)))
            .map(|_| entry(random, &format))
            .collect();
        let first = random.usize(0..channels.len());
        let per_image = random.usize(1..=channels.len() - first);
        let run = PlaneRun {
            first_channel: first as u16,
            channels: per_image as u16,
            images: (planes / per_image).max(1) as u16,
        };
        let tables = match random.u8(0..4) {
            0 => Tables::Flat,
            1 => Tables::Staircase,
            2 => Tables::Random,
            _ => Tables::Fitting,
        };
        let layer = Layer {
            format,
            mode,
            limit,
            tables,
            channels,
        };
        Self::new(random, lanes, plane_len, layer, run)
    }

    /// Planes of random samples.
    pub fn new(
        random: &mut Rng,
        lanes: usize,
        plane_len: usize,
        layer: Layer,
        run: PlaneRun,
    ) -> Self {
        let signed = layer.format.signed();
        let padded = LaneShape::new(lanes as u8).unwrap().padded(plane_len);
        let mut samples_in = Vec::new();
        for _ in run.rows() {
            let spread = random.i32(1..=40_000);
            let plane = (0..padded).map(|_| {
                let x = f64::from(spread) * (random.f64() - 0.5) * random.f64() * 2.0;
                (x as i32 + if signed { 0 } else { spread / 4 }).clamp(-32768, 32767) as i16
            });
            samples_in.extend(plane);
        }
        Self::of(random, lanes, plane_len, layer, run, &samples_in)
    }

    /// Planes of given samples, padded.
    pub fn of(
        random: &mut Rng,
        lanes: usize,
        plane_len: usize,
        layer: Layer,
        run: PlaneRun,
        samples_in: &[i16],
    ) -> Self {
        let Layer {
            format,
            mode,
            limit,
            tables,
            channels,
        } = layer;
        let shape = LaneShape::new(lanes as u8).unwrap();
        let padded = shape.padded(plane_len);
        // Tables: from the data, skewed to the longest codes, or flat.
        let mut table = |class: Class| {
            let layout = mode.layout(&format, class);
            let mut counts = vec![0u64; layout.alphabet()];
            for (plane, row) in samples_in.chunks(padded).zip(run.rows()) {
                let entry = &channels[row];
                for &x in plane.iter().filter(|_| entry.class == class) {
                    let q = entry.quantize(&format, x);
                    counts[layout.split(format.pattern(class, q)).0] += 1;
                }
            }
            match tables {
                Tables::Flat => CodeTable::flat(layout.symbol_bits),
                Tables::Staircase => {
                    let lengths = staircase(layout.alphabet(), limit);
                    CodeTable::from_lengths(&lengths, limit).unwrap()
                }
                Tables::Random => {
                    let counts: Vec<_> = counts.iter().map(|_| 1 << random.u32(0..30)).collect();
                    CodeTable::from_counts(&counts, limit).unwrap()
                }
                Tables::Fitting => {
                    let best = CodeTable::from_counts(&counts, limit).unwrap();
                    let lacks = counts
                        .iter()
                        .enumerate()
                        .any(|(s, &count)| count > 0 && best.code(s).is_none());
                    assert!(!lacks);
                    best
                }
            }
        };
        let (direct, important) = (table(Class::Direct), table(Class::Important));
        let context = Context::new(ContextParts {
            format,
            mode,
            shape,
            scale: Scale::Fixed,
            plane_len: plane_len as u32,
            limit,
            direct,
            important,
            channels,
        })
        .unwrap();
        let encoded = payload::encode(&context, &run, samples_in).unwrap();
        let decoded = payload::decode(&context, &run, &encoded.payload).unwrap();
        Self {
            words: words(&context, &encoded.payload),
            samples: samples(lanes, &decoded, 0),
            context,
            run,
        }
    }

    /// The command that decodes it with the context of a bank.
    pub fn command(&self, bank: bool) -> Beat {
        Beat::new()
            .with("context", u64::from(bank))
            .with("first_channel", u64::from(self.run.first_channel))
            .with("channels", u64::from(self.run.channels))
            .with("images", u64::from(self.run.images))
    }

    /// The writes that load its context.
    pub fn writes(&self) -> Vec<Write> {
        load::decoder(&parameters(self.context.shape().lanes()), &self.context).unwrap()
    }
}

fn entry(random: &mut Rng, format: &Format) -> ChannelEntry {
    let class = match random.u8(0..8) {
        0 => Class::Pruned,
        1..5 => Class::Direct,
        _ => Class::Important,
    };
    let steps = 1 << (format.bits() - 1);
    let range = random.u32(1..=65535);
    let quantizer = Multiplier::from_ratio(steps, range).unwrap();
    let dequantizer = match random.u8(0..8) {
        0 => Multiplier::ZERO,
        1..5 => Multiplier::from_ratio(range, steps).unwrap(),
        _ => {
            let most = 31 - format.extra_of(class) as u8;
            Multiplier::new(random.u32(65536..=131_071), random.u8(0..=most)).unwrap()
        }
    };
    let entry = ChannelEntry {
        class,
        quantizer,
        dequantizer,
    };
    entry.check(format).unwrap();
    entry
}
