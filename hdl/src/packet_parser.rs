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
//! | `s_axis_*` | in | requests, plain or streamed; last with a request's last beat. Ready is a register |
//! | `answer_*` | out | the begin of an answer and a verdict for each request, [`AnswerSource`] |
//! | `cmd_*` | out | a command: a request that is not refused |
//! | `cmd_scan` | out | with it, where there are scan requests: it is one |
//! | `m_axis_*` | out | the command's payload, at least one beat; last with its last, also where the request breaks off |
//! | `held` | out | the context of `cmd_context` was found valid for a command that is not taken yet |
//! | `busy` | out | a request is under way, up to its verdict |
//!
//! Generics: N, the beat's bits: 16 S on the write path, W on the read path; D = N + 1; M, the bits of an
//! answer's beat, W and 16 S. The rest is
//! given to [`PacketParser::new`]. Latency 2 clocks, a beat each clock; a request costs its header and
//! trailer and 6 clocks, a block its head and 2 clocks.
//!
//! A request is judged part by part as it comes: the [header](RequestHeader), each block head, the
//! [trailer](RequestTail), each when it is complete and before a `tlast` on its last beat. The first fault is told
//! (`dqa_golden::packet::Status`, 6 to 15; an empty payload counts as one that ended early, 1). Where a
//! request is refused or goes wrong, what is left of it is dropped up to `tlast`, so the next starts
//! clean. The header stays in its register until the command is taken and then the reply, which turns it
//! around, the verdict in its own: a request's payload comes in while the answer before it goes out.
//!
//! A payload's last beat is known only when what follows it has been judged, so one beat is held
//! back. A context that is to be loaded anew is free when it is not valid any more, not `held` by
//! the second clock after, and its core has ended all commands.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::bus::{AnswerSource, CommandSource, StreamSink, StreamSource};
use crate::parameters::Parameters;
use crate::primitives::Crc32;
use crate::request_header::RequestHeader;
use crate::request_tail::RequestTail;
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

/// Parser of a path's requests, N bits a beat; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct PacketParser<const N: usize, const D: usize, const M: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub valid_contexts: Signal<In, Bits<2>>,
    pub plane_len_0: Signal<In, Bits<21>>,
    pub plane_len_1: Signal<In, Bits<21>>,
    pub check_sequence: Signal<In, Bit>,
    pub s_axis: StreamSink<N>,
    pub answer: AnswerSource<M>,
    pub cmd: CommandSource,
    pub cmd_scan: Vec<Signal<Out, Bit>>,
    pub m_axis: StreamSource<N>,
    pub held: Signal<Out, Bit>,
    pub busy: Signal<Out, Bit>,

    beat_bytes: Constant<Bits<32>>,
    two_beats: Constant<Bits<32>>,
    header_end: Constant<Bits<4>>,
    tail_end: Constant<Bits<4>>,

    /// One, but where what is in front has registers.
    slice: Vec<SkidBuffer<D>>,
    checksum: Crc32<N>,
    header: RequestHeader<N, M>,
    tail: RequestTail<N>,
    state: DFF<State>,
    at: DFF<Bits<4>>,
    ready: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    beat: Signal<Local, Bits<N>>,
    beat_last: Signal<Local, Bit>,
    beat_valid: Signal<Local, Bit>,
    ended: DFF<Bit>,
    short: DFF<Bit>,
    code: Signal<Local, Bits<4>>,
    status: DFF<Bits<4>>,

    reply_pending: DFF<Bit>,
    cmd_pending: DFF<Bit>,
    commanded: DFF<Bit>,
    holds: DFF<Bit>,

    in_trailer: DFF<Bit>,
    bytes: DFF<Bits<32>>,
    left: DFF<Bits<32>>,
    last: DFF<Bit>,
    last_block: DFF<Bit>,
    streamed: DFF<Bit>,
    ends: Signal<Local, Bit>,

    hold: DFF<Bits<N>>,
    hold_valid: DFF<Bit>,
    hold_final: DFF<Bit>,
    offers: Signal<Local, Bit>,
    in_payload: Signal<Local, Bit>,

    verdict_pending: DFF<Bit>,
    told_status: DFF<Bits<4>>,
    told_samples: DFF<Bits<32>>,
    told_empty: DFF<Bit>,
}

