//! The interleaver gives the words of each entry's lanes, then the end.

use dqa_hdl::emit::emit;
use dqa_hdl::interleaver::Interleaver;
use dqa_sim::{Model, SimError, seeds};
use fastrand::Rng;
use rust_hdl::prelude::Block;
use std::collections::VecDeque;

fn follows_the_order(lanes: usize, block: impl Block) -> Result<(), SimError> {
    let top = format!("interleaver_{lanes}");
    let model = Model::build(&top, &emit(&top, "", block).expect("sound RTL"))?;
    for seed in seeds(20) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        for packet in 0..10 {
            let masks: Vec<u64> = (0..random.usize(1..60))
                .map(|_| random.u64(1..1 << lanes))
                .collect();
            let error = random.u64(0..8);
            let turns: Vec<usize> = masks
                .iter()
                .flat_map(|mask| (0..lanes).filter(move |lane| mask >> lane & 1 == 1))
                .collect();
            let words: Vec<u64> = turns.iter().map(|_| random.u64(..) >> 32).collect();
            let mut order: VecDeque<_> = masks.into_iter().chain([0]).collect();
            // Words that each lane has finished, and those taken at the last three moves.
            let mut finished = vec![VecDeque::new(); lanes];
            let mut taken = vec![[None; 3]; lanes];
            let (mut made, mut got, mut clocks) = (0, 0, 0);
            let [pace, entries, moves] = [(); 3].map(|()| random.u8(1..=4));
            while got < words.len() {
                let context = format!("seed {seed}, packet {packet}, word {got}");
                if made < words.len() && random.u8(0..4) < pace {
                    finished[turns[made]].push_back(words[made]);
                    made += 1;
                }
                let order_valid = !order.is_empty() && random.u8(0..4) < entries;
                unit.set("order_valid", order_valid);
                unit.set("order_lanes", *order.front().unwrap_or(&0));
                unit.set("order_error", error);
                let some = (0..lanes).filter(|&lane| !finished[lane].is_empty());
                unit.set("some", some.fold(0u64, |some, lane| some | 1 << lane));
                let advance = random.u8(0..4) < moves;
                unit.set("m_tready", advance);
                for (lane, taken) in taken.iter().enumerate() {
                    let word = taken[2].unwrap_or(0);
                    unit.set(&format!("words${lane}"), word);
                }
                unit.eval();
                if advance && unit.get_u64("m_tvalid") == 1 {
                    let last = got + 1 == words.len();
                    assert_eq!(unit.get_u64("m_tdata"), words[got], "{context}");
                    assert_eq!(unit.get_u64("m_tlast") == 1, last, "{context}");
                    let user = if last { error } else { 0 };
                    assert_eq!(unit.get_u64("m_tuser"), user, "{context}");
                    got += 1;
                }
                let take = unit.get_u64("take");
                for lane in 0..lanes {
                    let word = (take >> lane & 1 == 1).then(|| finished[lane].pop_front());
                    if advance {
                        taken[lane] = [word.flatten(), taken[lane][0], taken[lane][1]];
                    }
                }
                if order_valid && unit.get_u64("order_ready") == 1 {
                    order.pop_front();
                }
                unit.tick("aclk");
                clocks += 1;
                assert!(clocks < 20_000, "hangs, {context}");
            }
            assert!(order.is_empty(), "seed {seed}: the end's entry is left");
        }
    }
    Ok(())
}

#[test]
fn one_lane() -> Result<(), SimError> {
    follows_the_order(1, Interleaver::<1, 32, 4, 5>::default())
}

#[test]
fn two_lanes() -> Result<(), SimError> {
    follows_the_order(2, Interleaver::<2, 32, 5, 6>::default())
}

#[test]
fn eight_lanes() -> Result<(), SimError> {
    follows_the_order(8, Interleaver::<8, 64, 11, 12>::default())
}
