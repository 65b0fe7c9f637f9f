//! Request header: the first 32 bytes of a request, what is wrong with them, and the header of its answer.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset: forgets the sequence number |
//! | `valid_contexts`, `plane_len_0`, `plane_len_1` | in | which contexts are loaded; their plane lengths in samples |
//! | `check_sequence` | in | a jump of the sequence number is a fault |
//! | `shift`, `data` | in | the next N bits, the first beat's first |
//! | `crc` | in | CRC-32 of all 32 bytes |
//! | `judge`, `short` | in | the request is answered now; its header was not whole |
//! | `code` | out | status code of the first fault, 0 if there is none; 2 clocks after the last `shift` |
//! | `on_context`, `first_channel`, `channels`, `images` | out | fields |
//! | `is_scan` | out | only where there are scan requests: it is one |
//! | `streamed`, `payload_len` | out | the payload comes in blocks, or its bytes |
//! | `turn`, `at` | in | on to the next M bits of the answer's header; the number of these, from 0 |
//! | `reply`, `check` | out | M bits of it, and of what its CRC is made of ([`AnswerSource`](crate::bus::AnswerSource)); from the clock after `judge` |
//!
//! Generics: N, the bits of a request's beat; M, of an answer's. The rest is given to
//! [`RequestHeader::new`]. The fields stay until the next `shift` or `turn`. An answer's header is the
//! request's but for a few bytes, so it goes out of the same register, which turns around once for the CRC and once
//! to be sent: N bits at once, as requests come in, where M are fewer, so that its bits need no selector. Of 64 bits
//! and more there are few, which are picked instead.
//!
//! Faults are `dqa_golden::packet::Status` 6 to 10; an empty payload counts as one that ended
//! early, 1. A sequence number counts as seen if the header is not damaged (6).

use dqa_golden::packet::{Direction, MAGIC, VERSION};
use rust_hdl::prelude::*;

use crate::parameters::Parameters;
use crate::primitives::Crc32;

/// Four bytes whose CRC is that of none.
pub(crate) const NEUTRAL: u64 = 0x6dd9_0a9d;

/// The header; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct RequestHeader<const N: usize, const M: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub valid_contexts: Signal<In, Bits<2>>,
    pub plane_len_0: Signal<In, Bits<21>>,
    pub plane_len_1: Signal<In, Bits<21>>,
    pub check_sequence: Signal<In, Bit>,
    pub shift: Signal<In, Bit>,
    pub data: Signal<In, Bits<N>>,
    pub crc: Signal<In, Bits<32>>,
    pub judge: Signal<In, Bit>,
    pub short: Signal<In, Bit>,
    pub code: Signal<Out, Bits<4>>,
    pub is_scan: Vec<Signal<Out, Bit>>,
    pub on_context: Signal<Out, Bit>,
    pub first_channel: Signal<Out, Bits<16>>,
    pub channels: Signal<Out, Bits<16>>,
    pub images: Signal<Out, Bits<16>>,
    pub streamed: Signal<Out, Bit>,
    pub payload_len: Signal<Out, Bits<32>>,
    pub turn: Signal<In, Bit>,
    pub at: Signal<In, Bits<4>>,
    pub reply: Signal<Out, Bits<M>>,
    pub check: Signal<Out, Bits<M>>,

    beat_bits: Constant<Bits<8>>,
    enters: Constant<Bits<8>>,
    reply_bits: Constant<Bits<8>>,
    reply_shift: Constant<Bits<3>>,
    around: Constant<Bits<8>>,
    /// It turns by a request's beat, or by an answer's.
    narrow: Constant<Bit>,
    wide: Constant<Bit>,
    /// Answer's beats between two turns, less one.
    parts: Constant<Bits<4>>,
    part_beat: Constant<Bits<32>>,
    magic: Constant<Bits<40>>,
    residue: Constant<Bits<32>>,
    own_operation: Constant<Bits<8>>,
    scan: Constant<Bit>,
    lanes: Constant<Bits<8>>,
    word_bits: Constant<Bits<8>>,
    /// Bits of an answer's header that are the request's; bits that are always so.
    echo: Constant<Bits<256>>,
    own: Constant<Bits<256>>,
    neutral: Constant<Bits<256>>,

    header: DFF<Bits<256>>,
    context_id: Signal<Local, Bits<8>>,
    valid_context: Signal<Local, Bit>,
    plane_len: Signal<Local, Bits<32>>,
    flags: Signal<Local, Bits<8>>,
    length: Signal<Local, Bits<32>>,
    asked: Signal<Local, Bits<2>>,
    damaged: Signal<Local, Bit>,
    bad_magic: DFF<Bit>,
    bad_crc: DFF<Bit>,
    bad_form: DFF<Bit>,
    bad_operation: DFF<Bit>,
    bad_context: DFF<Bit>,
    bad_shape: DFF<Bit>,
    no_payload: DFF<Bit>,
    /// From the number before this one; 0 and 1 are no jump.
    distance: DFF<Bits<32>>,
    jump: DFF<Bit>,
    last_sequence: DFF<Bits<32>>,
    seen: DFF<Bit>,
    answer: DFF<Bits<2>>,
    place: Signal<Local, Bits<8>>,
    part: Signal<Local, Bits<4>>,
    part_place: Signal<Local, Bits<8>>,
    enters_now: Signal<Local, Bits<N>>,
    turns: Signal<Local, Bit>,
    told: Signal<Local, Bits<256>>,
    kept: Signal<Local, Bits<M>>,
    behind: Signal<Local, Bits<32>>,
}

