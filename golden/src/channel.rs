//! Quantize, shift and de-quantize: the arithmetic of one channel.
//!
//! The functions follow the paper's Algorithm 1 (quantization) and Algorithm 2
//! (de-quantization) line by line; each names its line's content.

use crate::format::{Format, mask};
use crate::multiplier::{MAX_SHIFT, Multiplier};

/// What is done with a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "lowercase")
)]
pub enum Class {
    /// Quantized to n bits.
    Direct,
    /// Quantized to n + m bits, shifted right by m, the shifting error kept.
    Important,
    /// Not stored; comes back as zeros.
    Pruned,
}

/// How one channel is quantized and de-quantized; one row of a layer's channel table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ChannelEntry {
    /// The channel's class.
    pub class: Class,
    /// 1 / Delta_n in 1 / sample units. An Important channel uses its shift less m, which makes
    /// Delta_n = 2^m * Delta_(n+m) hold exactly.
    pub quantizer: Multiplier,
    /// Delta_n in sample units. An Important channel uses its shift plus m.
    pub dequantizer: Multiplier,
}

/// Why a channel entry does not go with a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum EntryError {
    #[error(
        "quantizer shift {shift} is less than m = {extra}: an Important channel needs shift >= m"
    )]
    QuantizerShift { shift: u8, extra: u32 },
    #[error("de-quantizer shift {shift} plus m = {extra} exceeds {MAX_SHIFT}")]
    DequantizerShift { shift: u8, extra: u32 },
}

impl ChannelEntry {
    /// The entry of a channel that is not stored.
    pub const PRUNED: Self = Self {
        class: Class::Pruned,
        quantizer: Multiplier::ZERO,
        dequantizer: Multiplier::ZERO,
    };

    /// Checks that the shifts stay within 0 to 31 once m is applied. The factor 0 passes: its
    /// product is 0 whatever the shift.
    pub fn check(&self, format: &Format) -> Result<(), EntryError> {
        let extra = format.extra_of(self.class);
        let shift = self.quantizer.shift();
        if self.quantizer.mantissa() != 0 && u32::from(shift) < extra {
            return Err(EntryError::QuantizerShift { shift, extra });
        }
        let shift = self.dequantizer.shift();
        if self.dequantizer.mantissa() != 0 && u32::from(shift) + extra > u32::from(MAX_SHIFT) {
            return Err(EntryError::DequantizerShift { shift, extra });
        }
        Ok(())
    }

    /// Algorithm 1, quantize: `q = clamp(rhe(x / Delta_b) + z_b, lo, hi)` with b = n for Direct
    /// and n + m for Important. A Pruned channel gives the code of 0.
    pub fn quantize(&self, format: &Format, x: i16) -> i32 {
        let shift = u32::from(self.quantizer.shift()).saturating_sub(format.extra_of(self.class));
        let scaled = self.quantizer.scale(i32::from(x), shift);
        let (lo, hi) = format.code_range(self.class);
        let q = scaled + i64::from(format.zero_code(self.class));
        i32::try_from(q.clamp(i64::from(lo), i64::from(hi))).expect("clamped to 10 bits")
    }

    /// Algorithm 2, de-quantize: `y = rhe((q - z_b) * Delta_b)`, saturated to 16 bits.
    pub fn dequantize(&self, format: &Format, q: i32) -> i16 {
        let shift = u32::from(self.dequantizer.shift()) + format.extra_of(self.class);
        let y = self
            .dequantizer
            .scale(q - format.zero_code(self.class), shift);
        i16::try_from(y.clamp(i64::from(i16::MIN), i64::from(i16::MAX))).expect("clamped")
    }
}

/// Algorithm 1, shift: the value `v = q >> m` and the shifting error `e = q mod 2^m`, so that
/// `q = v * 2^m + e` with `0 <= e < 2^m` also for negative q.
pub fn shift(q: i32, extra: u32) -> (i32, u32) {
    (q >> extra, q.cast_unsigned() & mask(extra))
}

/// Algorithm 2, add the shifting error back: `q = v * 2^m + e`. Inverse of [`shift`].
pub fn unshift(value: i32, error: u32, extra: u32) -> i32 {
    (value << extra) + error.cast_signed()
}
