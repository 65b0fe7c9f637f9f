//! Register slice of a stream: cuts the paths of valid, ready and payload.

use crate::primitives::Reg;
use rust_hdl::prelude::*;

/// Register slice of a stream: no path from an input to an output within the clock.
///
/// | port | direction | meaning |
/// |---|---|---|
/// | `aclk`, `aresetn` | in | clock, active-low synchronous reset |
/// | `s_tdata`, `s_tvalid` | in | beat |
/// | `s_tready` | out | there is a place; a register |
/// | `m_tdata`, `m_tvalid` | out | beat; registers |
/// | `m_tready` | in | it is taken |
///
/// `W`, from 1, is the payload's width: side signals such as `tlast` go in it. Latency 1 clock, a
/// beat each clock. Two places: while the output waits, the beat that comes at the clock at which
/// `s_tready` still says yes goes to the spare one. For more than two places use
/// [`Fifo`](crate::fifo::Fifo).
#[derive(LogicBlock, Default)]
pub struct SkidBuffer<const W: usize> {
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
    data: Reg<Bits<W>>,
    valid: Reg<Bit>,
    spare: Reg<Bits<W>>,
    spare_valid: Reg<Bit>,
    ready: Reg<Bit>,
    moves: Signal<Local, Bit>,
    spare_next: Signal<Local, Bit>,
}

impl<const W: usize> Logic for SkidBuffer<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, data, valid, spare, spare_valid, ready);
        self.data.aresetn.next = self.aresetn.val();
        self.valid.aresetn.next = self.aresetn.val();
        self.spare.aresetn.next = self.aresetn.val();
        self.spare_valid.aresetn.next = self.aresetn.val();
        self.ready.aresetn.next = self.aresetn.val();

        // The output's register takes from the spare place if it is full, else from the input.
        self.moves.next = self.m_tready.val() | !self.valid.q.val();
        self.data.enable.next = self.moves.val();
        self.valid.enable.next = self.moves.val();
        if self.spare_valid.q.val() {
            self.data.d.next = self.spare.q.val();
            self.valid.d.next = true;
        } else {
            self.data.d.next = self.s_tdata.val();
            self.valid.d.next = self.s_tvalid.val() & self.ready.q.val();
        }

        // The spare place fills when a beat comes that the output's register does not take.
        self.spare_next.next = !self.moves.val()
            & (self.spare_valid.q.val() | (self.s_tvalid.val() & self.ready.q.val()));
        self.spare.enable.next = self.ready.q.val();
        self.spare.d.next = self.s_tdata.val();
        self.spare_valid.enable.next = true;
        self.spare_valid.d.next = self.spare_next.val();
        self.ready.enable.next = true;
        self.ready.d.next = !self.spare_next.val();

        self.s_tready.next = self.ready.q.val();
        self.m_tdata.next = self.data.q.val();
        self.m_tvalid.next = self.valid.q.val();
    }
}

#[cfg(test)]
mod tests {
    use super::SkidBuffer;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn two_beats_fit_and_come_out_in_order() {
        let mut skid = SkidBuffer::<40>::default();
        skid.connect_all();
        step(&mut skid, |skid| &mut skid.aclk);
        skid.aresetn.next = true;
        step(&mut skid, |skid| &mut skid.aclk);

        let mut taken = Vec::new();
        for data in 1..6 {
            skid.s_tvalid.next = true;
            skid.s_tdata.next = bits(data << 35);
            taken.push(skid.s_tready.val());
            step(&mut skid, |skid| &mut skid.aclk);
        }
        assert_eq!(taken, [true, true, false, false, false]);

        skid.s_tvalid.next = false;
        skid.m_tready.next = true;
        for data in 1..3 {
            assert!(skid.m_tvalid.val());
            assert_eq!(skid.m_tdata.val(), bits(data << 35));
            step(&mut skid, |skid| &mut skid.aclk);
        }
        assert!(!skid.m_tvalid.val());
    }
}
