//! Scaling by a 17-bit mantissa and a power of two, rounded half to even.
//!
//! Dividing by Delta is done as multiplying by `mantissa / 2^shift`: one 18x18 signed multiplier
//! for a 16-bit sample. The mantissa is found by long division, one quotient bit a step, so that
//! hardware finds the identical one.

/// Bits of a mantissa, its top bit set.
pub const MANTISSA_BITS: u32 = 17;
/// Largest shift a channel entry can hold.
pub const MAX_SHIFT: u8 = 31;

const MANTISSA_MIN: u32 = 1 << (MANTISSA_BITS - 1);
const MANTISSA_MAX: u32 = (1 << MANTISSA_BITS) - 1;

/// A non-negative factor `mantissa / 2^shift`.
///
/// The mantissa has 17 bits with its top bit set, or is 0 (a channel of range 0). The shift is
/// 0 to 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Multiplier {
    mantissa: u32,
    shift: u8,
}

/// Why a [`Multiplier`] is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum MultiplierError {
    #[error("mantissa {0}: use 0, or 65536 to 131071 (17 bits, the top one set)")]
    Mantissa(u32),
    #[error("shift {0}: use 0 to 31")]
    Shift(u32),
    #[error("{numerator} / {denominator} is no factor between 2^-15 and 2^17")]
    Ratio { numerator: u32, denominator: u32 },
}

impl Multiplier {
    /// The factor 0, for a channel whose range is 0.
    pub const ZERO: Self = Self {
        mantissa: 0,
        shift: 0,
    };

    /// The factor `mantissa / 2^shift`.
    pub fn new(mantissa: u32, shift: u8) -> Result<Self, MultiplierError> {
        if mantissa != 0 && !(MANTISSA_MIN..=MANTISSA_MAX).contains(&mantissa) {
            return Err(MultiplierError::Mantissa(mantissa));
        }
        if shift > MAX_SHIFT {
            return Err(MultiplierError::Shift(u32::from(shift)));
        }
        Ok(Self { mantissa, shift })
    }

    /// The factor nearest to `numerator / denominator` that 17 bits can hold.
    ///
    /// Long division: normalize the quotient to [1, 2), take 17 quotient bits by compare and
    /// subtract, round up when the remainder is at least half the divisor. A tie would need a
    /// quotient of exactly 18 significant bits, which a numerator below 2^17 cannot give, so for
    /// ranges and steps half-up is half-to-even too. The relative error is at most 2^-17.
    pub fn from_ratio(numerator: u32, denominator: u32) -> Result<Self, MultiplierError> {
        let refuse = MultiplierError::Ratio {
            numerator,
            denominator,
        };
        if numerator == 0 || denominator == 0 {
            return Err(refuse);
        }
        let mut remainder = u64::from(numerator);
        let mut divisor = u64::from(denominator);
        let mut shift = MANTISSA_BITS.cast_signed() - 1;
        while remainder < divisor {
            remainder <<= 1;
            shift += 1;
        }
        while remainder >= divisor << 1 {
            divisor <<= 1;
            shift -= 1;
        }
        let mut mantissa = 0;
        for _ in 0..MANTISSA_BITS {
            mantissa <<= 1;
            if remainder >= divisor {
                remainder -= divisor;
                mantissa |= 1;
            }
            remainder <<= 1;
        }
        if remainder >= divisor {
            mantissa += 1;
        }
        if mantissa > MANTISSA_MAX {
            mantissa = MANTISSA_MIN;
            shift -= 1;
        }
        let shift = u8::try_from(shift).map_err(|_| refuse)?;
        Self::new(mantissa, shift).map_err(|_| refuse)
    }

    /// The mantissa: 0, or 17 bits with the top one set.
    pub fn mantissa(&self) -> u32 {
        self.mantissa
    }

    /// The shift, 0 to 31.
    pub fn shift(&self) -> u8 {
        self.shift
    }

    /// `rhe(x * mantissa / 2^shift)`, exact product, for a `shift` of the caller's choice:
    /// an Important channel quantizes with `shift - m` and de-quantizes with `shift + m`.
    pub(crate) fn scale(&self, x: i32, shift: u32) -> i64 {
        round_half_even(i64::from(x) * i64::from(self.mantissa), shift)
    }
}

/// `value / 2^shift` rounded to the nearest integer, halves to the even one (rhe).
///
/// `shift` is 0 to 62.
pub fn round_half_even(value: i64, shift: u32) -> i64 {
    if shift == 0 {
        return value;
    }
    let floor = value >> shift;
    let remainder = value - (floor << shift);
    let half = 1 << (shift - 1);
    let up = remainder > half || (remainder == half && floor & 1 == 1);
    floor + i64::from(up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_to_even() {
        for (value, expected) in [(-6, -2), (-5, -1), (-2, 0), (2, 0), (3, 1), (5, 1), (6, 2)] {
            assert_eq!(round_half_even(value, 2), expected, "{value} / 4");
        }
        assert_eq!(round_half_even(-7, 0), -7);
    }

    /// Against exact arithmetic: no other 17-bit mantissa is nearer.
    #[test]
    fn long_division_gives_the_nearest_mantissa() {
        for numerator in [2, 3, 4, 7, 8, 15, 31, 63, 127, 128, 255, 1023] {
            for denominator in 1..=65535 {
                for (p, q) in [(numerator, denominator), (denominator, numerator)] {
                    let Ok(factor) = Multiplier::from_ratio(p, q) else {
                        panic!("{p}/{q} refused");
                    };
                    let exact = u64::from(p) << factor.shift();
                    let got = u64::from(factor.mantissa()) * u64::from(q);
                    assert!(exact.abs_diff(got) * 2 <= u64::from(q), "{p}/{q}");
                }
            }
        }
    }

    #[test]
    fn refuses_zero_and_unreachable_ratios() {
        assert!(Multiplier::from_ratio(0, 1).is_err());
        assert!(Multiplier::from_ratio(1, 0).is_err());
        assert!(Multiplier::from_ratio(1, 1 << 16).is_err());
        assert!(Multiplier::from_ratio(u32::MAX, 1).is_err());
        assert!(Multiplier::new(65535, 0).is_err());
        assert!(Multiplier::new(65536, 32).is_err());
    }
}
