//! A frame, to and from the bytes of the wire.

use alloc::vec::Vec;

use super::{CHANNELS, Channel, MAX_DATA};

const CRC_BYTES: usize = 4;
/// Bytes of the longest header.
const HEADER_BYTES: usize = 8;
/// Bytes of the longest frame before it is encoded.
const MAX_BYTES: usize = HEADER_BYTES + MAX_DATA + CRC_BYTES;
/// Bytes of the longest encoded frame, without its end.
const MAX_ENCODED: usize = MAX_BYTES + MAX_BYTES / 254 + 1;
const FLAG: u8 = 0x20;
const POLL: u8 = 0x10;
const OPEN: u8 = 8;

/// Who sent a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// The host. Its frames have no limits.
    Host,
    /// The board, which says how far the data of each channel may go, in units of
    /// [`LIMIT_UNIT`](super::LIMIT_UNIT) bytes.
    Board {
        /// By channel.
        limits: [u8; CHANNELS],
    },
}

impl Sender {
    fn mark(self) -> u8 {
        match self {
            Self::Host => 0x40,
            Self::Board { .. } => 0x80,
        }
    }
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// It has no data.
    Bare,
    /// It has data of this channel.
    Data(Channel),
    /// OPEN or OPENED; the sequence number is the version.
    Open,
}

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Who sent it.
    pub sender: Sender,
    /// What it is.
    pub tag: Tag,
    /// The sender has missed data: send again from `acknowledge` on.
    pub again: bool,
    /// From the host: answer this.
    pub poll: bool,
    /// Number of this data frame, or of the next.
    pub sequence: u8,
    /// Number of the data frame that the sender expects next.
    pub acknowledge: u8,
    /// Session.
    pub session: u16,
    /// Data, at most [`MAX_DATA`] bytes; none without a channel.
    pub data: Vec<u8>,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum FrameError {
    #[error("bytes that are no frame: too long, badly encoded, or with another CRC")]
    Damaged,
    #[error("a frame of a kind that this version does not know: {0:#04x}")]
    Kind(u8),
}

impl Frame {
    /// Its bytes on the wire, up to its end 0x00.
    ///
    /// # Panics
    /// If there are over [`MAX_DATA`] bytes of data.
    pub fn to_wire(&self) -> Vec<u8> {
        assert!(self.data.len() <= MAX_DATA, "data for one frame");
        let what = match self.tag {
            Tag::Bare => 0,
            Tag::Data(channel) => channel.index() as u8 + 1,
            Tag::Open => OPEN,
        };
        let mut bytes = Vec::with_capacity(MAX_BYTES);
        let flags = (u8::from(self.again) * FLAG) | (u8::from(self.poll) * POLL);
        bytes.push(self.sender.mark() | flags | what);
        bytes.extend([self.sequence, self.acknowledge]);
        bytes.extend(self.session.to_le_bytes());
        if let Sender::Board { limits } = self.sender {
            bytes.extend(limits);
        }
        bytes.extend_from_slice(&self.data);
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        let mut wire = alloc::vec![0; cobs::max_encoding_length(bytes.len()) + 1];
        let len = cobs::encode(&bytes, &mut wire);
        wire.truncate(len + 1);
        wire[len] = 0;
        wire
    }

    /// From the bytes between two ends.
    ///
    /// # Errors
    /// When they are no frame, or one of a kind that is not known.
    pub fn from_wire(wire: &[u8]) -> Result<Self, FrameError> {
        if wire.len() > MAX_ENCODED {
            return Err(FrameError::Damaged);
        }
        let mut bytes = [0; MAX_ENCODED];
        let report = cobs::decode(wire, &mut bytes).map_err(|_| FrameError::Damaged)?;
        let bytes = &bytes[..report.frame_size()];
        let (bytes, crc) = bytes.split_last_chunk().ok_or(FrameError::Damaged)?;
        if crc32fast::hash(bytes) != u32::from_le_bytes(*crc) {
            return Err(FrameError::Damaged);
        }
        let (head, data) = bytes.split_first_chunk().ok_or(FrameError::Damaged)?;
        let &[kind, sequence, acknowledge, low, high] = head;
        let (sender, data) = match kind & 0xc0 {
            0x40 => (Sender::Host, data),
            0x80 => {
                let (&limits, data) = data.split_first_chunk().ok_or(FrameError::Damaged)?;
                (Sender::Board { limits }, data)
            }
            _ => return Err(FrameError::Kind(kind)),
        };
        let tag = match kind & 0x0f {
            0 => Tag::Bare,
            OPEN => Tag::Open,
            channel => match Channel::ALL.get(usize::from(channel) - 1) {
                Some(&channel) => Tag::Data(channel),
                None => return Err(FrameError::Kind(kind)),
            },
        };
        if data.len() > MAX_DATA || (!data.is_empty() && !matches!(tag, Tag::Data(_))) {
            return Err(FrameError::Damaged);
        }
        Ok(Self {
            sender,
            tag,
            again: kind & FLAG != 0,
            poll: kind & POLL != 0,
            sequence,
            acknowledge,
            session: u16::from_le_bytes([low, high]),
            data: data.to_vec(),
        })
    }
}

/// Cuts the bytes of the wire into frames. It never holds more than the longest frame.
#[derive(Clone, Debug, Default)]
pub struct Deframer {
    bytes: Vec<u8>,
    too_long: bool,
}

impl Deframer {
    /// Takes a byte; at its end gives the frame, or why there is none.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame, FrameError>> {
        if byte != 0 {
            self.too_long |= self.bytes.len() == MAX_ENCODED;
            if !self.too_long {
                self.bytes.push(byte);
            }
            return None;
        }
        let result = match (self.too_long, self.bytes.is_empty()) {
            (true, _) => Some(Err(FrameError::Damaged)),
            (false, true) => None,
            (false, false) => Some(Frame::from_wire(&self.bytes)),
        };
        self.bytes.clear();
        self.too_long = false;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_frames_are_as_long_as_the_documentation_says() {
        let wire = |sender| {
            let frame = Frame {
                sender,
                tag: Tag::Data(Channel::Encode),
                again: false,
                poll: false,
                sequence: 1,
                acknowledge: 2,
                session: 0x0304,
                data: alloc::vec![0x55; MAX_DATA],
            };
            let wire = frame.to_wire();
            let mut deframer = Deframer::default();
            let got: Vec<_> = wire.iter().filter_map(|&b| deframer.push(b)).collect();
            assert_eq!(got, [Ok(frame)]);
            wire.len()
        };
        assert_eq!(wire(Sender::Host), 525);
        assert_eq!(wire(Sender::Board { limits: [9; 3] }), 528);
    }

    #[test]
    fn a_stream_without_an_end_costs_no_memory() {
        let mut deframer = Deframer::default();
        for _ in 0..100_000 {
            assert_eq!(deframer.push(1), None);
        }
        assert!(deframer.bytes.capacity() < 4 * MAX_ENCODED);
        assert_eq!(deframer.push(0), Some(Err(FrameError::Damaged)));
        assert_eq!(deframer.push(0), None);
    }
}
