//! The load map: the writes that put a context into a core.
//!
//! A core takes `(load_addr, load_data)` writes for one of its two contexts, in any order.
//! Addresses have 17 bits, data 32. What no row below names is ignored.
//!
//! # Both cores
//!
//! | address | data, from the least significant bit |
//! |---|---|
//! | 0 | 20: beats of a plane less one; 8: lanes of a plane's last beat, one bit each |
//! | 1 | 16: rows of the channel table |
//! | `0x10000` + row | 17: mantissa; 5: shift; 2: class (0 Direct, 1 Important, 2 Pruned) |
//! | 6, with dynamic scale built in | 8: steps of Delta_n in a range; 3: m; 1: ranges are of absolute values; 1: the scale is dynamic. 0 if it is fixed |
//!
//! # Encoder
//!
//! | address | data, from the least significant bit |
//! |---|---|
//! | `0x10000` + row | the shift is the quantizer's less m, then less 6, or 0 where that is negative |
//! | 2 Direct, 3 Important | 12: offset; 10: the low b bits set; 10: bit b - 1 set if codes are signed |
//! | 4 Direct, 5 Important | 10: 10 - t bits set; 4: alignment |
//! | `0x100` + 64 class + index | 8: code, its first bit in bit 7; 4: bits of code and raw bits together; 4: raw shift. [`NO_CODE`] where the symbol has none |
//!
//! - **Shift**: a factor of `mantissa / 2^s` with s < 6 takes every sample but 0 beyond the 10 bits
//!   of a code, as s = 6 does. So quantizing by `2^max(s, 6)` gives the same codes, and the
//!   hardware shifts by 6 without logic.
//! - **Offset**: signed codes are made as `q + 2^(b-1)`, clamped as unsigned ones, and their top
//!   bit is flipped back. The offset is the zero point `z_b`, plus `2^(b-1)` if signed.
//! - **Alignment**: the 10-bit pattern is rotated left by it, which puts the symbol into the top t
//!   bits: by `10 - b` where the symbol is the pattern's high end, by `10 - t` where its low end.
//! - **Index**: the top 6 bits of the aligned pattern. The symbol is the top t of those, so each
//!   symbol has `2^(6-t)` equal entries.
//! - **Raw shift**: the aligned pattern without its symbol, shifted left by it, has the raw bits
//!   right behind the code in a field of 14 bits.
//!
//! # Decoder
//!
//! | address | data, from the least significant bit |
//! |---|---|
//! | `0x10000` + row | the shift is the de-quantizer's plus m, less 1, or 0 where that is negative |
//! | 2 Direct, 3 Important | 32: code limits, the low part |
//! | 4 Direct, 5 Important | 4: code limits, the rest; 4: raw bits, less 1 if t = 0; 5: the low m bits set in `paper` mode; 4: last start |
//! | `0x200` + 256 class + index | 11: known part; 4: shift; 1: sign behind |
//!
//! - **Shift**: a mantissa that is not 0 has its top bit set, so every code but 0 saturates at s = 0
//!   as at s = 1, and the hardware shifts by 1 without logic.
//! - **Code limits**: for each length k from 0 to 7, `k + 1` bits at bit `k (k + 1) / 2`: the first k
//!   bits of a code that is longer than k are at least this.
//! - **Raw bits**: an empty code counts as one bit, so that codes have 1 to 8 bits.
//! - **Last start**: of 16 bits, a sample that begins there or before ends in them: 16 less the longest
//!   code and its raw bits.
//! - **Index**: the eight bits that a code begins with. The code that they hold is known, and what
//!   raw bits fit behind it; **known part** is `q - z_b` with the raw bits beyond as 0. Those are the
//!   first of the six bits behind, which go 5 bits up and then right by **shift**.
//! - **Sign behind**: the first of the six bits is the sign of q; it is flipped, and 2^(b-1) is taken
//!   off the known part.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, Scale};
use dqa_golden::format::MAX_WIDTH;
use dqa_golden::multiplier::MAX_SHIFT;
use dqa_golden::symbol::MAX_SYMBOL_BITS;
use dqa_golden::table::{CodeTable, MAX_LIMIT};

use crate::parameters::{Misfit, Parameters};

/// One write to a core's load port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Write {
    /// `load_addr`, 17 bits.
    pub addr: u32,
    /// `load_data`.
    pub data: u32,
}

