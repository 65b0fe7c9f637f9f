//! Packet framer: from a core's output to a stream of answers.
//!
//! One for each path of the core, behind the encoder and scanner or the decoder.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `answer_*` | in | the parser's: the begin of an answer and a verdict for each request, [`AnswerSink`] |
//! | `s_axis_*`, `s_axis_tuser` | in | the core's payloads; last with a payload's last beat, and with it the core's error code. Ready comes from registers |
//! | `m_axis_*` | out | streamed packets |
//! | `sent`, `sent_status` | out | for one clock: an answer's last beat has gone to the output; its status |
//! | `busy` | out | an answer is being sent, or a block waits |
//!
//! Generics: N, the beat's bits (16, 32, 64, 128); D = N + 1; A, L, E as in [`BlockFifo`]. The path's
//! direction is given to [`PacketFramer::new`]. A block goes out when
//! it is complete, at the earliest 5 clocks after its last beat came; then a beat each clock. A block
//! costs its head and 1 clock, an answer its header and trailer and 256 / N + 2 clocks.
//!
//! Payloads go into a FIFO of one block, so that of the next answer fills it while this
//! one's last block goes out. The status is the parser's header error, or the core's error, or the
//! parser's; but where the parser cut the payload off (13, 15), the core's 1 and 2 are only what
//! follows.
//!
//! The states say what is to come and read the FIFO; what they say passes two clocks, as the beats
//! do in the block RAM and the register behind it, and is done there. What is no payload is made in the
//! clock before: the parser's register turns around once for the header's CRC, and once more to be sent.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::block_fifo::BlockFifo;
use crate::bus::{AnswerSink, StreamSink, StreamSource};
use crate::primitives::Crc32;
use crate::skid_buffer::SkidBuffer;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Idle,
    Seal,
    Header,
    Choose,
    Head,
    Block,
    Verdict,
    Trailer,
}

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum Action {
    Nothing,
    Seal,
    Header,
    HeaderEnd,
    Head,
    Payload,
    Trailer,
    End,
}

/// Framer of a path's answers, N bits a beat; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct PacketFramer<
    const N: usize,
    const D: usize,
    const A: usize,
    const L: usize,
    const E: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub answer: AnswerSink<N>,
    pub s_axis: StreamSink<N>,
    pub s_axis_tuser: Signal<In, Bits<3>>,
    pub m_axis: StreamSource<N>,
    pub sent: Signal<Out, Bit>,
    pub sent_status: Signal<Out, Bits<4>>,
    pub busy: Signal<Out, Bit>,

    beat_bytes: Constant<Bits<32>>,
    beat_shift: Constant<Bits<3>>,
    byte_shift: Constant<Bits<3>>,
    header_end: Constant<Bits<4>>,
    tail_end: Constant<Bits<4>>,
    last_flag: Constant<Bits<128>>,
    counts_samples: Constant<Bit>,

    blocks: BlockFifo<N, A, L, E>,
    takes_block: Signal<Local, Bit>,
    reads: Signal<Local, Bit>,

    state: DFF<State>,
    at: DFF<Bits<4>>,
    beats_left: DFF<Bits<L>>,
    head_beats: DFF<Bits<L>>,
    last_block: DFF<Bit>,
    error: DFF<Bits<3>>,
    status: DFF<Bits<4>>,

    coming: DFF<Action>,
    advance: Signal<Local, Bit>,
    /// Number of the beat that is coming, in a header, head or trailer; where its bits begin.
    now: DFF<Bits<4>>,
    place: Signal<Local, Bits<8>>,
    samples: Signal<Local, Bits<32>>,
    header: Signal<Local, Bits<N>>,
    head: Signal<Local, Bits<128>>,
    trailer: Signal<Local, Bits<128>>,
    seals: DFF<Bit>,
    sends: DFF<Bit>,
    sends_payload: DFF<Bit>,
    clears: DFF<Bit>,
    ends: DFF<Bit>,

    word: DFF<Bits<N>>,
    bytes: DFF<Bits<32>>,
    checksum: Crc32<N>,
    /// One, but where what is behind has registers.
    slice: Vec<SkidBuffer<D>>,
}

