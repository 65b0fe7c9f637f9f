//! A lane of the encoder, from samples at the quantizer to words, against golden's bits.

use dqa_golden::channel::Class;
use dqa_hdl::emit::emit;
use dqa_hdl::encoder_lane::{EncoderLane, PACKER};
use dqa_hdl::load;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::quantize;
use dqa_sim::{Model, SimError, layers, seeds};
use fastrand::Rng;
use rust_hdl::prelude::Block;

/// Moves from a word's being taken to its being there.
const READ: usize = 3;

/// What a beat brings to the lane.
#[derive(Clone, Copy)]
enum Beat {
    Nothing,
    /// Class and pattern.
    Sample(Class, u32),
    Range(u8),
    Flush,
}

fn packs_codes(top: &str, block: impl Block, width: usize) -> Result<(), SimError> {
    let model = Model::build(top, &emit(top, "", block).expect("sound RTL"))?;
    let parameters = Parameters::default();
    for seed in seeds(20) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        unit.set("advance", true);
        let context = layers::context(&mut random, &parameters);
        let writes = load::encoder(&parameters, &context).expect("it fits");
        unit.set("load", true);
        let codes = load::CODES..load::CODES + 128;
        for write in writes.iter().filter(|write| codes.contains(&write.addr)) {
            unit.set("load_table", write.addr >> 6 & 1);
            unit.set("load_index", write.addr & 63);
            unit.set("load_entry", write.data);
            unit.tick("aclk");
        }
        unit.set("load", false);

        let beats: Vec<_> = (0..3000)
            .map(|at| match (at % 500, random.u8(0..10)) {
                (498.., _) => Beat::Flush,
                (490.., _) | (_, 0) => Beat::Nothing,
                (_, 1) => Beat::Range(random.u8(..)),
                (_, kind) => {
                    let class = [Class::Direct, Class::Important][usize::from(kind % 2)];
                    Beat::Sample(class, random.u32(0..1 << context.format().width(class)))
                }
            })
            .collect();
        let (mut bits, mut expected, mut crossings) = (String::new(), Vec::new(), 0);
        for beat in &beats {
            match *beat {
                Beat::Nothing => {}
                Beat::Sample(class, pattern) => {
                    let layout = context.layout(class);
                    let (symbol, raw) = layout.split(pattern);
                    match context.table(class).code(symbol) {
                        None => bits.push('0'),
                        Some((code, length)) => {
                            let count = u32::from(length) + layout.raw_bits;
                            let value = u32::from(code) << layout.raw_bits | raw;
                            bits += &format!("{value:032b}")[32 - count as usize..];
                        }
                    }
                }
                Beat::Range(half) => bits += &format!("{half:08b}"),
                Beat::Flush => bits = format!("{bits:0<width$}"),
            }
            while bits.len() >= width {
                let rest = bits.split_off(width);
                expected.push(u64::from_str_radix(&bits, 2).expect("bits"));
                crossings += u64::from(!matches!(beat, Beat::Flush));
                bits = rest;
            }
        }

        let ago = |clock: usize, clocks| beats.get(usize::checked_sub(clock, clocks)?).copied();
        let (mut words, mut taken, mut crossed) = (Vec::new(), Vec::new(), 0);
        for clock in 0..beats.len() + 100 {
            unit.set("present", matches!(ago(clock, 0), Some(Beat::Sample(..))));
            if let Some(Beat::Sample(class, pattern)) = ago(clock, quantize::LATENCY) {
                let important = u32::from(class == Class::Important);
                let numbers = writes
                    .iter()
                    .find(|write| write.addr == load::ALIGN + important);
                unit.set("code_table", important);
                unit.set("align", numbers.expect("both are written").data);
                unit.set("pattern", pattern);
            }
            let range = match ago(clock, PACKER - 1) {
                Some(Beat::Range(half)) => Some(half),
                _ => None,
            };
            unit.set("range_valid", range.is_some());
            unit.set("range", range.unwrap_or_default());
            unit.set("flush", matches!(ago(clock, PACKER), Some(Beat::Flush)));
            unit.eval();
            let takes = unit.get_u64("some") == 1 && random.bool();
            unit.set("take", takes);
            taken.push(takes);
            unit.tick("aclk");
            unit.eval();
            crossed += unit.get_u64("crossed");
            if taken.iter().rev().nth(READ - 1) == Some(&true) {
                words.push(unit.get_u64("word"));
            }
        }
        assert_eq!(words, expected, "seed {seed}");
        assert_eq!(crossed, crossings, "seed {seed}");
    }
    Ok(())
}

#[test]
fn words_of_32_bits() -> Result<(), SimError> {
    packs_codes("lane_32", EncoderLane::<32, 2>::default(), 32)
}

#[test]
fn words_of_64_bits() -> Result<(), SimError> {
    packs_codes("lane_64", EncoderLane::<64, 4>::default(), 64)
}
