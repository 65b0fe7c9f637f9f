//! UART transmitter: bytes to the wire, 8-N-1.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `tick` | in | eight times a bit |
//! | `tdata`, `tvalid`, `tready` | in, in, out | a byte |
//! | `tx` | out | the wire, a register; idle is high |
//!
//! No parameters. A byte that is there when the one before ends follows without a pause.

use rust_hdl::prelude::*;

use crate::primitives::Reg;

/// The transmitter; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct UartTransmitter {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub tick: Signal<In, Bit>,
    pub tdata: Signal<In, Bits<8>>,
    pub tvalid: Signal<In, Bit>,
    pub tready: Signal<Out, Bit>,
    pub tx: Signal<Out, Bit>,

    /// The wire is the lowest bit.
    shift: Reg<Bits<10>>,
    eighth: DFF<Bits<3>>,
    /// Bits behind the one on the wire.
    left: DFF<Bits<4>>,
    running: DFF<Bit>,
    bit_ends: Signal<Local, Bit>,
    ready: Signal<Local, Bit>,
    data: Signal<Local, Bits<8>>,
    last_eighth: Constant<Bits<3>>,
}

impl Default for UartTransmitter {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            tick: Signal::default(),
            tdata: Signal::default(),
            tvalid: Signal::default(),
            tready: Signal::default(),
            tx: Signal::default(),
            shift: Reg::new(bits(0x3ff)),
            eighth: DFF::default(),
            left: DFF::default(),
            running: DFF::default(),
            bit_ends: Signal::default(),
            ready: Signal::default(),
            data: Signal::default(),
            last_eighth: Constant::new(bits(7)),
        }
    }
}

impl Logic for UartTransmitter {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, shift, eighth, left, running);
        self.shift.aresetn.next = self.aresetn.val();
        self.shift.enable.next = true;
        self.data.next = self.tdata.val();
        self.bit_ends.next = self.tick.val() & (self.eighth.q.val() == self.last_eighth.val());
        self.ready.next =
            (!self.running.q.val()) | (self.bit_ends.val() & (!self.left.q.val().any()));
        self.tready.next = self.ready.val();
        if self.running.q.val() & self.tick.val() {
            self.eighth.d.next = self.eighth.q.val() + 1;
        }
        if self.running.q.val() & self.bit_ends.val() {
            self.shift.d.next = (self.shift.q.val() >> 1) | 0x200;
            self.left.d.next = self.left.q.val() - 1;
        }
        if self.ready.val() {
            self.running.d.next = self.tvalid.val();
            self.eighth.d.next = 0.into();
            if self.tvalid.val() {
                self.shift.d.next = (bit_cast::<10, 8>(self.data.val()) << 1) | 0x200;
                self.left.d.next = 9.into();
            }
        }
        self.tx.next = self.shift.q.val().get_bit(0);
        if !self.aresetn.val() {
            self.running.d.next = false;
            self.eighth.d.next = 0.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UartTransmitter;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    #[test]
    fn bytes_follow_without_a_pause() {
        let mut unit = UartTransmitter::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.tick.next = true;
        let mut bytes = [0xc5u64, 0x31].iter();
        let mut byte = bytes.next();
        let mut wire = Vec::new();
        for _ in 0..180 {
            unit.tvalid.next = byte.is_some();
            unit.tdata.next = bits(byte.copied().unwrap_or(0));
            settle(&mut unit, |unit| &mut unit.aclk);
            if unit.tready.val() && byte.is_some() {
                byte = bytes.next();
            }
            step(&mut unit, |unit| &mut unit.aclk);
            wire.push(unit.tx.val());
        }
        let bits: Vec<_> = wire
            .chunks_exact(8)
            .map(|ticks| (ticks[0], ticks[7]))
            .collect();
        let mut expected = Vec::new();
        for byte in [0xc5, 0x31] {
            expected.push(false);
            expected.extend((0..8).map(|bit| byte >> bit & 1 == 1));
            expected.push(true);
        }
        expected.resize(bits.len(), true);
        let expected: Vec<_> = expected.iter().map(|&bit| (bit, bit)).collect();
        assert_eq!(bits, expected);
    }
}
