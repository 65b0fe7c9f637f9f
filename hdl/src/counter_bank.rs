//! Counter bank: 2 to 16 counters of 32 bits in look-up table memory.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, active-low synchronous reset |
//! | `events` | in | a bit for each counter: add 1 |
//! | `hold` | in | add nothing |
//! | `clear` | in | set all to 0 |
//! | `index` | in | which to read; below `N` |
//! | `value` | out | it, in the same clock |
//!
//! `N`, 2 to 16: counters. One adder visits them in turn, a counter each clock, and adds what came
//! since its last turn, at most 16: so a value lags behind by up to 17 clocks, of `hold` too. It
//! wraps around. It has neither a carry chain for each counter nor a multiplexer of them;
//! for one or two use plain counters.

use rust_hdl::prelude::*;

use crate::absent::{constant, unheard};
use crate::primitives::{LutRam, Reg};

/// The bank; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct CounterBank<const N: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub events: Signal<In, Bits<N>>,
    pub hold: Signal<In, Bit>,
    pub clear: Signal<In, Bit>,
    pub index: Signal<In, Bits<4>>,
    pub value: Signal<Out, Bits<32>>,
    turn: Reg<Bits<4>>,
    /// The turn of a clock ago, and what came for its counter.
    adding: Reg<Bits<4>>,
    added: Reg<Bits<5>>,
    recent: [Reg<Bits<5>>; N],
    parts: [Signal<Local, Bits<5>>; N],
    either: [Signal<Local, Bits<5>>; N],
    /// Turns left until every total has been set to 0.
    clearing: Reg<Bits<5>>,
    totals: LutRam<32, 4>,
    readable: LutRam<32, 4>,
    picked: Signal<Local, Bits<5>>,
    total: Signal<Local, Bits<32>>,
    clears: Signal<Local, Bit>,
}

impl<const N: usize> Default for CounterBank<N> {
    fn default() -> Self {
        assert!((2..=16).contains(&N), "a bank has 2 to 16 counters");
        Self {
            aclk: Default::default(),
            aresetn: Default::default(),
            events: Default::default(),
            hold: Default::default(),
            clear: Default::default(),
            index: Default::default(),
            value: Default::default(),
            turn: Default::default(),
            adding: Default::default(),
            added: Default::default(),
            recent: std::array::from_fn(|_| Reg::default()),
            parts: std::array::from_fn(|_| Signal::default()),
            either: std::array::from_fn(|_| Signal::default()),
            clearing: Reg::new(bits(17)),
            totals: Default::default(),
            readable: Default::default(),
            picked: Default::default(),
            total: Default::default(),
            clears: Default::default(),
        }
    }
}

impl<const N: usize> Logic for CounterBank<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, turn, adding, added, clearing);
        clock!(self, aclk, totals, readable);
        self.turn.aresetn.next = self.aresetn.val();
        self.turn.enable.next = true;
        self.turn.d.next = self.turn.q.val() + 1;
        self.adding.aresetn.next = self.aresetn.val();
        self.adding.enable.next = true;
        self.adding.d.next = self.turn.q.val();
        self.clearing.aresetn.next = self.aresetn.val();
        self.clearing.enable.next = self.clear.val() | self.clearing.q.val().any();
        self.clearing.d.next = self.clearing.q.val() - 1;
        if self.clear.val() {
            self.clearing.d.next = 17.into();
        }
        self.clears.next = self.clearing.q.val().any();

        for i in 0..N {
            self.recent[i].clock.next = self.aclk.val();
            self.recent[i].aresetn.next = self.aresetn.val() & !self.clear.val();
            self.recent[i].enable.next = true;
            self.parts[i].next = 0.into();
            self.recent[i].d.next = self.recent[i].q.val();
            if self.events.val().get_bit(i) & !self.hold.val() {
                self.recent[i].d.next = self.recent[i].q.val() + 1;
            }
            if self.turn.q.val() == i.to_bits() {
                self.parts[i].next = self.recent[i].q.val();
                self.recent[i].d.next = 0.into();
                if self.events.val().get_bit(i) & !self.hold.val() {
                    self.recent[i].d.next = 1.into();
                }
            }
        }
        self.either[0].next = self.parts[0].val();
        for i in 1..N {
            self.either[i].next = self.either[i - 1].val() | self.parts[i].val();
        }
        for i in 0..N {
            self.picked.next = self.either[i].val();
        }

        self.added.aresetn.next = self.aresetn.val() & !self.clear.val();
        self.added.enable.next = true;
        self.added.d.next = self.picked.val();

        self.totals.read_address.next = self.adding.q.val();
        self.total.next = self.totals.read_data.val() + bit_cast::<32, 5>(self.added.q.val());
        if self.clears.val() {
            self.total.next = bit_cast::<32, 5>(self.added.q.val());
        }
        self.totals.write.next = true;
        self.totals.write_address.next = self.adding.q.val();
        self.totals.write_data.next = self.total.val();
        self.readable.write.next = true;
        self.readable.write_address.next = self.adding.q.val();
        self.readable.write_data.next = self.total.val();
        self.readable.read_address.next = self.index.val();
        self.value.next = self.readable.read_data.val();
        if self.clears.val() {
            self.value.next = 0.into();
        }
    }
}

/// Stands in place of a bank that is left out: all its counters are 0.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct NoCounters<const N: usize> {
    pub events: Signal<In, Bits<N>>,
    pub hold: Signal<In, Bit>,
    pub clear: Signal<In, Bit>,
    pub index: Signal<In, Bits<4>>,
    pub value: Signal<Out, Bits<32>>,
}

impl<const N: usize> Logic for NoCounters<N> {
    fn update(&mut self) {
        self.value.next = bits(0);
    }

    fn connect(&mut self) {
        self.value.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Wrapper(Wrapper {
            code: constant(&[("value", "32'h0")]) + &unheard(&["events", "hold", "clear", "index"]),
            cores: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::CounterBank;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    fn values(unit: &mut CounterBank<3>) -> [u64; 3] {
        std::array::from_fn(|index| {
            unit.index.next = bits(index as u64);
            settle(unit, |unit| &mut unit.aclk);
            unit.value.val().to_u64()
        })
    }

    #[test]
    fn counts_holds_and_clears() {
        let mut unit = CounterBank::<3>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let clocks = |unit: &mut CounterBank<3>, events: u64, clocks: usize| {
            unit.events.next = bits(events);
            for _ in 0..clocks {
                step(unit, |unit| &mut unit.aclk);
            }
            unit.events.next = bits(0);
            for _ in 0..18 {
                step(unit, |unit| &mut unit.aclk);
            }
        };
        clocks(&mut unit, 0b101, 100);
        assert_eq!(values(&mut unit), [100, 0, 100]);
        unit.hold.next = true;
        clocks(&mut unit, 0b111, 50);
        unit.hold.next = false;
        clocks(&mut unit, 0b010, 7);
        assert_eq!(values(&mut unit), [100, 7, 100]);
        for ahead in 0..16 {
            clocks(&mut unit, 0b111, ahead);
            unit.clear.next = true;
            unit.events.next = bits(0b111);
            step(&mut unit, |unit| &mut unit.aclk);
            unit.clear.next = false;
            clocks(&mut unit, 0b001, 3);
            assert_eq!(values(&mut unit), [3, 0, 0], "cleared after {ahead}");
        }
    }
}