impl<const N: usize, const D: usize, const M: usize> PacketParser<N, D, M> {
    /// A parser for the path of this direction, with or without scan requests.
    pub fn new(parameters: &Parameters, direction: Direction, scan: bool) -> Self {
        assert_eq!(parameters.check(), Ok(()));
        assert_eq!(D, N + 1, "a beat and its last bit");
        let beat_bits = match direction {
            Direction::Write => 16 * parameters.lanes,
            Direction::Read => parameters.word_bits(),
        };
        assert_eq!(beat_bits, N, "the path's input is as wide");
        let number = |x: usize| x as u64;
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            valid_contexts: Signal::default(),
            plane_len_0: Signal::default(),
            plane_len_1: Signal::default(),
            check_sequence: Signal::default(),
            s_axis: StreamSink::default(),
            answer: AnswerSource::default(),
            cmd: CommandSource::default(),
            cmd_scan: scan.then(Signal::default).into_iter().collect(),
            m_axis: StreamSource::default(),
            held: Signal::default(),
            busy: Signal::default(),
            beat_bytes: Constant::new(bits(number(N / 8))),
            two_beats: Constant::new(bits(number(N / 4))),
            header_end: Constant::new(bits(number(256 / N - 1))),
            tail_end: Constant::new(bits(number(128 / N - 1))),
            slice: vec![SkidBuffer::default()],
            checksum: Crc32::default(),
            header: RequestHeader::new(parameters, direction, scan),
            tail: RequestTail::new(direction),
            state: DFF::default(),
            at: DFF::default(),
            ready: Signal::default(),
            taken: Signal::default(),
            beat: Signal::default(),
            beat_last: Signal::default(),
            beat_valid: Signal::default(),
            ended: DFF::default(),
            short: DFF::default(),
            code: Signal::default(),
            status: DFF::default(),
            reply_pending: DFF::default(),
            cmd_pending: DFF::default(),
            commanded: DFF::default(),
            holds: DFF::default(),
            in_trailer: DFF::default(),
            bytes: DFF::default(),
            left: DFF::default(),
            last: DFF::default(),
            last_block: DFF::default(),
            streamed: DFF::default(),
            ends: Signal::default(),
            hold: DFF::default(),
            hold_valid: DFF::default(),
            hold_final: DFF::default(),
            offers: Signal::default(),
            in_payload: Signal::default(),
            verdict_pending: DFF::default(),
            told_status: DFF::default(),
            told_samples: DFF::default(),
            told_empty: DFF::default(),
        }
    }

    /// The same without a register slice at its input: in front of it are registers.
    pub fn without_slice(self) -> Self {
        let slice = Vec::new();
        Self { slice, ..self }
    }
}

