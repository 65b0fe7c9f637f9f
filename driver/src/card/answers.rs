//! What comes back on a path: packets, and which request each is of.

use dqa_golden::packet::{HEADER_BYTES, PacketError, Reader};

/// Where a header has its sequence number.
const SEQUENCE: usize = 20;
/// Pieces that may be left of answers from before a reset.
const STRAYS: u32 = 1000;

/// A reader that also tells the number of a packet that is an error.
#[derive(Debug, Default)]
pub(super) struct Answers {
    reader: Reader,
    /// The header of the packet that is being read, as far as it came.
    head: Vec<u8>,
    /// A right answer has come.
    pub(super) in_step: bool,
    strays: u32,
}

/// A packet or an error, with the sequence number in its header.
pub(super) type Numbered = (u32, Result<Vec<u8>, PacketError>);

impl Answers {
    /// Takes all bytes, and gives what is complete with them, each in a buffer of its own.
    pub(super) fn read(
        &mut self,
        mut bytes: &[u8],
        mut buffer: impl FnMut() -> Vec<u8>,
        mut take: impl FnMut(Numbered),
    ) {
        while !bytes.is_empty() {
            if !self.reader.in_packet() {
                self.head.clear();
                self.reader.reuse(buffer());
            }
            let before = bytes;
            let packet = self.reader.read(&mut bytes);
            let read = before.len() - bytes.len();
            let missing = HEADER_BYTES - self.head.len();
            self.head.extend_from_slice(&before[..read.min(missing)]);
            let Some(packet) = packet else {
                continue;
            };
            // The rest of an answer from before the reset: links mostly cut at the ends of answers.
            if self.reader.is_lost() && !self.in_step && self.strays < STRAYS {
                self.strays += 1;
                self.reader = Reader::new();
                continue;
            }
            let number = self
                .head
                .get(SEQUENCE..)
                .and_then(|number| number.first_chunk());
            take((number.copied().map_or(0, u32::from_le_bytes), packet));
        }
    }
}
