//! Control port of `dqa_core`: its registers behind AXI4-Lite.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, active-low synchronous reset |
//! | `s_axil_*` | | AXI4-Lite, as in [`axil_port`](crate::axil_port) |
//! | `irq` | out | level; see IRQ_STATUS |
//! | `soft_reset` | out | one clock: reset both paths |
//! | `enc_*`, `dec_*` | | for each path what it goes by and what it tells, [`PathMaster`] |
//! | `enc_load_*`, `dec_load_*` | out | a write of its load map |
//!
//! No parameters but the [`Identification`]. What a write changes is seen 2 clocks after its address
//! and data have both come, as do `*_load_*`; `soft_reset` 1 clock after. `docs/src/registers.md` says what
//! each register does.

use rust_hdl::prelude::*;

use crate::absent::some;
use crate::axil_port::AxilPort;
use crate::bus::{AxilSlave, LoadSource, PathMaster};
use crate::counter_bank::{CounterBank, NoCounters};
use crate::identification::Identification;
use crate::register_file::{COUNTERS, RegisterFile};

/// The control port; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct ControlPort {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axil: AxilSlave,
    pub irq: Signal<Out, Bit>,
    pub soft_reset: Signal<Out, Bit>,
    pub enc: PathMaster,
    pub enc_load: LoadSource,
    pub dec: PathMaster,
    pub dec_load: LoadSource,
    port: AxilPort,
    file: RegisterFile,
    /// One of the two is there.
    counters: Vec<CounterBank<COUNTERS>>,
    no_counters: Vec<NoCounters<COUNTERS>>,
    /// A word was written to be loaded: it and its address stand for a clock more.
    load_write: DFF<Bit>,
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
        let counts = identification.parameters.counters;
        Self {
            aclk: Default::default(),
            aresetn: Default::default(),
            s_axil: Default::default(),
            irq: Default::default(),
            soft_reset: Default::default(),
            enc: Default::default(),
            enc_load: Default::default(),
            dec: Default::default(),
            dec_load: Default::default(),
            port: Default::default(),
            file: RegisterFile::new(identification.constants()),
            counters: some(counts, CounterBank::default),
            no_counters: some(!counts, NoCounters::default),
            load_write: Default::default(),
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
        self.port.aresetn.next = self.aresetn.val();
        self.file.aresetn.next = self.aresetn.val();

        AxilSlave::link(&mut self.s_axil, &mut self.port.s_axil);
        self.file.write.next = self.port.write.val();
        self.file.write_address.next = self.port.write_address.val();
        self.file.write_data.next = self.port.write_data.val();
        self.file.write_strobe.next = self.port.write_strobe.val();
        self.port.write_error.next = self.file.write_error.val();
        self.file.read_address.next = self.port.read_address.val();
        self.port.read_data.next = self.file.read_data.val();
        self.port.read_error.next = self.file.read_error.val();
        for i in 0..self.counters.len() {
            self.counters[i].aclk.next = self.aclk.val();
            self.counters[i].aresetn.next = self.aresetn.val();
            self.counters[i].events.next = self.file.events.val();
            self.counters[i].index.next = self.file.counter.val();
            self.counters[i].hold.next = self.file.control_hold_counters.val();
            self.counters[i].clear.next = self.file.control_clear_counters.val();
            self.file.count.next = self.counters[i].value.val();
        }
        for i in 0..self.no_counters.len() {
            self.no_counters[i].events.next = self.file.events.val();
            self.no_counters[i].index.next = self.file.counter.val();
            self.no_counters[i].hold.next = self.file.control_hold_counters.val();
            self.no_counters[i].clear.next = self.file.control_clear_counters.val();
            self.file.count.next = self.no_counters[i].value.val();
        }

        self.irq.next = self.file.irq.val();
        self.soft_reset.next = self.file.control_soft_reset.val();
        self.file.cycles_count.next = true;

        self.load_write.clock.next = self.aclk.val();
        self.load_write.d.next = self.file.load_data_word_write.val() & self.aresetn.val();
        self.load_busy.next = self.enc.contexts_busy.val();
        if self.file.load_addr_path.val() {
            self.load_busy.next = self.dec.contexts_busy.val();
        }
        self.load_refused.next = self.load_busy.val().get_bit(0);
        if self.file.load_addr_context.val() {
            self.load_refused.next = self.load_busy.val().get_bit(1);
        }
        self.enc_load.valid.next =
            self.load_write.q.val() & !self.load_refused.val() & !self.file.load_addr_path.val();
        self.dec_load.valid.next =
            self.load_write.q.val() & !self.load_refused.val() & self.file.load_addr_path.val();
        self.enc_load.context.next = self.file.load_addr_context.val();
        self.enc_load.addr.next = self.file.load_addr_address.val();
        self.enc_load.data.next = self.file.load_data_word.val();
        self.dec_load.context.next = self.file.load_addr_context.val();
        self.dec_load.addr.next = self.file.load_addr_address.val();
        self.dec_load.data.next = self.file.load_data_word.val();
        self.file.load_addr_address_advance.next = self.load_write.q.val();
        self.file.irq_status_load_refused.next = self.load_write.q.val() & self.load_refused.val();

        self.enc.check_sequence.next = self.file.control_check_sequence.val();
        self.file.status_encoder_busy.next = self.enc.busy.val();
        self.file.contexts_encoder_busy.next = self.enc.contexts_busy.val();
        self.enc.valid.next = self.file.contexts_encoder_valid.val();
        self.enc.plane_len0.next = self.file.enc_plane_len0_samples.val();
        self.enc.plane_len1.next = self.file.enc_plane_len1_samples.val();
        self.enc_failed.next = self.enc.done.val() & self.enc.status.val().any();
        self.enc_seen.next = 0.into();
        if self.enc_failed.val() {
            self.enc_seen.next = self.first.val() << (self.enc.status.val() - 1);
        }
        self.file.enc_errors_seen.next = self.enc_seen.val();
        self.file.irq_status_encoder_done.next = self.enc.done.val();
        self.file.irq_status_encoder_error.next = self.enc_failed.val();
        self.file.enc_packets_count.next = self.enc.done.val();
        self.file.enc_failed_count.next = self.enc_failed.val();
        self.file.enc_beats_in_count.next = self.enc.beat_in.val();
        self.file.enc_beats_out_count.next = self.enc.beat_out.val();
        self.file.enc_stalls_in_count.next = self.enc.stall_in.val();
        self.file.enc_stalls_out_count.next = self.enc.stall_out.val();

        self.dec.check_sequence.next = self.file.control_check_sequence.val();
        self.file.status_decoder_busy.next = self.dec.busy.val();
        self.file.contexts_decoder_busy.next = self.dec.contexts_busy.val();
        self.dec.valid.next = self.file.contexts_decoder_valid.val();
        self.dec.plane_len0.next = self.file.dec_plane_len0_samples.val();
        self.dec.plane_len1.next = self.file.dec_plane_len1_samples.val();
        self.dec_failed.next = self.dec.done.val() & self.dec.status.val().any();
        self.dec_seen.next = 0.into();
        if self.dec_failed.val() {
            self.dec_seen.next = self.first.val() << (self.dec.status.val() - 1);
        }
        self.file.dec_errors_seen.next = self.dec_seen.val();
        self.file.irq_status_decoder_done.next = self.dec.done.val();
        self.file.irq_status_decoder_error.next = self.dec_failed.val();
        self.file.dec_packets_count.next = self.dec.done.val();
        self.file.dec_failed_count.next = self.dec_failed.val();
        self.file.dec_beats_in_count.next = self.dec.beat_in.val();
        self.file.dec_beats_out_count.next = self.dec.beat_out.val();
        self.file.dec_stalls_in_count.next = self.dec.stall_in.val();
        self.file.dec_stalls_out_count.next = self.dec.stall_out.val();
    }
}
