//! Random layers that a core takes: contexts of every kind up to its parameters, runs of their
//! planes, and samples that reach their corners.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::{Format, max_extra};
use dqa_golden::lanes::LaneShape;
use dqa_golden::multiplier::Multiplier;
use dqa_golden::payload::PlaneRun;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::Mode;
use dqa_golden::table::{CodeTable, MIN_LIMIT};
use dqa_hdl::parameters::Parameters;
use fastrand::Rng;

/// Rows of most channel tables, where the core has as many.
const ROWS: usize = 12;

/// A legal context for a core of these parameters, often at their limits; half of them of dynamic scale
/// where that is built in. In one of eight, code
/// tables lack symbols: golden then refuses samples that have them, and the encoder gives error 3.
///
/// # Panics
///
/// If the parameters are not legal.
pub fn context(random: &mut Rng, parameters: &Parameters) -> Context {
    let bits = up_to(random, 2, parameters.max_bits);
    let extra = up_to(random, 0, parameters.max_extra.min(max_extra(bits)));
    let signed = random.bool();
    let half = i16::from(signed) << (bits - 1);
    let scale = match parameters.dynamic_beats > 0 && random.bool() {
        true => Scale::Dynamic {
            policy: [DeltaPolicy::FullRange, DeltaPolicy::Paper][usize::from(signed)],
        },
        false => Scale::Fixed,
    };
    let zero_point = match scale != Scale::Fixed || random.bool() {
        true => 0,
        false => random.i16(0..1 << bits) - half,
    };
    let format = Format::new(bits, extra, signed, zero_point).expect("legal");
    let limit = up_to(random, MIN_LIMIT, parameters.max_code_length);
    let most_symbol_bits = parameters.symbol_bits.min(limit);
    let symbol_bits = |random: &mut Rng, class| {
        let width = u8::try_from(format.width(class)).expect("at most 10");
        up_to(random, 0, width.min(most_symbol_bits))
    };
    let mode = match random.u8(0..3) {
        0 if extra <= most_symbol_bits => Mode::Paper,
        _ => Mode::Joint {
            direct: symbol_bits(random, Class::Direct),
            important: symbol_bits(random, Class::Important),
        },
    };
    let gaps = random.u8(0..8) == 0;
    let [direct, important] = [Class::Direct, Class::Important]
        .map(|class| table(random, mode.layout(&format, class).symbol_bits, limit, gaps));
    let rows = match random.u8(0..8) {
        0 => parameters.channels,
        _ => random.usize(1..=ROWS.min(parameters.channels)),
    };
    let channels = (0..rows).map(|_| entry(random, &format)).collect();
    let mut plane_len = plane_len(random, parameters.lanes);
    if scale != Scale::Fixed {
        let longest = u32::try_from(parameters.dynamic_beats * parameters.lanes).expect("legal");
        plane_len = match random.u8(0..8) {
            0 => longest,
            1 => (longest - random.u32(0..parameters.lanes as u32)).max(parameters.lanes as u32),
            _ => plane_len.min(longest),
        };
    }
    Context::new(ContextParts {
        format,
        mode,
        shape: shape(parameters.lanes),
        scale,
        plane_len,
        limit,
        direct,
        important,
        channels,
    })
    .expect("legal")
}

/// A context in which a sample from 0 to 15 is its own symbol, with codes of 1 to 8 bits: samples
/// choose how many bits their lane writes. 9 to 15 have no code.
///
/// # Panics
///
/// If the plane is shorter than a beat.
pub fn length_by_sample(lanes: usize, plane_len: u32) -> Context {
    let lengths = [1, 2, 3, 4, 5, 6, 7, 8, 8, 0, 0, 0, 0, 0, 0, 0];
    let table = CodeTable::from_lengths(&lengths, 8).expect("complete");
    Context::new(ContextParts {
        format: Format::new(4, 0, false, 0).expect("legal"),
        mode: Mode::Joint {
            direct: 4,
            important: 4,
        },
        shape: shape(lanes),
        scale: Scale::Fixed,
        plane_len,
        limit: 8,
        direct: table.clone(),
        important: table,
        channels: vec![ChannelEntry {
            class: Class::Direct,
            quantizer: Multiplier::new(1 << 16, 16).expect("legal"),
            dequantizer: Multiplier::new(1 << 16, 16).expect("legal"),
        }],
    })
    .expect("legal")
}

