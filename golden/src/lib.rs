//! Bit-exact reference model of the DQA accelerator.
//!
//! DQA (Hu, Henderson, Cano: "DQA: An Efficient Method for Deep Quantization of Deep Neural
//! Network Activations") stores activations in n bits. Channels found important offline are
//! quantized with m more bits and shifted right by m; the bits shifted out, the *shifting
//! error*, are Huffman coded and added back when de-quantizing. This crate defines every bit of
//! that for the project: RTL, drivers and files are held against it. It is written to be read,
//! beside the paper, and is slow; `dqa-driver` has the fast codec.
//!
//! | module | what it defines |
//! |---|---|
//! | [`format`] | n, m, signedness, zero point |
//! | [`multiplier`] | multiplication by a 17-bit mantissa, half to even; range to mantissa |
//! | [`policy`] | Delta from a range: the paper's, full-range, asymmetric |
//! | [`channel`] | quantize, shift, unshift, de-quantize (Algorithms 1 and 2) |
//! | [`symbol`] | what is Huffman coded and what is raw, by mode and class |
//! | [`package_merge`], [`table`] | length-limited canonical codes |
//! | [`lanes`], [`payload`] | the code stream of S lanes |
//! | [`scan`] | ranges of channels, counts of codes |
//! | [`context`] | a layer's settings, and their bytes |
//! | [`packet`] | what goes to a device and comes back |
//! | [`tensor`], [`container`] | tensors, and the `.dqa` file |
//! | [`link`] | the serial link between host and board |
//!
//! # One sample through the arithmetic
//!
//! ```
//! use dqa_golden::channel::{Class, shift, unshift};
//! use dqa_golden::policy::DeltaPolicy;
//!
//! // n = 3, m = 2, the paper's Delta over a range of 1000 sample units.
//! let format = DeltaPolicy::Paper.format(3, 2)?;
//! let entry = DeltaPolicy::Paper.entry(Class::Important, 3, 1000);
//!
//! let q = entry.quantize(&format, 390); // Delta_5 = 62.5: 6.24 rounds to 6
//! assert_eq!(q, 6);
//! let (v, e) = shift(q, 2); // stored: 3-bit value 1 and shifting error 2
//! assert_eq!((v, e), (1, 2));
//! assert_eq!(entry.dequantize(&format, unshift(v, e, 2)), 375);
//! # Ok::<(), dqa_golden::format::FormatError>(())
//! ```
//!
//! # A plane through the code stream
//!
//! ```
//! use dqa_golden::channel::Class;
//! use dqa_golden::context::{Context, ContextParts, Scale};
//! use dqa_golden::lanes::LaneShape;
//! use dqa_golden::payload::{PlaneRun, decode, encode};
//! use dqa_golden::policy::DeltaPolicy;
//! use dqa_golden::symbol::Mode;
//! use dqa_golden::table::CodeTable;
//!
//! let policy = DeltaPolicy::FullRange;
//! let context = Context::new(ContextParts {
//!     format: policy.format(2, 1)?,
//!     mode: Mode::Joint { direct: 2, important: 3 },
//!     shape: LaneShape::new(1)?,
//!     scale: Scale::Fixed,
//!     plane_len: 4,
//!     limit: 8,
//!     direct: CodeTable::flat(2),
//!     important: CodeTable::from_lengths(&[1, 2, 4, 4, 4, 5, 6, 6], 8)?,
//!     channels: vec![policy.entry(Class::Important, 2, 300)],
//! })?;
//! let run = PlaneRun { first_channel: 0, channels: 1, images: 1 };
//! let encoded = encode(&context, &run, &[0, 0, 49, 300])?;
//! // Codes 0, 0, 1, 6 (Delta_3 = 50): 0 0 10 111110, padded to two words.
//! assert_eq!(encoded.payload, [0, 0, 0x80, 0b0010_1111, 0, 0, 0, 0]);
//! assert_eq!(decode(&context, &run, &encoded.payload)?, [0, 0, 50, 300]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]

extern crate alloc;

pub mod channel;
pub mod container;
pub mod context;
pub mod format;
pub mod lanes;
pub mod link;
pub mod multiplier;
pub mod package_merge;
pub mod packet;
pub mod payload;
pub mod policy;
pub mod scan;
pub mod symbol;
pub mod table;
pub mod tensor;
