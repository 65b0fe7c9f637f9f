//! What a device sends back for any bytes at all, up to their `tlast`.
//!
//! A request is judged part by part as it comes: the header, each block head, the trailer, each
//! when it is complete and before a `tlast` on its last beat. The first fault is told; faults of
//! a header refuse the request, and then nothing of it reaches the core.

use alloc::vec::Vec;

use super::stream::{block, streamed};
use super::{
    BLOCK_HEAD_BYTES, HEADER_BYTES, Header, MAGIC, Operation, Packet, PacketError, Reader,
    TRAILER_BYTES, VERSION, header, u32_at,
};
use super::{Status, answer::answer_payload};
use crate::context::Context;
use crate::lanes::LaneShape;
use crate::payload::{DecodeError, EncodeError};

/// Which way a path goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Samples in: encode and scan.
    Write,
    /// Code words in: decode.
    Read,
}

/// One path of a device, as it stands between two requests.
#[derive(Clone, Debug)]
pub struct Path {
    /// Which way it goes.
    pub direction: Direction,
    /// The device's lanes, at most 8 (a trailer is whole beats of 16 bytes), and word width.
    pub shape: LaneShape,
    /// The loaded contexts by id, all of this shape.
    pub contexts: Vec<Option<Context>>,
    /// Whether it is built with scan, and with its counts of patterns.
    pub scan: bool,
    /// Whether a scan's answer holds counts of patterns.
    pub counts: bool,
    /// Whether a jump of the sequence number refuses a request.
    pub check_sequence: bool,
    /// Sequence number of the last request whose header was intact; `None` after a reset.
    pub last_sequence: Option<u32>,
}

/// What a device must send back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// These bytes.
    Exact(Vec<u8>),
    /// The core met an error in the payload: a streamed packet of this header and status, of as
    /// much payload as the device happened to send, its count and CRC right.
    Broken {
        /// The header.
        header: [u8; HEADER_BYTES],
        /// The trailer's status.
        status: Status,
    },
}

impl Reply {
    /// The shortest bytes that a device may send.
    pub fn shortest(&self) -> Vec<u8> {
        match self {
            Self::Exact(bytes) => bytes.clone(),
            Self::Broken { header, status } => streamed(*header, [], &[], 0, Some(*status)),
        }
    }

    /// Whether a device may send these bytes.
    pub fn admits(&self, bytes: &[u8]) -> bool {
        match self {
            Self::Exact(expected) => bytes == expected,
            Self::Broken { header, status } => {
                let mut left = bytes;
                let told = Reader::new().read(&mut left);
                bytes.starts_with(header)
                    && left.is_empty()
                    && told == Some(Err(PacketError::Status(*status)))
            }
        }
    }
}

impl Path {
    /// The reply to the bytes of one request, all beats up to the one with `tlast`. Bytes of a
    /// beat that is not whole are left out.
    pub fn reply(&mut self, request: &[u8]) -> Reply {
        let request = &request[..request.len() - request.len() % self.beat_bytes()];
        let Some((head, body)) = request.split_first_chunk() else {
            return refused(request, None, Status::StreamEnded);
        };
        if !self.is_intact(head) {
            return refused(head, None, Status::Header);
        }
        let last = self.last_sequence.replace(u32_at(head, 20));
        let (header, context) = match self.judge(head, last) {
            Ok(judged) => judged,
            Err((operation, status)) => return refused(head, operation, status),
        };
        let (payload, behind) = self.payload(head, body);
        if payload.is_empty() {
            let status = behind.err().unwrap_or(Status::InputEnded);
            return refused(head, Some(header.operation), status);
        }
        let verdict = behind.and_then(|trailer| self.judge_trailer(&payload, trailer));
        let packet = Packet {
            header,
            payload: &payload,
        };
        let reply_head = reply_header(head, Some(header.operation));
        match (answer_payload(context, &packet), verdict) {
            (Ok(mut answer), _) => {
                if header.operation == Operation::Scan && !self.counts {
                    answer.truncate(8 * usize::from(header.run.channels));
                }
                let samples = header.samples().expect("planes of the context");
                Reply::Exact(streamed(reply_head, [], &answer, samples, verdict.err()))
            }
            (Err(error), verdict) => {
                let status = match (core_status(&error), verdict) {
                    // What the parser cut off, the core missed.
                    (
                        Status::InputEnded | Status::InputTooLong,
                        Err(cause @ (Status::StreamEnded | Status::Block)),
                    ) => cause,
                    (status, _) => status,
                };
                let header = streamed(reply_head, [], &[], 0, None);
                let header = *header.first_chunk().expect("it begins with the header");
                Reply::Broken { header, status }
            }
        }
    }

    /// Bytes of a beat of the path's input.
    fn beat_bytes(&self) -> usize {
        match self.direction {
            Direction::Write => 2 * self.shape.lanes(),
            Direction::Read => self.shape.word_bytes(),
        }
    }

