//! The serial link between host and board: frames, and the state machines of both ends.
//!
//! `docs/src/link.md` describes the protocol. Nothing here does input or output, or knows the time:
//! bytes and microseconds are handed in, bytes come out.
//!
//! | item | what it is |
//! |---|---|
//! | [`Frame`], [`Deframer`] | a frame, to and from bytes of the wire |
//! | [`Host`] | the host's end, for drivers |
//! | [`Board`] | the board's end, the reference of the hardware |
//! | [`Operation`] | what the register channel carries |

mod board;
mod frame;
mod host;
mod operation;

pub use board::{Board, Rooms};
pub use frame::{Deframer, Frame, FrameError, Sender, Tag};
pub use host::{Counts, Host, LinkError, Timing};
pub use operation::{Operation, Reader, Response};

/// Version of the link.
pub const VERSION: u8 = 1;
/// Most bytes of data in a frame.
pub const MAX_DATA: usize = 512;
/// Bytes of a limit's unit.
pub const LIMIT_UNIT: usize = 64;
/// Channels in each direction.
pub const CHANNELS: usize = 3;
/// Most data frames on their way without an acknowledgement.
pub const MAX_FLIGHT: usize = 64;

/// One of the byte streams in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Channel {
    /// Operations on registers, and their answers.
    Registers,
    /// Packets of the write path.
    Encode,
    /// Packets of the read path.
    Decode,
}

impl Channel {
    /// All, by their numbers.
    pub const ALL: [Self; CHANNELS] = [Self::Registers, Self::Encode, Self::Decode];

    /// Its place in [`ALL`](Self::ALL); on the wire it is one more.
    pub const fn index(self) -> usize {
        self as usize
    }
}
