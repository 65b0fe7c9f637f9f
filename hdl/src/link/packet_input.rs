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
        // Without `given`, which would join valid and ready in one loop of Verilator's.
        self.m_axis.tvalid.next = self.count.q.val() == self.full.val();
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

#[cfg(test)]
mod tests {
    use super::PacketInput;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    /// The beats of these bytes, with their `tlast`; it holds for the first clocks.
    fn beats(bytes: &[u8], holds: usize) -> Vec<(u64, bool)> {
        let mut unit = PacketInput::<32>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let (mut at, mut beats) = (0, Vec::new());
        for clock in 0..100 {
            unit.hold.next = clock < holds;
            unit.s.tvalid.next = at < bytes.len();
            unit.s.tdata.next = bits(u64::from(bytes.get(at).copied().unwrap_or(0)));
            unit.m_axis.tready.next = clock % 2 == 0;
            settle(&mut unit, |unit| &mut unit.aclk);
            if unit.s.tready.val() && at < bytes.len() {
                assert!(clock >= holds, "it takes a byte and should not");
                at += 1;
            }
            if unit.m_axis.tvalid.val() && clock % 2 == 0 {
                beats.push((unit.m_axis.tdata.val().to_u64(), unit.m_axis.tlast.val()));
            }
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert_eq!(at, bytes.len());
        beats
    }

    #[test]
    fn packets_behind_their_lengths() {
        // A packet of a beat and a byte, one of none, and one of a beat.
        let bytes = [
            5, 0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 4, 0, 0, 0, 6, 7, 8, 9,
        ];
        let expected = [(0x0403_0201, false), (5, true), (0x0908_0706, true)];
        assert_eq!(beats(&bytes, 0), expected);
        assert_eq!(beats(&bytes, 30), expected);
    }

    #[test]
    fn a_packet_that_has_not_come_is_not_ended() {
        assert_eq!(
            beats(&[0, 1, 0, 0, 1, 2, 3, 4, 5], 0),
            [(0x0403_0201, false)]
        );
    }
}
