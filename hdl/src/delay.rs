//! Delay line with reset.
//!
//! `q` is what `d` was L clocks ago, 0 from a reset on until something has come through.
//! Parameters: N bits, L clocks, at least 1. Latency L, one value a clock. It carries what belongs
//! to a beat past the units that the beat itself goes through.

use rust_hdl::prelude::*;

/// Delay line of N bits and L clocks.
#[derive(LogicBlock)]
pub struct Delay<const N: usize, const L: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// What goes in.
    pub d: Signal<In, Bits<N>>,
    /// What went in L clocks ago.
    pub q: Signal<Out, Bits<N>>,
    stage: [DFF<Bits<N>>; L],
}

impl<const N: usize, const L: usize> Default for Delay<N, L> {
    fn default() -> Self {
        assert!(L > 0, "a delay is at least one clock");
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            d: Signal::default(),
            q: Signal::default(),
            stage: std::array::from_fn(|_| DFF::default()),
        }
    }
}

impl<const N: usize, const L: usize> Logic for Delay<N, L> {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..L {
            self.stage[i].clock.next = self.aclk.val();
            self.q.next = self.stage[i].q.val();
        }
        self.stage[0].d.next = self.d.val();
        for i in 1..L {
            self.stage[i].d.next = self.stage[i - 1].q.val();
        }
        if !self.aresetn.val() {
            for i in 0..L {
                self.stage[i].d.next = 0.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Delay;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn values_come_late_and_a_reset_makes_them_0() {
        let mut unit = Delay::<8, 3>::default();
        unit.connect_all();
        let mut seen = Vec::new();
        for clock in 1..10 {
            unit.aresetn.next = clock != 6;
            unit.d.next = bits(clock);
            step(&mut unit, |unit| &mut unit.aclk);
            seen.push(unit.q.val().to_u64());
        }
        assert_eq!(seen, [0, 0, 1, 2, 3, 0, 0, 0, 7]);
    }
}
