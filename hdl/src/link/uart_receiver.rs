//! UART receiver: bytes from the wire, 8-N-1.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `tick` | in | eight times a bit |
//! | `rx` | in | the wire, of no clock; idle is high |
//! | `tvalid` | out | for one clock: a byte |
//! | `tdata` | out | the byte |
//! | `framing` | out | with it: its stop bit was low, so it is none; a break is a zero of this kind |
//!
//! No parameters. Each bit is the majority of three ticks in its middle. A low of less than half a
//! bit is no start bit. After a low stop bit the wire has to be high once before the next byte. A
//! byte is there half a bit before its stop bit ends, so the sender may be 4 % faster or slower.

use rust_hdl::prelude::*;

/// The receiver; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct UartReceiver {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub tick: Signal<In, Bit>,
    pub rx: Signal<In, Bit>,
    pub tvalid: Signal<Out, Bit>,
    pub tdata: Signal<Out, Bits<8>>,
    pub framing: Signal<Out, Bit>,

    near: DFF<Bit>,
    line: DFF<Bit>,
    samples: DFF<Bits<3>>,
    majority: Signal<Local, Bit>,
    /// Ticks since the begin of the start bit.
    position: DFF<Bits<7>>,
    eighth: Signal<Local, Bits<3>>,
    number: Signal<Local, Bits<4>>,
    running: DFF<Bit>,
    /// The wire has not been high yet.
    waits: DFF<Bit>,
    octet: DFF<Bits<8>>,
    valid: DFF<Bit>,
    bad: DFF<Bit>,
    decides: Constant<Bits<3>>,
    stop: Constant<Bits<4>>,
}

impl Default for UartReceiver {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            tick: Signal::default(),
            rx: Signal::default(),
            tvalid: Signal::default(),
            tdata: Signal::default(),
            framing: Signal::default(),
            near: DFF::default(),
            line: DFF::default(),
            samples: DFF::default(),
            majority: Signal::default(),
            position: DFF::default(),
            eighth: Signal::default(),
            number: Signal::default(),
            running: DFF::default(),
            waits: DFF::default(),
            octet: DFF::default(),
            valid: DFF::default(),
            bad: DFF::default(),
            decides: Constant::new(bits(5)),
            stop: Constant::new(bits(9)),
        }
    }
}

impl Logic for UartReceiver {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, aclk, near, line, samples, position, running, waits, octet, valid, bad
        );
        self.near.d.next = self.rx.val();
        self.line.d.next = self.near.q.val();
        self.majority.next = (self.samples.q.val().get_bit(0) & self.samples.q.val().get_bit(1))
            | (self.samples.q.val().get_bit(0) & self.samples.q.val().get_bit(2))
            | (self.samples.q.val().get_bit(1) & self.samples.q.val().get_bit(2));
        self.eighth.next = self.position.q.val().get_bits::<3>(0);
        self.number.next = self.position.q.val().get_bits::<4>(3);
        self.valid.d.next = false;
        if self.tick.val() {
            self.samples.d.next = self.samples.q.val() << 1;
            if self.line.q.val() {
                self.samples.d.next = (self.samples.q.val() << 1) | 1;
                self.waits.d.next = false;
            }
            if self.running.q.val() {
                self.position.d.next = self.position.q.val() + 1;
                if self.eighth.val() == self.decides.val() {
                    self.octet.d.next = self.octet.q.val() >> 1;
                    if self.majority.val() {
                        self.octet.d.next = (self.octet.q.val() >> 1) | 0x80;
                    }
                    if !self.number.val().any() {
                        self.running.d.next = !self.majority.val();
                    }
                    if self.number.val() == self.stop.val() {
                        self.octet.d.next = self.octet.q.val();
                        self.valid.d.next = true;
                        self.bad.d.next = !self.majority.val();
                        self.waits.d.next = !self.majority.val();
                        self.running.d.next = false;
                    }
                }
            } else {
                self.position.d.next = 0.into();
                self.running.d.next = !(self.line.q.val() | self.waits.q.val());
            }
        }
        self.tvalid.next = self.valid.q.val();
        self.tdata.next = self.octet.q.val();
        self.framing.next = self.bad.q.val();
        if !self.aresetn.val() {
            self.running.d.next = false;
            self.waits.d.next = true;
            self.valid.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::UartReceiver;
    use crate::step::step;
    use rust_hdl::prelude::*;

    /// What is received from levels of so many ticks each.
    fn receive(levels: &[(bool, usize)]) -> Vec<(u64, bool)> {
        let mut unit = UartReceiver::default();
        unit.connect_all();
        unit.rx.next = true;
        unit.tick.next = true;
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let mut bytes = Vec::new();
        let idle = [(true, 20)];
        for &(level, ticks) in idle.iter().chain(levels).chain(&idle) {
            for _ in 0..ticks {
                unit.rx.next = level;
                step(&mut unit, |unit| &mut unit.aclk);
                if unit.tvalid.val() {
                    bytes.push((unit.tdata.val().to_u64(), unit.framing.val()));
                }
            }
        }
        bytes
    }

    #[test]
    fn bytes_and_what_are_none() {
        // 0xc5 without a pause behind its like, bits first to last 1 0 1 0 0 0 1 1.
        let byte = [
            (false, 8),
            (true, 8),
            (false, 8),
            (true, 8),
            (false, 24),
            (true, 16),
            (true, 8),
        ];
        assert_eq!(receive(&[byte, byte].concat()), [(0xc5, false); 2]);
        // A spike anywhere in a bit, and one on the idle line.
        for at in 1..7 {
            let mut spiked = byte.to_vec();
            spiked.splice(2..3, [(false, at), (true, 1), (false, 7 - at)]);
            assert_eq!(receive(&spiked), [(0xc5, false)], "at tick {at}");
        }
        assert_eq!(receive(&[(false, 3), (true, 100)]), []);
        // A break is one byte that is none, however long.
        assert_eq!(receive(&[(false, 1000)]), [(0, true)]);
    }
}
