//! The symbol lookup equals golden's table, pattern and code, less the zero point.

use dqa_golden::channel::Class;
use dqa_hdl::load::{self, SYMBOLS};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::{
    emit::emit,
    symbol_lookup::{LATENCY, SymbolLookup},
};
use dqa_sim::{Model, SimError, Value, layers, seeds};
use fastrand::Rng;
use std::collections::VecDeque;

#[test]
fn equals_golden() -> Result<(), SimError> {
    let verilog = emit("symbol_lookup", "", SymbolLookup::default()).expect("sound RTL");
    let model = Model::build("symbol_lookup", &verilog)?;
    let parameters = Parameters {
        symbol_bits: 6,
        ..Parameters::default()
    };
    for seed in seeds(300) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        let contexts = [(); 2].map(|()| layers::context(&mut random, &parameters));
        unit.set("load", 1u64);
        for (bank, context) in (0..).zip(&contexts) {
            for write in load::decoder(&parameters, context).expect("it fits") {
                if let Some(at @ 0..512) = write.addr.checked_sub(SYMBOLS) {
                    unit.set("load_address", bank << 9 | u64::from(at));
                    unit.set("load_data", u64::from(write.data));
                    unit.tick("aclk");
                }
            }
        }
        unit.set("load", 0u64);
        let mut expected = VecDeque::new();
        for _ in 0..1000 {
            let bank = random.usize(0..2);
            let class = [Class::Direct, Class::Important][random.usize(0..2)];
            let context = &contexts[bank];
            let (layout, format) = (context.layout(class), context.format());
            let below = match layout.symbol_is_low {
                true => (1u64 << layout.symbol_bits) - 1,
                false => 0,
            };
            // The longest codes begin with ones.
            let window = random.u64(0..1 << 14) | if random.bool() { 0x3f80 } else { 0 };
            let active = random.u8(0..8) > 0;
            let skip = random.u64(0..4);
            let around = random.u64(0..8);
            let behind = (window & 0x3f) << 3 | around;
            unit.set("first", window >> 6);
            unit.set("behind", behind >> skip | (around << (9 - skip) & 0x1ff));
            unit.set("skip", skip);
            unit.set(
                "class_row",
                2 * bank as u64 + u64::from(class == Class::Important),
            );
            unit.set("below", below);
            unit.set("active", u64::from(active));
            unit.tick("aclk");
            let mut bits = (0..14).rev().map(|bit| window >> bit & 1 == 1);
            let symbol = context.table(class).decode(&mut bits).expect("complete");
            let raw = (0..layout.raw_bits).fold(0, |raw, _| {
                raw << 1 | u32::from(bits.next().expect("14 bits"))
            });
            let q = format.code(class, layout.join(symbol, raw));
            let code = i64::from(q - format.zero_code(class)) * i64::from(active);
            expected.push_back((code, class, window));
            if expected.len() > LATENCY {
                expected.pop_front();
            }
            if expected.len() == LATENCY {
                let (code, class, window) = expected[0];
                let expected = Value::signed(code, 11);
                assert_eq!(
                    unit.get("code"),
                    expected,
                    "{class:?} {window:014b}, seed {seed}"
                );
            }
        }
    }
    Ok(())
}
