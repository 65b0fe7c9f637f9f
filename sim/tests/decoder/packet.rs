//! Packets of a chosen layer: context, planes, code words and the samples that golden decodes from them.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::Format;
use dqa_golden::lanes::LaneShape;
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

impl Packet {
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
