//! Word feed: a lane's words, handed on in chunks of 16 bits to where the lane reads.

use crate::primitives::Reg;
use rust_hdl::prelude::*;

/// Keeps a lane's words and gives the 32 bits at its position, in steps of a chunk of 16 bits.
///
/// | port | direction | meaning |
/// |---|---|---|
/// | `aclk`, `aresetn`, `start` | in | clock, active-low synchronous reset, drop everything |
/// | `word_data`, `word_valid`, `word_ready` | in, in, out | the lane's next word; ready is a register |
/// | `bits` | out | head chunk and tail chunk, bit 31 first |
/// | `available` | out | both are there |
/// | `fill`, `refill` | out | `shift`, `load` are wanted whatever the lane does |
/// | `shift` | in | the head chunk is done: the tail takes its place |
/// | `load` | in | the tail takes the next chunk |
/// | `crossed` | out | a word's last chunk was shifted out at the last clock |
///
/// `load` has to be `shift | refill`, and `shift` at least `fill`. Both are clock enables and
/// nothing else, so they may come late in the clock.
///
/// `W` is the word's width, 32 or 64; `P = log2(W / 16)`. A word passes the waiting register, the
/// current register and the chunks, all plain loads: only the choice of the next chunk is a
/// multiplexer. From a word taken to its first bit in `bits`: 3 clocks, 4 to `available`. The
/// current register takes the waiting word the clock after its last chunk went, so a chunk may come
/// a clock late there if two are asked for in a row.
#[derive(LogicBlock)]
pub struct WordFeed<const W: usize, const P: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Active-low synchronous reset.
    pub aresetn: Signal<In, Bit>,
    /// Drops everything.
    pub start: Signal<In, Bit>,
    /// Next word.
    pub word_data: Signal<In, Bits<W>>,
    /// Word valid.
    pub word_valid: Signal<In, Bit>,
    /// Word taken.
    pub word_ready: Signal<Out, Bit>,
    /// Head and tail chunk.
    pub bits: Signal<Out, Bits<32>>,
    /// Both are there.
    pub available: Signal<Out, Bit>,
    /// `shift` is wanted.
    pub fill: Signal<Out, Bit>,
    /// `load` is wanted.
    pub refill: Signal<Out, Bit>,
    /// Next head chunk.
    pub shift: Signal<In, Bit>,
    /// Next tail chunk.
    pub load: Signal<In, Bit>,
    /// A word is done.
    pub crossed: Signal<Out, Bit>,
    waiting: Reg<Bits<W>>,
    waiting_valid: Reg<Bit>,
    current: Reg<Bits<W>>,
    // The current word is there while these differ: one is toggled early, one by `load`.
    filled: Reg<Bit>,
    used: Reg<Bit>,
    chunk: Reg<Bits<P>>,
    head: Reg<Bits<16>>,
    tail: Reg<Bits<16>>,
    head_valid: Reg<Bit>,
    tail_valid: Reg<Bit>,
    /// The head chunk's number in its word.
    number: Reg<Bits<P>>,
    shifted: Reg<Bit>,
    was_last: Reg<Bit>,
    keep: Signal<Local, Bit>,
    current_valid: Signal<Local, Bit>,
    both: Signal<Local, Bit>,
    filling: Signal<Local, Bit>,
    from_end: Signal<Local, Bits<P>>,
    wide_from_end: Signal<Local, Bits<6>>,
    next_at: Signal<Local, Bits<6>>,
    one_if_valid: Signal<Local, Bits<P>>,
    wide_head: Signal<Local, Bits<32>>,
}

impl<const W: usize, const P: usize> Default for WordFeed<W, P> {
    fn default() -> Self {
        assert!(W == 32 || W == 64, "words have 32 or 64 bits");
        assert_eq!(16 << P, W, "a word has 2^P chunks");
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            start: Signal::default(),
            word_data: Signal::default(),
            word_valid: Signal::default(),
            word_ready: Signal::default(),
            bits: Signal::default(),
            available: Signal::default(),
            fill: Signal::default(),
            refill: Signal::default(),
            shift: Signal::default(),
            load: Signal::default(),
            crossed: Signal::default(),
            waiting: Reg::default(),
            waiting_valid: Reg::default(),
            current: Reg::default(),
            filled: Reg::default(),
            used: Reg::default(),
            chunk: Reg::default(),
            head: Reg::default(),
            tail: Reg::default(),
            head_valid: Reg::default(),
            tail_valid: Reg::default(),
            // Two shifts bring the first chunk to the head.
            number: Reg::new(bits((1 << P) - 2)),
            shifted: Reg::default(),
            was_last: Reg::default(),
            keep: Signal::default(),
            current_valid: Signal::default(),
            both: Signal::default(),
            filling: Signal::default(),
            from_end: Signal::default(),
            wide_from_end: Signal::default(),
            next_at: Signal::default(),
            one_if_valid: Signal::default(),
            wide_head: Signal::default(),
        }
    }
}

