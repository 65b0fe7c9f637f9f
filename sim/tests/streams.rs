//! Skid buffer and FIFO: beats come out once each, in order, under every pair of stalls.

use dqa_hdl::emit::emit;
use dqa_hdl::{fifo::Fifo, skid_buffer::SkidBuffer};
use dqa_sim::{Beat, Bench, Model, SimError, Stall, seeds};
use rust_hdl::prelude::Block;

/// Pushes 1000 beats through `block`; without stalls it must take and give one a clock.
fn passes_all(top: &str, block: impl Block, width: usize) -> Result<(), SimError> {
    let model = Model::build(top, &emit(top, "", block).expect("sound RTL"))?;
    for seed in seeds(3) {
        for input in Stall::SWEEP {
            for output in Stall::SWEEP {
                let mut random = fastrand::Rng::with_seed(seed);
                let mask = u128::MAX >> (128 - width);
                let beats: Vec<_> = (0..1000)
                    .map(|_| Beat::from(random.u128(..) & mask))
                    .collect();
                let mut bench = Bench::new(&model, seed)?;
                bench.reset();
                bench.source("s", beats.clone(), input);
                bench.sink("m", output);
                let before = bench.cycle();
                bench.run_until(|bench| bench.received("m") == 1000, 50_000)?;
                if input == Stall::NONE && output == Stall::NONE {
                    assert!(bench.cycle() - before <= 1003, "{top} lets clocks go by");
                }
                bench.run(20)?;
                bench.check("m", beats)?;
            }
        }
    }
    Ok(())
}

#[test]
fn skid_buffers_pass_all() -> Result<(), SimError> {
    passes_all("skid_1", SkidBuffer::<1>::default(), 1)?;
    passes_all("skid_100", SkidBuffer::<100>::default(), 100)
}

#[test]
fn fifos_pass_all() -> Result<(), SimError> {
    passes_all("fifo_8_by_2", Fifo::<8, 1, 2>::default(), 8)?;
    passes_all("fifo_75_by_32", Fifo::<75, 5, 6>::default(), 75)
}

/// A reset in the middle forgets what is inside, and what comes after passes as from the start.
fn reset_forgets(top: &str, block: impl Block) -> Result<(), SimError> {
    let model = Model::build(top, &emit(top, "", block).expect("sound RTL"))?;
    for seed in seeds(20) {
        let mut bench = Bench::new(&model, seed)?;
        for packet in 1..4u64 {
            bench.restart();
            bench.source(
                "s",
                (0..100).map(|x| Beat::from(packet << 8 | x)),
                Stall::percent(10),
            );
            bench.sink("m", Stall::percent(50));
            bench.run_until(|bench| bench.received("m") == 30, 1000)?;
            bench.check("m", (0..30).map(|x| Beat::from(packet << 8 | x)))?;
        }
    }
    Ok(())
}

#[test]
fn resets_forget() -> Result<(), SimError> {
    reset_forgets("skid_10", SkidBuffer::<10>::default())?;
    reset_forgets("fifo_10_by_8", Fifo::<10, 3, 4>::default())
}
