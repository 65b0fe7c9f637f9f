//! Host library of the DQA accelerator: tensors in and out, devices, and the fast software codec.

pub mod atomic;
pub mod bench;
pub mod codec;
pub mod software;
pub mod tensor;
pub mod transport;
