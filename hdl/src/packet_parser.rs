//! Packet parser: from a stream of requests to commands, payloads and verdicts.
//!
//! One for each path of the core, in front of the encoder and scanner or of the decoder.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `valid_contexts` | in | which contexts are loaded |
//! | `plane_len_0`, `plane_len_1` | in | their plane lengths in samples |
//! | `check_sequence` | in | a jump of the sequence number refuses a request |
//! | `s_axis_tdata`, `s_axis_tvalid`, `s_axis_tready`, `s_axis_tlast` | in, in, out, in | requests, plain or streamed; last with a request's last beat. Ready is a register |
//! | `reply_tvalid`, `reply_tready`, `reply_tdata` | out, in, out | bytes 0 to 23 of the answer's header, byte 0 lowest; one for each request |
//! | `cmd_tvalid`, `cmd_tready` | out, in | a command: a request that is not refused |
//! | `cmd_operation`, `cmd_context`, `cmd_first_channel`, `cmd_channels`, `cmd_images` | out | what to do, with which context, for which planes |
//! | `m_axis_tdata`, `m_axis_tvalid`, `m_axis_tready`, `m_axis_tlast` | out, out, in, out | the command's payload, at least one beat; last with its last, also where the request breaks off |
//! | `m_axis_tdest` | out | 1: it is a scan's |
//! | `verdict_tvalid`, `verdict_tready`, `verdict_status` | out, in, out | the end of a request: its status as far as the parser knows it |
//! | `verdict_samples`, `verdict_empty` | out | samples of the payload (write path); there was no command |
//! | `held` | out | the context of `cmd_context` was found valid for a command that is not taken yet |
//! | `busy` | out | a request is under way, up to its verdict |
//!
//! Generics: N, the beat's bits: 16 S on the write path, W on the read path; D = N + 1. The rest is
//! given to [`PacketParser::new`]. Latency 2 clocks, a beat each clock; a request costs its header and
//! trailer and 6 clocks, a block its head and 2 clocks.
//!
//! A request is judged part by part as it comes: the header, each block head, the trailer, each
//! when it is complete and before a `tlast` on its last beat. The first fault is told
//! (`dqa_golden::packet::Status`, 6 to 15; an empty payload counts as one that ended early, 1). Where a
//! request is refused or goes wrong, what is left of it is dropped up to `tlast`, so the next starts
//! clean. The header stays in its register until reply and command are taken, the verdict in its
//! own, so a short request can come in while the answer before it goes out.
//!
//! A payload's last beat is known only when what follows it has been judged, so one beat is held
//! back. A context that is to be loaded anew is free when it is not valid any more, not `held` by
//! the second clock after, and its core has ended all commands.

use dqa_golden::packet::{Direction, MAGIC, VERSION};
use rust_hdl::prelude::*;

use crate::parameters::Parameters;
use crate::primitives::Crc32;
use crate::skid_buffer::SkidBuffer;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Header,
    Pad,
    Check,
    Compare,
    Judge,
    Tail,
    CheckTail,
    JudgeTail,
    Payload,
    Finish,
    Drop,
}

