//! `dqa_decoder`: code words in, samples out.
//!
//! Algorithm 2 of the paper: decode, add the shifting errors back, de-quantize. The ports are those
//! of `docs/src/design/pipeline.md`, the load map is in `load`.
//!
//! ```text
//! s_axis -> skid -> distributor -> lane decoder x S -> symbol lookup -> de-quantize -> FIFO -> m_axis
//!                       ^-- crossing masks --/                ^-- plane walker, class table
//! ```
//!
//! Parameters: `S` lanes (1, 2, 4, 8); `W` word bits, 32 up to 4 lanes, 64 for 8; rows of
//! the channel table; the others follow: `P` = log2(W / 16), `F` = log2(2 S),
//! `B` = 16 S, `V` = W + 1, `O` = 16 S + 1, `C` = 11 S, `E` = C + 2.
//!
//! Built with dynamic scale, a plane's range is taken off lane 0 first
//! ([`RangeTaker`](crate::range_taker)), and codes wait for their plane's factor
//! ([`CodeBuffer`](crate::code_buffer)) between symbol lookup and de-quantizer: 2 clocks more a plane.
//!
//! Behind the lane decoders nothing stalls: beats are taken while the FIFO at the output has room for
//! all that are under way. The packet's last beat waits behind it for its error code.
//!
//! Latency: a beat's samples are at `m_axis` 15 clocks after its bits are taken; the first bits are
//! taken when each lane has its first word, S clocks after the first word came, and 1 or 2 more.
//! Throughput: one beat a clock while words come in time; one word a clock. A crossing lets its word
//! in a clock later, which is soon enough for codes of 8 bits throughout
//! (`sim/tests/decoder/throughput.rs`).

use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::*;

use crate::bus::{CommandSink, LoadSink, StreamSink, StreamSource};
use crate::chunk_lane_decoder::ChunkLaneDecoder;
use crate::class_table::ClassTable;
use crate::code_buffer::CodeBuffer;
use crate::delay::Delay;
use crate::dequantize::Dequantize;
use crate::distributor::Distributor;
use crate::emit::emit;
use crate::order_fifo::OrderFifo;
use crate::pack::Pack;
use crate::parameters::Parameters;
use crate::plane_walker::PlaneWalker;
use crate::primitives::Together;
use crate::range_taker::RangeTaker;
use crate::skid_buffer::SkidBuffer;
use crate::symbol_lookup::SymbolLookup;

/// Name of the emitted top module.
pub const TOP: &str = "dqa_decoder";

/// The Verilog of a decoder, under a comment of the lines of `header`.
///
/// # Errors
///
/// What RustHDL finds wrong with the core.
///
/// # Panics
///
/// If the parameters are not legal.
pub fn verilog(parameters: &Parameters, header: &str) -> Result<String, CheckError> {
    match parameters.lanes {
        1 => emit(
            TOP,
            header,
            Decoder::<1, 32, 1, 1, 16, 33, 17, 11, 13>::new(parameters),
        ),
        2 => emit(
            TOP,
            header,
            Decoder::<2, 32, 1, 2, 32, 33, 33, 22, 24>::new(parameters),
        ),
        4 => emit(
            TOP,
            header,
            Decoder::<4, 32, 1, 3, 64, 33, 65, 44, 46>::new(parameters),
        ),
        _ => emit(
            TOP,
            header,
            Decoder::<8, 64, 2, 4, 128, 65, 129, 88, 90>::new(parameters),
        ),
    }
}

/// One if there is dynamic scale, else none.
fn built<T: Default>(dynamic: bool) -> Vec<T> {
    dynamic.then(T::default).into_iter().collect()
}

/// What the core does.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum State {
    /// Waits for a command.
    Idle,
    /// Takes beats off the lanes.
    Run,
    /// All beats are taken: waits until they are out and the input has ended.
    End,
}

/// The decoder core; see the module's text.
#[derive(LogicBlock)]
pub struct Decoder<
    const S: usize,
    const W: usize,
    const P: usize,
    const F: usize,
    const B: usize,
    const V: usize,
    const O: usize,
    const C: usize,
    const E: usize,
> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Commands.
    pub cmd: CommandSink,
    /// Writes to a context.
    pub load: LoadSink,
    /// Words.
    pub s_axis: StreamSink<W>,
    /// Samples.
    pub m_axis: StreamSource<B>,
    /// Error code with `m_axis_tlast`.
    pub m_axis_tuser: Signal<Out, Bits<3>>,
    in_skid: SkidBuffer<V>,
    beats: OrderFifo<O>,
    walker: PlaneWalker<S>,
    classes: ClassTable,
    distributor: Distributor<S, F>,
    lanes: [ChunkLaneDecoder<W, P>; S],
    lookups: [SymbolLookup; S],
    dequantizers: [Dequantize; S],
    lacks: Pack<S, 1, S>,
    together: Together<S>,
    codes: Pack<S, 11, C>,
    codes_now: Signal<Local, Bits<C>>,
    /// One of each of these if there is dynamic scale.
    buffer: Vec<CodeBuffer<C, E>>,
    ranges: Vec<RangeTaker>,
    takes_half: Vec<Signal<Local, Bit>>,
    /// A beat's flags until its codes are there: valid, last, the plane's first.
    before_buffer: Vec<Delay<3, 5>>,
    flags: Vec<Signal<Local, Bits<3>>>,
    /// Valid and last, until its samples are there.
    behind_buffer: Vec<Delay<2, 6>>,
    crossed: Pack<S, 1, S>,
    active: [DFF<Bit>; S],
    class_row: DFF<Bits<2>>,
    below: DFF<Bits<5>>,
    samples: Pack<S, 16, B>,
    load_write: DFF<Bit>,
    load_bank: DFF<Bit>,
    load_at: DFF<Bits<17>>,
    load_word: DFF<Bits<32>>,
    state: DFF<State>,
    bank: DFF<Bit>,
    status: DFF<Bits<3>>,
    closed: DFF<Bit>,
    sent: DFF<Bit>,
    /// Whether there is a beat, and in bit 1 whether it is the last, until its samples are there.
    beat: Delay<2, 11>,
    /// Its mantissa and shift, until the de-quantizers want them.
    factor: Delay<22, 5>,
    beat_now: Signal<Local, Bits<2>>,
    beat_out: Signal<Local, Bits<2>>,
    factor_out: Signal<Local, Bits<22>>,
    factor_now: Signal<Local, Bits<22>>,
    start: Signal<Local, Bit>,
    room: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    held: Signal<Local, Bit>,
    take: Signal<Local, Bit>,
    steps: Signal<Local, Bits<S>>,
    abort: Signal<Local, Bit>,
    takes_part: Signal<Local, Bits<S>>,
    row_now: Signal<Local, Bits<2>>,
    symbol_row: Signal<Local, Bits<10>>,
    symbol_load: Signal<Local, Bit>,
    input_beat: Signal<Local, Bits<V>>,
    word: Signal<Local, Bits<W>>,
    output_beat: Signal<Local, Bits<O>>,
    lane_bit: [Constant<Bits<S>>; S],
    input_last: Constant<Bits<V>>,
    output_last: Constant<Bits<O>>,
}

impl<
    const S: usize,
    const W: usize,
    const P: usize,
    const F: usize,
    const B: usize,
    const V: usize,
    const O: usize,
    const C: usize,
    const E: usize,
