//! Range taker: takes a plane's range off lane 0 ahead of its beats, as two samples of 8 bits.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `start` | in | a packet begins: what there was is forgotten |
//! | `dynamic` | in | planes have ranges |
//! | `enter`, `enter_class` | in | a plane is entered, as the plane walker has it |
//! | `stored` | in | the plane is stored; a register |
//! | `take` | in | a beat is taken |
//! | `waits` | out | no beat is to be taken: the range is still to come; from registers |
//! | `takes` | in | lane 0 steps, for half of it; only while it `waits` |
//! | `there` | out | its window holds half of it; a register |
//! | `first` | out | the next beat is its plane's first; a register |
//! | `plane_class` | in | the class that the class table gives |
//! | `class_enter`, `class_important`, `class_range` | out | to the class table: a plane's numbers; half a range's |
//!
//! No parameters. A plane that is not stored has no range. The two halves take two clocks.

use rust_hdl::prelude::*;

/// Taker of ranges.
#[derive(LogicBlock, Default)]
pub struct RangeTaker {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// A packet begins.
    pub start: Signal<In, Bit>,
    /// Planes have ranges.
    pub dynamic: Signal<In, Bit>,
    /// A plane is entered.
    pub enter: Signal<In, Bit>,
    /// Its class.
    pub enter_class: Signal<In, Bit>,
    /// The plane is stored.
    pub stored: Signal<In, Bit>,
    /// A beat is taken.
    pub take: Signal<In, Bit>,
    /// Beats wait.
    pub waits: Signal<Out, Bit>,
    /// Lane 0 steps.
    pub takes: Signal<In, Bit>,
    /// Half a range is there.
    pub there: Signal<Out, Bit>,
    /// A plane's first beat is next.
    pub first: Signal<Out, Bit>,
    /// Class of the plane.
    pub plane_class: Signal<In, Bit>,
    /// Read the class table.
    pub class_enter: Signal<Out, Bit>,
    /// For this class.
    pub class_important: Signal<Out, Bit>,
    /// For half a range.
    pub class_range: Signal<Out, Bit>,

    halves: DFF<Bits<2>>,
    first_next: DFF<Bit>,
    half_there: DFF<Bit>,
    pending: Signal<Local, Bit>,
}

impl Logic for RangeTaker {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, halves, first_next);
        clock!(self, aclk, half_there);
        self.pending.next = self.stored.val() & self.halves.q.val().any();
        self.waits.next = self.pending.val();
        self.half_there.d.next = self.takes.val();
        self.there.next = self.half_there.q.val();
        self.first.next = self.first_next.q.val();
        self.class_enter.next =
            self.enter.val() | (self.takes.val() & self.halves.q.val().get_bit(0));
        self.class_range.next = self.dynamic.val() & (!self.pending.val());
        self.class_important.next = self.enter_class.val();
        if self.pending.val() {
            self.class_important.next = self.plane_class.val();
        }
        if self.takes.val() {
            self.halves.d.next = self.halves.q.val() >> 1;
        }
        if self.take.val() {
            self.halves.d.next = 0.into();
            self.first_next.d.next = false;
        }
        if self.enter.val() {
            self.first_next.d.next = true;
            if self.dynamic.val() {
                self.halves.d.next = 2.into();
            }
        }
        if self.start.val() | (!self.aresetn.val()) {
            self.halves.d.next = 0.into();
            self.half_there.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RangeTaker;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    #[test]
    fn two_halves_then_the_beats() {
        let mut unit = RangeTaker::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.dynamic.next = true;
        unit.stored.next = true;
        unit.enter.next = true;
        settle(&mut unit, |unit| &mut unit.aclk);
        assert!(unit.class_enter.val() && unit.class_range.val());
        step(&mut unit, |unit| &mut unit.aclk);
        unit.enter.next = false;
        let mut taken = Vec::new();
        for takes in [true, false, true, false] {
            unit.takes.next = takes;
            settle(&mut unit, |unit| &mut unit.aclk);
            assert!(unit.first.val());
            taken.push((unit.waits.val(), unit.class_enter.val()));
            step(&mut unit, |unit| &mut unit.aclk);
        }
        let halves = [(true, false), (true, false), (true, true)];
        assert_eq!(taken[..3], halves);
        assert_eq!(taken[3], (false, false));
    }
}
