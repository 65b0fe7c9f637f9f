//! Quantizing and de-quantizing a tensor in memory, bit for bit as golden does.
//!
//! Elements become samples of 16 bits, samples codes, and codes elements again. Which code a sample
//! becomes is computed in `f64`, where a sample times a mantissa of 17 bits is exact, and adding
//! 1.5 * 2^52 rounds half to even; what a code gives back is looked up in a table that golden fills.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::format::Format;

/// 1.5 * 2^52, where doubles are the integers.
const WHOLE: f64 = 6_755_399_441_055_744.0;

/// The sample nearest to an element, halves to the even one, saturated to 16 bits.
///
/// `per_unit` is 1 / the value of a sample unit, a power of two, so that the product is exact.
pub fn to_sample(element: f32, per_unit: f32) -> i16 {
    const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23
    let saturated = (element * per_unit).clamp(f32::from(i16::MIN), f32::from(i16::MAX));
    ((saturated + WHOLE) - WHOLE) as i16
}

/// One channel's way from samples to codes and back.
pub struct ChannelQuantizer {
    factor: f64,
    lo: f64,
    hi: f64,
    /// `z_b - lo`: makes code indices of what is clamped.
    offset: i64,
    /// Samples by code index `q - lo`.
    back: Vec<i16>,
}

impl ChannelQuantizer {
    /// The way that golden's entry defines. A Pruned channel comes back as zeros.
    pub fn new(format: &Format, entry: &ChannelEntry) -> Self {
        let (lo, hi) = format.code_range(entry.class);
        let zero = format.zero_code(entry.class);
        let back = (lo..=hi).map(|q| match entry.class {
            Class::Pruned => 0,
            Class::Direct | Class::Important => entry.dequantize(format, q),
        });
        let quantizer = entry.quantizer;
        let shift = i32::from(quantizer.shift()) - format.extra_of(entry.class).cast_signed();
        Self {
            factor: f64::from(quantizer.mantissa()) * f64::from(-shift.max(0)).exp2(),
            lo: f64::from(lo - zero),
            hi: f64::from(hi - zero),
            offset: i64::from(zero - lo),
            back: back.collect(),
        }
    }

    /// The index `q - lo` of a sample's code.
    #[inline]
    pub fn index(&self, sample: i16) -> usize {
        // Clamping to integers before rounding gives what clamping afterwards would.
        let scaled = (f64::from(sample) * self.factor).clamp(self.lo, self.hi);
        let rounded = (scaled + WHOLE).to_bits().wrapping_sub(WHOLE.to_bits());
        rounded.wrapping_add_signed(self.offset) as usize
    }

    /// The sample that comes back for one that goes in.
    #[inline]
    pub fn round_trip(&self, sample: i16) -> i16 {
        self.back[self.index(sample)]
    }

    /// The sample that a code index gives back.
    pub fn back(&self, index: usize) -> i16 {
        self.back[index]
    }

    /// Codes that there are.
    pub fn codes(&self) -> usize {
        self.back.len()
    }
}

/// Sends elements through the quantizer; `observe` sees every code index.
pub fn round_trip(
    channel: &ChannelQuantizer,
    unit: f32,
    elements: &mut [f32],
    mut observe: impl FnMut(usize),
) {
    let per_unit = unit.recip();
    for element in elements {
        let index = channel.index(to_sample(*element, per_unit));
        observe(index);
        *element = f32::from(channel.back[index]) * unit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dqa_golden::policy::DeltaPolicy;

    /// All samples, through both, for every format, both policies and a spread of ranges.
    #[test]
    fn equals_golden() {
        let mut rng = fastrand::Rng::with_seed(7);
        for policy in [DeltaPolicy::Paper, DeltaPolicy::FullRange] {
            for bits in 2..=8 {
                for extra in 0..=dqa_golden::format::max_extra(bits) {
                    let format = policy.format(bits, extra).unwrap();
                    for class in [Class::Direct, Class::Important] {
                        for range in [0, 1, 2, 3, rng.u16(..), 32767, u16::MAX] {
                            let mut entry = policy.entry(class, u32::from(bits), range);
                            let other = policy.entry(class, u32::from(bits), rng.u16(1..));
                            entry.dequantizer = other.dequantizer;
                            let fast = ChannelQuantizer::new(&format, &entry);
                            let (lo, _) = format.code_range(class);
                            for sample in i16::MIN..=i16::MAX {
                                let q = entry.quantize(&format, sample);
                                assert_eq!(fast.index(sample) as i64, i64::from(q - lo));
                                assert_eq!(
                                    fast.round_trip(sample),
                                    entry.dequantize(&format, q),
                                    "{format:?} {class:?} range {range} sample {sample}"
                                );
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_zero_point_is_added_after_rounding() {
        let (range, zero_point) = dqa_golden::policy::asymmetric(3, -700, 2001);
        let format = Format::new(3, 2, false, zero_point).unwrap();
        for class in [Class::Direct, Class::Important] {
            let entry = DeltaPolicy::FullRange.entry(class, 3, range);
            let fast = ChannelQuantizer::new(&format, &entry);
            for sample in i16::MIN..=i16::MAX {
                let q = entry.quantize(&format, sample);
                assert_eq!(fast.round_trip(sample), entry.dequantize(&format, q));
            }
        }
    }

    #[test]
    fn elements_round_half_to_even_and_saturate() {
        for eighths in -400_000..400_000i32 {
            let value = eighths as f32 / 8.0;
            assert_eq!(to_sample(value, 1.0), value.round_ties_even() as i16);
        }
        assert_eq!(to_sample(f32::MAX, 1.0), i16::MAX);
        assert_eq!(to_sample(f32::MIN, 2.0), i16::MIN);
    }
}
