//! Frame sender: the bytes of a frame, header, data and CRC.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `idle` | out | takes a frame |
//! | `send` | in | a frame, while idle |
//! | `kind`, `serial`, `acknowledge`, `session`, `limits` | in | with it: its header |
//! | `has_data` | in | with it: it has data, and its channel belongs to the kind |
//! | `look`, `look_number`, `found`, `channel`, `length`, `start` | | asks the [output ring](super::output_ring) for it |
//! | `read`, `read_address`, `read_data` | | and for its bytes |
//! | `m_tdata`, `m_tvalid`, `m_tready`, `m_tlast` | out, out, in, out | the frame's bytes |
//!
//! Generics: B, bits of an address of the ring. A byte of data in two clocks, others in one.

use rust_hdl::prelude::*;

use crate::primitives::Crc32;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Idle,
    Look,
    Header,
    Fetch,
    Data,
    Sum,
    Tail,
}

/// The sender; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct FrameSender<const B: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub idle: Signal<Out, Bit>,
    pub send: Signal<In, Bit>,
    pub kind: Signal<In, Bits<8>>,
    pub serial: Signal<In, Bits<8>>,
    pub acknowledge: Signal<In, Bits<8>>,
    pub session: Signal<In, Bits<16>>,
    pub limits: Signal<In, Bits<24>>,
    pub has_data: Signal<In, Bit>,
    pub look: Signal<Out, Bit>,
    pub look_number: Signal<Out, Bits<4>>,
    pub found: Signal<In, Bit>,
    pub channel: Signal<In, Bits<2>>,
    pub length: Signal<In, Bits<10>>,
    pub start: Signal<In, Bits<B>>,
    pub read: Signal<Out, Bit>,
    pub read_address: Signal<Out, Bits<B>>,
    pub read_data: Signal<In, Bits<8>>,
    pub m_tdata: Signal<Out, Bits<8>>,
    pub m_tvalid: Signal<Out, Bit>,
    pub m_tready: Signal<In, Bit>,
    pub m_tlast: Signal<Out, Bit>,

    state: DFF<State>,
    /// Bytes of the header or CRC, the next one lowest.
    bytes: DFF<Bits<64>>,
    bytes_left: DFF<Bits<4>>,
    last_byte: Signal<Local, Bit>,
    at: DFF<Bits<B>>,
    left: DFF<Bits<10>>,
    check: Crc32<8>,
    sum: Signal<Local, Bits<32>>,
    kind_now: Signal<Local, Bits<8>>,
    serial_now: Signal<Local, Bits<8>>,
    acknowledge_now: Signal<Local, Bits<8>>,
    session_now: Signal<Local, Bits<16>>,
    limits_now: Signal<Local, Bits<24>>,
    channel_now: Signal<Local, Bits<2>>,
    data: Signal<Local, Bits<8>>,
    valid: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    header_bytes: Constant<Bits<4>>,
    crc_bytes: Constant<Bits<4>>,
    one: Constant<Bits<4>>,
    one_left: Constant<Bits<10>>,
}

impl<const B: usize> Default for FrameSender<B> {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            idle: Signal::default(),
            send: Signal::default(),
            kind: Signal::default(),
            serial: Signal::default(),
            acknowledge: Signal::default(),
            session: Signal::default(),
            limits: Signal::default(),
            has_data: Signal::default(),
            look: Signal::default(),
            look_number: Signal::default(),
            found: Signal::default(),
            channel: Signal::default(),
            length: Signal::default(),
            start: Signal::default(),
            read: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            m_tdata: Signal::default(),
            m_tvalid: Signal::default(),
            m_tready: Signal::default(),
            m_tlast: Signal::default(),
            state: DFF::default(),
            bytes: DFF::default(),
            bytes_left: DFF::default(),
            last_byte: Signal::default(),
            at: DFF::default(),
            left: DFF::default(),
            check: Crc32::default(),
            sum: Signal::default(),
            kind_now: Signal::default(),
            serial_now: Signal::default(),
            acknowledge_now: Signal::default(),
            session_now: Signal::default(),
            limits_now: Signal::default(),
            channel_now: Signal::default(),
            data: Signal::default(),
            valid: Signal::default(),
            taken: Signal::default(),
            header_bytes: Constant::new(bits(8)),
            crc_bytes: Constant::new(bits(4)),
            one: Constant::new(bits(1)),
            one_left: Constant::new(bits(1)),
        }
    }
}

