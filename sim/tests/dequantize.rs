//! De-quantize equals the exact product, rounded half to even and saturated.

use dqa_golden::multiplier::round_half_even;
use dqa_hdl::{
    dequantize::{Dequantize, LATENCY},
    emit::emit,
};
use dqa_sim::{Model, SimError, Value, seeds};
use fastrand::Rng;
use std::collections::VecDeque;

#[test]
fn equals_the_exact_product() -> Result<(), SimError> {
    let verilog = emit("dequantize", "", Dequantize::default()).expect("sound RTL");
    let model = Model::build("dequantize", &verilog)?;
    for seed in seeds(4) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        let mut expected = VecDeque::new();
        for _ in 0..200_000 {
            let code = match random.u8(0..4) {
                0 => random.i64(-4..=4),
                _ => random.i64(-1023..=1023),
            };
            let mantissa = match random.u8(0..8) {
                0 => 0,
                // Few bits set make halves likely.
                1..4 => 65536 | 1 << random.u32(10..16) | 1 << random.u32(10..17),
                _ => random.u32(65536..=131_071),
            };
            let shift = random.u32(0..=31);
            // Products around the largest sample, where rounding up saturates.
            let edge = (65_535u64 << shift) / (2 * code.unsigned_abs().max(1)) + random.u64(0..3);
            let mantissa = match u32::try_from(edge) {
                Ok(edge @ 65536..=131_071) if random.bool() => edge,
                _ => mantissa,
            };
            unit.set("code", Value::signed(code, 11));
            unit.set("mantissa", u64::from(mantissa));
            unit.set("shift", u64::from(shift.max(1) - 1));
            unit.tick("aclk");
            let y = round_half_even(code * i64::from(mantissa), shift).clamp(-32768, 32767);
            expected.push_back((y, code, mantissa, shift));
            if expected.len() > LATENCY {
                expected.pop_front();
            }
            if expected.len() == LATENCY {
                let (y, code, mantissa, shift) = expected[0];
                let got = unit.get("sample");
                assert_eq!(
                    got,
                    Value::signed(y, 16),
                    "{code} * {mantissa} >> {shift}, seed {seed}"
                );
            }
        }
    }
    Ok(())
}
