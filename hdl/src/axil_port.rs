//! AXI4-Lite port: turns the handshakes of the five channels into single reads and writes.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, active-low synchronous reset |
//! | `s_axil_aw*`, `s_axil_w*`, `s_axil_b*` | | writes: 12-bit byte addresses, 32-bit data |
//! | `s_axil_ar*`, `s_axil_r*` | | reads |
//! | `write`, `write_address`, `write_data`, `write_strobe` | out | one clock: write this word, which stays a clock more; its address / 4 |
//! | `write_error` | in | in the same clock: it is refused |
//! | `read_address` | out | address / 4 |
//! | `read_data`, `read_error` | in | in the same clock: its word, or it is refused |
//!
//! No parameters. Address and data of a write may come in either order. One write and one read at a
//! time: ready is low until the response is taken. A write takes 3 clocks and so does a read, beside
//! what the master waits. An address that is not a multiple of 4 answers SLVERR and never
//! gets to `write`; what the unit behind refuses answers SLVERR. Every output to the bus depends on
//! registers alone. A read has no effect, so `read_address` comes without a strobe.

use rust_hdl::prelude::*;

use crate::bus::AxilSlave;
use crate::primitives::Reg;

/// The port; see the module's text.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct AxilPort {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axil: AxilSlave,
    pub write: Signal<Out, Bit>,
    pub write_address: Signal<Out, Bits<10>>,
    pub write_data: Signal<Out, Bits<32>>,
    pub write_strobe: Signal<Out, Bits<4>>,
    pub write_error: Signal<In, Bit>,
    pub read_address: Signal<Out, Bits<10>>,
    pub read_data: Signal<In, Bits<32>>,
    pub read_error: Signal<In, Bit>,

    aw_ready: Reg<Bit>,
    aw_held: Reg<Bit>,
    aw_address: Reg<Bits<12>>,
    w_ready: Reg<Bit>,
    w_held: Reg<Bit>,
    w_data: Reg<Bits<32>>,
    w_strobe: Reg<Bits<4>>,
    b_valid: Reg<Bit>,
    b_error: Reg<Bit>,
    ar_ready: Reg<Bit>,
    ar_held: Reg<Bit>,
    ar_address: Reg<Bits<12>>,
    r_valid: Reg<Bit>,
    r_error: Reg<Bit>,
    r_data: Reg<Bits<32>>,
    aw_next: Signal<Local, Bit>,
    w_next: Signal<Local, Bit>,
    ar_next: Signal<Local, Bit>,
    answer_write: Signal<Local, Bit>,
    answer_read: Signal<Local, Bit>,
    b_taken: Signal<Local, Bit>,
    r_taken: Signal<Local, Bit>,
    write_aligned: Signal<Local, Bit>,
    read_aligned: Signal<Local, Bit>,
}

