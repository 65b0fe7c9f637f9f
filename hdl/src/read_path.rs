//! Read path: requests of code words in, answers of samples out.
//!
//! ```text
//! s_axis -> packet parser -> decoder -> packet framer -> m_axis
//! ```
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset; loaded contexts stay |
//! | `check_sequence`, `valid_contexts`, `plane_len_0`, `plane_len_1` | in | as in [`packet_parser`](crate::packet_parser) |
//! | `load_*` | in | a write of the load map, as in [`decoder`](crate::decoder) |
//! | `s_axis_*`, `m_axis_*` | | requests; answers |
//! | `busy` | out | inside a packet |
//! | `contexts_busy` | out | contexts in use: not to be loaded |
//! | `done`, `status` | out | for one clock: an answer has gone out, with this status code |
//! | `beat_in`, `beat_out` | out | a beat passes |
//! | `stall_in`, `stall_out` | out | valid and not ready |
//!
//! Generics: S lanes; D = 16 S; Q = D + 1; W = 32 up to 4 lanes, 64 for 8; V = W + 1; the decoder's P,
//! F, O; the framer's A, L, and K for its E. One beat a clock; what a packet costs beside its beats,
//! and latencies, are the units'. Without packets: [`Decoder`] alone.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::context_use::ContextUse;
use crate::decoder::Decoder;
use crate::packet_framer::PacketFramer;
use crate::packet_parser::PacketParser;
use crate::parameters::Parameters;

/// The path; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct ReadPath<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const P: usize,
    const F: usize,
    const O: usize,
    const A: usize,
    const L: usize,
    const K: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub check_sequence: Signal<In, Bit>,
    pub valid_contexts: Signal<In, Bits<2>>,
    pub plane_len_0: Signal<In, Bits<21>>,
    pub plane_len_1: Signal<In, Bits<21>>,
    pub load_valid: Signal<In, Bit>,
    pub load_context: Signal<In, Bit>,
    pub load_addr: Signal<In, Bits<17>>,
    pub load_data: Signal<In, Bits<32>>,
    pub s_axis_tdata: Signal<In, Bits<W>>,
    pub s_axis_tvalid: Signal<In, Bit>,
    pub s_axis_tready: Signal<Out, Bit>,
    pub s_axis_tlast: Signal<In, Bit>,
    pub m_axis_tdata: Signal<Out, Bits<D>>,
    pub m_axis_tvalid: Signal<Out, Bit>,
    pub m_axis_tready: Signal<In, Bit>,
    pub m_axis_tlast: Signal<Out, Bit>,
    pub busy: Signal<Out, Bit>,
    pub contexts_busy: Signal<Out, Bits<2>>,
    pub done: Signal<Out, Bit>,
    pub status: Signal<Out, Bits<4>>,
    pub beat_in: Signal<Out, Bit>,
    pub stall_in: Signal<Out, Bit>,
    pub beat_out: Signal<Out, Bit>,
    pub stall_out: Signal<Out, Bit>,
    parser: PacketParser<W, V>,
    core: Decoder<S, W, P, F, D, V, O>,
    framer: PacketFramer<D, Q, A, L, K>,
    contexts: ContextUse,
}

impl<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const P: usize,
    const F: usize,
    const O: usize,
    const A: usize,
    const L: usize,
    const K: usize,
> ReadPath<S, D, Q, W, V, P, F, O, A, L, K>
{
    /// A path for these parameters, whose lanes are S.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            check_sequence: Signal::default(),
            valid_contexts: Signal::default(),
            plane_len_0: Signal::default(),
            plane_len_1: Signal::default(),
            load_valid: Signal::default(),
            load_context: Signal::default(),
            load_addr: Signal::default(),
            load_data: Signal::default(),
            s_axis_tdata: Signal::default(),
            s_axis_tvalid: Signal::default(),
            s_axis_tready: Signal::default(),
            s_axis_tlast: Signal::default(),
            m_axis_tdata: Signal::default(),
            m_axis_tvalid: Signal::default(),
            m_axis_tready: Signal::default(),
            m_axis_tlast: Signal::default(),
            busy: Signal::default(),
            contexts_busy: Signal::default(),
            done: Signal::default(),
            status: Signal::default(),
            beat_in: Signal::default(),
            stall_in: Signal::default(),
            beat_out: Signal::default(),
            stall_out: Signal::default(),
            parser: PacketParser::new(parameters, Direction::Read, false),
            core: Decoder::new(parameters),
            framer: PacketFramer::new(Direction::Read),
            contexts: ContextUse::default(),
        }
    }
}

impl<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const P: usize,
    const F: usize,
    const O: usize,
    const A: usize,
    const L: usize,
    const K: usize,
