//! The few blocks whose Verilog is written by hand, because RustHDL cannot say them.
//!
//! Each has a plain-Rust `update`, held to its Verilog by a random cosimulation test in
//! `sim/tests/primitives.rs`. Their clock is named `clock`, so that RustHDL's `dff_setup!` and
//! `clock!` connect it.

mod align;
mod block_ram;
mod chunk;
mod code_length;
mod concat;
mod crc32;
mod lacks;
mod late;
mod lut_ram;
mod multiplier;
mod pick;
mod pipelined_ram;
mod reg;
mod shift_right;
mod together;

pub use align::Align;
pub use block_ram::BlockRam;
pub use chunk::Chunk;
pub use code_length::CodeLength;
pub use concat::Concat;
pub use crc32::Crc32;
pub use lacks::Lacks;
pub use late::Late;
pub use lut_ram::LutRam;
pub use multiplier::{Multiplier, PipelinedMultiplier};
pub use pick::Pick;
pub use pipelined_ram::PipelinedRam;
pub use reg::Reg;
pub use shift_right::ShiftRight;
pub use together::Together;

use rust_hdl::prelude::*;

/// `bits` as a two's complement number, of at most 128 bits.
fn to_i128<const N: usize>(bits: Signed<N>) -> i128 {
    let shift = 128 - N;
    (bits.inner().to_u128() << shift).cast_signed() >> shift
}

/// The low bits of `x`.
fn from_i128<const N: usize>(x: i128) -> Signed<N> {
    let words = (0..N).fold(bits::<N>(0), |bits, at| {
        bits.replace_bit(at, x >> at & 1 == 1)
    });
    signed_cast(words)
}
