//! Interleaver: puts the lanes' words into the order of the code stream.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `order_valid`, `order_lanes`, `order_error` | in | an entry: lanes whose words are due; no lanes: the packet ends, with this error code |
//! | `order_ready` | out | taken |
//! | `some` | in | lanes that have a finished word |
//! | `take` | out | the lanes whose word is taken, at most one |
//! | `words` | in | each lane's word if it was taken 3 moves ago, else 0 |
//! | `m_tvalid`, `m_tdata`, `m_tlast`, `m_tuser` | out | the words in their order; the error code with the last |
//! | `m_tready` | in | the output moves: a register, as of a skid buffer |
//!
//! Parameters: S lanes, words of W bits, E = S + 3, T = S + 4. Latency 3 from `take` to `m_tdata`; one
//! word a clock as long as the lane whose turn it is has one.
//!
//! | clock | work |
//! |---|---|
//! | 1 | keep an entry ready |
//! | 2 | its first lane that is still to come; is it the packet's last? |
//! | 3 | wait for the lane's word |
//!
//! Registers with a spare place lie between, so that no clock does the work of two. An entry's last
//! lane waits for the entry behind, which says whether the packet ends.

use rust_hdl::prelude::*;

use crate::skid_buffer::SkidBuffer;

/// Interleaver of S lanes.
#[derive(LogicBlock)]
pub struct Interleaver<const S: usize, const W: usize, const E: usize, const T: usize> {
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

    entries: SkidBuffer<E>,
    due: Signal<Local, Bits<S>>,
    /// Lanes of this entry still to come.
    pending: DFF<Bits<S>>,
    from1: Signal<Local, Bits<S>>,
    from2: Signal<Local, Bits<S>>,
    from4: Signal<Local, Bits<S>>,
    first: Signal<Local, Bits<S>>,
    rest: Signal<Local, Bits<S>>,
    finishes: Signal<Local, Bit>,
    known: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    moves: Signal<Local, Bit>,

    /// The lane whose word is next, behind it the last bit and the error code.
    turns: SkidBuffer<T>,
    turn: Signal<Local, Bits<S>>,
    serves: Signal<Local, Bit>,

    past: [DFF<Bits<5>>; 3],
    joined: [Signal<Local, Bits<W>>; S],
}

impl<const S: usize, const W: usize, const E: usize, const T: usize> Default
    for Interleaver<S, W, E, T>
{
    fn default() -> Self {
        assert_eq!((E, T), (S + 3, S + 4));
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
            entries: SkidBuffer::default(),
            due: Signal::default(),
            pending: DFF::default(),
            from1: Signal::default(),
            from2: Signal::default(),
            from4: Signal::default(),
            first: Signal::default(),
            rest: Signal::default(),
            finishes: Signal::default(),
            known: Signal::default(),
            ends: Signal::default(),
            moves: Signal::default(),
            turns: SkidBuffer::default(),
            turn: Signal::default(),
            serves: Signal::default(),
            past: std::array::from_fn(|_| DFF::default()),
            joined: std::array::from_fn(|_| Signal::default()),
        }
    }
}

