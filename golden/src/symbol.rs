//! What of a code q is Huffman coded and what is written raw.
//!
//! Each stored sample is one canonical code of a symbol followed by raw bits. Which bits of q
//! make the symbol depends on the layer's mode and the channel's class, never on data, so a
//! decoder does one table step a sample.

use crate::channel::Class;
use crate::format::{Format, mask};

/// Most bits of a symbol: alphabets have at most 64 symbols.
pub const MAX_SYMBOL_BITS: u8 = 6;
/// Symbol bits of the default alphabets, at most 32 symbols.
pub const DEFAULT_SYMBOL_BITS: u8 = 5;

/// What a layer's Huffman codes stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "lowercase", tag = "name")
)]
pub enum Mode {
    /// The paper's content. Direct: n raw bits. Important: the code of the shifting error e,
    /// then the value v as n raw bits.
    Paper,
    /// The symbol is the top bits of q, value and shifting error together; the rest of q is raw.
    Joint {
        /// Symbol bits of Direct channels, 0 to n.
        direct: u8,
        /// Symbol bits of Important channels, 0 to n + m.
        important: u8,
    },
}

/// How the pattern of a code q divides into symbol and raw bits, in one class of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct SymbolLayout {
    /// Bits of the symbol, 0 to 6; the alphabet has `2^symbol_bits` symbols.
    pub symbol_bits: u32,
    /// Bits written raw behind the symbol's code.
    pub raw_bits: u32,
    /// Whether the symbol is the pattern's low end (`paper`: e) or its high end (`joint`).
    pub symbol_is_low: bool,
}

/// Why a mode does not go with a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ModeError {
    #[error(
        "{symbol_bits} symbol bits for {class:?} channels: choose 0 to {}",
        (*.width).min(u32::from(MAX_SYMBOL_BITS))
    )]
    SymbolBits {
        class: Class,
        symbol_bits: u8,
        width: u32,
    },
}

impl Mode {
    /// Checks the symbol bits against the codes' widths and the largest alphabet.
    pub fn check(self, format: &Format) -> Result<(), ModeError> {
        let Self::Joint { direct, important } = self else {
            return Ok(());
        };
        for (class, symbol_bits) in [(Class::Direct, direct), (Class::Important, important)] {
            let width = format.width(class);
            if symbol_bits > MAX_SYMBOL_BITS || u32::from(symbol_bits) > width {
                return Err(ModeError::SymbolBits {
                    class,
                    symbol_bits,
                    width,
                });
            }
        }
        Ok(())
    }

    /// The layout of a class's codes. Pruned channels have none and are answered as Direct.
    pub fn layout(self, format: &Format, class: Class) -> SymbolLayout {
        let width = format.width(class);
        let (symbol_bits, symbol_is_low) = match (self, class) {
            (Self::Paper, Class::Important) => (format.extra(), true),
            (Self::Paper, _) => (0, true),
            (Self::Joint { important, .. }, Class::Important) => (u32::from(important), false),
            (Self::Joint { direct, .. }, _) => (u32::from(direct), false),
        };
        SymbolLayout {
            symbol_bits,
            raw_bits: width - symbol_bits,
            symbol_is_low,
        }
    }
}

impl SymbolLayout {
    /// Symbols in the alphabet.
    pub fn alphabet(&self) -> usize {
        1 << self.symbol_bits
    }

    /// Divides a pattern into (symbol, raw bits).
    pub fn split(&self, pattern: u32) -> (usize, u32) {
        let (symbol, raw) = if self.symbol_is_low {
            (
                pattern & mask(self.symbol_bits),
                pattern >> self.symbol_bits,
            )
        } else {
            (pattern >> self.raw_bits, pattern & mask(self.raw_bits))
        };
        (symbol as usize, raw)
    }

    /// Puts a pattern together again; inverse of [`split`](Self::split).
    pub fn join(&self, symbol: usize, raw: u32) -> u32 {
        let symbol = u32::try_from(symbol).expect("at most 64 symbols");
        if self.symbol_is_low {
            (raw << self.symbol_bits) | symbol
        } else {
            (symbol << self.raw_bits) | raw
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::shift;

    #[test]
    fn paper_symbol_is_the_shifting_error() {
        let format = Format::new(3, 2, true, 0).unwrap();
        let layout = Mode::Paper.layout(&format, Class::Important);
        for q in -16..16 {
            let (v, e) = shift(q, 2);
            let (symbol, raw) = layout.split(format.pattern(Class::Important, q));
            assert_eq!(symbol, e as usize);
            assert_eq!(raw, format.pattern(Class::Direct, v));
            let joined = layout.join(symbol, raw);
            assert_eq!(format.code(Class::Important, joined), q);
        }
    }

    #[test]
    fn too_large_alphabets_are_refused() {
        let format = Format::new(8, 2, false, 0).unwrap();
        let mode = |direct, important| Mode::Joint { direct, important };
        assert!(mode(6, 6).check(&format).is_ok());
        assert!(mode(7, 6).check(&format).is_err());
        let format = Format::new(3, 1, false, 0).unwrap();
        assert!(mode(3, 4).check(&format).is_ok());
        assert!(mode(4, 4).check(&format).is_err());
        assert!(mode(3, 5).check(&format).is_err());
    }
}
