//! What a [`Card`](super::Card) needs of the link to its core.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use dqa_golden::packet::{Direction, PacketError, checked, is_whole};
use dqa_hdl::identification::IdentificationError;

use crate::registers::RegisterBus;

/// Carries registers, requests and answers between this host and one `dqa_core`.
///
/// A core has two paths: requests to encode and scan go to the write path
/// ([`Direction::Write`]), those to decode to the read path. The bytes of a path stay in order; paths
/// do not wait for each other. A link may lose or damage what it carries: [`Card`](super::Card) sees it
/// by CRC and sequence number, resets and sends again.
///
/// No call waits for the other side longer than [`Limits::answer`], and none panics for what comes.
pub trait Link: RegisterBus<Error = LinkError> + Send {
    /// A name for people, which opens the same link again: `xdma:0`.
    fn name(&self) -> &str;

    /// What the link holds and how long it may take.
    fn limits(&self) -> Limits;

    /// The time by which it waits, since some moment: this machine's, but for links to a simulation with a time of
    /// its own.
    fn now(&self) -> Duration {
        static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        BEGIN.elapsed()
    }

    /// Writes registers in this order. For links that would wait for each single one.
    fn write_all(&mut self, writes: &[(u16, u32)]) -> Result<(), LinkError> {
        writes
            .iter()
            .try_for_each(|&(offset, word)| self.write(offset, word))
    }

    /// Takes bytes of a request from `at` on, as many as there is room for at once, and says how many:
    /// 0 while there is none. `request` is the whole packet, so that its end can be marked; it comes
    /// again until it is taken whole, and then the path's next one. A link that sends it from where it is has a
    /// share in it until that is done.
    fn send(
        &mut self,
        path: Direction,
        request: &Arc<Vec<u8>>,
        at: usize,
    ) -> Result<usize, LinkError>;

    /// Hands on what comes of either path, in pieces of any size. Waits up to `wait` for the first; `false` where
    /// none came. What was sent is under way at the latest when this is called. For each piece, `take` gives a
    /// buffer back, to be used again: the piece's own or another one.
    fn receive(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Direction, Piece) -> Vec<u8>,
    ) -> Result<bool, LinkError>;

    /// Begins anew: drops what waits on either side of the link and opens again what had broken. It is
    /// called before and after a soft reset of the core; what was sent before the second call may
    /// still be answered, but no request that comes after it is cut or mixed with one.
    fn reset(&mut self) -> Result<(), LinkError>;
}

/// Bytes from which on a packet that came alone is made plain where it is, not copied.
const LARGE: usize = 1 << 15;
/// Where a header has its sequence number.
const SEQUENCE: usize = 20;

/// Bytes of answers.
#[derive(Debug)]
pub enum Piece {
    /// Any bytes.
    Bytes(Vec<u8>),
    /// A whole answer in its own buffer, plain and checked, or what is wrong with it; with its sequence number.
    Answer(u32, Result<Vec<u8>, PacketError>),
}

impl Piece {
    /// Bytes that came together, as an answer where they are a large one. For the thread to which they came, as
    /// this reads them.
    pub fn new(bytes: Vec<u8>) -> Self {
        match bytes.len() >= LARGE && is_whole(&bytes) {
            true => Self::Answer(sequence(&bytes), checked(bytes)),
            false => Self::Bytes(bytes),
        }
    }
}

/// The sequence number in a header; 0 where that is not whole.
pub(super) fn sequence(head: &[u8]) -> u32 {
    let number = head.get(SEQUENCE..).and_then(<[u8]>::first_chunk);
    number.copied().map_or(0, u32::from_le_bytes)
}

/// What a link holds and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Requests worth having in flight at once, at least 1.
    pub window: usize,
    /// Time without a byte moving after which a core with requests counts as hung.
    pub answer: Duration,
}

/// Why a link or the core behind it failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum LinkError {
    #[error(transparent)]
    Identification(#[from] IdentificationError),
    #[error(
        "{name}: the core has version {core}, this program knows {program}: generate the core anew, or \
         use the program of its version"
    )]
    Version {
        name: String,
        core: String,
        program: String,
    },
    #[error("{name} is not there: {remedy}")]
    Absent { name: String, remedy: String },
    #[error("{name} may not be opened: {remedy}")]
    Permission { name: String, remedy: String },
    #[error("{name} is in use by another program: end that first")]
    Busy { name: String },
    #[error("{name} has gone: {remedy}")]
    Gone { name: String, remedy: String },
    #[error("{name}: there is another core now: open it again")]
    Changed { name: String },
    #[error("{name} gave no answer within {:.1} s: {state}", after.as_secs_f64())]
    Timeout {
        name: String,
        after: Duration,
        state: String,
    },
    #[error("{name}: {what} failed: {reason}; {remedy}")]
    Failed {
        name: String,
        what: String,
        reason: String,
        remedy: String,
    },
    #[error("{name}: the core refuses register {offset:#05x}: is it a dqa_core of this version?")]
    Register { name: String, offset: u16 },
    #[error("{name}: after {tries} tries an answer is still not right: {error}")]
    Answer {
        name: String,
        tries: u32,
        error: PacketError,
    },
    #[error("{name}: {error}")]
    NoBoard {
        name: String,
        error: dqa_golden::link::LinkError,
    },
    #[error("{name}: no answer, but there is one at another baud rate: give {answers}")]
    Rate { name: String, answers: String },
    #[error("{name}: {error}")]
    Session {
        name: String,
        error: dqa_golden::link::LinkError,
    },
    #[error("{name}: answers were lost, {tries} times in a row")]
    Lost { name: String, tries: u32 },
}

/// How long another program may have what is opened.
const BUSY: Duration = Duration::from_millis(500);

/// Opens what one program at a time may have, and waits half a second for it. A file that is closed is not free
/// at once: every program that was just being begun has it too, until it runs code of its own.
pub(crate) fn opened<T>(mut open: impl FnMut() -> Result<T, LinkError>) -> Result<T, LinkError> {
    let begun = Instant::now();
    loop {
        match open() {
            Err(LinkError::Busy { .. }) if begun.elapsed() < BUSY => {
                std::thread::sleep(BUSY / 25);
            }
            other => return other,
        }
    }
}

impl LinkError {
    /// Whether trying again at once cannot help.
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Version { .. }
                | Self::Absent { .. }
                | Self::Permission { .. }
                | Self::Busy { .. }
                | Self::Gone { .. }
                | Self::NoBoard { .. }
                | Self::Rate { .. }
                | Self::Changed { .. }
        )
    }
}
