//! Packets: what is sent to a device, what comes back, and what a container stores.
//!
//! A packet is a 32-byte header, a payload and a 16-byte trailer, all little-endian. The header
//! has its own CRC-32 and the trailer repeats the lengths, so no bit of a packet is without a
//! check and nothing relies on the link to mark its end.
//!
//! | offset | bytes | header |
//! |---|---|---|
//! | 0 | 4 | magic `DQAP` |
//! | 4 | 1 | version, 1 |
//! | 5 | 1 | operation: 1 encode, 2 decode, 3 scan |
//! | 6 | 1 | context id |
//! | 7 | 1 | lanes S |
//! | 8 | 2 | first channel |
//! | 10 | 2 | channels |
//! | 12 | 2 | images |
//! | 14 | 1 | word bits W |
//! | 15 | 1 | flags: bit 0 streamed; others 0 |
//! | 16 | 4 | plane length in samples |
//! | 20 | 4 | sequence number |
//! | 24 | 4 | payload bytes; 0 where streamed |
//! | 28 | 4 | CRC-32 of bytes 0 to 27 |
//!
//! | offset | bytes | trailer |
//! |---|---|---|
//! | 0 | 4 | samples, padding included |
//! | 4 | 4 | payload bytes |
//! | 8 | 4 | status: 0, or a device's [`Status`] |
//! | 12 | 4 | CRC-32 of the payload |
//!
//! A device sends *streamed* packets, as it does not know a payload's length beforehand: the
//! payload comes in blocks, each behind a block head of 16 bytes: u32 with the block's bytes, bit
//! 31 set in the last block's; 12 zeros. [`Reader`] turns them into plain ones.

mod answer;
mod cutter;
mod header;
mod reply;
mod status;
mod stream;

use alloc::vec::Vec;

use crate::lanes::LaneError;
use crate::payload::{DecodeError, EncodeError, MAX_PACKET_SAMPLES};

pub use answer::answer;
pub use cutter::Cutter;
pub use header::{Header, Operation};
pub use reply::{Direction, Path, Reply};
pub use status::Status;
pub use stream::{Reader, checked, is_whole, plain};

/// First bytes of a packet.
pub const MAGIC: [u8; 4] = *b"DQAP";
/// Version of the packet format.
pub const VERSION: u8 = 1;
/// Bytes of a header.
pub const HEADER_BYTES: usize = 32;
/// Bytes of a trailer.
pub const TRAILER_BYTES: usize = 16;
/// Bytes of a block head of a streamed packet.
pub const BLOCK_HEAD_BYTES: usize = 16;
/// Most bytes of a block.
pub const BLOCK_BYTES: usize = 4096;
/// Most bytes of a payload: 4 a sample cover the longest code with a range ahead of every plane.
pub const MAX_PAYLOAD_BYTES: u32 = 4 * MAX_PACKET_SAMPLES as u32 + 256;
/// Flags of a streamed packet's header.
pub const STREAMED: u8 = 1;

/// A packet that has been checked on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its header.
    pub header: Header,
    /// Samples, code words or a scan's result, by the header's operation and direction.
    pub payload: &'a [u8],
}

/// Why a packet is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum PacketError {
    #[error("no DQA packet: it begins with {0:02x?}")]
    Magic([u8; 4]),
    #[error("packet format version {0}: this program knows version {VERSION}")]
    Version(u8),
    #[error("the packet header's CRC does not match: it was damaged on its way")]
    HeaderCrc,
    #[error("unknown operation {0}")]
    Operation(u8),
    #[error(transparent)]
    Lanes(#[from] LaneError),
    #[error("the packet header has bits set that this version does not know")]
    Reserved,
    #[error("the packet comes in blocks where a plain one is asked for: make it plain first")]
    Streamed,
    #[error("a payload of {0} bytes or more: a packet has at most {MAX_PAYLOAD_BYTES}")]
    TooLarge(usize),
    #[error("the packet has a block of {0:#x}: it was damaged on its way")]
    Block(u32),
    #[error("the packet has {got} bytes where its header asks for {expected}")]
    Length { got: usize, expected: usize },
    #[error("the packet's payload CRC does not match: it was damaged on its way")]
    PayloadCrc,
    #[error("the packet's trailer counts {got} {what}, its header {expected}")]
    Trailer {
        what: &'static str,
        got: u32,
        expected: u32,
    },
    #[error("the device reports error {code}: {0}", code = .0.code())]
    Status(Status),
    #[error("the device reports error {0}, which this program does not know: use a newer one")]
    UnknownStatus(u32),
    #[error("the packet's {what} is {got} where its context has {expected}")]
    Context {
        what: &'static str,
        got: usize,
        expected: usize,
    },
    #[error("no context {0} is loaded")]
    NoContext(u8),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl<'a> Packet<'a> {
    /// Reads one plain packet that fills `bytes` and checks everything but its agreement with a
    /// context. Where a device reports an error, that is told before faults of what it echoes.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PacketError> {
        Self::parse_with(bytes, crc32fast::hash)
    }

    /// As [`parse`](Self::parse), with the CRC of the payload from `crc`, where it may be known.
    fn parse_with(bytes: &'a [u8], crc: impl FnOnce(&[u8]) -> u32) -> Result<Self, PacketError> {
        let short = |expected| PacketError::Length {
            got: bytes.len(),
            expected,
        };
        let head = bytes.first_chunk().ok_or(short(HEADER_BYTES))?;
        if header::check_intact(head)? {
            return Err(PacketError::Streamed);
        }
        let payload_len = u32_at(head, 24);
        let expected = HEADER_BYTES + payload_len as usize + TRAILER_BYTES;
        if bytes.len() != expected {
            return Err(short(expected));
        }
        let (payload, trailer) = bytes[HEADER_BYTES..].split_at(payload_len as usize);
        let count = |what, at, expected| match u32_at(trailer, at) {
            got if got == expected => Ok(()),
            got => Err(PacketError::Trailer {
                what,
                got,
                expected,
            }),
        };
        count("payload bytes", 4, payload_len)?;
        if crc(payload) != u32_at(trailer, 12) {
            return Err(PacketError::PayloadCrc);
        }
        Status::check(u32_at(trailer, 8))?;
        let header = Header::from_intact(head)?;
        count("samples", 0, header.samples().unwrap_or(u32::MAX))?;
        Ok(Self { header, payload })
    }
}

/// Samples as an Encode packet's payload holds them: 16-bit little-endian. An odd last byte is
/// dropped.
pub fn samples_from_bytes(bytes: &[u8]) -> Vec<i16> {
    let pairs = bytes.chunks_exact(2);
    pairs.map(|b| i16::from_le_bytes([b[0], b[1]])).collect()
}

/// Inverse of [`samples_from_bytes`].
pub fn samples_to_bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|x| x.to_le_bytes()).collect()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Puts a header's CRC behind it.
fn seal(header: &mut [u8; HEADER_BYTES]) {
    let crc = crc32fast::hash(&header[..28]);
    header[28..].copy_from_slice(&crc.to_le_bytes());
}

/// The trailer behind a payload.
///
/// # Panics
/// If the payload is over 4 GiB.
fn trailer(samples: u32, payload: &[u8], status: Option<Status>) -> [u8; TRAILER_BYTES] {
    let len = u32::try_from(payload.len()).expect("payload below 4 GiB");
    let words = [
        samples,
        len,
        status.map_or(0, Status::code),
        crc32fast::hash(payload),
    ];
    let mut bytes = [0; TRAILER_BYTES];
    for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}
