//! Quantizing in exact rational arithmetic, to hold the 17-bit mantissa against.

use dqa_golden::channel::Class;
use dqa_golden::format::{Format, MAX_BITS, MIN_BITS, max_extra};
use dqa_golden::policy::DeltaPolicy;

/// Both policies.
pub const POLICIES: [DeltaPolicy; 2] = [DeltaPolicy::Paper, DeltaPolicy::FullRange];

/// Ranges that stand for small and large, even and odd, prime, power of two and its neighbours.
pub const RANGES: [u16; 18] = [
    1, 2, 3, 7, 100, 255, 256, 1000, 1023, 1024, 4095, 9999, 21846, 32767, 32768, 40001, 65534,
    65535,
];

/// One way to quantize a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// How Delta follows from the range.
    pub policy: DeltaPolicy,
    /// The codes' format.
    pub format: Format,
    /// The channel's class.
    pub class: Class,
    /// The range, not 0.
    pub range: u16,
}

/// How the codes of all 65536 samples compare with the exact ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Samples whose code differs.
    pub differing: u32,
    /// Largest difference.
    pub largest: u32,
    /// Samples whose code differs though x / Delta is further from the nearest rounding boundary
    /// than |x / Delta| * 2^-17.
    pub unjustified: u32,
}

/// Every (policy, n, m, class) once: Direct does not depend on m and comes with m = 0.
pub fn formats() -> Vec<(DeltaPolicy, Format, Class)> {
    let mut formats = Vec::new();
    for policy in POLICIES {
        for bits in MIN_BITS..=MAX_BITS {
            let format = |extra| policy.format(bits, extra).expect("legal");
            formats.push((policy, format(0), Class::Direct));
            formats.extend((1..=max_extra(bits)).map(|m| (policy, format(m), Class::Important)));
        }
    }
    formats
}

impl Case {
    /// x / Delta_b as numerator and (positive) denominator.
    pub fn quotient(&self, x: i16) -> (i128, i128) {
        let steps = i128::from(self.policy.steps(self.format.bits()));
        let extra = self.format.extra_of(self.class);
        (i128::from(x) * (steps << extra), i128::from(self.range))
    }

    /// The exact code, or what it would be were it not clamped.
    pub fn unclamped(&self, x: i16) -> i128 {
        let (numerator, denominator) = self.quotient(x);
        let floor = numerator.div_euclid(denominator);
        let twice = 2 * numerator.rem_euclid(denominator);
        let up = twice > denominator || (twice == denominator && floor % 2 != 0);
        floor + i128::from(up)
    }

    /// The exact code `clamp(rhe(x / Delta_b))`.
    pub fn code(&self, x: i16) -> i32 {
        let (lo, hi) = self.format.code_range(self.class);
        let code = self.unclamped(x).clamp(lo.into(), hi.into());
        i32::try_from(code).expect("clamped to 10 bits")
    }

    /// Whether |x / Delta| * 2^-17 reaches from x / Delta to the nearest rounding boundary.
    pub fn near_boundary(&self, x: i16) -> bool {
        let (numerator, denominator) = self.quotient(x);
        let boundary = 2 * numerator.div_euclid(denominator) + 1; // in halves
        let distance = (2 * numerator - boundary * denominator).abs(); // in halves / denominator
        distance << 17 <= 2 * numerator.abs()
    }

    /// Compares the codes of all samples.
    pub fn compare(&self) -> Comparison {
        let entry = self
            .policy
            .entry(self.class, self.format.bits(), self.range);
        let mut comparison = Comparison::default();
        for x in i16::MIN..=i16::MAX {
            let difference = entry.quantize(&self.format, x).abs_diff(self.code(x));
            if difference > 0 {
                comparison.differing += 1;
                comparison.largest = comparison.largest.max(difference);
                comparison.unjustified += u32::from(!self.near_boundary(x));
            }
        }
        comparison
    }
}
