//! The offline half of DQA: which channels are important, which ranges and codes to use, and what
//! accuracy and how many bits to expect of it, on a real network.
//!
//! | module | what it does |
//! |---|---|
//! | [`graph`], [`network`] | an ONNX network, cut at the tensors to quantize, on rten |
//! | [`dataset`], [`batch`] | labelled images, and their way through the network |
//! | [`quantizer`], [`treatment`] | golden's arithmetic on a tensor in memory |
//! | [`statistics`] | maxima, means, percentiles over a calibration set |
//! | [`plan`], [`code`], [`layers`] | from choices to layers and code tables; the layer file |
//! | [`evaluate`] | accuracy and bits of a whole data set |

mod cut;
mod error;

pub mod batch;
pub mod code;
pub mod dataset;
pub mod evaluate;
pub mod graph;
pub mod layers;
pub mod network;
pub mod plan;
pub mod progress;
pub mod quantizer;
pub mod statistics;
pub mod treatment;

pub use error::Error;
