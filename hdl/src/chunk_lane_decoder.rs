//! Lane decoder with a short loop: takes one sample's code and raw bits a beat off a lane's words.

use crate::primitives::{Align, CodeLength, Lacks, Pick, Reg};
use crate::word_feed::WordFeed;
use rust_hdl::prelude::*;

/// Decodes the lengths of one lane's codes: the decoder's critical loop.
///
/// | port | direction | meaning |
/// |---|---|---|
/// | `aclk`, `aresetn` | in | clock, active-low synchronous reset |
/// | `start` | in | a packet starts: the lane forgets its words |
/// | `word_data`, `word_load` | in | the lane's next word: two of them, then one behind each `crossed` |
/// | `limits` | in | the class's code, as [`CodeLength`] has it |
/// | `raw` | in | raw bits behind each code, 0 to 10; one less where the class's code is empty |
/// | `last_start` | in | last offset from which the longest sample ends within 16 bits: 16 less its bits |
/// | `takes_part` | in | the beat has a sample of this lane |
/// | `lacks` | out | the lane takes part and has not all its bits; from registers, `last_start` and `takes_part` |
/// | `step` | in | the sample is taken: only if the lane takes part, and while no lane of the beat `lacks` |
/// | `first` | out | 8 bits from where the lane was before the last clock, first bit topmost: the code begins them |
/// | `behind`, `skip` | out | what follows: 6 bits behind the `skip` topmost ones |
/// | `crossed` | out | the last clock's step reached or passed the end of a word |
///
/// `W` is the word's width, 32 or 64; `P = log2(W / 16)`. A sample has at most 14 bits.
/// The class's numbers should come from registers; they are read in the clock of a `step`, so a class
/// changes between two beats at no cost.
///
/// Latency 1 clock from `step` to the bits and `crossed`, registers that show them for one clock. A sample each clock while words come in time: the word that a lane asks for
/// may come in the very clock of the last step that ends in the one before. What a code means is looked up behind this unit, outside the loop.
///
/// The loop is position, window, length, position. The position is a bit offset in [`WordFeed`]'s
/// 32 bits. The eight offsets that can follow are made beside the compare, and its thermometer picks
/// one; nothing is encoded or added behind the compare. `step` comes as late as the place picked: they
/// meet in the LUT4 that are the chunks' clock enables and valid bits. `docs/src/design/lane-decoder.md` has what else was tried, and the figures.
#[derive(LogicBlock)]
pub struct ChunkLaneDecoder<const W: usize, const P: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Active-low synchronous reset.
    pub aresetn: Signal<In, Bit>,
    /// A packet starts.
    pub start: Signal<In, Bit>,
    /// Next word.
    pub word_data: Signal<In, Bits<W>>,
    /// It is this lane's.
    pub word_load: Signal<In, Bit>,
    /// Limits of the code lengths.
    pub limits: Signal<In, Bits<36>>,
    /// Bits of a sample beyond its code's, or beyond 1 if that is empty.
    pub raw: Signal<In, Bits<4>>,
    /// Last offset at which 16 bits are enough.
    pub last_start: Signal<In, Bits<4>>,
    /// The beat has a sample of this lane.
    pub takes_part: Signal<In, Bit>,
    /// Its bits are not there.
    pub lacks: Signal<Out, Bit>,
    /// The sample is taken.
    pub step: Signal<In, Bit>,
    /// The last clock's bits.
    pub first: Signal<Out, Bits<8>>,
    /// Those behind.
    pub behind: Signal<Out, Bits<9>>,
    /// Where they begin.
    pub skip: Signal<Out, Bits<2>>,
    /// A word is done.
    pub crossed: Signal<Out, Bit>,
    feed: WordFeed<W, P>,
    waits: Lacks,
    offset: Reg<Bits<4>>,
    align: Align,
    length: CodeLength,
    next: [NextOffset; 8],
    pick: Pick,
    first_out: DFF<Bits<8>>,
    behind_out: DFF<Bits<9>>,
    skip_out: DFF<Bits<2>>,
    behind_raw: Signal<Local, Bits<5>>,
}

