//! Synchronous FIFO on a LUT memory.

use crate::primitives::{LutRam, Reg};
use rust_hdl::prelude::*;

/// Synchronous FIFO on a LUT memory.
///
/// | port | direction | meaning |
/// |---|---|---|
/// | `aclk`, `aresetn` | in | clock, active-low synchronous reset |
/// | `s_tdata`, `s_tvalid` | in | beat |
/// | `s_tready` | out | not full; a register |
/// | `m_tdata`, `m_tvalid` | out | oldest beat; valid is a register, data the memory's output |
/// | `m_tready` | in | it is taken |
/// | `level` | out | beats inside, 0 to `2^A`; a register |
///
/// `W`, from 1, is the payload's width, `2^A` the depth, A 1 to 8, and `L`, the level's width,
/// `A + 1`. Compare `level` for an "almost full". Latency 1 clock, a beat each clock, also at depth
/// 2; a full FIFO takes a beat one clock after one has left. For just two places use
/// [`SkidBuffer`](crate::skid_buffer::SkidBuffer), whose output comes from a register.
#[derive(LogicBlock)]
pub struct Fifo<const W: usize, const A: usize, const L: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Active-low synchronous reset.
    pub aresetn: Signal<In, Bit>,
    /// Input payload.
    pub s_tdata: Signal<In, Bits<W>>,
    /// Input valid.
    pub s_tvalid: Signal<In, Bit>,
    /// Input ready.
    pub s_tready: Signal<Out, Bit>,
    /// Output payload.
    pub m_tdata: Signal<Out, Bits<W>>,
    /// Output valid.
    pub m_tvalid: Signal<Out, Bit>,
    /// Output ready.
    pub m_tready: Signal<In, Bit>,
    /// Beats inside.
    pub level: Signal<Out, Bits<L>>,
    memory: LutRam<W, A>,
    write_at: Reg<Bits<A>>,
    read_at: Reg<Bits<A>>,
    count: Reg<Bits<L>>,
    ready: Reg<Bit>,
    valid: Reg<Bit>,
    pushes: Signal<Local, Bit>,
    pops: Signal<Local, Bit>,
    count_next: Signal<Local, Bits<L>>,
    depth: Constant<Bits<L>>,
}

impl<const W: usize, const A: usize, const L: usize> Default for Fifo<W, A, L> {
    fn default() -> Self {
        assert!(
            (1..=8).contains(&A),
            "a FIFO on LUT memory has 2 to 256 places"
        );
        assert_eq!(L, A + 1, "the level counts from 0 to the depth");
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_tdata: Signal::default(),
            s_tvalid: Signal::default(),
            s_tready: Signal::default(),
            m_tdata: Signal::default(),
            m_tvalid: Signal::default(),
            m_tready: Signal::default(),
            level: Signal::default(),
            memory: LutRam::default(),
            write_at: Reg::default(),
            read_at: Reg::default(),
            count: Reg::default(),
            ready: Reg::default(),
            valid: Reg::default(),
            pushes: Signal::default(),
            pops: Signal::default(),
            count_next: Signal::default(),
            depth: Constant::new(bits(1 << A)),
        }
    }
}

impl<const W: usize, const A: usize, const L: usize> Logic for Fifo<W, A, L> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, write_at, read_at, count, ready, valid);
        clock!(self, aclk, memory);
        self.write_at.aresetn.next = self.aresetn.val();
        self.read_at.aresetn.next = self.aresetn.val();
        self.count.aresetn.next = self.aresetn.val();
        self.ready.aresetn.next = self.aresetn.val();
        self.valid.aresetn.next = self.aresetn.val();

        self.pushes.next = self.s_tvalid.val() & self.ready.q.val();
        self.pops.next = self.m_tready.val() & self.valid.q.val();

        self.memory.write.next = self.pushes.val();
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.s_tdata.val();
        self.memory.read_address.next = self.read_at.q.val();

        self.write_at.enable.next = self.pushes.val();
        self.write_at.d.next = self.write_at.q.val() + 1;
        self.read_at.enable.next = self.pops.val();
        self.read_at.d.next = self.read_at.q.val() + 1;

        self.count_next.next = self.count.q.val();
        if self.pushes.val() & !self.pops.val() {
            self.count_next.next = self.count.q.val() + 1;
        }
        if self.pops.val() & !self.pushes.val() {
            self.count_next.next = self.count.q.val() - 1;
        }
        self.count.enable.next = true;
        self.count.d.next = self.count_next.val();
        self.ready.enable.next = true;
        self.ready.d.next = self.count_next.val() != self.depth.val();
        self.valid.enable.next = true;
        self.valid.d.next = self.count_next.val().any();

        self.s_tready.next = self.ready.q.val();
        self.m_tdata.next = self.memory.read_data.val();
        self.m_tvalid.next = self.valid.q.val();
        self.level.next = self.count.q.val();
    }
}

#[cfg(test)]
mod tests {
    use super::Fifo;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn fills_to_its_depth_and_drains_in_order() {
        let mut fifo = Fifo::<12, 2, 3>::default();
        fifo.connect_all();
        step(&mut fifo, |fifo| &mut fifo.aclk);
        fifo.aresetn.next = true;
        step(&mut fifo, |fifo| &mut fifo.aclk);

        let mut next = 1;
        for _ in 0..6 {
            fifo.s_tvalid.next = true;
            fifo.s_tdata.next = bits(next);
            next += u64::from(fifo.s_tready.val());
            step(&mut fifo, |fifo| &mut fifo.aclk);
        }
        assert_eq!((next, fifo.level.val()), (5, bits(4)));

        fifo.s_tvalid.next = false;
        fifo.m_tready.next = true;
        for data in 1..5 {
            assert!(fifo.m_tvalid.val());
            assert_eq!(fifo.m_tdata.val(), bits(data));
            step(&mut fifo, |fifo| &mut fifo.aclk);
        }
        assert!(!fifo.m_tvalid.val());
    }
}
