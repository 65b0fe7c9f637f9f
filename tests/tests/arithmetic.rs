//! Quantizing and de-quantizing against exact rational arithmetic, for all 65536 samples.

use dqa_golden::channel::{ChannelEntry, Class, shift, unshift};
use dqa_golden::format::Format;
use dqa_golden::policy::DeltaPolicy::{self, FullRange, Paper};
use dqa_golden::policy::asymmetric;
use dqa_tests::exactness::{Case, RANGES, formats};
use proptest::prelude::*;

/// All cases of the table in `docs/src/exactness.md`.
fn cases() -> impl Iterator<Item = Case> {
    formats().into_iter().flat_map(|(policy, format, class)| {
        RANGES.map(|range| Case {
            policy,
            format,
            class,
            range,
        })
    })
}

/// A code differs from the exact one only where x / Delta is within the mantissa's error of a
/// rounding boundary, and then by 1. That error is less than half a sample, so at each of the
/// 2^b - 1 boundaries at most one sample can differ.
#[test]
fn codes_are_exact_but_for_the_mantissa() {
    for case in cases() {
        let comparison = case.compare();
        let boundaries = (1 << case.format.width(case.class)) - 1;
        assert!(comparison.largest <= 1, "{case:?}: {comparison:?}");
        assert_eq!(comparison.unjustified, 0, "{case:?}: {comparison:?}");
        assert!(
            comparison.differing <= boundaries,
            "{case:?}: {comparison:?}"
        );
    }
}

/// The bound above is loose: what was measured is pinned here.
#[test]
fn few_codes_differ() {
    let worst = |wanted: fn(&Case) -> bool| {
        let differing = cases().filter(wanted).map(|case| case.compare().differing);
        differing.max().unwrap()
    };
    assert_eq!(worst(|case| case.format.width(case.class) <= 5), 8);
    assert_eq!(worst(|_| true), 66);
}

/// |y - x| <= Delta / 2 + 1/2 + (2 |x| + Delta) * 2^-17 for every sample that is not clipped:
/// half a step, half a unit for rounding y, and the errors of the two mantissas.
#[test]
fn dequantized_samples_are_within_half_a_step() {
    for case in cases() {
        let (lo, hi) = case.format.code_range(case.class);
        let entry = entry(&case);
        let steps = i128::from(case.policy.steps(case.format.bits()));
        let steps = steps << case.format.extra_of(case.class);
        let range = i128::from(case.range);
        for x in i16::MIN..=i16::MAX {
            if !(lo.into()..=hi.into()).contains(&case.unclamped(x)) {
                continue;
            }
            let y = entry.dequantize(&case.format, entry.quantize(&case.format, x));
            let error = i128::from(y.abs_diff(x));
            let magnitude = i128::from(x.unsigned_abs());
            // Both sides times 2^18 * steps; Delta = range / steps.
            let bound = (range << 17) + (steps << 17) + 4 * magnitude * steps + 2 * range;
            assert!((error * steps) << 18 <= bound, "{case:?} x {x} y {y}");
        }
    }
}

/// Important channels quantize in steps of exactly Delta_n / 2^m: their code is that of the
/// Direct quantizer for a sample 2^m times as large.
#[test]
fn delta_is_divided_by_exactly_two_to_the_m() {
    for case in cases().filter(|case| case.class == Class::Important) {
        let m = case.format.extra();
        let important = entry(&case);
        let wide = Format::new(8, 0, case.format.signed(), 0).unwrap();
        let direct = ChannelEntry {
            class: Class::Direct,
            ..important
        };
        for x in (i16::MIN >> m)..=(i16::MAX >> m) {
            let q = important.quantize(&case.format, x);
            let (lo, hi) = case.format.code_range(Class::Important);
            let (wide_lo, wide_hi) = wide.code_range(Class::Direct);
            let by_direct = direct.quantize(&wide, x << m);
            if (lo.max(wide_lo) + 1..hi.min(wide_hi)).contains(&q) {
                assert_eq!(q, by_direct, "{case:?} x {x}");
            }
        }
    }
}

#[test]
fn samples_beyond_the_range_take_the_outermost_codes() {
    for case in cases() {
        let (lo, hi) = case.format.code_range(case.class);
        let entry = entry(&case);
        let steps = case.policy.steps(case.format.bits()) << case.format.extra_of(case.class);
        for x in [i16::MIN, i16::MAX] {
            let scaled = i64::from(x) * i64::from(steps) / i64::from(case.range);
            let q = entry.quantize(&case.format, x);
            if scaled > hi.into() {
                assert_eq!(q, hi, "{case:?}");
            }
            if scaled < lo.into() {
                assert_eq!(q, lo, "{case:?}");
            }
        }
        let codes: Vec<i32> = (i16::MIN..=i16::MAX)
            .map(|x| entry.quantize(&case.format, x))
            .collect();
        assert!(codes.is_sorted(), "{case:?} is not monotonic");
    }
}

