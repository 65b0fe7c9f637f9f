//! What the system tests and the measurements share.
//!
//! | module | what it holds |
//! |---|---|
//! | [`activations`] | the real tensors of `tests/data`, in fixed point |
//! | [`layer`] | a layer's context fitted to such a tensor |
//! | [`exactness`] | quantizing in exact rational arithmetic |
//! | [`hostile`] | containers damaged on purpose, their CRCs made right again |
//! | [`link_soak`] | packets over a serial port with faults |
//! | [`serial_board`] | a simulated board on a serial port |
//! | [`skew`] | lanes as unlike as the code stream allows, and what their FIFOs must hold |
//! | [`soak`] | random packets through both emitted cores, without end |
//! | [`strategies`] | proptest strategies for legal contexts, runs and samples |

pub mod activations;
pub mod exactness;
pub mod hostile;
pub mod layer;
pub mod link_soak;
pub mod serial_board;
pub mod skew;
pub mod soak;
pub mod strategies;

#[cfg(doctest)]
#[doc = include_str!("../../docs/src/walkthrough.md")]
mod walkthrough {}
