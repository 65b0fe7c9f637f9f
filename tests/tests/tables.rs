//! Code tables: as short as Huffman's where the limit does not bind, nearly so where it does.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use dqa_golden::channel::Class;
use dqa_golden::package_merge::code_lengths;
use dqa_golden::table::{CodeTable, MAX_LIMIT, MIN_LIMIT};
use dqa_tests::activations;
use dqa_tests::layer::{Choice, channel_table, histogram};
use proptest::collection::vec;
use proptest::prelude::*;

fn histograms() -> impl Strategy<Value = Vec<u64>> {
    let count = prop_oneof![
        Just(0),
        1..10u64,
        1..100_000u64,
        (0..40u32).prop_map(|e| 1 << e)
    ];
    (1..=6u32).prop_flat_map(move |bits| vec(count.clone(), 1 << bits))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn optimal_where_the_limit_does_not_bind(counts in histograms()) {
        let huffman = huffman_lengths(&counts);
        let longest = *huffman.iter().max().unwrap();
        let limited = code_lengths(&counts, longest.max(8)).unwrap();
        prop_assert_eq!(cost(&counts, &limited), cost(&counts, &huffman));
        prop_assert_eq!(kraft(&limited, longest.max(8)), 1 << longest.max(8));
    }

    #[test]
    fn within_the_limit_complete_and_never_above_flat(
        counts in histograms(),
        limit in MIN_LIMIT..=MAX_LIMIT,
    ) {
        let bits = counts.len().ilog2();
        match CodeTable::from_counts(&counts, limit) {
            Ok(table) => {
                prop_assert!(table.longest() <= limit);
                prop_assert_eq!(kraft(table.lengths(), limit), 1 << limit);
                prop_assert!(table.cost(&counts) <= CodeTable::flat(bits).cost(&counts));
                prop_assert!(table.cost(&counts) >= cost(&counts, &huffman_lengths(&counts)));
                prop_assert_eq!(CodeTable::from_lengths(table.lengths(), limit), Ok(table));
            }
            Err(_) => prop_assert!(u32::from(limit) < bits),
        }
    }

    #[test]
    fn a_tighter_limit_never_costs_less(counts in histograms()) {
        let costs: Vec<u64> = (6..=12)
            .map(|limit| cost(&counts, &code_lengths(&counts, limit).unwrap()))
            .collect();
        prop_assert!(costs.is_sorted_by(|looser, tighter| looser >= tighter), "{costs:?}");
    }

    #[test]
    fn codes_are_prefix_free_and_in_canonical_order(counts in histograms()) {
        let table = CodeTable::from_counts(&counts, MAX_LIMIT).unwrap();
        let mut codes: Vec<(u8, usize, u16)> = (0..table.alphabet())
            .filter_map(|symbol| table.code(symbol).map(|(code, length)| (length, symbol, code)))
            .collect();
        codes.sort_unstable();
        for pair in codes.windows(2) {
            let [(length, _, code), (next_length, _, next)] = [pair[0], pair[1]];
            prop_assert_eq!(next, (code + 1) << (next_length - length));
        }
    }
}

#[test]
fn limit_8_costs_under_1_percent_on_real_tensors() {
    for tensor in activations::all() {
        for (n, m) in [(2, 2), (3, 1), (3, 3), (4, 3), (5, 3)] {
            let choice = Choice::full_range(n, m);
            let table = channel_table(&tensor, &choice);
            for class in [Class::Direct, Class::Important] {
                let counts = histogram(&tensor, &table, &choice.format(), choice.joint(), class);
                let limited = cost(&counts, &code_lengths(&counts, 8).unwrap());
                let huffman = cost(&counts, &huffman_lengths(&counts));
                assert!(
                    limited * 100 <= huffman * 101,
                    "{} {n} {m} {class:?}",
                    tensor.name
                );
            }
        }
    }
}

/// Huffman's own algorithm: merge the two lightest trees until one is left.
fn huffman_lengths(counts: &[u64]) -> Vec<u8> {
    let mut lengths = vec![0; counts.len()];
    let mut trees: BinaryHeap<Reverse<(u64, Vec<usize>)>> = (0..counts.len())
        .filter(|&symbol| counts[symbol] > 0)
        .map(|symbol| Reverse((counts[symbol], vec![symbol])))
        .collect();
    if trees.len() < 2 {
        let only = trees.pop().map_or(0, |Reverse((_, symbols))| symbols[0]);
        lengths[only] = 1;
        lengths[usize::from(only == 0)] = 1;
        return lengths;
    }
    while let (Some(Reverse((a, mut symbols))), Some(Reverse((b, more)))) =
        (trees.pop(), trees.pop())
    {
        symbols.extend(more);
        for &symbol in &symbols {
            lengths[symbol] += 1;
        }
        if trees.is_empty() {
            break;
        }
        trees.push(Reverse((a + b, symbols)));
    }
    lengths
}

fn cost(counts: &[u64], lengths: &[u8]) -> u64 {
    counts
        .iter()
        .zip(lengths)
        .map(|(&count, &length)| count * u64::from(length))
        .sum()
}

/// The Kraft sum, times `2^limit`.
fn kraft(lengths: &[u8], limit: u8) -> u64 {
    let coded = lengths.iter().filter(|&&length| length > 0);
    coded.map(|&length| 1 << (limit - length)).sum()
}
