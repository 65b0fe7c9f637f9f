//! Streamed packets: what goes out while its length is not known, and the reader that makes it
//! plain again.

use alloc::vec::Vec;

use super::{
    BLOCK_BYTES, BLOCK_HEAD_BYTES, HEADER_BYTES, MAX_PAYLOAD_BYTES, Packet, PacketError, STREAMED,
    Status, TRAILER_BYTES, header, seal, trailer, u32_at,
};

const LAST: u32 = 1 << 31;
/// Bytes that are taken at once: they stay in the processor's nearest cache for their CRC.
const AT_ONCE: usize = 1 << 14;

impl Packet<'_> {
    /// The packet as a device sends it, bit for bit: streamed, every block but the last of
    /// [`BLOCK_BYTES`].
    ///
    /// # Panics
    /// If the planes are over 2^32 samples.
    pub fn stream(&self) -> Vec<u8> {
        self.stream_in([])
    }

    /// The packet streamed in blocks of these lengths, and the rest as in
    /// [`stream`](Self::stream): what a host may send. Lengths are whole beats; of over
    /// [`BLOCK_BYTES`] they are cut to that, of 0 left out.
    ///
    /// # Panics
    /// If the planes are over 2^32 samples.
    pub fn stream_in(&self, blocks: impl IntoIterator<Item = usize>) -> Vec<u8> {
        let samples = self.header.samples().expect("planes below 2^32 samples");
        let head = self.header.to_bytes();
        streamed(head, blocks, self.payload, samples, None)
    }
}

/// A streamed packet; the header's flags, payload length and CRC are set here.
pub(super) fn streamed(
    mut head: [u8; HEADER_BYTES],
    blocks: impl IntoIterator<Item = usize>,
    payload: &[u8],
    samples: u32,
    status: Option<Status>,
) -> Vec<u8> {
    head[15] = STREAMED;
    head[24..28].fill(0);
    seal(&mut head);
    let mut bytes = head.to_vec();
    let mut blocks = blocks.into_iter().filter(|&len| len > 0);
    let mut left = payload;
    loop {
        let len = blocks.next().unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES);
        let (block, behind) = left.split_at(len.min(left.len()));
        left = behind;
        let last = left.is_empty();
        let word = u32::try_from(block.len()).expect("at most 4096") | u32::from(last) << 31;
        bytes.extend(word.to_le_bytes());
        bytes.extend([0; BLOCK_HEAD_BYTES - 4]);
        bytes.extend_from_slice(block);
        if last {
            break;
        }
    }
    bytes.extend(trailer(samples, payload, status));
    bytes
}

/// Bytes of the block, a multiple of `unit`, and whether it is the last. Only the last may be
/// empty.
pub(super) fn block(
    head: &[u8; BLOCK_HEAD_BYTES],
    unit: usize,
) -> Result<(usize, bool), PacketError> {
    let word = u32_at(head, 0);
    let (len, last) = ((word & !LAST) as usize, word & LAST != 0);
    let zeros = head[4..].iter().all(|&byte| byte == 0);
    let empty = len == 0 && !last;
    if !zeros || len > BLOCK_BYTES || !len.is_multiple_of(unit) || empty {
        return Err(PacketError::Block(word));
    }
    Ok((len, last))
}

/// Makes packets plain while their bytes come in, streamed or plain, in pieces of any size.
///
/// It holds one packet, at most [`MAX_PAYLOAD_BYTES`] of payload, and no more than came.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The plain packet as far as it came; a block head only until it is judged.
    packet: Vec<u8>,
    part: Part,
    /// Bytes that the part lacks.
    left: usize,
    /// Of the payload as far as it came.
    crc: u32,
}

/// What is being read.
#[derive(Clone, Debug)]
enum Part {
    Header,
    BlockHead,
    Block {
        last: bool,
    },
    /// The whole payload of a plain packet.
    Payload,
    Trailer,
    Lost(PacketError),
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader at the start of a packet.
    pub fn new() -> Self {
        Self {
            packet: Vec::new(),
            part: Part::Header,
            left: HEADER_BYTES,
            crc: 0,
        }
    }

