//! Context use: which contexts the packets of a path are using.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `held` | in | a command for `cmd_context` is on its way |
//! | `starts`, `cmd_context` | in | the core takes a command; its context |
//! | `ends` | in | the last beat of the core's oldest command has left it |
//! | `in_use` | out | a bit for each context |
//!
//! No parameters. A core has at most two commands, since the parser gives the next one only when the
//! framer has begun the answer to the one before. Latency: a context is in use from the clock of
//! `held` to that of `ends`.

use rust_hdl::prelude::*;

/// Context use; see the module's text.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct ContextUse {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub held: Signal<In, Bit>,
    pub starts: Signal<In, Bit>,
    pub cmd_context: Signal<In, Bit>,
    pub ends: Signal<In, Bit>,
    pub in_use: Signal<Out, Bits<2>>,
    /// The bits of the contexts of the core's commands, 0 where there is none.
    older: DFF<Bits<2>>,
    younger: DFF<Bits<2>>,
    asked: Signal<Local, Bits<2>>,
    held_now: Signal<Local, Bits<2>>,
}

impl Logic for ContextUse {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, older, younger);
        self.asked.next = 1.into();
        if self.cmd_context.val() {
            self.asked.next = 2.into();
        }
        if self.ends.val() {
            self.older.d.next = self.younger.q.val();
            self.younger.d.next = 0.into();
        }
        if self.starts.val() {
            if self.younger.q.val().any() | (self.older.q.val().any() & !self.ends.val()) {
                self.younger.d.next = self.asked.val();
            } else {
                self.older.d.next = self.asked.val();
            }
        }
        self.held_now.next = 0.into();
        if self.held.val() {
            self.held_now.next = self.asked.val();
        }
        self.in_use.next = self.held_now.val() | self.older.q.val() | self.younger.q.val();
        if !self.aresetn.val() {
            self.older.d.next = 0.into();
            self.younger.d.next = 0.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ContextUse;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;
    use std::collections::VecDeque;

    #[test]
    fn commands_end_in_their_order() {
        let mut unit = ContextUse::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let mut commands: VecDeque<bool> = VecDeque::new();
        for clock in 0..2000u64 {
            let noise = clock.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let choice = |bit: u32| noise >> (60 + bit) & 1 == 1;
            let ends = !commands.is_empty() && choice(0);
            let starts = commands.len() < 2 && choice(1);
            let (held, context) = (starts || choice(2), choice(3));
            unit.ends.next = ends;
            unit.starts.next = starts;
            unit.held.next = held;
            unit.cmd_context.next = context;
            settle(&mut unit, |unit| &mut unit.aclk);
            let used = commands.iter().copied().chain(held.then_some(context));
            let expected = used.fold(0, |bits, context| bits | 1 << u64::from(context));
            assert_eq!(unit.in_use.val().to_u64(), expected);
            step(&mut unit, |unit| &mut unit.aclk);
            if ends {
                commands.pop_front();
            }
            if starts {
                commands.push_back(context);
            }
        }
    }
}
