//! Buses: ports that belong together and go from unit to unit as one.
//!
//! Each has two ends. `X::link(&mut self.bus, &mut self.unit.bus)` takes an end through to a unit inside,
//! `Source::join(&mut self.unit.bus, &mut self.other.bus)` connects two units. In Verilog
//! the signals are flat ports, `bus_signal` (`docs/src/design/pipeline.md` has their timing).

// The derive gives each bus a `join` without a word on it.
#![allow(missing_docs)]

use rust_hdl::prelude::*;

/// Gives beats of N bits, AXI4-Stream.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "StreamSink"]
pub struct StreamSource<const N: usize> {
    pub tdata: Signal<Out, Bits<N>>,
    pub tvalid: Signal<Out, Bit>,
    pub tready: Signal<In, Bit>,
    pub tlast: Signal<Out, Bit>,
}

/// Takes beats of N bits, AXI4-Stream.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "StreamSource"]
pub struct StreamSink<const N: usize> {
    pub tdata: Signal<In, Bits<N>>,
    pub tvalid: Signal<In, Bit>,
    pub tready: Signal<Out, Bit>,
    pub tlast: Signal<In, Bit>,
}

/// Gives beats of N bits to a DMA engine, AXI4-Stream. Of the last beat of a packet the bytes whose bits of
/// `tkeep` are set count, from the lowest on; of all others all K = N / 8.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "DmaSink"]
pub struct DmaSource<const N: usize, const K: usize> {
    pub tdata: Signal<Out, Bits<N>>,
    pub tkeep: Signal<Out, Bits<K>>,
    pub tvalid: Signal<Out, Bit>,
    pub tready: Signal<In, Bit>,
    pub tlast: Signal<Out, Bit>,
}

/// Takes beats of N bits from a DMA engine; see [`DmaSource`].
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "DmaSource"]
pub struct DmaSink<const N: usize, const K: usize> {
    pub tdata: Signal<In, Bits<N>>,
    pub tkeep: Signal<In, Bits<K>>,
    pub tvalid: Signal<In, Bit>,
    pub tready: Signal<Out, Bit>,
    pub tlast: Signal<In, Bit>,
}

/// Gives pieces of a transfer: of N bits the lowest `bytes` bytes, the others 0; `ends` with its last.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "PieceSink"]
pub struct PieceSource<const N: usize> {
    pub tdata: Signal<Out, Bits<N>>,
    pub tvalid: Signal<Out, Bit>,
    pub tready: Signal<In, Bit>,
    pub bytes: Signal<Out, Bits<5>>,
    pub ends: Signal<Out, Bit>,
}

/// Takes pieces of a transfer; see [`PieceSource`].
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "PieceSource"]
pub struct PieceSink<const N: usize> {
    pub tdata: Signal<In, Bits<N>>,
    pub tvalid: Signal<In, Bit>,
    pub tready: Signal<Out, Bit>,
    pub bytes: Signal<In, Bits<5>>,
    pub ends: Signal<In, Bit>,
}

/// Gives bytes.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "ByteSink"]
pub struct ByteSource {
    pub tdata: Signal<Out, Bits<8>>,
    pub tvalid: Signal<Out, Bit>,
    pub tready: Signal<In, Bit>,
}

/// Takes bytes.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "ByteSource"]
pub struct ByteSink {
    pub tdata: Signal<In, Bits<8>>,
    pub tvalid: Signal<In, Bit>,
    pub tready: Signal<Out, Bit>,
}

/// Gives commands: one for each packet. Its planes are the rows from `first_channel` on, `channels` of
/// them, for each of `images`, of this context.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "CommandSink"]
pub struct CommandSource {
    pub tvalid: Signal<Out, Bit>,
    pub tready: Signal<In, Bit>,
    pub context: Signal<Out, Bit>,
    pub first_channel: Signal<Out, Bits<16>>,
    pub channels: Signal<Out, Bits<16>>,
    pub images: Signal<Out, Bits<16>>,
}

/// Takes commands; see [`CommandSource`].
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "CommandSource"]
pub struct CommandSink {
    pub tvalid: Signal<In, Bit>,
    pub tready: Signal<Out, Bit>,
    pub context: Signal<In, Bit>,
    pub first_channel: Signal<In, Bits<16>>,
    pub channels: Signal<In, Bits<16>>,
    pub images: Signal<In, Bits<16>>,
}

/// Gives writes of a context's numbers and tables, as [`load`](crate::load) has their addresses.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "LoadSink"]
pub struct LoadSource {
    pub valid: Signal<Out, Bit>,
    pub context: Signal<Out, Bit>,
    pub addr: Signal<Out, Bits<17>>,
    pub data: Signal<Out, Bits<32>>,
}

/// Takes writes at any time; see [`LoadSource`].
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "LoadSource"]
pub struct LoadSink {
    pub valid: Signal<In, Bit>,
    pub context: Signal<In, Bit>,
    pub addr: Signal<In, Bits<17>>,
    pub data: Signal<In, Bits<32>>,
}

