//! What the cores keep of a class, against the writes that load it; other writes change nothing.

use dqa_hdl::class_numbers::{ClassNumbers, TO_PATTERN, TO_QUANTIZER};
use dqa_hdl::class_table::ClassTable;
use dqa_hdl::emit::emit;
use dqa_hdl::load::{ALIGN, LAYOUT, LIMITS, QUANTIZE};
use dqa_sim::{Instance, Model, SimError, seeds};
use fastrand::Rng;

/// Offers a write, often to the addresses from 0 to 7, and keeps it if it is one of the table's:
/// two words for each context and class, the first at `first` + class, the other at `second` + class.
/// Gives the row and the word that it wrote.
fn load(
    unit: &mut Instance,
    valid: &str,
    [first, second]: [u32; 2],
    rows: &mut [[u32; 2]; 4],
    random: &mut Rng,
) -> Option<[usize; 2]> {
    let (write, context, data) = (random.bool(), random.bool(), random.u32(..));
    let addr = match random.u8(0..8) {
        0 => random.u32(..1 << 17),
        _ => random.u32(..8),
    };
    unit.set(valid, write);
    unit.set("load_context", context);
    unit.set("load_addr", addr);
    unit.set("load_data", data);
    let word = [first, second].map(|at| (at..at + 2).contains(&addr));
    let word = word.into_iter().position(|here| here && write)?;
    let row = 2 * usize::from(context) + (addr - [first, second][word]) as usize;
    rows[row][word] = data;
    Some([row, word])
}

#[test]
fn the_encoders_numbers() -> Result<(), SimError> {
    let model = Model::build(
        "class_numbers",
        &emit("class_numbers", "", ClassNumbers::new(7)).expect("sound RTL"),
    )?;
    for seed in seeds(5) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        let (mut rows, mut asked) = ([[0; 2]; 4], Vec::new());
        // Offset of 12 bits and two fields of 10 whose bits 7 to 9 are not built.
        let fields = [0x7f | 0x7f << 12 | 0x7f << 22, 0x3fff];
        let outputs = [("quantize", TO_QUANTIZER), ("align", TO_PATTERN)];
        for clock in 0..20_000 {
            let before = rows;
            let written = load(&mut unit, "load", [QUANTIZE, ALIGN], &mut rows, &mut random);
            let row = random.usize(0..4);
            unit.set("code_table", row as u64);
            asked.push(row);
            unit.tick("aclk");
            unit.eval();
            for (word, (name, latency)) in outputs.into_iter().enumerate() {
                let Some(&row) = asked.iter().rev().nth(latency - 1) else {
                    continue;
                };
                // What is read while it is written is not defined.
                if clock > 500 && written != Some([row, word]) {
                    let expected = u64::from(before[row][word] & fields[word]);
                    assert_eq!(unit.get_u64(name), expected, "{name}, seed {seed}");
                }
                if latency == TO_PATTERN {
                    assert_eq!(unit.get_u64("pattern_table"), row as u64, "seed {seed}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn the_decoders_limits_and_layout() -> Result<(), SimError> {
    let model = Model::build(
        "class_table",
        &emit("class_table", "", ClassTable::default()).expect("sound RTL"),
    )?;
    for seed in seeds(5) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        let mut rows = [[0; 2]; 4];
        let (mut entered, mut important) = ([0; 2], false);
        for clock in 0..20_000 {
            let (bank, class, enter) = (random.bool(), random.bool(), random.bool());
            if enter {
                entered = rows[2 * usize::from(bank) + usize::from(class)];
                important = class;
            }
            load(
                &mut unit,
                "load_valid",
                [LIMITS, LAYOUT],
                &mut rows,
                &mut random,
            );
            unit.set("bank", bank);
            unit.set("enter_class", class);
            unit.set("enter", enter);
            unit.tick("aclk");
            unit.eval();
            if clock > 500 {
                let [low, rest] = entered.map(u64::from);
                assert_eq!(
                    unit.get_u64("limits"),
                    low | (rest & 15) << 32,
                    "seed {seed}"
                );
                assert_eq!(unit.get_u64("raw"), rest >> 4 & 15, "seed {seed}");
                assert_eq!(unit.get_u64("last_start"), rest >> 13 & 15, "seed {seed}");
                assert_eq!(unit.get_u64("below"), rest >> 8 & 31, "seed {seed}");
                assert_eq!(
                    unit.get_u64("important"),
                    u64::from(important),
                    "seed {seed}"
                );
            }
        }
    }
    Ok(())
}
