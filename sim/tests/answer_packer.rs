//! The answer packer against a model of it: answers come out whole, or, where a reset of the core cuts
//! them, with an end.

use dqa_hdl::emit::emit;
use dqa_hdl::xdma::answer_packer::AnswerPacker;
use dqa_sim::{Beat, Bench, Model, SimError, Stall, seeds};
use fastrand::Rng;

const TOP: &str = "answer_packer";
/// Clocks for a session.
const PATIENCE: u64 = 100_000;

/// Bytes of a core's beat and of an engine's, and the unit between.
struct Unit {
    beat: usize,
    engine: usize,
    model: Model,
}

macro_rules! unit {
    ($a:literal, $x:literal) => {{
        let block = AnswerPacker::<$a, $x, { $x / 8 }, { $x + $x / 8 + 1 }>::default();
        let verilog = emit(TOP, "", block).expect("sound RTL");
        Model::build(TOP, &verilog).map(|model| Unit {
            beat: $a / 8,
            engine: $x / 8,
            model,
        })
    }};
}

fn units() -> Result<[Unit; 4], SimError> {
    Ok([
        unit!(32, 64)?,
        unit!(32, 128)?,
        unit!(64, 128)?,
        unit!(128, 128)?,
    ])
}

fn word(bytes: &[u8]) -> u128 {
    let bytes = bytes.iter().rev();
    bytes.fold(0, |word, &byte| word << 8 | u128::from(byte))
}

/// What is to come out.
#[derive(Default)]
struct Packer {
    held: Vec<u8>,
    /// The engine has a part of an answer.
    open: bool,
    beats: Vec<Beat>,
    closed: usize,
}

impl Packer {
    fn give(&mut self, last: bool) {
        let keep = (1u64 << self.held.len()) - 1;
        let beat = Beat::from(word(&self.held)).with("tkeep", keep).last(last);
        self.beats.push(beat);
        self.held.clear();
        self.open = !last;
    }

    fn take(&mut self, bytes: &[u8], last: bool, engine: usize) {
        self.held.extend_from_slice(bytes);
        if last || self.held.len() == engine {
            self.give(last);
        }
    }

    fn clear(&mut self, beat: usize) {
        self.held.clear();
        if self.open {
            self.held.resize(beat, 0);
            self.give(true);
            self.closed += 1;
        }
    }
}

#[test]
fn packs_answers_and_ends_those_that_are_cut() -> Result<(), SimError> {
    for unit in units()? {
        let mut closed = 0;
        for seed in seeds(120) {
            let mut random = Rng::with_seed(seed);
            let mut stall = || Stall::SWEEP[random.usize(0..4)];
            let (stall_in, stall_out) = (stall(), stall());
            let mut bench = Bench::new(&unit.model, seed)?;
            bench.sink("m_axis", stall_out);
            bench.source("s_axis", [] as [Beat; 0], stall_in);
            bench.reset();
            let mut packer = Packer::default();
            for _ in 0..random.usize(1..6) {
                let mut beats = Vec::new();
                for _ in 0..random.usize(1..20) {
                    let count = random.usize(1..40);
                    beats.extend((1..=count).map(|at| {
                        let bytes: Vec<u8> = (0..unit.beat).map(|_| random.u8(..)).collect();
                        (bytes, at == count)
                    }));
                }
                let offered = beats.iter();
                let offered = offered.map(|(bytes, last)| Beat::from(word(bytes)).last(*last));
                bench.source("s_axis", offered, stall_in);
                let cut = random.bool();
                match cut {
                    true => bench.run(random.u64(0..400))?,
                    false => bench.run_until(|bench| bench.waiting("s_axis") == 0, PATIENCE)?,
                }
                let taken = beats.len() - bench.waiting("s_axis");
                for (bytes, last) in &beats[..taken] {
                    packer.take(bytes, *last, unit.engine);
                }
                if cut {
                    bench.clear("s_axis");
                    packer.clear(unit.beat);
                    bench.write("clear", true);
                    bench.run(random.u64(1..20))?;
                    bench.write("clear", false);
                }
            }
            let count = packer.beats.len();
            bench.run_until(|bench| bench.received("m_axis") >= count, PATIENCE)?;
            bench.run(50)?;
            bench.check("m_axis", packer.beats)?;
            closed += packer.closed;
        }
        assert!(closed > 20, "{closed} answers were cut");
    }
    Ok(())
}

#[test]
fn takes_a_beat_a_clock() -> Result<(), SimError> {
    for unit in units()? {
        let mut bench = Bench::new(&unit.model, 0)?;
        bench.sink("m_axis", Stall::NONE);
        bench.reset();
        let start = bench.cycle();
        let beats = (1..=1000u64).map(|at| Beat::from(at).last(at % 100 == 0));
        bench.source("s_axis", beats, Stall::NONE);
        bench.run_until(|bench| bench.packets("m_axis") == 10, PATIENCE)?;
        let clocks = bench.cycle() - start;
        assert!(clocks <= 1003, "{clocks} clocks for 1000 beats");
    }
    Ok(())
}
