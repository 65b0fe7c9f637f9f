//! From a channel's range to its quantizer: the Delta policies.
//!
//! The same hardware serves every policy; a policy only decides which (mantissa, shift) pairs
//! stand in the channel table.

use crate::channel::{ChannelEntry, Class};
use crate::format::{Format, FormatError};
use crate::multiplier::Multiplier;

/// How Delta_n follows from a range r, in sample units.
///
/// r is a maximum, a clip value (PACT's alpha, a percentile) or, asymmetric, max - min; over a
/// layer or a channel; from calibration, a batch or an image. All of that is the host's choice
/// and changes nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "kebab-case")
)]
pub enum DeltaPolicy {
    /// The paper's: `Delta_n = r / 2^(n-1)`, signed codes.
    Paper,
    /// `Delta_n = r / (2^n - 1)`, unsigned codes: for activations after ReLU, which do not need
    /// the sign bit, and for asymmetric ranges.
    FullRange,
}

impl DeltaPolicy {
    /// Whether the policy's codes are signed.
    pub fn signed(self) -> bool {
        self == Self::Paper
    }

    /// The format of this policy's codes with zero point 0.
    pub fn format(self, bits: u8, extra: u8) -> Result<Format, FormatError> {
        Format::new(bits, extra, self.signed(), 0)
    }

    /// Steps of Delta_n that make up the range: `2^(n-1)` or `2^n - 1`.
    pub fn steps(self, bits: u32) -> u32 {
        match self {
            Self::Paper => 1 << (bits - 1),
            Self::FullRange => (1 << bits) - 1,
        }
    }

    /// The part of the range that sample x asks for: |x| where codes are signed; where they are
    /// not, negative samples become 0 and ask for nothing.
    pub fn magnitude(self, x: i16) -> u16 {
        match self {
            Self::Paper => x.unsigned_abs(),
            Self::FullRange => x.max(0).cast_unsigned(),
        }
    }

    /// The channel entry for range `range`, in sample units.
    ///
    /// Range 0 is legal: every code is then the zero point and comes back as 0.
    pub fn entry(self, class: Class, bits: u32, range: u16) -> ChannelEntry {
        if range == 0 {
            return ChannelEntry {
                class,
                quantizer: Multiplier::ZERO,
                dequantizer: Multiplier::ZERO,
            };
        }
        let steps = self.steps(bits);
        let range = u32::from(range);
        let factor = |p, q| Multiplier::from_ratio(p, q).expect("at most 8 bits over 16 bits");
        ChannelEntry {
            class,
            quantizer: factor(steps, range),
            dequantizer: factor(range, steps),
        }
    }
}

/// Range and zero point of an asymmetric quantizer for samples from `min` to `max`.
///
/// Unsigned codes with [`DeltaPolicy::FullRange`]: `Delta_n = (max - min) / (2^n - 1)` and
/// `z = rhe(-min / Delta_n)`. The interval is widened to include 0, which then has an exact code.
pub fn asymmetric(bits: u8, min: i16, max: i16) -> (u16, i16) {
    let min = i64::from(min.min(0));
    let max = i64::from(max.max(0));
    let range = max - min;
    if range == 0 {
        return (0, 0);
    }
    let steps = i64::from(DeltaPolicy::FullRange.steps(u32::from(bits)));
    let floor = -min * steps / range;
    let twice = 2 * (-min * steps % range);
    let up = twice > range || (twice == range && floor & 1 == 1);
    let zero_point = floor + i64::from(up);
    (
        u16::try_from(range).expect("difference of two samples"),
        i16::try_from(zero_point).expect("at most 2^n - 1"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_legal_range_gives_shifts_that_the_entry_can_hold() {
        for policy in [DeltaPolicy::Paper, DeltaPolicy::FullRange] {
            for bits in 2..=8 {
                for extra in 0..=crate::format::max_extra(bits) {
                    let format = policy.format(bits, extra).unwrap();
                    for range in 0..=u16::MAX {
                        let entry = policy.entry(Class::Important, u32::from(bits), range);
                        assert_eq!(entry.check(&format), Ok(()), "{format:?} range {range}");
                    }
                }
            }
        }
    }

    #[test]
    fn asymmetric_zero_points_round_half_to_even() {
        assert_eq!(asymmetric(4, -100, 200), (300, 5));
        assert_eq!(asymmetric(2, -1, 1), (2, 2)); // 1.5 goes to 2
        assert_eq!(asymmetric(2, -1, 5), (6, 0)); // 0.5 goes to 0
        assert_eq!(asymmetric(2, -5, 1), (6, 2)); // 2.5 goes to 2
        assert_eq!(asymmetric(8, 10, 20), (20, 0));
        assert_eq!(asymmetric(8, -20, -10), (20, 255));
        assert_eq!(asymmetric(8, 0, 0), (0, 0));
        assert_eq!(asymmetric(8, i16::MIN, i16::MAX), (65535, 128));
    }
}
