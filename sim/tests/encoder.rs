//! The encoder core against golden: every kind of layer, stalls, packets back to back, resets and
//! errors.

mod layers;

use dqa_golden::context::Context;
use dqa_golden::payload::{EncodeError, PlaneRun, encode};
use dqa_hdl::encoder;
use dqa_hdl::load::{self, Write};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Beat, Bench, Model, SimError, Stall, seeds};
use fastrand::Rng;

/// Clocks that are enough for any packet of these tests, and a bit.
const MANY: u64 = 4_000_000;

fn parameters(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        channels: 16,
        ..Parameters::default()
    }
}

fn model(lanes: usize) -> Result<Model, SimError> {
    let verilog = encoder::verilog(&parameters(lanes), "").expect("sound RTL");
    Model::build(encoder::TOP, &verilog)
}

/// A core and what it still has to give.
struct Core {
    bench: Bench,
    lanes: usize,
    expected: Vec<Beat>,
}

impl Core {
    fn new(model: &Model, lanes: usize, seed: u64) -> Result<Self, SimError> {
        let mut bench = Bench::new(model, seed)?;
        bench.reset();
        bench.run(2)?;
        Ok(Self {
            bench,
            lanes,
            expected: Vec::new(),
        })
    }

    fn write(
        &mut self,
        context: bool,
        writes: impl IntoIterator<Item = Write>,
    ) -> Result<(), SimError> {
        for write in writes {
            self.bench.write("load_valid", true);
            self.bench.write("load_context", context);
            self.bench.write("load_addr", write.addr);
            self.bench.write("load_data", write.data);
            self.bench.tick()?;
        }
        self.bench.write("load_valid", false);
        Ok(())
    }

    fn load(&mut self, slot: bool, context: &Context) -> Result<(), SimError> {
        let writes = load::encoder(&parameters(self.lanes), context).expect("it fits");
        self.write(slot, writes)
    }

    fn command(&mut self, slot: bool, run: &PlaneRun) {
        let command = Beat::new()
            .with("context", slot)
            .with("first_channel", run.first_channel)
            .with("channels", run.channels)
            .with("images", run.images);
        self.bench.source("cmd", [command], Stall::NONE);
    }

    fn samples(&mut self, samples: &[i16], stall: Stall) {
        let beats = layers::beats(samples, self.lanes);
        let last = beats.len() - 1;
        let beats = (0..)
            .zip(beats)
            .map(|(at, beat)| Beat::from(beat).last(at == last));
        self.bench.source("s_axis", beats, stall);
    }

    fn expect(&mut self, payload: &[u8], error: u8) {
        let words = layers::words(payload, self.lanes);
        let last = words.len() - 1;
        self.expected.extend((0..).zip(words).map(|(at, word)| {
            let user = if at == last { error } else { 0 };
            Beat::from(word).last(at == last).user(user)
        }));
    }

    /// Words that golden gives, or just the end with error 3 where it refuses.
    fn packet(
        &mut self,
        slot: bool,
        context: &Context,
        run: &PlaneRun,
        samples: &[i16],
        stall: Stall,
    ) -> Result<(), SimError> {
        self.command(slot, run);
        self.samples(samples, stall);
        match encode(context, run, samples) {
            Ok(encoded) => {
                self.expect(&encoded.payload, 0);
                self.finish()
            }
            Err(EncodeError::NoCode { .. }) => self.ends_with(3),
            Err(other) => panic!("{other}"),
        }
    }

    fn finish(&mut self) -> Result<(), SimError> {
        let count = self.expected.len();
        self.bench
            .run_until(|bench| bench.received("m_axis") >= count, MANY)?;
        self.bench.check("m_axis", self.expected.clone())
    }

    /// Some words, then the packet's end with this error.
    fn ends_with(&mut self, error: u8) -> Result<(), SimError> {
        let before = self.expected.len();
        let ended = |bench: &mut Bench| {
            let beats = bench.beats("m_axis");
            beats.len() > before
                && beats
                    .last()
                    .is_some_and(|beat| beat.get("tlast").to_u64() == 1)
        };
        self.bench.run_until(ended, MANY)?;
        self.expected = self.bench.beats("m_axis");
        let last = self.expected.last().expect("a word");
        assert_eq!(last.get("tuser").to_u64(), u64::from(error));
        Ok(())
    }
}