impl<const W: usize, const P: usize> Default for ChunkLaneDecoder<W, P> {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            start: Signal::default(),
            word_data: Signal::default(),
            word_load: Signal::default(),
            limits: Signal::default(),
            raw: Signal::default(),
            last_start: Signal::default(),
            takes_part: Signal::default(),
            lacks: Signal::default(),
            step: Signal::default(),
            first: Signal::default(),
            behind: Signal::default(),
            skip: Signal::default(),
            crossed: Signal::default(),
            feed: WordFeed::default(),
            waits: Lacks::default(),
            offset: Reg::default(),
            align: Align::default(),
            length: CodeLength::default(),
            next: std::array::from_fn(|shorter| NextOffset::new(shorter as u64 + 1)),
            pick: Pick::default(),
            first_out: DFF::default(),
            behind_out: DFF::default(),
            skip_out: DFF::default(),
            behind_raw: Signal::default(),
        }
    }
}

impl<const W: usize, const P: usize> Logic for ChunkLaneDecoder<W, P> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, offset);
        clock!(self, aclk, first_out, behind_out, skip_out);
        self.feed.aclk.next = self.aclk.val();
        self.feed.aresetn.next = self.aresetn.val();
        self.feed.start.next = self.start.val();
        self.feed.word_data.next = self.word_data.val();
        self.feed.word_load.next = self.word_load.val();
        self.waits.takes_part.next = self.takes_part.val();
        self.waits.head_there.next = self.feed.head_there.val();
        self.waits.tail_there.next = self.feed.tail_there.val();
        self.waits.offset.next = self.offset.q.val();
        self.waits.last_start.next = self.last_start.val();
        self.lacks.next = self.waits.lacks.val();
        self.crossed.next = self.feed.crossed.val();

        self.align.bits.next = self.feed.bits.val();
        self.align.offset.next = self.offset.q.val();
        self.length.code.next = self.align.first.val().get_bits::<7>(1);
        self.length.limits.next = self.limits.val();

        // Early: where the lane would stand behind a code of each length.
        self.behind_raw.next =
            bit_cast::<5, 4>(self.offset.q.val()) + bit_cast::<5, 4>(self.raw.val());
        for i in 0..8 {
            self.next[i].from.next = self.behind_raw.val();
            self.pick.places[i].next = self.next[i].to.val();
        }

        for i in 0..4 {
            self.pick.within[i].next = self.feed.within[i].val();
            self.pick.beyond[i].next = self.feed.beyond[i].val();
        }

        // Late: one of them, and whether there is a step.
        self.pick.at_most.next = self.length.at_most.val();
        self.pick.step.next = self.step.val();
        for i in 0..4 {
            self.feed.moves[i].next = self.pick.moves[i].val();
        }
        self.offset.d.next = self.pick.offset.val();
        self.offset.enable.next = self.step.val();
        self.offset.aresetn.next = self.aresetn.val() & !self.start.val();

        self.first_out.d.next = self.align.first.val();
        self.behind_out.d.next = self.align.behind.val();
        self.skip_out.d.next = self.offset.q.val().get_bits::<2>(0);
        self.first.next = self.first_out.q.val();
        self.behind.next = self.behind_out.q.val();
        self.skip.next = self.skip_out.q.val();
    }
}

/// Where a code of one length leads: the next offset, and in bit 4 that it is in the next chunk.
///
/// An adder of look-up tables: with a number that is known, each bit of the sum is one or two, and a
/// carry chain behind the one that adds the raw bits would be slower.
#[derive(LogicBlock)]
struct NextOffset {
    /// Offset and raw bits.
    pub from: Signal<In, Bits<5>>,
    /// What follows.
    pub to: Signal<Out, Bits<5>>,
    length: Constant<Bits<5>>,
    differ: Signal<Local, Bits<5>>,
    both: Signal<Local, Bits<5>>,
    carry_2: Signal<Local, Bits<5>>,
    carry_4: Signal<Local, Bits<5>>,
}

