//! The encoder's FIFOs against a queue: words and order entries, under all loads up to the last place.

use dqa_hdl::emit::emit;
use dqa_hdl::order_fifo::OrderFifo;
use dqa_hdl::word_fifo::WordFifo;
use dqa_sim::{Model, SimError, seeds};
use fastrand::Rng;
use std::collections::VecDeque;

/// What both hold at most.
const MOST: usize = 510;

/// Entries in the order FIFO that are a crowd.
const CROWD: usize = 384;

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
        let mut load = loads(&mut random);
        let mut held = VecDeque::new();
        // Whether there was a write at the last clock; what was taken at the last three moves.
        let mut wrote = false;
        let mut taken = [None; 3];
        let mut most = 0;
        for clock in 0..20_000 {
            if clock % 1000 == 0 {
                load = loads(&mut random);
            }
            unit.eval();
            let some = unit.get_u64("some") == 1;
            assert_eq!(some, held.len() > usize::from(wrote), "seed {seed}");
            let room = held.len() < MOST;
            let word = (room && random.u8(0..100) < load[0]).then(|| random.u64(..) >> 32);
            let advance = random.u8(0..4) > 0;
            let take = some && advance && random.u8(0..100) < load[1];
            if advance {
                let word = if take { held.pop_front() } else { None };
                taken = [word, taken[0], taken[1]];
            }
            held.extend(word);
            most = most.max(held.len());
            wrote = word.is_some();
            unit.set("write", wrote);
            unit.set("s_word", word.unwrap_or_else(|| random.u64(..) >> 32));
            unit.set("take", take);
            unit.set("advance", advance);
            unit.tick("aclk");
            unit.eval();
            // Nothing is said of the clocks before the first three moves.
            if clock > 50 {
                let expected = taken[2].unwrap_or(0);
                assert_eq!(unit.get_u64("m_word"), expected, "seed {seed}, {clock}");
            }
        }
        assert_eq!(most, MOST, "seed {seed}");
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
        let mut load = loads(&mut random);
        let mut held = VecDeque::new();
        // What has been held at the last clocks.
        let mut levels = [0; 4];
        let (mut read, mut most) = (0, 0);
        for clock in 0..40_000 {
            if clock % 2000 == 0 {
                load = loads(&mut random);
            }
            unit.eval();
            let context = format!("seed {seed}, clock {clock}");
            // It may be a few clocks late, and two entries are in registers.
            let crowded = unit.get_u64("crowded") == 1;
            levels.rotate_right(1);
            levels[0] = held.len();
            if levels.iter().all(|&level| level >= CROWD + 2) {
                assert!(crowded, "{levels:?}, {context}");
            }
            if levels.iter().all(|&level| level < CROWD) {
                assert!(!crowded, "{levels:?}, {context}");
            }
            let room = held.len() < MOST;
            let entry = (room && random.u8(0..100) < load[0]).then(|| random.u64(..) >> 32);
            let ready = random.u8(0..100) < load[1];
            if ready && unit.get_u64("m_valid") == 1 {
                let expected = held.pop_front();
                assert_eq!(Some(unit.get_u64("m_entry")), expected, "{context}");
                read += 1;
            }
            held.extend(entry);
            most = most.max(held.len());
            unit.set("write", entry.is_some());
            unit.set("s_entry", entry.unwrap_or_else(|| random.u64(..) >> 32));
            unit.set("m_ready", ready);
            unit.tick("aclk");
        }
        assert!(read > 10_000, "only {read} entries, seed {seed}");
        assert_eq!(most, MOST, "seed {seed}");
    }
    Ok(())
}
