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

pub mod emit;
pub mod fifo;
pub mod primitives;
pub mod skid_buffer;
#[cfg(test)]
mod step;
