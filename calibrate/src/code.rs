//! Code tables from counts of codes.

use dqa_golden::channel::Class;
use dqa_golden::format::Format;
use dqa_golden::symbol::{Mode, SymbolLayout};
use dqa_golden::table::{CodeTable, TableError};

use crate::layers::CodeMode;

/// How often each symbol occurs, from how often each pattern does.
pub fn symbol_counts(patterns: &[u64], layout: &SymbolLayout) -> Vec<u64> {
    let mut counts = vec![0; layout.alphabet()];
    for (pattern, &count) in (0u32..).zip(patterns) {
        counts[layout.split(pattern).0] += count;
    }
    counts
}

/// What a code may be like.
#[derive(Clone, Copy, Debug)]
pub struct CodeLimits {
    /// What the codes stand for.
    pub mode: CodeMode,
    /// Most symbol bits, 0 to 6.
    pub symbol_bits: u8,
    /// Longest code, 4 to 8 bits.
    pub limit: u8,
    /// Whether symbols that do not occur get a code too, so that it serves other data.
    pub all_symbols: bool,
}

/// The code that takes the fewest bits for these patterns, its table counted.
///
/// In joint mode the symbol bits are chosen as well, from 0 (all raw) up; the fewest of equals.
pub fn choose(
    limits: CodeLimits,
    format: &Format,
    class: Class,
    patterns: &[u64],
) -> Result<CodeTable, TableError> {
    let CodeLimits {
        mode,
        symbol_bits,
        limit,
        all_symbols,
    } = limits;
    let layouts: Vec<SymbolLayout> = match mode {
        CodeMode::Paper => vec![Mode::Paper.layout(format, class)],
        CodeMode::Joint => (0..=symbol_bits.min(limit))
            .filter(|&bits| u32::from(bits) <= format.width(class))
            .map(|bits| Mode::Joint {
                direct: bits,
                important: bits,
            })
            .map(|mode| mode.layout(format, class))
            .collect(),
    };
    let mut best: Option<(u64, CodeTable)> = None;
    for layout in layouts {
        let mut counts = symbol_counts(patterns, &layout);
        if all_symbols {
            counts.iter_mut().for_each(|count| *count = (*count).max(1));
        }
        let table = CodeTable::from_counts(&counts, limit)?;
        let raw = patterns.iter().sum::<u64>() * u64::from(layout.raw_bits);
        let cost = table.cost(&counts) + raw + 4 * layout.alphabet() as u64;
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, table));
        }
    }
    Ok(best.expect("at least one layout").1)
}

/// Bits that codes with these patterns take.
pub fn bits(table: &CodeTable, layout: &SymbolLayout, patterns: &[u64]) -> u64 {
    let raw = patterns.iter().sum::<u64>() * u64::from(layout.raw_bits);
    table.cost(&symbol_counts(patterns, layout)) + raw
}

/// Order-0 entropy in bits; 0 of nothing.
pub fn entropy(counts: &[u64]) -> f64 {
    let total: u64 = counts.iter().sum();
    entropy_of_parts(counts.iter().map(|&count| count as f64 / total as f64))
}

/// Order-0 entropy in bits of symbols that each are this part of all.
pub(crate) fn entropy_of_parts(parts: impl Iterator<Item = f64>) -> f64 {
    let used = parts.filter(|&part| part > 0.0);
    used.map(|part| -part * part.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_known_distributions() {
        assert_eq!(entropy(&[]), 0.0);
        assert_eq!(entropy(&[5]), 0.0);
        assert_eq!(entropy(&[5, 0, 5]), 1.0);
        assert!((entropy(&[1, 1, 2]) - 1.5).abs() < 1e-12);
    }
}
