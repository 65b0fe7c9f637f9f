//! Symbol lookup: from a lane's window to `q - z_b`, the code less the zero point.
//!
//! One read of a block RAM by the window's first eight bits stands for canonical decoding, pattern
//! and sign extension together: those bits hold the whole Huffman code, and for each of their 256
//! values the load map has worked out what the pattern's known bits are worth. What is left to
//! hardware are the raw bits further back, at most six: shifted into place and added.
//!
//! An entry of 16 bits, from the least significant:
//!
//! | bits | content |
//! |---|---|
//! | 11 | `q - z_b` with the unknown bits 0, two's complement |
//! | 4 | shift right of the six bits behind, taken 5 bits up |
//! | 1 | the first of the six is the code's sign: flip it, and 2^(b-1) is taken off above |
//!
//! | port | meaning |
//! |---|---|
//! | `first` | the next 8 bits of the lane |
//! | `behind`, `skip` | what follows: 6 bits behind the `skip` topmost ones |
//! | `class_row` | context (upper bit) and class of the beat |
//! | `below` | in `paper` mode the places of the shifting error, which no raw bit may touch |
//! | `active` | the lane takes part; else the result is 0 |
//! | `load`, `load_address`, `load_data` | writes an entry: context, class, eight bits |
//! | `code` | `q - z_b` |
//!
//! Latency 4 clocks, one sample a clock. Without block RAM (an ASIC), the same entries
//! fit any memory of 1024 x 16 with a clocked read.

use rust_hdl::prelude::*;

use crate::primitives::PipelinedRam;

/// Clocks from a lane's bits to their code.
pub const LATENCY: usize = 4;

/// One lane's lookup; see the module's text.
#[derive(LogicBlock)]
pub struct SymbolLookup {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// The lane's bits.
    pub first: Signal<In, Bits<8>>,
    /// Those behind.
    pub behind: Signal<In, Bits<9>>,
    /// Where they begin.
    pub skip: Signal<In, Bits<2>>,
    /// Context and class.
    pub class_row: Signal<In, Bits<2>>,
    /// Low places that raw bits leave alone.
    pub below: Signal<In, Bits<5>>,
    /// The lane takes part.
    pub active: Signal<In, Bit>,
    /// Writes an entry.
    pub load: Signal<In, Bit>,
    /// Context, class and the eight bits.
    pub load_address: Signal<In, Bits<10>>,
    /// The entry.
    pub load_data: Signal<In, Bits<16>>,
    /// `q - z_b`, two's complement.
    pub code: Signal<Out, Bits<11>>,
    entries: PipelinedRam<16, 10>,
    tail: [DFF<Bits<6>>; 2],
    below_at: [DFF<Bits<5>>; 2],
    active_at: [DFF<Bit>; 3],
    known: DFF<Bits<11>>,
    raw: DFF<Bits<11>>,
    sum: DFF<Bits<11>>,
    entry: Signal<Local, Bits<10>>,
    aligned: Signal<Local, Bits<9>>,
    upper: Signal<Local, Bits<11>>,
    sign: Signal<Local, Bits<11>>,
    shift: Signal<Local, Bits<4>>,
    sign_place: Constant<Bits<11>>,
}

impl Default for SymbolLookup {
    fn default() -> Self {
        Self {
            aclk: Default::default(),
            first: Default::default(),
            behind: Default::default(),
            skip: Default::default(),
            class_row: Default::default(),
            below: Default::default(),
            active: Default::default(),
            load: Default::default(),
            load_address: Default::default(),
            load_data: Default::default(),
            code: Default::default(),
            entries: Default::default(),
            tail: Default::default(),
            below_at: Default::default(),
            active_at: Default::default(),
            known: Default::default(),
            raw: Default::default(),
            sum: Default::default(),
            entry: Default::default(),
            aligned: Default::default(),
            upper: Default::default(),
            sign: Default::default(),
            shift: Default::default(),
            sign_place: Constant::new((1u64 << 10).into()),
        }
    }
}

impl Logic for SymbolLookup {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, known, raw, sum);
        for i in 0..2 {
            self.tail[i].clock.next = self.aclk.val();
            self.below_at[i].clock.next = self.aclk.val();
        }
        for i in 0..3 {
            self.active_at[i].clock.next = self.aclk.val();
        }
        self.entries.clock.next = self.aclk.val();
        self.entries.write.next = self.load.val();
        self.entries.write_address.next = self.load_address.val();
        self.entries.write_data.next = self.load_data.val();
        self.entries.enable.next = true;
        self.entry.next = bit_cast::<10, 8>(self.first.val());
        self.entries.read_address.next =
            (bit_cast::<10, 2>(self.class_row.val()) << 8) | self.entry.val();
        // The six bits behind, in the upper places of eleven, their first one flipped if it is the
        // sign.
        self.upper.next = bit_cast::<11, 6>(self.tail[1].q.val()) << 5;
        self.sign.next = 0.into();
        if self.entries.read_data.val().get_bit(15) {
            self.sign.next = self.sign_place.val();
        }
        self.shift.next = self.entries.read_data.val().get_bits::<4>(11);
        self.aligned.next = (self.behind.val() << self.skip.val()) >> 3;
        self.tail[0].d.next = bit_cast::<6, 9>(self.aligned.val());
        self.tail[1].d.next = self.tail[0].q.val();
        self.below_at[0].d.next = self.below.val();
        self.below_at[1].d.next = self.below_at[0].q.val();
        self.active_at[0].d.next = self.active.val();
        for i in 1..3 {
            self.active_at[i].d.next = self.active_at[i - 1].q.val();
        }
        self.known.d.next = self.entries.read_data.val().get_bits::<11>(0);
        self.raw.d.next = ((self.upper.val() ^ self.sign.val()) >> self.shift.val())
            & !bit_cast::<11, 5>(self.below_at[1].q.val());
        self.sum.d.next = self.known.q.val() + self.raw.q.val();
        if !self.active_at[2].q.val() {
            self.sum.d.next = 0.into();
        }
        self.code.next = self.sum.q.val();
    }
}

#[cfg(test)]
mod tests {
    use super::{LATENCY, SymbolLookup};
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn adds_the_raw_bits_behind_the_first_eight() {
        let mut unit = SymbolLookup::default();
        unit.connect_all();
        // Known part -64; three bits behind, the first of them the sign, two places up.
        unit.load.next = true;
        unit.load_address.next = bits(0x2a5);
        unit.load_data.next = bits(1 << 15 | (11 - 2 - 3) << 11 | (0x800 - 64));
        step(&mut unit, |unit| &mut unit.aclk);
        unit.load.next = false;
        unit.class_row.next = bits(2);
        unit.below.next = bits(0b11);
        for (behind, active, code) in [
            (0b000_111, true, -64 + (0b100 << 2)),
            (0b101_010, true, -64 + (0b001 << 2)),
            (0b101_010, false, 0),
        ] {
            unit.first.next = bits(0xa5);
            unit.behind.next = bits(behind << 1);
            unit.skip.next = bits(2);
            unit.active.next = active;
            for _ in 0..LATENCY {
                step(&mut unit, |unit| &mut unit.aclk);
            }
            assert_eq!(unit.code.val(), bits(code as u64 & 0x7ff), "{behind:06b}");
        }
    }
}
