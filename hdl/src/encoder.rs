//! The encoder core: samples to the words of the code stream.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `cmd_tvalid`, `cmd_tready` | in, out | a command: one packet |
//! | `cmd_context`, `cmd_first_channel`, `cmd_channels`, `cmd_images` | in | its context and planes |
//! | `load_valid`, `load_context`, `load_addr`, `load_data` | in | a write of [`crate::load::encoder`], always taken; never to the context that runs |
//! | `s_axis_tdata`, `s_axis_tvalid`, `s_axis_tready`, `s_axis_tlast` | in, in, out, in | beats of S samples, lane 0 in the low bits; last with the packet's last |
//! | `m_axis_tdata`, `m_axis_tvalid`, `m_axis_tready`, `m_axis_tlast`, `m_axis_tuser` | out, out, in, out, out | words; last with the packet's last, and with it its error code |
//!
//! | error | meaning |
//! |---|---|
//! | 0 | none |
//! | 1 | the input ended early |
//! | 2 | the input was too long |
//! | 3 | a symbol has no code |
//! | 4 | undefined channel class; treated as Pruned |
//! | 5 | command out of range: no planes, rows beyond the table, plane length below S, plane of dynamic scale too long |
//!
//! Of several errors 5, 1 and 2 go first, then 4, then 3.
//!
//! Parameters: S lanes (1, 2, 4, 8), and the widths that follow: D = 16 S, W = 32 up to 4 lanes, 64 for
//! 8, OUT = W + 4, E = S + 3, T = S + 4, P = W / 16, K = 10 S, B = D + 2; the largest width of a code and the rows of the
//! channel table are given to [`Encoder::new`]. One beat a clock, 8 clocks more a packet.
//!
//! Built with a [scanner](crate::scanner), a packet whose command comes with `cmd_scan` is scanned: its beats
//! go the same way up to the quantizers, and the words are the scan's.
//!
//! Built with dynamic scale, beats go through a [plane buffer](crate::plane_buffer) first, and a plane
//! costs two clocks more: its range, 16 bits in lane 0, is written as two samples of 8 bits.
//!
//! Beats are let in while the order FIFO has room for all that is under way, and so have the words'
//! FIFOs. Behind that nothing stops: units have no ready, and the longest stall path is one register.

use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::*;

use crate::bus::{CommandSink, LoadSink, StreamSink, StreamSource};
use crate::class_numbers::ClassNumbers;
use crate::delay::Delay;
use crate::emit::emit;
use crate::encoder_lane::EncoderLane;
use crate::interleaver::Interleaver;
use crate::order_fifo::OrderFifo;
use crate::pack::Pack;
use crate::packet_control::PacketControl;
use crate::parameters::Parameters;
use crate::plane_buffer::PlaneBuffer;
use crate::quantize::Quantize;
use crate::range_writer::RangeWriter;
use crate::scanner::ScanPath;
use crate::sequencer::Sequencer;
use crate::skid_buffer::SkidBuffer;

/// Name of the emitted top module.
pub const TOP: &str = "dqa_encoder";

macro_rules! encoder {
    ($parameters:expr, $header:expr, $new:ident) => {
        match $parameters.lanes {
            1 => encoder!($parameters, $header, $new, 1, 16, 32, 36, 4, 5, 2, 10, 18),
            2 => encoder!($parameters, $header, $new, 2, 32, 32, 36, 5, 6, 2, 20, 34),
            4 => encoder!($parameters, $header, $new, 4, 64, 32, 36, 7, 8, 2, 40, 66),
            _ => encoder!($parameters, $header, $new, 8, 128, 64, 68, 11, 12, 4, 80, 130),
        }
    };
    ($parameters:expr, $header:expr, $new:ident, $($generic:literal),+) => {
        emit(TOP, $header, Encoder::<$($generic),+>::$new($parameters))
    };
}

