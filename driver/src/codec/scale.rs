//! Multiplying by `mantissa / 2^shift`, rounded half to even: quantizing and de-quantizing.
//!
//! Golden rounds the exact integer product. Here the same is done in `f64`, many samples at a
//! time on a machine with vectors, and equals it bit for bit:
//!
//! - a factor `mantissa / 2^shift` has 17 significant bits, a sample 16, their product at most
//!   33: every product is exact in 53 bits;
//! - clamping to integers before rounding gives what clamping afterwards would, because rounding
//!   is monotonic and keeps integers;
//! - the clamped value is below 2^51 in size, so adding 1.5 * 2^52 lands where the spacing of
//!   doubles is 1: the addition itself rounds half to even (the IEEE default), and the integer
//!   stands in the sum's low bits in two's complement.
//!
//! The zero point is added afterwards, as an integer: added before, it would change which of two
//! neighbours is even.

use dqa_golden::channel::ChannelEntry;
use dqa_golden::format::Format;
use dqa_golden::multiplier::Multiplier;

/// 1.5 * 2^52, where the spacing of doubles is 1 on both sides.
const INTEGERS: f64 = 6_755_399_441_055_744.0;

/// One sample as it lies in memory.
pub(super) trait Sample: Copy {
    /// The sample's value.
    fn value(self) -> i16;
    /// A value as a sample.
    fn from_value(value: i16) -> Self;
}

impl Sample for i16 {
    #[inline(always)]
    fn value(self) -> i16 {
        self
    }

    #[inline(always)]
    fn from_value(value: i16) -> Self {
        value
    }
}

/// A sample in a packet: little-endian bytes at any address.
impl Sample for [u8; 2] {
    #[inline(always)]
    fn value(self) -> i16 {
        i16::from_le_bytes(self)
    }

    #[inline(always)]
    fn from_value(value: i16) -> Self {
        value.to_le_bytes()
    }
}

/// `clamp(rhe(x * factor), lo, hi) + offset`.
#[derive(Clone, Copy)]
pub(super) struct Scaler {
    factor: f64,
    lo: f64,
    hi: f64,
    offset: i16,
}

impl Scaler {
    /// From samples to code indices `q - lo`, 0 to 2^b - 1.
    pub fn quantizer(format: &Format, entry: &ChannelEntry) -> Self {
        let extra = format.extra_of(entry.class);
        let (lo, hi) = format.code_range(entry.class);
        let zero = format.zero_code(entry.class);
        Self {
            factor: factor(
                entry.quantizer,
                u32::from(entry.quantizer.shift()).saturating_sub(extra),
            ),
            lo: f64::from(lo - zero),
            hi: f64::from(hi - zero),
            offset: i16::try_from(zero - lo).expect("at most 10 bits"),
        }
    }

    /// From codes less their zero, `q - z_b`, to samples.
    pub fn dequantizer(format: &Format, entry: &ChannelEntry) -> Self {
        let extra = format.extra_of(entry.class);
        Self {
            factor: factor(
                entry.dequantizer,
                u32::from(entry.dequantizer.shift()) + extra,
            ),
            lo: f64::from(i16::MIN),
            hi: f64::from(i16::MAX),
            offset: 0,
        }
    }

    /// Scales one value.
    #[inline(always)]
    pub fn scale(&self, x: i16) -> i16 {
        let scaled = (f64::from(x) * self.factor).clamp(self.lo, self.hi);
        low_bits(scaled + INTEGERS).wrapping_add(self.offset)
    }
}

/// The low 16 bits of the integer in a sum with [`INTEGERS`].
#[inline(always)]
fn low_bits(sum: f64) -> i16 {
    sum.to_bits() as i16
}

fn factor(multiplier: Multiplier, shift: u32) -> f64 {
    f64::from(multiplier.mantissa()) / f64::from(1u32 << shift)
}

/// The smallest and the largest of a plane's samples.
#[inline(always)]
pub(super) fn extremes<T: Sample>(plane: &[T]) -> (i16, i16) {
    let none = (i16::MAX, i16::MIN);
    plane.iter().fold(none, |(min, max), x| {
        (x.value().min(min), x.value().max(max))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use dqa_golden::channel::Class;

    /// Every sample through factors at both ends of the mantissa and shifts around ties.
    #[test]
    fn all_samples_round_as_golden_rounds() {
        for (bits, extra, signed, zero_point) in [
            (4, 3, false, 0),
            (8, 2, true, -7),
            (3, 1, false, 5),
            (5, 5, true, 15),
        ] {
            let format = Format::new(bits, extra, signed, zero_point).unwrap();
            for mantissa in [0, 65536, 98304, 98305, 131_071] {
                for shift in [5, 16, 17, 20, 24, 26] {
                    let multiplier = Multiplier::new(mantissa, shift).unwrap();
                    for class in [Class::Direct, Class::Important] {
                        let entry = ChannelEntry {
                            class,
                            quantizer: multiplier,
                            dequantizer: multiplier,
                        };
                        let (lo, hi) = format.code_range(class);
                        let zero = format.zero_code(class);
                        let quantizer = Scaler::quantizer(&format, &entry);
                        for x in i16::MIN..=i16::MAX {
                            let q = i32::from(quantizer.scale(x)) + lo;
                            assert_eq!(q, entry.quantize(&format, x), "{x} {entry:?}");
                        }
                        let dequantizer = Scaler::dequantizer(&format, &entry);
                        for q in lo..=hi {
                            let y = dequantizer.scale(i16::try_from(q - zero).unwrap());
                            assert_eq!(y, entry.dequantize(&format, q), "{q} {entry:?}");
                        }
                    }
                }
            }
        }
    }
}
