//! Request tail: the 16 bytes of a block's head or of the trailer, and what is wrong with them.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk` | in | clock |
//! | `shift`, `at`, `data` | in | the next N bits, and the number of their beat, from 0 |
//! | `bytes`, `crc` | in | of the payload: its length, its CRC-32 |
//! | `block_len`, `last_block` | out | a head's fields |
//! | `bad_head` | out | this is no head of a block |
//! | `bad_counts`, `bad_payload` | out | a trailer's lengths, its CRC, are not the payload's |
//!
//! Generic: N, the beat's bits. Latency 1 clock from the last `shift`, 2 to `bad_head`. Beats are looked at as they come: only a
//! head's length is kept.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::request_header::from_bytes;

/// The tail; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct RequestTail<const N: usize> {
    pub aclk: Signal<In, Clock>,
    pub shift: Signal<In, Bit>,
    pub at: Signal<In, Bits<4>>,
    pub data: Signal<In, Bits<N>>,
    pub bytes: Signal<In, Bits<32>>,
    pub crc: Signal<In, Bits<32>>,
    pub block_len: Signal<Out, Bits<32>>,
    pub last_block: Signal<Out, Bit>,
    pub bad_head: Signal<Out, Bit>,
    pub bad_counts: Signal<Out, Bit>,
    pub bad_payload: Signal<Out, Bit>,

    part_beat: Constant<Bits<32>>,
    /// Where a beat's bits begin among all.
    beat_shift: Constant<Bits<3>>,
    place: Signal<Local, Bits<8>>,
    /// The head's length ends within the first beat, or the second.
    narrow: Constant<Bit>,
    half: Constant<Bits<6>>,
    first_part: Signal<Local, Bits<32>>,
    begins: Signal<Local, Bit>,
    in_length: Signal<Local, Bit>,
    /// Bits of the first beat behind a length.
    behind: Constant<Bits<N>>,
    rest: Signal<Local, Bits<N>>,
    word: DFF<Bits<32>>,
    more: DFF<Bit>,
    head: DFF<Bit>,
    length: Signal<Local, Bits<32>>,

    samples: Signal<Local, Bits<32>>,
    expected: Signal<Local, Bits<128>>,
    counts_mask: Constant<Bits<128>>,
    crc_mask: Constant<Bits<128>>,
    counts_here: Signal<Local, Bits<N>>,
    crc_here: Signal<Local, Bits<N>>,
    differs: Signal<Local, Bits<N>>,
    counts: DFF<Bit>,
    payload: DFF<Bit>,
}

/// Bits of the 16 bytes that tell counts, and CRC; the samples where they are counted.
fn masks(direction: Direction) -> [u128; 2] {
    let samples = match direction {
        Direction::Write => u128::from(u32::MAX),
        Direction::Read => 0,
    };
    let counts = (u128::from(u64::MAX) << 32) | samples;
    [counts, u128::from(u32::MAX) << 96]
}

impl<const N: usize> RequestTail<N> {
    /// Tails for the path of this direction: what is written is counted in samples too.
    pub fn new(direction: Direction) -> Self {
        let number = |x: usize| x as u64;
        let [counts, crc] = masks(direction);
        let behind = (0..N).filter(|&at| at >= 32);
        Self {
            aclk: Signal::default(),
            shift: Signal::default(),
            at: Signal::default(),
            data: Signal::default(),
            bytes: Signal::default(),
            crc: Signal::default(),
            block_len: Signal::default(),
            last_block: Signal::default(),
            bad_head: Signal::default(),
            bad_counts: Signal::default(),
            bad_payload: Signal::default(),
            part_beat: Constant::new(bits(number(N / 8 - 1))),
            beat_shift: Constant::new(bits(u64::from(N.ilog2()))),
            place: Signal::default(),
            narrow: Constant::new(N == 16),
            half: Constant::new(bits(16)),
            first_part: Signal::default(),
            begins: Signal::default(),
            in_length: Signal::default(),
            behind: Constant::new(
                behind.fold(Bits::default(), |all, at| all.replace_bit(at, true)),
            ),
            rest: Signal::default(),
            word: DFF::default(),
            more: DFF::default(),
            head: DFF::default(),
            length: Signal::default(),
            samples: Signal::default(),
            expected: Signal::default(),
            counts_mask: Constant::new(from_bytes(&counts.to_le_bytes())),
            crc_mask: Constant::new(from_bytes(&crc.to_le_bytes())),
            counts_here: Signal::default(),
            crc_here: Signal::default(),
            differs: Signal::default(),
            counts: DFF::default(),
            payload: DFF::default(),
        }
    }
}

impl<const N: usize> Logic for RequestTail<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, word, more, counts, payload);
        clock!(self, aclk, head);
        self.begins.next = !self.at.val().any();
        self.in_length.next = self.begins.val() | (self.narrow.val() & (self.at.val() == 1));
        self.place.next = bit_cast::<8, 4>(self.at.val()) << self.beat_shift.val();

        // A head: its length, and nothing behind.
        self.rest.next = self.data.val();
        if self.in_length.val() {
            self.rest.next = self.data.val() & self.behind.val();
        }
        self.first_part.next = bit_cast::<32, N>(self.data.val());
        if self.shift.val() {
            self.more.d.next = self.more.q.val() | self.rest.val().any();
            if self.in_length.val() {
                self.word.d.next = self.word.q.val() | (self.first_part.val() << self.half.val());
            }
            if self.begins.val() {
                self.word.d.next = self.first_part.val();
                self.more.d.next = self.rest.val().any();
            }
        }
        self.length.next = bit_cast::<32, 31>(self.word.q.val().get_bits::<31>(0));
        self.block_len.next = self.length.val();
        self.last_block.next = self.word.q.val().get_bit(31);
        self.head.d.next = self.more.q.val()
            | self.length.val().get_bits::<18>(13).any()
            | (self.length.val().get_bit(12) & self.length.val().get_bits::<12>(0).any())
            | (self.length.val() & self.part_beat.val()).any()
            | (!self.word.q.val().any());
        self.bad_head.next = self.head.q.val();

        // A trailer: what it has to be, where these bits are.
        self.samples.next = self.bytes.val() >> 1;
        self.expected.next = bit_cast::<128, 32>(self.samples.val())
            | (bit_cast::<128, 32>(self.bytes.val()) << 32)
            | (bit_cast::<128, 32>(self.crc.val()) << 96);
        self.differs.next =
            self.data.val() ^ bit_cast::<N, 128>(self.expected.val() >> self.place.val());
        self.counts_here.next = bit_cast::<N, 128>(self.counts_mask.val() >> self.place.val());
        self.crc_here.next = bit_cast::<N, 128>(self.crc_mask.val() >> self.place.val());
        if self.shift.val() {
            self.counts.d.next = (self.counts.q.val() & (!self.begins.val()))
                | (self.differs.val() & self.counts_here.val()).any();
            self.payload.d.next = (self.payload.q.val() & (!self.begins.val()))
                | (self.differs.val() & self.crc_here.val()).any();
        }
        self.bad_counts.next = self.counts.q.val();
        self.bad_payload.next = self.payload.q.val();
    }
}
