//! Packet framer: from a core's output to a stream of answers.
//!
//! One for each path of the core, behind the encoder and scanner or the decoder.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `reply_tvalid`, `reply_tready`, `reply_tdata` | in, out, in | the parser's: bytes 0 to 23 of an answer's header |
//! | `s_axis_tdata`, `s_axis_tvalid`, `s_axis_tready`, `s_axis_tlast`, `s_axis_tuser` | in, in, out, in, in | the core's: payloads; last with a payload's last beat, and with it the core's error code. Ready comes from registers |
//! | `verdict_tvalid`, `verdict_tready`, `verdict_status`, `verdict_samples`, `verdict_empty` | in, out, in, in, in | the parser's: the end of a request |
//! | `m_axis_tdata`, `m_axis_tvalid`, `m_axis_tready`, `m_axis_tlast` | out, out, in, out | streamed packets |
//! | `sent`, `sent_status` | out | for one clock: an answer's last beat has gone to the output; its status |
//! | `busy` | out | an answer is being sent, or a block waits |
//!
//! Generics: N, the beat's bits (16, 32, 64, 128); D = N + 1; a block of 4096 bytes is 2^A beats;
//! L = A + 1; E = L + 4. The path's direction is given to [`PacketFramer::new`]. A block goes out when
//! it is complete, at the earliest 5 clocks after its last beat came; then a beat each clock. A block
//! costs its head and 1 clock, an answer its header and trailer and 256 / N + 3 clocks.
//!
//! Payloads go into a block RAM FIFO of one block, so that of the next answer fills it while this
//! one's last block goes out. The status is the parser's header error, or the core's error, or the
//! parser's; but where the parser cut the payload off (13, 15), the core's 1 and 2 are only what
//! follows.
//!
//! The states say what is to come and read the FIFO; what they say passes two clocks, as the beats
//! do in the block RAM and the register behind it, and is done there. Header and trailer go out of a
//! shift register. Below it are four bytes more, the place of the header's CRC, first with four
//! bytes that leave a CRC as it begins: so turning the register once around gives the header's CRC,
//! whatever the beat's width.

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::fifo::Fifo;
use crate::primitives::{BlockRam, Crc32};
use crate::skid_buffer::SkidBuffer;

/// Four bytes whose CRC is that of none.
const NEUTRAL: u64 = 0x6dd9_0a9d;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Idle,
    Seal,
    Place,
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
    LoadHeader,
    Seal,
    Place,
    Shift,
    HeadLength,
    HeadFlag,
    HeadZeros,
    Payload,
    LoadTrailer,
    End,
}

/// Framer of a path's answers, N bits a beat.
#[derive(LogicBlock)]
pub struct PacketFramer<
    const N: usize,
    const D: usize,
    const A: usize,
    const L: usize,
    const E: usize,
> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Bytes 0 to 23 of an answer's header.
    pub reply_tdata: Signal<In, Bits<192>>,
    /// There is an answer to begin.
    pub reply_tvalid: Signal<In, Bit>,
    /// It has begun.
    pub reply_tready: Signal<Out, Bit>,
    /// Payload.
    pub s_axis_tdata: Signal<In, Bits<N>>,
    /// There is a beat.
    pub s_axis_tvalid: Signal<In, Bit>,
    /// It is taken.
    pub s_axis_tready: Signal<Out, Bit>,
    /// It is the payload's last.
    pub s_axis_tlast: Signal<In, Bit>,
    /// The core's error code, with the last.
    pub s_axis_tuser: Signal<In, Bits<3>>,
    /// A request has ended.
    pub verdict_tvalid: Signal<In, Bit>,
    /// It is known.
    pub verdict_tready: Signal<Out, Bit>,
    /// Its status as far as the parser knows.
    pub verdict_status: Signal<In, Bits<4>>,
    /// Samples of its payload.
    pub verdict_samples: Signal<In, Bits<32>>,
    /// No payload comes for it.
    pub verdict_empty: Signal<In, Bit>,
    /// Answers.
    pub m_axis_tdata: Signal<Out, Bits<N>>,
    /// There is a beat.
    pub m_axis_tvalid: Signal<Out, Bit>,
    /// It is taken.
    pub m_axis_tready: Signal<In, Bit>,
    /// It is the answer's last.
    pub m_axis_tlast: Signal<Out, Bit>,
    /// An answer has gone to the output.
    pub sent: Signal<Out, Bit>,
    /// Its status.
    pub sent_status: Signal<Out, Bits<4>>,
    /// An answer is being sent, or a block waits.
    pub busy: Signal<Out, Bit>,

    beat_bits: Constant<Bits<8>>,
    beat_bytes: Constant<Bits<32>>,
    byte_shift: Constant<Bits<3>>,
    around: Constant<Bits<8>>,
    header_end: Constant<Bits<4>>,
    tail_end: Constant<Bits<4>>,
    block: Constant<Bits<L>>,
    block_less_one: Constant<Bits<L>>,
    neutral: Constant<Bits<32>>,
    header_only: Constant<Bits<224>>,
    flag_at_first: Constant<Bits<N>>,
    flag_at_second: Constant<Bits<N>>,
    counts_samples: Constant<Bit>,

    memory: BlockRam<N, A>,
    write_at: DFF<Bits<A>>,
    read_at: DFF<Bits<A>>,
    level: DFF<Bits<L>>,
    level_next: Signal<Local, Bits<L>>,
    ready: DFF<Bit>,
    taken: Signal<Local, Bit>,
    reads: Signal<Local, Bit>,

    /// Complete blocks: beats, the core's error code, whether it is the payload's last.
    blocks: Fifo<E, 2, 3>,
    filled: DFF<Bits<L>>,
    beats: Signal<Local, Bits<L>>,
    closes: Signal<Local, Bit>,
    takes_block: Signal<Local, Bit>,

    state: DFF<State>,
    at: DFF<Bits<4>>,
    beats_left: DFF<Bits<L>>,
    head_beats: DFF<Bits<L>>,
    last_block: DFF<Bit>,
    error: DFF<Bits<3>>,
    status: DFF<Bits<4>>,

    coming: DFF<Action>,
    advance: Signal<Local, Bit>,
    loads_header: DFF<Bit>,
    loads_trailer: DFF<Bit>,
    seals: DFF<Bit>,
    places: DFF<Bit>,
    turns: DFF<Bit>,
    sends: DFF<Bit>,
    sends_register: DFF<Bit>,
    sends_payload: DFF<Bit>,
    sends_length: DFF<Bit>,
    sends_flag: DFF<Bit>,
    ends: DFF<Bit>,

    payload: DFF<Bits<N>>,
    register: DFF<Bits<224>>,
    place: DFF<Bits<32>>,
    around_all: Signal<Local, Bits<256>>,
    turned: Signal<Local, Bits<256>>,
    samples: Signal<Local, Bits<32>>,
    bytes: DFF<Bits<32>>,
    checksum: Crc32<N>,
    out: Signal<Local, Bits<N>>,
    skid: SkidBuffer<D>,
}

