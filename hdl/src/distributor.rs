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

/// Crossings that wait behind the one that is served, oldest first. It cannot overflow: a lane waits
/// for two words at most, and no entry is without a lane.
#[derive(LogicBlock, Default)]
struct OrderQueue<const S: usize, const F: usize> {
    pub aclk: Signal<In, Clock>,
    pub clear: Signal<In, Bit>,
    /// The queue is just what is pushed in this clock.
    pub renew: Signal<In, Bit>,
    pub push: Signal<In, Bit>,
    pub entry: Signal<In, Bits<S>>,
    pub pop: Signal<In, Bit>,
    pub oldest: Signal<Out, Bits<S>>,
    pub some: Signal<Out, Bit>,
    masks: LutRam<S, F>,
    head: DFF<Bits<F>>,
    tail: DFF<Bits<F>>,
    filled: DFF<Bit>,
    next_head: Signal<Local, Bits<F>>,
}

impl<const S: usize, const F: usize> Logic for OrderQueue<S, F> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, head, tail, filled);
        clock!(self, aclk, masks);
        // The place behind the last is free, so it may be written at any time.
        self.masks.write.next = true;
        self.masks.write_address.next = self.tail.q.val();
        self.masks.write_data.next = self.entry.val();
        self.masks.read_address.next = self.head.q.val();
        self.oldest.next = self.masks.read_data.val();
        self.some.next = self.filled.q.val();
        self.next_head.next = self.head.q.val() + 1;
        if self.pop.val() {
            self.head.d.next = self.next_head.val();
            self.filled.d.next = self.next_head.val() != self.tail.q.val();
        }
        if self.renew.val() {
            self.head.d.next = self.tail.q.val();
        }
        if self.push.val() {
            self.tail.d.next = self.tail.q.val() + 1;
            self.filled.d.next = true;
        }
        if self.clear.val() {
            self.head.d.next = 0.into();
            self.tail.d.next = 0.into();
            self.filled.d.next = false;
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
    /// The lanes of the entry that is served, those that still wait.
    served: DFF<Bits<S>>,
    idle: DFF<Bit>,
    last_taken: DFF<Bit>,
    go: Signal<Local, Bit>,
    crosses: Signal<Local, Bit>,
    waiting: Signal<Local, Bits<S>>,
    some_2: Signal<Local, Bits<S>>,
    some_4: Signal<Local, Bits<S>>,
    some_8: Signal<Local, Bits<S>>,
    rest: Signal<Local, Bits<S>>,
    done: Signal<Local, Bit>,
    skips: Signal<Local, Bit>,
    all: Constant<Bits<S>>,
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
            served: Default::default(),
            idle: Default::default(),
            last_taken: Default::default(),
            go: Default::default(),
            crosses: Default::default(),
            waiting: Default::default(),
            some_2: Default::default(),
            some_4: Default::default(),
            some_8: Default::default(),
            rest: Default::default(),
            done: Default::default(),
            skips: Default::default(),
            all: Constant::new(Bits::mask()),
        }
    }
}

impl<const S: usize, const F: usize> Logic for Distributor<S, F> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, served, idle, last_taken);
        self.order.aclk.next = self.aclk.val();

        // The lanes that wait: those of the oldest entry, or of this clock's if there is none.
        self.crosses.next = self.crossed.val().any();
        self.waiting.next = self.served.q.val();
        if self.idle.q.val() {
            self.waiting.next = self.served.q.val() | self.crossed.val();
        }
        // The lowest has its turn: a lane has none if one of those below waits.
        self.some_2.next = self.waiting.val() | (self.waiting.val() << 1);
        self.some_4.next = self.some_2.val() | (self.some_2.val() << 2);
        self.some_8.next = self.some_4.val() | (self.some_4.val() << 4);
        self.rest.next = self.waiting.val() & (self.some_8.val() << 1);

        self.go.next = self.word_valid.val() & !self.discard.val() & !self.last_taken.q.val();
        self.lane_load.next = 0.into();
        if self.go.val() {
            self.lane_load.next = self.waiting.val() & !self.rest.val();
        }
        self.settled.next = self.idle.q.val() & !self.crosses.val();
        self.word_ready.next = (!self.idle.q.val() | self.crosses.val() | self.discard.val())
            & !self.last_taken.q.val();
        self.ended.next = self.last_taken.q.val();
        self.starved.next = self.last_taken.q.val() & !self.idle.q.val();
        if self.word_ready.val() & self.word_valid.val() {
            self.last_taken.d.next = self.word_last.val();
        }

        // The next entry behind the last lane of one: from the queue, or this clock's past it.
        self.done.next = self.go.val() & !self.rest.val().any();
        self.skips.next = self.idle.q.val() | (self.done.val() & !self.order.some.val());
        self.served.d.next = self.waiting.val();
        if self.go.val() {
            self.served.d.next = self.rest.val();
        }
        self.idle.d.next = self.idle.q.val() & !self.crosses.val();
        if self.done.val() {
            self.served.d.next = 0.into();
            self.idle.d.next = !self.order.some.val() & (self.idle.q.val() | !self.crosses.val());
            if self.order.some.val() {
                self.served.d.next = self.order.oldest.val();
            } else {
                if !self.idle.q.val() {
                    self.served.d.next = self.crossed.val();
                }
            }
        }
        self.order.clear.next = !self.aresetn.val();
        self.order.renew.next = self.start.val();
        self.order.push.next = self.start.val() | (self.crosses.val() & !self.skips.val());
        self.order.pop.next = self.done.val() & self.order.some.val();
        self.order.entry.next = self.crossed.val();
        // All lanes, and behind them all again.
        if self.start.val() {
            self.order.entry.next = self.all.val();
            self.served.d.next = self.all.val();
            self.idle.d.next = false;
            self.last_taken.d.next = false;
        }
        if !self.aresetn.val() {
            self.served.d.next = 0.into();
            self.idle.d.next = true;
            self.last_taken.d.next = true;
        }
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