> Logic for ReadPath<S, D, Q, W, V, P, F, O, A, L, K>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.parser.aclk.next = self.aclk.val();
        self.core.aclk.next = self.aclk.val();
        self.framer.aclk.next = self.aclk.val();
        self.contexts.aclk.next = self.aclk.val();
        self.parser.aresetn.next = self.aresetn.val();
        self.core.aresetn.next = self.aresetn.val();
        self.framer.aresetn.next = self.aresetn.val();
        self.contexts.aresetn.next = self.aresetn.val();

        self.parser.check_sequence.next = self.check_sequence.val();
        self.parser.valid_contexts.next = self.valid_contexts.val();
        self.parser.plane_len_0.next = self.plane_len_0.val();
        self.parser.plane_len_1.next = self.plane_len_1.val();
        self.core.load_valid.next = self.load_valid.val();
        self.core.load_context.next = self.load_context.val();
        self.core.load_addr.next = self.load_addr.val();
        self.core.load_data.next = self.load_data.val();

        self.parser.s_axis_tdata.next = self.s_axis_tdata.val();
        self.parser.s_axis_tvalid.next = self.s_axis_tvalid.val();
        self.parser.s_axis_tlast.next = self.s_axis_tlast.val();
        self.s_axis_tready.next = self.parser.s_axis_tready.val();

        // What is for a scanner never comes: the parser is built without.
        self.core.cmd_tvalid.next =
            self.parser.cmd_tvalid.val() & (self.parser.cmd_operation.val() == 2);
        self.core.cmd_context.next = self.parser.cmd_context.val();
        self.core.cmd_first_channel.next = self.parser.cmd_first_channel.val();
        self.core.cmd_channels.next = self.parser.cmd_channels.val();
        self.core.cmd_images.next = self.parser.cmd_images.val();
        self.parser.cmd_tready.next = self.core.cmd_tready.val();
        self.core.s_axis_tdata.next = self.parser.m_axis_tdata.val();
        self.core.s_axis_tvalid.next =
            self.parser.m_axis_tvalid.val() & !self.parser.m_axis_tdest.val();
        self.core.s_axis_tlast.next = self.parser.m_axis_tlast.val();
        self.parser.m_axis_tready.next = self.core.s_axis_tready.val();

        self.framer.reply_tdata.next = self.parser.reply_tdata.val();
        self.framer.reply_tvalid.next = self.parser.reply_tvalid.val();
        self.parser.reply_tready.next = self.framer.reply_tready.val();
        self.framer.verdict_tvalid.next = self.parser.verdict_tvalid.val();
        self.framer.verdict_status.next = self.parser.verdict_status.val();
        self.framer.verdict_samples.next = self.parser.verdict_samples.val();
        self.framer.verdict_empty.next = self.parser.verdict_empty.val();
        self.parser.verdict_tready.next = self.framer.verdict_tready.val();
        self.framer.s_axis_tdata.next = self.core.m_axis_tdata.val();
        self.framer.s_axis_tvalid.next = self.core.m_axis_tvalid.val();
        self.framer.s_axis_tlast.next = self.core.m_axis_tlast.val();
        self.framer.s_axis_tuser.next = self.core.m_axis_tuser.val();
        self.core.m_axis_tready.next = self.framer.s_axis_tready.val();

        self.m_axis_tdata.next = self.framer.m_axis_tdata.val();
        self.m_axis_tvalid.next = self.framer.m_axis_tvalid.val();
        self.m_axis_tlast.next = self.framer.m_axis_tlast.val();
        self.framer.m_axis_tready.next = self.m_axis_tready.val();

        self.contexts.held.next = self.parser.held.val();
        self.contexts.cmd_context.next = self.parser.cmd_context.val();
        self.contexts.starts.next = self.parser.cmd_tvalid.val() & self.core.cmd_tready.val();
        self.contexts.ends.next = self.core.m_axis_tvalid.val()
            & self.framer.s_axis_tready.val()
            & self.core.m_axis_tlast.val();
        self.contexts_busy.next = self.contexts.in_use.val();
        self.busy.next =
            self.parser.busy.val() | self.framer.busy.val() | self.contexts.in_use.val().any();
        self.done.next = self.framer.sent.val();
        self.status.next = self.framer.sent_status.val();
        self.beat_in.next = self.s_axis_tvalid.val() & self.parser.s_axis_tready.val();
        self.stall_in.next = self.s_axis_tvalid.val() & !self.parser.s_axis_tready.val();
        self.beat_out.next = self.framer.m_axis_tvalid.val() & self.m_axis_tready.val();
        self.stall_out.next = self.framer.m_axis_tvalid.val() & !self.m_axis_tready.val();
    }
}
