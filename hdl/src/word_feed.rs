//! Word feed: a lane's words, handed on in chunks of 16 bits to where the lane reads.

use crate::primitives::{Chunk, Reg};
use rust_hdl::prelude::*;

/// Keeps a lane's words and gives the 32 bits at its position, in steps of a chunk of 16 bits.
///
/// | port | direction | meaning |
/// |---|---|---|
/// | `aclk`, `aresetn`, `start` | in | clock, active-low synchronous reset, drop everything |
/// | `word_data`, `word_load` | in | the lane's next word, at most two before the first `crossed` and one behind each |
/// | `bits` | out | head chunk and tail chunk, bit 31 first |
/// | `head_there`, `tail_there` | out | which of them are there; the tail may be without the head |
/// | `within`, `beyond` | out | what is to be done if the lane stays in the head chunk, and if it is done with it |
/// | `moves` | in | one of the two; `beyond` only if the head is there. The tail need not be |
/// | `crossed` | out | a word's last chunk was shifted out at the last clock |
///
/// `moves` may come late in the clock, as each is a clock enable or a next value as it is: 0 the tail
/// becomes the head, 1 the tail takes the next chunk, 2 the tail is there after this clock, 3 `crossed`.
///
/// `W` is the word's width, 32 or 64; `P = log2(W / 16)`. Words come, chunk by chunk, from the current
/// register to the tail and to the head. Nobody has to ask for room: a lane that has crossed the end
/// of a word has the next one's first two chunks in head and tail, so the current register is empty
/// for W = 32; for W = 64 a waiting register stands before it. A word's first chunk is in `bits` 1
/// clock after it came where only the tail was empty, as the tail then takes it from the port, and 2
/// clocks after where the head was too.
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
    /// It is this lane's.
    pub word_load: Signal<In, Bit>,
    /// Head and tail chunk.
    pub bits: Signal<Out, Bits<32>>,
    /// The head chunk is there.
    pub head_there: Signal<Out, Bit>,
    /// The tail chunk is there.
    pub tail_there: Signal<Out, Bit>,
    /// What to do if the lane stays in the head chunk.
    pub within: [Signal<Out, Bit>; 4],
    /// What to do if it is done with it.
    pub beyond: [Signal<Out, Bit>; 4],
    /// What is done.
    pub moves: [Signal<In, Bit>; 4],
    /// A word is done.
    pub crossed: Signal<Out, Bit>,
    waiting: Reg<Bits<W>>,
    waiting_valid: Reg<Bit>,
    current: Reg<Bits<W>>,
    // The current word is there while these differ: one is toggled early, one when a chunk is taken.
    filled: Reg<Bit>,
    used: Reg<Bit>,
    next: Chunk<W, P>,
    /// The next chunk's number in its word.
    chunk: Reg<Bits<P>>,
    head: Reg<Bits<16>>,
    tail: Reg<Bits<16>>,
    head_valid: Reg<Bit>,
    tail_valid: Reg<Bit>,
    /// The head chunk's number in its word, also while it is still to come.
    number: Reg<Bits<P>>,
    ended: Reg<Bit>,
    keep: Signal<Local, Bit>,
    there: Signal<Local, Bit>,
    coming: Signal<Local, Bits<16>>,
    coming_valid: Signal<Local, Bit>,
    filling: Signal<Local, Bit>,
    tail_kept: Signal<Local, Bit>,
    tail_filled: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    one_if_coming: Signal<Local, Bits<P>>,
    one_if_head: Signal<Local, Bits<P>>,
    wide_head: Signal<Local, Bits<32>>,
    waits: Constant<Bit>,
    first_chunk_at: Constant<Bits<6>>,
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
            word_load: Signal::default(),
            bits: Signal::default(),
            head_there: Signal::default(),
            tail_there: Signal::default(),
            within: Default::default(),
            beyond: Default::default(),
            moves: Default::default(),
            crossed: Signal::default(),
            waiting: Reg::default(),
            waiting_valid: Reg::default(),
            current: Reg::default(),
            filled: Reg::default(),
            used: Reg::default(),
            next: Chunk::default(),
            chunk: Reg::default(),
            head: Reg::default(),
            tail: Reg::default(),
            head_valid: Reg::default(),
            tail_valid: Reg::default(),
            number: Reg::default(),
            ended: Reg::default(),
            keep: Signal::default(),
            there: Signal::default(),
            coming: Signal::default(),
            coming_valid: Signal::default(),
            filling: Signal::default(),
            tail_kept: Signal::default(),
            tail_filled: Signal::default(),
            ends: Signal::default(),
            one_if_coming: Signal::default(),
            one_if_head: Signal::default(),
            wide_head: Signal::default(),
            waits: Constant::new(W == 64),
            first_chunk_at: Constant::new(bits(W as u64 - 16)),
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
            ended
        );
        self.keep.next = self.aresetn.val() & !self.start.val();
        self.waiting_valid.aresetn.next = self.keep.val();
        self.filled.aresetn.next = self.keep.val();
        self.used.aresetn.next = self.keep.val();
        self.chunk.aresetn.next = self.keep.val();
        self.head_valid.aresetn.next = self.keep.val();
        self.tail_valid.aresetn.next = self.keep.val();
        self.number.aresetn.next = self.keep.val();
        self.ended.aresetn.next = self.keep.val();
        // Words and chunks have valid bits.
        self.waiting.aresetn.next = true;
        self.current.aresetn.next = true;
        self.head.aresetn.next = true;
        self.tail.aresetn.next = true;

        // Words.
        self.there.next = self.filled.q.val() ^ self.used.q.val();
        self.waiting.d.next = self.word_data.val();
        self.waiting.enable.next = self.word_load.val();
        self.waiting_valid.d.next =
            self.word_load.val() | (self.waiting_valid.q.val() & self.there.val());
        self.waiting_valid.enable.next = self.waits.val();
        self.filled.d.next = !self.filled.q.val();
        if self.waits.val() {
            self.current.d.next = self.waiting.q.val();
            self.current.enable.next = !self.there.val();
            self.filled.enable.next = !self.there.val() & self.waiting_valid.q.val();
        } else {
            self.current.d.next = self.word_data.val();
            self.current.enable.next = self.word_load.val();
            self.filled.enable.next = self.word_load.val();
        }

        // The next chunk: of the current word, else of one that comes.
        self.next.word.next = self.current.q.val();
        self.next.at.next = self.chunk.q.val();
        self.coming.next = self
            .word_data
            .val()
            .get_bits::<16>(self.first_chunk_at.val().index());
        if self.there.val() {
            self.coming.next = self.next.chunk.val();
        }
        self.coming_valid.next =
            self.there.val() | (self.word_load.val() & !self.waiting_valid.q.val());

        self.filling.next = !self.head_valid.q.val() & (self.tail_valid.q.val() | self.there.val());
        self.tail.d.next = self.coming.val();
        self.tail.enable.next = self.moves[1].val();
        self.tail_valid.d.next = self.moves[2].val();
        self.tail_valid.enable.next = true;
        // Added, not enabled: the late bit stays the only clock enable.
        self.one_if_coming.next = 0.into();
        if self.coming_valid.val() {
            self.one_if_coming.next = 1.into();
        }
        self.chunk.d.next = self.chunk.q.val() + self.one_if_coming.val();
        self.chunk.enable.next = self.moves[1].val();
        self.used.d.next = self.used.q.val() ^ (self.there.val() & self.chunk.q.val().all());
        self.used.enable.next = self.moves[1].val();
        self.head.d.next = self.coming.val();
        if self.tail_valid.q.val() {
            self.head.d.next = self.tail.q.val();
        }
        self.head.enable.next = self.moves[0].val();
        self.head_valid.d.next = self.tail_valid.q.val() | self.coming_valid.val();
        self.head_valid.enable.next = self.moves[0].val();

        // Numbers tell the end of a word.
        self.one_if_head.next = 0.into();
        if self.head_valid.q.val() {
            self.one_if_head.next = 1.into();
        }
        self.number.d.next = self.number.q.val() + self.one_if_head.val();
        self.number.enable.next = self.moves[0].val();
        self.ended.d.next = self.moves[3].val();
        self.ended.enable.next = true;

        // What to do. An empty tail's next chunk goes to the head instead, if that shifts.
        self.tail_kept.next = self.tail_valid.q.val() & self.coming_valid.val();
        self.tail_filled.next = self.tail_valid.q.val() | self.coming_valid.val();
        self.ends.next = self.head_valid.q.val() & self.number.q.val().all();
        self.within[0].next = self.filling.val();
        self.within[1].next = self.filling.val() | !self.tail_valid.q.val();
        self.within[2].next = self.tail_filled.val();
        if self.filling.val() {
            self.within[2].next = self.tail_kept.val();
        }
        self.within[3].next = false;
        self.beyond[0].next = true;
        self.beyond[1].next = true;
        self.beyond[2].next = self.tail_kept.val();
        self.beyond[3].next = self.ends.val();

        self.wide_head.next = bit_cast::<32, 16>(self.head.q.val());
        self.bits.next = (self.wide_head.val() << 16) | bit_cast::<32, 16>(self.tail.q.val());
        self.head_there.next = self.head_valid.q.val();
        self.tail_there.next = self.tail_valid.q.val();
        self.crossed.next = self.ended.q.val();
    }
}