> Decoder<S, W, P, F, B, V, O, C, E>
{
    /// The core that `parameters` ask for.
    pub fn new(parameters: &Parameters) -> Self {
        assert_eq!((S, W), (parameters.lanes, parameters.word_bits()));
        assert_eq!(
            (V, B, O),
            (W + 1, 16 * S, 16 * S + 1),
            "widths follow from S and W"
        );
        let dynamic = parameters.dynamic_beats > 0;
        Self {
            aclk: Default::default(),
            aresetn: Default::default(),
            cmd: Default::default(),
            load: Default::default(),
            s_axis: Default::default(),
            m_axis: Default::default(),
            m_axis_tuser: Default::default(),
            in_skid: Default::default(),
            beats: Default::default(),
            walker: PlaneWalker::new(parameters.channels),
            classes: match dynamic {
                true => ClassTable::with_ranges(),
                false => ClassTable::default(),
            },
            distributor: Default::default(),
            lanes: std::array::from_fn(|_| Default::default()),
            lookups: std::array::from_fn(|_| Default::default()),
            dequantizers: std::array::from_fn(|_| Default::default()),
            lacks: Default::default(),
            together: Default::default(),
            codes: Default::default(),
            codes_now: Default::default(),
            buffer: built(dynamic),
            ranges: built(dynamic),
            takes_half: built(dynamic),
            before_buffer: built(dynamic),
            flags: built(dynamic),
            behind_buffer: built(dynamic),
            crossed: Default::default(),
            active: std::array::from_fn(|_| Default::default()),
            class_row: Default::default(),
            below: Default::default(),
            samples: Default::default(),
            load_write: Default::default(),
            load_bank: Default::default(),
            load_at: Default::default(),
            load_word: Default::default(),
            state: Default::default(),
            bank: Default::default(),
            status: Default::default(),
            closed: Default::default(),
            sent: Default::default(),
            beat: Default::default(),
            factor: Default::default(),
            beat_now: Default::default(),
            beat_out: Default::default(),
            factor_out: Default::default(),
            factor_now: Default::default(),
            start: Default::default(),
            room: Default::default(),
            ends: Default::default(),
            held: Default::default(),
            take: Default::default(),
            steps: Default::default(),
            abort: Default::default(),
            takes_part: Default::default(),
            row_now: Default::default(),
            symbol_row: Default::default(),
            symbol_load: Default::default(),
            input_beat: Default::default(),
            word: Default::default(),
            output_beat: Default::default(),
            lane_bit: std::array::from_fn(|lane| Constant::new(bits(1 << lane))),
            input_last: Constant::new(bits(1) << W as u64),
            output_last: Constant::new(bits(1) << B as u64),
        }
    }
}

impl<
    const S: usize,
    const W: usize,
    const P: usize,
    const F: usize,
    const B: usize,
    const V: usize,
    const O: usize,
    const C: usize,
    const E: usize,
