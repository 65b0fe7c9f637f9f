//! Status codes: what a device says in its answer's trailer about a request that went wrong.

use super::PacketError;

/// Why a device could not answer a request. Of several causes the first in the stream is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[repr(u8)]
#[allow(missing_docs)] // the messages are the documentation
pub enum Status {
    #[error("the payload ended before the planes did: send all that the header announces")]
    InputEnded = 1,
    #[error("the payload was longer than the planes: send what the header announces")]
    InputTooLong = 2,
    #[error("a symbol has no code in the loaded tables: build them from data that holds it")]
    NoCode = 3,
    #[error("a channel row has an undefined class: load the context again")]
    UndefinedClass = 4,
    #[error(
        "the planes are none, or of rows that the channel table lacks: \
         ask for rows of the loaded context"
    )]
    Command = 5,
    #[error("the request's header was damaged or is of another version: send it again")]
    Header = 6,
    #[error(
        "this path does not have the operation: encode and scan go to the write path, decode to \
         the read path, and a device may be built without scan"
    )]
    Operation = 7,
    #[error("the context is not loaded: load it, and set its valid bit")]
    NoContext = 8,
    #[error(
        "lanes, word bits or plane length are not those of the loaded context: \
         load the request's own"
    )]
    ContextMismatch = 9,
    #[error("the sequence number jumped: requests were lost; send them again from the last answer")]
    Sequence = 10,
    #[error("the payload's CRC did not match: it was damaged on its way; send it again")]
    PayloadCrc = 11,
    #[error("the trailer's counts or status are not those of the request: send it again")]
    Trailer = 12,
    #[error("the stream ended inside the request: send it whole, tlast with its last beat")]
    StreamEnded = 13,
    #[error("the stream went on behind the request: set tlast with its last beat")]
    StreamTooLong = 14,
    #[error("a block head was bad: blocks hold up to 4096 bytes, in whole beats")]
    Block = 15,
}

impl Status {
    /// All of them, by their codes from 1.
    pub const ALL: [Self; 15] = [
        Self::InputEnded,
        Self::InputTooLong,
        Self::NoCode,
        Self::UndefinedClass,
        Self::Command,
        Self::Header,
        Self::Operation,
        Self::NoContext,
        Self::ContextMismatch,
        Self::Sequence,
        Self::PayloadCrc,
        Self::Trailer,
        Self::StreamEnded,
        Self::StreamTooLong,
        Self::Block,
    ];

    /// The code in a trailer and on a core's `tuser`.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// What a trailer's code says; `Ok` for 0.
    pub fn check(code: u32) -> Result<(), PacketError> {
        let Some(index) = code.checked_sub(1) else {
            return Ok(());
        };
        match Self::ALL.get(index as usize) {
            Some(&status) => Err(PacketError::Status(status)),
            None => Err(PacketError::UnknownStatus(code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_positions() {
        assert_eq!(Status::check(0), Ok(()));
        for status in Status::ALL {
            assert_eq!(
                Status::check(status.code()),
                Err(PacketError::Status(status))
            );
        }
        for code in [16, u32::MAX] {
            assert_eq!(Status::check(code), Err(PacketError::UnknownStatus(code)));
        }
    }
}
