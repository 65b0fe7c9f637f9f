//! Control port of `dqa_core`: its registers behind AXI4-Lite.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, active-low synchronous reset |
//! | `s_axil_*` | | AXI4-Lite, as in [`axil_port`](crate::axil_port) |
//! | `irq` | out | level; see IRQ_STATUS |
//! | `soft_reset` | out | one clock: reset both paths |
//! | `check_sequence` | out | CONTROL's bit |
//! | `load_context`, `load_addr`, `load_data` | out | a write of the load map |
//!
//! and for each of the paths `enc` and `dec`:
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `*_load_valid` | out | the write is for this path; always taken |
//! | `*_valid` | out | contexts that packets may use |
//! | `*_plane_len0`, `*_plane_len1` | out | their plane lengths in samples |
//! | `*_busy`, `*_contexts_busy` | in | inside a packet; contexts in use |
//! | `*_done`, `*_status` | in | a packet ended, with this status code |
//! | `*_beat_in`, `*_beat_out` | in | a beat passes |
//! | `*_stall_in`, `*_stall_out` | in | valid and not ready |
//!
//! No parameters but the [`Identification`]. What a write changes is seen 2 clocks after its address
//! and data have both come; `load_*` and `soft_reset` 1 clock after. `docs/src/registers.md` says what
//! each register does.

use rust_hdl::prelude::*;

use crate::axil_port::AxilPort;
use crate::counter_bank::CounterBank;
use crate::identification::Identification;
use crate::register_file::{COUNTERS, RegisterFile};

/// The control port; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct ControlPort {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axil_awaddr: Signal<In, Bits<12>>,
    pub s_axil_awvalid: Signal<In, Bit>,
    pub s_axil_awready: Signal<Out, Bit>,
    pub s_axil_wdata: Signal<In, Bits<32>>,
    pub s_axil_wstrb: Signal<In, Bits<4>>,
    pub s_axil_wvalid: Signal<In, Bit>,
    pub s_axil_wready: Signal<Out, Bit>,
    pub s_axil_bresp: Signal<Out, Bits<2>>,
    pub s_axil_bvalid: Signal<Out, Bit>,
    pub s_axil_bready: Signal<In, Bit>,
    pub s_axil_araddr: Signal<In, Bits<12>>,
    pub s_axil_arvalid: Signal<In, Bit>,
    pub s_axil_arready: Signal<Out, Bit>,
    pub s_axil_rdata: Signal<Out, Bits<32>>,
    pub s_axil_rresp: Signal<Out, Bits<2>>,
    pub s_axil_rvalid: Signal<Out, Bit>,
    pub s_axil_rready: Signal<In, Bit>,
    pub irq: Signal<Out, Bit>,
    pub soft_reset: Signal<Out, Bit>,
    pub check_sequence: Signal<Out, Bit>,
    pub load_context: Signal<Out, Bit>,
    pub load_addr: Signal<Out, Bits<17>>,
    pub load_data: Signal<Out, Bits<32>>,
    pub enc_load_valid: Signal<Out, Bit>,
    pub enc_valid: Signal<Out, Bits<2>>,
    pub enc_plane_len0: Signal<Out, Bits<21>>,
    pub enc_plane_len1: Signal<Out, Bits<21>>,
    pub enc_busy: Signal<In, Bit>,
    pub enc_contexts_busy: Signal<In, Bits<2>>,
    pub enc_done: Signal<In, Bit>,
    pub enc_status: Signal<In, Bits<4>>,
    pub enc_beat_in: Signal<In, Bit>,
    pub enc_beat_out: Signal<In, Bit>,
    pub enc_stall_in: Signal<In, Bit>,
    pub enc_stall_out: Signal<In, Bit>,
    pub dec_load_valid: Signal<Out, Bit>,
    pub dec_valid: Signal<Out, Bits<2>>,
    pub dec_plane_len0: Signal<Out, Bits<21>>,
    pub dec_plane_len1: Signal<Out, Bits<21>>,
    pub dec_busy: Signal<In, Bit>,
    pub dec_contexts_busy: Signal<In, Bits<2>>,
    pub dec_done: Signal<In, Bit>,
    pub dec_status: Signal<In, Bits<4>>,
    pub dec_beat_in: Signal<In, Bit>,
    pub dec_beat_out: Signal<In, Bit>,
    pub dec_stall_in: Signal<In, Bit>,
    pub dec_stall_out: Signal<In, Bit>,
    port: AxilPort,
    file: RegisterFile,
    counters: CounterBank<COUNTERS>,
    load_busy: Signal<Local, Bits<2>>,
    load_refused: Signal<Local, Bit>,
    first: Constant<Bits<15>>,
    enc_failed: Signal<Local, Bit>,
    enc_seen: Signal<Local, Bits<15>>,
    dec_failed: Signal<Local, Bit>,
    dec_seen: Signal<Local, Bits<15>>,
}

