//! The lane packer against a string of bits.

use dqa_hdl::emit::emit;
use dqa_hdl::lane_packer::LanePacker;
use dqa_sim::{Model, SimError, seeds};
use fastrand::Rng;
use rust_hdl::prelude::Block;

fn packs_all(top: &str, block: impl Block, width: usize) -> Result<(), SimError> {
    let model = Model::build(top, &emit(top, "", block).expect("sound RTL"))?;
    for seed in seeds(20) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        let (mut bits, mut got, mut crossings, mut got_crossings) =
            (String::new(), Vec::new(), 0, 0);
        let mut expected = Vec::new();
        for clock in 0..5000 {
            let count = random.u32(0..=14);
            let (count, flush) = match clock % 1000 {
                990.. => (0, clock % 1000 < 992),
                _ => (count, false),
            };
            let value = random.u64(..) & ((1 << count) - 1);
            unit.set("value", value << (14 - count));
            unit.set("count", count);
            unit.set("flush", flush);
            unit.tick("aclk");
            unit.eval();
            if unit.get_u64("full") == 1 {
                got.push(unit.get_u64("word"));
            }
            got_crossings += unit.get_u64("crossed");
            for bit in (0..count).rev() {
                bits.push(if value >> bit & 1 == 1 { '1' } else { '0' });
            }
            if flush {
                bits = format!("{bits:0<width$}");
            }
            while bits.len() >= width {
                let rest = bits.split_off(width);
                expected.push(u64::from_str_radix(&bits, 2).expect("bits"));
                crossings += u64::from(!flush);
                bits = rest;
            }
        }
        assert_eq!(got, expected, "seed {seed}");
        assert_eq!(got_crossings, crossings, "seed {seed}");
    }
    Ok(())
}

#[test]
fn words_of_32_bits() -> Result<(), SimError> {
    packs_all("packer_32", LanePacker::<32, 2>::default(), 32)
}

#[test]
fn words_of_64_bits() -> Result<(), SimError> {
    packs_all("packer_64", LanePacker::<64, 4>::default(), 64)
}
