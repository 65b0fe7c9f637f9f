//! Word FIFO: a lane's finished words, in block RAM.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `write`, `s_word` | in | a word, always taken |
//! | `some` | out | there is a word; a register |
//! | `take` | in | take the oldest word; only with `some` and `advance` |
//! | `advance` | in | the reading side moves |
//! | `m_word` | out | the word taken 3 moves ago; 0 if none was |
//!
//! Parameter: W, the word's bits. Room for 510: a word waits for its entry in the
//! [order FIFO](crate::order_fifo), or an entry for it, so what bounds those bounds the words. A word
//! can be taken from the second clock after its write on; one word a clock in and out. For a FIFO
//! with valid and ready use [`Fifo`](crate::fifo::Fifo).

use rust_hdl::prelude::*;

use crate::places::Places;
use crate::primitives::PipelinedRam;

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
    /// Take the oldest.
    pub take: Signal<In, Bit>,
    /// The reading side moves.
    pub advance: Signal<In, Bit>,
    /// What was taken.
    pub m_word: Signal<Out, Bits<W>>,

    places: Places,
    memory: PipelinedRam<W, 9>,
    reads: DFF<Bit>,
    leaves: DFF<Bit>,
    out: DFF<Bits<W>>,
}

impl<const W: usize> Logic for WordFifo<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, reads, leaves, out);
        clock!(self, aclk, memory);
        self.places.aclk.next = self.aclk.val();
        self.places.aresetn.next = self.aresetn.val();
        self.places.write.next = self.write.val();
        self.places.take.next = self.take.val();
        self.some.next = self.places.some.val();

        self.memory.write.next = self.write.val();
        self.memory.write_address.next = self.places.write_at.val();
        self.memory.write_data.next = self.s_word.val();
        self.memory.enable.next = self.advance.val();
        self.memory.read_address.next = self.places.read_at.val();

        if self.advance.val() {
            self.reads.d.next = self.take.val();
            self.leaves.d.next = self.reads.q.val();
            self.out.d.next = self.memory.read_data.val();
        }
        // A reset of the register, so that the lanes' words need no gates in front of their OR.
        if self.advance.val() & (!self.leaves.q.val()) {
            self.out.d.next = 0.into();
        }
        self.m_word.next = self.out.q.val();
        if !self.aresetn.val() {
            self.reads.d.next = false;
            self.leaves.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::WordFifo;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn words_leave_in_order_and_zeros_behind_them() {
        let mut unit = WordFifo::<32>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.write.next = true;
        for word in 1..=48 {
            unit.s_word.next = bits(word);
            step(&mut unit, |unit| &mut unit.aclk);
        }
        unit.write.next = false;
        step(&mut unit, |unit| &mut unit.aclk);
        unit.advance.next = true;
        let mut words = Vec::new();
        for _ in 0..60 {
            unit.take.next = unit.some.val();
            step(&mut unit, |unit| &mut unit.aclk);
            words.push(unit.m_word.val().to_u64());
        }
        let expected: Vec<u64> = (1..=48).chain([0; 10]).collect();
        assert_eq!(words[2..], expected);
    }
}
