//! Every module that is emitted: primitives, units and cores, each in the sizes that differ.
//!
//! A new unit stands here and nowhere else: `sim/tests/lint.rs` lints the whole list, `synth-report`
//! reports the cost of its units and cores.

use dqa_golden::packet::Direction;
use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::{Bits, Block};

use crate::axil_port::AxilPort;
use crate::chunk_lane_decoder::ChunkLaneDecoder;
use crate::class_numbers::ClassNumbers;
use crate::class_table::ClassTable;
use crate::code_buffer::CodeBuffer;
use crate::code_lookup::CodeLookup;
use crate::context_use::ContextUse;
use crate::control_port::ControlPort;
use crate::counter_bank::CounterBank;
use crate::deep_fifo::DeepFifo;
use crate::delay::Delay;
use crate::dequantize::Dequantize;
use crate::distributor::Distributor;
use crate::emit::emit;
use crate::encoder_lane::EncoderLane;
use crate::fifo::Fifo;
use crate::identification::{Features, Identification};
use crate::interleaver::Interleaver;
use crate::lane_packer::LanePacker;
use crate::link::baud_ticks::BaudTicks;
use crate::link::channel_ring::ChannelRing;
use crate::link::cobs_decoder::CobsDecoder;
use crate::link::cobs_encoder::CobsEncoder;
use crate::link::frame_receiver::FrameReceiver;
use crate::link::frame_sender::FrameSender;
use crate::link::link_control::LinkControl;
use crate::link::output_ring::OutputRing;
use crate::link::packet_input::PacketInput;
use crate::link::packet_output::PacketOutput;
use crate::link::register_bridge::RegisterBridge;
use crate::link::uart_core::{self, Speed};
use crate::link::uart_link::UartLink;
use crate::link::uart_port::UartPort;
use crate::link::uart_receiver::UartReceiver;
use crate::link::uart_transmitter::UartTransmitter;
use crate::order_fifo::OrderFifo;
use crate::pack::Pack;
use crate::packet_control::PacketControl;
use crate::packet_framer::PacketFramer;
use crate::packet_parser::PacketParser;
use crate::parameters::Parameters;
use crate::paths::Paths;
use crate::plane_buffer::PlaneBuffer;
use crate::plane_walker::PlaneWalker;
use crate::primitives::{
    Align, BlockRam, Chunk, CodeLength, Concat, Crc32, LutRam, Multiplier, Pick,
    PipelinedMultiplier, PipelinedRam, Reg, ShiftRight,
};
use crate::quantize::Quantize;
use crate::range_finder::RangeFinder;
use crate::range_taker::RangeTaker;
use crate::range_writer::RangeWriter;
use crate::register_file::RegisterFile;
use crate::scale_divider::ScaleDivider;
use crate::scanner::{ChannelRanges, Histogram, Report, Scanner};
use crate::sequencer::Sequencer;
use crate::skid_buffer::SkidBuffer;
use crate::symbol_lookup::SymbolLookup;
use crate::word_feed::WordFeed;
use crate::word_fifo::WordFifo;
use crate::xdma::answer_packer::AnswerPacker;
use crate::xdma::beat_splitter::BeatSplitter;
use crate::xdma::interrupt_request::InterruptRequest;
use crate::xdma::request_cutter::RequestCutter;
use crate::xdma::xdma_core::{self, EngineBits};
use crate::xdma::xdma_port::XdmaPort;
use crate::{core, decoder, encoder};

/// Rows of the channel table in units that have one, as in the default [`Parameters`].
const ROWS: usize = 1024;
/// Beats of the longest plane where there is dynamic scale: what memories of 512 words allow.
const BEATS: usize = 448;

/// Of the serial port, where it is none of the size.
const SPEED: Speed = Speed {
    clock_hz: 25_000_000,
    baud: 3_000_000,
};