/// Parser of a path's requests, N bits a beat.
#[derive(LogicBlock)]
pub struct PacketParser<const N: usize, const D: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Contexts that are loaded.
    pub valid_contexts: Signal<In, Bits<2>>,
    /// Samples of a plane of context 0.
    pub plane_len_0: Signal<In, Bits<21>>,
    /// Samples of a plane of context 1.
    pub plane_len_1: Signal<In, Bits<21>>,
    /// Refuse jumps of the sequence number.
    pub check_sequence: Signal<In, Bit>,
    /// Requests.
    pub s_axis_tdata: Signal<In, Bits<N>>,
    /// There is a beat.
    pub s_axis_tvalid: Signal<In, Bit>,
    /// It is taken.
    pub s_axis_tready: Signal<Out, Bit>,
    /// It is the request's last.
    pub s_axis_tlast: Signal<In, Bit>,
    /// Bytes 0 to 23 of the answer's header.
    pub reply_tdata: Signal<Out, Bits<192>>,
    /// There is an answer to begin.
    pub reply_tvalid: Signal<Out, Bit>,
    /// It has begun.
    pub reply_tready: Signal<In, Bit>,
    /// There is a command.
    pub cmd_tvalid: Signal<Out, Bit>,
    /// It is taken.
    pub cmd_tready: Signal<In, Bit>,
    /// Operation: 1 encode, 2 decode, 3 scan.
    pub cmd_operation: Signal<Out, Bits<2>>,
    /// Context.
    pub cmd_context: Signal<Out, Bit>,
    /// Row of each image's first plane.
    pub cmd_first_channel: Signal<Out, Bits<16>>,
    /// Planes of an image.
    pub cmd_channels: Signal<Out, Bits<16>>,
    /// Images.
    pub cmd_images: Signal<Out, Bits<16>>,
    /// Payload.
    pub m_axis_tdata: Signal<Out, Bits<N>>,
    /// There is a beat.
    pub m_axis_tvalid: Signal<Out, Bit>,
    /// It is taken.
    pub m_axis_tready: Signal<In, Bit>,
    /// It is the payload's last.
    pub m_axis_tlast: Signal<Out, Bit>,
    /// It is a scan's.
    pub m_axis_tdest: Signal<Out, Bit>,
    /// A request has ended.
    pub verdict_tvalid: Signal<Out, Bit>,
    /// It is known.
    pub verdict_tready: Signal<In, Bit>,
    /// Status code, 0 if none.
    pub verdict_status: Signal<Out, Bits<4>>,
    /// Samples of its payload.
    pub verdict_samples: Signal<Out, Bits<32>>,
    /// It had no command.
    pub verdict_empty: Signal<Out, Bit>,
    /// A context is in use by a command that is not taken yet.
    pub held: Signal<Out, Bit>,
    /// A request is under way.
    pub busy: Signal<Out, Bit>,

    beat_bits: Constant<Bits<8>>,
    beat_bytes: Constant<Bits<32>>,
    two_beats: Constant<Bits<32>>,
    part_beat: Constant<Bits<32>>,
    header_place: Constant<Bits<8>>,
    tail_place: Constant<Bits<8>>,
    header_end: Constant<Bits<4>>,
    tail_end: Constant<Bits<4>>,
    magic: Constant<Bits<40>>,
    residue: Constant<Bits<32>>,
    operation: Constant<Bits<8>>,
    scan: Constant<Bit>,
    lanes: Constant<Bits<8>>,
    word_bits: Constant<Bits<8>>,
    counts_samples: Constant<Bit>,
    reply_echo: Constant<Bits<192>>,
    reply_own: Constant<Bits<192>>,

    skid: SkidBuffer<D>,
    checksum: Crc32<N>,
    state: DFF<State>,
    at: DFF<Bits<4>>,
    ready: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    beat: Signal<Local, Bits<N>>,
    beat_last: Signal<Local, Bit>,
    ended: DFF<Bit>,
    status: DFF<Bits<4>>,

    /// The header, and what is wrong with it.
    header: DFF<Bits<256>>,
    entering: Signal<Local, Bits<N>>,
    shifts: Signal<Local, Bit>,
    short: DFF<Bit>,
    context_id: Signal<Local, Bits<8>>,
    valid_context: Signal<Local, Bit>,
    plane_len: Signal<Local, Bits<32>>,
    flags: Signal<Local, Bits<8>>,
    payload_len: Signal<Local, Bits<32>>,
    bad_magic: DFF<Bit>,
    bad_crc: DFF<Bit>,
    bad_form: DFF<Bit>,
    bad_operation: DFF<Bit>,
    bad_context: DFF<Bit>,
    bad_shape: DFF<Bit>,
    jump: DFF<Bit>,
    no_payload: DFF<Bit>,
    damaged: Signal<Local, Bit>,
    code: Signal<Local, Bits<4>>,

    last_sequence: DFF<Bits<32>>,
    seen: DFF<Bit>,
    distance: DFF<Bits<32>>,

    answer: DFF<Bits<2>>,
    asked: Signal<Local, Bits<2>>,
    reply_pending: DFF<Bit>,
    cmd_pending: DFF<Bit>,
    commanded: DFF<Bit>,
    holds: DFF<Bit>,

    /// A block head or the trailer.
    tail: DFF<Bits<128>>,
    in_trailer: DFF<Bit>,
    block_len: Signal<Local, Bits<32>>,
    bad_head: DFF<Bit>,
    bad_counts: DFF<Bit>,
    bad_payload: DFF<Bit>,

    bytes: DFF<Bits<32>>,
    left: DFF<Bits<32>>,
    last: DFF<Bit>,
    last_block: DFF<Bit>,
    ends: Signal<Local, Bit>,

    hold: DFF<Bits<N>>,
    hold_valid: DFF<Bit>,
    hold_final: DFF<Bit>,
    hold_scan: DFF<Bit>,
    offers: Signal<Local, Bit>,
    in_payload: Signal<Local, Bit>,

    verdict_pending: DFF<Bit>,
    told_status: DFF<Bits<4>>,
    told_samples: DFF<Bits<32>>,
    told_empty: DFF<Bit>,
}

