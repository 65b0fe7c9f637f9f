//! The lane decoder's Verilog, with and without ECP5's multiplexers, against golden's tables: random
//! codes, classes that change between beats, lanes left out, words that come late, packets in a row.

mod ecp5;

use dqa_golden::table::CodeTable;
use dqa_hdl::chunk_lane_decoder::ChunkLaneDecoder;
use dqa_hdl::emit::emit;
use dqa_sim::{Instance, Model, SimError, seeds};

/// A class: its code, and the raw bits behind each.
struct Class {
    table: CodeTable,
    raw: usize,
}

impl Class {
    /// A random code of 1 to 64 symbols, raw bits so that a sample has at most 14.
    fn random(random: &mut fastrand::Rng) -> Self {
        let alphabet = 1 << random.u32(0..7);
        let skew = random.u32(0..10);
        let counts: Vec<u64> = (0..alphabet)
            .map(|s| 1 + (u64::from(random.u32(..)) >> (s * skew).min(31)))
            .collect();
        let table = CodeTable::from_counts(&counts, 8).expect("counts of a small alphabet");
        let most_raw = (14 - usize::from(table.longest())).min(10);
        let least_raw = usize::from(alphabet == 1);
        Self {
            table,
            raw: random.usize(least_raw..=most_raw),
        }
    }

    /// The limits of the lengths 0 to 7, packed.
    fn limits(&self) -> u64 {
        let mut limit = u64::from(self.table.alphabet() == 1);
        (0..8).fold(0, |limits, k| {
            if k > 0 {
                let lengths = self.table.lengths().iter();
                limit = 2 * limit + lengths.filter(|&&length| length == k).count() as u64;
            }
            limits | limit << (k * (k + 1) / 2)
        })
    }
}

/// What a lane should do.
#[derive(Default)]
struct Lane {
    bits: Vec<bool>,
    at: usize,
    /// Words asked for and not yet given.
    owed: usize,
}

impl Lane {
    /// Bits of the next sample.
    fn sample(&self, class: &Class) -> usize {
        let mut bits = self.bits[self.at..].iter().copied();
        let symbol = class.table.decode(&mut bits).expect("the bits are there");
        usize::from(class.table.lengths()[symbol]) + class.raw
    }
}

/// One packet of `cycles` clocks; the number of samples taken.
fn packet(
    dut: &mut Instance,
    random: &mut fastrand::Rng,
    word_bits: usize,
    cycles: usize,
) -> usize {
    let mut lane = Lane {
        owed: 2,
        ..Lane::default()
    };
    let mut class = Class::random(random);
    let words_late = random.usize(0..3) * random.usize(0..8);
    let mut samples = 0;
    dut.set("start", 1u64);
    dut.set("step", u64::from(random.bool()));
    dut.set("word_load", u64::from(random.bool()));
    dut.tick("aclk");
    dut.set("start", 0u64);
    for cycle in 0..cycles {
        if random.u32(0..32) == 0 {
            class = Class::random(random);
        }
        // Runs of ones and zeros bring the shortest and longest codes.
        let word = match random.u32(0..6) {
            0 => 0,
            1 => u64::MAX,
            _ => random.u64(..),
        } >> (64 - word_bits);
        let offered = lane.owed > 0 && random.usize(0..=words_late) == 0;
        dut.set("limits", class.limits());
        let empty = usize::from(class.table.alphabet() == 1);
        dut.set("raw", (class.raw - empty) as u64);
        let most = usize::from(class.table.longest()) + class.raw;
        dut.set("last_start", (16 - most) as u64);
        dut.set("word_data", word);
        dut.set("word_load", u64::from(offered));
        let takes_part = random.u32(0..8) > 0;
        dut.set("takes_part", u64::from(takes_part));
        dut.eval();
        let lacks = dut.get_u64("lacks") == 1;
        assert!(takes_part || !lacks, "cycle {cycle}");
        let step = takes_part && !lacks && random.u32(0..8) > 0;
        dut.set("step", u64::from(step));
        dut.eval();
        if offered {
            lane.owed -= 1;
            lane.bits
                .extend((0..word_bits).rev().map(|bit| word >> bit & 1 == 1));
        }
        dut.tick("aclk");
        dut.eval();

        let mut crossed = false;
        if step {
            let advance = lane.sample(&class);
            let bits = &lane.bits[lane.at..lane.at + advance];
            let bits = bits.iter().fold(0, |all, &bit| all << 1 | u64::from(bit));
            let behind = dut.get_u64("behind") << dut.get_u64("skip") >> 3 & 0x3f;
            let seen = (dut.get_u64("first") << 6 | behind) >> (14 - advance);
            assert_eq!(seen, bits, "cycle {cycle}");
            crossed = (lane.at + advance) / word_bits > lane.at / word_bits;
            lane.at += advance;
            lane.owed += usize::from(crossed);
            samples += 1;
        }
        assert_eq!(dut.get_u64("crossed") == 1, crossed, "cycle {cycle}");
    }
    samples
}

fn decodes(top: &str, verilog: &str, word_bits: usize) -> Result<(), SimError> {
    let model = Model::build(top, verilog)?;
    for seed in seeds(4) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut dut = model.instance(seed);
        dut.tick("aclk");
        dut.set("aresetn", 1u64);
        let samples: usize = (0..30)
            .map(|_| packet(&mut dut, &mut random, word_bits, 1500))
            .sum();
        assert!(samples > 15_000, "only {samples} samples, seed {seed}");
    }
    Ok(())
}

#[test]
fn words_of_64_bits() -> Result<(), SimError> {
    let top = "chunk_lane_decoder_64";
    let text = emit(top, "", ChunkLaneDecoder::<64, 2>::default()).expect("sound RTL");
    decodes(top, &text, 64)?;
    decodes(top, &ecp5::with_cells(&text), 64)
}

#[test]
fn words_of_32_bits() -> Result<(), SimError> {
    let top = "chunk_lane_decoder_32";
    let text = emit(top, "", ChunkLaneDecoder::<32, 1>::default()).expect("sound RTL");
    decodes(top, &text, 32)?;
    decodes(top, &ecp5::with_cells(&text), 32)
}
