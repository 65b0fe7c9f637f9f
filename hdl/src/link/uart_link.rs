//! UART link: the wire on one side, three byte streams in each direction on the other.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `rx`, `tx` | in, out | the wire, of no clock |
//! | `m_registers_*`, `m_encode_*`, `m_decode_*` | out | bytes from the host |
//! | `s_registers_*`, `s_encode_*`, `s_decode_*` | in | bytes to the host; what is up to one with last goes out soon |
//! | `open` | out | there is a session |
//! | `restart` | out | a session begins: reset what is behind; 32 clocks |
//!
//! Generics: the register channel has 2^R bytes of room, the others up to 2^C; up to 2^B bytes to the host
//! are kept until they are acknowledged; T = B + 12. The parameters say how many, and which paths there are:
//! the channel of a path that is left out has no room, and its ports do nothing.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::absent::some;
use crate::bus::{ByteSource, StreamSink};
use crate::link::baud_ticks::BaudTicks;
use crate::link::channel_ring::ChannelRing;
use crate::link::cobs_decoder::CobsDecoder;
use crate::link::cobs_encoder::CobsEncoder;
use crate::link::frame_receiver::FrameReceiver;
use crate::link::frame_sender::FrameSender;
use crate::link::link_control::LinkControl;
use crate::link::no_channel::NoRing;
use crate::link::output_ring::OutputRing;
use crate::link::uart_receiver::UartReceiver;
use crate::link::uart_transmitter::UartTransmitter;
use crate::parameters::Parameters;
use crate::skid_buffer::SkidBuffer;

/// The link; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct UartLink<const R: usize, const C: usize, const B: usize, const T: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub rx: Signal<In, Bit>,
    pub tx: Signal<Out, Bit>,
    pub m_registers: ByteSource,
    pub m_encode: ByteSource,
    pub m_decode: ByteSource,
    pub s_registers: StreamSink<8>,
    pub s_encode: StreamSink<8>,
    pub s_decode: StreamSink<8>,
    pub open: Signal<Out, Bit>,
    pub restart: Signal<Out, Bit>,

    ticks: BaudTicks,
    receiver: UartReceiver,
    decoder: CobsDecoder,
    frames: FrameReceiver,
    control: LinkControl,
    registers: ChannelRing<R>,
    /// One if the path is there, as their slices.
    encode: Vec<ChannelRing<C>>,
    decode: Vec<ChannelRing<C>>,
    registers_slice: SkidBuffer<9>,
    encode_slice: Vec<SkidBuffer<9>>,
    decode_slice: Vec<SkidBuffer<9>>,
    /// One if it is not.
    no_encode: Vec<NoRing>,
    no_decode: Vec<NoRing>,
    ring: OutputRing<B, T>,
    sender: FrameSender<B>,
    encoder: CobsEncoder,
    transmitter: UartTransmitter,
    reset: Signal<Local, Bit>,
    writes: Signal<Local, Bit>,
    number: Signal<Local, Bits<2>>,
    keep: Signal<Local, Bits<3>>,
    limit_registers: Signal<Local, Bits<8>>,
    limit_encode: Signal<Local, Bits<8>>,
    limit_decode: Signal<Local, Bits<8>>,
    limits: Signal<Local, Bits<24>>,
    registers_data: Signal<Local, Bits<8>>,
    encode_data: Signal<Local, Bits<8>>,
    decode_data: Signal<Local, Bits<8>>,
    registers_number: Constant<Bits<2>>,
    encode_number: Constant<Bits<2>>,
    decode_number: Constant<Bits<2>>,
}