    /// Has the next packet put into a buffer, at a packet's start only: one that was used before, or that
    /// is large enough already.
    pub fn reuse(&mut self, mut buffer: Vec<u8>) {
        if !self.in_packet() {
            buffer.clear();
            self.packet = buffer;
        }
    }

    /// Takes bytes from the front of `bytes`, up to the end of a packet. Gives the plain packet
    /// when it is complete, checked as by [`Packet::parse`]; the next bytes begin the next one.
    ///
    /// An error in a header or block head loses the place in the stream
    /// ([`is_lost`](Self::is_lost)): the rest of `bytes` and of all later ones is dropped, with
    /// the same error. All other errors are of one packet.
    pub fn read(&mut self, bytes: &mut &[u8]) -> Option<Result<Vec<u8>, PacketError>> {
        while !bytes.is_empty() {
            if let Part::Lost(error) = &self.part {
                *bytes = &[];
                return Some(Err(error.clone()));
            }
            let (taken, rest) = bytes.split_at(self.left.min(bytes.len()).min(AT_ONCE));
            *bytes = rest;
            self.packet.extend_from_slice(taken);
            if matches!(self.part, Part::Payload | Part::Block { .. }) {
                let mut crc = crc32fast::Hasher::new_with_initial(self.crc);
                crc.update(taken);
                self.crc = crc.finalize();
            }
            self.left -= taken.len();
            // Empty parts need no bytes to be complete.
            while self.left == 0 {
                match self.complete() {
                    Ok(None) => {}
                    Ok(Some((packet, crc))) => {
                        return Some(match Packet::parse_with(&packet, |_| crc) {
                            Ok(_) => Ok(packet),
                            Err(error) => Err(error),
                        });
                    }
                    Err(error) => {
                        *bytes = &[];
                        *self = Self {
                            part: Part::Lost(error.clone()),
                            left: usize::MAX,
                            ..Self::new()
                        };
                        return Some(Err(error));
                    }
                }
            }
        }
        None
    }

    /// Whether a packet has begun and not ended.
    pub fn in_packet(&self) -> bool {
        !self.packet.is_empty()
    }

    /// Whether the place in the stream is lost: begin anew with a new reader, where the link is
    /// known to begin a packet.
    pub fn is_lost(&self) -> bool {
        matches!(self.part, Part::Lost(_))
    }

    /// Judges a part that is complete and goes on to the next; where it was the last, the packet and its
    /// payload's CRC.
    fn complete(&mut self) -> Result<Option<(Vec<u8>, u32)>, PacketError> {
        (self.part, self.left) = match self.part {
            Part::Header => {
                let head = self.packet.first_chunk().expect("a whole header");
                let payload = u32_at(head, 24) as usize;
                if header::check_intact(head)? {
                    (Part::BlockHead, BLOCK_HEAD_BYTES)
                } else if payload > MAX_PAYLOAD_BYTES as usize {
                    return Err(PacketError::TooLarge(payload));
                } else {
                    (Part::Payload, payload)
                }
            }
            Part::BlockHead => {
                let (len, last) = block(self.packet.last_chunk().expect("a whole head"), 2)?;
                self.packet.truncate(self.packet.len() - BLOCK_HEAD_BYTES);
                let payload = self.packet.len() - HEADER_BYTES + len;
                if payload > MAX_PAYLOAD_BYTES as usize {
                    return Err(PacketError::TooLarge(payload));
                }
                (Part::Block { last }, len)
            }
            Part::Block { last: false } => (Part::BlockHead, BLOCK_HEAD_BYTES),
            Part::Block { last: true } => {
                let payload = self.packet.len() - HEADER_BYTES;
                seal_plain(&mut self.packet, payload)?;
                (Part::Trailer, TRAILER_BYTES)
            }
            Part::Payload => (Part::Trailer, TRAILER_BYTES),
            Part::Trailer => {
                let Self { packet, crc, .. } = core::mem::take(self);
                return Ok(Some((packet, crc)));
            }
            Part::Lost(_) => unreachable!("its part is never complete"),
        };
        Ok(None)
    }
}

