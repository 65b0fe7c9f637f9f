//! Word distributor: hands each code word to the lane whose turn it is.
//!
//! The order is the code stream's: all lanes twice, then the lanes that crossed the end of a word,
//! beat by beat, lane 0 first.
//!
//! | port | meaning |
//! |---|---|
//! | `start` | a packet starts |
//! | `word`, `word_last`, `word_valid`, `word_ready` | the packet's words; `word_last` ends it |
//! | `crossed` | the lanes that crossed in this beat, 0 where there was none |
//! | `discard` | the packet is decoded: drop what is left of it |
//! | `lane_load` | the lane that takes `word` in this cycle, one bit each |
//! | `settled` | no lane waits for a word |
//! | `ended` | the packet's last word was taken; also when idle |
//! | `starved` | `ended`, and a lane has waited since before this clock |
//!
//! `settled` and not `ended` at the end of decoding means that the packet is too long, `ended` and
//! not `settled` that it is too short. `starved` says so too, from registers.
//!
//! Parameters: `S` lanes (1, 2, 4, 8); `F` = log2(2 S), as a lane waits for two words at most.
//!
//! Latency 0 from a word to its lane and from a crossing to its turn. One word a clock.

use rust_hdl::prelude::*;

use crate::primitives::LutRam;

/// Crossings that wait for their words, oldest first. It cannot overflow: a lane waits for two words
/// at most, and no entry is without a lane.
#[derive(LogicBlock, Default)]
struct OrderQueue<const S: usize, const F: usize> {
    pub aclk: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    pub push: Signal<In, Bit>,
    pub crossed: Signal<In, Bits<S>>,
    pub pop: Signal<In, Bit>,
    pub oldest: Signal<Out, Bits<S>>,
    pub waiting: Signal<Out, Bit>,
    masks: LutRam<S, F>,
    head: DFF<Bits<F>>,
    tail: DFF<Bits<F>>,
    some: DFF<Bit>,
    next_head: Signal<Local, Bits<F>>,
}

impl<const S: usize, const F: usize> Logic for OrderQueue<S, F> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, head, tail, some);
        clock!(self, aclk, masks);
        self.masks.write.next = self.push.val();
        self.masks.write_address.next = self.tail.q.val();
        self.masks.write_data.next = self.crossed.val();
        self.masks.read_address.next = self.head.q.val();
        self.oldest.next = self.masks.read_data.val();
        self.waiting.next = self.some.q.val();
        self.next_head.next = self.head.q.val() + 1;
        if self.pop.val() {
            self.head.d.next = self.next_head.val();
            self.some.d.next = self.next_head.val() != self.tail.q.val();
        }
        if self.push.val() {
            self.tail.d.next = self.tail.q.val() + 1;
            self.some.d.next = true;
        }
        if self.clear.val() {
            self.head.d.next = 0.into();
            self.tail.d.next = 0.into();
            self.some.d.next = false;
        }
    }
}

/// The distributor; see the module's text.
#[derive(LogicBlock)]
pub struct Distributor<const S: usize, const F: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// A packet starts.
    pub start: Signal<In, Bit>,
    /// There is a word.
    pub word_valid: Signal<In, Bit>,
    /// It is the packet's last.
    pub word_last: Signal<In, Bit>,
    /// It is taken.
    pub word_ready: Signal<Out, Bit>,
    /// Lanes that crossed.
    pub crossed: Signal<In, Bits<S>>,
    /// Drop the rest of the packet.
    pub discard: Signal<In, Bit>,
    /// Lane that takes the word.
    pub lane_load: Signal<Out, Bits<S>>,
    /// No lane waits.
    pub settled: Signal<Out, Bit>,
    /// The last word was taken.
    pub ended: Signal<Out, Bit>,
    /// It is too short.
    pub starved: Signal<Out, Bit>,
    order: OrderQueue<S, F>,
    rounds: DFF<Bits<2>>,
    served: DFF<Bits<S>>,
    last_taken: DFF<Bit>,
    waiting: Signal<Local, Bits<S>>,
    rest: Signal<Local, Bits<S>>,
    turn: Signal<Local, Bits<S>>,
    waited: Signal<Local, Bit>,
    wanted: Signal<Local, Bit>,
    ready: Signal<Local, Bit>,
    all: Constant<Bits<S>>,
    zero: Constant<Bits<S>>,
}