impl<const R: usize, const C: usize, const B: usize, const T: usize> UartLink<R, C, B, T> {
    /// A link for the paths of a core and the room that its parameters ask for; clock and baud rate, both a
    /// second, as for [`BaudTicks::new`].
    pub fn new(parameters: &Parameters, clock_hz: u32, baud: u32) -> Self {
        let room = parameters.link_room;
        let ring = |path| some(parameters.paths.has(path), || ChannelRing::new(room));
        let slice = |path| some(parameters.paths.has(path), SkidBuffer::default);
        let absent = |path| some(!parameters.paths.has(path), NoRing::default);
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            rx: Signal::default(),
            tx: Signal::default(),
            m_registers: ByteSource::default(),
            m_encode: ByteSource::default(),
            m_decode: ByteSource::default(),
            s_registers: StreamSink::default(),
            s_encode: StreamSink::default(),
            s_decode: StreamSink::default(),
            open: Signal::default(),
            restart: Signal::default(),
            ticks: BaudTicks::new(clock_hz, baud),
            receiver: UartReceiver::default(),
            decoder: CobsDecoder::default(),
            frames: FrameReceiver::default(),
            control: LinkControl::default(),
            registers: ChannelRing::new(1 << R),
            encode: ring(Direction::Write),
            decode: ring(Direction::Read),
            registers_slice: SkidBuffer::default(),
            encode_slice: slice(Direction::Write),
            decode_slice: slice(Direction::Read),
            no_encode: absent(Direction::Write),
            no_decode: absent(Direction::Read),
            ring: OutputRing::new(2 * room),
            sender: FrameSender::default(),
            encoder: CobsEncoder::default(),
            transmitter: UartTransmitter::default(),
            reset: Signal::default(),
            writes: Signal::default(),
            number: Signal::default(),
            keep: Signal::default(),
            limit_registers: Signal::default(),
            limit_encode: Signal::default(),
            limit_decode: Signal::default(),
            limits: Signal::default(),
            registers_data: Signal::default(),
            encode_data: Signal::default(),
            decode_data: Signal::default(),
            registers_number: Constant::new(bits(1)),
            encode_number: Constant::new(bits(2)),
            decode_number: Constant::new(bits(3)),
        }
    }
}

