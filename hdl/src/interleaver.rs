//! Interleaver: puts the lanes' words into the order of the code stream.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `order_valid`, `order_lanes`, `order_error` | in | lanes that crossed a word's end in one beat; no lanes: the packet ends, with this error code |
//! | `order_ready` | out | taken |
//! | `some` | in | lanes that have a finished word |
//! | `take` | out | the lane whose word is taken |
//! | `words` | in | each lane's word taken 2 moves ago |
//! | `m_tvalid`, `m_tdata`, `m_tlast`, `m_tuser` | out | the words in their order; the error code with the last |
//! | `m_tready` | in | the output moves: a register, as of a skid buffer |
//!
//! Parameters: S lanes, words of W bits. Latency 2 from `take` to `m_tdata`; one word a clock as long
//! as the lane whose turn it is has one.
//!
//! A packet begins with two rounds of all lanes, then follow the lanes of each order entry, lane 0
//! first. The packet's last word is written behind its end marker, so the marker is always seen in
//! time.

use rust_hdl::prelude::*;

/// Interleaver of S lanes.
#[derive(LogicBlock)]
pub struct Interleaver<const S: usize, const W: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// There is an order entry.
    pub order_valid: Signal<In, Bit>,
    /// Its lanes; none at the packet's end.
    pub order_lanes: Signal<In, Bits<S>>,
    /// Error code at the packet's end.
    pub order_error: Signal<In, Bits<3>>,
    /// The entry is taken.
    pub order_ready: Signal<Out, Bit>,
    /// Lanes with a finished word.
    pub some: Signal<In, Bits<S>>,
    /// Lane whose word is taken.
    pub take: Signal<Out, Bits<S>>,
    /// Words taken.
    pub words: [Signal<In, Bits<W>>; S],
    /// There is a word.
    pub m_tvalid: Signal<Out, Bit>,
    /// The word.
    pub m_tdata: Signal<Out, Bits<W>>,
    /// It is the packet's last.
    pub m_tlast: Signal<Out, Bit>,
    /// Error code, with the last.
    pub m_tuser: Signal<Out, Bits<3>>,
    /// The output moves.
    pub m_tready: Signal<In, Bit>,

    all: Constant<Bits<S>>,
    /// Rounds of all lanes still to come.
    rounds: DFF<Bits<2>>,
    /// Lanes of this entry still to come.
    pending: DFF<Bits<S>>,
    /// The lane whose word is next.
    turn: DFF<Bits<S>>,
    first: Signal<Local, Bits<S>>,
    rest: Signal<Local, Bits<S>>,
    serves: Signal<Local, Bit>,
    take_now: Signal<Local, Bits<S>>,
    moves: Signal<Local, Bit>,
    refill: Signal<Local, Bit>,
    end_next: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,

    read_lane: DFF<Bits<S>>,
    read_last: DFF<Bit>,
    read_error: DFF<Bits<3>>,
    out_lane: DFF<Bits<S>>,
    out_last: DFF<Bit>,
    out_error: DFF<Bits<3>>,
    chosen: [Signal<Local, Bits<W>>; S],
    joined: [Signal<Local, Bits<W>>; S],
}

impl<const S: usize, const W: usize> Default for Interleaver<S, W> {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            order_valid: Signal::default(),
            order_lanes: Signal::default(),
            order_error: Signal::default(),
            order_ready: Signal::default(),
            some: Signal::default(),
            take: Signal::default(),
            words: std::array::from_fn(|_| Signal::default()),
            m_tvalid: Signal::default(),
            m_tdata: Signal::default(),
            m_tlast: Signal::default(),
            m_tuser: Signal::default(),
            m_tready: Signal::default(),
            all: Constant::new(Bits::mask()),
            rounds: DFF::default(),
            pending: DFF::default(),
            turn: DFF::default(),
            first: Signal::default(),
            rest: Signal::default(),
            serves: Signal::default(),
            take_now: Signal::default(),
            moves: Signal::default(),
            refill: Signal::default(),
            end_next: Signal::default(),
            ends: Signal::default(),
            read_lane: DFF::default(),
            read_last: DFF::default(),
            read_error: DFF::default(),
            out_lane: DFF::default(),
            out_last: DFF::default(),
            out_error: DFF::default(),
            chosen: std::array::from_fn(|_| Signal::default()),
            joined: std::array::from_fn(|_| Signal::default()),
        }
    }
}

