//! Never a deadlock: layers that fill an encoder's FIFOs as far as the code stream allows go through,
//! and would not with less room. `docs/src/design/lane-buffers.md` has the bounds.

use dqa_golden::context::Context;
use dqa_golden::payload::{PlaneRun, encode};
use dqa_hdl::load::{self, Write};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::{decoder, encoder};
use dqa_sim::{Beat, Bench, Model, SimError, Stall, Value, layers};

/// Clocks that are enough for any packet of these tests.
const MANY: u64 = 200_000;

/// What the deepest layers need, with fixed scale.
const DEPTH: usize = 30;

fn parameters(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        channels: 16,
        ..Parameters::default()
    }
}

/// A layer, its samples and its code words.
struct Layer {
    context: Context,
    run: PlaneRun,
    samples: Vec<i16>,
    payload: Vec<u8>,
    depth: usize,
}

impl Layer {
    /// Planes of one full beat and one beat without the last lane, in which `long(lane, beat)` says which
    /// samples take 8 bits; the others take 1.
    fn new(lanes: usize, planes: u16, long: impl Fn(usize, usize) -> bool) -> Self {
        let context = layers::length_by_sample(lanes, u32::try_from(2 * lanes - 1).expect("few"));
        let run = PlaneRun {
            first_channel: 0,
            channels: 1,
            images: planes,
        };
        let samples: Vec<i16> = (0..run.samples(&context))
            .map(|at| if long(at % lanes, at / lanes) { 8 } else { 0 })
            .collect();
        let encoded = encode(&context, &run, &samples).expect("all symbols have codes");
        Self {
            context,
            run,
            samples,
            payload: encoded.payload,
            depth: encoded.fifo_depth,
        }
    }

    /// Lane 0 writes the longest codes beside shortest ones in the last lane, which sits out each
    /// second beat. A lead brings both to the phase of their words at which most is held.
    fn deepest(lanes: usize) -> Self {
        let word = parameters(lanes).word_bits();
        let mut layers = (1..=8).map(|quarters| {
            let lead = quarters * word / 4;
            let planes = u16::try_from(lead / 2 + 3 * word).expect("few");
            Self::new(lanes, planes, |lane, beat| lane == 0 && beat >= lead)
        });
        let layer = layers.find(|layer| layer.depth == DEPTH);
        layer.expect("a lead at which the bound is met")
    }

    /// The last lane writes the shortest codes while the others, one after the other, complete a word
    /// in most beats.
    fn most_crossings(lanes: usize) -> Self {
        let word = parameters(lanes).word_bits();
        let planes = u16::try_from(8 * word).expect("few");
        Self::new(lanes, planes, |lane, beat| {
            lane != lanes - 1 && beat >= 2 * lane
        })
    }

    /// The samples as an encoder's input, or a decoder's output where padding comes back as zero.
    fn beats(&self) -> Vec<Beat> {
        let beats: Vec<Vec<i64>> = self
            .samples
            .chunks(self.context.shape().lanes())
            .map(|beat| beat.iter().map(|&x| i64::from(x)).collect())
            .collect();
        with_last(beats.iter().map(|beat| Value::lanes(beat, 16)))
    }

    fn words(&self) -> Vec<Beat> {
        let words = self.payload.chunks(self.context.shape().word_bytes());
        with_last(words.map(|word| {
            let bytes = word.iter().rev();
            Value::from(bytes.fold(0u64, |value, &byte| value << 8 | u64::from(byte)))
        }))
    }
}

fn with_last(values: impl ExactSizeIterator<Item = Value>) -> Vec<Beat> {
    let last = values.len() - 1;
    let beats = values.enumerate();
    beats
        .map(|(at, value)| Beat::from(value).last(at == last))
        .collect()
}

