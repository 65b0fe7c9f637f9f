//! The DQA accelerator's units and cores in RustHDL.
//!
//! `docs/src/design/pipeline.md` shows how they fit together.
//!
//! | module | what it is |
//! |---|---|
//! | [`emit`] | from a block to Verilog text |
//! | [`critical_path`] | what place and route says is slowest |
//! | [`ports`], [`vivado`] | a module's ports; a shell with Vivado's attributes around them |
//! | [`settle`] | makes combinational blocks settle in event-driven simulators |
//! | [`bus`] | ports that belong together: streams, commands, AXI4-Lite |
//! | [`primitives`] | registers, multipliers, shifts, memories: what RustHDL cannot say itself |
//! | [`skid_buffer`] | register slice of a stream |
//! | [`fifo`] | first in, first out |
//! | [`designs`] | every module that is emitted, for lint and `synth-report` |
//! | [`parameters`], [`paths`] | what a core is generated for |
//! | [`load`] | from a context to the writes that load it |
//! | [`encoder`] | the core `dqa_encoder` |
//! | [`packet_control`], [`sequencer`], [`class_numbers`] | its packets; beats with their rows; numbers of a class |
//! | [`quantize`] | a lane's samples to codes, for lane and scanner |
//! | [`encoder_lane`] | a lane: [`code_lookup`], [`lane_packer`], [`word_fifo`] |
//! | [`scanner`] | ranges of channels and histograms of codes |
//! | [`order_fifo`], [`places`], [`interleaver`] | the order of the lanes' words |
//! | [`delay`] | delay line |
//! | [`plane_buffer`], [`deep_fifo`] | with dynamic scale: planes wait until their range is known |
//! | [`range_finder`], [`scale_divider`], [`range_writer`] | the range of a plane; the factor that follows; its code |
//! | [`decoder`] | the core `dqa_decoder`: words in, samples out |
//! | [`range_taker`], [`code_buffer`] | with dynamic scale: takes a plane's range; codes wait until their plane's factor is divided out |
//! | [`plane_walker`] | a packet's planes, beat by beat, with their rows of the channel table |
//! | [`class_table`] | the classes' code limits and raw bits |
//! | [`distributor`] | hands each code word to the lane whose turn it is |
//! | [`chunk_lane_decoder`], [`word_feed`] | takes a sample's bits off a lane's words |
//! | [`symbol_lookup`] | from a lane's window to the code q, less the zero point |
//! | [`dequantize`] | scales, rounds and saturates |
//! | [`write_path`], [`read_path`], [`no_path`] | encoder or decoder with its packet port; what stands where one is left out |
//! | [`packet_port`] | packets of a path: [`packet_parser`], [`packet_framer`], [`context_use`] |
//! | [`request_header`], [`request_tail`] | what a request says, and what is wrong with it |
//! | [`block_fifo`] | an answer's payload in blocks |
//! | [`core`] | the core `dqa_core`: both paths and the control port |
//! | [`pack`] | an array of signals as one |
//! | [`registers`], [`register_page`] | the registers of `dqa_core`, described once; the page about them |
//! | [`register_file`], [`register_verilog`], [`counter_bank`] | the same as hardware |
//! | [`axil_port`], [`control_port`] | AXI4-Lite handshakes; with the registers behind |
//! | [`identification`] | what a core was generated for, as its registers tell |
//! | [`link`] | the core `dqa_uart`: `dqa_core` behind a serial port |
//! | [`xdma`] | the core `dqa_xdma`: `dqa_core` behind a DMA engine of PCIe |

mod absent;
pub mod axil_port;
pub mod block_fifo;
pub mod bus;
pub mod chunk_lane_decoder;
pub mod class_numbers;
pub mod class_table;
pub mod code_buffer;
pub mod code_lookup;
pub mod context_use;
pub mod control_port;
pub mod core;
pub mod counter_bank;
pub mod critical_path;
pub mod decoder;
pub mod deep_fifo;
pub mod delay;
pub mod dequantize;
pub mod designs;
pub mod distributor;
pub mod emit;
pub mod encoder;
pub mod encoder_lane;
pub mod fifo;
pub mod identification;
pub mod interleaver;
pub mod lane_packer;
pub mod link;
pub mod load;
pub mod no_path;
pub mod order_fifo;
pub mod pack;
pub mod packet_control;
pub mod packet_framer;
pub mod packet_parser;
pub mod packet_port;
pub mod parameters;
pub mod paths;
pub mod places;
pub mod plane_buffer;
pub mod plane_walker;
pub mod ports;
pub mod primitives;
pub mod quantize;
pub mod range_finder;
pub mod range_taker;
pub mod range_writer;
pub mod read_path;
pub mod register_file;
pub mod register_page;
pub mod register_verilog;
pub mod registers;
pub mod request_header;
pub mod request_tail;
pub mod scale_divider;
pub mod scanner;
pub mod sequencer;
pub mod settle;
pub mod skid_buffer;
#[cfg(test)]
mod step;
pub mod symbol_lookup;
pub mod vivado;
pub mod word_feed;
pub mod word_fifo;
pub mod write_path;
pub mod xdma;