/// A number of N bits from bytes, the first lowest.
fn from_bytes<const N: usize>(bytes: &[u8]) -> Bits<N> {
    let bits = bytes
        .iter()
        .enumerate()
        .flat_map(|(at, byte)| (0..8).map(move |bit| (8 * at + bit, byte >> bit & 1 == 1)));
    bits.filter(|&(at, _)| at < N)
        .fold(Bits::default(), |all, (at, bit)| all.replace_bit(at, bit))
}

impl<const N: usize, const D: usize> PacketParser<N, D> {
    /// A parser for the path of this direction, with or without scan requests.
    pub fn new(parameters: &Parameters, direction: Direction, scan: bool) -> Self {
        assert_eq!(parameters.check(), Ok(()));
        assert_eq!(D, N + 1, "a beat and its last bit");
        let (beat_bits, operation) = match direction {
            Direction::Write => (16 * parameters.lanes, 1),
            Direction::Read => (parameters.word_bits(), 2),
        };
        assert_eq!(beat_bits, N, "the path's input is as wide");
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
            s_axis_tdata: Signal::default(),
            s_axis_tvalid: Signal::default(),
            s_axis_tready: Signal::default(),
            s_axis_tlast: Signal::default(),
            reply_tdata: Signal::default(),
            reply_tvalid: Signal::default(),
            reply_tready: Signal::default(),
            cmd_tvalid: Signal::default(),
            cmd_tready: Signal::default(),
            cmd_operation: Signal::default(),
            cmd_context: Signal::default(),
            cmd_first_channel: Signal::default(),
            cmd_channels: Signal::default(),
            cmd_images: Signal::default(),
            m_axis_tdata: Signal::default(),
            m_axis_tvalid: Signal::default(),
            m_axis_tready: Signal::default(),
            m_axis_tlast: Signal::default(),
            m_axis_tdest: Signal::default(),
            verdict_tvalid: Signal::default(),
            verdict_tready: Signal::default(),
            verdict_status: Signal::default(),
            verdict_samples: Signal::default(),
            verdict_empty: Signal::default(),
            held: Signal::default(),
            busy: Signal::default(),
            beat_bits: Constant::new(bits(number(N))),
            beat_bytes: Constant::new(bits(number(N / 8))),
            two_beats: Constant::new(bits(number(N / 4))),
            part_beat: Constant::new(bits(number(N / 8 - 1))),
            header_place: Constant::new(bits(number(256 - N))),
            tail_place: Constant::new(bits(number(128 - N))),
            header_end: Constant::new(bits(number(256 / N - 1))),
            tail_end: Constant::new(bits(number(128 / N - 1))),
            magic: Constant::new(from_bytes(&own[..5])),
            residue: Constant::new(bits(u64::from(Crc32::<N>::RESIDUE))),
            operation: Constant::new(bits(operation)),
            scan: Constant::new(scan),
            lanes: Constant::new(bits(number(parameters.lanes))),
            word_bits: Constant::new(bits(number(parameters.word_bits()))),
            counts_samples: Constant::new(direction == Direction::Write),
            reply_echo: Constant::new(from_bytes(&echo)),
            reply_own: Constant::new(from_bytes(&own)),
            skid: SkidBuffer::default(),
            checksum: Crc32::default(),
            state: DFF::default(),
            at: DFF::default(),
            ready: Signal::default(),
            taken: Signal::default(),
            beat: Signal::default(),
            beat_last: Signal::default(),
            ended: DFF::default(),
            status: DFF::default(),
            header: DFF::default(),
            entering: Signal::default(),
            shifts: Signal::default(),
            short: DFF::default(),
            context_id: Signal::default(),
            valid_context: Signal::default(),
            plane_len: Signal::default(),
            flags: Signal::default(),
            payload_len: Signal::default(),
            bad_magic: DFF::default(),
            bad_crc: DFF::default(),
            bad_form: DFF::default(),
            bad_operation: DFF::default(),
            bad_context: DFF::default(),
            bad_shape: DFF::default(),
            jump: DFF::default(),
            no_payload: DFF::default(),
            damaged: Signal::default(),
            code: Signal::default(),
            last_sequence: DFF::default(),
            seen: DFF::default(),
            distance: DFF::default(),
            answer: DFF::default(),
            asked: Signal::default(),
            reply_pending: DFF::default(),
            cmd_pending: DFF::default(),
            commanded: DFF::default(),
            holds: DFF::default(),
            tail: DFF::default(),
            in_trailer: DFF::default(),
            block_len: Signal::default(),
            bad_head: DFF::default(),
            bad_counts: DFF::default(),
            bad_payload: DFF::default(),
            bytes: DFF::default(),
            left: DFF::default(),
            last: DFF::default(),
            last_block: DFF::default(),
            ends: Signal::default(),
            hold: DFF::default(),
            hold_valid: DFF::default(),
            hold_final: DFF::default(),
            hold_scan: DFF::default(),
            offers: Signal::default(),
            in_payload: Signal::default(),
            verdict_pending: DFF::default(),
            told_status: DFF::default(),
            told_samples: DFF::default(),
            told_empty: DFF::default(),
        }
    }
}