impl<const N: usize, const D: usize, const A: usize, const L: usize, const E: usize>
    PacketFramer<N, D, A, L, E>
{
    /// A framer for the path of this direction.
    pub fn new(direction: Direction) -> Self {
        assert_eq!(D, N + 1, "a beat and its last bit");
        let number = |x: usize| x as u64;
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            answer: AnswerSink::default(),
            s_axis: StreamSink::default(),
            s_axis_tuser: Signal::default(),
            m_axis: StreamSource::default(),
            sent: Signal::default(),
            sent_status: Signal::default(),
            busy: Signal::default(),
            beat_bytes: Constant::new(bits(number(N / 8))),
            beat_shift: Constant::new(bits(u64::from(N.ilog2()))),
            byte_shift: Constant::new(bits(u64::from((N / 8).ilog2()))),
            header_end: Constant::new(bits(number(256 / N - 1))),
            tail_end: Constant::new(bits(number(128 / N - 1))),
            last_flag: Constant::new(bits::<128>(1) << 31_u64),
            counts_samples: Constant::new(direction == Direction::Read),
            blocks: BlockFifo::default(),
            takes_block: Signal::default(),
            reads: Signal::default(),
            state: DFF::default(),
            at: DFF::default(),
            beats_left: DFF::default(),
            head_beats: DFF::default(),
            last_block: DFF::default(),
            error: DFF::default(),
            status: DFF::default(),
            coming: DFF::default(),
            advance: Signal::default(),
            now: DFF::default(),
            place: Signal::default(),
            samples: Signal::default(),
            header: Signal::default(),
            head: Signal::default(),
            trailer: Signal::default(),
            seals: DFF::default(),
            sends: DFF::default(),
            sends_payload: DFF::default(),
            clears: DFF::default(),
            ends: DFF::default(),
            word: DFF::default(),
            bytes: DFF::default(),
            checksum: Crc32::default(),
            slice: vec![SkidBuffer::default()],
        }
    }

    /// The same without a register slice at its output: behind it are registers, and a ready that is one.
    pub fn without_slice(self) -> Self {
        let slice = Vec::new();
        Self { slice, ..self }
    }
}

