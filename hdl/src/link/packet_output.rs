//! Packet output: from beats to bytes.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `s_axis_*` | in | beats, the first byte lowest |
//! | `m_axis_*` | out | their bytes; last with the last of a last beat |
//!
//! Generics: N, bits of a beat, 16 to 128. A byte each clock, and a clock more for each beat.

use rust_hdl::prelude::*;

use crate::bus::{StreamSink, StreamSource};

/// The unit; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct PacketOutput<const N: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axis: StreamSink<N>,
    pub m_axis: StreamSource<8>,

    beat: DFF<Bits<N>>,
    left: DFF<Bits<5>>,
    last: DFF<Bit>,
    empty: Signal<Local, Bit>,
    full: Constant<Bits<5>>,
    one: Constant<Bits<5>>,
}

impl<const N: usize> Default for PacketOutput<N> {
    fn default() -> Self {
        assert!([16, 32, 64, 128].contains(&N), "beats of 16 to 128 bits");
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_axis: StreamSink::default(),
            m_axis: StreamSource::default(),
            beat: DFF::default(),
            left: DFF::default(),
            last: DFF::default(),
            empty: Signal::default(),
            full: Constant::new(bits(N as u64 / 8)),
            one: Constant::new(bits(1)),
        }
    }
}

impl<const N: usize> Logic for PacketOutput<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, beat, left, last);
        self.empty.next = !self.left.q.val().any();
        // Without `empty`, which would join valid and ready in one loop of Verilator's.
        self.s_axis.tready.next = !self.left.q.val().any();
        self.m_axis.tvalid.next = !self.empty.val();
        self.m_axis.tdata.next = self.beat.q.val().get_bits::<8>(0);
        self.m_axis.tlast.next = self.last.q.val() & (self.left.q.val() == self.one.val());
        if self.empty.val() {
            if self.s_axis.tvalid.val() {
                self.beat.d.next = self.s_axis.tdata.val();
                self.last.d.next = self.s_axis.tlast.val();
                self.left.d.next = self.full.val();
            }
        } else {
            if self.m_axis.tready.val() {
                self.beat.d.next = self.beat.q.val() >> 8;
                self.left.d.next = self.left.q.val() - 1;
            }
        }
        if !self.aresetn.val() {
            self.left.d.next = 0.into();
            self.last.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PacketOutput;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn bytes_of_beats_lowest_first() {
        let mut unit = PacketOutput::<32>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let mut beats = [(0x0403_0201u64, false), (0x0807_0605, true)].into_iter();
        let mut beat = beats.next();
        let mut bytes = Vec::new();
        for clock in 0..40 {
            let (data, last) = beat.unwrap_or_default();
            unit.s_axis.tvalid.next = beat.is_some();
            unit.s_axis.tdata.next = bits(data);
            unit.s_axis.tlast.next = last;
            // It waits every third clock.
            unit.m_axis.tready.next = clock % 3 > 0;
            crate::step::settle(&mut unit, |unit| &mut unit.aclk);
            if unit.s_axis.tready.val() && beat.is_some() {
                beat = beats.next();
            }
            if unit.m_axis.tvalid.val() && clock % 3 > 0 {
                bytes.push((unit.m_axis.tdata.val().to_u64(), unit.m_axis.tlast.val()));
            }
            step(&mut unit, |unit| &mut unit.aclk);
        }
        let expected: Vec<_> = (1..=8).map(|byte| (byte, byte == 8)).collect();
        assert_eq!(bytes, expected);
    }
}
