//! Ticks of a baud rate: eight a bit.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `tick` | out | for one clock, eight times a bit in mean |
//!
//! The clock need not be a multiple of the rate: a 16-bit phase gives ticks that are at most a
//! clock off, and a rate that is at most 0.2 % off at 1000 clocks a bit, less at fewer.

use rust_hdl::prelude::*;

/// Ticks; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct BaudTicks {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub tick: Signal<Out, Bit>,
    phase: DFF<Bits<17>>,
    rest: Signal<Local, Bits<16>>,
    step: Constant<Bits<17>>,
}

impl BaudTicks {
    /// Fewest and most clocks a bit.
    pub const CLOCKS: std::ops::RangeInclusive<u32> = 8..=4096;

    /// For a clock and a rate, both a second.
    ///
    /// # Panics
    ///
    /// Where a bit is not 8 to 4096 clocks.
    pub fn new(clock_hz: u32, baud: u32) -> Self {
        let clocks = clock_hz / baud;
        assert!(Self::CLOCKS.contains(&clocks), "a bit has 8 to 4096 clocks");
        let (clock, ticks) = (u64::from(clock_hz), 8 * u64::from(baud));
        let step = ((ticks << 16) + clock / 2) / clock;
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            tick: Signal::default(),
            phase: DFF::default(),
            rest: Signal::default(),
            step: Constant::new(bits(step)),
        }
    }
}

impl Logic for BaudTicks {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, phase);
        self.rest.next = self.phase.q.val().get_bits::<16>(0);
        self.phase.d.next = bit_cast::<17, 16>(self.rest.val()) + self.step.val();
        self.tick.next = self.phase.q.val().get_bit(16);
        if !self.aresetn.val() {
            self.phase.d.next = 0.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::BaudTicks;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn eight_a_bit() {
        for (clock, baud, clocks, ticks) in [(8, 1, 800, 800), (25, 3, 2500, 2400)] {
            let mut unit = BaudTicks::new(clock, baud);
            unit.connect_all();
            step(&mut unit, |unit| &mut unit.aclk);
            unit.aresetn.next = true;
            let mut count = 0;
            for _ in 0..clocks {
                step(&mut unit, |unit| &mut unit.aclk);
                count += i32::from(unit.tick.val());
            }
            assert!((ticks - 2..=ticks).contains(&count), "{count}");
        }
    }
}
