//! Damaged containers with sound CRCs never panic and never take more memory than justified.
//!
//! The only test of its binary, because it watches the memory of the whole process. The long run
//! is `cargo run --release -p dqa-tests --bin fuzz-containers`.

use dqa_golden::container::Container;
use dqa_tests::hostile::{damage, damaged, justified_peak, small_containers};
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::sample::Index;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn damaged_containers_do_no_harm(which: Index, damage in damage()) {
        let sound = which.get(&small_containers()).to_bytes();
        let bytes = damaged(&sound, &damage);
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let outcome = Container::decode(&bytes);
        let peak = MEMORY.peak_usage().saturating_sub(before);
        prop_assert!(peak <= justified_peak(&bytes), "{peak} bytes for {}: {outcome:?}", bytes.len());
        if let Ok((info, elements)) = outcome {
            let expected = info.shape.iter().product::<u64>();
            prop_assert_eq!(elements.len() as u64, expected);
        }
    }
}
