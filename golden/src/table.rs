//! Canonical Huffman codes, given by their lengths alone.

use alloc::vec;
use alloc::vec::Vec;

use crate::package_merge::code_lengths;

/// Smallest length limit a layer may choose.
pub const MIN_LIMIT: u8 = 4;
/// Largest length limit, and the default.
pub const MAX_LIMIT: u8 = 8;

/// A complete canonical code over an alphabet of `2^t` symbols, t = 0 to 6.
///
/// Codes are numbered in the order of (length, symbol), most significant bit first. The Kraft
/// sum is exactly 1, so every bit sequence decodes. The alphabet of one symbol (t = 0) has the
/// empty code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeTable {
    lengths: Vec<u8>,
    codes: Vec<u16>,
}

/// Why a table that came from outside is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum TableError {
    #[error("a table of {0} symbols: the alphabet must have 1, 2, 4, .. or 64")]
    Alphabet(usize),
    #[error("length limit {limit}: choose 4 to 8, and at least the {symbol_bits} symbol bits")]
    Limit { limit: u8, symbol_bits: u32 },
    #[error("symbol {symbol} has a code of {length} bits, over the limit of {limit}")]
    Length {
        symbol: usize,
        length: u8,
        limit: u8,
    },
    #[error(
        "the lengths are no complete code: sum of 2^-length is {sum}/{whole}. \
         Where a single symbol occurs, give a second one length 1 too"
    )]
    Kraft { sum: u32, whole: u32 },
}

impl CodeTable {
    /// The code with these lengths, indexed by symbol; 0 means that the symbol has no code.
    ///
    /// Refused unless the alphabet is a power of two up to 64, every length is within `limit`
    /// and the code is complete.
    pub fn from_lengths(lengths: &[u8], limit: u8) -> Result<Self, TableError> {
        let alphabet = lengths.len();
        if !alphabet.is_power_of_two() || alphabet > 64 {
            return Err(TableError::Alphabet(alphabet));
        }
        let symbol_bits = alphabet.ilog2();
        if !(MIN_LIMIT..=MAX_LIMIT).contains(&limit) || u32::from(limit) < symbol_bits {
            return Err(TableError::Limit { limit, symbol_bits });
        }
        for (symbol, &length) in lengths.iter().enumerate() {
            if length > limit {
                return Err(TableError::Length {
                    symbol,
                    length,
                    limit,
                });
            }
        }
        let whole = 1 << limit;
        let sum = lengths
            .iter()
            .filter(|&&length| length > 0 || alphabet == 1)
            .map(|&length| whole >> length)
            .sum();
        if sum != whole {
            return Err(TableError::Kraft { sum, whole });
        }
        let mut codes = vec![0; alphabet];
        let mut code = 0;
        for length in 1..=limit {
            code <<= 1;
            for symbol in 0..alphabet {
                if lengths[symbol] == length {
                    codes[symbol] = code;
                    code += 1;
                }
            }
        }
        Ok(Self {
            lengths: lengths.to_vec(),
            codes,
        })
    }

    /// The flat code: every symbol has a code of `symbol_bits` bits, its own number.
    ///
    /// # Panics
    /// If `symbol_bits` exceeds 6.
    pub fn flat(symbol_bits: u32) -> Self {
        let length = u8::try_from(symbol_bits).expect("at most 6 symbol bits");
        Self::from_lengths(&vec![length; 1 << symbol_bits], MAX_LIMIT).expect("flat is complete")
    }

    /// The best code for these counts within `limit`; the flat code where that is no larger.
    ///
    /// So the code never expands beyond the flat size. Errors as
    /// [`from_lengths`](Self::from_lengths).
    pub fn from_counts(counts: &[u64], limit: u8) -> Result<Self, TableError> {
        let alphabet = counts.len();
        if !alphabet.is_power_of_two() || alphabet > 64 {
            return Err(TableError::Alphabet(alphabet));
        }
        let symbol_bits = alphabet.ilog2();
        let best = code_lengths(counts, limit).ok_or(TableError::Limit { limit, symbol_bits })?;
        let best = Self::from_lengths(&best, limit)?;
        let flat = Self::flat(symbol_bits);
        Ok(if best.cost(counts) < flat.cost(counts) {
            best
        } else {
            flat
        })
    }