/// Address of the plane's geometry.
pub const PLANE: u32 = 0;
/// Address of the number of rows.
pub const ROWS: u32 = 1;
/// Address of the Direct class's numbers in an encoder; Important's follow.
pub const QUANTIZE: u32 = 2;
/// Address of the Direct class's symbol alignment in an encoder; Important's follows.
pub const ALIGN: u32 = 4;
/// Address of what dynamic scale takes, where it is built in.
pub const SCALE: u32 = 6;
/// Address of the first code in an encoder.
pub const CODES: u32 = 0x100;
/// Address of the Direct class's code limits in a decoder; Important's follow.
pub const LIMITS: u32 = 2;
/// Address of the rest of them and the raw bits in a decoder; Important's follow.
pub const LAYOUT: u32 = 4;
/// Address of the first symbol entry in a decoder.
pub const SYMBOLS: u32 = 0x200;
/// Address of the channel table's row 0.
pub const CHANNELS: u32 = 0x1_0000;

/// Bits of a code and its raw bits together, at most.
pub const SAMPLE_BITS: u32 = 14;
/// An encoder's entry for a symbol without a code: one bit, 0, by a raw shift that no code has. Not
/// without bits: a lane that writes none would never finish the word that the order waits for.
pub const NO_CODE: u32 = 15 << 12 | 1 << 8;
/// What a decoder takes for half a range, 8 raw bits: code limits of an empty code and the layout, as at
/// [`LIMITS`] and [`LAYOUT`].
pub const HALF_RANGE: [u32; 2] = {
    let (mut limits, mut k) = (0u64, 0);
    while k < 8 {
        limits |= 1 << (k * (k + 1) / 2 + k);
        k += 1;
    }
    [limits as u32, (limits >> 32) as u32 | 7 << 4 | 8 << 13]
};
/// Shift that the hardware always does.
pub const LEAST_SHIFT: u32 = 16 - MAX_WIDTH as u32;

const WIDTH: u32 = MAX_WIDTH as u32;
const INDEX_BITS: u32 = MAX_SYMBOL_BITS as u32;
const FIRST_BITS: u32 = MAX_LIMIT as u32;
const STORED: [Class; 2] = [Class::Direct, Class::Important];

/// The writes that load a context into an encoder, or why it does not fit.
pub fn encoder(parameters: &Parameters, context: &Context) -> Result<Vec<Write>, Misfit> {
    parameters.admit(context)?;
    let format = context.format();
    let mut writes = common(context, |entry| {
        let shift = u32::from(entry.quantizer.shift());
        let shift = shift.saturating_sub(format.extra_of(entry.class));
        row(
            entry.quantizer.mantissa(),
            shift.saturating_sub(LEAST_SHIFT),
            entry.class,
        )
    });
    for (number, class) in (0..).zip(STORED) {
        let width = format.width(class);
        let half = u32::from(format.signed()) << (width - 1);
        let offset = format.zero_code(class) + half.cast_signed();
        writes.push(Write {
            addr: QUANTIZE + number,
            data: offset.cast_unsigned() | ones(width) << 12 | half << 22,
        });
        let layout = context.layout(class);
        let align = match layout.symbol_is_low {
            true => (WIDTH - layout.symbol_bits) % WIDTH,
            false => WIDTH - width,
        };
        writes.push(Write {
            addr: ALIGN + number,
            data: ones(WIDTH - layout.symbol_bits) | align << WIDTH,
        });
        writes.extend((0..1 << INDEX_BITS).map(|index| Write {
            addr: CODES + (number << INDEX_BITS) + index,
            data: code(context, class, index),
        }));
    }
    writes.extend(scale(parameters, context));
    Ok(writes)
}

/// The writes that load a context into a decoder, or why it does not fit.
pub fn decoder(parameters: &Parameters, context: &Context) -> Result<Vec<Write>, Misfit> {
    parameters.admit(context)?;
    let format = context.format();
    let mut writes = common(context, |entry| {
        let shift = u32::from(entry.dequantizer.shift()) + format.extra_of(entry.class);
        let shift = shift.clamp(1, MAX_SHIFT.into()) - 1;
        row(entry.dequantizer.mantissa(), shift, entry.class)
    });
    for (number, class) in (0..).zip(STORED) {
        let layout = context.layout(class);
        let limits = code_limits(context.table(class));
        let below = match layout.symbol_is_low {
            true => ones(layout.symbol_bits),
            false => 0,
        };
        let most_bits = u32::from(context.table(class).longest()) + layout.raw_bits;
        let last_start = 16 - most_bits;
        let empty = u32::from(context.table(class).longest() == 0);
        let raw = layout.raw_bits - empty;
        writes.extend([
            Write {
                addr: LIMITS + number,
                data: (limits & u64::from(u32::MAX)) as u32,
            },
            Write {
                addr: LAYOUT + number,
                data: (limits >> 32) as u32 | raw << 4 | below << 8 | last_start << 13,
            },
        ]);
        writes.extend((0..1 << FIRST_BITS).map(|index| Write {
            addr: SYMBOLS + (number << FIRST_BITS) + index,
            data: known(context, class, index),
        }));
    }
    writes.extend(scale(parameters, context));
    Ok(writes)
}

