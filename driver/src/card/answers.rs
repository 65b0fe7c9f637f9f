//! What comes back on a path: packets, and which request each is of.

use dqa_golden::packet::{HEADER_BYTES, PacketError, Reader};

use super::link::{Piece, sequence};

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
    /// Takes a piece, and gives what is complete with it, each in a buffer of its own. Gives back the piece's
    /// buffer, or for an answer's another one.
    pub(super) fn read(
        &mut self,
        piece: Piece,
        mut buffer: impl FnMut(usize) -> Vec<u8>,
        mut take: impl FnMut(Numbered),
    ) -> Vec<u8> {
        let piece = match piece {
            Piece::Bytes(bytes) => bytes,
            Piece::Answer(number, packet) => {
                // Some more, as the next one may be a little longer.
                let len = packet.as_ref().map_or(0, Vec::len);
                // The end of one that began before it is missing.
                let cut = self.reader.in_packet() || self.reader.is_lost();
                let packet = packet.and_then(|packet| match cut {
                    true => Err(PacketError::PayloadCrc),
                    false => Ok(packet),
                });
                take((number, packet));
                return buffer(len + len / 4);
            }
        };
        let mut bytes = &piece[..];
        while !bytes.is_empty() {
            if !self.reader.in_packet() {
                self.head.clear();
                self.reader.reuse(buffer(0));
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
            take((sequence(&self.head), packet));
        }
        piece
    }
}

#[cfg(test)]
mod tests {
    use dqa_golden::lanes::LaneShape;
    use dqa_golden::packet::{Header, Operation};
    use dqa_golden::payload::PlaneRun;

    use super::*;

    fn answer() -> Vec<u8> {
        let header = Header {
            operation: Operation::Decode,
            context: 0,
            shape: LaneShape::new(4).expect("legal"),
            run: PlaneRun {
                first_channel: 0,
                channels: 1,
                images: 1,
            },
            plane_len: 1 << 15,
            sequence: 7,
            payload_len: 0,
        };
        header.packet(&[1; 1 << 16])
    }

    fn read(answers: &mut Answers, piece: Piece) -> Vec<Numbered> {
        let mut came = Vec::new();
        answers.read(piece, Vec::with_capacity, |numbered| came.push(numbered));
        came
    }

    #[test]
    fn a_whole_answer_counts_alone_and_not_behind_the_half_of_another() {
        let answer = answer();
        let mut answers = Answers::default();
        let whole = || Piece::new(answer.clone());
        assert!(matches!(whole(), Piece::Answer(7, Ok(_))));
        assert_eq!(read(&mut answers, whole()), [(7, Ok(answer.clone()))]);
        let half = Piece::Bytes(answer[..answer.len() / 2].to_vec());
        assert_eq!(read(&mut answers, half), []);
        let cut = Err(PacketError::PayloadCrc);
        assert_eq!(read(&mut answers, whole()), [(7, cut)]);
    }
}