/// Random layers, packets back to back with contexts in turn.
fn agrees_with_golden(lanes: usize) -> Result<(), SimError> {
    let model = model(lanes)?;
    for seed in seeds(5) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::new(&model, lanes, seed)?;
        for number in 0..12 {
            let slot = number % 2 == 1;
            let context = layers::context(&mut random, lanes);
            core.load(slot, &context)?;
            let stall = |random: &mut Rng| Stall::SWEEP[random.usize(0..Stall::SWEEP.len())];
            core.bench.sink("m_axis", stall(&mut random));
            for _ in 0..random.usize(1..3) {
                let run = layers::run(&mut random, &context);
                let samples = layers::samples(&mut random, &context, &run);
                let stall = stall(&mut random);
                core.packet(slot, &context, &run, &samples, stall)?;
            }
        }
    }
    Ok(())
}

#[test]
fn one_lane_agrees_with_golden() -> Result<(), SimError> {
    agrees_with_golden(1)
}

#[test]
fn two_lanes_agree_with_golden() -> Result<(), SimError> {
    agrees_with_golden(2)
}

#[test]
fn four_lanes_agree_with_golden() -> Result<(), SimError> {
    agrees_with_golden(4)
}

#[test]
fn eight_lanes_agree_with_golden() -> Result<(), SimError> {
    agrees_with_golden(8)
}

/// Commands and samples of many packets wait from the start, in both contexts.
#[test]
fn packets_wait_for_each_other() -> Result<(), SimError> {
    let lanes = 2;
    let model = model(lanes)?;
    for seed in seeds(4) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::new(&model, lanes, seed)?;
        let contexts = [5, 16].map(|plane_len| layers::length_by_sample(lanes, plane_len));
        core.load(false, &contexts[0])?;
        core.load(true, &contexts[1])?;
        core.bench.sink("m_axis", Stall::percent(10));
        for _ in 0..50 {
            let slot = random.bool();
            let context = &contexts[usize::from(slot)];
            let run = layers::run(&mut random, context);
            let samples: Vec<i16> = (0..run.samples(context))
                .map(|_| random.i16(0..9))
                .collect();
            let encoded = encode(context, &run, &samples).expect("all symbols have codes");
            core.command(slot, &run);
            core.samples(&samples, Stall::NONE);
            core.expect(&encoded.payload, 0);
        }
        core.finish()?;
    }
    Ok(())
}

/// Lanes that write their shortest codes beside lanes that write their longest, in every phase of
/// their words, on planes that have a partial beat after every full one: the deepest FIFOs.
fn never_locks_up(lanes: usize) -> Result<(), SimError> {
    let model = model(lanes)?;
    let plane_len = u32::try_from(2 * lanes - 1).expect("few");
    let context = layers::length_by_sample(lanes, plane_len);
    let run = PlaneRun {
        first_channel: 0,
        channels: 1,
        images: 1200,
    };
    for seed in seeds(4) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::new(&model, lanes, seed)?;
        core.load(false, &context)?;
        core.bench.sink("m_axis", Stall::NONE);
        for slow in 0..lanes {
            let lead = random.usize(0..400);
            let samples: Vec<i16> = (0..run.samples(&context))
                .map(|at| match (at % lanes == slow, at < lead * lanes) {
                    (_, true) => random.i16(0..9),
                    (true, false) => 0,
                    (false, false) => 8,
                })
                .collect();
            core.packet(false, &context, &run, &samples, Stall::NONE)?;
        }
    }
    Ok(())
}

#[test]
fn two_lanes_never_lock_up() -> Result<(), SimError> {
    never_locks_up(2)
}

#[test]
fn eight_lanes_never_lock_up() -> Result<(), SimError> {
    never_locks_up(8)
}

/// A layer of 64 channels without stalls: a beat a clock, and few clocks before and behind.
#[test]
fn a_beat_a_clock() -> Result<(), SimError> {
    let (lanes, plane_len, channels) = (4, 256, 64);
    let parameters = Parameters {
        channels: 64,
        ..parameters(lanes)
    };
    let verilog = encoder::verilog(&parameters, "").expect("sound RTL");
    let model = Model::build(encoder::TOP, &verilog)?;
    let mut parts = layers::length_by_sample(lanes, plane_len).parts().clone();
    parts.channels = vec![parts.channels[0]; channels];
    let context = Context::new(parts).expect("legal");
    let run = PlaneRun {
        first_channel: 0,
        channels: 64,
        images: 1,
    };
    let mut core = Core::new(&model, lanes, 0)?;
    core.write(
        false,
        load::encoder(&parameters, &context).expect("it fits"),
    )?;
    let mut random = Rng::with_seed(0);
    let samples: Vec<i16> = (0..run.samples(&context))
        .map(|_| random.i16(0..9))
        .collect();
    core.bench.sink("m_axis", Stall::NONE);
    let before = core.bench.cycle();
    core.packet(false, &context, &run, &samples, Stall::NONE)?;
    let clocks = core.bench.cycle() - before;
    let beats = (samples.len() / lanes) as u64;
    println!("{clocks} clocks for {beats} beats");
    assert!(clocks <= beats + 40, "{clocks} clocks for {beats} beats");
    Ok(())
}