impl<const S: usize, const F: usize> Default for Distributor<S, F> {
    fn default() -> Self {
        assert_eq!(1 << F, 2 * S, "F is log2(2 S)");
        Self {
            aclk: Default::default(),
            aresetn: Default::default(),
            start: Default::default(),
            word_valid: Default::default(),
            word_last: Default::default(),
            word_ready: Default::default(),
            crossed: Default::default(),
            discard: Default::default(),
            lane_load: Default::default(),
            settled: Default::default(),
            ended: Default::default(),
            starved: Default::default(),
            order: Default::default(),
            rounds: Default::default(),
            served: Default::default(),
            last_taken: Default::default(),
            waiting: Default::default(),
            rest: Default::default(),
            turn: Default::default(),
            waited: Default::default(),
            wanted: Default::default(),
            ready: Default::default(),
            all: Constant::new(Bits::mask()),
            zero: Constant::new(0u64.into()),
        }
    }
}

impl<const S: usize, const F: usize> Logic for Distributor<S, F> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, rounds, served, last_taken);
        self.order.aclk.next = self.aclk.val();
        self.order.clear.next = self.start.val() | !self.aresetn.val();
        self.order.crossed.next = self.crossed.val();

        // The lanes of the oldest entry that still wait, or of this clock's if there is none; the
        // lowest has its turn.
        self.waited.next = self.rounds.q.val().any() | self.order.waiting.val();
        self.wanted.next = self.waited.val() | self.crossed.val().any();
        self.waiting.next = self.crossed.val();
        if self.order.waiting.val() {
            self.waiting.next = self.order.oldest.val() & !self.served.q.val();
        }
        if self.rounds.q.val().any() {
            self.waiting.next = self.all.val() & !self.served.q.val();
        }
        self.turn.next = self.waiting.val() & (self.zero.val() - self.waiting.val());
        self.rest.next = self.waiting.val() & !self.turn.val();
        self.ready.next = (self.wanted.val() | self.discard.val()) & !self.last_taken.q.val();
        self.word_ready.next = self.ready.val();
        self.lane_load.next = 0.into();
        self.order.push.next = self.crossed.val().any();
        self.order.pop.next = false;
        if self.ready.val() & self.word_valid.val() {
            self.last_taken.d.next = self.word_last.val();
            if self.wanted.val() & !self.discard.val() {
                self.lane_load.next = self.turn.val();
                self.served.d.next = self.served.q.val() | self.turn.val();
                if !self.rest.val().any() {
                    self.served.d.next = 0.into();
                    if self.rounds.q.val().any() {
                        self.rounds.d.next = self.rounds.q.val() - 1;
                    } else {
                        self.order.pop.next = self.order.waiting.val();
                        self.order.push.next = self.order.waiting.val() & self.crossed.val().any();
                    }
                }
            }
        }
        if self.start.val() {
            self.last_taken.d.next = false;
            self.rounds.d.next = 2.into();
            self.served.d.next = 0.into();
        }
        if !self.aresetn.val() {
            self.last_taken.d.next = true;
            self.rounds.d.next = 0.into();
            self.served.d.next = 0.into();
        }
        self.settled.next = !self.wanted.val();
        self.ended.next = self.last_taken.q.val();
        self.starved.next = self.last_taken.q.val() & self.waited.val();
    }
}

#[cfg(test)]
mod tests {
    use super::Distributor;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    #[test]
    fn all_lanes_twice_then_as_they_cross() {
        let mut unit = Distributor::<4, 3>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.start.next = true;
        step(&mut unit, |unit| &mut unit.aclk);
        unit.start.next = false;
        unit.word_valid.next = true;
        let crossed = [0, 0, 0, 0, 0, 0b1010, 1, 0, 0, 0, 0, 0b0110, 0, 0b1000];
        let turns = [1, 2, 4, 8, 1, 2, 4, 8, 2, 8, 1, 2, 4, 8];
        for (crossed, turn) in crossed.into_iter().zip(turns) {
            unit.crossed.next = bits(crossed);
            settle(&mut unit, |unit| &mut unit.aclk);
            assert_eq!(unit.lane_load.val(), bits(turn));
            step(&mut unit, |unit| &mut unit.aclk);
        }
        unit.crossed.next = bits(0);
        settle(&mut unit, |unit| &mut unit.aclk);
        assert!(unit.settled.val() && !unit.word_ready.val() && !unit.ended.val());
    }
}
