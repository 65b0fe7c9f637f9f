//! The DQA accelerator's units and cores in RustHDL.
//!
//! `docs/src/design/pipeline.md` shows how they fit together.
//!
//! | module | what it is |
//! |---|---|
//! | [`emit`] | from a block to Verilog text |
//! | [`primitives`] | registers, multipliers, shifts, memories: what RustHDL cannot say itself |
//! | [`skid_buffer`] | register slice of a stream |
//! | [`fifo`] | first in, first out |
//! | [`parameters`] | what a core is generated for |
//! | [`load`] | from a context to the writes that load it |

pub mod class_numbers;
pub mod code_lookup;
pub mod delay;
pub mod emit;
pub mod encoder;
pub mod encoder_lane;
pub mod fifo;
pub mod interleaver;
pub mod lane_packer;
pub mod load;
pub mod order_fifo;
pub mod packet_control;
pub mod parameters;
pub mod primitives;
pub mod quantize;
pub mod sequencer;
pub mod skid_buffer;
#[cfg(test)]
mod step;
pub mod word_fifo;