impl<const S: usize, const W: usize> Logic for Interleaver<S, W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, rounds, pending, turn);
        dff_setup!(self, aclk, read_lane, read_last, read_error);
        dff_setup!(self, aclk, out_lane, out_last, out_error);

        self.first.next = self.pending.q.val() & ((!self.pending.q.val()) + 1);
        self.rest.next = self.pending.q.val() & (self.pending.q.val() - 1);
        self.serves.next = (self.turn.q.val() & self.some.val()).any() & self.m_tready.val();
        self.moves.next = self.serves.val() | (!self.turn.q.val().any());
        self.take_now.next = 0.into();
        if self.serves.val() {
            self.take_now.next = self.turn.q.val();
        }
        self.take.next = self.take_now.val();
        if self.moves.val() {
            self.turn.d.next = self.first.val();
            self.pending.d.next = self.rest.val();
        }

        self.end_next.next =
            (!self.rounds.q.val().any()) & self.order_valid.val() & (!self.order_lanes.val().any());
        self.ends.next = self.serves.val() & (!self.pending.q.val().any()) & self.end_next.val();
        self.refill.next =
            (!self.pending.q.val().any()) | (self.moves.val() & (!self.rest.val().any()));
        self.order_ready.next = self.ends.val();
        if self.refill.val() {
            if self.rounds.q.val().any() {
                self.pending.d.next = self.all.val();
                self.rounds.d.next = self.rounds.q.val() - 1;
            } else {
                if self.order_valid.val() & (!self.end_next.val()) {
                    self.pending.d.next = self.order_lanes.val();
                    self.order_ready.next = true;
                }
            }
        }
        if self.ends.val() {
            self.rounds.d.next = 2.into();
        }

        if self.m_tready.val() {
            self.read_lane.d.next = self.take_now.val();
            self.read_last.d.next = self.ends.val();
            self.read_error.d.next = 0.into();
            if self.ends.val() {
                self.read_error.d.next = self.order_error.val();
            }
            self.out_lane.d.next = self.read_lane.q.val();
            self.out_last.d.next = self.read_last.q.val();
            self.out_error.d.next = self.read_error.q.val();
        }
        for i in 0..S {
            self.chosen[i].next = 0.into();
            if ((self.out_lane.q.val() >> i.to_bits::<4>()) & 1).any() {
                self.chosen[i].next = self.words[i].val();
            }
        }
        self.joined[0].next = self.chosen[0].val();
        for i in 1..S {
            self.joined[i].next = self.joined[i - 1].val() | self.chosen[i].val();
        }
        for i in 0..S {
            self.m_tdata.next = self.joined[i].val();
        }
        self.m_tvalid.next = self.out_lane.q.val().any();
        self.m_tlast.next = self.out_last.q.val();
        self.m_tuser.next = self.out_error.q.val();

        if !self.aresetn.val() {
            self.rounds.d.next = 2.into();
            self.pending.d.next = 0.into();
            self.turn.d.next = 0.into();
            self.read_lane.d.next = 0.into();
            self.out_lane.d.next = 0.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Interleaver;
    use crate::step::step;
    use rust_hdl::prelude::*;

    /// Lanes that always have words, two entries and the packet's end.
    #[test]
    fn two_rounds_then_the_entries() {
        let mut unit = Interleaver::<4, 32>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.m_tready.next = true;
        unit.some.next = bits(15);
        for lane in 0..4 {
            unit.words[lane].next = bits(lane as u64);
        }
        let mut entries = vec![0b1001, 0b0110, 0].into_iter().peekable();
        unit.order_valid.next = true;
        unit.order_error.next = bits(5);
        let mut words = Vec::new();
        while entries.peek().is_some() || !unit.m_tlast.val() {
            unit.order_lanes.next = bits(*entries.peek().unwrap_or(&0));
            unit.order_valid.next = entries.peek().is_some();
            crate::step::settle(&mut unit, |unit| &mut unit.aclk);
            if unit.order_ready.val() {
                entries.next();
            }
            step(&mut unit, |unit| &mut unit.aclk);
            if unit.m_tvalid.val() {
                words.push(unit.m_tdata.val().to_u64());
            }
            assert!(words.len() < 13, "it goes on behind the packet's end");
        }
        assert_eq!(words, [0, 1, 2, 3, 0, 1, 2, 3, 0, 3, 1, 2]);
        assert_eq!(unit.m_tuser.val(), bits(5));
    }
}