impl NextOffset {
    fn new(length: u64) -> Self {
        Self {
            from: Signal::default(),
            to: Signal::default(),
            length: Constant::new(length.into()),
            differ: Signal::default(),
            both: Signal::default(),
            carry_2: Signal::default(),
            carry_4: Signal::default(),
        }
    }
}

impl Logic for NextOffset {
    #[hdl_gen]
    fn update(&mut self) {
        self.differ.next = self.from.val() ^ self.length.val();
        self.both.next = self.from.val() & self.length.val();
        // Carries out of each bit: of two bits, then of four.
        self.carry_2.next = self.both.val() | (self.differ.val() & (self.both.val() << 1));
        self.carry_4.next = self.carry_2.val()
            | (self.differ.val() & (self.differ.val() << 1) & (self.carry_2.val() << 2));
        self.to.next = self.differ.val() ^ (self.carry_4.val() << 1);
    }
}

#[cfg(test)]
mod tests {
    use super::ChunkLaneDecoder;
    use crate::step::{settle, step};
    use dqa_golden::table::CodeTable;
    use rust_hdl::prelude::*;

    /// The limits of a table, k = 0 to 7: its first code longer than k bits, cut to k bits.
    fn limits(table: &CodeTable) -> u64 {
        let of_length = |length| table.lengths().iter().filter(|&&l| l == length).count() as u64;
        let (mut limits, mut limit) = (0, u64::from(table.alphabet() == 1));
        for k in 0..8 {
            if k > 0 {
                limit = 2 * limit + of_length(k);
            }
            limits |= limit << (k * (k + 1) / 2);
        }
        limits
    }

    #[test]
    fn takes_the_codes_of_a_table() {
        let table = CodeTable::from_lengths(&[3, 1, 8, 2, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0], 8)
            .expect("a complete code");
        let raw = 3;
        let words: [u64; 4] = [0xf5a1_37ff, 0x0001_fffe, 0x8765_4321, 0xdead_beef];
        let bit = |at: usize| words[at / 32] >> (31 - at % 32) & 1 == 1;

        let mut lane = ChunkLaneDecoder::<32, 1>::default();
        lane.connect_all();
        lane.limits.next = bits(limits(&table));
        lane.raw.next = bits(raw as u64);
        lane.takes_part.next = true;
        step(&mut lane, |lane| &mut lane.aclk);
        lane.aresetn.next = true;
        lane.last_start.next = bits(16 - 11);
        let (mut at, mut sent, mut crossings) = (0, 0, 0);
        for _ in 0..40 {
            let load = sent < words.len().min(2 + crossings);
            lane.word_load.next = load;
            lane.word_data.next = bits(words[sent.min(words.len() - 1)]);
            settle(&mut lane, |lane| &mut lane.aclk);
            sent += usize::from(load);
            let taken = !lane.lacks.val();
            lane.step.next = taken;
            step(&mut lane, |lane| &mut lane.aclk);
            crossings += usize::from(lane.crossed.val());
            if taken {
                let mut code = (at..).map(bit);
                let symbol = table.decode(&mut code).expect("a code");
                let length = table.lengths()[symbol];
                let length = usize::from(length) + raw;
                let taken_bits = (at..at + length).fold(0, |all, at| all << 1 | u64::from(bit(at)));
                let behind = lane.behind.val().to_u64() << lane.skip.val().to_u64() >> 3 & 0x3f;
                assert_eq!(
                    (lane.first.val().to_u64() << 6 | behind) >> (14 - length),
                    taken_bits,
                    "at {at}"
                );
                at += length;
            }
        }
        assert!(at > 96, "{at}");
        assert_eq!(crossings, at / 32);
    }
}