#[test]
fn a_range_of_zero_gives_the_zero_point_and_zeros_back() {
    for (policy, format, class) in formats() {
        let entry = policy.entry(class, format.bits(), 0);
        for x in i16::MIN..=i16::MAX {
            assert_eq!(entry.quantize(&format, x), 0);
        }
        for q in format.code_range(class).0..=format.code_range(class).1 {
            assert_eq!(entry.dequantize(&format, q), 0);
        }
    }
    let format = Format::new(4, 2, false, 9).unwrap();
    let entry = FullRange.entry(Class::Important, 4, 0);
    assert_eq!(entry.quantize(&format, 1234), 9 << 2);
    assert_eq!(entry.dequantize(&format, 17), 0);
}

#[test]
fn pruned_channels_give_zero() {
    for (_, format, _) in formats() {
        for x in [i16::MIN, -1, 0, 1, i16::MAX] {
            let q = ChannelEntry::PRUNED.quantize(&format, x);
            assert_eq!(q, 0);
            assert_eq!(ChannelEntry::PRUNED.dequantize(&format, q), 0);
        }
    }
}

/// What a plane's range is found from: the paper takes |x|; where codes are unsigned, negative
/// samples become 0 and ask for nothing.
#[test]
fn magnitudes_follow_the_sign_of_the_codes() {
    let samples = [i16::MIN, -7, 0, 7, i16::MAX];
    assert_eq!(samples.map(|x| Paper.magnitude(x)), [32768, 7, 0, 7, 32767]);
    assert_eq!(samples.map(|x| FullRange.magnitude(x)), [0, 0, 0, 7, 32767]);
}

/// Table rows given by hand, as worked out on paper: ties go to the even code.
#[test]
fn ties_go_to_the_even_code() {
    let codes = |policy: DeltaPolicy, class, n, m, range, samples: &[i16]| -> Vec<i32> {
        let format = policy.format(n, m).unwrap();
        let entry = policy.entry(class, n.into(), range);
        samples
            .iter()
            .map(|&x| entry.quantize(&format, x))
            .collect()
    };
    // Delta_3 = 256 / 4 = 64: halves at 32, 96, 160, 224.
    let samples = [-224, -160, -96, -32, 32, 96, 160, 224];
    let expected = [-4, -2, -2, 0, 0, 2, 2, 3];
    assert_eq!(codes(Paper, Class::Direct, 3, 2, 256, &samples), expected);
    // Delta_5 = 16: halves at 8, 24, 40.
    let expected = [-2, -2, 0, 0, 2, 2];
    let samples = [-40, -24, -8, 8, 24, 40];
    assert_eq!(
        codes(Paper, Class::Important, 3, 2, 256, &samples),
        expected
    );
    // Delta_2 = 6 / 3 = 2: odd samples are halves.
    assert_eq!(
        codes(FullRange, Class::Direct, 2, 0, 6, &[-1, 1, 3, 5, 7]),
        [0, 0, 2, 2, 3]
    );
}

proptest! {
    #[test]
    fn any_range_is_as_exact(index in any::<prop::sample::Index>(), range in 1u16..) {
        let formats = formats();
        let (policy, format, class) = *index.get(&formats);
        let case = Case { policy, format, class, range };
        let comparison = case.compare();
        prop_assert!(comparison.largest <= 1, "{case:?}");
        prop_assert_eq!(comparison.unjustified, 0, "{:?}", case);
    }

    #[test]
    fn shifting_loses_nothing(q in -512..1024i32, m in 0..=5u32) {
        let (v, e) = shift(q, m);
        prop_assert!(e < 1 << m);
        prop_assert_eq!(i64::from(v) << m | i64::from(e), i64::from(q));
        prop_assert_eq!(unshift(v, e, m), q);
    }

    #[test]
    fn asymmetric_ranges_keep_zero_exact(
        (n, m) in (2..=8u8).prop_flat_map(|n| (Just(n), 0..=dqa_golden::format::max_extra(n))),
        ends in any::<(i16, i16)>(),
        x in any::<i16>(),
    ) {
        let (min, max) = (ends.0.min(ends.1), ends.0.max(ends.1));
        let (range, zero_point) = asymmetric(n, min, max);
        let format = Format::new(n, m, false, zero_point).unwrap();
        for class in [Class::Direct, Class::Important] {
            let entry = FullRange.entry(class, n.into(), range);
            let zero = entry.quantize(&format, 0);
            prop_assert_eq!(entry.dequantize(&format, zero), 0);
            // Within [min, max] but for the zero point's rounding, at most half a step each.
            let x = x.clamp(min.min(0), max.max(0));
            let y = entry.dequantize(&format, entry.quantize(&format, x));
            let step = f64::from(range) / f64::from(FullRange.steps(n.into()));
            prop_assert!(f64::from(y.abs_diff(x)) <= step + 1.5, "{format:?} {x} {y}");
        }
    }
}

fn entry(case: &Case) -> ChannelEntry {
    case.policy
        .entry(case.class, case.format.bits(), case.range)
}
