//! Order FIFO: which lanes' words come next, in block RAM. The decoder keeps its beats in one, too.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `write`, `s_entry` | in | an entry, always taken |
//! | `crowded` | out | there were 384 entries or more 2 clocks ago: let nothing in that would write more than 126 |
//! | `m_entry`, `m_valid` | out | the oldest entry, from a register |
//! | `m_ready` | in | it is taken |
//!
//! Parameter: D, the entry's bits. Room for 510: while a lane's word is incomplete, at most 4 W beats
//! go by, each with one entry. Latency 4, one entry a clock. For a FIFO with ready on both sides use
//! [`Fifo`](crate::fifo::Fifo).

use rust_hdl::prelude::*;

use crate::places::Places;
use crate::primitives::PipelinedRam;

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

    places: Places,
    entries: PipelinedRam<D, 9>,
    moves: Signal<Local, Bit>,
    read: Signal<Local, Bit>,
    read_valid: DFF<Bit>,
    out_valid: DFF<Bit>,

    written: DFF<Bit>,
    taken: DFF<Bit>,
    change: Signal<Local, Bits<9>>,
    held: DFF<Bits<9>>,
    many_held: DFF<Bit>,
}

impl<const D: usize> Logic for OrderFifo<D> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, read_valid, out_valid);
        clock!(self, aclk, entries, written, taken, held, many_held);
        self.places.aclk.next = self.aclk.val();
        self.places.aresetn.next = self.aresetn.val();

        self.moves.next = self.m_ready.val() | (!self.out_valid.q.val());
        self.read.next = self.moves.val() & self.places.some.val();
        if self.moves.val() {
            self.read_valid.d.next = self.places.some.val();
            self.out_valid.d.next = self.read_valid.q.val();
        }
        self.places.write.next = self.write.val();
        self.places.take.next = self.read.val();
        self.entries.write.next = self.write.val();
        self.entries.write_address.next = self.places.write_at.val();
        self.entries.write_data.next = self.s_entry.val();
        self.entries.enable.next = self.moves.val();
        self.entries.read_address.next = self.places.read_at.val();
        self.m_entry.next = self.entries.read_data.val();
        self.m_valid.next = self.out_valid.q.val();

        self.written.d.next = self.write.val();
        self.taken.d.next = self.read.val();
        self.change.next = 0.into();
        if self.written.q.val() & (!self.taken.q.val()) {
            self.change.next = 1.into();
        }
        if self.taken.q.val() & (!self.written.q.val()) {
            self.change.next = 511.into();
        }
        self.held.d.next = self.held.q.val() + self.change.val();
        self.many_held.d.next = self.held.q.val().get_bits::<2>(7).all();
        self.crowded.next = self.many_held.q.val();

        if !self.aresetn.val() {
            self.read_valid.d.next = false;
            self.out_valid.d.next = false;
            self.written.d.next = false;
            self.taken.d.next = false;
            self.held.d.next = 0.into();
            self.many_held.d.next = false;
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

    #[test]
    fn many_entries_are_a_crowd() {
        let mut unit = OrderFifo::<11>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.write.next = true;
        // Two entries wait in the memory's registers.
        for _ in 0..386 {
            assert!(!unit.crowded.val());
            step(&mut unit, |unit| &mut unit.aclk);
        }
        unit.write.next = false;
        for _ in 0..2 {
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert!(unit.crowded.val());
        unit.m_ready.next = true;
        for _ in 0..4 {
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert!(!unit.crowded.val());
    }
}