impl<const S: usize, const W: usize, const E: usize, const T: usize> Logic
    for Interleaver<S, W, E, T>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, pending);
        self.entries.aclk.next = self.aclk.val();
        self.entries.aresetn.next = self.aresetn.val();
        self.turns.aclk.next = self.aclk.val();
        self.turns.aresetn.next = self.aresetn.val();

        self.entries.s_tvalid.next = self.order_valid.val();
        self.entries.s_tdata.next = (bit_cast::<E, S>(self.order_lanes.val()) << 3)
            | bit_cast::<E, 3>(self.order_error.val());
        self.order_ready.next = self.entries.s_tready.val();

        // `from4` has the bits from the first lane on.
        self.due.next = self.entries.m_tdata.val().get_bits::<S>(3);
        self.from1.next = self.pending.q.val() | (self.pending.q.val() << 1);
        self.from2.next = self.from1.val() | (self.from1.val() << 2);
        self.from4.next = self.from2.val() | (self.from2.val() << 4);
        self.first.next = self.pending.q.val() & (!(self.from4.val() << 1));
        self.rest.next = self.pending.q.val() & (self.from4.val() << 1);
        self.finishes.next = !self.rest.val().any();
        self.known.next = self.entries.m_tvalid.val() | (!self.finishes.val());
        self.ends.next = self.finishes.val() & (!self.due.val().any());
        self.moves.next = self.turns.s_tready.val() & self.known.val();
        self.entries.m_tready.next = self.turns.s_tready.val() & self.finishes.val();
        if self.moves.val() {
            self.pending.d.next = self.rest.val();
            if self.finishes.val() {
                self.pending.d.next = self.due.val();
            }
        }
        self.turns.s_tvalid.next = self.known.val() & self.pending.q.val().any();
        self.turns.s_tdata.next = bit_cast::<T, S>(self.first.val()) << 4;
        if self.ends.val() {
            self.turns.s_tdata.next = (bit_cast::<T, S>(self.first.val()) << 4)
                | (bit_cast::<T, 3>(self.entries.m_tdata.val().get_bits::<3>(0)) << 1)
                | 1;
        }

        self.turn.next = self.turns.m_tdata.val().get_bits::<S>(4) & self.some.val();
        self.serves.next = self.turn.val().any() & self.turns.m_tvalid.val() & self.m_tready.val();
        self.take.next = 0.into();
        if self.turns.m_tvalid.val() & self.m_tready.val() {
            self.take.next = self.turn.val();
        }
        self.turns.m_tready.next = self.serves.val();

        // The last bit, the error code and whether there is a word at all.
        for i in 0..3 {
            self.past[i].clock.next = self.aclk.val();
            self.past[i].d.next = self.past[i].q.val();
        }
        if self.m_tready.val() {
            self.past[0].d.next = bit_cast::<5, 4>(self.turns.m_tdata.val().get_bits::<4>(0));
            if self.serves.val() {
                self.past[0].d.next =
                    bit_cast::<5, 4>(self.turns.m_tdata.val().get_bits::<4>(0)) | 16;
            }
            for i in 1..3 {
                self.past[i].d.next = self.past[i - 1].q.val();
            }
        }
        self.joined[0].next = self.words[0].val();
        for i in 1..S {
            self.joined[i].next = self.joined[i - 1].val() | self.words[i].val();
        }
        for i in 0..S {
            self.m_tdata.next = self.joined[i].val();
        }
        self.m_tvalid.next = self.past[2].q.val().get_bit(4);
        self.m_tlast.next = self.past[2].q.val().get_bit(0);
        self.m_tuser.next = self.past[2].q.val().get_bits::<3>(1);

        if !self.aresetn.val() {
            self.pending.d.next = 0.into();
            for i in 0..3 {
                self.past[i].d.next = 0.into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Interleaver;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    /// Lanes that always have words, three entries and the packet's end.
    #[test]
    fn the_entries_lanes_then_the_end() {
        let mut unit = Interleaver::<4, 32, 7, 8>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.m_tready.next = true;
        unit.some.next = bits(15);
        let mut entries = vec![15, 0b1001, 0b0110, 0].into_iter().peekable();
        unit.order_error.next = bits(5);
        let mut taken = [0; 3];
        let mut words = Vec::new();
        for _ in 0..40 {
            unit.order_lanes.next = bits(*entries.peek().unwrap_or(&0));
            unit.order_valid.next = entries.peek().is_some();
            for lane in 0..4 {
                let word = if taken[2] >> lane & 1 == 1 {
                    7 + lane
                } else {
                    0
                };
                unit.words[lane as usize].next = bits(word);
            }
            settle(&mut unit, |unit| &mut unit.aclk);
            if unit.m_tvalid.val() {
                words.push((unit.m_tdata.val().to_u64(), unit.m_tuser.val().to_u64()));
                assert_eq!(unit.m_tlast.val(), words.len() == 8);
            }
            if unit.order_ready.val() {
                entries.next();
            }
            taken = [unit.take.val().to_u64(), taken[0], taken[1]];
            step(&mut unit, |unit| &mut unit.aclk);
        }
        let expected = [7, 8, 9, 10, 7, 10, 8].map(|word| (word, 0));
        assert_eq!(words[..7], expected);
        assert_eq!(words[7..], [(9, 5)]);
    }
}