impl<const R: usize, const C: usize, const B: usize, const T: usize> Logic
    for UartLink<R, C, B, T>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.ticks.aclk.next = self.aclk.val();
        self.receiver.aclk.next = self.aclk.val();
        self.decoder.aclk.next = self.aclk.val();
        self.frames.aclk.next = self.aclk.val();
        self.control.aclk.next = self.aclk.val();
        self.registers.aclk.next = self.aclk.val();
        self.ring.aclk.next = self.aclk.val();
        self.sender.aclk.next = self.aclk.val();
        self.encoder.aclk.next = self.aclk.val();
        self.transmitter.aclk.next = self.aclk.val();
        self.ticks.aresetn.next = self.aresetn.val();
        self.receiver.aresetn.next = self.aresetn.val();
        self.decoder.aresetn.next = self.aresetn.val();
        self.frames.aresetn.next = self.aresetn.val();
        self.control.aresetn.next = self.aresetn.val();
        self.transmitter.aresetn.next = self.aresetn.val();
        self.reset.next = self.control.restart.val();
        self.registers.aresetn.next = !self.reset.val();
        self.ring.aresetn.next = !self.reset.val();
        self.sender.aresetn.next = !self.reset.val();
        self.encoder.aresetn.next = !self.reset.val();
        self.restart.next = self.reset.val();
        self.open.next = self.control.open.val();

        self.receiver.tick.next = self.ticks.tick.val();
        self.receiver.rx.next = self.rx.val();
        self.decoder.s_valid.next = self.receiver.tvalid.val();
        self.decoder.s_data.next = self.receiver.tdata.val();
        self.decoder.s_framing.next = self.receiver.framing.val();
        self.frames.s_valid.next = self.decoder.m_valid.val();
        self.frames.s_data.next = self.decoder.m_data.val();
        self.frames.s_done.next = self.decoder.done.val();
        self.frames.s_good.next = self.decoder.good.val();

        self.control.done.next = self.frames.done.val();
        self.control.intact.next = self.frames.intact.val();
        self.control.bare.next = self.frames.bare.val();
        self.control.kind.next = self.frames.kind.val();
        self.control.serial.next = self.frames.serial.val();
        self.control.acknowledge.next = self.frames.acknowledge.val();
        self.control.session.next = self.frames.session.val();

        // A damaged frame may name any channel; the ring that it goes to looks after itself.
        self.number.next = self.frames.kind.val().get_bits::<2>(0);
        self.writes.next = self.frames.write.val() & self.control.open.val();
        self.registers.write.next =
            self.writes.val() & (self.number.val() == self.registers_number.val());
        self.keep.next = self.control.keep.val();
        self.registers.write_data.next = self.frames.write_data.val();
        self.registers.keep.next = self.keep.val().get_bit(0);
        self.registers.forget.next = self.control.forget.val() & (!self.keep.val().get_bit(0));
        self.control.room_registers.next = self.registers.has_room.val();
        self.control.room_encode.next = false;
        self.control.room_decode.next = false;
        self.limit_registers.next = self.registers.limit.val();
        self.limit_encode.next = 0.into();
        self.limit_decode.next = 0.into();
        self.m_registers.tdata.next = self.registers.m_tdata.val();
        self.m_registers.tvalid.next = self.registers.m_tvalid.val();
        self.registers.m_tready.next = self.m_registers.tready.val();
        self.m_encode.tdata.next = 0.into();
        self.m_encode.tvalid.next = false;
        for i in 0..self.encode.len() {
            self.encode[i].aclk.next = self.aclk.val();
            self.encode[i].aresetn.next = !self.reset.val();
            self.encode[i].write.next =
                self.writes.val() & (self.number.val() == self.encode_number.val());
            self.encode[i].write_data.next = self.frames.write_data.val();
            self.encode[i].keep.next = self.keep.val().get_bit(1);
            self.encode[i].forget.next = self.control.forget.val() & (!self.keep.val().get_bit(1));
            self.control.room_encode.next = self.encode[i].has_room.val();
            self.limit_encode.next = self.encode[i].limit.val();
            self.m_encode.tdata.next = self.encode[i].m_tdata.val();
            self.m_encode.tvalid.next = self.encode[i].m_tvalid.val();
            self.encode[i].m_tready.next = self.m_encode.tready.val();
        }
        self.m_decode.tdata.next = 0.into();
        self.m_decode.tvalid.next = false;
        for i in 0..self.decode.len() {
            self.decode[i].aclk.next = self.aclk.val();
            self.decode[i].aresetn.next = !self.reset.val();
            self.decode[i].write.next =
                self.writes.val() & (self.number.val() == self.decode_number.val());
            self.decode[i].write_data.next = self.frames.write_data.val();
            self.decode[i].keep.next = self.keep.val().get_bit(2);
            self.decode[i].forget.next = self.control.forget.val() & (!self.keep.val().get_bit(2));
            self.control.room_decode.next = self.decode[i].has_room.val();
            self.limit_decode.next = self.decode[i].limit.val();
            self.m_decode.tdata.next = self.decode[i].m_tdata.val();
            self.m_decode.tvalid.next = self.decode[i].m_tvalid.val();
            self.decode[i].m_tready.next = self.m_decode.tready.val();
        }

        self.limits.next = bit_cast::<24, 8>(self.limit_registers.val())
            | (bit_cast::<24, 8>(self.limit_encode.val()) << 8)
            | (bit_cast::<24, 8>(self.limit_decode.val()) << 16);
        self.control.limits.next = self.limits.val();

        self.registers_data.next = self.s_registers.tdata.val();
        self.registers_slice.aclk.next = self.aclk.val();
        self.registers_slice.aresetn.next = !self.reset.val();
        self.registers_slice.s_tdata.next = bit_cast::<9, 8>(self.registers_data.val());
        if self.s_registers.tlast.val() {
            self.registers_slice.s_tdata.next = bit_cast::<9, 8>(self.registers_data.val()) | 0x100;
        }
        self.registers_slice.s_tvalid.next = self.s_registers.tvalid.val();
        self.s_registers.tready.next = self.registers_slice.s_tready.val();
        self.ring.registers.tdata.next = self.registers_slice.m_tdata.val().get_bits::<8>(0);
        self.ring.registers.tlast.next = self.registers_slice.m_tdata.val().get_bit(8);
        self.ring.registers.tvalid.next = self.registers_slice.m_tvalid.val();
        self.registers_slice.m_tready.next = self.ring.registers.tready.val();
        self.encode_data.next = self.s_encode.tdata.val();
        self.s_encode.tready.next = false;
        self.ring.encode.tdata.next = 0.into();
        self.ring.encode.tlast.next = false;
        self.ring.encode.tvalid.next = false;
        for i in 0..self.encode_slice.len() {
            self.encode_slice[i].aclk.next = self.aclk.val();
            self.encode_slice[i].aresetn.next = !self.reset.val();
            self.encode_slice[i].s_tdata.next = bit_cast::<9, 8>(self.encode_data.val());
            if self.s_encode.tlast.val() {
                self.encode_slice[i].s_tdata.next =
                    bit_cast::<9, 8>(self.encode_data.val()) | 0x100;
            }
            self.encode_slice[i].s_tvalid.next = self.s_encode.tvalid.val();
            self.s_encode.tready.next = self.encode_slice[i].s_tready.val();
            self.ring.encode.tdata.next = self.encode_slice[i].m_tdata.val().get_bits::<8>(0);
            self.ring.encode.tlast.next = self.encode_slice[i].m_tdata.val().get_bit(8);
            self.ring.encode.tvalid.next = self.encode_slice[i].m_tvalid.val();
            self.encode_slice[i].m_tready.next = self.ring.encode.tready.val();
        }
        for i in 0..self.no_encode.len() {
            self.no_encode[i].keep.next = self.keep.val().get_bit(1);
            self.no_encode[i].m_tready.next = self.m_encode.tready.val();
            self.no_encode[i].s_tdata.next = self.encode_data.val();
            self.no_encode[i].s_tvalid.next = self.s_encode.tvalid.val();
            self.no_encode[i].s_tlast.next = self.s_encode.tlast.val();
            self.no_encode[i].ring_tready.next = self.ring.encode.tready.val();
        }
        self.decode_data.next = self.s_decode.tdata.val();
        self.s_decode.tready.next = false;
        self.ring.decode.tdata.next = 0.into();
        self.ring.decode.tlast.next = false;
        self.ring.decode.tvalid.next = false;
        for i in 0..self.decode_slice.len() {
            self.decode_slice[i].aclk.next = self.aclk.val();
            self.decode_slice[i].aresetn.next = !self.reset.val();
            self.decode_slice[i].s_tdata.next = bit_cast::<9, 8>(self.decode_data.val());
            if self.s_decode.tlast.val() {
                self.decode_slice[i].s_tdata.next =
                    bit_cast::<9, 8>(self.decode_data.val()) | 0x100;
            }
            self.decode_slice[i].s_tvalid.next = self.s_decode.tvalid.val();
            self.s_decode.tready.next = self.decode_slice[i].s_tready.val();
            self.ring.decode.tdata.next = self.decode_slice[i].m_tdata.val().get_bits::<8>(0);
            self.ring.decode.tlast.next = self.decode_slice[i].m_tdata.val().get_bit(8);
            self.ring.decode.tvalid.next = self.decode_slice[i].m_tvalid.val();
            self.decode_slice[i].m_tready.next = self.ring.decode.tready.val();
        }
        for i in 0..self.no_decode.len() {
            self.no_decode[i].keep.next = self.keep.val().get_bit(2);
            self.no_decode[i].m_tready.next = self.m_decode.tready.val();
            self.no_decode[i].s_tdata.next = self.decode_data.val();
            self.no_decode[i].s_tvalid.next = self.s_decode.tvalid.val();
            self.no_decode[i].s_tlast.next = self.s_decode.tlast.val();
            self.no_decode[i].ring_tready.next = self.ring.decode.tready.val();
        }
        self.ring.oldest.next = self.control.oldest.val();
        self.ring.moved.next = self.control.moved.val();
        self.ring.line_free.next =
            self.control.caught_up.val() & self.sender.idle.val() & self.encoder.low.val();
        self.control.built.next = self.ring.built.val();
        self.control.idle.next = self.sender.idle.val() & self.encoder.low.val();

        self.sender.send.next = self.control.send.val();
        self.sender.kind.next = self.control.send_kind.val();
        self.sender.serial.next = self.control.send_serial.val();
        self.sender.acknowledge.next = self.control.send_acknowledge.val();
        self.sender.session.next = self.control.send_session.val();
        self.sender.limits.next = self.limits.val();
        self.sender.has_data.next = self.control.send_data.val();
        self.ring.look.next = self.sender.look.val();
        self.ring.look_number.next = self.sender.look_number.val();
        self.sender.found.next = self.ring.found.val();
        self.sender.channel.next = self.ring.channel.val();
        self.sender.length.next = self.ring.length.val();
        self.sender.start.next = self.ring.start.val();
        self.ring.read.next = self.sender.read.val();
        self.ring.read_address.next = self.sender.read_address.val();
        self.sender.read_data.next = self.ring.read_data.val();

        self.encoder.s_tdata.next = self.sender.m_tdata.val();
        self.encoder.s_tvalid.next = self.sender.m_tvalid.val();
        self.encoder.s_tlast.next = self.sender.m_tlast.val();
        self.sender.m_tready.next = self.encoder.s_tready.val();
        self.transmitter.tick.next = self.ticks.tick.val();
        self.transmitter.tdata.next = self.encoder.m_tdata.val();
        self.transmitter.tvalid.next = self.encoder.m_tvalid.val();
        self.encoder.m_tready.next = self.transmitter.tready.val();
        self.tx.next = self.transmitter.tx.val();
    }
}