/// A number of N bits from bytes, the first lowest.
pub(crate) fn from_bytes<const N: usize>(bytes: &[u8]) -> Bits<N> {
    let bits = bytes
        .iter()
        .enumerate()
        .flat_map(|(at, byte)| (0..8).map(move |bit| (8 * at + bit, byte >> bit & 1 == 1)));
    bits.filter(|&(at, _)| at < N)
        .fold(Bits::default(), |all, (at, bit)| all.replace_bit(at, bit))
}

/// Bits of an answer's beat from which on the header stands still.
const STILL: usize = 64;

impl<const N: usize, const M: usize> RequestHeader<N, M> {
    /// Headers for the path of this direction, with or without scan requests.
    pub fn new(parameters: &Parameters, direction: Direction, scan: bool) -> Self {
        assert!(!scan || direction == Direction::Write, "scans are writes");
        let number = |x: usize| x as u64;
        let mut own = [0; 24];
        own[..4].copy_from_slice(&MAGIC);
        own[4] = VERSION;
        own[15] = 1;
        let mut echo = [0xff; 24];
        echo[..6].fill(0);
        echo[15] = 0;
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            valid_contexts: Signal::default(),
            plane_len_0: Signal::default(),
            plane_len_1: Signal::default(),
            check_sequence: Signal::default(),
            shift: Signal::default(),
            data: Signal::default(),
            crc: Signal::default(),
            judge: Signal::default(),
            short: Signal::default(),
            code: Signal::default(),
            is_scan: scan.then(Signal::default).into_iter().collect(),
            on_context: Signal::default(),
            first_channel: Signal::default(),
            channels: Signal::default(),
            images: Signal::default(),
            streamed: Signal::default(),
            payload_len: Signal::default(),
            turn: Signal::default(),
            at: Signal::default(),
            reply: Signal::default(),
            check: Signal::default(),
            beat_bits: Constant::new(bits(number(N))),
            enters: Constant::new(bits(number(256 - N))),
            reply_bits: Constant::new(bits(number(M))),
            reply_shift: Constant::new(bits(u64::from(M.ilog2()))),
            around: Constant::new(bits(number(256 - M))),
            narrow: Constant::new(M < STILL && M <= N),
            wide: Constant::new(M < STILL && M > N),
            parts: Constant::new(bits(number(
                match M {
                    STILL.. => 256 / M,
                    _ => (N / M).max(1),
                } - 1,
            ))),
            part_beat: Constant::new(bits(number(N / 8 - 1))),
            magic: Constant::new(from_bytes(&own[..5])),
            residue: Constant::new(bits(u64::from(Crc32::<N>::RESIDUE))),
            own_operation: Constant::new(bits(match direction {
                Direction::Write => 1,
                Direction::Read => 2,
            })),
            scan: Constant::new(scan),
            lanes: Constant::new(bits(number(parameters.lanes))),
            word_bits: Constant::new(bits(number(parameters.word_bits()))),
            echo: Constant::new(from_bytes(&echo)),
            own: Constant::new(from_bytes(&own)),
            neutral: Constant::new(bits(NEUTRAL)),
            header: DFF::default(),
            context_id: Signal::default(),
            valid_context: Signal::default(),
            plane_len: Signal::default(),
            flags: Signal::default(),
            length: Signal::default(),
            asked: Signal::default(),
            damaged: Signal::default(),
            bad_magic: DFF::default(),
            bad_crc: DFF::default(),
            bad_form: DFF::default(),
            bad_operation: DFF::default(),
            bad_context: DFF::default(),
            bad_shape: DFF::default(),
            no_payload: DFF::default(),
            distance: DFF::default(),
            jump: DFF::default(),
            last_sequence: DFF::default(),
            seen: DFF::default(),
            answer: DFF::default(),
            place: Signal::default(),
            part: Signal::default(),
            part_place: Signal::default(),
            enters_now: Signal::default(),
            turns: Signal::default(),
            told: Signal::default(),
            kept: Signal::default(),
            behind: Signal::default(),
        }
    }
}