/// A packet that is known to be good, behind something that went wrong.
fn good_packet(core: &mut Core, random: &mut Rng) -> Result<(), SimError> {
    let lanes = core.lanes;
    let context = layers::length_by_sample(lanes, 49);
    core.load(true, &context)?;
    let run = PlaneRun {
        first_channel: 0,
        channels: 1,
        images: 2,
    };
    let samples: Vec<i16> = (0..run.samples(&context))
        .map(|_| random.i16(0..9))
        .collect();
    core.packet(true, &context, &run, &samples, Stall::NONE)
}

#[test]
fn errors_end_the_packet_and_the_next_starts_clean() -> Result<(), SimError> {
    let lanes = 4;
    let model = model(lanes)?;
    let context = layers::length_by_sample(lanes, 10);
    let one = PlaneRun {
        first_channel: 0,
        channels: 1,
        images: 1,
    };
    for seed in seeds(3) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::new(&model, lanes, seed)?;
        core.bench.sink("m_axis", Stall::percent(10));
        core.load(false, &context)?;
        let two = PlaneRun { images: 2, ..one };
        let samples = vec![1; two.samples(&context)];
        // The input of one plane where two are due, and the other way round.
        for (run, given, error) in [(two, 12, 1), (two, 4, 1), (one, 24, 2), (one, 16, 2)] {
            core.command(false, &run);
            core.samples(&samples[..given], Stall::percent(10));
            core.ends_with(error)?;
            good_packet(&mut core, &mut random)?;
        }
        // A symbol without a code.
        core.command(false, &one);
        core.samples(&[9; 12], Stall::NONE);
        core.ends_with(3)?;
        good_packet(&mut core, &mut random)?;
        // Commands out of range, whose input is dropped.
        let refused = [
            PlaneRun { channels: 0, ..one },
            PlaneRun { images: 0, ..one },
            PlaneRun { channels: 2, ..one },
            PlaneRun {
                first_channel: 1,
                ..one
            },
            PlaneRun {
                first_channel: 65535,
                channels: 65535,
                images: 1,
            },
        ];
        for run in refused {
            core.command(false, &run);
            core.samples(&samples[..12], Stall::NONE);
            core.ends_with(5)?;
            good_packet(&mut core, &mut random)?;
        }
        // A plane below S: one beat that is not whole.
        let short = Write {
            addr: load::PLANE,
            data: 0b0111 << 20,
        };
        core.write(false, [short])?;
        core.command(false, &one);
        core.samples(&samples[..4], Stall::NONE);
        core.ends_with(5)?;
        good_packet(&mut core, &mut random)?;
        // An undefined class.
        core.load(false, &context)?;
        core.write(
            false,
            [Write {
                addr: load::CHANNELS,
                data: 3 << 22,
            }],
        )?;
        core.command(false, &one);
        core.samples(&samples[..12], Stall::NONE);
        core.ends_with(4)?;
        good_packet(&mut core, &mut random)?;
    }
    Ok(())
}

#[test]
fn a_reset_at_any_clock_leaves_nothing_behind() -> Result<(), SimError> {
    let lanes = 4;
    let model = model(lanes)?;
    for seed in seeds(40) {
        let mut random = Rng::with_seed(seed);
        let mut core = Core::new(&model, lanes, seed)?;
        core.bench.sink("m_axis", Stall::percent(50));
        let context = layers::length_by_sample(lanes, 49);
        core.load(false, &context)?;
        let run = PlaneRun {
            first_channel: 0,
            channels: 1,
            images: 4,
        };
        core.command(false, &run);
        core.samples(&vec![8; run.samples(&context)], Stall::NONE);
        core.bench.run(random.u64(1..120))?;
        core.bench.restart();
        core.bench.run(2)?;
        core.expected = core.bench.beats("m_axis");
        good_packet(&mut core, &mut random)?;
    }
    Ok(())
}
