//! Forwarding: where a word that is changed in block RAM, one a clock, comes from.
//!
//! For a [`PipelinedRam`](crate::primitives::PipelinedRam) whose words are read, changed and written
//! back. A word is at hand in the third clock after its address and is written back in that; the
//! three words in front of it are then not yet in what the memory gave.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `enable` | in | moves everything; the memory's too |
//! | `valid`, `address` | in | a word is asked for; the memory reads this address |
//! | `keeps_changed` | out | 1 clock later: `kept` takes what is changed at this clock, else what was changed last |
//! | `takes_changed` | out | 2 clocks later: the word is what is changed at this clock |
//! | `takes_kept` | out | 2 clocks later: else it is `kept`; if neither, what the memory gives |
//! | `write`, `write_address` | out | 3 clocks later: the word is changed and written |
//!
//! `A` is the address's width. Outputs are registers; a word a clock. The words themselves stay
//! outside, since what changes them lies between them:
//!
//! ```text
//! last <- changed;  kept <- keeps_changed ? changed : last
//! word <- takes_changed ? changed : takes_kept ? kept : memory
//! changed = f(word)
//! ```

use rust_hdl::prelude::*;

use crate::primitives::Reg;

/// Forwarding; see the module's text.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct Forwarding<const A: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub enable: Signal<In, Bit>,
    pub valid: Signal<In, Bit>,
    pub address: Signal<In, Bits<A>>,
    pub keeps_changed: Signal<Out, Bit>,
    pub takes_changed: Signal<Out, Bit>,
    pub takes_kept: Signal<Out, Bit>,
    pub write: Signal<Out, Bit>,
    pub write_address: Signal<Out, Bits<A>>,
    valids: [Reg<Bit>; 3],
    addresses: [Reg<Bits<A>>; 3],
    /// The address is that of the word one, two, three in front.
    sames: [Reg<Bit>; 3],
    next_changed: Reg<Bit>,
    next_kept: Reg<Bit>,
}

impl<const A: usize> Logic for Forwarding<A> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, next_changed, next_kept);
        for i in 0..3 {
            self.valids[i].clock.next = self.aclk.val();
            self.valids[i].aresetn.next = self.aresetn.val();
            self.valids[i].enable.next = self.enable.val();
            self.addresses[i].clock.next = self.aclk.val();
            self.addresses[i].aresetn.next = true;
            self.addresses[i].enable.next = self.enable.val();
            self.sames[i].clock.next = self.aclk.val();
            self.sames[i].aresetn.next = true;
            self.sames[i].enable.next = self.enable.val();
            self.sames[i].d.next =
                self.valids[i].q.val() & (self.addresses[i].q.val() == self.address.val());
        }
        self.valids[0].d.next = self.valid.val();
        self.addresses[0].d.next = self.address.val();
        for i in 1..3 {
            self.valids[i].d.next = self.valids[i - 1].q.val();
            self.addresses[i].d.next = self.addresses[i - 1].q.val();
        }
        self.next_changed.aresetn.next = true;
        self.next_changed.enable.next = self.enable.val();
        self.next_changed.d.next = self.sames[0].q.val();
        self.next_kept.aresetn.next = true;
        self.next_kept.enable.next = self.enable.val();
        self.next_kept.d.next = self.sames[1].q.val() | self.sames[2].q.val();

        self.keeps_changed.next = self.sames[1].q.val();
        self.takes_changed.next = self.next_changed.q.val();
        self.takes_kept.next = self.next_kept.q.val();
        self.write.next = self.valids[2].q.val() & self.enable.val();
        self.write_address.next = self.addresses[2].q.val();
    }
}
