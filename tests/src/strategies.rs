//! Proptest strategies: legal contexts of every kind, runs of their planes, and samples.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::{Format, MAX_BITS, MIN_BITS, max_extra};
use dqa_golden::lanes::LaneShape;
use dqa_golden::payload::PlaneRun;
use dqa_golden::policy::{DeltaPolicy, asymmetric};
use dqa_golden::symbol::{MAX_SYMBOL_BITS, Mode};
use dqa_golden::table::{CodeTable, MAX_LIMIT, MIN_LIMIT};
use proptest::collection::vec;
use proptest::prelude::*;

/// A context, a run of its planes and their samples, padded to whole beats.
#[derive(Clone, Debug)]
pub struct Planes {
    /// The layer.
    pub context: Context,
    /// The planes.
    pub run: PlaneRun,
    /// Their samples. The padding is not zero.
    pub samples: Vec<i16>,
}

/// Planes of every kind: all n, m, lanes, word widths, modes, symbol splits, tables, scales.
pub fn planes() -> impl Strategy<Value = Planes> {
    context().prop_flat_map(|context| {
        let rows = context.channels().len();
        (Just(context), 0..rows, 1..=3u16)
            .prop_flat_map(move |(context, first, images)| {
                (Just(context), Just(first), 1..=rows - first, Just(images))
            })
            .prop_flat_map(|(context, first, channels, images)| {
                let count = |n: usize| u16::try_from(n).expect("a few channels");
                let run = PlaneRun {
                    first_channel: count(first),
                    channels: count(channels),
                    images,
                };
                let plane = plane(context.padded_plane());
                (Just(context), Just(run), vec(plane, run.planes()))
            })
            .prop_map(|(context, run, planes)| Planes {
                context,
                run,
                samples: planes.concat(),
            })
    })
}

/// A legal context.
pub fn context() -> impl Strategy<Value = Context> {
    (format(), lane_shape(), plane_len(), MIN_LIMIT..=MAX_LIMIT)
        .prop_flat_map(|((format, scale), shape, plane_len, limit)| {
            let lanes = u32::try_from(shape.lanes()).expect("at most 16");
            let modes = mode(&format, limit);
            let channels = vec(channel(format, scale), 1..=5);
            let rest = (
                Just((format, scale, shape, plane_len.max(lanes), limit)),
                channels,
            );
            (rest, modes)
        })
        .prop_flat_map(|((fixed, channels), mode)| {
            let (format, _, _, _, limit) = fixed;
            let code = |class| code_table(mode.layout(&format, class).symbol_bits, limit);
            let codes = (code(Class::Direct), code(Class::Important));
            (Just((fixed, channels, mode)), codes)
        })
        .prop_map(|((fixed, channels, mode), (direct, important))| {
            let (format, scale, shape, plane_len, limit) = fixed;
            Context::new(ContextParts {
                format,
                mode,
                shape,
                scale,
                plane_len,
                limit,
                direct,
                important,
                channels,
            })
            .expect("legal parts")
        })
}

/// A format and where its Delta comes from; asymmetric formats have fixed scale.
fn format() -> impl Strategy<Value = (Format, Scale)> {
    let widths = (MIN_BITS..=MAX_BITS).prop_flat_map(|n| (Just(n), 0..=max_extra(n)));
    (widths, policy(), any::<(i16, i16)>(), 0..3).prop_map(|((n, m), policy, ends, kind)| {
        let symmetric = policy.format(n, m).expect("legal");
        match kind {
            0 => (symmetric, Scale::Fixed),
            1 => (symmetric, Scale::Dynamic { policy }),
            _ => {
                let (_, zero_point) = asymmetric(n, ends.0.min(ends.1), ends.0.max(ends.1));
                let format = Format::new(n, m, false, zero_point).expect("a code of n bits");
                (format, Scale::Fixed)
            }
        }
    })
}

/// A policy.
pub fn policy() -> impl Strategy<Value = DeltaPolicy> {
    prop_oneof![Just(DeltaPolicy::Paper), Just(DeltaPolicy::FullRange)]
}

/// A legal number of lanes and word width.
pub fn lane_shape() -> impl Strategy<Value = LaneShape> {
    let lanes = prop_oneof![Just(1), Just(2), Just(4), Just(8), Just(16)];
    (lanes, prop_oneof![Just(32), Just(64)])
        .prop_map(|(lanes, word_bits)| LaneShape::with_word_bits(lanes, word_bits).expect("legal"))
}

/// A mode, with every legal number of symbol bits that fits the length limit.
fn mode(format: &Format, limit: u8) -> BoxedStrategy<Mode> {
    let most = |class| {
        let width = u8::try_from(format.width(class)).expect("at most 10");
        width.min(MAX_SYMBOL_BITS).min(limit)
    };
    let symbol_bits = (0..=most(Class::Direct), 0..=most(Class::Important));
    let joint = symbol_bits.prop_map(|(direct, important)| Mode::Joint { direct, important });
    let paper_fits = format.extra() <= u32::from(limit);
    prop_oneof![u32::from(paper_fits) => Just(Mode::Paper), 3 => joint].boxed()
}

/// A code that has every symbol, from nearly flat to as skewed as the limit allows.
pub fn code_table(symbol_bits: u32, limit: u8) -> impl Strategy<Value = CodeTable> {
    vec(0..24u32, 1 << symbol_bits).prop_map(move |exponents| {
        let counts: Vec<u64> = exponents.iter().map(|&e| 1 << e).collect();
        CodeTable::from_counts(&counts, limit).expect("fits the limit")
    })
}

fn channel(format: Format, scale: Scale) -> impl Strategy<Value = ChannelEntry> {
    let policy = match scale {
        Scale::Dynamic { policy } => policy,
        Scale::Fixed if format.signed() => DeltaPolicy::Paper,
        Scale::Fixed => DeltaPolicy::FullRange,
    };
    let class = prop_oneof![
        3 => Just(Class::Direct),
        3 => Just(Class::Important),
        1 => Just(Class::Pruned),
    ];
    let range = prop_oneof![Just(0), 1..300u16, any::<u16>()];
    (class, range).prop_map(move |(class, range)| match class {
        Class::Pruned => ChannelEntry::PRUNED,
        _ => policy.entry(class, format.bits(), range),
    })
}

fn plane_len() -> impl Strategy<Value = u32> {
    let usual = proptest::sample::select(&[1, 2, 7, 49, 196, 1024, 3136][..]);
    prop_oneof![2 => usual, 3 => 1..300u32]
}

/// Samples of one plane: all zero, one value, saturated, after ReLU, or anything.
pub fn plane(len: usize) -> impl Strategy<Value = Vec<i16>> {
    let saturated = prop_oneof![Just(i16::MIN), Just(i16::MAX)];
    let relu = prop_oneof![2 => Just(0), 1 => 0..400i16];
    prop_oneof![
        1 => Just(vec![0; len]),
        1 => any::<i16>().prop_map(move |x| vec![x; len]),
        1 => vec(saturated, len),
        3 => vec(relu, len),
        3 => vec(any::<i16>(), len),
    ]
}