/// A module in one size.
#[derive(Clone, Debug)]
pub struct Design {
    /// Name of the module.
    pub top: &'static str,
    /// What it is built for, where there is a choice.
    pub size: String,
    /// Lanes that it serves, where their number is its size.
    pub lanes: Option<usize>,
    /// Its Verilog.
    pub verilog: String,
}

impl Design {
    fn new(top: &'static str, size: &str, block: impl Block) -> Self {
        Self {
            top,
            size: size.to_owned(),
            lanes: None,
            verilog: emit(top, "", block).expect("sound RTL"),
        }
    }

    fn of_lanes(top: &'static str, lanes: usize, block: impl Block) -> Self {
        Self {
            lanes: Some(lanes),
            ..Self::new(top, &in_lanes(lanes), block)
        }
    }

    /// Name and size.
    pub fn name(&self) -> String {
        let separator = if self.size.is_empty() { "" } else { ", " };
        format!("{}{separator}{}", self.top, self.size)
    }
}

fn in_lanes(lanes: usize) -> String {
    format!("{lanes} lane{}", if lanes == 1 { "" } else { "s" })
}

/// What RustHDL cannot say itself; see [`crate::primitives`].
///
/// # Panics
/// As all functions here: if RustHDL refuses a module, which the tests exclude.
pub fn primitives() -> Vec<Design> {
    vec![
        Design::new("reg_9", "", Reg::<Bits<9>>::default()),
        Design::new("multiplier", "", Multiplier::<18, 18, 36>::default()),
        Design::new(
            "pipelined_multiplier",
            "",
            PipelinedMultiplier::<18, 18, 36>::default(),
        ),
        Design::new("shift_right", "", ShiftRight::<36, 6>::default()),
        Design::new("concat", "", Concat::<3, 4, 7>::default()),
        Design::new("pack", "", Pack::<3, 4, 12>::default()),
        Design::new("align", "", Align::default()),
        Design::new("crc32_8", "", Crc32::<8>::default()),
        Design::new("crc32_16", "", Crc32::<16>::default()),
        Design::new("crc32_128", "", Crc32::<128>::default()),
        Design::new("chunk_64", "", Chunk::<64, 2>::default()),
        Design::new("code_length", "", CodeLength::default()),
        Design::new("pick", "", Pick::default()),
        Design::new("lut_ram", "", LutRam::<32, 5>::default()),
        Design::new("block_ram", "", BlockRam::<32, 9>::default()),
        Design::new("pipelined_ram", "", PipelinedRam::<64, 9>::default()),
    ]
}

