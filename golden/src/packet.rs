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
//! | 5 | 1 | operation: 1 encode, 2 decode |
//! | 6 | 1 | context id |
//! | 7 | 1 | lanes S |
//! | 8 | 2 | first channel |
//! | 10 | 2 | channels |
//! | 12 | 2 | images |
//! | 14 | 1 | word bits W |
//! | 15 | 1 | 0 |
//! | 16 | 4 | plane length in samples |
//! | 20 | 4 | sequence number |
//! | 24 | 4 | payload bytes |
//! | 28 | 4 | CRC-32 of bytes 0 to 27 |
//!
//! | offset | bytes | trailer |
//! |---|---|---|
//! | 0 | 4 | samples, padding included |
//! | 4 | 4 | payload bytes |
//! | 8 | 4 | status: 0, or a device's error code |
//! | 12 | 4 | CRC-32 of the payload |

use alloc::vec::Vec;

use crate::context::Context;
use crate::lanes::{LaneError, LaneShape};
use crate::payload::{self, DecodeError, EncodeError, PlaneRun};

/// First bytes of a packet.
pub const MAGIC: [u8; 4] = *b"DQAP";
/// Version of the packet format.
pub const VERSION: u8 = 1;
/// Bytes of a header.
pub const HEADER_BYTES: usize = 32;
/// Bytes of a trailer.
pub const TRAILER_BYTES: usize = 16;

/// What a device is to do with a packet's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "lowercase")
)]
pub enum Operation {
    /// The payload is 16-bit samples, planes padded to whole beats. The answer is the Decode
    /// packet that undoes it.
    Encode = 1,
    /// The payload is code words. The answer is an Encode packet that holds the samples.
    Decode = 2,
}

/// A packet's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// What to do with the payload.
    pub operation: Operation,
    /// Which of the device's contexts to use.
    pub context: u8,
    /// Lanes and word width; as in the context.
    pub shape: LaneShape,
    /// The planes.
    pub run: PlaneRun,
    /// Samples of a plane; as in the context.
    pub plane_len: u32,
    /// Counts up by one from packet to packet; the answer has its request's.
    pub sequence: u32,
    /// Bytes of the payload.
    pub payload_len: u32,
}

/// A packet that has been checked on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its header.
    pub header: Header,
    /// Samples or code words, by the header's operation.
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
    #[error("the packet header has a reserved byte set")]
    Reserved,
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
    #[error("the device reports error {0}")]
    Status(u32),
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

