//! Never a deadlock: layers that fill an encoder's FIFOs as far as the code stream allows go through,
//! and would not with less room. `docs/src/design/lane-buffers.md` has the bounds.

use dqa_golden::context::{Context, Scale};
use dqa_golden::payload::{PlaneRun, encode};
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::table::CodeTable;
use dqa_hdl::load::{self, Write};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::{decoder, encoder};
use dqa_sim::{Beat, Bench, Model, SimError, Stall, Value, layers};

/// Clocks that are enough for any packet of these tests.
const MANY: u64 = 200_000;

/// Words that a lane holds back in the deepest layers, by whether their scale is fixed or dynamic.
const DEPTH: [usize; 2] = [30, 62];

fn parameters(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        channels: 16,
        ..Parameters::default()
    }
}

/// With planes of two beats of dynamic scale.
fn dynamic(lanes: usize) -> Parameters {
    Parameters {
        dynamic_beats: 2,
        ..parameters(lanes)
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
    fn new(parameters: &Parameters, planes: u16, long: impl Fn(usize, usize) -> bool) -> Self {
        let lanes = parameters.lanes;
        let fixed = layers::length_by_sample(lanes, u32::try_from(2 * lanes - 1).expect("few"));
        let mut parts = fixed.parts().clone();
        if parameters.dynamic_beats > 0 {
            // The largest sample has the largest code, whatever it is.
            let lengths = [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 8];
            parts.direct = CodeTable::from_lengths(&lengths, 8).expect("complete");
            parts.important = parts.direct.clone();
            parts.scale = Scale::Dynamic {
                policy: DeltaPolicy::FullRange,
            };
        }
        let context = Context::new(parts).expect("legal");
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
    fn deepest(parameters: &Parameters) -> Self {
        let word = parameters.word_bits();
        let mut layers = (1..=8).map(|quarters| {
            let lead = quarters * word / 4;
            let planes = u16::try_from(lead / 2 + 3 * word).expect("few");
            Self::new(parameters, planes, |lane, beat| lane == 0 && beat >= lead)
        });
        let depth = DEPTH[usize::from(parameters.dynamic_beats > 0)];
        let layer = layers.find(|layer| layer.depth == depth);
        layer.expect("a lead at which the bound is met")
    }

    /// The last lane writes the shortest codes while the others, one after the other, complete a word
    /// in most beats.
    fn most_crossings(parameters: &Parameters) -> Self {
        let (lanes, word) = (parameters.lanes, parameters.word_bits());
        let planes = u16::try_from(8 * word).expect("few");
        Self::new(parameters, planes, |lane, beat| {
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

fn encodes(
    parameters: &Parameters,
    layer: &Layer,
    verilog: &str,
    stalls: [Stall; 2],
) -> Result<(), SimError> {
    let model = Model::build(encoder::TOP, verilog)?;
    let writes = load::encoder(parameters, &layer.context).expect("it fits");
    passes(
        &model,
        &writes,
        &layer.run,
        layer.beats(),
        layer.words(),
        stalls,
    )
}

fn rtl(parameters: &Parameters) -> String {
    encoder::verilog(parameters, "").expect("sound RTL")
}

/// An encoder that lets beats in up to `crowd` entries in the order FIFO.
fn crowded_at(parameters: &Parameters, crowd: usize) -> String {
    let crowded = "many_held$d$settling = &held$q[(32'h7)+:(2)];";
    let verilog = rtl(parameters);
    assert!(verilog.contains(crowded), "bring the edit up to date");
    verilog.replace(
        crowded,
        &format!("many_held$d$settling = held$q >= 9'd{crowd};"),
    )
}

fn locks_up(parameters: &Parameters, layer: &Layer, verilog: &str) {
    let end = encodes(parameters, layer, verilog, [Stall::NONE; 2]);
    assert!(matches!(end, Err(SimError::Timeout { .. })), "{end:?}");
}

const STALLS: [[Stall; 2]; 4] = [
    [Stall::NONE, Stall::NONE],
    [Stall::NONE, Stall::percent(50)],
    [Stall::NONE, Stall::percent(90)],
    [Stall::percent(90), Stall::percent(10)],
];

fn go_through(parameters: &Parameters) -> Result<(), SimError> {
    let verilog = rtl(parameters);
    for layer in [
        Layer::deepest(parameters),
        Layer::most_crossings(parameters),
    ] {
        for stalls in STALLS {
            encodes(parameters, &layer, &verilog, stalls)?;
        }
    }
    Ok(())
}

#[test]
fn the_deepest_layers_go_through() -> Result<(), SimError> {
    for lanes in [2, 8] {
        go_through(&parameters(lanes))?;
    }
    Ok(())
}

#[test]
fn the_deepest_layers_of_dynamic_scale_go_through() -> Result<(), SimError> {
    for lanes in [2, 8] {
        go_through(&dynamic(lanes))?;
    }
    Ok(())
}

/// The words that wait in a lane have their entries in the order FIFO, so a limit of 32 entries
/// leaves room for 30 words, one of 64 for 62; half of those does not.
#[test]
fn too_few_words_a_lane_lock_up() -> Result<(), SimError> {
    for (parameters, entries) in [(parameters(2), 32), (dynamic(2), 64)] {
        let layer = Layer::deepest(&parameters);
        let enough = crowded_at(&parameters, entries);
        encodes(&parameters, &layer, &enough, [Stall::NONE; 2])?;
        locks_up(&parameters, &layer, &crowded_at(&parameters, entries / 2));
    }
    Ok(())
}

/// 256 entries do, 4 W, and 128 do not.
#[test]
fn too_few_entries_lock_up() -> Result<(), SimError> {
    for parameters in [parameters(8), dynamic(8)] {
        let layer = Layer::most_crossings(&parameters);
        let enough = crowded_at(&parameters, 256);
        encodes(&parameters, &layer, &enough, [Stall::NONE; 2])?;
        locks_up(&parameters, &layer, &crowded_at(&parameters, 128));
    }
    Ok(())
}

/// The same words through a decoder, whose lanes then are as far apart as can be.
#[test]
fn the_deepest_layers_come_back() -> Result<(), SimError> {
    for parameters in [2, 8]
        .into_iter()
        .flat_map(|lanes| [parameters(lanes), dynamic(lanes)])
    {
        let verilog = decoder::verilog(&parameters, "").expect("sound RTL");
        let model = Model::build(decoder::TOP, &verilog)?;
        for layer in [
            Layer::deepest(&parameters),
            Layer::most_crossings(&parameters),
        ] {
            let writes = load::decoder(&parameters, &layer.context).expect("it fits");
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
