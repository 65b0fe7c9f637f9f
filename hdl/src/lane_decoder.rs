//! Lane decoder: takes one sample's code and raw bits a beat off a lane's two words.
//!
//! The critical loop of the decoder: window, code length, position, window. What the code means
//! is looked up behind it (`symbol_lookup`).
//!
//! | port | meaning |
//! |---|---|
//! | `start` | a packet starts: both words are dropped |
//! | `word`, `load` | the lane's next word; only given while `room` |
//! | `limits` | the class's code, see below |
//! | `raw` | raw bits behind each code, 0 to 10 |
//! | `last_start` | last position where the longest sample still ends in the word: W - most bits |
//! | `step` | take a sample; only while `available` |
//! | `window` | the next 14 bits, first bit topmost: code, raw bits, what follows |
//! | `available` | the sample's bits are there |
//! | `crossed` | this step reaches or passes the end of a word: the lane asks for one more |
//!
//! `limits` holds eight numbers of 1 to 8 bits, the number for length k (0 to 7) of k + 1 bits at
//! bit k (k + 1) / 2: the first k bits of a code that is longer than k are at least this, so the
//! length is the count of k whose limit is reached.
//!
//! Parameters: `W` word bits (32 or 64), `P` = log2 W.
//!
//! Latency 0: `window`, `available` and `crossed` follow from registers and the class in the same
//! cycle. One sample a clock while words arrive in time.

use rust_hdl::prelude::*;

/// One lane's decoder; see the module's text.
#[derive(LogicBlock)]
pub struct LaneDecoder<const W: usize, const P: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Drops both words.
    pub start: Signal<In, Bit>,
    /// The lane's next word.
    pub word: Signal<In, Bits<W>>,
    /// Takes `word`.
    pub load: Signal<In, Bit>,
    /// Limits of the code lengths.
    pub limits: Signal<In, Bits<36>>,
    /// Raw bits a sample.
    pub raw: Signal<In, Bits<4>>,
    /// Last position at which one word is enough.
    pub last_start: Signal<In, Bits<P>>,
    /// Takes a sample.
    pub step: Signal<In, Bit>,
    /// The next 14 bits.
    pub window: Signal<Out, Bits<14>>,
    /// The sample's bits are there.
    pub available: Signal<Out, Bits<1>>,
    /// This step ends a word.
    pub crossed: Signal<Out, Bits<1>>,
    current: DFF<Bits<W>>,
    next: DFF<Bits<W>>,
    has_current: DFF<Bit>,
    has_next: DFF<Bit>,
    position: DFF<Bits<P>>,
    pair: Signal<Local, Bits<77>>,
    place: Signal<Local, Bits<6>>,
    by_32: Signal<Local, Bits<45>>,
    by_16: Signal<Local, Bits<29>>,
    by_8: Signal<Local, Bits<21>>,
    by_4: Signal<Local, Bits<17>>,
    by_2: Signal<Local, Bits<15>>,
    current_up: Constant<Bits<8>>,
    next_up: Constant<Bits<8>>,
    next_down: Constant<Bits<8>>,
    word_bits: Constant<Bits<8>>,
    code: Signal<Local, Bits<8>>,
    length: Signal<Local, Bits<4>>,
    reached: Signal<Local, Bits<8>>,
    crosses: Signal<Local, Bit>,
}

impl<const W: usize, const P: usize> Default for LaneDecoder<W, P> {
    fn default() -> Self {
        assert!(
            matches!((W, P), (32, 5) | (64, 6)),
            "W is 32 or 64, P is log2 W"
        );
        Self {
            aclk: Default::default(),
            aresetn: Default::default(),
            start: Default::default(),
            word: Default::default(),
            load: Default::default(),
            limits: Default::default(),
            raw: Default::default(),
            last_start: Default::default(),
            step: Default::default(),
            window: Default::default(),
            available: Default::default(),
            crossed: Default::default(),
            current: Default::default(),
            next: Default::default(),
            has_current: Default::default(),
            has_next: Default::default(),
            position: Default::default(),
            pair: Default::default(),
            place: Default::default(),
            by_32: Default::default(),
            by_16: Default::default(),
            by_8: Default::default(),
            by_4: Default::default(),
            by_2: Default::default(),
            current_up: Constant::new(bits(77 - W as u64)),
            next_up: Constant::new(bits(77u64.saturating_sub(2 * W as u64))),
            next_down: Constant::new(bits((2 * W as u64).saturating_sub(77))),
            word_bits: Constant::new((W as u64).into()),
            code: Default::default(),
            length: Default::default(),
            reached: Default::default(),
            crosses: Default::default(),
        }
    }
}

