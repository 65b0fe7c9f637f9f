//! The encoder's FIFOs against a queue: words and order entries, under all loads up to a crowd.

use dqa_hdl::emit::emit;
use dqa_hdl::order_fifo::OrderFifo;
use dqa_hdl::word_fifo::WordFifo;
use dqa_sim::{Instance, Model, SimError, seeds};
use fastrand::Rng;
use std::collections::VecDeque;

/// Writes at random, bursts up to `beyond` in a crowd; `crowd` is how many make one.
struct Writer {
    held: VecDeque<u64>,
    crowd: usize,
    beyond: usize,
    in_crowd: usize,
    /// What has been held at the last clocks.
    levels: [usize; 4],
}

impl Writer {
    fn new(crowd: usize, beyond: usize) -> Self {
        Self {
            held: VecDeque::new(),
            crowd,
            beyond,
            in_crowd: 0,
            levels: [0; 4],
        }
    }

    /// Checks `crowded`, which may be a few clocks and two places late, and gives a value to write.
    fn write(&mut self, unit: &Instance, random: &mut Rng, percent: u8) -> Option<u64> {
        let crowded = unit.get_u64("crowded") == 1;
        self.levels.rotate_right(1);
        self.levels[0] = self.held.len();
        if self.levels.iter().all(|&level| level >= self.crowd + 2) {
            assert!(crowded, "{:?}", self.levels);
        }
        if self.levels.iter().all(|&level| level < self.crowd) {
            assert!(!crowded, "{:?}", self.levels);
        }
        self.in_crowd = if crowded { self.in_crowd } else { 0 };
        let writes = random.u8(0..100) < percent && self.in_crowd < self.beyond;
        self.in_crowd += usize::from(writes);
        writes.then(|| random.u64(..) >> 32)
    }
}

/// Percent of clocks in which there is a write and a read: full, empty, even.
fn loads(random: &mut Rng) -> [u8; 2] {
    [[100, 10], [10, 100], [100, 100], [60, 50]][random.usize(0..4)]
}

#[test]
fn words_in_order() -> Result<(), SimError> {
    let verilog = emit("word_fifo", "", WordFifo::<32>::default()).expect("sound RTL");
    let model = Model::build("word_fifo", &verilog)?;
    for seed in seeds(10) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        let mut writer = Writer::new(48, 16);
        let mut load = loads(&mut random);
        // What was taken at the last two moves of the reading side.
        let mut taken = [None; 2];
        for clock in 0..20_000 {
            if clock % 500 == 0 {
                load = loads(&mut random);
            }
            unit.eval();
            let word = writer.write(&unit, &mut random, load[0]);
            let advance = random.u8(0..4) > 0;
            let some = unit.get_u64("some") == 1;
            assert!(!some || !writer.held.is_empty(), "seed {seed}");
            let take = some && advance && random.u8(0..100) < load[1];
            if advance {
                taken = [take.then(|| writer.held.pop_front()).flatten(), taken[0]];
            }
            writer.held.extend(word);
            unit.set("write", word.is_some());
            unit.set("s_word", word.unwrap_or_else(|| random.u64(..) >> 32));
            unit.set("take", take);
            unit.set("advance", advance);
            unit.tick("aclk");
            unit.eval();
            if let Some(word) = taken[1] {
                assert_eq!(unit.get_u64("m_word"), word, "seed {seed}, clock {clock}");
            }
        }
    }
    Ok(())
}

#[test]
fn order_entries_in_order() -> Result<(), SimError> {
    let verilog = emit("order_fifo", "", OrderFifo::<32>::default()).expect("sound RTL");
    let model = Model::build("order_fifo", &verilog)?;
    for seed in seeds(10) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        let mut writer = Writer::new(384, 128);
        let mut load = loads(&mut random);
        let mut read = 0;
        for clock in 0..40_000 {
            if clock % 2000 == 0 {
                load = loads(&mut random);
            }
            unit.eval();
            let entry = writer.write(&unit, &mut random, load[0]);
            let ready = random.u8(0..100) < load[1];
            if ready && unit.get_u64("m_valid") == 1 {
                let expected = writer.held.pop_front();
                assert_eq!(
                    Some(unit.get_u64("m_entry")),
                    expected,
                    "seed {seed}, clock {clock}"
                );
                read += 1;
            }
            writer.held.extend(entry);
            unit.set("write", entry.is_some());
            unit.set("s_entry", entry.unwrap_or_else(|| random.u64(..) >> 32));
            unit.set("m_ready", ready);
            unit.tick("aclk");
        }
        assert!(read > 10_000, "only {read} entries, seed {seed}");
    }
    Ok(())
}
