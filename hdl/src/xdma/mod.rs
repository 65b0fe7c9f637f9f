//! `dqa_core` behind a DMA engine of PCIe, Xilinx's XDMA in stream mode: the core `dqa_xdma`.
//!
//! ```text
//! h2c 0 -> request cutter -> dqa_core, write path -> answer packer -> c2h 0
//! h2c 1 -> request cutter -> dqa_core, read path --> answer packer -> c2h 1
//! user BAR, AXI4-Lite -----> dqa_core -> interrupt request -> engine
//! ```
//!
//! | module | what it is |
//! |---|---|
//! | [`beat_splitter`] | the engine's beats in pieces as wide as the core's |
//! | [`request_cutter`] | finds the ends of requests, whatever transfers they come in |
//! | [`answer_packer`] | the core's beats to the engine's; ends an answer that a soft reset cuts |
//! | [`interrupt_request`] | the core's interrupt as the engine wants it |
//! | [`xdma_port`] | these, for both paths |
//! | [`xdma_core`] | the core `dqa_xdma`: that and `dqa_core` |

pub mod answer_packer;
pub mod beat_splitter;
pub mod interrupt_request;
pub mod request_cutter;
pub mod xdma_core;
pub mod xdma_port;
