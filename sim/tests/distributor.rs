//! The distributor gives each word to the lane whose turn it is, and ends with the packet.

use dqa_hdl::{distributor::Distributor, emit::emit};
use dqa_sim::{Model, SimError, seeds};
use fastrand::Rng;
use rust_hdl::prelude::Block;
use std::collections::VecDeque;

fn follows_the_order(lanes: usize, block: impl Block) -> Result<(), SimError> {
    let top = format!("distributor_{lanes}");
    let model = Model::build(&top, &emit(&top, "", block).expect("sound RTL"))?;
    for seed in seeds(20) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", 1u64);
        for _ in 0..5 {
            assert_eq!(unit.get_u64("ended"), 1);
            unit.set("start", 1u64);
            unit.tick("aclk");
            unit.set("start", 0u64);
            // Lanes that wait for a word, in order; words that each lane holds.
            let mut order: VecDeque<usize> = (0..lanes).chain(0..lanes).collect();
            let mut held = vec![0; lanes];
            let words = random.usize(1..200);
            let (busy, valid) = (random.u8(1..100), random.u8(1..100));
            let mut sent = 0;
            while sent < words {
                let offer = random.u8(0..100) < valid;
                let crossed = (0..lanes).filter(|&lane| held[lane] > 0 && random.u8(0..100) < busy);
                let crossed: Vec<usize> = crossed.collect();
                let mask = crossed.iter().fold(0u64, |mask, lane| mask | 1 << lane);
                crossed.iter().for_each(|&lane| held[lane] -= 1);
                order.extend(crossed);
                unit.set("word_valid", u64::from(offer));
                unit.set("word_last", u64::from(sent + 1 == words));
                unit.set("crossed", mask);
                unit.eval();
                assert_eq!(
                    unit.get_u64("settled"),
                    u64::from(order.is_empty()),
                    "seed {seed}"
                );
                let ready = unit.get_u64("word_ready") == 1;
                assert_eq!(ready, !order.is_empty(), "seed {seed}");
                let turn = match (ready && offer).then(|| order.pop_front()).flatten() {
                    Some(lane) => {
                        held[lane] += 1;
                        sent += 1;
                        1 << lane
                    }
                    None => 0,
                };
                assert_eq!(unit.get_u64("lane_load"), turn, "seed {seed}");
                unit.tick("aclk");
            }
            unit.set("word_valid", 1u64);
            unit.set("crossed", 0u64);
            unit.eval();
            assert_eq!(unit.get_u64("ended"), 1);
            assert_eq!(unit.get_u64("word_ready"), 0, "a word of the next packet");
            assert_eq!(unit.get_u64("settled"), u64::from(order.is_empty()));
            assert_eq!(unit.get_u64("starved"), u64::from(!order.is_empty()));
        }
        // What is too long is dropped.
        unit.set("start", 1u64);
        unit.tick("aclk");
        unit.set("start", 0u64);
        unit.set("discard", 1u64);
        for left in (0..30).rev() {
            unit.set("word_last", u64::from(left == 0));
            unit.eval();
            assert_eq!(
                (unit.get_u64("word_ready"), unit.get_u64("lane_load")),
                (1, 0)
            );
            unit.tick("aclk");
        }
        unit.set("discard", 0u64);
        unit.eval();
        assert_eq!(unit.get_u64("ended"), 1);
    }
    Ok(())
}

#[test]
fn one_lane() -> Result<(), SimError> {
    follows_the_order(1, Distributor::<1, 1>::default())
}

#[test]
fn two_lanes() -> Result<(), SimError> {
    follows_the_order(2, Distributor::<2, 2>::default())
}

#[test]
fn four_lanes() -> Result<(), SimError> {
    follows_the_order(4, Distributor::<4, 3>::default())
}

#[test]
fn eight_lanes() -> Result<(), SimError> {
    follows_the_order(8, Distributor::<8, 4>::default())
}