impl<const N: usize, const D: usize, const A: usize, const L: usize, const E: usize>
    PacketFramer<N, D, A, L, E>
{
    /// A framer for the path of this direction.
    pub fn new(direction: Direction) -> Self {
        assert!([16, 32, 64, 128].contains(&N), "beats of 16 to 128 bits");
        assert_eq!((8 * 4096) >> A, N, "a block has 4096 bytes");
        assert_eq!((D, L, E), (N + 1, A + 1, A + 5));
        let number = |x: usize| x as u64;
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            reply_tdata: Signal::default(),
            reply_tvalid: Signal::default(),
            reply_tready: Signal::default(),
            s_axis_tdata: Signal::default(),
            s_axis_tvalid: Signal::default(),
            s_axis_tready: Signal::default(),
            s_axis_tlast: Signal::default(),
            s_axis_tuser: Signal::default(),
            verdict_tvalid: Signal::default(),
            verdict_tready: Signal::default(),
            verdict_status: Signal::default(),
            verdict_samples: Signal::default(),
            verdict_empty: Signal::default(),
            m_axis_tdata: Signal::default(),
            m_axis_tvalid: Signal::default(),
            m_axis_tready: Signal::default(),
            m_axis_tlast: Signal::default(),
            sent: Signal::default(),
            sent_status: Signal::default(),
            busy: Signal::default(),
            beat_bits: Constant::new(bits(number(N))),
            beat_bytes: Constant::new(bits(number(N / 8))),
            byte_shift: Constant::new(bits(u64::from((N / 8).ilog2()))),
            around: Constant::new(bits(number(256 - N))),
            header_end: Constant::new(bits(number(256 / N - 1))),
            tail_end: Constant::new(bits(number(128 / N - 1))),
            block: Constant::new(bits(1 << A)),
            block_less_one: Constant::new(bits((1 << A) - 1)),
            neutral: Constant::new(bits(NEUTRAL)),
            header_only: Constant::new(!(bits::<224>(0)) << 128_u64),
            flag_at_first: Constant::new(bits(if N == 16 { 0 } else { 1 << 31 })),
            flag_at_second: Constant::new(bits(if N == 16 { 1 << 15 } else { 0 })),
            counts_samples: Constant::new(direction == Direction::Read),
            memory: BlockRam::default(),
            write_at: DFF::default(),
            read_at: DFF::default(),
            level: DFF::default(),
            level_next: Signal::default(),
            ready: DFF::default(),
            taken: Signal::default(),
            reads: Signal::default(),
            blocks: Fifo::default(),
            filled: DFF::default(),
            beats: Signal::default(),
            closes: Signal::default(),
            takes_block: Signal::default(),
            state: DFF::default(),
            at: DFF::default(),
            beats_left: DFF::default(),
            head_beats: DFF::default(),
            last_block: DFF::default(),
            error: DFF::default(),
            status: DFF::default(),
            coming: DFF::default(),
            advance: Signal::default(),
            loads_header: DFF::default(),
            loads_trailer: DFF::default(),
            seals: DFF::default(),
            places: DFF::default(),
            turns: DFF::default(),
            sends: DFF::default(),
            sends_register: DFF::default(),
            sends_payload: DFF::default(),
            sends_length: DFF::default(),
            sends_flag: DFF::default(),
            ends: DFF::default(),
            payload: DFF::default(),
            register: DFF::default(),
            place: DFF::default(),
            around_all: Signal::default(),
            turned: Signal::default(),
            samples: Signal::default(),
            bytes: DFF::default(),
            checksum: Crc32::default(),
            out: Signal::default(),
            skid: SkidBuffer::default(),
        }
    }
}

