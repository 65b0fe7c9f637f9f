//! Packet input: from a channel's bytes to beats, with `tlast` at each packet's end.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `hold` | in | takes no byte |
//! | `s_*` | in | bytes: packets, each behind its length in bytes as a u32 |
//! | `m_axis_*` | out | beats, the first byte lowest; a last beat that is not full ends in zeros |
//!
//! Generics: N, bits of a beat, 16 to 128. A byte each clock. A packet of no bytes is none.

use rust_hdl::prelude::*;

use crate::bus::{ByteSink, StreamSource};

/// The unit; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct PacketInput<const N: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub hold: Signal<In, Bit>,
    pub s: ByteSink,
    pub m_axis: StreamSource<N>,

    /// Bytes of the packet that have not come.
    left: DFF<Bits<32>>,
    /// Bytes of its length that have not come.
    length_left: DFF<Bits<3>>,
    beat: DFF<Bits<N>>,
    /// Bytes of the beat.
    count: DFF<Bits<5>>,
    octet: Signal<Local, Bits<8>>,
    begins: Signal<Local, Bit>,
    ready: Signal<Local, Bit>,
    fills: Signal<Local, Bit>,
    pads: Signal<Local, Bit>,
    given: Signal<Local, Bit>,
    full: Constant<Bits<5>>,
    top: Constant<Bits<N>>,
}

impl<const N: usize> Default for PacketInput<N> {
    fn default() -> Self {
        assert!([16, 32, 64, 128].contains(&N), "beats of 16 to 128 bits");
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            hold: Signal::default(),
            s: ByteSink::default(),
            m_axis: StreamSource::default(),
            left: DFF::default(),
            length_left: DFF::default(),
            beat: DFF::default(),
            count: DFF::default(),
            octet: Signal::default(),
            begins: Signal::default(),
            ready: Signal::default(),
            fills: Signal::default(),
            pads: Signal::default(),
            given: Signal::default(),
            full: Constant::new(bits(N as u64 / 8)),
            top: Constant::new(bits(N as u64 - 8)),
        }
    }
}

impl<const N: usize> Logic for PacketInput<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, left, length_left, beat, count);
        self.octet.next = self.s.tdata.val();
        self.given.next = self.count.q.val() == self.full.val();
        // The packet is over, and its last beat not full.
        self.pads.next = self.count.q.val().any() & (!self.left.q.val().any());
        self.begins.next =
            !(self.length_left.q.val().any() | self.left.q.val().any() | self.count.q.val().any());
        self.ready.next =
            !(self.given.val() | self.pads.val() | self.begins.val() | self.hold.val());
        self.s.tready.next = self.ready.val();
        self.fills.next = self.s.tvalid.val() & self.ready.val();
        if self.pads.val() & (!self.given.val()) {
            self.beat.d.next = self.beat.q.val() >> 8;
            self.count.d.next = self.count.q.val() + 1;
        }
        if self.fills.val() {
            if self.length_left.q.val().any() {
                self.left.d.next =
                    (self.left.q.val() >> 8) | (bit_cast::<32, 8>(self.octet.val()) << 24);
                self.length_left.d.next = self.length_left.q.val() - 1;
            } else {
                self.beat.d.next = (self.beat.q.val() >> 8)
                    | (bit_cast::<N, 8>(self.octet.val()) << self.top.val());
                self.count.d.next = self.count.q.val() + 1;
                self.left.d.next = self.left.q.val() - 1;
            }
        }
        // Between packets: a length of 0 begins another.
        if self.begins.val() {
            self.length_left.d.next = 4.into();
        }
        self.m_axis.tvalid.next = self.given.val();
        self.m_axis.tdata.next = self.beat.q.val();
        self.m_axis.tlast.next = !self.left.q.val().any();
        if self.given.val() & self.m_axis.tready.val() {
            self.count.d.next = 0.into();
        }
        if !self.aresetn.val() {
            self.left.d.next = 0.into();
            self.length_left.d.next = 4.into();
            self.count.d.next = 0.into();
        }
    }
}