/// Up to 36 planes of a context.
///
/// # Panics
///
/// If the context has over 65535 channels, which is not legal.
pub fn run(random: &mut Rng, context: &Context) -> PlaneRun {
    let rows = u16::try_from(context.channels().len()).expect("legal");
    let first_channel = random.u16(0..rows);
    let most = (rows - first_channel).min(ROWS as u16);
    PlaneRun {
        first_channel,
        channels: random.u16(1..=most),
        images: random.u16(1..=3),
    }
}

/// Samples for a run, small and large ones, lanes alike or of their own size; padding at random. With
/// dynamic scale planes have ranges of every size, some 0.
pub fn samples(random: &mut Rng, context: &Context, run: &PlaneRun) -> Vec<i16> {
    let lanes = context.shape().lanes();
    let alike = random.bool();
    let sizes: Vec<u32> = (0..lanes).map(|_| random.u32(0..16)).collect();
    let mut samples: Vec<i16> = (0..run.samples(context))
        .map(|at| {
            let size = if alike {
                random.u32(0..16)
            } else {
                sizes[at % lanes]
            };
            random.i16(..) >> size
        })
        .collect();
    if context.parts().scale != Scale::Fixed {
        for plane in samples.chunks_mut(context.padded_plane()) {
            let less = random.u32(0..20);
            for x in &mut plane[..context.plane_len()] {
                *x = x.checked_shr(less).unwrap_or(0);
            }
        }
    }
    samples
}

/// The largest every other time.
fn up_to(random: &mut Rng, least: u8, most: u8) -> u8 {
    match random.bool() {
        true => most,
        false => random.u8(least..=most),
    }
}

fn shape(lanes: usize) -> LaneShape {
    LaneShape::new(u8::try_from(lanes).expect("few")).expect("legal")
}

/// Flat, the longest codes, or as counts happen to be; with `gaps`, half the symbols have no code.
fn table(random: &mut Rng, symbol_bits: u32, limit: u8, gaps: bool) -> CodeTable {
    let alphabet = 1usize << symbol_bits;
    let used = if gaps { alphabet.div_ceil(2) } else { alphabet };
    let skew = [0, 8, random.u32(0..24)][random.usize(0..3)];
    let mut counts: Vec<u64> = (0..alphabet)
        .map(|symbol| match symbol < used {
            true => 1 + ((1 << 40) >> (symbol as u32 * skew / 8).min(40)),
            false => 0,
        })
        .collect();
    random.shuffle(&mut counts);
    CodeTable::from_counts(&counts, limit).expect("the limit holds the alphabet")
}

fn entry(random: &mut Rng, format: &Format) -> ChannelEntry {
    let class = [Class::Direct, Class::Important, Class::Pruned][random.usize(0..3)];
    let bits = format.bits();
    match random.u8(0..4) {
        0 => {
            let extra = u8::try_from(format.extra()).expect("few");
            let mantissas = [0, 1 << 16, (1 << 17) - 1, random.u32(1 << 16..1 << 17)];
            let mut factor = |shifts| {
                let mantissa = mantissas[random.usize(0..4)];
                Multiplier::new(mantissa, random.u8(shifts)).expect("legal")
            };
            ChannelEntry {
                class,
                quantizer: factor(extra..=31),
                dequantizer: factor(0..=31 - extra),
            }
        }
        policy => {
            let policy = [DeltaPolicy::Paper, DeltaPolicy::FullRange][usize::from(policy % 2)];
            policy.entry(class, bits, random.u16(..) >> random.u32(0..16))
        }
    }
}

/// One beat, the planes of usual networks, or a few beats of any length.
fn plane_len(random: &mut Rng, lanes: usize) -> u32 {
    let lanes = u32::try_from(lanes).expect("few");
    match random.u8(0..16) {
        0 | 1 => lanes,
        2 | 3 => 49.max(lanes),
        4 | 5 => 196,
        6 => 1024,
        7 => 3136,
        8 => random.u32(197..1024),
        _ => random.u32(lanes..=6 * lanes),
    }
}