impl<const N: usize, const M: usize> Logic for RequestHeader<N, M> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, header, last_sequence, seen, answer);
        clock!(self, aclk, bad_magic, bad_crc, bad_form, bad_operation);
        clock!(self, aclk, bad_context, bad_shape, no_payload);
        clock!(self, aclk, distance, jump);
        self.part.next = self.at.val() & self.parts.val();
        // Without `part`, which would join this and the reply in one loop of Verilator's.
        self.turns.next = self.turn.val()
            & self.narrow.val()
            & ((self.at.val() & self.parts.val()) == self.parts.val());
        self.enters_now.next = self.data.val();
        if self.turn.val() & self.narrow.val() {
            self.enters_now.next = self.header.q.val().get_bits::<N>(0);
        }
        if self.shift.val() | self.turns.val() {
            self.header.d.next = (self.header.q.val() >> self.beat_bits.val())
                | (bit_cast::<256, N>(self.enters_now.val()) << self.enters.val());
        }
        if self.turn.val() & self.wide.val() {
            self.header.d.next = (self.header.q.val() >> self.reply_bits.val())
                | (self.header.q.val() << self.around.val());
        }

        self.context_id.next = self.header.q.val().get_bits::<8>(48);
        self.flags.next = self.header.q.val().get_bits::<8>(120);
        self.length.next = self.header.q.val().get_bits::<32>(192);
        self.valid_context.next = self.valid_contexts.val().get_bit(0);
        self.plane_len.next = bit_cast::<32, 21>(self.plane_len_0.val());
        if self.context_id.val().get_bit(0) {
            self.valid_context.next = self.valid_contexts.val().get_bit(1);
            self.plane_len.next = bit_cast::<32, 21>(self.plane_len_1.val());
        }
        self.bad_magic.d.next = self.header.q.val().get_bits::<40>(0) != self.magic.val();
        self.bad_crc.d.next = self.crc.val() != self.residue.val();
        self.bad_form.d.next = self.flags.val().get_bits::<7>(1).any()
            | (self.flags.val().get_bit(0) & self.length.val().any())
            | (self.length.val() & self.part_beat.val()).any();
        self.no_payload.d.next = !(self.flags.val().get_bit(0) | self.length.val().any());
        self.bad_operation.d.next = (self.header.q.val().get_bits::<8>(40)
            != self.own_operation.val())
            & (!(self.scan.val() & (self.header.q.val().get_bits::<8>(40) == 3)));
        self.bad_context.d.next =
            self.context_id.val().get_bits::<7>(1).any() | (!self.valid_context.val());
        self.bad_shape.d.next = (self.header.q.val().get_bits::<8>(56) != self.lanes.val())
            | (self.header.q.val().get_bits::<8>(112) != self.word_bits.val())
            | (self.header.q.val().get_bits::<32>(128) != self.plane_len.val());
        self.distance.d.next = self.header.q.val().get_bits::<32>(160) - self.last_sequence.q.val();
        self.jump.d.next =
            self.check_sequence.val() & self.seen.q.val() & (self.distance.q.val() > 1);

        self.damaged.next = self.bad_magic.q.val() | self.bad_crc.q.val() | self.bad_form.q.val();
        self.code.next = 0.into();
        if self.no_payload.q.val() {
            self.code.next = 1.into();
        }
        if self.jump.q.val() {
            self.code.next = 10.into();
        }
        if self.bad_shape.q.val() {
            self.code.next = 9.into();
        }
        if self.bad_context.q.val() {
            self.code.next = 8.into();
        }
        if self.bad_operation.q.val() {
            self.code.next = 7.into();
        }
        if self.damaged.val() {
            self.code.next = 6.into();
        }

        self.asked.next = self.header.q.val().get_bits::<2>(40);
        if self.judge.val() {
            self.answer.d.next = 0.into();
            if !(self.damaged.val() | self.short.val()) {
                self.last_sequence.d.next = self.header.q.val().get_bits::<32>(160);
                self.seen.d.next = true;
                if !self.bad_operation.q.val() {
                    self.answer.d.next = (self.asked.val() << 1) | (self.asked.val() >> 1);
                }
            }
        }
        // An answer's header: bits that are told here, and bits that are kept.
        self.place.next = bit_cast::<8, 4>(self.at.val()) << self.reply_shift.val();
        self.told.next = self.own.val() | (bit_cast::<256, 2>(self.answer.q.val()) << 40);
        self.part_place.next = bit_cast::<8, 4>(self.part.val()) << self.reply_shift.val();
        self.kept.next = bit_cast::<M, 256>(self.header.q.val() >> self.part_place.val());
        self.reply.next = (self.kept.val()
            & bit_cast::<M, 256>(self.echo.val() >> self.place.val()))
            | bit_cast::<M, 256>(self.told.val() >> self.place.val());
        // The bits that the CRC is made of come 32 later.
        self.behind.next = bit_cast::<32, 256>(
            ((self.header.q.val() << 32) | (self.header.q.val() >> 224)) >> self.part_place.val(),
        );
        self.check.next = (((self.kept.val() << 32) | bit_cast::<M, 32>(self.behind.val()))
            & bit_cast::<M, 256>((self.echo.val() << 32) >> self.place.val()))
            | bit_cast::<M, 256>(
                ((self.told.val() << 32) | self.neutral.val()) >> self.place.val(),
            );

        for i in 0..self.is_scan.len() {
            self.is_scan[i].next = self.asked.val() == 3;
        }
        self.on_context.next = self.context_id.val().get_bit(0);
        self.first_channel.next = self.header.q.val().get_bits::<16>(64);
        self.channels.next = self.header.q.val().get_bits::<16>(80);
        self.images.next = self.header.q.val().get_bits::<16>(96);
        self.streamed.next = self.flags.val().get_bit(0);
        self.payload_len.next = self.length.val();

        if !self.aresetn.val() {
            self.seen.d.next = false;
        }
    }
}
