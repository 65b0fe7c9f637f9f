//! Look-up tables of a class: from a code q to its bits, and from bits to the code.
//!
//! A sample is written as a Huffman code and raw bits. Both together are at most 14 bits and
//! depend on q alone, so one table of 2^b entries gives them in a single look-up, whatever the
//! mode. The other way round, a table indexed by as many bits as the longest sample takes gives
//! q and its length in one step: every complete code fills it without gaps.

use dqa_golden::channel::Class;
use dqa_golden::context::Context;

/// The bits that stand for one sample, right-aligned, at most 16 of them.
#[derive(Clone, Copy)]
pub(super) struct Bits(u32);

impl Bits {
    /// Nothing at all: what a lane past the end of a plane writes.
    pub const NONE: Self = Self(0);
    /// Stands for a symbol that has no code; writes nothing.
    const NO_CODE: Self = Self(1 << 31);

    /// The low `len` bits of `value`, `len` up to 16.
    pub fn new(value: u32, len: u32) -> Self {
        Self(value << 8 | len)
    }

    #[inline(always)]
    pub fn value(self) -> u64 {
        u64::from(self.0 >> 8)
    }

    #[inline(always)]
    pub fn len(self) -> u32 {
        self.0 & 0xff
    }

    /// Nothing if neither has a code missing.
    #[inline(always)]
    pub fn note_missing(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn is_missing(self) -> bool {
        self.0 & Self::NO_CODE.0 != 0
    }
}

/// What the next bits of a lane begin with: a code and how many bits it takes.
#[derive(Clone, Copy, Default)]
pub(super) struct Found(i16);

impl Found {
    fn new(code: i32, len: u32) -> Self {
        let packed = code << 4 | len.cast_signed();
        Self(i16::try_from(packed).expect("11 bits and a sign, 4 bits"))
    }

    /// The code less its zero, `q - z_b`.
    #[inline(always)]
    pub fn code(self) -> i16 {
        self.0 >> 4
    }

    /// Bits that it takes, 1 to 14.
    #[inline(always)]
    pub fn len(self) -> u32 {
        u32::from(self.0.cast_unsigned() & 15)
    }
}

/// The tables of one class.
pub(super) struct ClassTables {
    /// By code index `q - lo`; one more entry, [`Bits::NONE`], stands at the end.
    pub bits: Vec<Bits>,
    /// By the next [`peek`](Self::peek) bits of a lane.
    pub found: Vec<Found>,
    /// Bits of the longest sample.
    pub peek: u32,
}

impl ClassTables {
    pub fn new(context: &Context, class: Class) -> Self {
        let (format, layout) = (context.format(), context.layout(class));
        let table = context.table(class);
        let peek = u32::from(table.longest()) + layout.raw_bits;
        let mut bits = Vec::new();
        let mut found = vec![Found::default(); 1 << peek];
        let (lo, hi) = format.code_range(class);
        for q in lo..=hi {
            let (symbol, raw) = layout.split(format.pattern(class, q));
            let Some((code, code_len)) = table.code(symbol) else {
                bits.push(Bits::NO_CODE);
                continue;
            };
            let value = u32::from(code) << layout.raw_bits | raw;
            let len = u32::from(code_len) + layout.raw_bits;
            bits.push(Bits::new(value, len));
            let first = (value << (peek - len)) as usize;
            found[first..first + (1 << (peek - len))]
                .fill(Found::new(q - format.zero_code(class), len));
        }
        bits.push(Bits::NONE);
        Self { bits, found, peek }
    }

    /// Index of [`Bits::NONE`].
    pub fn none(&self) -> u16 {
        u16::try_from(self.bits.len() - 1).expect("at most 2^10")
    }
}
