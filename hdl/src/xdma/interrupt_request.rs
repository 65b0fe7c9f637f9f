//! Interrupt request: a core's interrupt as Xilinx's XDMA wants it.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `irq` | in | the core's, a level |
//! | `request` | out | `usr_irq_req`: from the clock after `irq` on; a register |
//! | `ack` | in | `usr_irq_ack`: the message has gone to the host |
//!
//! A request stays until it was acknowledged and `irq` is low, so software that clears its cause early does not
//! take it back under the engine, and what is raised again makes another message. For MSI and MSI-X.

use rust_hdl::prelude::*;

/// The unit; see the module's text.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct InterruptRequest {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub irq: Signal<In, Bit>,
    pub request: Signal<Out, Bit>,
    pub ack: Signal<In, Bit>,
    asks: DFF<Bit>,
    acked: DFF<Bit>,
}

impl Logic for InterruptRequest {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, asks, acked);
        self.request.next = self.asks.q.val();
        self.acked.d.next = self.asks.q.val() & (self.acked.q.val() | self.ack.val());
        self.asks.d.next =
            self.irq.val() | (self.asks.q.val() & (!(self.acked.q.val() | self.ack.val())));
        if !self.aresetn.val() {
            self.asks.d.next = false;
            self.acked.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InterruptRequest;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn stays_until_it_is_acknowledged_and_low() {
        let mut unit = InterruptRequest::default();
        unit.connect_all();
        let mut after = |aresetn: bool, irq: bool, ack: bool| {
            unit.aresetn.next = aresetn;
            unit.irq.next = irq;
            unit.ack.next = ack;
            step(&mut unit, |unit| &mut unit.aclk);
            unit.request.val()
        };
        assert!(!after(false, true, false));
        assert!(after(true, true, false));
        // Cleared before the acknowledgement.
        assert!(after(true, false, false));
        assert!(!after(true, false, true));
        // Raised for longer, and anew.
        assert!(after(true, true, false));
        assert!(after(true, true, true));
        assert!(after(true, true, false));
        assert!(!after(true, false, false));
        assert!(after(true, true, false));
        assert!(after(true, false, false), "the last one's is not its own");
    }
}
