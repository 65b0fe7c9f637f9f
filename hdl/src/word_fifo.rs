//! Word FIFO: a lane's finished words, in block RAM.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `write`, `s_word` | in | a word, always taken |
//! | `some` | out | there is a word |
//! | `crowded` | out | 48 words or more: let nothing in that would write over 16 |
//! | `take` | in | take the oldest word; only with `some` and `advance` |
//! | `advance` | in | the reading side moves |
//! | `m_word` | out | the word taken 2 moves ago; anything if none was |
//!
//! Parameter: W, the word's bits. 64 places: 32 for the order's sake (`docs/src/design/lane-buffers.md`),
//! 16 for what is under way when it gets crowded, rounded up to a power of two. A word can be taken
//! from the second clock after its write on; one word a clock in and out. For a FIFO with valid and ready use
//! [`Fifo`](crate::fifo::Fifo).

use rust_hdl::prelude::*;

use crate::primitives::BlockRam;

/// FIFO of a lane's finished words.
#[derive(LogicBlock, Default)]
pub struct WordFifo<const W: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Write a word.
    pub write: Signal<In, Bit>,
    /// The word.
    pub s_word: Signal<In, Bits<W>>,
    /// There is a word.
    pub some: Signal<Out, Bit>,
    /// There are 48 or more.
    pub crowded: Signal<Out, Bit>,
    /// Take the oldest.
    pub take: Signal<In, Bit>,
    /// The reading side moves.
    pub advance: Signal<In, Bit>,
    /// What was taken.
    pub m_word: Signal<Out, Bits<W>>,

    memory: BlockRam<W, 6>,
    write_at: DFF<Bits<6>>,
    read_at: DFF<Bits<6>>,
    held: DFF<Bits<7>>,
    held_next: Signal<Local, Bits<7>>,
    some_held: DFF<Bit>,
    many_held: DFF<Bit>,
    out: DFF<Bits<W>>,
}

impl<const W: usize> Logic for WordFifo<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, write_at, read_at, held, out);
        clock!(self, aclk, memory, some_held, many_held);

        self.memory.write.next = self.write.val();
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.s_word.val();
        self.memory.read.next = self.advance.val();
        self.memory.read_address.next = self.read_at.q.val();

        self.held_next.next = self.held.q.val();
        if self.write.val() & (!self.take.val()) {
            self.held_next.next = self.held.q.val() + 1;
        }
        if self.take.val() & (!self.write.val()) {
            self.held_next.next = self.held.q.val() - 1;
        }
        if self.write.val() {
            self.write_at.d.next = self.write_at.q.val() + 1;
        }
        if self.take.val() {
            self.read_at.d.next = self.read_at.q.val() + 1;
        }
        self.held.d.next = self.held_next.val();
        self.some_held.d.next = self.held_next.val().any();
        self.many_held.d.next = self.held.q.val().get_bit(6)
            | (self.held.q.val().get_bit(5) & self.held.q.val().get_bit(4));
        self.some.next = self.some_held.q.val();
        self.crowded.next = self.many_held.q.val();

        if self.advance.val() {
            self.out.d.next = self.memory.read_data.val();
        }
        self.m_word.next = self.out.q.val();

        if !self.aresetn.val() {
            self.write_at.d.next = 0.into();
            self.read_at.d.next = 0.into();
            self.held.d.next = 0.into();
            self.some_held.d.next = false;
            self.many_held.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WordFifo;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn words_leave_in_order_and_many_are_a_crowd() {
        let mut unit = WordFifo::<32>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.write.next = true;
        for word in 0..48 {
            assert!(!unit.crowded.val());
            unit.s_word.next = bits(word);
            step(&mut unit, |unit| &mut unit.aclk);
        }
        unit.write.next = false;
        step(&mut unit, |unit| &mut unit.aclk);
        assert!(unit.crowded.val());
        unit.take.next = true;
        unit.advance.next = true;
        step(&mut unit, |unit| &mut unit.aclk);
        for word in 0..47 {
            assert!(unit.some.val());
            step(&mut unit, |unit| &mut unit.aclk);
            assert_eq!(unit.m_word.val(), bits(word));
        }
        assert!(!unit.some.val());
    }
}
