//! Places: where a FIFO in block RAM writes and reads.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `write` | in | something is written to `write_at` |
//! | `take` | in | what is at `read_at` is taken; only with `some` |
//! | `write_at`, `read_at` | out | addresses; registers |
//! | `some` | out | there is something to take; a register |
//!
//! No parameters. There is room for 510, and nothing here keeps more from being written: with 511 it
//! would look empty. What is written can be taken from the second clock after on; one in and one out
//! a clock.
//!
//! The places are visited in the order of a linear feedback shift register: one look-up table
//! where a counter takes nine and a carry chain, and the next place is known a clock ahead.

use rust_hdl::prelude::*;

/// Addresses of a FIFO in block RAM.
#[derive(LogicBlock, Default)]
pub struct Places {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// One more.
    pub write: Signal<In, Bit>,
    /// One less.
    pub take: Signal<In, Bit>,
    /// Where to write.
    pub write_at: Signal<Out, Bits<9>>,
    /// Where to read.
    pub read_at: Signal<Out, Bits<9>>,
    /// There is something.
    pub some: Signal<Out, Bit>,

    tail: DFF<Bits<9>>,
    /// The place to read in the upper nine bits, the one behind it in the lower.
    head: DFF<Bits<10>>,
    now: Signal<Local, Bit>,
    then: Signal<Local, Bit>,
    some_now: DFF<Bit>,
}

impl Logic for Places {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, tail, head);
        clock!(self, aclk, some_now);
        if self.write.val() {
            self.tail.d.next = self.tail.q.val() << 1;
            if self.tail.q.val().get_bit(8) == self.tail.q.val().get_bit(4) {
                self.tail.d.next = (self.tail.q.val() << 1) | 1;
            }
        }
        if self.take.val() {
            self.head.d.next = self.head.q.val() << 1;
            if self.head.q.val().get_bit(8) == self.head.q.val().get_bit(4) {
                self.head.d.next = (self.head.q.val() << 1) | 1;
            }
        }
        self.now.next = self.head.q.val().get_bits::<9>(1) != self.tail.q.val();
        self.then.next = self.head.q.val().get_bits::<9>(0) != self.tail.q.val();
        self.some_now.d.next = self.now.val();
        if self.take.val() {
            self.some_now.d.next = self.then.val();
        }
        self.write_at.next = self.tail.q.val();
        self.read_at.next = self.head.q.val().get_bits::<9>(1);
        self.some.next = self.some_now.q.val();
        if !self.aresetn.val() {
            self.tail.d.next = 0.into();
            self.head.d.next = 1.into();
            self.some_now.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Places;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn all_places_but_one_are_visited_in_the_same_order() {
        let mut unit = Places::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let mut written = Vec::new();
        unit.write.next = true;
        for _ in 0..511 {
            written.push(unit.write_at.val());
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert_eq!(unit.write_at.val(), written[0]);
        assert!(!written[1..].contains(&written[0]));
    }

    #[test]
    fn some_until_as_many_are_taken_as_written() {
        let mut unit = Places::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let mut written = std::collections::VecDeque::new();
        for clock in 0..2800 {
            unit.write.next = clock % 700 < 300 && clock % 3 != 0;
            unit.take.next = unit.some.val() && clock % 5 < 3;
            if unit.some.val() {
                assert_eq!(written.front(), Some(&unit.read_at.val()));
            }
            if unit.write.next {
                written.push_back(unit.write_at.val());
            }
            if unit.take.next {
                written.pop_front();
            }
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert!(written.is_empty());
    }
}
