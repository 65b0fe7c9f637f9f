//! Decodes many damaged containers and reports what became of them.
//!
//! `fuzz-containers [cases] [seed]`: a panic, or more memory than justified, ends the run with
//! the case that caused it.

use std::collections::BTreeMap;
use std::time::Instant;

use dqa_golden::container::{Container, ContainerError};
use dqa_tests::hostile::{damage, damaged, justified_peak, small_containers};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| {
        argument
            .parse::<u64>()
            .expect("usage: fuzz-containers [cases] [seed]")
    });
    let cases = arguments.next().unwrap_or(1_000_000);
    let seed = arguments.next().unwrap_or(1);
    println!("{cases} cases, seed {seed}");

    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &key);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let sound: Vec<Vec<u8>> = small_containers().iter().map(Container::to_bytes).collect();
    let strategy = (any::<Index>(), damage());
    let mut outcomes = BTreeMap::<String, u64>::new();
    let mut highest = 0;
    let start = Instant::now();
    for case in 0..cases {
        let tree = strategy.new_tree(&mut runner).expect("no filters");
        let (which, damage) = tree.current();
        let bytes = damaged(&sound[which.index(sound.len())], &damage);
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let outcome = std::panic::catch_unwind(|| Container::decode(&bytes));
        let peak = MEMORY.peak_usage().saturating_sub(before);
        let Ok(outcome) = outcome else {
            panic!("case {case} panics: {damage:?}");
        };
        assert!(
            peak <= justified_peak(&bytes),
            "case {case} takes {peak} bytes: {damage:?}"
        );
        highest = highest.max(peak);
        let outcome = match outcome {
            Ok(_) => "decoded".to_owned(),
            Err(error) => variant(&error),
        };
        *outcomes.entry(outcome).or_default() += 1;
    }
    println!(
        "{:.0} s, no panic, highest peak {highest} bytes",
        start.elapsed().as_secs_f64()
    );
    for (outcome, count) in outcomes {
        println!("{count:>9} {outcome}");
    }
}

/// The error's variant, and the one inside of it where it wraps another.
fn variant(error: &ContainerError) -> String {
    let debug = format!("{error:?}");
    let names = debug.split(|c: char| !c.is_ascii_alphabetic());
    let names = names.filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
    names.take(2).collect::<Vec<_>>().join(" ")
}
