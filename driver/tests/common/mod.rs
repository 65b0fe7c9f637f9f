//! Random contexts, runs, samples and payloads, with everything that a context may hold.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::{Format, max_extra};
use dqa_golden::lanes::LaneShape;
use dqa_golden::multiplier::{MAX_SHIFT, Multiplier};
use dqa_golden::packet::Operation;
use dqa_golden::payload::PlaneRun;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::{MAX_SYMBOL_BITS, Mode};
use dqa_golden::table::{CodeTable, MAX_LIMIT, MIN_LIMIT};
use proptest::collection::vec;
use proptest::prelude::*;

/// A context, planes of it, and samples for them.
pub fn planes() -> impl Strategy<Value = (Context, PlaneRun, Vec<i16>)> {
    contexts()
        .prop_flat_map(|context| {
            let rows = u16::try_from(context.channels().len()).unwrap();
            (Just(context), 0..rows, 1u16..3)
        })
        .prop_flat_map(|(context, first_channel, images)| {
            let rows = u16::try_from(context.channels().len()).unwrap();
            (
                Just(context),
                Just(first_channel),
                1..=rows - first_channel,
                Just(images),
            )
        })
        .prop_flat_map(|(context, first_channel, channels, images)| {
            let run = PlaneRun {
                first_channel,
                channels,
                images,
            };
            let samples = samples(run.samples(&context));
            (Just(context), Just(run), samples)
        })
}

/// Any operation.
pub fn operations() -> impl Strategy<Value = Operation> {
    prop::sample::select(vec![Operation::Encode, Operation::Decode, Operation::Scan])
}

/// Any context.
pub fn contexts() -> impl Strategy<Value = Context> {
    let shapes = (prop::sample::select(vec![1, 2, 4, 8, 16]), prop::bool::ANY);
    (modes(), shapes, prop::bool::weighted(0.2))
        .prop_flat_map(|((format, mode), (lanes, wide), dynamic)| {
            let word_bits = if wide { 64 } else { 32 };
            let shape = LaneShape::with_word_bits(lanes, word_bits).unwrap();
            let alphabets =
                [Class::Direct, Class::Important].map(|c| mode.layout(&format, c).alphabet());
            let symbol_bits = alphabets.map(usize::ilog2).into_iter().max().unwrap();
            let limit = MIN_LIMIT.max(u8::try_from(symbol_bits).unwrap())..=MAX_LIMIT;
            let lanes = u32::from(lanes);
            let plane_len = prop_oneof![
                20 => lanes..lanes + 70,
                1 => 2040u32..2060,
                1 => 4080u32..4500,
            ];
            (
                Just((format, mode, shape, dynamic)),
                plane_len,
                limit,
                alphabets.map(counts),
                vec(entries(format), 1..5),
            )
        })
        .prop_map(
            |((format, mode, shape, dynamic), plane_len, limit, counts, channels)| {
                let [direct, important] =
                    counts.map(|c| CodeTable::from_counts(&c, limit).unwrap());
                let policy = if format.signed() {
                    DeltaPolicy::Paper
                } else {
                    DeltaPolicy::FullRange
                };
                let dynamic = dynamic && format.zero_point() == 0;
                Context::new(ContextParts {
                    format,
                    mode,
                    shape,
                    scale: if dynamic {
                        Scale::Dynamic { policy }
                    } else {
                        Scale::Fixed
                    },
                    plane_len,
                    limit,
                    direct,
                    important,
                    channels,
                })
                .unwrap()
            },
        )
}

fn modes() -> impl Strategy<Value = (Format, Mode)> {
    (2u8..=8, prop::bool::ANY)
        .prop_flat_map(|(bits, signed)| {
            let half = 1i16 << (bits - 1);
            let zero_points = if signed { -half..half } else { 0..2 * half };
            let zero_point = prop_oneof![Just(0), zero_points];
            (Just(bits), 0..=max_extra(bits), Just(signed), zero_point)
        })
        .prop_flat_map(|(bits, extra, signed, zero_point)| {
            let format = Format::new(bits, extra, signed, zero_point).unwrap();
            let joint = (
                0..=bits.min(MAX_SYMBOL_BITS),
                0..=(bits + extra).min(MAX_SYMBOL_BITS),
            );
            let joint = joint.prop_map(|(direct, important)| Mode::Joint { direct, important });
            (
                Just(format),
                prop_oneof![1 => Just(Mode::Paper), 3 => joint],
            )
        })
}

/// Counts of symbols: skewed, often with symbols that do not occur.
fn counts(alphabet: usize) -> impl Strategy<Value = Vec<u64>> {
    let present = (0u32..30).prop_map(|power| 1u64 << power);
    let maybe = prop_oneof![1 => Just(0), 6 => (0u32..30).prop_map(|power| 1u64 << power)];
    prop_oneof![vec(present, alphabet), vec(maybe, alphabet)]
}

fn entries(format: Format) -> impl Strategy<Value = ChannelEntry> {
    let class = prop_oneof![
        4 => Just(Class::Direct),
        4 => Just(Class::Important),
        1 => Just(Class::Pruned),
    ];
    class.prop_flat_map(move |class| {
        let extra = u8::try_from(format.extra_of(class)).unwrap();
        let entry = (
            Just(class),
            multipliers(extra, MAX_SHIFT),
            multipliers(0, MAX_SHIFT - extra),
        );
        entry.prop_map(|(class, quantizer, dequantizer)| ChannelEntry {
            class,
            quantizer,
            dequantizer,
        })
    })
}

/// Factors with shifts from `lo` to `hi`, some with a mantissa that makes ties frequent.
fn multipliers(lo: u8, hi: u8) -> impl Strategy<Value = Multiplier> {
    let mantissa = prop_oneof![
        1 => Just(0u32),
        3 => prop::sample::select(vec![65536, 98304, 81920, 131_071]),
        8 => 65536u32..=131_071,
    ];
    let factor = (mantissa, lo..=hi).prop_map(|(m, s)| Multiplier::new(m, s).unwrap());
    prop_oneof![1 => Just(Multiplier::ZERO), 15 => factor]
}

/// Samples of all sizes, the extreme ones often.
pub fn samples(len: usize) -> impl Strategy<Value = Vec<i16>> {
    (any::<u64>(), 0u32..16).prop_map(move |(seed, shift)| {
        let mut numbers = numbers(seed);
        let sample = |number: u64| match number >> 56 {
            0..4 => i16::MIN,
            4..8 => i16::MAX,
            8..40 => 0,
            _ => number as i16 >> shift,
        };
        (0..len).map(|_| sample(numbers())).collect()
    })
}

/// A sequence of random numbers (xorshift64*), quicker than one strategy a sample.
pub fn numbers(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed | 1;
    move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
