//! The quantizer against golden's `ChannelEntry::quantize`, a sample a clock.

use dqa_golden::channel::Class;
use dqa_hdl::emit::emit;
use dqa_hdl::load;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::quantize::{LATENCY, NUMBERS, Quantize};
use dqa_sim::{Model, SimError, layers, seeds};
use fastrand::Rng;

#[test]
fn agrees_with_golden() -> Result<(), SimError> {
    let verilog = emit("quantize", "", Quantize::default()).expect("sound RTL");
    let model = Model::build("quantize", &verilog)?;
    let parameters = Parameters {
        lanes: 1,
        ..Parameters::default()
    };
    for seed in seeds(4) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        let (mut expected, mut numbers) = (Vec::new(), Vec::new());
        for _ in 0..400 {
            let context = layers::context(&mut random, &parameters);
            let writes = load::encoder(&parameters, &context).expect("it fits");
            let written = |addr| writes.iter().find(|write| write.addr == addr);
            for (addr, entry) in (load::CHANNELS..).zip(context.channels()) {
                if entry.class == Class::Pruned {
                    continue;
                }
                let row = written(addr).expect("all rows are written").data;
                let class = u32::from(entry.class == Class::Important);
                let class_numbers = written(load::QUANTIZE + class).expect("both are").data;
                for _ in 0..8 {
                    let x = random.i16(..) >> random.u32(0..16);
                    unit.set("sample", x.cast_unsigned());
                    unit.set("mantissa", row & 0x1_ffff);
                    unit.set("shift", row >> 17 & 31);
                    numbers.push(class_numbers);
                    if let Some(&due) = numbers.iter().rev().nth(NUMBERS) {
                        unit.set("numbers", due);
                    }
                    unit.tick("aclk");
                    let q = entry.quantize(context.format(), x);
                    expected.push(u64::from(context.format().pattern(entry.class, q)));
                    if let Some(&pattern) = expected.iter().rev().nth(LATENCY - 1) {
                        unit.eval();
                        assert_eq!(unit.get_u64("pattern"), pattern, "seed {seed}");
                    }
                }
            }
        }
    }
    Ok(())
}