impl<const W: usize, const P: usize> Logic for WordFeed<W, P> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            aclk,
            waiting,
            waiting_valid,
            current,
            filled,
            used,
            chunk,
            head,
            tail,
            head_valid,
            tail_valid,
            number,
            shifted,
            was_last
        );
        self.keep.next = self.aresetn.val() & !self.start.val();
        self.waiting_valid.aresetn.next = self.keep.val();
        self.filled.aresetn.next = self.keep.val();
        self.used.aresetn.next = self.keep.val();
        self.chunk.aresetn.next = self.keep.val();
        self.head_valid.aresetn.next = self.keep.val();
        self.tail_valid.aresetn.next = self.keep.val();
        self.number.aresetn.next = self.keep.val();
        self.shifted.aresetn.next = self.keep.val();
        self.was_last.aresetn.next = self.keep.val();
        // Words and chunks have valid bits.
        self.waiting.aresetn.next = true;
        self.current.aresetn.next = true;
        self.head.aresetn.next = true;
        self.tail.aresetn.next = true;

        self.current_valid.next = self.filled.q.val() ^ self.used.q.val();
        self.both.next = self.head_valid.q.val() & self.tail_valid.q.val();
        self.filling.next = !self.head_valid.q.val() & self.current_valid.val();

        // Words.
        self.waiting.d.next = self.word_data.val();
        self.waiting.enable.next = !self.waiting_valid.q.val();
        self.waiting_valid.enable.next = true;
        if self.waiting_valid.q.val() {
            self.waiting_valid.d.next = self.current_valid.val();
        } else {
            self.waiting_valid.d.next = self.word_valid.val();
        }
        self.current.d.next = self.waiting.q.val();
        self.current.enable.next = !self.current_valid.val();
        self.filled.d.next = !self.filled.q.val();
        self.filled.enable.next = !self.current_valid.val() & self.waiting_valid.q.val();

        // Chunks, the word's top one first.
        self.from_end.next = !self.chunk.q.val();
        self.wide_from_end.next = bit_cast::<6, P>(self.from_end.val());
        self.next_at.next = self.wide_from_end.val() << 4;
        self.tail.d.next = self
            .current
            .q
            .val()
            .get_bits::<16>(self.next_at.val().index());
        self.tail.enable.next = self.load.val();
        self.tail_valid.d.next = self.current_valid.val();
        self.tail_valid.enable.next = self.load.val();
        // Added, not enabled: `load` stays the only clock enable.
        self.one_if_valid.next = 0.into();
        if self.current_valid.val() {
            self.one_if_valid.next = 1.into();
        }
        self.chunk.d.next = self.chunk.q.val() + self.one_if_valid.val();
        self.chunk.enable.next = self.load.val();
        self.used.d.next = self.used.q.val() ^ self.chunk.q.val().all();
        self.used.enable.next = self.load.val();
        self.head.d.next = self.tail.q.val();
        self.head.enable.next = self.shift.val();
        self.head_valid.d.next = self.tail_valid.q.val();
        self.head_valid.enable.next = self.shift.val();

        // The end of a word.
        self.number.d.next = self.number.q.val() + 1;
        self.number.enable.next = self.shift.val();
        self.shifted.d.next = self.shift.val();
        self.shifted.enable.next = true;
        self.was_last.d.next = self.number.q.val().all() & self.both.val();
        self.was_last.enable.next = true;

        self.word_ready.next = !self.waiting_valid.q.val();
        self.wide_head.next = bit_cast::<32, 16>(self.head.q.val());
        self.bits.next = (self.wide_head.val() << 16) | bit_cast::<32, 16>(self.tail.q.val());
        self.available.next = self.both.val();
        self.fill.next = self.filling.val();
        self.refill.next = self.filling.val() | !self.tail_valid.q.val();
        self.crossed.next = self.shifted.q.val() & self.was_last.q.val();
    }
}
