//! Packet port: one path's packets on the outside, commands, payloads and results on the inside.
//!
//! ```text
//! s_axis -> packet parser -> cmd, payload -> a core -> result -> packet framer -> m_axis
//! ```
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `control_*` | | settings in, what happens out: [`PathSlave`] |
//! | `s_axis_*`, `m_axis_*` | | requests; answers |
//! | `cmd_*`, `cmd_scan` | out | commands, as in [`packet_parser`](crate::packet_parser) |
//! | `payload_*` | out | their payloads |
//! | `result_*`, `result_tuser` | in | what the core makes of each, and its error code with the last beat |
//!
//! Generics: N bits of a request's beat, D = N + 1; M bits of an answer's, Q = M + 1; A, L, E of the
//! [framer](crate::packet_framer). One beat a clock; what a packet costs beside its beats, and
//! latencies, are the units'.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::bus::{AnswerSource, CommandSource, PathSlave, StreamSink, StreamSource};
use crate::context_use::ContextUse;
use crate::packet_framer::PacketFramer;
use crate::packet_parser::PacketParser;
use crate::parameters::Parameters;

/// The port; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct PacketPort<
    const N: usize,
    const D: usize,
    const M: usize,
    const Q: usize,
    const A: usize,
    const L: usize,
    const E: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub control: PathSlave,
    pub s_axis: StreamSink<N>,
    pub m_axis: StreamSource<M>,
    pub cmd: CommandSource,
    pub cmd_scan: Vec<Signal<Out, Bit>>,
    pub payload: StreamSource<N>,
    pub result: StreamSink<M>,
    pub result_tuser: Signal<In, Bits<3>>,
    parser: PacketParser<N, D, M>,
    framer: PacketFramer<M, Q, A, L, E>,
    contexts: ContextUse,
}

impl<
    const N: usize,
    const D: usize,
    const M: usize,
    const Q: usize,
    const A: usize,
    const L: usize,
    const E: usize,
> PacketPort<N, D, M, Q, A, L, E>
{
    /// The port of this direction's path, with or without scan requests.
    pub fn new(parameters: &Parameters, direction: Direction, scan: bool) -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            control: PathSlave::default(),
            s_axis: StreamSink::default(),
            m_axis: StreamSource::default(),
            cmd: CommandSource::default(),
            cmd_scan: scan.then(Signal::default).into_iter().collect(),
            payload: StreamSource::default(),
            result: StreamSink::default(),
            result_tuser: Signal::default(),
            parser: PacketParser::new(parameters, direction, scan),
            framer: PacketFramer::new(direction),
            contexts: ContextUse::default(),
        }
    }

    /// The same without register slices at its streams: at their other ends are registers.
    pub fn without_slices(self) -> Self {
        Self {
            parser: self.parser.without_slice(),
            framer: self.framer.without_slice(),
            ..self
        }
    }
}

impl<
    const N: usize,
    const D: usize,
    const M: usize,
    const Q: usize,
    const A: usize,
    const L: usize,
    const E: usize,
> Logic for PacketPort<N, D, M, Q, A, L, E>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.parser.aclk.next = self.aclk.val();
        self.framer.aclk.next = self.aclk.val();
        self.contexts.aclk.next = self.aclk.val();
        self.parser.aresetn.next = self.aresetn.val();
        self.framer.aresetn.next = self.aresetn.val();
        self.contexts.aresetn.next = self.aresetn.val();

        self.parser.check_sequence.next = self.control.check_sequence.val();
        self.parser.valid_contexts.next = self.control.valid.val();
        self.parser.plane_len_0.next = self.control.plane_len0.val();
        self.parser.plane_len_1.next = self.control.plane_len1.val();
        StreamSink::<N>::link(&mut self.s_axis, &mut self.parser.s_axis);
        CommandSource::link(&mut self.cmd, &mut self.parser.cmd);
        for i in 0..self.cmd_scan.len() {
            self.cmd_scan[i].next = self.parser.cmd_scan[i].val();
        }
        StreamSource::<N>::link(&mut self.payload, &mut self.parser.m_axis);

        AnswerSource::<M>::join(&mut self.parser.answer, &mut self.framer.answer);
        StreamSink::<M>::link(&mut self.result, &mut self.framer.s_axis);
        self.framer.s_axis_tuser.next = self.result_tuser.val();
        StreamSource::<M>::link(&mut self.m_axis, &mut self.framer.m_axis);

        self.contexts.held.next = self.parser.held.val();
        self.contexts.cmd_context.next = self.cmd.context.val();
        self.contexts.starts.next = self.cmd.tvalid.val() & self.cmd.tready.val();
        self.contexts.ends.next =
            self.result.tvalid.val() & self.result.tready.val() & self.result.tlast.val();
        self.control.contexts_busy.next = self.contexts.in_use.val();
        self.control.busy.next = !self.aresetn.val()
            | self.parser.busy.val()
            | self.framer.busy.val()
            | self.contexts.in_use.val().any();
        self.control.done.next = self.framer.sent.val();
        self.control.status.next = self.framer.sent_status.val();
        self.control.beat_in.next = self.s_axis.tvalid.val() & self.s_axis.tready.val();
        self.control.stall_in.next = self.s_axis.tvalid.val() & !self.s_axis.tready.val();
        self.control.beat_out.next = self.m_axis.tvalid.val() & self.m_axis.tready.val();
        self.control.stall_out.next = self.m_axis.tvalid.val() & !self.m_axis.tready.val();
    }
}