/// The Verilog of an encoder, under a comment of the lines of `header`.
///
/// # Errors
///
/// What RustHDL finds wrong with the core.
///
/// # Panics
///
/// If the parameters are not legal.
pub fn verilog(parameters: &Parameters, header: &str) -> Result<String, CheckError> {
    encoder!(parameters, header, new)
}

/// As [`verilog`], with the scanner that `dqa_core` has; `cmd_scan` is its port `cmd_scan$0`.
pub fn verilog_with_scanner(parameters: &Parameters, header: &str) -> Result<String, CheckError> {
    encoder!(parameters, header, with_scanner)
}

/// Encoder core of S lanes.
#[derive(LogicBlock)]
pub struct Encoder<
    const S: usize,
    const D: usize,
    const W: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const P: usize,
    const K: usize,
    const B: usize,
> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Commands.
    pub cmd: CommandSink,
    /// Scan the command's packet; only with a scanner.
    pub cmd_scan: Vec<Signal<In, Bit>>,
    /// Writes to a context.
    pub load: LoadSink,
    /// Samples.
    pub s_axis: StreamSink<D>,
    /// Words.
    pub m_axis: StreamSource<W>,
    /// Error code, with the last.
    pub m_axis_tuser: Signal<Out, Bits<3>>,

    reset: DFF<Bit>,
    run: Signal<Local, Bit>,
    load_table: Signal<Local, Bits<2>>,
    /// The command is taken on, and in the next clock taken: so it sees the writes before it, and stands meanwhile.
    start: DFF<Bit>,
    control: PacketControl,
    sequencer: Sequencer<S>,
    /// One if there is dynamic scale.
    planes: Vec<PlaneBuffer<S, D, B>>,
    ranges: Vec<RangeWriter>,
    samples: Delay<D, 4>,

    /// Lanes, row and table of a beat, one clock behind the sequencer, beside the class's numbers.
    numbers: ClassNumbers,
    lanes_now: DFF<Bits<S>>,
    mantissa: DFF<Bits<17>>,
    shift: DFF<Bits<5>>,
    code_table: Signal<Local, Bits<2>>,

    all: Constant<Bits<S>>,
    /// Flush, the first flush, opening, error code: from the control to the packers.
    flush: Signal<Local, Bits<6>>,
    past_flush: Delay<6, 15>,
    /// Undefined class: from the sequencer to the packers.
    undefined: Signal<Local, Bits<1>>,
    past_undefined: Delay<1, 12>,
    met_undefined: DFF<Bit>,
    met_no_code: DFF<Bit>,

    quantizer: [Quantize; S],
    patterns: Pack<S, 10, K>,
    /// One if there is a scanner.
    scan: Vec<ScanPath<S, D, W, K>>,
    /// The packet under way is scanned.
    scans: Signal<Local, Bit>,
    word: Signal<Local, Bits<W>>,
    word_last: Signal<Local, Bit>,
    word_error: Signal<Local, Bits<3>>,

    lane: [EncoderLane<W, P>; S],
    crossed: [Signal<Local, Bits<S>>; S],
    some: [Signal<Local, Bits<S>>; S],
    no_code: [Signal<Local, Bits<S>>; S],
    lanes_crossed: Signal<Local, Bits<S>>,
    lanes_no_code: Signal<Local, Bits<S>>,
    admit: DFF<Bit>,

    order: OrderFifo<E>,
    opening: DFF<Bit>,
    ending: DFF<Bit>,
    entry: DFF<Bits<E>>,
    entry_valid: DFF<Bit>,
    ending_error: DFF<Bits<3>>,
    error: Signal<Local, Bits<3>>,
    interleaver: Interleaver<S, W, E, T>,
    out: Signal<Local, Bits<OUT>>,
    out_valid: Signal<Local, Bit>,
    out_moves: Signal<Local, Bit>,
    sent: Signal<Local, Bits<OUT>>,
    sent_valid: Signal<Local, Bit>,
    /// One, but where a FIFO follows.
    sink: Vec<SkidBuffer<OUT>>,
}