> Logic for Decoder<S, W, P, F, B, V, O, C, E>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, load_write, load_bank, load_at, load_word);
        dff_setup!(self, aclk, state, bank, status, closed, sent);
        clock!(self, aclk, class_row, below);
        self.in_skid.aclk.next = self.aclk.val();
        self.in_skid.aresetn.next = self.aresetn.val();
        self.beats.aclk.next = self.aclk.val();
        self.beats.aresetn.next = self.aresetn.val();
        self.beat.aclk.next = self.aclk.val();
        self.beat.aresetn.next = self.aresetn.val();
        self.factor.aclk.next = self.aclk.val();
        self.factor.aresetn.next = true;
        self.walker.aclk.next = self.aclk.val();
        self.walker.aresetn.next = self.aresetn.val();
        self.classes.aclk.next = self.aclk.val();
        self.distributor.aclk.next = self.aclk.val();
        self.distributor.aresetn.next = self.aresetn.val();

        // Loading, one clock late.
        self.load_write.d.next = self.load.valid.val();
        self.load_bank.d.next = self.load.context.val();
        self.load_at.d.next = self.load.addr.val();
        self.load_word.d.next = self.load.data.val();
        self.walker.load_valid.next = self.load_write.q.val();
        self.walker.load_context.next = self.load_bank.q.val();
        self.walker.load_addr.next = self.load_at.q.val();
        self.walker.load_data.next = self.load_word.q.val().get_bits::<28>(0);
        self.classes.load_valid.next = self.load_write.q.val();
        self.classes.load_context.next = self.load_bank.q.val();
        self.classes.load_addr.next = self.load_at.q.val();
        self.classes.load_data.next = self.load_word.q.val();
        self.symbol_load.next =
            self.load_write.q.val() & (self.load_at.q.val().get_bits::<8>(9) == 1);
        self.symbol_row.next = bit_cast::<10, 9>(self.load_at.q.val().get_bits::<9>(0));
        if self.load_bank.q.val() {
            self.symbol_row.next = bit_cast::<10, 9>(self.load_at.q.val().get_bits::<9>(0)) | 0x200;
        }

        // The command.
        self.cmd.tready.next = self.state.q.val() == State::Idle;
        self.start.next = self.cmd.tvalid.val() & (self.state.q.val() == State::Idle);
        self.walker.start.next = self.start.val();
        self.walker.bank.next = self.cmd.context.val();
        self.walker.first_channel.next = self.cmd.first_channel.val();
        self.walker.channels.next = self.cmd.channels.val();
        self.walker.images.next = self.cmd.images.val();
        self.walker.stop.next = self.state.q.val() != State::Run;
        self.classes.enter.next = self.walker.enter.val();
        self.classes.enter_class.next = self.walker.enter_class.val();
        self.classes.bank.next = self.bank.q.val();

        // Words in.
        self.input_beat.next = bit_cast::<V, W>(self.s_axis.tdata.val());
        if self.s_axis.tlast.val() {
            self.input_beat.next =
                bit_cast::<V, W>(self.s_axis.tdata.val()) | self.input_last.val();
        }
        self.in_skid.s_tdata.next = self.input_beat.val();
        self.in_skid.s_tvalid.next = self.s_axis.tvalid.val();
        self.s_axis.tready.next = self.in_skid.s_tready.val();
        self.in_skid.m_tready.next = self.distributor.word_ready.val();
        self.word.next = self.in_skid.m_tdata.val().get_bits::<W>(0);
        self.distributor.start.next = self.start.val();
        self.distributor.word_valid.next = self.in_skid.m_tvalid.val();
        self.distributor.word_last.next =
            (self.in_skid.m_tdata.val() & self.input_last.val()).any();
        self.distributor.crossed.next = self.crossed.joined.val();
        self.distributor.discard.next = self.closed.q.val();

        // A beat is taken when all its lanes have their bits and the FIFO has room.
        self.room.next = (self.state.q.val() == State::Run) & !self.beats.crowded.val();
        self.together.go.next = (self.state.q.val() == State::Run)
            & !self.beats.crowded.val()
            & !self.distributor.starved.val()
            & self.walker.valid.val();
        for i in 0..self.buffer.len() {
            self.room.next = (self.state.q.val() == State::Run) & !self.buffer[i].crowded.val();
            self.together.go.next = (self.state.q.val() == State::Run)
                & !self.buffer[i].crowded.val()
                & !self.distributor.starved.val()
                & self.walker.valid.val()
                & !self.ranges[i].waits.val();
        }
        self.abort.next =
            self.room.val() & (self.distributor.starved.val() | self.walker.fault.val().any());
        self.together.lacks.next = self.lacks.joined.val();
        self.together.takes_part.next = self.walker.mask.val();
        self.take.next = self.together.take.val();
        self.steps.next = self.together.steps.val();
        self.walker.go.next = self.together.go.val();
        self.walker.waits.next = self.together.waits.val();
        self.takes_part.next = self.walker.mask.val();
        self.row_now.next = 0.into();
        if self.classes.important.val() {
            self.row_now.next = 1.into();
        }
        if self.bank.q.val() {
            self.row_now.next = 2.into();
            if self.classes.important.val() {
                self.row_now.next = 3.into();
            }
        }
        // A plane of dynamic scale begins with its range.
        for i in 0..self.buffer.len() {
            self.ranges[i].aclk.next = self.aclk.val();
            self.ranges[i].aresetn.next = self.aresetn.val();
            self.ranges[i].start.next = self.start.val();
            self.ranges[i].dynamic.next = self.buffer[i].dynamic.val();
            self.ranges[i].enter.next = self.walker.enter.val();
            self.ranges[i].enter_class.next = self.walker.enter_class.val();
            self.takes_half[i].next = self.room.val()
                & !self.distributor.starved.val()
                & self.walker.valid.val()
                & self.ranges[i].waits.val()
                & !self.lanes[0].lacks.val();
            self.ranges[i].takes.next = self.takes_half[i].val();
            self.ranges[i].stored.next = self.walker.mask.val().any();
            self.ranges[i].take.next = self.take.val();
            self.ranges[i].plane_class.next = self.classes.important.val();
            self.classes.as_range[i].next = self.ranges[i].class_range.val();
            self.classes.enter.next = self.ranges[i].class_enter.val();
            self.classes.enter_class.next = self.ranges[i].class_important.val();
        }
        for i in 0..S {
            self.lanes[i].aclk.next = self.aclk.val();
            self.lanes[i].aresetn.next = self.aresetn.val();
            self.lanes[i].start.next = self.start.val();
            self.lanes[i].word_data.next = self.word.val();
            self.lanes[i].word_load.next =
                (self.distributor.lane_load.val() & self.lane_bit[i].val()).any();
            self.lanes[i].limits.next = self.classes.limits.val();
            self.lanes[i].raw.next = self.classes.raw.val();
            self.lanes[i].last_start.next = self.classes.last_start.val();
            self.lanes[i].step.next = (self.steps.val() & self.lane_bit[i].val()).any();
            self.lanes[i].takes_part.next = (self.takes_part.val() & self.lane_bit[i].val()).any();
            self.lacks.parts[i].next = 0.into();
            if self.lanes[i].lacks.val() {
                self.lacks.parts[i].next = 1.into();
            }
            self.crossed.parts[i].next = 0.into();
            if self.lanes[i].crossed.val() {
                self.crossed.parts[i].next = 1.into();
            }
            self.active[i].clock.next = self.aclk.val();
            self.active[i].d.next = (self.steps.val() & self.lane_bit[i].val()).any();

            self.lookups[i].aclk.next = self.aclk.val();
            self.lookups[i].first.next = self.lanes[i].first.val();
            self.lookups[i].behind.next = self.lanes[i].behind.val();
            self.lookups[i].skip.next = self.lanes[i].skip.val();
            self.lookups[i].class_row.next = self.class_row.q.val();
            self.lookups[i].below.next = self.below.q.val();
            self.lookups[i].active.next = self.active[i].q.val();
            self.lookups[i].load.next = self.symbol_load.val();
            self.lookups[i].load_address.next = self.symbol_row.val();
            self.lookups[i].load_data.next = self.load_word.q.val().get_bits::<16>(0);

            self.codes.parts[i].next = self.lookups[i].code.val();
        }

        // What goes beside the samples.
        self.class_row.d.next = self.row_now.val();
        self.below.d.next = self.classes.below.val();
        self.beat_now.next = 0.into();
        if self.take.val() {
            self.beat_now.next = 1.into();
        }
        if self.take.val() & self.walker.last.val() {
            self.beat_now.next = 3.into();
        }
        if self.abort.val() {
            self.beat_now.next = 3.into();
        }
        self.beat.d.next = self.beat_now.val();
        self.factor_now.next = bit_cast::<22, 5>(self.walker.shift.val());
        self.factor.d.next =
            (self.factor_now.val() << 17) | bit_cast::<22, 17>(self.walker.mantissa.val());

        // From codes to samples; with dynamic scale, by way of the buffer.
        self.codes_now.next = self.codes.joined.val();
        self.factor_out.next = self.factor.q.val();
        self.beat_out.next = self.beat.q.val();
        for i in 0..self.buffer.len() {
            self.lanes[0].step.next =
                (self.steps.val() & self.lane_bit[0].val()).any() | self.takes_half[i].val();
            self.flags[i].next = 0.into();
            if self.take.val() {
                self.flags[i].next = 1.into();
                if self.ranges[i].first.val() & self.walker.mask.val().any() {
                    self.flags[i].next = 5.into();
                }
                if self.walker.last.val() {
                    self.flags[i].next = 3.into();
                    if self.ranges[i].first.val() & self.walker.mask.val().any() {
                        self.flags[i].next = 7.into();
                    }
                }
            }
            if self.abort.val() {
                self.flags[i].next = 3.into();
            }
            self.before_buffer[i].aclk.next = self.aclk.val();
            self.before_buffer[i].aresetn.next = self.aresetn.val();
            self.before_buffer[i].d.next = self.flags[i].val();

            self.buffer[i].aclk.next = self.aclk.val();
            self.buffer[i].aresetn.next = self.aresetn.val();
            self.buffer[i].load.next = self.load_write.q.val();
            self.buffer[i].load_context.next = self.load_bank.q.val();
            self.buffer[i].load_addr.next = self.load_at.q.val();
            self.buffer[i].load_data.next = self.load_word.q.val().get_bits::<13>(0);
            self.buffer[i].start.next = self.start.val();
            self.buffer[i].run_context.next = self.bank.q.val();
            self.buffer[i].half.next = self.ranges[i].there.val();
            self.buffer[i].window.next = self.lanes[0].first.val();
            self.buffer[i].important.next = self.classes.important.val();
            self.buffer[i].s_valid.next = self.before_buffer[i].q.val().get_bit(0);
            self.buffer[i].s_last.next = self.before_buffer[i].q.val().get_bit(1);
            self.buffer[i].s_first.next = self.before_buffer[i].q.val().get_bit(2);
            self.buffer[i].s_codes.next = self.codes.joined.val();
            self.buffer[i].s_factor.next = self.factor.q.val();
            self.buffer[i].room.next = !self.beats.crowded.val();
            self.codes_now.next = self.buffer[i].m_codes.val();
            self.factor_out.next = self.buffer[i].m_factor.val();

            self.behind_buffer[i].aclk.next = self.aclk.val();
            self.behind_buffer[i].aresetn.next = self.aresetn.val();
            self.behind_buffer[i].d.next = 0.into();
            if self.buffer[i].m_valid.val() {
                self.behind_buffer[i].d.next = 1.into();
                if self.buffer[i].m_last.val() {
                    self.behind_buffer[i].d.next = 3.into();
                }
            }
            self.beat_out.next = self.behind_buffer[i].q.val();
        }
        for i in 0..S {
            self.dequantizers[i].aclk.next = self.aclk.val();
            self.dequantizers[i].code.next = self.codes_now.val().get_bits::<11>(i * 11);
            self.dequantizers[i].mantissa.next = self.factor_out.val().get_bits::<17>(0);
            self.dequantizers[i].shift.next = self.factor_out.val().get_bits::<5>(17);
            self.samples.parts[i].next = self.dequantizers[i].sample.val();
        }

        // Samples out. The last ones are held back until the packet is closed.
        self.output_beat.next = bit_cast::<O, B>(self.samples.joined.val());
        if self.beat_out.val().get_bit(1) {
            self.output_beat.next =
                bit_cast::<O, B>(self.samples.joined.val()) | self.output_last.val();
        }
        self.beats.write.next = self.beat_out.val().get_bit(0);
        self.beats.s_entry.next = self.output_beat.val();
        self.ends.next = (self.beats.m_entry.val() & self.output_last.val()).any();
        self.held.next = self.ends.val() & !self.closed.q.val();
        self.beats.m_ready.next = self.m_axis.tready.val() & !self.held.val();
        self.m_axis.tvalid.next = self.beats.m_valid.val() & !self.held.val();
        self.m_axis.tdata.next = self.beats.m_entry.val().get_bits::<B>(0);
        self.m_axis.tlast.next = self.ends.val();
        self.m_axis_tuser.next = 0.into();
        if self.ends.val() {
            self.m_axis_tuser.next = self.status.q.val();
        }

        match self.state.q.val() {
            State::Idle => {
                if self.cmd.tvalid.val() {
                    self.state.d.next = State::Run;
                    self.bank.d.next = self.cmd.context.val();
                }
            }
            State::Run => {
                if self.take.val() & self.walker.last.val() {
                    self.state.d.next = State::End;
                }
                if self.abort.val() {
                    self.state.d.next = State::End;
                    self.closed.d.next = true;
                    self.status.d.next = 1.into();
                    if self.walker.fault.val().any() {
                        self.status.d.next = self.walker.fault.val();
                    }
                }
            }
            State::End => {
                if !self.closed.q.val() {
                    if self.distributor.settled.val() {
                        self.closed.d.next = true;
                        self.status.d.next = 2.into();
                        if self.distributor.ended.val() {
                            self.status.d.next = 0.into();
                        }
                    } else {
                        if self.distributor.ended.val() {
                            self.closed.d.next = true;
                            self.status.d.next = 1.into();
                        }
                    }
                }
                if self.beats.m_valid.val()
                    & self.ends.val()
                    & self.closed.q.val()
                    & self.m_axis.tready.val()
                {
                    self.sent.d.next = true;
                }
                if self.sent.q.val() & self.distributor.ended.val() {
                    self.state.d.next = State::Idle;
                    self.closed.d.next = false;
                    self.sent.d.next = false;
                }
            }
        }
        if !self.aresetn.val() {
            self.state.d.next = State::Idle;
            self.closed.d.next = false;
            self.sent.d.next = false;
        }
    }
}