/// One packet through a core, which has to give `expected` and no more.
fn passes(
    model: &Model,
    writes: &[Write],
    run: &PlaneRun,
    beats: Vec<Beat>,
    expected: Vec<Beat>,
    [stall_in, stall_out]: [Stall; 2],
) -> Result<(), SimError> {
    let mut bench = Bench::new(model, 1)?;
    bench.reset();
    bench.run(2)?;
    for write in writes {
        bench.write("load_valid", true);
        bench.write("load_addr", write.addr);
        bench.write("load_data", write.data);
        bench.tick()?;
    }
    bench.write("load_valid", false);
    let command = Beat::new()
        .with("first_channel", run.first_channel)
        .with("channels", run.channels)
        .with("images", run.images);
    bench.source("cmd", [command], Stall::NONE);
    bench.source("s_axis", beats, stall_in);
    bench.sink("m_axis", stall_out);
    bench.run_until(|bench| bench.received("m_axis") >= expected.len(), MANY)?;
    bench.run(100)?;
    bench.check("m_axis", expected)
}

fn encodes(layer: &Layer, verilog: &str, stalls: [Stall; 2]) -> Result<(), SimError> {
    let model = Model::build(encoder::TOP, verilog)?;
    let lanes = layer.context.shape().lanes();
    let writes = load::encoder(&parameters(lanes), &layer.context).expect("it fits");
    passes(
        &model,
        &writes,
        &layer.run,
        layer.beats(),
        layer.words(),
        stalls,
    )
}

fn rtl(lanes: usize) -> String {
    encoder::verilog(&parameters(lanes), "").expect("sound RTL")
}

/// An encoder that lets beats in up to `crowd` entries in the order FIFO.
fn crowded_at(lanes: usize, crowd: usize) -> String {
    let crowded = "many_held$d$settling = &held$q[(32'h7)+:(2)];";
    let verilog = rtl(lanes);
    assert!(verilog.contains(crowded), "bring the edit up to date");
    verilog.replace(
        crowded,
        &format!("many_held$d$settling = held$q >= 9'd{crowd};"),
    )
}

fn locks_up(layer: &Layer, verilog: &str) {
    let end = encodes(layer, verilog, [Stall::NONE; 2]);
    assert!(matches!(end, Err(SimError::Timeout { .. })), "{end:?}");
}

const STALLS: [[Stall; 2]; 4] = [
    [Stall::NONE, Stall::NONE],
    [Stall::NONE, Stall::percent(50)],
    [Stall::NONE, Stall::percent(90)],
    [Stall::percent(90), Stall::percent(10)],
];

#[test]
fn the_deepest_layers_go_through() -> Result<(), SimError> {
    for lanes in [2, 8] {
        let verilog = rtl(lanes);
        for layer in [Layer::deepest(lanes), Layer::most_crossings(lanes)] {
            for stalls in STALLS {
                encodes(&layer, &verilog, stalls)?;
            }
        }
    }
    Ok(())
}

/// The words that wait in a lane have their entries in the order FIFO, so a limit of 32 entries
/// leaves room for 30 words; one of 16 does not.
#[test]
fn too_few_words_a_lane_lock_up() -> Result<(), SimError> {
    let layer = Layer::deepest(2);
    encodes(&layer, &crowded_at(2, 32), [Stall::NONE; 2])?;
    locks_up(&layer, &crowded_at(2, 16));
    Ok(())
}

/// 256 entries do, 4 W, and 128 do not.
#[test]
fn too_few_entries_lock_up() -> Result<(), SimError> {
    let layer = Layer::most_crossings(8);
    encodes(&layer, &crowded_at(8, 256), [Stall::NONE; 2])?;
    locks_up(&layer, &crowded_at(8, 128));
    Ok(())
}

/// The same words through a decoder, whose lanes then are as far apart as can be.
#[test]
fn the_deepest_layers_come_back() -> Result<(), SimError> {
    for lanes in [2, 8] {
        let verilog = decoder::verilog(&parameters(lanes), "").expect("sound RTL");
        let model = Model::build(decoder::TOP, &verilog)?;
        for layer in [Layer::deepest(lanes), Layer::most_crossings(lanes)] {
            let writes = load::decoder(&parameters(lanes), &layer.context).expect("it fits");
            let decoded = dqa_golden::payload::decode(&layer.context, &layer.run, &layer.payload)
                .expect("good");
            let back = Layer {
                samples: decoded,
                ..layer
            };
            for stalls in STALLS {
                passes(
                    &model,
                    &writes,
                    &back.run,
                    back.words(),
                    back.beats(),
                    stalls,
                )?;
            }
        }
    }
    Ok(())
}
