//! UART port: the [link](super::uart_link) and what goes between its channels and the ports of `dqa_core`.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `rx`, `tx` | in, out | the wire, of no clock |
//! | `core_aresetn` | out | resets the core, when a session begins: 32 clocks |
//! | `open` | out | there has been a session since the reset |
//! | `m_axil_*` | out | registers |
//! | `m_axis_enc_*`, `s_axis_enc_*` | out, in | requests to encode, answers |
//! | `m_axis_dec_*`, `s_axis_dec_*` | out, in | requests to decode, answers |
//!
//! Generics: D and W, bits of the core's beats of samples and of words; the others are those of the link.
//! Ports of a path that the parameters leave out do nothing.
//! No byte of a packet goes into the core while an operation waits or is being done.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::absent::some;
use crate::bus::{AxilMaster, ByteSource, StreamSink, StreamSource};
use crate::link::no_channel::NoChannel;
use crate::link::packet_input::PacketInput;
use crate::link::packet_output::PacketOutput;
use crate::link::register_bridge::RegisterBridge;
use crate::link::uart_link::UartLink;
use crate::parameters::Parameters;

/// The port; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct UartPort<
    const D: usize,
    const W: usize,
    const R: usize,
    const C: usize,
    const B: usize,
    const T: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub rx: Signal<In, Bit>,
    pub tx: Signal<Out, Bit>,
    pub core_aresetn: Signal<Out, Bit>,
    pub open: Signal<Out, Bit>,
    pub m_axil: AxilMaster,
    pub m_axis_enc: StreamSource<D>,
    pub s_axis_enc: StreamSink<W>,
    pub m_axis_dec: StreamSource<W>,
    pub s_axis_dec: StreamSink<D>,

    link: UartLink<R, C, B, T>,
    bridge: RegisterBridge,
    /// One if the path is there.
    encode_input: Vec<PacketInput<D>>,
    encode_output: Vec<PacketOutput<W>>,
    decode_input: Vec<PacketInput<W>>,
    decode_output: Vec<PacketOutput<D>>,
    /// What stands there if it is not.
    no_encode: Vec<NoChannel<D, W>>,
    no_decode: Vec<NoChannel<W, D>>,
    /// The link is in reset: a register, since it resets much.
    restarts: DFF<Bit>,
    resets: DFF<Bit>,
    opened: DFF<Bit>,
    holds: Signal<Local, Bit>,
}

impl<const D: usize, const W: usize, const R: usize, const C: usize, const B: usize, const T: usize>
    UartPort<D, W, R, C, B, T>
{
    /// A port for the paths of a core, a clock and a baud rate, both a second, a bit being 8 to 4096 clocks.
    pub fn new(parameters: &Parameters, clock_hz: u32, baud: u32) -> Self {
        let [encodes, decodes] =
            [Direction::Write, Direction::Read].map(|path| parameters.paths.has(path));
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            rx: Signal::default(),
            tx: Signal::default(),
            core_aresetn: Signal::default(),
            open: Signal::default(),
            m_axil: AxilMaster::default(),
            m_axis_enc: StreamSource::default(),
            s_axis_enc: StreamSink::default(),
            m_axis_dec: StreamSource::default(),
            s_axis_dec: StreamSink::default(),
            link: UartLink::new(parameters, clock_hz, baud),
            bridge: RegisterBridge::default(),
            encode_input: some(encodes, PacketInput::default),
            encode_output: some(encodes, PacketOutput::default),
            decode_input: some(decodes, PacketInput::default),
            decode_output: some(decodes, PacketOutput::default),
            no_encode: some(!encodes, NoChannel::default),
            no_decode: some(!decodes, NoChannel::default),
            restarts: DFF::default(),
            resets: DFF::default(),
            opened: DFF::default(),
            holds: Signal::default(),
        }
    }
}

impl<const D: usize, const W: usize, const R: usize, const C: usize, const B: usize, const T: usize>
    Logic for UartPort<D, W, R, C, B, T>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, restarts, resets, opened);
        self.link.aclk.next = self.aclk.val();
        self.bridge.aclk.next = self.aclk.val();
        self.link.aresetn.next = self.aresetn.val();
        self.restarts.d.next = self.link.restart.val();
        self.resets.d.next = !self.restarts.q.val();
        self.core_aresetn.next = self.resets.q.val();
        self.bridge.aresetn.next = !self.restarts.q.val();
        self.opened.d.next = self.link.open.val();
        self.open.next = self.opened.q.val();

        self.link.rx.next = self.rx.val();
        self.tx.next = self.link.tx.val();
        AxilMaster::link(&mut self.m_axil, &mut self.bridge.m_axil);
        ByteSource::join(&mut self.link.m_registers, &mut self.bridge.s);
        StreamSource::<8>::join(&mut self.bridge.m_axis, &mut self.link.s_registers);

        self.holds.next = self.link.m_registers.tvalid.val() | self.bridge.busy.val();
        for i in 0..self.encode_input.len() {
            self.encode_input[i].aclk.next = self.aclk.val();
            self.encode_input[i].aresetn.next = !self.restarts.q.val();
            self.encode_input[i].hold.next = self.holds.val();
            ByteSource::join(&mut self.link.m_encode, &mut self.encode_input[i].s);
            StreamSource::<D>::link(&mut self.m_axis_enc, &mut self.encode_input[i].m_axis);
        }
        for i in 0..self.encode_output.len() {
            self.encode_output[i].aclk.next = self.aclk.val();
            self.encode_output[i].aresetn.next = !self.restarts.q.val();
            StreamSink::<W>::link(&mut self.s_axis_enc, &mut self.encode_output[i].s_axis);
            StreamSource::<8>::join(&mut self.encode_output[i].m_axis, &mut self.link.s_encode);
        }
        for i in 0..self.no_encode.len() {
            ByteSource::join(&mut self.link.m_encode, &mut self.no_encode[i].from_host);
            StreamSource::<8>::join(&mut self.no_encode[i].to_host, &mut self.link.s_encode);
            StreamSource::<D>::link(&mut self.m_axis_enc, &mut self.no_encode[i].m_axis);
            StreamSink::<W>::link(&mut self.s_axis_enc, &mut self.no_encode[i].s_axis);
        }
        for i in 0..self.decode_input.len() {
            self.decode_input[i].aclk.next = self.aclk.val();
            self.decode_input[i].aresetn.next = !self.restarts.q.val();
            self.decode_input[i].hold.next = self.holds.val();
            ByteSource::join(&mut self.link.m_decode, &mut self.decode_input[i].s);
            StreamSource::<W>::link(&mut self.m_axis_dec, &mut self.decode_input[i].m_axis);
        }
        for i in 0..self.decode_output.len() {
            self.decode_output[i].aclk.next = self.aclk.val();
            self.decode_output[i].aresetn.next = !self.restarts.q.val();
            StreamSink::<D>::link(&mut self.s_axis_dec, &mut self.decode_output[i].s_axis);
            StreamSource::<8>::join(&mut self.decode_output[i].m_axis, &mut self.link.s_decode);
        }
        for i in 0..self.no_decode.len() {
            ByteSource::join(&mut self.link.m_decode, &mut self.no_decode[i].from_host);
            StreamSource::<8>::join(&mut self.no_decode[i].to_host, &mut self.link.s_decode);
            StreamSource::<W>::link(&mut self.m_axis_dec, &mut self.no_decode[i].m_axis);
            StreamSink::<D>::link(&mut self.s_axis_dec, &mut self.no_decode[i].s_axis);
        }
    }
}
