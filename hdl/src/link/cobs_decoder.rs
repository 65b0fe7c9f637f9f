//! COBS decoder: frames from the bytes between two zeros.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `s_valid`, `s_data` | in | a byte of the wire; it cannot wait |
//! | `s_framing` | in | with it: it is damaged |
//! | `m_valid`, `m_data` | out | in the same clock: a byte of the frame |
//! | `done` | out | in the same clock: the frame's end; not where nothing came since the last |
//! | `good` | out | with it: it was well encoded, and no byte damaged |
//!
//! No parameters. Latency 0, a byte each clock.

use rust_hdl::prelude::*;

/// The decoder; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct CobsDecoder {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_valid: Signal<In, Bit>,
    pub s_data: Signal<In, Bits<8>>,
    pub s_framing: Signal<In, Bit>,
    pub m_valid: Signal<Out, Bit>,
    pub m_data: Signal<Out, Bits<8>>,
    pub done: Signal<Out, Bit>,
    pub good: Signal<Out, Bit>,

    /// Bytes up to the next code.
    left: DFF<Bits<8>>,
    /// A zero stands ahead of the next code, unless the frame ends.
    zero: DFF<Bit>,
    begun: DFF<Bit>,
    bad: DFF<Bit>,
    longest: Constant<Bits<8>>,
}

impl Default for CobsDecoder {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_valid: Signal::default(),
            s_data: Signal::default(),
            s_framing: Signal::default(),
            m_valid: Signal::default(),
            m_data: Signal::default(),
            done: Signal::default(),
            good: Signal::default(),
            left: DFF::default(),
            zero: DFF::default(),
            begun: DFF::default(),
            bad: DFF::default(),
            longest: Constant::new(bits(255)),
        }
    }
}

impl Logic for CobsDecoder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, left, zero, begun, bad);
        self.m_valid.next = false;
        self.m_data.next = self.s_data.val();
        self.done.next = false;
        self.good.next = !(self.bad.q.val() | self.left.q.val().any());
        if self.s_valid.val() {
            self.begun.d.next = true;
            if self.s_framing.val() {
                self.bad.d.next = true;
            } else {
                if !self.s_data.val().any() {
                    self.done.next = self.begun.q.val();
                    self.begun.d.next = false;
                    self.bad.d.next = false;
                    self.left.d.next = 0.into();
                    self.zero.d.next = false;
                } else {
                    if self.left.q.val().any() {
                        self.m_valid.next = true;
                        self.left.d.next = self.left.q.val() - 1;
                    } else {
                        self.m_valid.next = self.zero.q.val();
                        self.m_data.next = 0.into();
                        self.left.d.next = self.s_data.val() - 1;
                        self.zero.d.next = self.s_data.val() != self.longest.val();
                    }
                }
            }
        }
        if !self.aresetn.val() {
            self.begun.d.next = false;
            self.bad.d.next = false;
            self.left.d.next = 0.into();
            self.zero.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CobsDecoder;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    /// Frames, and whether they are good.
    fn decode(bytes: &[u64]) -> Vec<(Vec<u64>, bool)> {
        let mut unit = CobsDecoder::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.s_valid.next = true;
        let (mut frames, mut frame) = (Vec::new(), Vec::new());
        for &byte in bytes {
            unit.s_data.next = bits(byte & 0xff);
            unit.s_framing.next = byte > 0xff;
            settle(&mut unit, |unit| &mut unit.aclk);
            if unit.m_valid.val() {
                frame.push(unit.m_data.val().to_u64());
            }
            if unit.done.val() {
                frames.push((std::mem::take(&mut frame), unit.good.val()));
            }
            step(&mut unit, |unit| &mut unit.aclk);
        }
        frames
    }

    #[test]
    fn frames_good_and_bad() {
        let good = |bytes: &[u64]| (bytes.to_vec(), true);
        assert_eq!(
            decode(&[0, 0, 3, 7, 8, 2, 9, 0, 1, 1, 0, 0]),
            [good(&[7, 8, 0, 9]), good(&[0])]
        );
        let long: Vec<u64> = (1..255).collect();
        let wire = [&[255], &long[..], &[2, 5, 0]].concat();
        assert_eq!(decode(&wire), [good(&[&long[..], &[5]].concat())]);
        // Cut off; a byte damaged; and the next is good.
        let frames = decode(&[3, 7, 0, 3, 0x107, 8, 9, 0, 2, 4, 0]);
        assert_eq!(frames.len(), 3);
        assert_eq!((frames[0].1, frames[1].1), (false, false));
        assert_eq!(frames[2], good(&[4]));
    }
}
