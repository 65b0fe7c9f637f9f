//! The scale divider against golden's `Multiplier::from_ratio`: each range both ways, by the steps of
//! a policy.

use dqa_golden::multiplier::Multiplier;
use dqa_golden::policy::DeltaPolicy;
use dqa_hdl::emit::emit;
use dqa_hdl::scale_divider::{LEAST_CLOCKS, MOST_CLOCKS, ScaleDivider};
use dqa_sim::{Instance, Model, SimError, seeds};
use fastrand::Rng;

/// The result, and the clocks that it took.
fn divide(unit: &mut Instance, numerator: u32, denominator: u32) -> ([u64; 2], usize) {
    unit.set("numerator", numerator);
    unit.set("denominator", denominator);
    unit.set("start", true);
    unit.tick("aclk");
    unit.set("start", false);
    unit.eval();
    let mut clocks = 1;
    while unit.get_u64("busy") == 1 {
        assert!(clocks < MOST_CLOCKS, "{numerator} / {denominator}");
        unit.tick("aclk");
        unit.eval();
        clocks += 1;
    }
    (["mantissa", "shift"].map(|port| unit.get_u64(port)), clocks)
}

#[test]
fn agrees_with_golden() -> Result<(), SimError> {
    let verilog = emit("scale_divider", "", ScaleDivider::default()).expect("sound RTL");
    let model = Model::build("scale_divider", &verilog)?;
    let mut seen = [usize::MAX, 0];
    for seed in seeds(1) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        for range in 1..=u32::from(u16::MAX) {
            let policy = [DeltaPolicy::Paper, DeltaPolicy::FullRange][random.usize(0..2)];
            let steps = policy.steps(random.u32(2..=8));
            let any = random.u32(1..1 << 16) >> random.u32(0..16);
            for (numerator, denominator) in [(steps, range), (range, steps), (any, range)] {
                let (got, clocks) = divide(&mut unit, numerator, denominator);
                match Multiplier::from_ratio(numerator, denominator) {
                    Ok(factor) => assert_eq!(
                        got,
                        [u64::from(factor.mantissa()), u64::from(factor.shift())],
                        "{numerator} / {denominator}"
                    ),
                    // Not a shift of 5 bits; no range gives that.
                    Err(_) => assert_eq!(numerator, any),
                }
                seen = [seen[0].min(clocks), seen[1].max(clocks)];
            }
        }
        assert_eq!(divide(&mut unit, 0, 5).0[0], 0);
        assert_eq!(divide(&mut unit, 5, 0), ([0, 16], LEAST_CLOCKS));
    }
    assert_eq!(seen, [LEAST_CLOCKS, MOST_CLOCKS]);
    Ok(())
}
