//! The DQA accelerator's units and cores in RustHDL.
//!
//! `docs/src/design/pipeline.md` shows how they fit together.
//!
//! | module | what it is |
//! |---|---|
//! | [`emit`] | from a block to Verilog text |
//! | [`settle`] | makes combinational blocks settle in event-driven simulators |
//! | [`primitives`] | registers, multipliers, shifts, memories: what RustHDL cannot say itself |
//! | [`skid_buffer`] | register slice of a stream |
//! | [`fifo`] | first in, first out |
//! | [`designs`] | every module that is emitted, for lint and `synth-report` |
//! | [`parameters`] | what a core is generated for |
//! | [`load`] | from a context to the writes that load it |
//! | [`encoder`] | the core `dqa_encoder` |
//! | [`packet_control`], [`sequencer`], [`class_numbers`] | its packets; beats with their rows; numbers of a class |
//! | [`encoder_lane`] | a lane: [`quantize`], [`code_lookup`], [`lane_packer`], [`word_fifo`] |
//! | [`order_fifo`], [`places`], [`interleaver`] | the order of the lanes' words |
//! | [`delay`] | delay line |
//! | [`decoder`] | the core `dqa_decoder`: words in, samples out |
//! | [`plane_walker`] | a packet's planes, beat by beat, with their rows of the channel table |
//! | [`class_table`] | the classes' code limits and raw bits |
//! | [`distributor`] | hands each code word to the lane whose turn it is |
//! | [`chunk_lane_decoder`], [`word_feed`] | takes a sample's bits off a lane's words |
//! | [`symbol_lookup`] | from a lane's window to the code q, less the zero point |
//! | [`dequantize`] | scales, rounds and saturates |
//! | [`packet_parser`], [`packet_framer`] | requests to commands and payloads; payloads to answers |
//! | [`write_path`], [`read_path`], [`context_use`] | parser, core and framer; which contexts they use |
//! | [`core`] | the core `dqa_core`: both paths and the control port |
//! | [`pack`] | an array of signals as one |
//! | [`registers`], [`register_page`] | the registers of `dqa_core`, described once; the page about them |
//! | [`register_file`], [`register_verilog`], [`counter_bank`] | the same as hardware |
//! | [`axil_port`], [`control_port`] | AXI4-Lite handshakes; with the registers behind |
//! | [`identification`] | what a core was generated for, as its registers tell |

pub mod axil_port;
pub mod chunk_lane_decoder;
pub mod class_numbers;
pub mod class_table;
pub mod code_lookup;
pub mod context_use;
pub mod control_port;
pub mod core;
pub mod counter_bank;
pub mod decoder;
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
pub mod load;
pub mod order_fifo;
pub mod pack;
pub mod packet_control;
pub mod packet_framer;
pub mod packet_parser;
pub mod parameters;
pub mod places;
pub mod plane_walker;
pub mod primitives;
pub mod quantize;
pub mod read_path;
pub mod register_file;
pub mod register_page;
pub mod register_verilog;
pub mod registers;
pub mod sequencer;
pub mod settle;
pub mod skid_buffer;
#[cfg(test)]
mod step;
pub mod symbol_lookup;
pub mod word_feed;
pub mod word_fifo;
pub mod write_path;