    /// Symbols in the alphabet.
    pub fn alphabet(&self) -> usize {
        self.lengths.len()
    }

    /// Bits of a symbol.
    pub fn symbol_bits(&self) -> u32 {
        self.lengths.len().ilog2()
    }

    /// Code lengths by symbol; 0 where the symbol has no code.
    pub fn lengths(&self) -> &[u8] {
        &self.lengths
    }

    /// The longest code's bits.
    pub fn longest(&self) -> u8 {
        self.lengths.iter().copied().max().unwrap_or(0)
    }

    /// Code and length of a symbol, or `None` where it has none.
    pub fn code(&self, symbol: usize) -> Option<(u16, u8)> {
        let length = *self.lengths.get(symbol)?;
        (length > 0 || self.alphabet() == 1).then(|| (self.codes[symbol], length))
    }

    /// The symbol whose code the bits begin with. `None` where they end first.
    pub fn decode(&self, bits: &mut impl Iterator<Item = bool>) -> Option<usize> {
        if self.alphabet() == 1 {
            return Some(0);
        }
        let (mut code, mut length) = (0, 0);
        loop {
            code = code << 1 | u16::from(bits.next()?);
            length += 1;
            let found = (0..self.alphabet()).find(|&s| self.code(s) == Some((code, length)));
            if found.is_some() {
                return found;
            }
        }
    }

    /// Bits that these counts take, 0 for symbols without a code.
    pub fn cost(&self, counts: &[u64]) -> u64 {
        let bits = |(&count, &length): (&u64, &u8)| count * u64::from(length);
        counts.iter().zip(&self.lengths).map(bits).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_order_is_length_then_symbol() {
        let table = CodeTable::from_lengths(&[3, 1, 3, 2], 4).unwrap();
        assert_eq!(table.code(1), Some((0b0, 1)));
        assert_eq!(table.code(3), Some((0b10, 2)));
        assert_eq!(table.code(0), Some((0b110, 3)));
        assert_eq!(table.code(2), Some((0b111, 3)));
        let bits = [true, true, false, true, false, false];
        let mut bits = bits.iter().copied();
        let symbols = [0, 3, 1].map(|_| table.decode(&mut bits));
        assert_eq!(symbols, [Some(0), Some(3), Some(1)]);
        assert_eq!(table.decode(&mut bits), None);
    }

    #[test]
    fn tables_from_outside_are_checked() {
        let refused = |lengths: &[u8], limit| CodeTable::from_lengths(lengths, limit).unwrap_err();
        assert!(matches!(refused(&[1, 2, 3], 8), TableError::Alphabet(3)));
        assert!(matches!(refused(&[7; 128], 8), TableError::Alphabet(128)));
        assert!(matches!(refused(&[1, 0], 8), TableError::Kraft { .. }));
        assert!(matches!(
            refused(&[1, 1, 1, 0], 8),
            TableError::Kraft { .. }
        ));
        assert!(matches!(refused(&[0, 0], 8), TableError::Kraft { .. }));
        assert!(matches!(refused(&[1, 9], 8), TableError::Length { .. }));
        assert!(matches!(refused(&[1, 1], 3), TableError::Limit { .. }));
        assert!(matches!(refused(&[5; 32], 4), TableError::Limit { .. }));
        assert!(CodeTable::from_lengths(&[0], 8).is_ok());
        assert!(CodeTable::from_lengths(&[1, 1, 0, 0], 4).is_ok());
    }

    #[test]
    fn falls_back_to_flat() {
        assert_eq!(CodeTable::from_counts(&[5; 8], 8), Ok(CodeTable::flat(3)));
        assert_eq!(CodeTable::from_counts(&[0; 8], 8), Ok(CodeTable::flat(3)));
        assert!(CodeTable::from_counts(&[1; 32], 4).is_err());
    }
}