/// What the cores are made of. Where the word's width is the size: 32 bits up to 4 lanes, 64 for 8.
pub fn units() -> Vec<Design> {
    vec![
        Design::new("skid_buffer", "65 bits", SkidBuffer::<65>::default()),
        Design::new("fifo", "32 of 33 bits", Fifo::<33, 5, 6>::default()),
        Design::new("delay", "5 of 17 bits", Delay::<17, 5>::default()),
        Design::new("packet_control", "", PacketControl::default()),
        Design::of_lanes("sequencer", 1, Sequencer::<1>::new(ROWS)),
        Design::of_lanes("sequencer", 2, Sequencer::<2>::new(ROWS)),
        Design::of_lanes("sequencer", 4, Sequencer::<4>::new(ROWS)),
        Design::of_lanes("sequencer", 8, Sequencer::<8>::new(ROWS)),
        Design::new("deep_fifo", "512 of 66 bits", DeepFifo::<66>::new(512)),
        Design::of_lanes("range_finder", 1, RangeFinder::<1>::default()),
        Design::of_lanes("range_finder", 2, RangeFinder::<2>::default()),
        Design::of_lanes("range_finder", 4, RangeFinder::<4>::default()),
        Design::of_lanes("range_finder", 8, RangeFinder::<8>::default()),
        Design::new("scale_divider", "", ScaleDivider::default()),
        Design::new("range_writer", "", RangeWriter::default()),
        Design::new("range_taker", "", RangeTaker::default()),
        Design::of_lanes("code_buffer", 1, CodeBuffer::<11, 13>::default()),
        Design::of_lanes("code_buffer", 2, CodeBuffer::<22, 24>::default()),
        Design::of_lanes("code_buffer", 4, CodeBuffer::<44, 46>::default()),
        Design::of_lanes("code_buffer", 8, CodeBuffer::<88, 90>::default()),
        Design::of_lanes("plane_buffer", 1, PlaneBuffer::<1, 16, 18>::new(BEATS)),
        Design::of_lanes("plane_buffer", 2, PlaneBuffer::<2, 32, 34>::new(BEATS)),
        Design::of_lanes("plane_buffer", 4, PlaneBuffer::<4, 64, 66>::new(BEATS)),
        Design::of_lanes("plane_buffer", 8, PlaneBuffer::<8, 128, 130>::new(BEATS)),
        Design::new("class_numbers", "", ClassNumbers::new(10)),
        Design::new("quantize", "", Quantize::default()),
        Design::new("code_lookup", "", CodeLookup::default()),
        Design::new("lane_packer", "words of 32", LanePacker::<32, 2>::default()),
        Design::new("lane_packer", "words of 64", LanePacker::<64, 4>::default()),
        Design::new("word_fifo", "words of 32", WordFifo::<32>::default()),
        Design::new("word_fifo", "words of 64", WordFifo::<64>::default()),
        Design::new(
            "encoder_lane",
            "words of 32",
            EncoderLane::<32, 2>::default(),
        ),
        Design::new(
            "encoder_lane",
            "words of 64",
            EncoderLane::<64, 4>::default(),
        ),
        Design::of_lanes("order_fifo", 1, OrderFifo::<4>::default()),
        Design::of_lanes("order_fifo", 2, OrderFifo::<5>::default()),
        Design::of_lanes("order_fifo", 4, OrderFifo::<7>::default()),
        Design::of_lanes("order_fifo", 8, OrderFifo::<11>::default()),
        Design::of_lanes("interleaver", 1, Interleaver::<1, 32, 4, 5>::default()),
        Design::of_lanes("interleaver", 2, Interleaver::<2, 32, 5, 6>::default()),
        Design::of_lanes("interleaver", 4, Interleaver::<4, 32, 7, 8>::default()),
        Design::of_lanes("interleaver", 8, Interleaver::<8, 64, 11, 12>::default()),
        Design::of_lanes("plane_walker", 1, PlaneWalker::<1>::new(ROWS)),
        Design::of_lanes("plane_walker", 2, PlaneWalker::<2>::new(ROWS)),
        Design::of_lanes("plane_walker", 4, PlaneWalker::<4>::new(ROWS)),
        Design::of_lanes("plane_walker", 8, PlaneWalker::<8>::new(ROWS)),
        Design::new("class_table", "", ClassTable::default()),
        Design::of_lanes("distributor", 1, Distributor::<1, 1>::default()),
        Design::of_lanes("distributor", 2, Distributor::<2, 2>::default()),
        Design::of_lanes("distributor", 4, Distributor::<4, 3>::default()),
        Design::of_lanes("distributor", 8, Distributor::<8, 4>::default()),
        Design::new("word_feed", "words of 32", WordFeed::<32, 1>::default()),
        Design::new("word_feed", "words of 64", WordFeed::<64, 2>::default()),
        Design::new(
            "chunk_lane_decoder",
            "words of 32",
            ChunkLaneDecoder::<32, 1>::default(),
        ),
        Design::new(
            "chunk_lane_decoder",
            "words of 64",
            ChunkLaneDecoder::<64, 2>::default(),
        ),
        Design::new("symbol_lookup", "", SymbolLookup::default()),
        Design::new("dequantize", "", Dequantize::default()),
        Design::new(
            "packet_parser",
            "beats of 16",
            PacketParser::<16, 17, 32>::new(&of_lanes(1), Direction::Write, false),
        ),
        Design::new(
            "packet_parser",
            "beats of 32",
            PacketParser::<32, 33, 16>::new(&of_lanes(1), Direction::Read, false),
        ),
        Design::new(
            "packet_parser",
            "beats of 64",
            PacketParser::<64, 65, 32>::new(&of_lanes(4), Direction::Write, true),
        ),
        Design::new(
            "packet_parser",
            "beats of 128",
            PacketParser::<128, 129, 64>::new(&of_lanes(8), Direction::Write, true),
        ),
        Design::new(
            "packet_framer",
            "beats of 16",
            PacketFramer::<16, 17, 11, 12, 16>::new(Direction::Read),
        ),
        Design::new(
            "packet_framer",
            "beats of 32",
            PacketFramer::<32, 33, 10, 11, 15>::new(Direction::Write),
        ),
        Design::new(
            "packet_framer",
            "beats of 64",
            PacketFramer::<64, 65, 9, 10, 14>::new(Direction::Read),
        ),
        Design::new(
            "packet_framer",
            "beats of 128",
            PacketFramer::<128, 129, 8, 9, 13>::new(Direction::Read),
        ),
        Design::of_lanes("channel_ranges", 4, ChannelRanges::<4, 64>::new(ROWS)),
        Design::of_lanes("histogram", 4, Histogram::<4, 40>::new(10)),
        Design::new("report", "words of 32", Report::<32>::default()),
        Design::of_lanes("scanner", 1, Scanner::<1, 16, 32, 10>::new(&of_lanes(1))),
        Design::of_lanes("scanner", 2, Scanner::<2, 32, 32, 20>::new(&of_lanes(2))),
        Design::of_lanes("scanner", 4, Scanner::<4, 64, 32, 40>::new(&of_lanes(4))),
        Design::of_lanes("scanner", 8, Scanner::<8, 128, 64, 80>::new(&of_lanes(8))),
        Design::new("context_use", "", ContextUse::default()),
        Design::new("axil_port", "", AxilPort::default()),
        Design::new("counter_bank", "16 counters", CounterBank::<16>::default()),
        Design::new(
            "register_file",
            "",
            RegisterFile::new(identification().constants()),
        ),
        Design::new("control_port", "", ControlPort::new(&identification())),
        Design::new("baud_ticks", "", BaudTicks::new(SPEED.clock_hz, SPEED.baud)),
        Design::new("uart_receiver", "", UartReceiver::default()),
        Design::new("uart_transmitter", "", UartTransmitter::default()),
        Design::new("cobs_decoder", "", CobsDecoder::default()),
        Design::new("cobs_encoder", "", CobsEncoder::default()),
        Design::new("frame_receiver", "", FrameReceiver::default()),
        Design::new("frame_sender", "", FrameSender::<12>::default()),
        Design::new("channel_ring", "2048 bytes", ChannelRing::<11>::new(2048)),
        Design::new("output_ring", "4096 bytes", OutputRing::<12, 24>::new(4096)),
        Design::new("link_control", "", LinkControl::default()),
        Design::new(
            "uart_link",
            "",
            UartLink::<9, 11, 12, 24>::new(&of_lanes(1), SPEED.clock_hz, SPEED.baud),
        ),
        Design::new("packet_input", "beats of 16", PacketInput::<16>::default()),
        Design::new(
            "packet_input",
            "beats of 128",
            PacketInput::<128>::default(),
        ),
        Design::new(
            "packet_output",
            "beats of 32",
            PacketOutput::<32>::default(),
        ),
        Design::new("register_bridge", "", RegisterBridge::default()),
        Design::new(
            "uart_port",
            "1 lane",
            UartPort::<16, 32, 9, 11, 12, 24>::new(&of_lanes(1), SPEED.clock_hz, SPEED.baud),
        ),
        Design::new(
            "beat_splitter",
            "128 to 32 bits",
            BeatSplitter::<128, 16, 145, 32>::default(),
        ),
        Design::new(
            "request_cutter",
            "64 to 32 bits",
            RequestCutter::<64, 8, 73, 32, 64, 33>::default(),
        ),
        Design::new(
            "request_cutter",
            "128 to 64 bits",
            RequestCutter::<128, 16, 145, 64, 128, 65>::default(),
        ),
        Design::new(
            "request_cutter",
            "128 to 128 bits",
            RequestCutter::<128, 16, 145, 128, 256, 129>::default(),
        ),
        Design::new(
            "answer_packer",
            "32 to 128 bits",
            AnswerPacker::<32, 128, 16, 145>::default(),
        ),
        Design::new(
            "answer_packer",
            "128 to 128 bits",
            AnswerPacker::<128, 128, 16, 145>::default(),
        ),
        Design::new("interrupt_request", "", InterruptRequest::default()),
        Design::of_lanes(
            "xdma_port",
            8,
            XdmaPort::<128, 16, 145, 128, 256, 129, 64, 128, 65>::default(),
        ),
    ]
}

