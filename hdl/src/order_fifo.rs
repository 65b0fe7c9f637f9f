//! Order FIFO: which lanes' words come next, in block RAM.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `write`, `s_entry` | in | an entry, always taken |
//! | `crowded` | out | 384 entries or more: let nothing in that would write over 128 |
//! | `m_entry`, `m_valid` | out | the oldest entry, from a register |
//! | `m_ready` | in | it is taken |
//!
//! Parameter: D, the entry's bits. 512 places: while a lane's word is incomplete, at most 4 W beats
//! go by, each with one entry. Latency 3, one entry a clock. The memory's output and the register
//! behind it each hold an entry, and move up by themselves. For a FIFO with ready on both sides use
//! [`Fifo`](crate::fifo::Fifo).

use rust_hdl::prelude::*;

use crate::primitives::BlockRam;

/// FIFO of order entries.
#[derive(LogicBlock, Default)]
pub struct OrderFifo<const D: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Write an entry.
    pub write: Signal<In, Bit>,
    /// The entry.
    pub s_entry: Signal<In, Bits<D>>,
    /// There are 384 or more.
    pub crowded: Signal<Out, Bit>,
    /// The oldest entry.
    pub m_entry: Signal<Out, Bits<D>>,
    /// There is one.
    pub m_valid: Signal<Out, Bit>,
    /// It is taken.
    pub m_ready: Signal<In, Bit>,

    entries: BlockRam<D, 9>,
    write_at: DFF<Bits<9>>,
    read_at: DFF<Bits<9>>,
    held: DFF<Bits<10>>,
    held_next: Signal<Local, Bits<10>>,
    some_held: DFF<Bit>,
    many_held: DFF<Bit>,
    read_valid: DFF<Bit>,
    out: DFF<Bits<D>>,
    out_valid: DFF<Bit>,
    out_moves: Signal<Local, Bit>,
    read_moves: Signal<Local, Bit>,
}

impl<const D: usize> Logic for OrderFifo<D> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, aclk, write_at, read_at, held, read_valid, out, out_valid
        );
        clock!(self, aclk, entries, some_held, many_held);

        self.out_moves.next = self.m_ready.val() | (!self.out_valid.q.val());
        self.read_moves.next =
            self.some_held.q.val() & (self.out_moves.val() | (!self.read_valid.q.val()));
        if self.out_moves.val() {
            self.out.d.next = self.entries.read_data.val();
            self.out_valid.d.next = self.read_valid.q.val();
            self.read_valid.d.next = false;
        }
        if self.read_moves.val() {
            self.read_valid.d.next = true;
            self.read_at.d.next = self.read_at.q.val() + 1;
        }
        if self.write.val() {
            self.write_at.d.next = self.write_at.q.val() + 1;
        }
        self.entries.write.next = self.write.val();
        self.entries.write_address.next = self.write_at.q.val();
        self.entries.write_data.next = self.s_entry.val();
        self.entries.read.next = self.read_moves.val();
        self.entries.read_address.next = self.read_at.q.val();

        self.held_next.next = self.held.q.val();
        if self.write.val() & (!self.read_moves.val()) {
            self.held_next.next = self.held.q.val() + 1;
        }
        if self.read_moves.val() & (!self.write.val()) {
            self.held_next.next = self.held.q.val() - 1;
        }
        self.held.d.next = self.held_next.val();
        self.some_held.d.next = self.held_next.val().any();
        self.many_held.d.next = self.held.q.val().get_bit(9)
            | (self.held.q.val().get_bit(8) & self.held.q.val().get_bit(7));
        self.crowded.next = self.many_held.q.val();
        self.m_entry.next = self.out.q.val();
        self.m_valid.next = self.out_valid.q.val();

        if !self.aresetn.val() {
            self.write_at.d.next = 0.into();
            self.read_at.d.next = 0.into();
            self.held.d.next = 0.into();
            self.some_held.d.next = false;
            self.many_held.d.next = false;
            self.read_valid.d.next = false;
            self.out_valid.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OrderFifo;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn an_entry_a_clock_in_order() {
        let mut unit = OrderFifo::<7>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.m_ready.next = true;
        let mut entries = Vec::new();
        for entry in 0..20 {
            unit.write.next = entry < 16;
            unit.s_entry.next = bits(entry);
            step(&mut unit, |unit| &mut unit.aclk);
            if unit.m_valid.val() {
                entries.push(unit.m_entry.val().to_u64());
            }
        }
        assert_eq!(entries, Vec::from_iter(0..16));
    }
}
