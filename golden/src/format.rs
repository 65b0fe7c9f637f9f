//! The number format of a layer's codes: how many bits, signed or not, where zero is.

use crate::channel::Class;

/// Number format of the codes of one layer.
///
/// A Direct channel is stored in `n` bits, an Important one is quantized to `n + m` bits and
/// shifted right by `m` (paper, Algorithm 1). Values of this type are always legal:
/// `2 <= n <= 8`, `m <= 5`, `m <= n`, `n + m <= 10`, and the zero point is a code of `n` bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Format {
    bits: u8,
    extra: u8,
    signed: bool,
    zero_point: i16,
}

/// Why a [`Format`] is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
pub enum FormatError {
    #[error("n = {0} target bits: choose n from 2 to 8")]
    Bits(u8),
    #[error("m = {extra} extra bits with n = {bits}: choose m from 0 to {}", max_extra(*.bits))]
    Extra { bits: u8, extra: u8 },
    #[error("zero point {zero_point} is no {bits}-bit code: choose it from {lo} to {hi}")]
    ZeroPoint {
        zero_point: i16,
        bits: u8,
        lo: i32,
        hi: i32,
    },
}

/// Smallest number of target bits n.
pub const MIN_BITS: u8 = 2;
/// Largest number of target bits n.
pub const MAX_BITS: u8 = 8;
/// Largest number of extra bits m.
pub const MAX_EXTRA: u8 = 5;
/// Largest n + m.
pub const MAX_WIDTH: u8 = 10;

/// The largest number of extra bits that is legal with `bits` target bits.
pub const fn max_extra(bits: u8) -> u8 {
    let by_width = MAX_WIDTH.saturating_sub(bits);
    let by_bits = if bits < MAX_EXTRA { bits } else { MAX_EXTRA };
    if by_width < by_bits {
        by_width
    } else {
        by_bits
    }
}

impl Format {
    /// A format of `bits` (n) target bits and `extra` (m) extra bits.
    ///
    /// `zero_point` is the n-bit code that stands for the sample 0; it is 0 unless the range is
    /// asymmetric.
    pub fn new(bits: u8, extra: u8, signed: bool, zero_point: i16) -> Result<Self, FormatError> {
        if !(MIN_BITS..=MAX_BITS).contains(&bits) {
            return Err(FormatError::Bits(bits));
        }
        if extra > max_extra(bits) {
            return Err(FormatError::Extra { bits, extra });
        }
        let (lo, hi) = code_range(u32::from(bits), signed);
        if !(lo..=hi).contains(&i32::from(zero_point)) {
            return Err(FormatError::ZeroPoint {
                zero_point,
                bits,
                lo,
                hi,
            });
        }
        Ok(Self {
            bits,
            extra,
            signed,
            zero_point,
        })
    }

    /// Target bits n, 2 to 8.
    pub fn bits(&self) -> u32 {
        u32::from(self.bits)
    }

    /// Extra bits m of Important channels, 0 to 5.
    pub fn extra(&self) -> u32 {
        u32::from(self.extra)
    }

    /// Whether codes are two's complement.
    pub fn signed(&self) -> bool {
        self.signed
    }

    /// The n-bit code z of the sample 0.
    pub fn zero_point(&self) -> i16 {
        self.zero_point
    }

    /// Extra bits of a class: m for Important, 0 otherwise.
    pub fn extra_of(&self, class: Class) -> u32 {
        match class {
            Class::Important => self.extra(),
            Class::Direct | Class::Pruned => 0,
        }
    }

    /// Bits b of a code q of this class: n + m for Important, n otherwise.
    pub fn width(&self, class: Class) -> u32 {
        self.bits() + self.extra_of(class)
    }

    /// Smallest and largest code q of this class.
    pub fn code_range(&self, class: Class) -> (i32, i32) {
        code_range(self.width(class), self.signed)
    }

    /// The code `z_b = z * 2^(b-n)` that stands for the sample 0 in this class.
    pub fn zero_code(&self, class: Class) -> i32 {
        i32::from(self.zero_point) << self.extra_of(class)
    }

    /// The low [`width`](Self::width) bits of a code: its pattern as stored.
    pub fn pattern(&self, class: Class, q: i32) -> u32 {
        q.cast_unsigned() & mask(self.width(class))
    }

    /// The code whose pattern this is; inverse of [`pattern`](Self::pattern).
    pub fn code(&self, class: Class, pattern: u32) -> i32 {
        let unused = i32::BITS - self.width(class);
        let shifted = pattern << unused;
        if self.signed {
            shifted.cast_signed() >> unused
        } else {
            (shifted >> unused).cast_signed()
        }
    }
}

/// A number whose low `bits` bits are ones.
pub(crate) const fn mask(bits: u32) -> u32 {
    (1 << bits) - 1
}

const fn code_range(width: u32, signed: bool) -> (i32, i32) {
    if signed {
        (-(1 << (width - 1)), (1 << (width - 1)) - 1)
    } else {
        (0, (1 << width) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_the_page_forbids() {
        assert_eq!(Format::new(1, 0, false, 0), Err(FormatError::Bits(1)));
        assert_eq!(Format::new(9, 0, false, 0), Err(FormatError::Bits(9)));
        for (bits, extra) in [(2, 3), (3, 4), (8, 3), (6, 5), (5, 6)] {
            assert_eq!(
                Format::new(bits, extra, true, 0),
                Err(FormatError::Extra { bits, extra })
            );
        }
        assert!(Format::new(4, 0, false, -1).is_err());
        assert!(Format::new(4, 0, true, 8).is_err());
        assert!(Format::new(5, 5, true, -16).is_ok());
    }

    #[test]
    fn patterns_are_inverse_to_codes() {
        for signed in [false, true] {
            let format = Format::new(4, 3, signed, 0).unwrap();
            for class in [Class::Direct, Class::Important] {
                let (lo, hi) = format.code_range(class);
                for q in lo..=hi {
                    assert_eq!(format.code(class, format.pattern(class, q)), q);
                }
            }
        }
    }
}
