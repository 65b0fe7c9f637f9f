//! Request tail: the 16 bytes of a block's head or of the trailer, and what is wrong with them.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk` | in | clock |
//! | `shift`, `data` | in | the next N bits, the first beat's first |
//! | `bytes`, `crc` | in | of the payload: its length, its CRC-32 |
//! | `block_len`, `last_block` | out | a head's fields |
//! | `bad_head` | out | this is no head of a block |
//! | `bad_counts`, `bad_payload` | out | a trailer's lengths, its CRC, are not the payload's |
//!
//! Generic: N, the beat's bits. Latency 2 clocks from the last `shift` to what is wrong, 1 to the fields.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

/// The tail; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct RequestTail<const N: usize> {
    pub aclk: Signal<In, Clock>,
    pub shift: Signal<In, Bit>,
    pub data: Signal<In, Bits<N>>,
    pub bytes: Signal<In, Bits<32>>,
    pub crc: Signal<In, Bits<32>>,
    pub block_len: Signal<Out, Bits<32>>,
    pub last_block: Signal<Out, Bit>,
    pub bad_head: Signal<Out, Bit>,
    pub bad_counts: Signal<Out, Bit>,
    pub bad_payload: Signal<Out, Bit>,

    beat_bits: Constant<Bits<8>>,
    place: Constant<Bits<8>>,
    part_beat: Constant<Bits<32>>,
    counts_samples: Constant<Bit>,
    tail: DFF<Bits<128>>,
    length: Signal<Local, Bits<32>>,
    head: DFF<Bit>,
    counts: DFF<Bit>,
    payload: DFF<Bit>,
}

impl<const N: usize> RequestTail<N> {
    /// Tails for the path of this direction: what is written is counted in samples too.
    pub fn new(direction: Direction) -> Self {
        let number = |x: usize| x as u64;
        Self {
            aclk: Signal::default(),
            shift: Signal::default(),
            data: Signal::default(),
            bytes: Signal::default(),
            crc: Signal::default(),
            block_len: Signal::default(),
            last_block: Signal::default(),
            bad_head: Signal::default(),
            bad_counts: Signal::default(),
            bad_payload: Signal::default(),
            beat_bits: Constant::new(bits(number(N))),
            place: Constant::new(bits(number(128 - N))),
            part_beat: Constant::new(bits(number(N / 8 - 1))),
            counts_samples: Constant::new(direction == Direction::Write),
            tail: DFF::default(),
            length: Signal::default(),
            head: DFF::default(),
            counts: DFF::default(),
            payload: DFF::default(),
        }
    }
}

impl<const N: usize> Logic for RequestTail<N> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, tail);
        clock!(self, aclk, head, counts, payload);
        if self.shift.val() {
            self.tail.d.next = (self.tail.q.val() >> self.beat_bits.val())
                | (bit_cast::<128, N>(self.data.val()) << self.place.val());
        }
        self.length.next = bit_cast::<32, 31>(self.tail.q.val().get_bits::<31>(0));
        self.head.d.next = self.tail.q.val().get_bits::<96>(32).any()
            | self.length.val().get_bits::<18>(13).any()
            | (self.length.val().get_bit(12) & self.length.val().get_bits::<12>(0).any())
            | (self.length.val() & self.part_beat.val()).any()
            | (!self.tail.q.val().get_bits::<32>(0).any());
        self.counts.d.next = (self.counts_samples.val()
            & (self.tail.q.val().get_bits::<32>(0) != (self.bytes.val() >> 1)))
            | (self.tail.q.val().get_bits::<32>(32) != self.bytes.val())
            | self.tail.q.val().get_bits::<32>(64).any();
        self.payload.d.next = self.tail.q.val().get_bits::<32>(96) != self.crc.val();

        self.block_len.next = self.length.val();
        self.last_block.next = self.tail.q.val().get_bit(31);
        self.bad_head.next = self.head.q.val();
        self.bad_counts.next = self.counts.q.val();
        self.bad_payload.next = self.payload.q.val();
    }
}
