//! What a [`Card`](super::Card) needs of the link to its core.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use dqa_golden::packet::{Direction, PacketError};
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
    /// again until it is taken whole, and then the path's next one.
    fn send(&mut self, path: Direction, request: &[u8], at: usize) -> Result<usize, LinkError>;

    /// Hands on bytes of answers, of either path, in pieces of any size. Waits up to `wait` for the first;
    /// `false` where none came. What was sent is under way at the latest when this is called.
    fn receive(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Direction, &[u8]),
    ) -> Result<bool, LinkError>;

    /// Begins anew: drops what waits on either side of the link and opens again what had broken. It is
    /// called before and after a soft reset of the core; what was sent before the second call may
    /// still be answered, but no request that comes after it is cut or mixed with one.
    fn reset(&mut self) -> Result<(), LinkError>;
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
