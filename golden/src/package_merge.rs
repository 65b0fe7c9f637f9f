//! Length-limited Huffman code lengths by package-merge (Larmore and Hirschberg, 1990).

use alloc::vec;
use alloc::vec::Vec;

/// A coin of the coin collector's problem: a symbol, or a package of two coins.
#[derive(Clone)]
struct Coin {
    weight: u128,
    symbols: Vec<usize>,
}

/// Code lengths that minimize `sum(counts[s] * length[s])` with no length above `limit`.
///
/// Symbols with count 0 get length 0 (no code). The lengths are always complete (Kraft sum 1):
/// where fewer than two symbols occur, the lowest unused ones keep them company with length 1.
/// Equal weights are taken symbols first, lowest first, so the result is one function of the
/// counts. An alphabet of one symbol needs no code: length 0.
///
/// Returns `None` where `2^limit` codes do not suffice for the symbols that occur.
pub fn code_lengths(counts: &[u64], limit: u8) -> Option<Vec<u8>> {
    let mut lengths = vec![0; counts.len()];
    if counts.len() <= 1 {
        return Some(lengths);
    }
    let mut used: Vec<usize> = (0..counts.len()).filter(|&s| counts[s] > 0).collect();
    for symbol in 0..counts.len() {
        if used.len() >= 2 {
            break;
        }
        if !used.contains(&symbol) {
            used.push(symbol);
        }
    }
    if used.len() > 1 << limit.min(31) {
        return None;
    }
    used.sort_by_key(|&s| (counts[s], s));
    let leaves: Vec<Coin> = used
        .iter()
        .map(|&s| Coin {
            weight: u128::from(counts[s]),
            symbols: vec![s],
        })
        .collect();
    let mut row = leaves.clone();
    for _ in 1..limit {
        row = merge(&leaves, &package(&row));
    }
    for coin in row.iter().take(2 * used.len() - 2) {
        for &symbol in &coin.symbols {
            lengths[symbol] += 1;
        }
    }
    Some(lengths)
}

/// Pairs neighbours; an odd coin at the end is dropped.
fn package(row: &[Coin]) -> Vec<Coin> {
    row.chunks_exact(2)
        .map(|pair| Coin {
            weight: pair[0].weight + pair[1].weight,
            symbols: [&pair[0].symbols[..], &pair[1].symbols[..]].concat(),
        })
        .collect()
}

/// Merges two sorted rows; on equal weight `leaves` come first.
fn merge(leaves: &[Coin], packages: &[Coin]) -> Vec<Coin> {
    let mut merged = [leaves, packages].concat();
    merged.sort_by_key(|coin| coin.weight); // stable
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(counts: &[u64], lengths: &[u8]) -> u64 {
        counts
            .iter()
            .zip(lengths)
            .map(|(&c, &l)| c * u64::from(l))
            .sum()
    }

    #[test]
    fn textbook_lengths() {
        assert_eq!(code_lengths(&[1, 1, 2, 4], 8), Some(vec![3, 3, 2, 1]));
        assert_eq!(code_lengths(&[1, 1, 2, 4], 2), Some(vec![2, 2, 2, 2]));
        assert_eq!(code_lengths(&[0, 7, 0, 0], 8), Some(vec![1, 1, 0, 0]));
        assert_eq!(code_lengths(&[7, 0, 0], 8), Some(vec![1, 1, 0]));
        assert_eq!(code_lengths(&[0, 0], 8), Some(vec![1, 1]));
        assert_eq!(code_lengths(&[9], 8), Some(vec![0]));
        assert_eq!(code_lengths(&[1; 5], 2), None);
    }

    /// Every complete set of lengths for up to six symbols, tried one by one, costs at least as
    /// much.
    #[test]
    fn no_other_code_within_the_limit_is_cheaper() {
        fn search(counts: &[u64], limit: u8, at: usize, lengths: &mut [u8], best: &mut u64) {
            if at == counts.len() {
                let kraft: u32 = lengths.iter().map(|&l| 1 << (limit - l)).sum();
                if kraft <= 1 << limit {
                    *best = (*best).min(cost(counts, lengths));
                }
                return;
            }
            for length in 1..=limit {
                lengths[at] = length;
                search(counts, limit, at + 1, lengths, best);
            }
        }
        let mut state = 1u64;
        for symbols in 2..=6usize {
            for limit in 3..=5 {
                for _ in 0..10 {
                    let counts: Vec<u64> = (0..symbols)
                        .map(|_| {
                            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                            1 + (1 << (state >> 60)) * (state >> 40 & 7)
                        })
                        .collect();
                    let mut best = u64::MAX;
                    search(&counts, limit, 0, &mut vec![0; symbols], &mut best);
                    let lengths = code_lengths(&counts, limit).unwrap();
                    assert!(lengths.iter().all(|&l| (1..=limit).contains(&l)));
                    assert_eq!(cost(&counts, &lengths), best, "{counts:?} limit {limit}");
                }
            }
        }
    }
}