impl Header {
    /// The header as bytes.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = VERSION;
        bytes[5] = self.operation as u8;
        bytes[6] = self.context;
        bytes[7] = self.shape.lanes().to_le_bytes()[0];
        bytes[8..10].copy_from_slice(&self.run.first_channel.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.run.channels.to_le_bytes());
        bytes[12..14].copy_from_slice(&self.run.images.to_le_bytes());
        bytes[14] = self.shape.word_bits().to_le_bytes()[0];
        bytes[16..20].copy_from_slice(&self.plane_len.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.payload_len.to_le_bytes());
        let crc = crc32fast::hash(&bytes[..28]);
        bytes[28..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// Reads a header and checks what can be checked without its context.
    pub fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Result<Self, PacketError> {
        let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let u32_at = |at: usize| u32_at(bytes, at);
        let magic = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if magic != MAGIC {
            return Err(PacketError::Magic(magic));
        }
        // Before the CRC: another version's header may have it elsewhere.
        if bytes[4] != VERSION {
            return Err(PacketError::Version(bytes[4]));
        }
        if crc32fast::hash(&bytes[..28]) != u32_at(28) {
            return Err(PacketError::HeaderCrc);
        }
        if bytes[15] != 0 {
            return Err(PacketError::Reserved);
        }
        Ok(Self {
            operation: match bytes[5] {
                1 => Operation::Encode,
                2 => Operation::Decode,
                other => return Err(PacketError::Operation(other)),
            },
            context: bytes[6],
            shape: LaneShape::with_word_bits(bytes[7], bytes[14])?,
            run: PlaneRun {
                first_channel: u16_at(8),
                channels: u16_at(10),
                images: u16_at(12),
            },
            plane_len: u32_at(16),
            sequence: u32_at(20),
            payload_len: u32_at(24),
        })
    }

    /// Bytes of the whole packet.
    pub fn packet_len(&self) -> usize {
        HEADER_BYTES + self.payload_len as usize + TRAILER_BYTES
    }

    /// Samples, padding included.
    ///
    /// # Panics
    /// If they are over 2^32; [`check`](Self::check) excludes it.
    fn samples(&self) -> u32 {
        let samples = self.run.planes() * self.shape.padded(self.plane_len as usize);
        u32::try_from(samples).expect("checked against the context")
    }

    /// Checks the header against the context it names.
    pub fn check(&self, context: &Context) -> Result<(), PacketError> {
        let shape = context.shape();
        for (what, got, expected) in [
            ("number of lanes", self.shape.lanes(), shape.lanes()),
            ("word width", self.shape.word_bits(), shape.word_bits()),
            ("plane length", self.plane_len as usize, context.plane_len()),
        ] {
            if got != expected {
                return Err(PacketError::Context {
                    what,
                    got,
                    expected,
                });
            }
        }
        let (run, channels) = (self.run, context.channels().len());
        let sample_bytes = 2 * run.samples(context);
        match (run.fits(context), self.operation) {
            (false, Operation::Encode) => Err(EncodeError::Run { run, channels }.into()),
            (false, Operation::Decode) => Err(DecodeError::Run { run, channels }.into()),
            (true, Operation::Encode) if self.payload_len as usize != sample_bytes => {
                Err(PacketError::Context {
                    what: "number of payload bytes",
                    got: self.payload_len as usize,
                    expected: sample_bytes,
                })
            }
            (true, _) => Ok(()),
        }
    }

    /// The whole packet with this payload; its length goes into the header.
    ///
    /// # Panics
    /// If the payload is over 4 GiB or the planes over 2^32 samples.
    pub fn packet(mut self, payload: &[u8]) -> Vec<u8> {
        self.payload_len = u32::try_from(payload.len()).expect("payload below 4 GiB");
        let mut bytes = Vec::with_capacity(self.packet_len());
        bytes.extend(self.to_bytes());
        bytes.extend_from_slice(payload);
        bytes.extend(self.trailer(payload));
        bytes
    }

    /// The trailer that follows this payload.
    ///
    /// # Panics
    /// If the planes are over 2^32 samples.
    pub fn trailer(&self, payload: &[u8]) -> [u8; TRAILER_BYTES] {
        let mut bytes = [0; TRAILER_BYTES];
        bytes[..4].copy_from_slice(&self.samples().to_le_bytes());
        bytes[4..8].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes[12..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
        bytes
    }
}

impl<'a> Packet<'a> {
    /// Reads one packet that fills `bytes` and checks everything but its agreement with a
    /// context.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let short = |expected| PacketError::Length {
            got: bytes.len(),
            expected,
        };
        let head = bytes.first_chunk().ok_or(short(HEADER_BYTES))?;
        let header = Header::from_bytes(head)?;
        if bytes.len() != header.packet_len() {
            return Err(short(header.packet_len()));
        }
        let (payload, trailer) = bytes[HEADER_BYTES..].split_at(header.payload_len as usize);
        let planes = u64::from(header.run.channels) * u64::from(header.run.images);
        let samples = planes * header.shape.padded(header.plane_len as usize) as u64;
        let samples = u32::try_from(samples).map_err(|_| PacketError::Trailer {
            what: "samples",
            got: u32_at(trailer, 0),
            expected: u32::MAX,
        })?;
        let counts = [
            ("samples", 0, samples),
            ("payload bytes", 4, header.payload_len),
        ];
        for (what, at, expected) in counts {
            let got = u32_at(trailer, at);
            if got != expected {
                return Err(PacketError::Trailer {
                    what,
                    got,
                    expected,
                });
            }
        }
        match u32_at(trailer, 8) {
            0 => {}
            status => return Err(PacketError::Status(status)),
        }
        if crc32fast::hash(payload) != u32_at(trailer, 12) {
            return Err(PacketError::PayloadCrc);
        }
        Ok(Self { header, payload })
    }
}

/// The answer to a request: what every device must send back, bit for bit.
///
/// `contexts` are the loaded contexts by id. The answer to an Encode packet is the Decode packet
/// that undoes it, and the other way round.
pub fn answer(contexts: &[Option<Context>], request: &[u8]) -> Result<Vec<u8>, PacketError> {
    let Packet { header, payload } = Packet::parse(request)?;
    let context = contexts
        .get(usize::from(header.context))
        .and_then(Option::as_ref)
        .ok_or(PacketError::NoContext(header.context))?;
    header.check(context)?;
    match header.operation {
        Operation::Encode => {
            let encoded = payload::encode(context, &header.run, &samples_from_bytes(payload))?;
            let operation = Operation::Decode;
            Ok(Header {
                operation,
                ..header
            }
            .packet(&encoded.payload))
        }
        Operation::Decode => {
            let samples = payload::decode(context, &header.run, payload)?;
            let operation = Operation::Encode;
            Ok(Header {
                operation,
                ..header
            }
            .packet(&samples_to_bytes(&samples)))
        }
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
