//! Boards with a `dqa_core` behind a serial port or on PCIe: pins, clocks, tops and bitstreams.
//!
//! [`boards`] says what there is of each board with a serial port, [`top`] is the design between its pins;
//! [`acorn`] has both of the cards on PCIe. [`build`] runs the tools, [`row`] prints what came of it,
//! [`post_synthesis`] makes it ready to be simulated. `cargo run --release --bin build-board -- ulx3s-25f`
//! does it all; the folder of a board's name has where its pins come from and how to load it.

pub mod acorn;
pub mod board;
pub mod boards;
pub mod build;
mod cells;
mod clock_divider;
mod ecp5;
mod ice40;
pub mod post_synthesis;
pub mod row;
mod series7;
pub mod timing;
mod tools;
pub mod top;