impl<
    const S: usize,
    const D: usize,
    const W: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const P: usize,
    const K: usize,
    const B: usize,
> Encoder<S, D, W, OUT, E, T, P, K, B>
{
    /// An encoder for these parameters, whose lanes are S.
    pub fn new(parameters: &Parameters) -> Self {
        assert_eq!(parameters.check(), Ok(()));
        assert_eq!((parameters.lanes, parameters.word_bits()), (S, W));
        assert_eq!((D, OUT, P), (16 * S, W + 4, W / 16));
        assert_eq!((K, B), (10 * S, D + 2));
        let dynamic = (parameters.dynamic_beats > 0).then_some(parameters.dynamic_beats);
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            cmd: Default::default(),
            cmd_scan: Vec::new(),
            load: Default::default(),
            s_axis: Default::default(),
            m_axis: Default::default(),
            m_axis_tuser: Signal::default(),
            reset: DFF::default(),
            run: Signal::default(),
            load_table: Signal::default(),
            start: DFF::default(),
            control: PacketControl::default(),
            sequencer: match dynamic {
                Some(_) => Sequencer::new(parameters.channels).with_planes(),
                None => Sequencer::new(parameters.channels),
            },
            planes: dynamic.map(PlaneBuffer::new).into_iter().collect(),
            ranges: dynamic
                .map(|_| RangeWriter::default())
                .into_iter()
                .collect(),
            samples: Delay::default(),
            numbers: ClassNumbers::new(parameters.width()),
            lanes_now: DFF::default(),
            mantissa: DFF::default(),
            shift: DFF::default(),
            code_table: Signal::default(),
            all: Constant::new(Bits::mask()),
            flush: Signal::default(),
            past_flush: Delay::default(),
            undefined: Signal::default(),
            past_undefined: Delay::default(),
            met_undefined: DFF::default(),
            met_no_code: DFF::default(),
            quantizer: std::array::from_fn(|_| Quantize::default()),
            patterns: Pack::default(),
            scan: Vec::new(),
            scans: Signal::default(),
            word: Signal::default(),
            word_last: Signal::default(),
            word_error: Signal::default(),
            lane: std::array::from_fn(|_| EncoderLane::default()),
            crossed: std::array::from_fn(|_| Signal::default()),
            some: std::array::from_fn(|_| Signal::default()),
            no_code: std::array::from_fn(|_| Signal::default()),
            lanes_crossed: Signal::default(),
            lanes_no_code: Signal::default(),
            admit: DFF::default(),
            order: OrderFifo::default(),
            opening: DFF::default(),
            ending: DFF::default(),
            entry: DFF::default(),
            entry_valid: DFF::default(),
            ending_error: DFF::default(),
            error: Signal::default(),
            interleaver: Interleaver::default(),
            out: Signal::default(),
            out_valid: Signal::default(),
            out_moves: Signal::default(),
            sent: Signal::default(),
            sent_valid: Signal::default(),
            sink: vec![SkidBuffer::default()],
        }
    }

    /// The same; its words come from no registers of their own, and `m_axis_tready` must be one.
    pub fn without_sink(self) -> Self {
        let sink = Vec::new();
        Self { sink, ..self }
    }

    /// As [`new`](Self::new); and it scans.
    pub fn with_scanner(parameters: &Parameters) -> Self {
        let encoder = Self::new(parameters);
        Self {
            cmd_scan: vec![Signal::default()],
            scan: vec![ScanPath::new(parameters)],
            sequencer: encoder.sequencer.with_ends(),
            ..encoder
        }
    }
}

impl<
    const S: usize,
    const D: usize,
    const W: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const P: usize,
    const K: usize,
    const B: usize,