impl<const N: usize, const D: usize, const A: usize, const L: usize, const E: usize> Logic
    for PacketFramer<N, D, A, L, E>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, state, at, beats_left, head_beats, last_block);
        dff_setup!(self, aclk, error, status, coming, bytes);
        dff_setup!(self, aclk, now, word, seals, sends, sends_payload);
        dff_setup!(self, aclk, clears, ends);
        clock!(self, aclk, checksum);
        self.blocks.aclk.next = self.aclk.val();
        self.blocks.aresetn.next = self.aresetn.val();
        self.advance.next = self.m_axis.tready.val() | (!self.sends.q.val());
        for i in 0..self.slice.len() {
            self.advance.next = self.slice[i].s_tready.val();
        }

        // What is to come.
        self.reads.next = false;
        self.takes_block.next = false;
        self.busy.next = true;
        if self.advance.val() {
            self.coming.d.next = Action::Nothing;
            self.now.d.next = self.at.q.val();
            match self.state.q.val() {
                State::Idle => {
                    self.busy.next = self.blocks.there.val();
                    self.at.d.next = 0.into();
                    if self.answer.reply_tvalid.val() {
                        self.state.d.next = State::Seal;
                    }
                }
                State::Seal => {
                    self.coming.d.next = Action::Seal;
                    self.at.d.next = self.at.q.val() + 1;
                    if self.at.q.val() == self.header_end.val() {
                        self.at.d.next = 0.into();
                        self.state.d.next = State::Header;
                    }
                }
                State::Header => {
                    self.coming.d.next = Action::Header;
                    self.at.d.next = self.at.q.val() + 1;
                    if self.at.q.val() == self.header_end.val() {
                        self.coming.d.next = Action::HeaderEnd;
                        self.state.d.next = State::Choose;
                    }
                }
                State::Choose => {
                    self.at.d.next = 0.into();
                    self.beats_left.d.next = self.blocks.beats.val();
                    self.head_beats.d.next = self.blocks.beats.val();
                    self.error.d.next = self.blocks.error.val();
                    self.last_block.d.next = self.blocks.last.val();
                    if self.answer.verdict_tvalid.val() & self.answer.verdict_empty.val() {
                        self.beats_left.d.next = 0.into();
                        self.head_beats.d.next = 0.into();
                        self.error.d.next = 0.into();
                        self.last_block.d.next = true;
                        self.state.d.next = State::Head;
                    } else {
                        if self.blocks.there.val() {
                            self.takes_block.next = true;
                            self.state.d.next = State::Head;
                        }
                    }
                }
                State::Head => {
                    self.coming.d.next = Action::Head;
                    self.at.d.next = self.at.q.val() + 1;
                    if self.at.q.val() == self.tail_end.val() {
                        self.state.d.next = State::Verdict;
                        if self.beats_left.q.val().any() {
                            self.state.d.next = State::Block;
                        }
                    }
                }
                State::Block => {
                    self.reads.next = true;
                    self.coming.d.next = Action::Payload;
                    self.beats_left.d.next = self.beats_left.q.val() - 1;
                    if self.beats_left.q.val() == 1 {
                        self.state.d.next = State::Choose;
                        if self.last_block.q.val() {
                            self.state.d.next = State::Verdict;
                        }
                    }
                }
                State::Verdict => {
                    self.at.d.next = 0.into();
                    self.status.d.next = self.answer.verdict_status.val();
                    if self.error.q.val().any() {
                        self.status.d.next = bit_cast::<4, 3>(self.error.q.val());
                        if ((self.error.q.val() == 1) | (self.error.q.val() == 2))
                            & ((self.answer.verdict_status.val() == 13)
                                | (self.answer.verdict_status.val() == 15))
                        {
                            self.status.d.next = self.answer.verdict_status.val();
                        }
                    }
                    if self.answer.verdict_tvalid.val() {
                        self.state.d.next = State::Trailer;
                    }
                }
                State::Trailer => {
                    self.coming.d.next = Action::Trailer;
                    self.at.d.next = self.at.q.val() + 1;
                    if self.at.q.val() == self.tail_end.val() {
                        self.coming.d.next = Action::End;
                        self.state.d.next = State::Idle;
                    }
                }
            }
        }

        StreamSink::<N>::link(&mut self.s_axis, &mut self.blocks.s_axis);
        self.blocks.s_axis_tuser.next = self.s_axis_tuser.val();
        self.blocks.take.next = self.takes_block.val();
        self.blocks.read.next = self.reads.val();
        self.blocks.advance.next = self.advance.val();

        // What is made of it.
        self.place.next = bit_cast::<8, 4>(self.now.q.val()) << self.beat_shift.val();
        self.samples.next = self.answer.verdict_samples.val();
        if self.counts_samples.val() {
            self.samples.next = self.bytes.q.val() >> 1;
        }
        self.head.next = bit_cast::<128, L>(self.head_beats.q.val()) << self.byte_shift.val();
        if self.last_block.q.val() {
            self.head.next = (bit_cast::<128, L>(self.head_beats.q.val()) << self.byte_shift.val())
                | self.last_flag.val();
        }
        self.trailer.next = bit_cast::<128, 32>(self.samples.val())
            | (bit_cast::<128, 32>(self.bytes.q.val()) << 32)
            | (bit_cast::<128, 4>(self.status.q.val()) << 64)
            | (bit_cast::<128, 32>(self.checksum.crc.val()) << 96);
        self.header.next = self.answer.reply_tdata.val()
            | bit_cast::<N, 256>(
                (bit_cast::<256, 32>(self.checksum.crc.val()) << 224) >> self.place.val(),
            );
        self.answer.reply_at.next = self.now.q.val();
        self.answer.reply_turn.next = false;
        self.answer.reply_tready.next = false;
        self.answer.verdict_tready.next = false;
        if self.advance.val() {
            self.word.d.next = bit_cast::<N, 128>(self.trailer.val() >> self.place.val());
            self.seals.d.next = false;
            self.sends.d.next = true;
            self.sends_payload.d.next = false;
            self.clears.d.next = false;
            self.ends.d.next = false;
            match self.coming.q.val() {
                Action::Nothing => {
                    self.sends.d.next = false;
                }
                Action::Seal => {
                    self.word.d.next = self.answer.reply_check.val();
                    self.answer.reply_turn.next = true;
                    self.seals.d.next = true;
                    self.sends.d.next = false;
                }
                Action::Header => {
                    self.word.d.next = self.header.val();
                    self.answer.reply_turn.next = true;
                }
                Action::HeaderEnd => {
                    self.word.d.next = self.header.val();
                    self.answer.reply_turn.next = true;
                    self.answer.reply_tready.next = true;
                    self.clears.d.next = true;
                }
                Action::Head => {
                    self.word.d.next = bit_cast::<N, 128>(self.head.val() >> self.place.val());
                }
                Action::Payload => {
                    self.word.d.next = self.blocks.data.val();
                    self.sends_payload.d.next = true;
                }
                Action::Trailer => {}
                Action::End => {
                    self.answer.verdict_tready.next = true;
                    self.clears.d.next = true;
                    self.ends.d.next = true;
                }
            }
        }

        // What is done.
        self.checksum.enable.next =
            self.advance.val() & (self.seals.q.val() | self.sends_payload.q.val());
        self.checksum.data.next = self.word.q.val();
        self.checksum.clear.next = self.advance.val() & self.clears.q.val();
        if self.advance.val() & self.sends_payload.q.val() {
            self.bytes.d.next = self.bytes.q.val() + self.beat_bytes.val();
        }
        if self.advance.val() & self.clears.q.val() {
            self.bytes.d.next = 0.into();
        }
        self.sent.next = self.advance.val() & self.ends.q.val();
        self.sent_status.next = self.status.q.val();

        // Output: the last bit under the beat.
        self.m_axis.tvalid.next = self.sends.q.val();
        self.m_axis.tdata.next = self.word.q.val();
        self.m_axis.tlast.next = self.ends.q.val();
        for i in 0..self.slice.len() {
            self.slice[i].aclk.next = self.aclk.val();
            self.slice[i].aresetn.next = self.aresetn.val();
            self.slice[i].s_tvalid.next = self.advance.val() & self.sends.q.val();
            self.slice[i].s_tdata.next = bit_cast::<D, N>(self.word.q.val()) << 1;
            if self.ends.q.val() {
                self.slice[i].s_tdata.next = (bit_cast::<D, N>(self.word.q.val()) << 1) | 1;
            }
            self.slice[i].m_tready.next = self.m_axis.tready.val();
            self.m_axis.tvalid.next = self.slice[i].m_tvalid.val();
            self.m_axis.tdata.next = self.slice[i].m_tdata.val().get_bits::<N>(1);
            self.m_axis.tlast.next = self.slice[i].m_tdata.val().get_bit(0);
        }

        if !self.aresetn.val() {
            self.state.d.next = State::Idle;
            self.coming.d.next = Action::Nothing;
            self.seals.d.next = false;
            self.sends.d.next = false;
            self.sends_payload.d.next = false;
            self.clears.d.next = false;
            self.ends.d.next = false;
            self.bytes.d.next = 0.into();
            self.checksum.clear.next = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PacketFramer;
    use crate::request_header::NEUTRAL;
    use crate::step::step;
    use dqa_golden::packet::Direction;
    use rust_hdl::prelude::*;

    const MAGIC: u64 = 0x5041_5144;

    /// A refused request: an empty block and the status.
    #[test]
    fn answers_without_payload() {
        let mut unit = PacketFramer::<128, 129, 8, 9, 13>::new(Direction::Read);
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.answer.reply_tvalid.next = true;
        unit.answer.verdict_tvalid.next = true;
        unit.answer.verdict_status.next = bits(7);
        unit.answer.verdict_empty.next = true;
        unit.m_axis.tready.next = true;
        let mut beats = Vec::new();
        for _ in 0..40 {
            if unit.m_axis.tvalid.val() {
                beats.push((unit.m_axis.tdata.val().to_u128(), unit.m_axis.tlast.val()));
            }
            let begins = !unit.answer.reply_at.val().any();
            let magic = if begins { MAGIC } else { 0 };
            unit.answer.reply_tdata.next = bits(magic);
            unit.answer.reply_check.next = bits::<128>(magic) << 32_u64;
            if begins {
                unit.answer.reply_check.next =
                    (bits::<128>(magic) << 32_u64) | bits::<128>(NEUTRAL);
            }
            unit.answer.reply_tvalid.next &= !unit.answer.reply_tready.val();
            unit.answer.verdict_tvalid.next &= !unit.answer.verdict_tready.val();
            step(&mut unit, |unit| &mut unit.aclk);
        }
        // CRC-32 of "DQAP" and 24 zeros.
        let crc = 0xb97e_a2ff_u128 << 96;
        let expected = [
            (u128::from(MAGIC), false),
            (crc, false),
            (1 << 31, false),
            (7 << 64, true),
        ];
        assert_eq!(beats, expected);
    }
}