impl<const W: usize, const P: usize> Logic for LaneDecoder<W, P> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, current, next, has_current, has_next, position);
        // The window: of both words' first 77 bits, 14 from the position on.
        self.pair.next = (bit_cast::<77, W>(self.current.q.val()) << self.current_up.val())
            | ((bit_cast::<77, W>(self.next.q.val()) << self.next_up.val())
                >> self.next_down.val());
        self.place.next = bit_cast::<6, P>(self.position.q.val());
        self.by_32.next = self.pair.val().get_bits::<45>(32);
        if self.place.val().get_bit(5) {
            self.by_32.next = self.pair.val().get_bits::<45>(0);
        }
        self.by_16.next = self.by_32.val().get_bits::<29>(16);
        if self.place.val().get_bit(4) {
            self.by_16.next = self.by_32.val().get_bits::<29>(0);
        }
        self.by_8.next = self.by_16.val().get_bits::<21>(8);
        if self.place.val().get_bit(3) {
            self.by_8.next = self.by_16.val().get_bits::<21>(0);
        }
        self.by_4.next = self.by_8.val().get_bits::<17>(4);
        if self.place.val().get_bit(2) {
            self.by_4.next = self.by_8.val().get_bits::<17>(0);
        }
        self.by_2.next = self.by_4.val().get_bits::<15>(2);
        if self.place.val().get_bit(1) {
            self.by_2.next = self.by_4.val().get_bits::<15>(0);
        }
        self.window.next = self.by_2.val().get_bits::<14>(1);
        if self.place.val().get_bit(0) {
            self.window.next = self.by_2.val().get_bits::<14>(0);
        }
        // The code's length. `code` has a zero ahead, for limits beyond the last code.
        self.code.next = bit_cast::<8, 7>(self.window.val().get_bits::<7>(7));
        self.length.next = 0.into();
        if !self.limits.val().get_bit(0) {
            self.length.next = 1.into();
        }
        if self.code.val().get_bits::<2>(6) >= self.limits.val().get_bits::<2>(1) {
            self.length.next = 2.into();
        }
        if self.code.val().get_bits::<3>(5) >= self.limits.val().get_bits::<3>(3) {
            self.length.next = 3.into();
        }
        if self.code.val().get_bits::<4>(4) >= self.limits.val().get_bits::<4>(6) {
            self.length.next = 4.into();
        }
        if self.code.val().get_bits::<5>(3) >= self.limits.val().get_bits::<5>(10) {
            self.length.next = 5.into();
        }
        if self.code.val().get_bits::<6>(2) >= self.limits.val().get_bits::<6>(15) {
            self.length.next = 6.into();
        }
        if self.code.val().get_bits::<7>(1) >= self.limits.val().get_bits::<7>(21) {
            self.length.next = 7.into();
        }
        if self.code.val().get_bits::<8>(0) >= self.limits.val().get_bits::<8>(28) {
            self.length.next = 8.into();
        }
        self.reached.next = bit_cast::<8, P>(self.position.q.val())
            + bit_cast::<8, 4>(self.raw.val())
            + bit_cast::<8, 4>(self.length.val());
        self.crosses.next = self.step.val() & (self.reached.val() >= self.word_bits.val());
        self.crossed.next = 0.into();
        if self.crosses.val() {
            self.crossed.next = 1.into();
        }
        self.available.next = 0.into();
        if self.has_current.q.val()
            & (self.has_next.q.val() | (self.position.q.val() <= self.last_start.val()))
        {
            self.available.next = 1.into();
        }

        if self.step.val() {
            self.position.d.next = bit_cast::<P, 8>(self.reached.val());
        }
        // A word always goes to `next`, and past it to `current` where that is or gets free: only the
        // enable of `current` waits for the length.
        if self.load.val() {
            self.next.d.next = self.word.val();
        }
        if self.crosses.val() | !self.has_current.q.val() {
            self.current.d.next = self.word.val();
            if self.has_next.q.val() {
                self.current.d.next = self.next.q.val();
            }
            self.has_current.d.next = self.has_next.q.val() | self.load.val();
            self.has_next.d.next = self.has_next.q.val() & self.load.val();
        } else {
            self.has_next.d.next = self.has_next.q.val() | self.load.val();
        }
        if self.start.val() | !self.aresetn.val() {
            self.position.d.next = 0.into();
            self.has_current.d.next = false;
            self.has_next.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LaneDecoder;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    #[test]
    fn takes_codes_and_raw_bits_across_words() {
        // Codes 0, 10, 110, 111 with two raw bits behind each.
        let limits = [0, 1, 3, 8, 16, 32, 64, 128u64];
        let limits = (0..8).fold(0, |all, k| all | limits[k] << (k * (k + 1) / 2));
        let words = [0x9cd5_7f03u64, 0x1357_9bdf, 0xfedc_ba98];
        let bit = |at: usize| words[at / 32] >> (31 - at % 32) & 1;

        let mut lane = LaneDecoder::<32, 5>::default();
        lane.connect_all();
        lane.limits.next = bits(limits);
        lane.raw.next = bits(2);
        lane.last_start.next = bits(32 - 5);
        step(&mut lane, |lane| &mut lane.aclk);
        lane.aresetn.next = true;
        let (mut at, mut sent) = (0, 0);
        while sent < words.len() || lane.available.val().any() {
            // A word comes a clock after it was asked for.
            lane.load.next = sent < words.len() && sent < at / 32 + 2;
            lane.word.next = bits(words[sent.min(2)]);
            settle(&mut lane, |lane| &mut lane.aclk);
            let taken = lane.available.val().any() && at < 80;
            lane.step.next = taken;
            settle(&mut lane, |lane| &mut lane.aclk);
            if taken {
                let length = (0..3).find(|&k| bit(at + k) == 0).map_or(3, |k| k + 1);
                let taken = (at..at + length + 2).fold(0, |all, at| all << 1 | bit(at));
                assert_eq!(
                    lane.window.val().to_u64() >> (12 - length),
                    taken,
                    "at {at}"
                );
                let crosses = at / 32 != (at + length + 2) / 32;
                assert_eq!(lane.crossed.val().any(), crosses, "at {at}");
                at += length + 2;
            } else if at >= 80 {
                break;
            }
            sent += usize::from(lane.load.val());
            step(&mut lane, |lane| &mut lane.aclk);
        }
        assert!(at >= 80, "stopped at {at}");
    }
}
