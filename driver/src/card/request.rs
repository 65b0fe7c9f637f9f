//! A request on its way: renumbered for the link, and its answer numbered back.

use std::sync::Arc;

use dqa_golden::context::Context;
use dqa_golden::packet::{Direction, HEADER_BYTES, Header, Operation, PacketError, TRAILER_BYTES};

use super::slots::Path;

/// A context that the host loaded. Loading another one under the same id makes another of these, so
/// that requests in flight keep theirs.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Tells it from all others of a card.
    pub(super) key: u64,
    pub(super) context: Context,
}

/// A request without an answer. The core's ids and sequence numbers are the card's own: ids are those
/// of its two slots, and numbers are never used twice, so that what is left of earlier work cannot be
/// taken for an answer.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) path: Direction,
    /// As the host sees it.
    header: Header,
    pub(super) context: Arc<Loaded>,
    pub(super) slot: usize,
    /// Sequence number on the link.
    pub(super) sequence: u32,
    /// As it is sent; the link may have a share in it.
    pub(super) bytes: Arc<Vec<u8>>,
    /// Bytes that the link has taken.
    pub(super) sent: usize,
    /// How often the core answered it with an error.
    pub(super) refused: u32,
}

/// The header of a request, checked as far as a core's own checks would come too late: its context is
/// not known to the core by this id.
pub(super) fn judge(
    request: &[u8],
    contexts: &[Option<Arc<Loaded>>],
) -> Result<(Header, Arc<Loaded>), PacketError> {
    let length = |expected| PacketError::Length {
        got: request.len(),
        expected,
    };
    let head = request.first_chunk().ok_or(length(HEADER_BYTES))?;
    let header = Header::from_bytes(head)?;
    if request.len() != header.packet_len() {
        return Err(length(header.packet_len()));
    }
    let loaded = contexts[usize::from(header.context)].as_ref();
    let loaded = loaded.ok_or(PacketError::NoContext(header.context))?;
    header.check(&loaded.context)?;
    Ok((header, Arc::clone(loaded)))
}

impl Request {
    /// A request that passed [`judge`], not numbered yet.
    pub(super) fn new(bytes: Vec<u8>, header: Header, context: Arc<Loaded>) -> Self {
        Self {
            path: match header.operation {
                Operation::Encode | Operation::Scan => Direction::Write,
                Operation::Decode => Direction::Read,
            },
            header,
            context,
            slot: 0,
            sequence: 0,
            bytes: Arc::new(bytes),
            sent: 0,
            refused: 0,
        }
    }

    /// To be sent from its first byte, under the number behind this, which it becomes.
    pub(super) fn renumber(&mut self, last: &mut u32) {
        *last = last.wrapping_add(1);
        self.sequence = *last;
        self.sent = 0;
        let head = self.on_link().to_bytes();
        // A copy, where the link still sends it under its old number.
        Arc::make_mut(&mut self.bytes)[..HEADER_BYTES].copy_from_slice(&head);
    }

    /// Whether it is as the host made it: what a core finds wrong with it is then the link's fault.
    pub(super) fn check(&self) -> Result<(), PacketError> {
        dqa_golden::packet::Packet::parse(&self.bytes).map(|_| ())
    }

    /// Makes a plain packet with its sequence number the answer that the host expects; `None` where
    /// it is of another request.
    pub(super) fn answer(&self, mut packet: Vec<u8>) -> Option<Vec<u8>> {
        let head = packet.first_chunk_mut::<HEADER_BYTES>()?;
        let got = Header::from_bytes(head).ok()?;
        let answer = |header| Header {
            operation: self.header.operation.answer(),
            payload_len: got.payload_len,
            ..header
        };
        if got != answer(self.on_link()) {
            return None;
        }
        *head = answer(self.header).to_bytes();
        Some(packet)
    }

    /// Bytes of the answer: 0 where its content decides.
    pub(super) fn answer_len(&self) -> usize {
        match self.header.operation {
            Operation::Decode => {
                let samples = self.header.run.samples(&self.context.context);
                HEADER_BYTES + 2 * samples + TRAILER_BYTES
            }
            Operation::Encode | Operation::Scan => 0,
        }
    }

    fn on_link(&self) -> Header {
        Header {
            context: Path::id(self.slot),
            sequence: self.sequence,
            ..self.header
        }
    }
}
