//! Lane packer: appends bits to the lane's sub-stream and cuts it into words.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `value`, `count` | in | 0 to 14 bits, left-aligned, zeros behind |
//! | `flush` | in | gives the word as it is, zeros behind its bits, and begins anew; `count` is 0 |
//! | `crossed` | out | the beat reached or passed the end of a word; 1 clock later |
//! | `word`, `full` | out | a complete or flushed word, its first bit the most significant |
//!
//! Parameters: W, the word's bits, 32 or 64; P = W / 16. Latency 1 to `crossed` and 4 to `word`, one beat a
//! clock, never stalls. A packet ends with two flushes: its part word, then the zeros that the
//! order asks for behind it.
//!
//! The word is put together from pieces of 16 bits, so that a beat's bits are shifted by 0 to 15
//! only, which a multiplication by a power of two does:
//!
//! | clock | work |
//! |---|---|
//! | 1 | count bits; does the piece, does the word end? |
//! | 2 | shift the bits behind those of the piece: a second clock of the multiplier |
//! | 3 | join them with the piece |
//! | 4 | put an ended piece into its place in the word |

use rust_hdl::prelude::*;

use crate::primitives::PipelinedMultiplier;

/// Clocks from bits to the word that they complete.
pub const LATENCY: usize = 4;

/// Packer of one lane, words of W bits.
#[derive(LogicBlock)]
pub struct LanePacker<const W: usize, const P: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Bits to append.
    pub value: Signal<In, Bits<14>>,
    /// How many.
    pub count: Signal<In, Bits<4>>,
    /// Give the part word.
    pub flush: Signal<In, Bit>,
    /// The end of a word was reached.
    pub crossed: Signal<Out, Bit>,
    /// A word.
    pub word: Signal<Out, Bits<W>>,
    /// It is complete, or flushed.
    pub full: Signal<Out, Bit>,

    last_piece: Constant<Bits<2>>,

    /// Bits in the piece, and which piece of the word it is.
    fill: DFF<Bits<4>>,
    piece: DFF<Bits<2>>,
    reach: Signal<Local, Bits<5>>,
    ends_word: Signal<Local, Bit>,
    counted_piece: DFF<Bits<2>>,
    counted_ends: DFF<Bit>,
    counted_crossed: DFF<Bit>,
    counted_flush: DFF<Bit>,

    one: Constant<Bits<17>>,
    wide_value: Signal<Local, Bits<15>>,
    place: Signal<Local, Bits<17>>,
    shifter: PipelinedMultiplier<15, 17, 32>,
    shifted: Signal<Local, Bits<29>>,
    shifted_piece: DFF<Bits<2>>,
    shifted_ends: DFF<Bit>,
    shifted_crossed: DFF<Bit>,
    shifted_flush: DFF<Bit>,

    /// Whether there was a reset one and two clocks ago.
    reset1: DFF<Bit>,
    reset2: DFF<Bit>,
    part: DFF<Bits<16>>,
    filled: Signal<Local, Bits<16>>,
    joined: DFF<Bits<16>>,
    joined_piece: DFF<Bits<2>>,
    joined_ends: DFF<Bit>,
    joined_first: DFF<Bit>,
    joined_full: DFF<Bit>,

    joined_wide: Signal<Local, Bits<W>>,
    pieces: [DFF<Bits<W>>; P],
    assembled: [Signal<Local, Bits<W>>; P],
    word_full: DFF<Bit>,
}

impl<const W: usize, const P: usize> Default for LanePacker<W, P> {
    fn default() -> Self {
        assert!(W == 32 || W == 64, "words have 32 or 64 bits");
        assert_eq!(P, W / 16, "pieces have 16 bits");
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            value: Signal::default(),
            count: Signal::default(),
            flush: Signal::default(),
            crossed: Signal::default(),
            word: Signal::default(),
            full: Signal::default(),
            last_piece: Constant::new((W as u64 / 16 - 1).into()),
            fill: DFF::default(),
            piece: DFF::default(),
            reach: Signal::default(),
            ends_word: Signal::default(),
            counted_piece: DFF::default(),
            counted_ends: DFF::default(),
            counted_crossed: DFF::default(),
            counted_flush: DFF::default(),
            one: Constant::new(1.into()),
            wide_value: Signal::default(),
            place: Signal::default(),
            shifter: PipelinedMultiplier::default(),
            shifted: Signal::default(),
            shifted_piece: DFF::default(),
            shifted_ends: DFF::default(),
            shifted_crossed: DFF::default(),
            shifted_flush: DFF::default(),
            reset1: DFF::default(),
            reset2: DFF::default(),
            part: DFF::default(),
            filled: Signal::default(),
            joined: DFF::default(),
            joined_piece: DFF::default(),
            joined_ends: DFF::default(),
            joined_first: DFF::default(),
            joined_full: DFF::default(),
            joined_wide: Signal::default(),
            pieces: std::array::from_fn(|_| DFF::default()),
            assembled: std::array::from_fn(|_| Signal::default()),
            word_full: DFF::default(),
        }
    }
}