impl Logic for AxilPort {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, aclk, aw_ready, aw_held, aw_address, w_ready, w_held, w_data, w_strobe, b_valid,
            b_error, ar_ready, ar_held, ar_address, r_valid, r_error, r_data
        );
        self.aw_ready.aresetn.next = self.aresetn.val();
        self.aw_held.aresetn.next = self.aresetn.val();
        self.aw_address.aresetn.next = self.aresetn.val();
        self.w_ready.aresetn.next = self.aresetn.val();
        self.w_held.aresetn.next = self.aresetn.val();
        self.w_data.aresetn.next = self.aresetn.val();
        self.w_strobe.aresetn.next = self.aresetn.val();
        self.b_valid.aresetn.next = self.aresetn.val();
        self.b_error.aresetn.next = self.aresetn.val();
        self.ar_ready.aresetn.next = self.aresetn.val();
        self.ar_held.aresetn.next = self.aresetn.val();
        self.ar_address.aresetn.next = self.aresetn.val();
        self.r_valid.aresetn.next = self.aresetn.val();
        self.r_error.aresetn.next = self.aresetn.val();
        self.r_data.aresetn.next = self.aresetn.val();
        self.aw_ready.enable.next = true;
        self.aw_held.enable.next = true;
        self.w_ready.enable.next = true;
        self.w_held.enable.next = true;
        self.b_valid.enable.next = true;
        self.ar_ready.enable.next = true;
        self.ar_held.enable.next = true;
        self.r_valid.enable.next = true;

        // A request is held until its answer is taken, and only then is there place for the next.
        self.b_taken.next = self.b_valid.q.val() & self.s_axil.bready.val();
        self.aw_next.next = !self.b_taken.val()
            & (self.aw_held.q.val() | (self.s_axil.awvalid.val() & self.aw_ready.q.val()));
        self.aw_held.d.next = self.aw_next.val();
        self.aw_ready.d.next = !self.aw_next.val();
        self.aw_address.enable.next = self.aw_ready.q.val();
        self.aw_address.d.next = self.s_axil.awaddr.val();
        self.w_next.next = !self.b_taken.val()
            & (self.w_held.q.val() | (self.s_axil.wvalid.val() & self.w_ready.q.val()));
        self.w_held.d.next = self.w_next.val();
        self.w_ready.d.next = !self.w_next.val();
        self.w_data.enable.next = self.w_ready.q.val();
        self.w_data.d.next = self.s_axil.wdata.val();
        self.w_strobe.enable.next = self.w_ready.q.val();
        self.w_strobe.d.next = self.s_axil.wstrb.val();

        self.answer_write.next = self.aw_held.q.val() & self.w_held.q.val() & !self.b_valid.q.val();
        self.write_aligned.next = !self.aw_address.q.val().get_bits::<2>(0).any();
        self.write.next = self.answer_write.val() & self.write_aligned.val();
        self.write_address.next = self.aw_address.q.val().get_bits::<10>(2);
        self.write_data.next = self.w_data.q.val();
        self.write_strobe.next = self.w_strobe.q.val();
        self.b_valid.d.next =
            self.answer_write.val() | (self.b_valid.q.val() & !self.s_axil.bready.val());
        self.b_error.enable.next = self.answer_write.val();
        self.b_error.d.next = self.write_error.val() | !self.write_aligned.val();

        self.r_taken.next = self.r_valid.q.val() & self.s_axil.rready.val();
        self.ar_next.next = !self.r_taken.val()
            & (self.ar_held.q.val() | (self.s_axil.arvalid.val() & self.ar_ready.q.val()));
        self.ar_held.d.next = self.ar_next.val();
        self.ar_ready.d.next = !self.ar_next.val();
        self.ar_address.enable.next = self.ar_ready.q.val();
        self.ar_address.d.next = self.s_axil.araddr.val();

        self.answer_read.next = self.ar_held.q.val() & !self.r_valid.q.val();
        self.read_aligned.next = !self.ar_address.q.val().get_bits::<2>(0).any();
        self.read_address.next = self.ar_address.q.val().get_bits::<10>(2);
        self.r_valid.d.next =
            self.answer_read.val() | (self.r_valid.q.val() & !self.s_axil.rready.val());
        self.r_error.enable.next = self.answer_read.val();
        self.r_error.d.next = self.read_error.val() | !self.read_aligned.val();
        self.r_data.enable.next = self.answer_read.val();
        self.r_data.d.next = self.read_data.val();

        self.s_axil.awready.next = self.aw_ready.q.val();
        self.s_axil.wready.next = self.w_ready.q.val();
        self.s_axil.bvalid.next = self.b_valid.q.val();
        self.s_axil.bresp.next = 0.into();
        if self.b_error.q.val() {
            self.s_axil.bresp.next = 2.into();
        }
        self.s_axil.arready.next = self.ar_ready.q.val();
        self.s_axil.rvalid.next = self.r_valid.q.val();
        self.s_axil.rdata.next = self.r_data.q.val();
        self.s_axil.rresp.next = 0.into();
        if self.r_error.q.val() {
            self.s_axil.rresp.next = 2.into();
        }
    }
}
