//! Host library of the DQA accelerator: tensors in and out, devices, and the fast software codec.

pub mod atomic;
pub mod bench;
pub mod card;
pub mod codec;
pub mod compress;
pub mod decompress;
pub mod device;
pub mod error;
pub mod observer;
pub mod offload;
pub mod plan;
pub mod plot;
pub mod ranges;
pub mod registers;
pub mod settings;
pub mod simulated;
pub mod simulated_card;
pub mod software;
pub mod source;
pub mod stats;
pub mod survey;
pub mod tensor;
pub mod transport;
pub mod uart;
pub mod verify;
pub mod xdma;
