//! Cosimulation of Verilog text under Verilator, in process.
//!
//! [`Model::build`] turns Verilog into a shared library, once: what has not changed comes from
//! `target/verilated`. [`Bench`] clocks an instance of it, drives its streams with seeded stalls
//! and compares what comes out. A unit whose ports are not streams is driven through
//! [`Instance`].
//!
//! ```
//! use dqa_sim::{Beat, Bench, Model, SimError, Stall};
//!
//! let verilog = "
//!     module increment(s_axis_tdata, s_axis_tvalid, s_axis_tready,
//!                      m_axis_tdata, m_axis_tvalid, m_axis_tready, aclk);
//!     input wire aclk, s_axis_tvalid, m_axis_tready;
//!     input wire [15:0] s_axis_tdata;
//!     output wire s_axis_tready, m_axis_tvalid;
//!     output wire [15:0] m_axis_tdata;
//!     assign s_axis_tready = m_axis_tready;
//!     assign m_axis_tvalid = s_axis_tvalid;
//!     assign m_axis_tdata = s_axis_tdata + 1;
//!     endmodule";
//! let model = Model::build("increment", verilog)?;
//! let mut bench = Bench::new(&model, 7)?;
//! bench.reset();
//! bench.source("s_axis", (0..100u64).map(Beat::from), Stall::percent(10));
//! bench.sink("m_axis", Stall::percent(50));
//! bench.run_until(|bench| bench.received("m_axis") == 100, 10_000)?;
//! bench.check("m_axis", (1..=100u64).map(Beat::from))?;
//! # Ok::<(), SimError>(())
//! ```
//!
//! | environment | effect |
//! |---|---|
//! | `DQA_TRACE=dir` | every instance writes `dir/<top>-<seed>-<number>.fst` |
//! | `DQA_SEED=n` | [`seeds`] gives this seed alone: repeats a failure. `DQA_SEED=a..b`: a to b - 1 |

pub mod account;
mod axil;
mod beat;
mod bench;
mod cache;
mod core;
mod device;
mod error;
pub mod faults;
pub mod layers;
mod library;
mod model;
mod ports;
mod stream;
pub mod uart;
pub mod uart_board;
mod value;
pub mod xdma;

pub use crate::core::{Answer, Core, CoreError};
pub use axil::{Axil, Response};
pub use beat::Beat;
pub use bench::{Bench, seeds};
pub use device::Device;
pub use error::{Mismatch, SimError};
pub use model::{Instance, Model, Options};
pub use ports::{Direction, Port};
pub use stream::Stall;
pub use value::Value;
