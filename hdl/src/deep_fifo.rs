//! Deep FIFO: thousands of values in block RAM.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `write`, `s_data` | in | a value, always taken |
//! | `crowded` | out | there is room for no more than [`MARGIN`] values, a clock ago; a register |
//! | `m_data`, `m_valid` | out | the oldest value, from a register |
//! | `m_ready` | in | it is taken |
//!
//! Parameters: N, the value's bits; words of memory, a power of two from 32 to 32768. Nothing here keeps
//! more from being written than there is room for. Latency 5, one value a clock in and out. For fewer values use
//! [`Fifo`](crate::fifo::Fifo).

use rust_hdl::prelude::*;

use crate::primitives::PipelinedRam;

/// Values that may still be written once there is a crowd.
pub const MARGIN: usize = 8;

/// FIFO in block RAM.
#[derive(LogicBlock)]
pub struct DeepFifo<const N: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Write a value.
    pub write: Signal<In, Bit>,
    /// The value.
    pub s_data: Signal<In, Bits<N>>,
    /// It is nearly full.
    pub crowded: Signal<Out, Bit>,
    /// The oldest value.
    pub m_data: Signal<Out, Bits<N>>,
    /// There is one.
    pub m_valid: Signal<Out, Bit>,
    /// It is taken.
    pub m_ready: Signal<In, Bit>,

    memory: PipelinedRam<N, 15>,
    /// Addresses go up to this one.
    last: Constant<Bits<15>>,
    write_at: DFF<Bits<15>>,
    read_at: DFF<Bits<15>>,
    /// The address behind.
    then_at: DFF<Bits<15>>,
    some: DFF<Bit>,
    moves: Signal<Local, Bit>,
    read: Signal<Local, Bit>,
    read_valid: DFF<Bit>,
    out_valid: DFF<Bit>,

    many: Constant<Bits<16>>,
    written: DFF<Bit>,
    taken: DFF<Bit>,
    held: DFF<Bits<16>>,
    many_held: DFF<Bit>,
}

impl<const N: usize> DeepFifo<N> {
    /// With `words` words of memory.
    pub fn new(words: usize) -> Self {
        assert!(
            words.is_power_of_two() && (32..=1 << 15).contains(&words),
            "2^5 to 2^15 words"
        );
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            write: Signal::default(),
            s_data: Signal::default(),
            crowded: Signal::default(),
            m_data: Signal::default(),
            m_valid: Signal::default(),
            m_ready: Signal::default(),
            memory: PipelinedRam::new(words),
            last: Constant::new((words as u64 - 1).into()),
            write_at: DFF::default(),
            read_at: DFF::default(),
            then_at: DFF::default(),
            some: DFF::default(),
            moves: Signal::default(),
            read: Signal::default(),
            read_valid: DFF::default(),
            out_valid: DFF::default(),
            // The count lags behind by two writes, and one place stays empty.
            many: Constant::new(((words - MARGIN - 4) as u64).into()),
            written: DFF::default(),
            taken: DFF::default(),
            held: DFF::default(),
            many_held: DFF::default(),
        }
    }
}

impl<const N: usize> Logic for DeepFifo<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, aclk, write_at, read_at, then_at, read_valid, out_valid, held
        );
        clock!(self, aclk, memory, some, written, taken, many_held);

        self.moves.next = self.m_ready.val() | (!self.out_valid.q.val());
        self.read.next = self.moves.val() & self.some.q.val();
        if self.moves.val() {
            self.read_valid.d.next = self.some.q.val();
            self.out_valid.d.next = self.read_valid.q.val();
        }
        self.memory.write.next = self.write.val();
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.s_data.val();
        self.memory.enable.next = self.moves.val();
        self.memory.read_address.next = self.read_at.q.val();
        self.m_data.next = self.memory.read_data.val();
        self.m_valid.next = self.out_valid.q.val();

        if self.write.val() {
            self.write_at.d.next = (self.write_at.q.val() + 1) & self.last.val();
        }
        self.some.d.next = self.read_at.q.val() != self.write_at.q.val();
        if self.read.val() {
            self.read_at.d.next = self.then_at.q.val();
            self.then_at.d.next = (self.then_at.q.val() + 1) & self.last.val();
            self.some.d.next = self.then_at.q.val() != self.write_at.q.val();
        }

        self.written.d.next = self.write.val();
        self.taken.d.next = self.read.val();
        if self.written.q.val() & (!self.taken.q.val()) {
            self.held.d.next = self.held.q.val() + 1;
        }
        if self.taken.q.val() & (!self.written.q.val()) {
            self.held.d.next = self.held.q.val() - 1;
        }
        self.many_held.d.next = self.held.q.val() >= self.many.val();
        self.crowded.next = self.many_held.q.val();

        if !self.aresetn.val() {
            self.write_at.d.next = 0.into();
            self.read_at.d.next = 0.into();
            self.then_at.d.next = 1.into();
            self.some.d.next = false;
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
    use super::{DeepFifo, MARGIN};
    use crate::step::step;
    use rust_hdl::prelude::*;

    /// Filled as far as it may be, then a value a clock in and out, then emptied.
    #[test]
    fn values_leave_in_order_and_the_crowd_is_told_in_time() {
        let mut unit = DeepFifo::<16>::new(32);
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let (mut written, mut late, mut taken) = (0, 0, 0);
        for clock in 0..400 {
            let write = (100..300).contains(&clock) || late < MARGIN && clock < 100;
            unit.write.next = write;
            unit.s_data.next = bits(written);
            unit.m_ready.next = clock >= 100;
            written += u64::from(write);
            if unit.m_valid.val() && clock >= 100 {
                assert_eq!(unit.m_data.val(), bits(taken));
                taken += 1;
            }
            step(&mut unit, |unit| &mut unit.aclk);
            late += usize::from(unit.crowded.val() && clock < 100);
        }
        assert_eq!((late > MARGIN, taken), (true, written));
        assert!(written > 220, "{written}");
    }
}
