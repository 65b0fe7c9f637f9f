//! A packet's header: which planes, of which context, and what to do with them.

use alloc::vec::Vec;

use super::{
    HEADER_BYTES, MAGIC, PacketError, STREAMED, TRAILER_BYTES, VERSION, seal, trailer, u32_at,
};
use crate::context::Context;
use crate::lanes::LaneShape;
use crate::payload::{DecodeError, EncodeError, PlaneRun};

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
    /// The payload is as for Encode. The answer is a Scan packet that holds a
    /// [`Scan`](crate::scan::Scan).
    Scan = 3,
}

impl Operation {
    /// The operation of byte 5 of a header.
    pub fn from_byte(byte: u8) -> Option<Self> {
        let all = [Self::Encode, Self::Decode, Self::Scan];
        all.into_iter().find(|&operation| operation as u8 == byte)
    }

    /// The operation of the answer's header.
    pub fn answer(self) -> Self {
        match self {
            Self::Encode => Self::Decode,
            Self::Decode => Self::Encode,
            Self::Scan => Self::Scan,
        }
    }
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
        seal(&mut bytes);
        bytes
    }

    /// Reads the header of a plain packet and checks what can be checked without its context.
    pub fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Result<Self, PacketError> {
        match check_intact(bytes)? {
            true => Err(PacketError::Streamed),
            false => Self::from_intact(bytes),
        }
    }

    /// Reads a header whose bytes are as they were sent.
    pub(super) fn from_intact(bytes: &[u8; HEADER_BYTES]) -> Result<Self, PacketError> {
        let u16_at = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let u32_at = |at: usize| u32_at(bytes, at);
        Ok(Self {
            operation: Operation::from_byte(bytes[5]).ok_or(PacketError::Operation(bytes[5]))?,
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

    /// Samples, padding included; `None` where they are over 2^32.
    pub(super) fn samples(&self) -> Option<u32> {
        let planes = u64::from(self.run.channels) * u64::from(self.run.images);
        let samples = planes * self.shape.padded(self.plane_len as usize) as u64;
        u32::try_from(samples).ok()
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
            (false, Operation::Encode | Operation::Scan) => {
                Err(EncodeError::Run { run, channels }.into())
            }
            (false, Operation::Decode) => Err(DecodeError::Run { run, channels }.into()),
            (true, Operation::Encode | Operation::Scan)
                if self.payload_len as usize != sample_bytes =>
            {
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
    pub fn packet(self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len() + TRAILER_BYTES);
        bytes.extend([0; HEADER_BYTES]);
        bytes.extend_from_slice(payload);
        self.complete(&mut bytes);
        bytes
    }

    /// Makes the whole packet of a payload that stands behind [`HEADER_BYTES`] of any value, without
    /// copying it; its length goes into the header.
    ///
    /// # Panics
    /// If there are fewer bytes than a header has, the payload is over 4 GiB or the planes over 2^32
    /// samples.
    pub fn complete(mut self, bytes: &mut Vec<u8>) {
        let (head, payload) = bytes.split_at_mut(HEADER_BYTES);
        self.payload_len = u32::try_from(payload.len()).expect("payload below 4 GiB");
        head.copy_from_slice(&self.to_bytes());
        let trailer = self.trailer(payload);
        bytes.extend(trailer);
    }

    /// The trailer that follows this payload.
    ///
    /// # Panics
    /// If the planes are over 2^32 samples.
    pub fn trailer(&self, payload: &[u8]) -> [u8; TRAILER_BYTES] {
        let samples = self.samples().expect("checked against the context");
        trailer(samples, payload, None)
    }
}

/// Checks that a header came as it was sent; whether it says that the packet is streamed.
pub(super) fn check_intact(bytes: &[u8; HEADER_BYTES]) -> Result<bool, PacketError> {
    let magic = [bytes[0], bytes[1], bytes[2], bytes[3]];
    if magic != MAGIC {
        return Err(PacketError::Magic(magic));
    }
    // Before the CRC: another version's header may have it elsewhere.
    if bytes[4] != VERSION {
        return Err(PacketError::Version(bytes[4]));
    }
    if crc32fast::hash(&bytes[..28]) != u32_at(bytes, 28) {
        return Err(PacketError::HeaderCrc);
    }
    match (bytes[15], u32_at(bytes, 24)) {
        (0, _) => Ok(false),
        (STREAMED, 0) => Ok(true),
        _ => Err(PacketError::Reserved),
    }
}