> Logic for Encoder<S, D, W, OUT, E, T, P, K, B>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, met_undefined, met_no_code);
        clock!(self, aclk, reset, start, lanes_now, mantissa, shift);
        clock!(
            self,
            aclk,
            admit,
            opening,
            ending,
            ending_error,
            entry,
            entry_valid
        );
        // Active high inside, as the flip-flops of FPGAs have it.
        self.reset.d.next = !self.aresetn.val();
        self.run.next = !self.reset.q.val();
        self.control.aclk.next = self.aclk.val();
        self.control.aresetn.next = self.run.val();
        self.sequencer.aclk.next = self.aclk.val();
        self.sequencer.aresetn.next = self.run.val();
        self.samples.aclk.next = self.aclk.val();
        self.samples.aresetn.next = self.run.val();
        self.numbers.aclk.next = self.aclk.val();
        self.past_flush.aclk.next = self.aclk.val();
        self.past_flush.aresetn.next = self.run.val();
        self.past_undefined.aclk.next = self.aclk.val();
        self.past_undefined.aresetn.next = self.run.val();
        self.order.aclk.next = self.aclk.val();
        self.order.aresetn.next = self.run.val();
        self.interleaver.aclk.next = self.aclk.val();
        self.interleaver.aresetn.next = self.run.val();
        for i in 0..S {
            self.lane[i].aclk.next = self.aclk.val();
            self.lane[i].aresetn.next = self.run.val();
        }

        // Loading.
        self.sequencer.load.next = self.load.valid.val();
        self.sequencer.load_context.next = self.load.context.val();
        self.sequencer.load_addr.next = self.load.addr.val();
        self.sequencer.load_data.next = self.load.data.val().get_bits::<28>(0);
        self.numbers.load.next = self.load.valid.val();
        self.numbers.load_context.next = self.load.context.val();
        self.numbers.load_addr.next = self.load.addr.val();
        self.numbers.load_data.next = self.load.data.val();
        self.load_table.next = bit_cast::<2, 1>(self.load.addr.val().get_bits::<1>(6));
        if self.load.context.val() {
            self.load_table.next = bit_cast::<2, 1>(self.load.addr.val().get_bits::<1>(6)) | 2;
        }
        for i in 0..S {
            self.lane[i].load.next =
                self.load.valid.val() & (self.load.addr.val().get_bits::<10>(7) == 2);
            self.lane[i].load_table.next = self.load_table.val();
            self.lane[i].load_index.next = self.load.addr.val().get_bits::<6>(0);
            self.lane[i].load_entry.next = self.load.data.val().get_bits::<16>(0);
        }

        self.s_axis.tready.next = self.control.s_tready.val();
        self.control.cmd_tvalid.next = self.cmd.tvalid.val();
        self.cmd.tready.next = self.start.q.val();
        self.scans.next = false;
        for i in 0..self.scan.len() {
            self.control.cmd_tvalid.next = self.cmd.tvalid.val() & self.scan[i].admits.val();
            self.scan[i].cmd_scan.next = self.cmd_scan[i].val();
            self.scan[i].start.next = self.start.q.val();
            self.scans.next = self.scan[i].scanning.val();
        }
        self.control.running.next = self.sequencer.running.val();
        self.control.refused.next = self.sequencer.refused.val();
        self.control.last.next = self.sequencer.last.val();
        self.control.admit.next = self.admit.q.val();
        self.control.s_tvalid.next = self.s_axis.tvalid.val();
        self.control.s_tlast.next = self.s_axis.tlast.val();

        self.start.d.next = self.control.start.val();
        self.sequencer.start.next = self.start.q.val();
        self.sequencer.run_context.next = self.cmd.context.val();
        self.sequencer.first_channel.next = self.cmd.first_channel.val();
        self.sequencer.channels.next = self.cmd.channels.val();
        self.sequencer.images.next = self.cmd.images.val();
        self.sequencer.step.next = self.control.step.val();
        self.sequencer.stop.next = self.control.stop.val();

        // The beat's row and its class's numbers, while its samples wait.
        self.code_table.next = 0.into();
        if self.sequencer.beat_context.val() {
            self.code_table.next = 2.into();
        }
        if self.sequencer.beat_important.val() {
            self.code_table.next = 1.into();
            if self.sequencer.beat_context.val() {
                self.code_table.next = 3.into();
            }
        }
        self.numbers.code_table.next = self.code_table.val();
        self.lanes_now.d.next = 0.into();
        if self.sequencer.beat_valid.val() & !self.scans.val() {
            self.lanes_now.d.next = self.sequencer.beat_lanes.val();
        }
        self.mantissa.d.next = self.sequencer.beat_mantissa.val();
        self.shift.d.next = self.sequencer.beat_shift.val();
        self.samples.d.next = self.s_axis.tdata.val();

        for i in 0..S {
            self.lane[i].range.next = 0.into();
            self.lane[i].range_valid.next = false;
        }

        // With dynamic scale, beats come from the buffer, and each plane's row and range.
        for i in 0..self.planes.len() {
            self.planes[i].aclk.next = self.aclk.val();
            self.planes[i].aresetn.next = self.run.val();
            self.planes[i].load.next = self.load.valid.val();
            self.planes[i].load_context.next = self.load.context.val();
            self.planes[i].load_addr.next = self.load.addr.val();
            self.planes[i].load_data.next = self.load.data.val().get_bits::<13>(0);
            self.planes[i].start.next = self.start.q.val();
            self.planes[i].run_context.next = self.cmd.context.val();
            self.planes[i].plane_beats.next = self.sequencer.plane_beats[i].val();
            self.planes[i].plane_lanes.next = self.sequencer.plane_lanes[i].val();
            self.sequencer.too_long[i].next = self.planes[i].too_long.val();
            self.planes[i].running.next = self.sequencer.running.val();
            self.planes[i].refused.next = self.sequencer.refused.val();

            self.planes[i].s_tdata.next = self.s_axis.tdata.val();
            self.planes[i].s_tvalid.next = self.s_axis.tvalid.val();
            self.planes[i].s_tlast.next = self.s_axis.tlast.val();
            self.s_axis.tready.next = self.planes[i].s_tready.val();
            self.samples.d.next = self.planes[i].m_tdata.val();
            self.control.s_tvalid.next = self.planes[i].m_tvalid.val();
            self.control.s_tlast.next = self.planes[i].m_tlast.val();
            self.planes[i].m_tready.next = self.control.s_tready.val();

            self.planes[i].important.next = self.sequencer.beat_important.val();
            if self.planes[i].dynamic.val() {
                self.mantissa.d.next = self.mantissa.q.val();
                self.shift.d.next = self.shift.q.val();
            }
            if self.planes[i].changes.val() {
                self.mantissa.d.next = self.planes[i].mantissa.val();
                self.shift.d.next = self.planes[i].shift.val();
            }

            // Lane 0 writes the range of a plane that is stored.
            self.ranges[i].aclk.next = self.aclk.val();
            self.ranges[i].aresetn.next = self.run.val();
            self.ranges[i].due.next = self.planes[i].writes.val()
                & self.sequencer.beat_lanes.val().any()
                & !self.scans.val();
            self.ranges[i].range.next = self.planes[i].range.val();
            self.lane[0].range.next = self.ranges[i].value.val();
            self.lane[0].range_valid.next = self.ranges[i].valid.val();
        }

        // What goes past the lanes' units to the packers.
        self.flush.next = bit_cast::<6, 3>(self.control.error.val()) << 3;
        if self.control.opening.val() {
            self.flush.next = 4.into();
        }
        if self.control.flush.val() {
            self.flush.next = 1.into();
        }
        if self.control.ending.val() {
            self.flush.next = (bit_cast::<6, 3>(self.control.error.val()) << 3) | 3;
        }
        self.past_flush.d.next = self.flush.val();
        self.undefined.next = 0.into();
        if self.sequencer.beat_undefined.val() {
            self.undefined.next = 1.into();
        }
        self.past_undefined.d.next = self.undefined.val();

        self.out_moves.next = self.m_axis.tready.val();
        for i in 0..self.sink.len() {
            self.out_moves.next = self.sink[i].s_tready.val();
        }

        // By shifts, since a vector of one bit has no bit to pick.
        for i in 0..S {
            self.lane[i].present.next = ((self.lanes_now.q.val() >> i.to_bits::<4>()) & 1).any();
            self.quantizer[i].aclk.next = self.aclk.val();
            self.quantizer[i].sample.next = self.samples.q.val().get_bits::<16>(i * 16);
            self.quantizer[i].mantissa.next = self.mantissa.q.val();
            self.quantizer[i].shift.next = self.shift.q.val();
            self.quantizer[i].numbers.next = self.numbers.quantize.val();
            self.patterns.parts[i].next = self.quantizer[i].pattern.val();
            self.lane[i].pattern.next = self.patterns.joined.val().get_bits::<10>(i * 10);
            self.lane[i].align.next = self.numbers.align.val();
            self.lane[i].code_table.next = self.numbers.pattern_table.val();
            self.lane[i].flush.next = self.past_flush.q.val().get_bit(0) & !self.scans.val();
            self.lane[i].take.next = ((self.interleaver.take.val() >> i.to_bits::<4>()) & 1).any();
            self.lane[i].advance.next = self.out_moves.val();
            self.interleaver.words[i].next = self.lane[i].word.val();
        }

        // The lanes' bits side by side.
        self.crossed[0].next = 0.into();
        self.some[0].next = 0.into();
        self.no_code[0].next = 0.into();
        if self.lane[0].crossed.val() {
            self.crossed[0].next = 1.into();
        }
        if self.lane[0].some.val() {
            self.some[0].next = 1.into();
        }
        if self.lane[0].no_code.val() {
            self.no_code[0].next = 1.into();
        }
        for i in 1..S {
            self.crossed[i].next = self.crossed[i - 1]
                .val()
                .replace_bit(i, self.lane[i].crossed.val());
            self.some[i].next = self.some[i - 1]
                .val()
                .replace_bit(i, self.lane[i].some.val());
            self.no_code[i].next = self.no_code[i - 1]
                .val()
                .replace_bit(i, self.lane[i].no_code.val());
        }
        for i in 0..S {
            self.lanes_crossed.next = self.crossed[i].val();
            self.interleaver.some.next = self.some[i].val();
            self.lanes_no_code.next = self.no_code[i].val();
        }
        self.admit.d.next = !self.order.crowded.val();

        // The order: all lanes twice, crossings, the packet's end with its error.
        self.opening.d.next = self.past_flush.q.val().get_bit(2) & !self.scans.val();
        self.ending.d.next = self.past_flush.q.val().get_bit(1);
        self.ending_error.d.next = self.past_flush.q.val().get_bits::<3>(3);
        if self.ending.q.val() {
            self.met_undefined.d.next = false;
            self.met_no_code.d.next = false;
        }
        if self.past_undefined.q.val().any() {
            self.met_undefined.d.next = true;
        }
        if self.lanes_no_code.val().any() {
            self.met_no_code.d.next = true;
        }
        self.error.next = 0.into();
        if self.ending.q.val() {
            if self.met_no_code.q.val() {
                self.error.next = 3.into();
            }
            if self.met_undefined.q.val() {
                self.error.next = 4.into();
            }
            if self.ending_error.q.val().any() {
                self.error.next = self.ending_error.q.val();
            }
        }
        self.entry_valid.d.next = self.opening.q.val()
            | (self.ending.q.val() & !self.scans.val())
            | self.lanes_crossed.val().any();
        self.entry.d.next =
            (bit_cast::<E, S>(self.lanes_crossed.val()) << 3) | bit_cast::<E, 3>(self.error.val());
        if self.opening.q.val() {
            self.entry.d.next = bit_cast::<E, S>(self.all.val()) << 3;
        }
        self.order.write.next = self.entry_valid.q.val();
        self.order.s_entry.next = self.entry.q.val();

        self.interleaver.order_valid.next = self.order.m_valid.val();
        self.interleaver.order_error.next = self.order.m_entry.val().get_bits::<3>(0);
        self.interleaver.order_lanes.next = self.order.m_entry.val().get_bits::<S>(3);
        self.order.m_ready.next = self.interleaver.order_ready.val();

        // Output: words, or a scan's; the last bit and the error code under them.
        self.interleaver.m_tready.next = self.out_moves.val();
        self.word.next = self.interleaver.m_tdata.val();
        self.word_last.next = self.interleaver.m_tlast.val();
        self.word_error.next = self.interleaver.m_tuser.val();
        self.out_valid.next = self.interleaver.m_tvalid.val();
        for i in 0..self.scan.len() {
            self.scan[i].aclk.next = self.aclk.val();
            self.scan[i].aresetn.next = self.run.val();
            self.scan[i].channels.next = self.cmd.channels.val();
            self.scan[i].beat_valid.next = self.sequencer.beat_valid.val();
            self.scan[i].beat_inside.next = self.sequencer.beat_inside[i].val();
            self.scan[i].beat_ends.next = self.sequencer.beat_ends[i].val();
            self.scan[i].beat_lanes.next = self.sequencer.beat_lanes.val();
            self.scan[i].beat_important.next = self.sequencer.beat_important.val();
            self.scan[i].samples.next = self.samples.q.val();
            self.scan[i].patterns.next = self.patterns.joined.val();
            self.scan[i].ending.next = self.ending.q.val();
            self.scan[i].error.next = self.error.val();
            self.scan[i].m_axis_tready.next = self.out_moves.val();
            if self.scan[i].scanning.val() {
                self.word.next = self.scan[i].m_axis_tdata.val();
                self.word_last.next = self.scan[i].m_axis_tlast.val();
                self.word_error.next = self.scan[i].m_axis_tuser.val();
                self.out_valid.next = self.scan[i].m_axis_tvalid.val();
            }
        }
        self.out.next = (bit_cast::<OUT, W>(self.word.val()) << 4)
            | (bit_cast::<OUT, 3>(self.word_error.val()) << 1);
        if self.word_last.val() {
            self.out.next = (bit_cast::<OUT, W>(self.word.val()) << 4)
                | (bit_cast::<OUT, 3>(self.word_error.val()) << 1)
                | 1;
        }
        self.sent.next = self.out.val();
        self.sent_valid.next = self.out_valid.val();
        for i in 0..self.sink.len() {
            self.sink[i].aclk.next = self.aclk.val();
            self.sink[i].aresetn.next = self.run.val();
            self.sink[i].s_tdata.next = self.out.val();
            self.sink[i].s_tvalid.next = self.out_valid.val();
            self.sink[i].m_tready.next = self.m_axis.tready.val();
            self.sent.next = self.sink[i].m_tdata.val();
            self.sent_valid.next = self.sink[i].m_tvalid.val();
        }
        for i in 0..self.scan.len() {
            self.scan[i].done.next =
                self.sent_valid.val() & self.m_axis.tready.val() & self.sent.val().get_bit(0);
        }
        self.m_axis.tvalid.next = self.sent_valid.val();
        self.m_axis.tdata.next = self.sent.val().get_bits::<W>(4);
        self.m_axis_tuser.next = self.sent.val().get_bits::<3>(1);
        self.m_axis.tlast.next = self.sent.val().get_bit(0);

        if !self.run.val() {
            self.lanes_now.d.next = 0.into();
            self.met_undefined.d.next = false;
            self.met_no_code.d.next = false;
            self.admit.d.next = false;
            self.opening.d.next = false;
            self.ending.d.next = false;
            self.entry_valid.d.next = false;
        }
    }
}