/// What both cores load: geometry, row count, and the channel table with rows as given.
pub fn common(context: &Context, row: impl Fn(&ChannelEntry) -> u32) -> Vec<Write> {
    let lanes = context.shape().lanes();
    let beats = context.shape().beats(context.plane_len());
    let last_beat = context.plane_len() - (beats - 1) * lanes;
    let narrow = |n: usize| u32::try_from(n).expect("contexts are bounded");
    let plane = narrow(beats - 1) | ones(narrow(last_beat)) << 20;
    let mut writes = vec![
        Write {
            addr: PLANE,
            data: plane,
        },
        Write {
            addr: ROWS,
            data: narrow(context.channels().len()),
        },
    ];
    writes.extend((CHANNELS..).zip(context.channels()).map(|(addr, entry)| {
        let data = row(entry);
        Write { addr, data }
    }));
    writes
}

/// What a core with dynamic scale is told of a context's scale.
fn scale(parameters: &Parameters, context: &Context) -> Option<Write> {
    let format = context.format();
    let data = match context.parts().scale {
        Scale::Fixed => 0,
        Scale::Dynamic { policy } => {
            let signed = u32::from(policy.signed());
            policy.steps(format.bits()) | format.extra() << 8 | signed << 11 | 1 << 12
        }
    };
    (parameters.dynamic_beats > 0).then_some(Write { addr: SCALE, data })
}

/// A row of the channel table.
pub fn row(mantissa: u32, shift: u32, class: Class) -> u32 {
    let class = match class {
        Class::Direct => 0,
        Class::Important => 1,
        Class::Pruned => 2,
    };
    mantissa | shift << 17 | class << 22
}

/// An encoder's code entry for the top bits of an aligned pattern.
fn code(context: &Context, class: Class, index: u32) -> u32 {
    let layout = context.layout(class);
    let symbol = index >> (INDEX_BITS - layout.symbol_bits);
    let Some((code, length)) = context.table(class).code(symbol as usize) else {
        return NO_CODE;
    };
    let (code, length) = (u32::from(code), u32::from(length));
    // The first raw bit is in bit `raw_bits - 1` of the aligned pattern where the symbol was its
    // low end, right below the symbol otherwise.
    let raw_end = match layout.symbol_is_low {
        true => layout.raw_bits,
        false => WIDTH - layout.symbol_bits,
    };
    let raw_shift = SAMPLE_BITS - length - raw_end;
    code << (8 - length) | (length + layout.raw_bits) << 8 | raw_shift << 12
}

/// A decoder's code limits.
fn code_limits(table: &CodeTable) -> u64 {
    let codes: Vec<_> = (0..table.alphabet())
        .filter_map(|s| table.code(s))
        .collect();
    let limit = |k: u8| -> u64 {
        let shorter = codes.iter().filter(|&&(_, length)| length <= k);
        shorter.map(|&(_, length)| 1 << (k - length)).sum()
    };
    (0..8).fold(0, |limits, k| limits | limit(k) << (k * (k + 1) / 2))
}

/// A decoder's entry for the eight bits that a code begins with.
fn known(context: &Context, class: Class, index: u32) -> u32 {
    let (format, layout, table) = (
        context.format(),
        context.layout(class),
        context.table(class),
    );
    let mut bits = (0..FIRST_BITS).rev().map(|bit| index >> bit & 1 == 1);
    let symbol = table.decode(&mut bits).expect("tables are complete");
    let (_, length) = table.code(symbol).expect("it was decoded");
    let behind = FIRST_BITS - u32::from(length);
    let raw_here = behind.min(layout.raw_bits);
    let raw = index >> (behind - raw_here) & ones(raw_here);
    let raw_beyond = layout.raw_bits - raw_here;
    let pattern = layout.join(symbol, raw << raw_beyond);
    let place = match layout.symbol_is_low {
        true => layout.symbol_bits,
        false => 0,
    };
    let sign_beyond = format.signed() && raw_beyond + place == format.width(class);
    let code = match sign_beyond {
        true => pattern.cast_signed() - (1 << (format.width(class) - 1)),
        false => format.code(class, pattern),
    };
    let value = (code - format.zero_code(class)).cast_unsigned() & ones(11);
    value | (11 - place - raw_beyond) << 11 | u32::from(sign_beyond) << 15
}

fn ones(count: u32) -> u32 {
    (1 << count) - 1
}
