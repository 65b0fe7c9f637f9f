//! The code lookup against golden's tables, a pattern a clock.

use dqa_golden::channel::Class;
use dqa_hdl::code_lookup::{CodeLookup, LATENCY};
use dqa_hdl::emit::emit;
use dqa_hdl::load::{self, SAMPLE_BITS};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Model, SimError, layers, seeds};
use fastrand::Rng;

#[test]
fn agrees_with_golden() -> Result<(), SimError> {
    let verilog = emit("code_lookup", "", CodeLookup::default()).expect("sound RTL");
    let model = Model::build("code_lookup", &verilog)?;
    let parameters = Parameters {
        lanes: 1,
        ..Parameters::default()
    };
    for seed in seeds(40) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        let slots = [0, 1].map(|_| layers::context(&mut random, &parameters));
        let writes = slots
            .each_ref()
            .map(|context| load::encoder(&parameters, context).expect("it fits"));
        unit.set("load", true);
        for (slot, writes) in (0u32..).zip(&writes) {
            let codes = load::CODES..load::CODES + 128;
            for write in writes.iter().filter(|write| codes.contains(&write.addr)) {
                unit.set("load_table", slot << 1 | (write.addr >> 6 & 1));
                unit.set("load_index", write.addr & 63);
                unit.set("load_entry", write.data);
                unit.tick("aclk");
            }
        }
        unit.set("load", false);
        let mut expected = Vec::new();
        for _ in 0..2000 {
            let slot = random.usize(0..2);
            let context = &slots[slot];
            let important = random.bool();
            let class = [Class::Direct, Class::Important][usize::from(important)];
            let pattern = random.u32(0..1 << context.format().width(class));
            let present = random.u8(0..8) > 0;
            let addr = load::ALIGN + u32::from(important);
            let numbers = writes[slot].iter().find(|write| write.addr == addr);
            unit.set("present", present);
            unit.set("pattern", pattern);
            unit.set("code_table", u64::from(important) | (slot as u64) << 1);
            unit.set("numbers", numbers.expect("both are written").data);
            unit.tick("aclk");

            let layout = context.layout(class);
            let (symbol, raw) = layout.split(pattern);
            expected.push(match (present, context.table(class).code(symbol)) {
                (false, _) => Some((0, 0)),
                (true, None) => None,
                (true, Some((code, length))) => {
                    let count = u32::from(length) + layout.raw_bits;
                    let bits = u32::from(code) << layout.raw_bits | raw;
                    Some((bits << (SAMPLE_BITS - count), count))
                }
            });
            if let Some(&bits) = expected.iter().rev().nth(LATENCY - 1) {
                unit.eval();
                let get = |port| u32::try_from(unit.get_u64(port)).expect("narrow");
                assert_eq!(get("no_code") == 1, bits.is_none(), "seed {seed}");
                if let Some(bits) = bits {
                    assert_eq!((get("value"), get("count")), bits, "seed {seed}");
                }
            }
        }
    }
    Ok(())
}
