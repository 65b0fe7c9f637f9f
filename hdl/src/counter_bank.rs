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
//! since its last turn, at most 16: so a value lags behind by up to 16 clocks, of `hold` too. It
//! wraps around. It has neither a carry chain for each counter nor a multiplexer of them;
//! for one or two use plain counters.

use rust_hdl::prelude::*;

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
            recent: std::array::from_fn(|_| Reg::default()),
            parts: std::array::from_fn(|_| Signal::default()),
            either: std::array::from_fn(|_| Signal::default()),
            clearing: Reg::new(bits(16)),
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
        dff_setup!(self, aclk, turn, clearing);
        clock!(self, aclk, totals, readable);
        self.turn.aresetn.next = self.aresetn.val();
        self.turn.enable.next = true;
        self.turn.d.next = self.turn.q.val() + 1;
        self.clearing.aresetn.next = self.aresetn.val();
        self.clearing.enable.next = self.clear.val() | self.clearing.q.val().any();
        self.clearing.d.next = self.clearing.q.val() - 1;
        if self.clear.val() {
            self.clearing.d.next = 16.into();
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

        self.totals.read_address.next = self.turn.q.val();
        self.total.next = self.totals.read_data.val() + bit_cast::<32, 5>(self.picked.val());
        if self.clears.val() {
            self.total.next = bit_cast::<32, 5>(self.picked.val());
        }
        self.totals.write.next = true;
        self.totals.write_address.next = self.turn.q.val();
        self.totals.write_data.next = self.total.val();
        self.readable.write.next = true;
        self.readable.write_address.next = self.turn.q.val();
        self.readable.write_data.next = self.total.val();
        self.readable.read_address.next = self.index.val();
        self.value.next = self.readable.read_data.val();
        if self.clears.val() {
            self.value.next = 0.into();
        }
    }
}