impl<const W: usize, const P: usize> Logic for LanePacker<W, P> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, fill, piece, part);
        clock!(self, aclk, counted_piece, reset1, reset2, shifter);
        clock!(self, aclk, counted_ends, counted_crossed, counted_flush);
        clock!(self, aclk, shifted_piece);
        clock!(self, aclk, shifted_ends, shifted_crossed, shifted_flush);
        clock!(
            self,
            aclk,
            joined,
            joined_piece,
            joined_ends,
            joined_first,
            joined_full,
            word_full
        );

        self.reach.next = bit_cast::<5, 4>(self.fill.q.val()) + bit_cast::<5, 4>(self.count.val());
        self.ends_word.next =
            self.reach.val().get_bit(4) & (self.piece.q.val() == self.last_piece.val());
        self.fill.d.next = self.reach.val().get_bits::<4>(0);
        if self.reach.val().get_bit(4) {
            self.piece.d.next = self.piece.q.val() + 1;
        }
        if self.ends_word.val() {
            self.piece.d.next = 0.into();
        }
        if self.flush.val() | (!self.aresetn.val()) {
            self.fill.d.next = 0.into();
            self.piece.d.next = 0.into();
        }
        self.counted_piece.d.next = self.piece.q.val();
        self.counted_ends.d.next = self.reach.val().get_bit(4) | self.flush.val();
        self.counted_crossed.d.next = self.ends_word.val();
        self.counted_flush.d.next = self.flush.val();
        self.crossed.next = self.counted_crossed.q.val();

        self.place.next = self.one.val() << (!self.fill.q.val());
        self.wide_value.next = bit_cast::<15, 14>(self.value.val());
        self.shifter.enable.next = true;
        self.shifter.a.next = signed_cast(self.wide_value.val());
        self.shifter.b.next = signed_cast(self.place.val());
        self.shifted.next = bit_cast::<29, 32>(unsigned_cast(self.shifter.p.val()));
        self.shifted_piece.d.next = self.counted_piece.q.val();
        self.shifted_ends.d.next = self.counted_ends.q.val();
        self.shifted_crossed.d.next = self.counted_crossed.q.val();
        self.shifted_flush.d.next = self.counted_flush.q.val();

        self.filled.next = self.part.q.val() | self.shifted.val().get_bits::<16>(13);
        self.joined.d.next = self.filled.val();
        self.joined_piece.d.next = self.shifted_piece.q.val();
        self.joined_ends.d.next = self.shifted_ends.q.val();
        self.joined_first.d.next = self.shifted_ends.q.val() & (self.shifted_piece.q.val() == 0);
        self.joined_full.d.next = self.shifted_crossed.q.val() | self.shifted_flush.q.val();
        self.part.d.next = self.filled.val();
        if self.shifted_ends.q.val() {
            self.part.d.next = bit_cast::<16, 13>(self.shifted.val().get_bits::<13>(0)) << 3;
        }

        // The shifter has no reset: what was in it is kept out.
        self.reset1.d.next = !self.aresetn.val();
        self.reset2.d.next = self.reset1.q.val();
        if self.reset1.q.val() | self.reset2.q.val() | (!self.aresetn.val()) {
            self.part.d.next = 0.into();
        }

        // A word's first piece clears the others: they stay zero where a flush ends it early.
        self.joined_wide.next = bit_cast::<W, 16>(self.joined.q.val());
        for i in 0..P {
            self.pieces[i].clock.next = self.aclk.val();
            self.pieces[i].d.next = self.pieces[i].q.val();
            if self.joined_ends.q.val() & (self.joined_piece.q.val() == i.to_bits()) {
                self.pieces[i].d.next = self.joined_wide.val();
            }
        }
        for i in 1..P {
            if self.joined_first.q.val() {
                self.pieces[i].d.next = 0.into();
            }
        }
        self.assembled[0].next = self.pieces[0].q.val();
        for i in 1..P {
            self.assembled[i].next = (self.assembled[i - 1].val() << 16) | self.pieces[i].q.val();
        }
        for i in 0..P {
            self.word.next = self.assembled[i].val();
        }
        self.word_full.d.next = self.joined_full.q.val();
        self.full.next = self.word_full.q.val();
        if !self.aresetn.val() {
            self.counted_ends.d.next = false;
            self.counted_crossed.d.next = false;
            self.counted_flush.d.next = false;
            self.shifted_ends.d.next = false;
            self.shifted_crossed.d.next = false;
            self.shifted_flush.d.next = false;
            self.joined_ends.d.next = false;
            self.joined_first.d.next = false;
            self.joined_full.d.next = false;
            self.word_full.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LATENCY, LanePacker};
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn two_flushes_give_the_part_word_and_zeros() {
        let mut unit = LanePacker::<32, 2>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let mut words = Vec::new();
        for clock in 0..5 + LATENCY {
            let (value, count) = if clock < 3 {
                (0b10_1100_1110_0011, 14)
            } else {
                (0, 0)
            };
            unit.value.next = bits(value);
            unit.count.next = bits(count);
            unit.flush.next = clock == 3 || clock == 4;
            step(&mut unit, |unit| &mut unit.aclk);
            if unit.full.val() {
                words.push(unit.word.val().to_u64());
            }
        }
        // 3 x 14 bits: a word, 10 bits of the next one, zeros.
        assert_eq!(words, [0xb38e_ce3b, 0x38c0_0000, 0]);
    }
}
