//! The delay line against a queue, with resets.

use dqa_hdl::delay::Delay;
use dqa_hdl::emit::emit;
use dqa_sim::{Model, SimError, seeds};
use fastrand::Rng;
use std::collections::VecDeque;

fn delays<const N: usize, const L: usize>(define: &str) -> Result<(), SimError> {
    let verilog = emit("delay", "", Delay::<N, L>::default()).expect("sound RTL");
    let model = Model::build("delay", &format!("{define}{verilog}"))?;
    for seed in seeds(5) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        let mut inside = VecDeque::from([0; L]);
        for clock in 0..1000 {
            let runs = random.u8(..) > 5;
            let value = random.u64(..) & ((1 << N) - 1);
            unit.set("aresetn", runs);
            unit.set("d", value);
            unit.tick("aclk");
            unit.eval();
            inside.push_back(value);
            inside.pop_front();
            if !runs {
                inside = VecDeque::from([0; L]);
            }
            assert_eq!(
                Some(unit.get_u64("q")),
                inside.front().copied(),
                "clock {clock}, seed {seed}"
            );
        }
    }
    Ok(())
}

#[test]
fn values_come_out_late_and_in_order() -> Result<(), SimError> {
    delays::<17, 6>("")?;
    delays::<1, 1>("")
}

/// A ring of as many words as clocks, and of more.
#[test]
fn a_line_in_memory_does_the_same() -> Result<(), SimError> {
    delays::<16, 4>("`define DQA_ICE40\n")?;
    delays::<6, 15>("`define DQA_ICE40\n")
}