impl<const N: usize, const D: usize> Logic for PacketParser<N, D> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, state, at, ended, status, header, short);
        dff_setup!(self, aclk, last_sequence, seen, answer);
        dff_setup!(self, aclk, reply_pending, cmd_pending, commanded, holds);
        dff_setup!(self, aclk, tail, in_trailer, bytes, left, last, last_block);
        dff_setup!(self, aclk, hold, hold_valid, hold_final, hold_scan);
        dff_setup!(
            self,
            aclk,
            verdict_pending,
            told_status,
            told_samples,
            told_empty
        );
        clock!(self, aclk, bad_magic, bad_crc, bad_form, bad_operation);
        clock!(
            self,
            aclk,
            bad_context,
            bad_shape,
            jump,
            distance,
            no_payload
        );
        clock!(self, aclk, bad_head, bad_counts, bad_payload, checksum);
        self.skid.aclk.next = self.aclk.val();
        self.skid.aresetn.next = self.aresetn.val();

        // Input: the last bit under the beat.
        self.skid.s_tvalid.next = self.s_axis_tvalid.val();
        self.skid.s_tdata.next = bit_cast::<D, N>(self.s_axis_tdata.val()) << 1;
        if self.s_axis_tlast.val() {
            self.skid.s_tdata.next = (bit_cast::<D, N>(self.s_axis_tdata.val()) << 1) | 1;
        }
        self.s_axis_tready.next = self.skid.s_tready.val();
        self.beat.next = self.skid.m_tdata.val().get_bits::<N>(1);
        self.beat_last.next = self.skid.m_tdata.val().get_bit(0);

        self.ready.next = false;
        self.in_payload.next = false;
        match self.state.q.val() {
            State::Header => {
                self.ready.next = !(self.reply_pending.q.val() | self.cmd_pending.q.val());
            }
            State::Tail => {
                self.ready.next = true;
            }
            State::Payload => {
                self.ready.next = (!self.hold_valid.q.val()) | self.m_axis_tready.val();
                self.in_payload.next = true;
            }
            State::Drop => {
                self.ready.next = true;
            }
            _ => {}
        }
        self.skid.m_tready.next = self.ready.val();
        self.taken.next = self.ready.val() & self.skid.m_tvalid.val();

        // What is handed out.
        if self.reply_tready.val() {
            self.reply_pending.d.next = false;
        }
        if self.cmd_tready.val() {
            self.cmd_pending.d.next = false;
            if self.cmd_pending.q.val() {
                self.holds.d.next = false;
            }
        }
        if self.verdict_tready.val() {
            self.verdict_pending.d.next = false;
        }
        self.offers.next = self.hold_valid.q.val()
            & (self.hold_final.q.val() | (self.in_payload.val() & self.skid.m_tvalid.val()));
        if self.offers.val() & self.m_axis_tready.val() {
            self.hold_valid.d.next = false;
        }

        // The header's fields and what is wrong with them, for the second clock after its end.
        self.context_id.next = self.header.q.val().get_bits::<8>(48);
        self.flags.next = self.header.q.val().get_bits::<8>(120);
        self.payload_len.next = self.header.q.val().get_bits::<32>(192);
        self.valid_context.next = self.valid_contexts.val().get_bit(0);
        self.plane_len.next = bit_cast::<32, 21>(self.plane_len_0.val());
        if self.context_id.val().get_bit(0) {
            self.valid_context.next = self.valid_contexts.val().get_bit(1);
            self.plane_len.next = bit_cast::<32, 21>(self.plane_len_1.val());
        }
        self.bad_magic.d.next = self.header.q.val().get_bits::<40>(0) != self.magic.val();
        self.bad_crc.d.next = self.checksum.crc.val() != self.residue.val();
        self.bad_form.d.next = self.flags.val().get_bits::<7>(1).any()
            | (self.flags.val().get_bit(0) & self.payload_len.val().any())
            | (self.payload_len.val() & self.part_beat.val()).any();
        self.no_payload.d.next = !(self.flags.val().get_bit(0) | self.payload_len.val().any());
        self.bad_operation.d.next = (self.header.q.val().get_bits::<8>(40) != self.operation.val())
            & (!(self.scan.val() & (self.header.q.val().get_bits::<8>(40) == 3)));
        self.bad_context.d.next =
            self.context_id.val().get_bits::<7>(1).any() | (!self.valid_context.val());
        self.bad_shape.d.next = (self.header.q.val().get_bits::<8>(56) != self.lanes.val())
            | (self.header.q.val().get_bits::<8>(112) != self.word_bits.val())
            | (self.header.q.val().get_bits::<32>(128) != self.plane_len.val());
        self.distance.d.next = self.header.q.val().get_bits::<32>(160) - self.last_sequence.q.val();
        self.jump.d.next =
            self.check_sequence.val() & self.seen.q.val() & (self.distance.q.val() > 1);
        self.damaged.next = self.short.q.val()
            | self.bad_magic.q.val()
            | self.bad_crc.q.val()
            | self.bad_form.q.val();
        self.code.next = 0.into();
        if self.ended.q.val() {
            self.code.next = 13.into();
        }
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
        if self.short.q.val() {
            self.code.next = 13.into();
        }
        self.asked.next = self.header.q.val().get_bits::<2>(40);

        // What is wrong with a block head or trailer.
        self.block_len.next = bit_cast::<32, 31>(self.tail.q.val().get_bits::<31>(0));
        self.bad_head.d.next = self.tail.q.val().get_bits::<96>(32).any()
            | self.block_len.val().get_bits::<18>(13).any()
            | (self.block_len.val().get_bit(12) & self.block_len.val().get_bits::<12>(0).any())
            | (self.block_len.val() & self.part_beat.val()).any()
            | (!self.tail.q.val().get_bits::<32>(0).any());
        self.bad_counts.d.next = (self.counts_samples.val()
            & (self.tail.q.val().get_bits::<32>(0) != (self.bytes.q.val() >> 1)))
            | (self.tail.q.val().get_bits::<32>(32) != self.bytes.q.val())
            | self.tail.q.val().get_bits::<32>(64).any();
        self.bad_payload.d.next = self.tail.q.val().get_bits::<32>(96) != self.checksum.crc.val();

        self.checksum.clear.next = !self.aresetn.val();
        self.checksum.enable.next = false;
        self.checksum.data.next = self.beat.val();
        self.entering.next = self.beat.val();
        self.shifts.next = false;
        self.ends.next =
            self.last.q.val() & (self.last_block.q.val() | (!self.flags.val().get_bit(0)));
        self.busy.next = true;
        match self.state.q.val() {
            State::Header => {
                self.busy.next = self.at.q.val().any()
                    | self.reply_pending.q.val()
                    | self.cmd_pending.q.val()
                    | self.verdict_pending.q.val();
                self.checksum.enable.next = self.taken.val();
                self.shifts.next = self.taken.val();
                self.short.d.next = false;
                if self.taken.val() {
                    self.at.d.next = self.at.q.val() + 1;
                    self.ended.d.next = self.beat_last.val();
                    if self.at.q.val() == self.header_end.val() {
                        self.state.d.next = State::Check;
                    } else {
                        if self.beat_last.val() {
                            self.short.d.next = true;
                            self.state.d.next = State::Pad;
                        }
                    }
                }
            }
            State::Pad => {
                self.entering.next = 0.into();
                self.shifts.next = true;
                self.at.d.next = self.at.q.val() + 1;
                if self.at.q.val() == self.header_end.val() {
                    self.state.d.next = State::Check;
                }
            }
            State::Check => {
                self.state.d.next = State::Compare;
            }
            State::Compare => {
                self.state.d.next = State::Judge;
            }
            State::Judge => {
                self.at.d.next = 0.into();
                self.checksum.clear.next = true;
                self.status.d.next = self.code.val();
                self.bytes.d.next = 0.into();
                self.reply_pending.d.next = true;
                self.commanded.d.next = false;
                self.in_trailer.d.next = false;
                self.answer.d.next = 0.into();
                if !(self.damaged.val() | self.bad_operation.q.val()) {
                    self.answer.d.next = (self.asked.val() << 1) | (self.asked.val() >> 1);
                }
                if !self.damaged.val() {
                    self.last_sequence.d.next = self.header.q.val().get_bits::<32>(160);
                    self.seen.d.next = true;
                }
                self.left.d.next = self.payload_len.val();
                self.last.d.next = self.payload_len.val() == self.beat_bytes.val();
                if self.code.val().any() {
                    self.state.d.next = State::Finish;
                } else {
                    self.holds.d.next = true;
                    if self.flags.val().get_bit(0) {
                        self.state.d.next = State::Tail;
                    } else {
                        self.cmd_pending.d.next = true;
                        self.commanded.d.next = true;
                        self.state.d.next = State::Payload;
                    }
                }
            }
            State::Payload => {
                if self.taken.val() {
                    self.checksum.enable.next = true;
                    self.bytes.d.next = self.bytes.q.val() + self.beat_bytes.val();
                    self.left.d.next = self.left.q.val() - self.beat_bytes.val();
                    self.last.d.next = self.left.q.val() == self.two_beats.val();
                    self.hold.d.next = self.beat.val();
                    self.hold_valid.d.next = true;
                    self.hold_final.d.next = self.beat_last.val() | self.ends.val();
                    self.hold_scan.d.next =
                        self.asked.val().get_bit(0) & self.asked.val().get_bit(1);
                    self.in_trailer.d.next = self.ends.val();
                    if self.beat_last.val() {
                        self.ended.d.next = true;
                        self.status.d.next = 13.into();
                        self.state.d.next = State::Finish;
                    } else {
                        if self.last.q.val() {
                            self.state.d.next = State::Tail;
                        }
                    }
                }
            }
            State::Tail => {
                if self.taken.val() {
                    self.at.d.next = self.at.q.val() + 1;
                    self.ended.d.next = self.beat_last.val();
                    if self.at.q.val() == self.tail_end.val() {
                        self.state.d.next = State::CheckTail;
                    } else {
                        if self.beat_last.val() {
                            self.status.d.next = 13.into();
                            self.hold_final.d.next = true;
                            self.state.d.next = State::Finish;
                        }
                    }
                }
            }
            State::CheckTail => {
                self.at.d.next = 0.into();
                self.state.d.next = State::JudgeTail;
            }
            State::JudgeTail => {
                self.left.d.next = self.block_len.val();
                self.last.d.next = self.block_len.val() == self.beat_bytes.val();
                self.last_block.d.next = self.tail.q.val().get_bit(31);
                self.state.d.next = State::Finish;
                if self.in_trailer.q.val() {
                    if !self.ended.q.val() {
                        self.status.d.next = 14.into();
                    }
                    if self.bad_payload.q.val() {
                        self.status.d.next = 11.into();
                    }
                    if self.bad_counts.q.val() {
                        self.status.d.next = 12.into();
                    }
                } else {
                    self.hold_final.d.next = true;
                    if self.bad_head.q.val() {
                        self.status.d.next = 15.into();
                    } else {
                        if (!self.commanded.q.val()) & (!self.block_len.val().any()) {
                            self.status.d.next = 1.into();
                        } else {
                            if self.ended.q.val() {
                                self.status.d.next = 13.into();
                            } else {
                                if self.block_len.val().any() {
                                    self.hold_final.d.next = self.hold_final.q.val();
                                    self.commanded.d.next = true;
                                    if !self.commanded.q.val() {
                                        self.cmd_pending.d.next = true;
                                    }
                                    self.state.d.next = State::Payload;
                                } else {
                                    self.in_trailer.d.next = true;
                                    self.state.d.next = State::Tail;
                                }
                            }
                        }
                    }
                }
            }
            State::Finish => {
                self.at.d.next = 0.into();
                self.checksum.clear.next = true;
                if !self.commanded.q.val() {
                    self.holds.d.next = false;
                }
                if !self.verdict_pending.q.val() {
                    self.verdict_pending.d.next = true;
                    self.told_status.d.next = self.status.q.val();
                    self.told_samples.d.next = self.bytes.q.val() >> 1;
                    self.told_empty.d.next = !self.commanded.q.val();
                    self.state.d.next = State::Drop;
                    if self.ended.q.val() {
                        self.state.d.next = State::Header;
                    }
                }
            }
            State::Drop => {
                if self.taken.val() & self.beat_last.val() {
                    self.state.d.next = State::Header;
                }
            }
        }
        if self.shifts.val() {
            self.header.d.next = (self.header.q.val() >> self.beat_bits.val())
                | (bit_cast::<256, N>(self.entering.val()) << self.header_place.val());
        }
        if self.taken.val() {
            self.tail.d.next = (self.tail.q.val() >> self.beat_bits.val())
                | (bit_cast::<128, N>(self.beat.val()) << self.tail_place.val());
        }

        self.reply_tvalid.next = self.reply_pending.q.val();
        self.reply_tdata.next = (self.header.q.val().get_bits::<192>(0) & self.reply_echo.val())
            | self.reply_own.val()
            | (bit_cast::<192, 2>(self.answer.q.val()) << 40);
        self.cmd_tvalid.next = self.cmd_pending.q.val();
        self.cmd_operation.next = self.asked.val();
        self.cmd_context.next = self.context_id.val().get_bit(0);
        self.cmd_first_channel.next = self.header.q.val().get_bits::<16>(64);
        self.cmd_channels.next = self.header.q.val().get_bits::<16>(80);
        self.cmd_images.next = self.header.q.val().get_bits::<16>(96);
        self.m_axis_tvalid.next = self.offers.val();
        self.m_axis_tdata.next = self.hold.q.val();
        self.m_axis_tlast.next = self.hold_final.q.val();
        self.m_axis_tdest.next = self.hold_scan.q.val();
        self.verdict_tvalid.next = self.verdict_pending.q.val();
        self.verdict_status.next = self.told_status.q.val();
        self.verdict_samples.next = self.told_samples.q.val();
        self.verdict_empty.next = self.told_empty.q.val();
        self.held.next = self.holds.q.val();

        if !self.aresetn.val() {
            self.state.d.next = State::Header;
            self.at.d.next = 0.into();
            self.seen.d.next = false;
            self.reply_pending.d.next = false;
            self.cmd_pending.d.next = false;
            self.holds.d.next = false;
            self.hold_valid.d.next = false;
            self.verdict_pending.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PacketParser, from_bytes};
    use crate::parameters::Parameters;
    use crate::step::step;
    use dqa_golden::lanes::LaneShape;
    use dqa_golden::packet::{Direction, Header, Operation};
    use dqa_golden::payload::PlaneRun;
    use rust_hdl::prelude::*;

    #[test]
    fn a_scan_goes_to_the_scanner() {
        let parameters = Parameters {
            lanes: 8,
            ..Parameters::default()
        };
        let header = Header {
            operation: Operation::Scan,
            context: 1,
            shape: LaneShape::new(8).expect("legal"),
            run: PlaneRun {
                first_channel: 3,
                channels: 1,
                images: 2,
            },
            plane_len: 10,
            sequence: 9,
            payload_len: 0,
        };
        let request = header.packet(&[5; 64]);
        let mut beats = request.chunks(16).map(from_bytes::<128>).peekable();

        let mut unit = PacketParser::<128, 129>::new(&parameters, Direction::Write, true);
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.valid_contexts.next = bits(2);
        unit.plane_len_1.next = bits(10);
        unit.m_axis_tready.next = true;
        step(&mut unit, |unit| &mut unit.aclk);
        let mut passed = Vec::new();
        for _ in 0..40 {
            unit.s_axis_tvalid.next = beats.peek().is_some();
            unit.s_axis_tdata.next = beats.peek().copied().unwrap_or_default();
            unit.s_axis_tlast.next = beats.len() == 1;
            if unit.s_axis_tready.val() {
                beats.next();
            }
            if unit.m_axis_tvalid.val() {
                passed.push((unit.m_axis_tlast.val(), unit.m_axis_tdest.val()));
            }
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert_eq!(
            passed,
            [(false, true), (false, true), (false, true), (true, true)]
        );
        assert!(unit.cmd_tvalid.val() && unit.held.val());
        assert_eq!(unit.cmd_operation.val(), bits(3));
        assert_eq!(unit.cmd_first_channel.val(), bits(3));
        let answer = Header {
            payload_len: 0,
            ..header
        }
        .to_bytes();
        let mut head: [u8; 24] = *answer.first_chunk().expect("32 bytes");
        head[15] = 1;
        assert_eq!(unit.reply_tdata.val(), from_bytes::<192>(&head));
        assert!(unit.verdict_tvalid.val());
        assert_eq!(unit.verdict_status.val(), bits(0));
        assert_eq!(unit.verdict_samples.val(), bits(32));
    }
}