impl ControlPort {
    /// A control port that tells this of the core.
    pub fn new(identification: &Identification) -> Self {
        Self {
            aclk: Default::default(),
            aresetn: Default::default(),
            s_axil_awaddr: Default::default(),
            s_axil_awvalid: Default::default(),
            s_axil_awready: Default::default(),
            s_axil_wdata: Default::default(),
            s_axil_wstrb: Default::default(),
            s_axil_wvalid: Default::default(),
            s_axil_wready: Default::default(),
            s_axil_bresp: Default::default(),
            s_axil_bvalid: Default::default(),
            s_axil_bready: Default::default(),
            s_axil_araddr: Default::default(),
            s_axil_arvalid: Default::default(),
            s_axil_arready: Default::default(),
            s_axil_rdata: Default::default(),
            s_axil_rresp: Default::default(),
            s_axil_rvalid: Default::default(),
            s_axil_rready: Default::default(),
            irq: Default::default(),
            soft_reset: Default::default(),
            check_sequence: Default::default(),
            load_context: Default::default(),
            load_addr: Default::default(),
            load_data: Default::default(),
            enc_load_valid: Default::default(),
            enc_valid: Default::default(),
            enc_plane_len0: Default::default(),
            enc_plane_len1: Default::default(),
            enc_busy: Default::default(),
            enc_contexts_busy: Default::default(),
            enc_done: Default::default(),
            enc_status: Default::default(),
            enc_beat_in: Default::default(),
            enc_beat_out: Default::default(),
            enc_stall_in: Default::default(),
            enc_stall_out: Default::default(),
            dec_load_valid: Default::default(),
            dec_valid: Default::default(),
            dec_plane_len0: Default::default(),
            dec_plane_len1: Default::default(),
            dec_busy: Default::default(),
            dec_contexts_busy: Default::default(),
            dec_done: Default::default(),
            dec_status: Default::default(),
            dec_beat_in: Default::default(),
            dec_beat_out: Default::default(),
            dec_stall_in: Default::default(),
            dec_stall_out: Default::default(),
            port: Default::default(),
            file: RegisterFile::new(identification.constants()),
            counters: Default::default(),
            load_busy: Default::default(),
            load_refused: Default::default(),
            first: Constant::new(bits(1)),
            enc_failed: Default::default(),
            enc_seen: Default::default(),
            dec_failed: Default::default(),
            dec_seen: Default::default(),
        }
    }
}