    fn is_intact(&self, head: &[u8; HEADER_BYTES]) -> bool {
        let payload = u32_at(head, 24) as usize;
        header::check_intact(head).is_ok() && payload.is_multiple_of(self.beat_bytes())
    }

    /// The header and the context it asks for, or the operation to echo and what is wrong.
    /// `last` is the sequence number of the request before.
    fn judge(
        &self,
        head: &[u8; HEADER_BYTES],
        last: Option<u32>,
    ) -> Result<(Header, &Context), (Option<Operation>, Status)> {
        let operation = Operation::from_byte(head[5]).filter(|operation| match operation {
            Operation::Encode => self.direction == Direction::Write,
            Operation::Scan => self.direction == Direction::Write && self.scan,
            Operation::Decode => self.direction == Direction::Read,
        });
        let operation = operation.ok_or((None, Status::Operation))?;
        let refuse = |status| (Some(operation), status);
        let context = self.contexts.get(usize::from(head[6]));
        let context = context
            .and_then(Option::as_ref)
            .ok_or(refuse(Status::NoContext))?;
        let mismatch = refuse(Status::ContextMismatch);
        let header = Header::from_intact(head).map_err(|_| mismatch)?;
        if header.shape != self.shape || header.plane_len as usize != context.plane_len() {
            return Err(mismatch);
        }
        let sequence = header.sequence;
        let continues = last.is_none_or(|last| sequence.wrapping_sub(last) <= 1);
        if self.check_sequence && !continues {
            return Err(refuse(Status::Sequence));
        }
        Ok((header, context))
    }

    /// The payload as far as it came, and what stands behind it or why it broke off.
    fn payload<'a>(
        &self,
        head: &[u8; HEADER_BYTES],
        mut body: &'a [u8],
    ) -> (Vec<u8>, Result<&'a [u8], Status>) {
        if head[15] == 0 {
            return match body.split_at_checked(u32_at(head, 24) as usize) {
                Some((payload, behind)) => (payload.to_vec(), Ok(behind)),
                None => (body.to_vec(), Err(Status::StreamEnded)),
            };
        }
        let mut payload = Vec::new();
        loop {
            let Some((head, blocks)) = body.split_first_chunk::<BLOCK_HEAD_BYTES>() else {
                return (payload, Err(Status::StreamEnded));
            };
            let Ok((len, last)) = block(head, self.beat_bytes()) else {
                return (payload, Err(Status::Block));
            };
            let Some((block, behind)) = blocks.split_at_checked(len) else {
                payload.extend_from_slice(blocks);
                return (payload, Err(Status::StreamEnded));
            };
            payload.extend_from_slice(block);
            if last {
                return (payload, Ok(behind));
            }
            body = behind;
        }
    }

    /// Judges what stands behind the payload.
    fn judge_trailer(&self, payload: &[u8], behind: &[u8]) -> Result<(), Status> {
        let Some((trailer, rest)) = behind.split_first_chunk::<TRAILER_BYTES>() else {
            return Err(Status::StreamEnded);
        };
        let samples = u32_at(trailer, 0) as usize;
        let counted = self.direction == Direction::Read || samples == payload.len() / 2;
        let bytes = u32_at(trailer, 4) as usize;
        if !counted || bytes != payload.len() || u32_at(trailer, 8) != 0 {
            Err(Status::Trailer)
        } else if crc32fast::hash(payload) != u32_at(trailer, 12) {
            Err(Status::PayloadCrc)
        } else if !rest.is_empty() {
            Err(Status::StreamTooLong)
        } else {
            Ok(())
        }
    }
}

/// The reply to a request of which nothing reaches the core.
fn refused(request: &[u8], operation: Option<Operation>, status: Status) -> Reply {
    let head = reply_header(request, operation);
    Reply::Exact(streamed(head, [], &[], 0, Some(status)))
}

/// The request's header as far as it came, with what a reply has of its own.
fn reply_header(request: &[u8], operation: Option<Operation>) -> [u8; HEADER_BYTES] {
    let mut head = [0; HEADER_BYTES];
    let came = request.len().min(24);
    head[..came].copy_from_slice(&request[..came]);
    head[..4].copy_from_slice(&MAGIC);
    head[4] = VERSION;
    head[5] = operation.map_or(0, |operation| operation.answer() as u8);
    head
}

/// The status of a core's own errors. Of several, those of the command and the length go first.
fn core_status(error: &PacketError) -> Status {
    match error {
        PacketError::Encode(EncodeError::Run { .. })
        | PacketError::Decode(DecodeError::Run { .. }) => Status::Command,
        PacketError::Encode(EncodeError::NoCode { .. }) => Status::NoCode,
        PacketError::Encode(EncodeError::Samples { got, expected }) if got > expected => {
            Status::InputTooLong
        }
        PacketError::Decode(DecodeError::TooLong(_)) => Status::InputTooLong,
        _ => Status::InputEnded,
    }
}