impl<const N: usize, const D: usize, const M: usize> Logic for PacketParser<N, D, M> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, state, at, ended, status, short);
        dff_setup!(self, aclk, reply_pending, cmd_pending, commanded, holds);
        dff_setup!(
            self, aclk, in_trailer, bytes, left, last, last_block, streamed
        );
        dff_setup!(self, aclk, hold, hold_valid, hold_final);
        dff_setup!(self, aclk, verdict_pending, told_status);
        dff_setup!(self, aclk, told_samples, told_empty);
        clock!(self, aclk, checksum);
        self.header.aclk.next = self.aclk.val();
        self.tail.aclk.next = self.aclk.val();
        self.header.aresetn.next = self.aresetn.val();

        // Input: the last bit under the beat.
        self.beat.next = self.s_axis.tdata.val();
        self.beat_last.next = self.s_axis.tlast.val();
        self.beat_valid.next = self.s_axis.tvalid.val();
        for i in 0..self.slice.len() {
            self.slice[i].aclk.next = self.aclk.val();
            self.slice[i].aresetn.next = self.aresetn.val();
            self.slice[i].s_tvalid.next = self.s_axis.tvalid.val();
            self.slice[i].s_tdata.next = bit_cast::<D, N>(self.s_axis.tdata.val()) << 1;
            if self.s_axis.tlast.val() {
                self.slice[i].s_tdata.next = (bit_cast::<D, N>(self.s_axis.tdata.val()) << 1) | 1;
            }
            self.beat.next = self.slice[i].m_tdata.val().get_bits::<N>(1);
            self.beat_last.next = self.slice[i].m_tdata.val().get_bit(0);
            self.beat_valid.next = self.slice[i].m_tvalid.val();
        }

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
                self.ready.next = (!self.hold_valid.q.val()) | self.m_axis.tready.val();
                self.in_payload.next = true;
            }
            State::Drop => {
                self.ready.next = true;
            }
            _ => {}
        }
        self.s_axis.tready.next = self.ready.val();
        for i in 0..self.slice.len() {
            self.slice[i].m_tready.next = self.ready.val();
            self.s_axis.tready.next = self.slice[i].s_tready.val();
        }
        self.taken.next = self.ready.val() & self.beat_valid.val();

        // What is handed out.
        if self.answer.reply_tready.val() {
            self.reply_pending.d.next = false;
        }
        if self.cmd.tready.val() {
            self.cmd_pending.d.next = false;
            if self.cmd_pending.q.val() {
                self.holds.d.next = false;
            }
        }
        if self.answer.verdict_tready.val() {
            self.verdict_pending.d.next = false;
        }
        self.offers.next = self.hold_valid.q.val()
            & (self.hold_final.q.val() | (self.in_payload.val() & self.beat_valid.val()));
        if self.offers.val() & self.m_axis.tready.val() {
            self.hold_valid.d.next = false;
        }

        // The header and its faults.
        self.header.valid_contexts.next = self.valid_contexts.val();
        self.header.plane_len_0.next = self.plane_len_0.val();
        self.header.plane_len_1.next = self.plane_len_1.val();
        self.header.check_sequence.next = self.check_sequence.val();
        self.header.shift.next = false;
        self.header.data.next = self.beat.val();
        self.header.crc.next = self.checksum.crc.val();
        self.header.judge.next = self.state.q.val() == State::Judge;
        self.header.short.next = self.short.q.val();
        self.code.next = self.header.code.val();
        if self.ended.q.val() & !self.header.code.val().any() {
            self.code.next = 13.into();
        }
        if self.short.q.val() {
            self.code.next = 13.into();
        }

        // A block head or the trailer.
        self.tail.shift.next = self.taken.val();
        self.tail.at.next = self.at.q.val();
        self.tail.data.next = self.beat.val();
        self.tail.bytes.next = self.bytes.q.val();
        self.tail.crc.next = self.checksum.crc.val();

        self.checksum.clear.next = !self.aresetn.val();
        self.checksum.enable.next = false;
        self.checksum.data.next = self.beat.val();
        self.ends.next = self.last.q.val() & (self.last_block.q.val() | (!self.streamed.q.val()));
        self.busy.next = true;
        match self.state.q.val() {
            State::Header => {
                self.busy.next = self.at.q.val().any()
                    | self.reply_pending.q.val()
                    | self.cmd_pending.q.val()
                    | self.verdict_pending.q.val();
                self.checksum.enable.next = self.taken.val();
                self.header.shift.next = self.taken.val();
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
                self.header.data.next = 0.into();
                self.header.shift.next = true;
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
                self.commanded.d.next = false;
                self.in_trailer.d.next = false;
                self.streamed.d.next = self.header.streamed.val();
                self.left.d.next = self.header.payload_len.val();
                self.last.d.next = self.header.payload_len.val() == self.beat_bytes.val();
                if self.code.val().any() {
                    self.state.d.next = State::Finish;
                } else {
                    self.holds.d.next = true;
                    if self.header.streamed.val() {
                        self.state.d.next = State::Tail;
                    } else {
                        self.cmd_pending.d.next = true;
                        self.reply_pending.d.next = true;
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
                self.left.d.next = self.tail.block_len.val();
                self.last.d.next = self.tail.block_len.val() == self.beat_bytes.val();
                self.last_block.d.next = self.tail.last_block.val();
                self.state.d.next = State::Finish;
                if self.in_trailer.q.val() {
                    if !self.ended.q.val() {
                        self.status.d.next = 14.into();
                    }
                    if self.tail.bad_payload.val() {
                        self.status.d.next = 11.into();
                    }
                    if self.tail.bad_counts.val() {
                        self.status.d.next = 12.into();
                    }
                } else {
                    self.hold_final.d.next = true;
                    if self.tail.bad_head.val() {
                        self.status.d.next = 15.into();
                    } else {
                        if (!self.commanded.q.val()) & (!self.tail.block_len.val().any()) {
                            self.status.d.next = 1.into();
                        } else {
                            if self.ended.q.val() {
                                self.status.d.next = 13.into();
                            } else {
                                if self.tail.block_len.val().any() {
                                    self.hold_final.d.next = self.hold_final.q.val();
                                    self.commanded.d.next = true;
                                    if !self.commanded.q.val() {
                                        self.cmd_pending.d.next = true;
                                        self.reply_pending.d.next = true;
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
                    if !self.commanded.q.val() {
                        self.reply_pending.d.next = true;
                    }
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

        // The command's fields stand where the reply turns.
        self.answer.reply_tvalid.next = self.reply_pending.q.val() & !self.cmd_pending.q.val();
        self.answer.reply_tdata.next = self.header.reply.val();
        self.answer.reply_check.next = self.header.check.val();
        self.header.at.next = self.answer.reply_at.val();
        self.header.turn.next = self.answer.reply_turn.val();
        self.answer.verdict_tvalid.next = self.verdict_pending.q.val();
        self.answer.verdict_status.next = self.told_status.q.val();
        self.answer.verdict_samples.next = self.told_samples.q.val();
        self.answer.verdict_empty.next = self.told_empty.q.val();
        self.cmd.tvalid.next = self.cmd_pending.q.val();
        self.cmd.context.next = self.header.on_context.val();
        self.cmd.first_channel.next = self.header.first_channel.val();
        self.cmd.channels.next = self.header.channels.val();
        self.cmd.images.next = self.header.images.val();
        for i in 0..self.cmd_scan.len() {
            self.cmd_scan[i].next = self.header.is_scan[i].val();
        }
        self.m_axis.tvalid.next = self.offers.val();
        self.m_axis.tdata.next = self.hold.q.val();
        self.m_axis.tlast.next = self.hold_final.q.val();
        self.held.next = self.holds.q.val();

        if !self.aresetn.val() {
            self.state.d.next = State::Header;
            self.at.d.next = 0.into();
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
    use super::PacketParser;
    use crate::parameters::Parameters;
    use crate::request_header::from_bytes;
    use crate::step::{settle, step};
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

        let mut unit = PacketParser::<128, 129, 64>::new(&parameters, Direction::Write, true);
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.valid_contexts.next = bits(2);
        unit.plane_len_1.next = bits(10);
        unit.m_axis.tready.next = true;
        step(&mut unit, |unit| &mut unit.aclk);
        let mut passed = Vec::new();
        for _ in 0..40 {
            unit.s_axis.tvalid.next = beats.peek().is_some();
            unit.s_axis.tdata.next = beats.peek().copied().unwrap_or_default();
            unit.s_axis.tlast.next = beats.len() == 1;
            if unit.s_axis.tready.val() {
                beats.next();
            }
            if unit.m_axis.tvalid.val() {
                passed.push(unit.m_axis.tlast.val());
            }
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert_eq!(passed, [false, false, false, true]);
        assert!(unit.cmd.tvalid.val() && unit.held.val());
        assert!(unit.cmd_scan[0].val());
        assert_eq!(unit.cmd.first_channel.val(), bits(3));
        let answer = Header {
            payload_len: 0,
            ..header
        }
        .to_bytes();
        let mut head: [u8; 24] = *answer.first_chunk().expect("32 bytes");
        head[15] = 1;
        assert!(
            !unit.answer.reply_tvalid.val(),
            "the command is to go first"
        );
        unit.cmd.tready.next = true;
        step(&mut unit, |unit| &mut unit.aclk);
        assert!(unit.answer.reply_tvalid.val());
        unit.answer.reply_turn.next = true;
        for (at, word) in (0..).zip(head.chunks(8)) {
            unit.answer.reply_at.next = bits(at);
            settle(&mut unit, |unit| &mut unit.aclk);
            assert_eq!(unit.answer.reply_tdata.val(), from_bytes::<64>(word));
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert!(unit.answer.verdict_tvalid.val());
        assert_eq!(unit.answer.verdict_status.val(), bits(0));
        assert_eq!(unit.answer.verdict_samples.val(), bits(32));
    }
}