fn of_lanes(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        ..Parameters::default()
    }
}

fn identification() -> Identification {
    Identification::new(Parameters::default(), Features::default())
}

/// What writes a core.
type Verilog = fn(&Parameters, &str) -> Result<String, CheckError>;

const CORES: [(&str, Verilog); 3] = [
    (encoder::TOP, encoder::verilog),
    (decoder::TOP, decoder::verilog),
    (core::TOP, core::verilog),
];

fn core_of(top: &'static str, verilog: Verilog, option: &str, parameters: &Parameters) -> Design {
    Design {
        top,
        size: in_lanes(parameters.lanes) + option,
        lanes: Some(parameters.lanes),
        verilog: verilog(parameters, "").expect("sound RTL"),
    }
}

/// `dqa_encoder`, `dqa_decoder` and `dqa_core` of 1, 2, 4 and 8 lanes with the default parameters,
/// `dqa_uart` of 1, and `dqa_xdma` of 4 behind 64 bits and of 8 behind 128.
pub fn cores() -> Vec<Design> {
    let of = |(top, verilog)| [1, 2, 4, 8].map(|lanes| core_of(top, verilog, "", &of_lanes(lanes)));
    let uart = Design {
        top: uart_core::TOP,
        size: in_lanes(1),
        lanes: None,
        verilog: uart_core::verilog(&of_lanes(1), SPEED, "").expect("sound RTL"),
    };
    let xdma = [(4, 64), (8, 128)].map(|(lanes, bits)| {
        let engine = EngineBits::new(bits, lanes).expect("they go together");
        Design {
            top: xdma_core::TOP,
            size: in_lanes(lanes),
            lanes: None,
            verilog: xdma_core::verilog(&of_lanes(lanes), engine, "").expect("sound RTL"),
        }
    });
    let cores = CORES.into_iter().flat_map(of);
    cores.chain([uart]).chain(xdma).collect()
}

/// `dqa_uart` of the smallest cores.
pub fn small_cores() -> Vec<Design> {
    let of = |paths: Paths| Design {
        top: uart_core::TOP,
        size: format!("1 lane, {paths} alone"),
        lanes: None,
        verilog: uart_core::verilog(&Parameters::smallest(paths), SPEED, "").expect("sound RTL"),
    };
    [Paths::Encode, Paths::Decode].map(of).into()
}

/// The cores with what is chosen when they are generated: all with dynamic scale, `dqa_core` without its
/// scanner too.
pub fn options() -> Vec<Design> {
    let of = |(top, verilog)| {
        [1, 2, 4, 8].map(|lanes| {
            let parameters = Parameters {
                dynamic_beats: BEATS,
                ..of_lanes(lanes)
            };
            core_of(top, verilog, ", dynamic scale", &parameters)
        })
    };
    let without_scanner = [1, 2, 4, 8].map(|lanes| {
        let parameters = Parameters {
            scan: false,
            ..of_lanes(lanes)
        };
        core_of(core::TOP, core::verilog, ", no scanner", &parameters)
    });
    let dynamic = CORES.into_iter().flat_map(of);
    dynamic.chain(without_scanner).collect()
}