/// The plain form of one packet that fills `packet`, streamed or plain. A plain one is returned
/// as it is, for [`Packet::parse`] to check.
pub fn plain(packet: Vec<u8>) -> Result<Vec<u8>, PacketError> {
    if packet.get(15) != Some(&STREAMED) {
        return Ok(packet);
    }
    checked(packet)
}

/// The plain form of one packet that fills `packet`, streamed or plain, in its own buffer, checked as by
/// [`Packet::parse`].
pub fn checked(mut packet: Vec<u8>) -> Result<Vec<u8>, PacketError> {
    let got = packet.len();
    let short = |expected| PacketError::Length { got, expected };
    let head = packet.first_chunk().ok_or(short(HEADER_BYTES))?;
    if !header::check_intact(head)? {
        Packet::parse(&packet)?;
        return Ok(packet);
    }
    let mut crc = crc32fast::Hasher::new();
    let (mut from, mut to) = (HEADER_BYTES, HEADER_BYTES);
    loop {
        let head = packet.get(from..).and_then(<[u8]>::first_chunk);
        let (len, last) = block(head.ok_or(short(from + BLOCK_HEAD_BYTES))?, 2)?;
        from += BLOCK_HEAD_BYTES;
        if got < from + len {
            return Err(short(from + len));
        }
        packet.copy_within(from..from + len, to);
        crc.update(&packet[to..to + len]);
        (from, to) = (from + len, to + len);
        if last {
            break;
        }
    }
    if got != from + TRAILER_BYTES {
        return Err(short(from + TRAILER_BYTES));
    }
    packet.copy_within(from.., to);
    packet.truncate(to + TRAILER_BYTES);
    seal_plain(&mut packet, to - HEADER_BYTES)?;
    Packet::parse_with(&packet, |_| crc.finalize())?;
    Ok(packet)
}

/// Whether these are the bytes of one packet, streamed or plain, by the lengths that it tells. Whether it is
/// right is not looked at.
pub fn is_whole(bytes: &[u8]) -> bool {
    let Some(Ok(streamed)) = bytes.first_chunk().map(header::check_intact) else {
        return false;
    };
    let mut end = HEADER_BYTES;
    if !streamed {
        end += u32_at(bytes, 24) as usize;
    }
    let mut last = !streamed;
    while !last {
        let head = bytes.get(end..).and_then(<[u8]>::first_chunk);
        let Some(Ok((len, is_last))) = head.map(|head| block(head, 2)) else {
            return false;
        };
        (end, last) = (end + BLOCK_HEAD_BYTES + len, is_last);
    }
    bytes.len() == end + TRAILER_BYTES
}

/// Makes the header of a streamed packet that of the plain one with so many bytes of payload.
fn seal_plain(packet: &mut [u8], payload: usize) -> Result<(), PacketError> {
    let len = u32::try_from(payload).ok();
    let len = len.filter(|&len| len <= MAX_PAYLOAD_BYTES);
    let len = len.ok_or(PacketError::TooLarge(payload))?;
    let head = packet.first_chunk_mut().expect("a whole header");
    head[15] = 0;
    head[24..28].copy_from_slice(&len.to_le_bytes());
    seal(head);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{Header, Operation};
    use super::*;
    use crate::lanes::LaneShape;
    use crate::payload::PlaneRun;

    #[test]
    fn a_header_that_lies_costs_no_memory() {
        let lie = |payload_len| {
            let header = Header {
                operation: Operation::Decode,
                context: 0,
                shape: LaneShape::new(4).unwrap(),
                run: PlaneRun {
                    first_channel: 0,
                    channels: 1,
                    images: 1,
                },
                plane_len: 100,
                sequence: 0,
                payload_len,
            };
            header.to_bytes()
        };
        let mut reader = Reader::new();
        assert_eq!(reader.read(&mut &lie(MAX_PAYLOAD_BYTES)[..]), None);
        assert_eq!(reader.read(&mut &[0; 1000][..]), None);
        assert!(reader.packet.capacity() < 4096);

        let too_large = MAX_PAYLOAD_BYTES + 1;
        let error = PacketError::TooLarge(too_large as usize);
        assert_eq!(
            Reader::new().read(&mut &lie(too_large)[..]),
            Some(Err(error))
        );
    }
}
