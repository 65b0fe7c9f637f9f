//! The lane decoder takes the bits that golden's tables say, whatever the class and the words' delay.

use dqa_golden::table::CodeTable;
use dqa_hdl::{emit::emit, lane_decoder::LaneDecoder};
use dqa_sim::{Model, SimError, seeds};
use fastrand::Rng;
use rust_hdl::prelude::Block;

/// A random code of 1 to 64 symbols, and raw bits so that a sample has 1 to 14.
fn class(random: &mut Rng) -> (CodeTable, usize) {
    let alphabet = 1 << random.u32(0..7);
    let counts: Vec<_> = (0..alphabet).map(|_| 1 << random.u32(0..30)).collect();
    let table = CodeTable::from_counts(&counts, 8).expect("a small alphabet");
    let most_raw = (14 - usize::from(table.longest())).min(10);
    (table, random.usize(usize::from(alphabet == 1)..=most_raw))
}

fn limits(table: &CodeTable) -> u64 {
    let codes: Vec<_> = (0..table.alphabet())
        .filter_map(|s| table.code(s))
        .collect();
    (0..8u8).fold(0, |limits, k| {
        let shorter = codes.iter().filter(|&&(_, length)| length <= k);
        let limit: u64 = shorter.map(|&(_, length)| 1 << (k - length)).sum();
        limits | limit << (k * (k + 1) / 2)
    })
}

fn follows_the_tables(width: usize, block: impl Block) -> Result<(), SimError> {
    let top = format!("lane_decoder_{width}");
    let model = Model::build(&top, &emit(&top, "", block).expect("sound RTL"))?;
    for seed in seeds(40) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", 1u64);
        let classes = [0, 1].map(|_| class(&mut random));
        let (promptness, pace) = (random.u8(10..=100), random.u8(10..=100));
        for _ in 0..4 {
            unit.set("start", 1u64);
            unit.set("load", 0u64);
            unit.set("step", 0u64);
            unit.tick("aclk");
            unit.set("start", 0u64);
            let words: Vec<u64> = (0..60).map(|_| random.u64(..) >> (64 - width)).collect();
            let bit = |at: usize| words[at / width] >> (width - 1 - at % width) & 1;
            let (mut at, mut sent) = (0, 0);
            while at < 58 * width {
                // The lane may ask for word k + 2 once it has crossed the end of word k.
                let load =
                    sent < words.len() && sent < at / width + 2 && random.u8(0..100) < promptness;
                unit.set("load", u64::from(load));
                unit.set("word", words[sent.min(words.len() - 1)]);
                let (table, raw) = &classes[random.usize(0..2)];
                let most = usize::from(table.longest()) + raw;
                unit.set("limits", limits(table));
                unit.set("raw", *raw as u64);
                unit.set("last_start", (width - most) as u64);
                unit.set("step", 0u64);
                unit.eval();
                let available = unit.get_u64("available") == 1;
                // It has its bits if they lie in the words that came, and says so if any sample's do.
                let step = available && random.u8(0..100) < pace;
                if at + most <= sent * width {
                    assert!(available, "bits are there at {at}, seed {seed}");
                }
                unit.set("step", u64::from(step));
                unit.eval();
                let mut next = at;
                if step {
                    let symbol = table
                        .decode(&mut (at..).map(|at| bit(at) == 1))
                        .expect("complete");
                    let length = usize::from(table.lengths()[symbol]) + raw;
                    let taken = (at..at + length).fold(0, |all, at| all << 1 | bit(at));
                    assert!(
                        at + length <= sent * width,
                        "bits are not there, seed {seed}"
                    );
                    assert_eq!(
                        unit.get_u64("window") >> (14 - length),
                        taken,
                        "seed {seed}"
                    );
                    next += length;
                }
                let crossed = at / width != next / width;
                assert_eq!(unit.get_u64("crossed"), u64::from(crossed), "seed {seed}");
                unit.tick("aclk");
                sent += usize::from(load);
                at = next;
            }
        }
    }
    Ok(())
}

#[test]
fn words_of_32_bits() -> Result<(), SimError> {
    follows_the_tables(32, LaneDecoder::<32, 5>::default())
}

#[test]
fn words_of_64_bits() -> Result<(), SimError> {
    follows_the_tables(64, LaneDecoder::<64, 6>::default())
}
