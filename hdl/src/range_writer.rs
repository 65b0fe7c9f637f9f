//! Range writer: a plane's range as two samples of 8 bits, when they are due in lane 0.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset: no range that was under way comes out |
//! | `due` | in | a range is to be written in place of this beat of the sequencer and the next |
//! | `range` | in | it; from the next clock on until it is written |
//! | `value`, `valid` | out | 8 bits of it, as [`CodeLookup`](crate::code_lookup::CodeLookup) wants them: 11 and 12 clocks later |
//!
//! No parameters.

use rust_hdl::prelude::*;

use crate::delay::Delay;
use crate::encoder_lane::PACKER;

/// Writer of ranges.
#[derive(LogicBlock, Default)]
pub struct RangeWriter {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// A range is due.
    pub due: Signal<In, Bit>,
    /// The range.
    pub range: Signal<In, Bits<16>>,
    /// Half of it.
    pub value: Signal<Out, Bits<8>>,
    /// There is half of one.
    pub valid: Signal<Out, Bit>,

    due_bit: Signal<Local, Bits<1>>,
    past: Delay<1, PACKER>,
    second: DFF<Bit>,
}

impl Logic for RangeWriter {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, aclk, second);
        self.past.aclk.next = self.aclk.val();
        self.past.aresetn.next = self.aresetn.val();
        self.due_bit.next = 0.into();
        if self.due.val() {
            self.due_bit.next = 1.into();
        }
        self.past.d.next = self.due_bit.val();
        self.second.d.next = self.past.q.val().any();
        self.value.next = self.range.val().get_bits::<8>(8);
        if self.second.q.val() {
            self.value.next = self.range.val().get_bits::<8>(0);
        }
        self.valid.next = self.past.q.val().any() | self.second.q.val();
        if !self.aresetn.val() {
            self.second.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RangeWriter;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn the_first_half_then_the_second() {
        let mut unit = RangeWriter::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.range.next = bits(0xabcd);
        let mut seen = Vec::new();
        for clock in 1..20 {
            unit.due.next = clock == 1;
            step(&mut unit, |unit| &mut unit.aclk);
            if unit.valid.val() {
                seen.push((clock, unit.value.val().to_u64()));
            }
        }
        assert_eq!(seen, [(11, 0xab), (12, 0xcd)]);
    }
}