impl Logic for ControlPort {
    #[hdl_gen]
    fn update(&mut self) {
        self.port.aclk.next = self.aclk.val();
        self.file.clock.next = self.aclk.val();
        self.counters.aclk.next = self.aclk.val();
        self.port.aresetn.next = self.aresetn.val();
        self.file.aresetn.next = self.aresetn.val();
        self.counters.aresetn.next = self.aresetn.val();

        self.port.s_axil_awaddr.next = self.s_axil_awaddr.val();
        self.port.s_axil_awvalid.next = self.s_axil_awvalid.val();
        self.s_axil_awready.next = self.port.s_axil_awready.val();
        self.port.s_axil_wdata.next = self.s_axil_wdata.val();
        self.port.s_axil_wstrb.next = self.s_axil_wstrb.val();
        self.port.s_axil_wvalid.next = self.s_axil_wvalid.val();
        self.s_axil_wready.next = self.port.s_axil_wready.val();
        self.s_axil_bresp.next = self.port.s_axil_bresp.val();
        self.s_axil_bvalid.next = self.port.s_axil_bvalid.val();
        self.port.s_axil_bready.next = self.s_axil_bready.val();
        self.port.s_axil_araddr.next = self.s_axil_araddr.val();
        self.port.s_axil_arvalid.next = self.s_axil_arvalid.val();
        self.s_axil_arready.next = self.port.s_axil_arready.val();
        self.s_axil_rdata.next = self.port.s_axil_rdata.val();
        self.s_axil_rresp.next = self.port.s_axil_rresp.val();
        self.s_axil_rvalid.next = self.port.s_axil_rvalid.val();
        self.port.s_axil_rready.next = self.s_axil_rready.val();
        self.file.write.next = self.port.write.val();
        self.file.write_address.next = self.port.write_address.val();
        self.file.write_data.next = self.port.write_data.val();
        self.file.write_strobe.next = self.port.write_strobe.val();
        self.port.write_error.next = self.file.write_error.val();
        self.file.read_address.next = self.port.read_address.val();
        self.port.read_data.next = self.file.read_data.val();
        self.port.read_error.next = self.file.read_error.val();
        self.counters.events.next = self.file.events.val();
        self.counters.index.next = self.file.counter.val();
        self.counters.hold.next = self.file.control_hold_counters.val();
        self.counters.clear.next = self.file.control_clear_counters.val();
        self.file.count.next = self.counters.value.val();

        self.irq.next = self.file.irq.val();
        self.soft_reset.next = self.file.control_soft_reset.val();
        self.check_sequence.next = self.file.control_check_sequence.val();
        self.file.cycles_count.next = true;

        self.load_busy.next = self.enc_contexts_busy.val();
        if self.file.load_addr_path.val() {
            self.load_busy.next = self.dec_contexts_busy.val();
        }
        self.load_refused.next = self.load_busy.val().get_bit(0);
        if self.file.load_addr_context.val() {
            self.load_refused.next = self.load_busy.val().get_bit(1);
        }
        self.enc_load_valid.next = self.file.load_data_word_write.val()
            & !self.load_refused.val()
            & !self.file.load_addr_path.val();
        self.dec_load_valid.next = self.file.load_data_word_write.val()
            & !self.load_refused.val()
            & self.file.load_addr_path.val();
        self.load_context.next = self.file.load_addr_context.val();
        self.load_addr.next = self.file.load_addr_address.val();
        self.load_data.next = self.file.load_data_word.val();
        self.file.load_addr_address_advance.next = self.file.load_data_word_write.val();
        self.file.irq_status_load_refused.next =
            self.file.load_data_word_write.val() & self.load_refused.val();

        self.file.status_encoder_busy.next = self.enc_busy.val();
        self.file.contexts_encoder_busy.next = self.enc_contexts_busy.val();
        self.enc_valid.next = self.file.contexts_encoder_valid.val();
        self.enc_plane_len0.next = self.file.enc_plane_len0_samples.val();
        self.enc_plane_len1.next = self.file.enc_plane_len1_samples.val();
        self.enc_failed.next = self.enc_done.val() & self.enc_status.val().any();
        self.enc_seen.next = 0.into();
        if self.enc_failed.val() {
            self.enc_seen.next = self.first.val() << (self.enc_status.val() - 1);
        }
        self.file.enc_errors_seen.next = self.enc_seen.val();
        self.file.irq_status_encoder_done.next = self.enc_done.val();
        self.file.irq_status_encoder_error.next = self.enc_failed.val();
        self.file.enc_packets_count.next = self.enc_done.val();
        self.file.enc_failed_count.next = self.enc_failed.val();
        self.file.enc_beats_in_count.next = self.enc_beat_in.val();
        self.file.enc_beats_out_count.next = self.enc_beat_out.val();
        self.file.enc_stalls_in_count.next = self.enc_stall_in.val();
        self.file.enc_stalls_out_count.next = self.enc_stall_out.val();

        self.file.status_decoder_busy.next = self.dec_busy.val();
        self.file.contexts_decoder_busy.next = self.dec_contexts_busy.val();
        self.dec_valid.next = self.file.contexts_decoder_valid.val();
        self.dec_plane_len0.next = self.file.dec_plane_len0_samples.val();
        self.dec_plane_len1.next = self.file.dec_plane_len1_samples.val();
        self.dec_failed.next = self.dec_done.val() & self.dec_status.val().any();
        self.dec_seen.next = 0.into();
        if self.dec_failed.val() {
            self.dec_seen.next = self.first.val() << (self.dec_status.val() - 1);
        }
        self.file.dec_errors_seen.next = self.dec_seen.val();
        self.file.irq_status_decoder_done.next = self.dec_done.val();
        self.file.irq_status_decoder_error.next = self.dec_failed.val();
        self.file.dec_packets_count.next = self.dec_done.val();
        self.file.dec_failed_count.next = self.dec_failed.val();
        self.file.dec_beats_in_count.next = self.dec_beat_in.val();
        self.file.dec_beats_out_count.next = self.dec_beat_out.val();
        self.file.dec_stalls_in_count.next = self.dec_stall_in.val();
        self.file.dec_stalls_out_count.next = self.dec_stall_out.val();
    }
}