/// Begins an answer to each request and, when it has come to its end, tells its verdict.
///
/// `reply_tdata` is the N bits of the answer's header whose number is `reply_at`, without its CRC; `reply_check`
/// those of the 32 bytes that the CRC is made of: four that leave a CRC as it begins, then the header's. A
/// `reply_turn` goes on to the next; twice around, 512 / N turns, and it is taken. `verdict_status` is the
/// status as far as the request tells it; `verdict_samples` are the payload's, on the write path;
/// `verdict_empty`: there was no command, so no payload comes. Both stay until they are taken.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "AnswerSink"]
pub struct AnswerSource<const N: usize> {
    pub reply_tdata: Signal<Out, Bits<N>>,
    pub reply_check: Signal<Out, Bits<N>>,
    pub reply_tvalid: Signal<Out, Bit>,
    pub reply_at: Signal<In, Bits<4>>,
    pub reply_turn: Signal<In, Bit>,
    pub reply_tready: Signal<In, Bit>,
    pub verdict_tvalid: Signal<Out, Bit>,
    pub verdict_tready: Signal<In, Bit>,
    pub verdict_status: Signal<Out, Bits<4>>,
    pub verdict_samples: Signal<Out, Bits<32>>,
    pub verdict_empty: Signal<Out, Bit>,
}

/// Takes answers to send; see [`AnswerSource`].
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "AnswerSource"]
pub struct AnswerSink<const N: usize> {
    pub reply_tdata: Signal<In, Bits<N>>,
    pub reply_check: Signal<In, Bits<N>>,
    pub reply_tvalid: Signal<In, Bit>,
    pub reply_at: Signal<Out, Bits<4>>,
    pub reply_turn: Signal<Out, Bit>,
    pub reply_tready: Signal<Out, Bit>,
    pub verdict_tvalid: Signal<In, Bit>,
    pub verdict_tready: Signal<Out, Bit>,
    pub verdict_status: Signal<In, Bits<4>>,
    pub verdict_samples: Signal<In, Bits<32>>,
    pub verdict_empty: Signal<In, Bit>,
}

/// Controls a path: says which contexts are valid and the plane lengths of both, in samples; hears what
/// the path does.
///
/// `busy`: inside a packet, or in reset. `contexts_busy`: not to be loaded. `done`: for one clock, an
/// answer has gone out, with this `status`. A beat passes, or a side is valid and not ready.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "PathSlave"]
pub struct PathMaster {
    pub check_sequence: Signal<Out, Bit>,
    pub valid: Signal<Out, Bits<2>>,
    pub plane_len0: Signal<Out, Bits<21>>,
    pub plane_len1: Signal<Out, Bits<21>>,
    pub busy: Signal<In, Bit>,
    pub contexts_busy: Signal<In, Bits<2>>,
    pub done: Signal<In, Bit>,
    pub status: Signal<In, Bits<4>>,
    pub beat_in: Signal<In, Bit>,
    pub beat_out: Signal<In, Bit>,
    pub stall_in: Signal<In, Bit>,
    pub stall_out: Signal<In, Bit>,
}

/// A path's end; see [`PathMaster`].
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "PathMaster"]
pub struct PathSlave {
    pub check_sequence: Signal<In, Bit>,
    pub valid: Signal<In, Bits<2>>,
    pub plane_len0: Signal<In, Bits<21>>,
    pub plane_len1: Signal<In, Bits<21>>,
    pub busy: Signal<Out, Bit>,
    pub contexts_busy: Signal<Out, Bits<2>>,
    pub done: Signal<Out, Bit>,
    pub status: Signal<Out, Bits<4>>,
    pub beat_in: Signal<Out, Bit>,
    pub beat_out: Signal<Out, Bit>,
    pub stall_in: Signal<Out, Bit>,
    pub stall_out: Signal<Out, Bit>,
}

/// AXI4-Lite, 12-bit byte addresses and 32-bit data: the end that answers.
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "AxilMaster"]
pub struct AxilSlave {
    pub awaddr: Signal<In, Bits<12>>,
    pub awvalid: Signal<In, Bit>,
    pub awready: Signal<Out, Bit>,
    pub wdata: Signal<In, Bits<32>>,
    pub wstrb: Signal<In, Bits<4>>,
    pub wvalid: Signal<In, Bit>,
    pub wready: Signal<Out, Bit>,
    pub bresp: Signal<Out, Bits<2>>,
    pub bvalid: Signal<Out, Bit>,
    pub bready: Signal<In, Bit>,
    pub araddr: Signal<In, Bits<12>>,
    pub arvalid: Signal<In, Bit>,
    pub arready: Signal<Out, Bit>,
    pub rdata: Signal<Out, Bits<32>>,
    pub rresp: Signal<Out, Bits<2>>,
    pub rvalid: Signal<Out, Bit>,
    pub rready: Signal<In, Bit>,
}

/// The end that asks; see [`AxilSlave`].
#[derive(LogicInterface, Clone, Debug, Default)]
#[join = "AxilSlave"]
pub struct AxilMaster {
    pub awaddr: Signal<Out, Bits<12>>,
    pub awvalid: Signal<Out, Bit>,
    pub awready: Signal<In, Bit>,
    pub wdata: Signal<Out, Bits<32>>,
    pub wstrb: Signal<Out, Bits<4>>,
    pub wvalid: Signal<Out, Bit>,
    pub wready: Signal<In, Bit>,
    pub bresp: Signal<In, Bits<2>>,
    pub bvalid: Signal<In, Bit>,
    pub bready: Signal<Out, Bit>,
    pub araddr: Signal<Out, Bits<12>>,
    pub arvalid: Signal<Out, Bit>,
    pub arready: Signal<In, Bit>,
    pub rdata: Signal<In, Bits<32>>,
    pub rresp: Signal<In, Bits<2>>,
    pub rvalid: Signal<In, Bit>,
    pub rready: Signal<Out, Bit>,
}