impl<const N: usize, const D: usize, const A: usize, const L: usize, const E: usize> Logic
    for PacketFramer<N, D, A, L, E>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, write_at, read_at, filled, state, at);
        dff_setup!(
            self, aclk, beats_left, head_beats, last_block, error, status
        );
        dff_setup!(self, aclk, coming, payload, register, place, bytes);
        dff_setup!(self, aclk, loads_header, loads_trailer, seals, places);
        dff_setup!(self, aclk, turns, sends, sends_register, sends_payload);
        dff_setup!(self, aclk, sends_length, sends_flag, ends);
        clock!(self, aclk, memory, level, ready, checksum);
        self.blocks.aclk.next = self.aclk.val();
        self.blocks.aresetn.next = self.aresetn.val();
        self.skid.aclk.next = self.aclk.val();
        self.skid.aresetn.next = self.aresetn.val();
        self.advance.next = self.skid.s_tready.val();

        // What is to come.
        self.reads.next = false;
        self.takes_block.next = false;
        self.busy.next = true;
        if self.advance.val() {
            self.coming.d.next = Action::Nothing;
            match self.state.q.val() {
                State::Idle => {
                    self.busy.next = self.blocks.level.val().any();
                    self.at.d.next = 0.into();
                    if self.reply_tvalid.val() {
                        self.coming.d.next = Action::LoadHeader;
                        self.state.d.next = State::Seal;
                    }
                }
                State::Seal => {
                    self.coming.d.next = Action::Seal;
                    self.at.d.next = self.at.q.val() + 1;
                    if self.at.q.val() == self.header_end.val() {
                        self.state.d.next = State::Place;
                    }
                }
                State::Place => {
                    self.coming.d.next = Action::Place;
                    self.at.d.next = 0.into();
                    self.state.d.next = State::Header;
                }
                State::Header => {
                    self.coming.d.next = Action::Shift;
                    self.at.d.next = self.at.q.val() + 1;
                    if self.at.q.val() == self.header_end.val() {
                        self.state.d.next = State::Choose;
                    }
                }
                State::Choose => {
                    self.at.d.next = 0.into();
                    self.beats_left.d.next = self.blocks.m_tdata.val().get_bits::<L>(4);
                    self.head_beats.d.next = self.blocks.m_tdata.val().get_bits::<L>(4);
                    self.error.d.next = self.blocks.m_tdata.val().get_bits::<3>(1);
                    self.last_block.d.next = self.blocks.m_tdata.val().get_bit(0);
                    if self.verdict_tvalid.val() & self.verdict_empty.val() {
                        self.beats_left.d.next = 0.into();
                        self.head_beats.d.next = 0.into();
                        self.error.d.next = 0.into();
                        self.last_block.d.next = true;
                        self.state.d.next = State::Head;
                    } else {
                        if self.blocks.m_tvalid.val() {
                            self.takes_block.next = true;
                            self.state.d.next = State::Head;
                        }
                    }
                }
                State::Head => {
                    self.coming.d.next = Action::HeadZeros;
                    if self.at.q.val() == 0 {
                        self.coming.d.next = Action::HeadLength;
                    }
                    if self.at.q.val() == 1 {
                        self.coming.d.next = Action::HeadFlag;
                    }
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
                    self.status.d.next = self.verdict_status.val();
                    if self.error.q.val().any() {
                        self.status.d.next = bit_cast::<4, 3>(self.error.q.val());
                        if ((self.error.q.val() == 1) | (self.error.q.val() == 2))
                            & ((self.verdict_status.val() == 13)
                                | (self.verdict_status.val() == 15))
                        {
                            self.status.d.next = self.verdict_status.val();
                        }
                    }
                    if self.verdict_tvalid.val() {
                        self.coming.d.next = Action::LoadTrailer;
                        self.state.d.next = State::Trailer;
                    }
                }
                State::Trailer => {
                    self.coming.d.next = Action::Shift;
                    self.at.d.next = self.at.q.val() + 1;
                    if self.at.q.val() == self.tail_end.val() {
                        self.coming.d.next = Action::End;
                        self.state.d.next = State::Idle;
                    }
                }
            }
        }

        // The FIFO: beats in, cut into blocks, and out.
        self.taken.next =
            self.s_axis_tvalid.val() & self.ready.q.val() & self.blocks.s_tready.val();
        self.memory.write.next = self.taken.val();
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.s_axis_tdata.val();
        self.beats.next = self.filled.q.val() + 1;
        self.closes.next =
            self.s_axis_tlast.val() | (self.filled.q.val() == self.block_less_one.val());
        if self.taken.val() {
            self.write_at.d.next = self.write_at.q.val() + 1;
            self.filled.d.next = self.beats.val();
            if self.closes.val() {
                self.filled.d.next = 0.into();
            }
        }
        self.blocks.s_tvalid.next = self.taken.val() & self.closes.val();
        self.blocks.s_tdata.next = (bit_cast::<E, L>(self.beats.val()) << 4)
            | (bit_cast::<E, 3>(self.s_axis_tuser.val()) << 1);
        if self.s_axis_tlast.val() {
            self.blocks.s_tdata.next = (bit_cast::<E, L>(self.beats.val()) << 4)
                | (bit_cast::<E, 3>(self.s_axis_tuser.val()) << 1)
                | 1;
        }
        self.blocks.m_tready.next = self.takes_block.val();
        self.memory.read.next = self.advance.val();
        self.memory.read_address.next = self.read_at.q.val();
        if self.reads.val() {
            self.read_at.d.next = self.read_at.q.val() + 1;
        }
        self.level_next.next = self.level.q.val();
        if self.taken.val() & (!self.reads.val()) {
            self.level_next.next = self.level.q.val() + 1;
        }
        if self.reads.val() & (!self.taken.val()) {
            self.level_next.next = self.level.q.val() - 1;
        }
        self.level.d.next = self.level_next.val();
        self.ready.d.next = self.level_next.val() != self.block.val();
        self.s_axis_tready.next = self.ready.q.val() & self.blocks.s_tready.val();

        // What is done.
        if self.advance.val() {
            self.payload.d.next = self.memory.read_data.val();
            self.loads_header.d.next = false;
            self.loads_trailer.d.next = false;
            self.seals.d.next = false;
            self.places.d.next = false;
            self.turns.d.next = true;
            self.sends.d.next = true;
            self.sends_register.d.next = false;
            self.sends_payload.d.next = false;
            self.sends_length.d.next = false;
            self.sends_flag.d.next = false;
            self.ends.d.next = false;
            match self.coming.q.val() {
                Action::Nothing => {
                    self.turns.d.next = false;
                    self.sends.d.next = false;
                }
                Action::LoadHeader => {
                    self.loads_header.d.next = true;
                    self.sends.d.next = false;
                }
                Action::Seal => {
                    self.seals.d.next = true;
                    self.sends.d.next = false;
                }
                Action::Place => {
                    self.places.d.next = true;
                    self.turns.d.next = false;
                    self.sends.d.next = false;
                }
                Action::Shift => {
                    self.sends_register.d.next = true;
                }
                Action::HeadLength => {
                    self.sends_length.d.next = true;
                }
                Action::HeadFlag => {
                    self.sends_flag.d.next = true;
                }
                Action::HeadZeros => {}
                Action::Payload => {
                    self.sends_payload.d.next = true;
                }
                Action::LoadTrailer => {
                    self.loads_trailer.d.next = true;
                    self.sends.d.next = false;
                }
                Action::End => {
                    self.sends_register.d.next = true;
                    self.ends.d.next = true;
                }
            }
        }
        self.reply_tready.next = self.advance.val() & self.loads_header.q.val();
        self.verdict_tready.next = self.advance.val() & self.loads_trailer.q.val();

        self.samples.next = self.verdict_samples.val();
        if self.counts_samples.val() {
            self.samples.next = self.bytes.q.val() >> 1;
        }
        self.around_all.next = (bit_cast::<256, 224>(self.register.q.val()) << 32)
            | bit_cast::<256, 32>(self.place.q.val());
        self.turned.next = (self.around_all.val() >> self.beat_bits.val())
            | (self.around_all.val() << self.around.val());
        if self.advance.val() & self.turns.q.val() {
            self.register.d.next = self.turned.val().get_bits::<224>(32);
            if self.loads_header.q.val() {
                self.register.d.next = bit_cast::<224, 192>(self.reply_tdata.val());
            }
            if self.loads_trailer.q.val() {
                self.register.d.next = (self.turned.val().get_bits::<224>(32)
                    & self.header_only.val())
                    | bit_cast::<224, 32>(self.samples.val())
                    | (bit_cast::<224, 32>(self.bytes.q.val()) << 32)
                    | (bit_cast::<224, 4>(self.status.q.val()) << 64)
                    | (bit_cast::<224, 32>(self.checksum.crc.val()) << 96);
            }
        }
        if self.advance.val() & (self.turns.q.val() | self.places.q.val()) {
            self.place.d.next = self.turned.val().get_bits::<32>(0);
            if self.loads_header.q.val() {
                self.place.d.next = self.neutral.val();
            }
            if self.places.q.val() {
                self.place.d.next = self.checksum.crc.val();
            }
        }

        self.checksum.clear.next =
            self.advance.val() & (self.loads_header.q.val() | self.places.q.val());
        self.checksum.enable.next =
            self.advance.val() & (self.seals.q.val() | self.sends_payload.q.val());
        self.checksum.data.next = self.payload.q.val();
        if self.seals.q.val() {
            self.checksum.data.next = self.around_all.val().get_bits::<N>(0);
        }
        if self.advance.val() & self.loads_header.q.val() {
            self.bytes.d.next = 0.into();
        }
        if self.advance.val() & self.sends_payload.q.val() {
            self.bytes.d.next = self.bytes.q.val() + self.beat_bytes.val();
        }

        self.out.next = 0.into();
        if self.sends_length.q.val() {
            self.out.next = bit_cast::<N, L>(self.head_beats.q.val()) << self.byte_shift.val();
            if self.last_block.q.val() {
                self.out.next = (bit_cast::<N, L>(self.head_beats.q.val())
                    << self.byte_shift.val())
                    | self.flag_at_first.val();
            }
        }
        if self.sends_flag.q.val() & self.last_block.q.val() {
            self.out.next = self.flag_at_second.val();
        }
        if self.sends_register.q.val() {
            self.out.next = self.register.q.val().get_bits::<N>(0);
        }
        if self.sends_payload.q.val() {
            self.out.next = self.payload.q.val();
        }
        self.sent.next = self.advance.val() & self.ends.q.val();
        self.sent_status.next = self.status.q.val();
        self.skid.s_tvalid.next = self.advance.val() & self.sends.q.val();

        // Output: the last bit under the beat.
        self.skid.s_tdata.next = bit_cast::<D, N>(self.out.val()) << 1;
        if self.ends.q.val() {
            self.skid.s_tdata.next = (bit_cast::<D, N>(self.out.val()) << 1) | 1;
        }
        self.skid.m_tready.next = self.m_axis_tready.val();
        self.m_axis_tvalid.next = self.skid.m_tvalid.val();
        self.m_axis_tdata.next = self.skid.m_tdata.val().get_bits::<N>(1);
        self.m_axis_tlast.next = self.skid.m_tdata.val().get_bit(0);

        if !self.aresetn.val() {
            self.write_at.d.next = 0.into();
            self.read_at.d.next = 0.into();
            self.level.d.next = 0.into();
            self.ready.d.next = false;
            self.filled.d.next = 0.into();
            self.state.d.next = State::Idle;
            self.coming.d.next = Action::Nothing;
            self.turns.d.next = false;
            self.sends.d.next = false;
            self.loads_header.d.next = false;
            self.loads_trailer.d.next = false;
            self.ends.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PacketFramer;
    use crate::step::step;
    use dqa_golden::packet::Direction;
    use rust_hdl::prelude::*;

    /// A refused request: an empty block and the status.
    #[test]
    fn answers_without_payload() {
        let mut unit = PacketFramer::<128, 129, 8, 9, 13>::new(Direction::Read);
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.reply_tdata.next = bits(0x5041_5144);
        unit.reply_tvalid.next = true;
        unit.verdict_tvalid.next = true;
        unit.verdict_status.next = bits(7);
        unit.verdict_empty.next = true;
        unit.m_axis_tready.next = true;
        let mut beats = Vec::new();
        for _ in 0..40 {
            if unit.m_axis_tvalid.val() {
                beats.push((unit.m_axis_tdata.val().to_u128(), unit.m_axis_tlast.val()));
            }
            unit.reply_tvalid.next &= !unit.reply_tready.val();
            unit.verdict_tvalid.next &= !unit.verdict_tready.val();
            step(&mut unit, |unit| &mut unit.aclk);
        }
        // CRC-32 of "DQAP" and 24 zeros.
        let crc = 0xb97e_a2ff_u128 << 96;
        let expected = [
            (0x5041_5144, false),
            (crc, false),
            (1 << 31, false),
            (7 << 64, true),
        ];
        assert_eq!(beats, expected);
    }
}
