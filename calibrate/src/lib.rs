//! The offline half of DQA: which channels are important, which ranges and codes to use, and what
//! accuracy and how many bits to expect of it, on a real network.
//!
//! | module | what it does |
//! |---|---|
//! | [`graph`], [`network`] | an ONNX network, cut at the tensors to quantize |
//! | `cut`, `program`, `engine`, `convolution` | its parts and their steps: convolutions 3 x 3 run here, all else in rten |
//! | [`dataset`], [`batch`] | labelled images, and their way through the network |
//! | [`quantizer`], [`treatment`] | golden's arithmetic on a tensor in memory |
//! | [`statistics`] | maxima, means, percentiles over a calibration set |
//! | [`plan`], [`code`], [`layers`] | from choices to layers and code tables; the layer file |
//! | [`rank`], [`cheap`], [`journal`] | importance of channels; work that stops, goes on and is shared |
//! | [`evaluate`] | accuracy and bits of a whole data set |
//! | [`search`] | fewer bits for the same accuracy |
//! | [`noisy`] | NoisyQuant, to compare with |
//! | [`sweep`], [`runner`], [`report`] | many settings, their tables and plots |

mod allocate;
mod convolution;
mod cut;
mod engine;
mod error;
mod program;
mod trial;

pub mod batch;
pub mod cheap;
pub mod code;
pub mod dataset;
pub mod evaluate;
pub mod graph;
pub mod journal;
pub mod layers;
pub mod network;
pub mod noisy;
pub mod plan;
pub mod progress;
pub mod quantizer;
pub mod rank;
pub mod report;
pub mod runner;
pub mod search;
pub mod statistics;
pub mod sweep;
pub mod treatment;

pub use error::Error;
