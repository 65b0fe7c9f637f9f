//! Random layers: contexts of every kind, runs and samples that reach their corners.

#![allow(dead_code)] // each test uses its part

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::{Format, max_extra};
use dqa_golden::lanes::LaneShape;
use dqa_golden::multiplier::Multiplier;
use dqa_golden::payload::PlaneRun;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::Mode;
use dqa_golden::table::CodeTable;
use fastrand::Rng;

/// Most symbol bits of the layers made here.
const SYMBOL_BITS: u32 = 5;

/// A legal context of `lanes` lanes with up to 12 channels.
pub fn context(random: &mut Rng, lanes: usize) -> Context {
    let bits = random.u8(2..=8);
    let extra = random.u8(0..=max_extra(bits));
    let signed = random.bool();
    let half = i16::from(signed) << (bits - 1);
    let zero_point = match random.bool() {
        true => 0,
        false => random.i16(0..1 << bits) - half,
    };
    let format = Format::new(bits, extra, signed, zero_point).expect("legal");
    let mode = match random.u8(0..3) {
        0 => Mode::Paper,
        _ => Mode::Joint {
            direct: symbol_bits(random, format.width(Class::Direct)),
            important: symbol_bits(random, format.width(Class::Important)),
        },
    };
    let table = |random: &mut Rng, class| table(random, mode.layout(&format, class).symbol_bits);
    let (direct, important) = (
        table(random, Class::Direct),
        table(random, Class::Important),
    );
    let channels = (0..random.usize(1..=12))
        .map(|_| entry(random, &format))
        .collect();
    Context::new(ContextParts {
        format,
        mode,
        shape: shape(lanes),
        scale: Scale::Fixed,
        plane_len: plane_len(random, lanes),
        limit: 8,
        direct,
        important,
        channels,
    })
    .expect("legal")
}

/// A context in which a sample from 0 to 15 is its own symbol, with codes of 1 to 8 bits: samples
/// choose how many bits their lane writes.
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

/// Some planes of a context.
pub fn run(random: &mut Rng, context: &Context) -> PlaneRun {
    let rows = u16::try_from(context.channels().len()).expect("few");
    let first_channel = random.u16(0..rows);
    PlaneRun {
        first_channel,
        channels: random.u16(1..=rows - first_channel),
        images: random.u16(1..=3),
    }
}

/// Samples for a run, small and large ones, padding at random.
pub fn samples(random: &mut Rng, context: &Context, run: &PlaneRun) -> Vec<i16> {
    (0..run.samples(context))
        .map(|_| random.i16(..) >> random.u32(0..16))
        .collect()
}

/// The beats of samples, lane 0 in the low bits.
pub fn beats(samples: &[i16], lanes: usize) -> Vec<u128> {
    samples
        .chunks(lanes)
        .map(|beat| {
            beat.iter()
                .rev()
                .fold(0, |bits, &x| bits << 16 | u128::from(x.cast_unsigned()))
        })
        .collect()
}

/// The words of a payload.
pub fn words(payload: &[u8], lanes: usize) -> Vec<u64> {
    payload
        .chunks(shape(lanes).word_bytes())
        .map(|word| {
            word.iter()
                .rev()
                .fold(0, |bits, &byte| bits << 8 | u64::from(byte))
        })
        .collect()
}

fn shape(lanes: usize) -> LaneShape {
    LaneShape::new(u8::try_from(lanes).expect("few")).expect("legal")
}

fn symbol_bits(random: &mut Rng, width: u32) -> u8 {
    let most = width.min(SYMBOL_BITS);
    u8::try_from(random.u32(0..=most)).expect("few")
}

/// Flat to as skewed as can be; in one of four, half the symbols have no code.
fn table(random: &mut Rng, symbol_bits: u32) -> CodeTable {
    let skew = random.u32(0..24);
    let alphabet = 1u32 << symbol_bits;
    let used = match random.u8(0..4) {
        0 if alphabet > 2 => alphabet / 2,
        _ => alphabet,
    };
    let mut counts: Vec<u64> = (0..alphabet)
        .map(|symbol| match symbol < used {
            true => 1 + ((1 << 40) >> (symbol * skew / 8).min(40)),
            false => 0,
        })
        .collect();
    random.shuffle(&mut counts);
    CodeTable::from_counts(&counts, random.u8(5..=8)).expect("legal")
}

fn entry(random: &mut Rng, format: &Format) -> ChannelEntry {
    let class = [Class::Direct, Class::Important, Class::Pruned][random.usize(0..3)];
    let bits = format.bits();
    match random.u8(0..4) {
        0 => {
            let shift = random.u8(u8::try_from(format.extra()).expect("few")..=31);
            let mantissa = [0, 1 << 16, (1 << 17) - 1, random.u32(1 << 16..1 << 17)];
            ChannelEntry {
                class,
                quantizer: Multiplier::new(mantissa[random.usize(0..4)], shift).expect("legal"),
                dequantizer: Multiplier::ZERO,
            }
        }
        policy => {
            let policy = [DeltaPolicy::Paper, DeltaPolicy::FullRange][usize::from(policy % 2)];
            policy.entry(class, bits, random.u16(..) >> random.u32(0..16))
        }
    }
}

fn plane_len(random: &mut Rng, lanes: usize) -> u32 {
    let lanes = u32::try_from(lanes).expect("few");
    match random.u8(0..8) {
        0 => lanes,
        1 => 49.max(lanes),
        2 => 196,
        3 => 1024,
        _ => random.u32(lanes..=6 * lanes),
    }
}