impl<const B: usize> Logic for FrameSender<B> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, state, bytes, bytes_left, at, left);
        clock!(self, aclk, check);
        self.kind_now.next = self.kind.val();
        self.serial_now.next = self.serial.val();
        self.acknowledge_now.next = self.acknowledge.val();
        self.session_now.next = self.session.val();
        self.limits_now.next = self.limits.val();
        self.channel_now.next = self.channel.val();
        self.sum.next = self.check.crc.val();
        self.last_byte.next = self.bytes_left.q.val() == self.one.val();

        self.valid.next = (self.state.q.val() == State::Header)
            | (self.state.q.val() == State::Data)
            | (self.state.q.val() == State::Tail);
        self.data.next = self.bytes.q.val().get_bits::<8>(0);
        if self.state.q.val() == State::Data {
            self.data.next = self.read_data.val();
        }
        self.taken.next = self.valid.val() & self.m_tready.val();
        self.m_tvalid.next = self.valid.val();
        self.m_tdata.next = self.data.val();
        self.m_tlast.next = (self.state.q.val() == State::Tail) & self.last_byte.val();
        self.check.clear.next = self.state.q.val() == State::Idle;
        self.check.enable.next = self.taken.val();
        self.check.data.next = self.data.val();

        self.idle.next = self.state.q.val() == State::Idle;
        self.look.next = self.state.q.val() == State::Look;
        self.look_number.next = self.bytes.q.val().get_bits::<4>(8);
        self.read.next = self.state.q.val() == State::Fetch;
        self.read_address.next = self.at.q.val();
        match self.state.q.val() {
            State::Idle => {
                self.bytes.d.next = bit_cast::<64, 8>(self.kind_now.val())
                    | (bit_cast::<64, 8>(self.serial_now.val()) << 8)
                    | (bit_cast::<64, 8>(self.acknowledge_now.val()) << 16)
                    | (bit_cast::<64, 16>(self.session_now.val()) << 24)
                    | (bit_cast::<64, 24>(self.limits_now.val()) << 40);
                self.bytes_left.d.next = self.header_bytes.val();
                self.left.d.next = 0.into();
                if self.send.val() {
                    self.state.d.next = State::Header;
                    if self.has_data.val() {
                        self.state.d.next = State::Look;
                    }
                }
            }
            State::Look => {
                if self.found.val() {
                    self.bytes.d.next =
                        self.bytes.q.val() | bit_cast::<64, 2>(self.channel_now.val());
                    self.at.d.next = self.start.val();
                    self.left.d.next = self.length.val();
                    self.state.d.next = State::Header;
                }
            }
            State::Header => {
                if self.taken.val() {
                    self.bytes.d.next = self.bytes.q.val() >> 8;
                    self.bytes_left.d.next = self.bytes_left.q.val() - 1;
                    if self.last_byte.val() {
                        self.state.d.next = State::Sum;
                        if self.left.q.val().any() {
                            self.state.d.next = State::Fetch;
                        }
                    }
                }
            }
            State::Fetch => {
                self.state.d.next = State::Data;
            }
            State::Data => {
                if self.taken.val() {
                    self.at.d.next = self.at.q.val() + 1;
                    self.left.d.next = self.left.q.val() - 1;
                    self.state.d.next = State::Fetch;
                    if self.left.q.val() == self.one_left.val() {
                        self.state.d.next = State::Sum;
                    }
                }
            }
            State::Sum => {
                self.bytes.d.next = bit_cast::<64, 32>(self.sum.val());
                self.bytes_left.d.next = self.crc_bytes.val();
                self.state.d.next = State::Tail;
            }
            State::Tail => {
                if self.taken.val() {
                    self.bytes.d.next = self.bytes.q.val() >> 8;
                    self.bytes_left.d.next = self.bytes_left.q.val() - 1;
                    if self.last_byte.val() {
                        self.state.d.next = State::Idle;
                    }
                }
            }
        }
        if !self.aresetn.val() {
            self.state.d.next = State::Idle;
        }
    }
}
