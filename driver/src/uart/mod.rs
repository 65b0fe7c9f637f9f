//! A board on a serial port.
//!
//! The link is that of `docs/src/link.md`. A port is opened once: by this program alone where the system
//! can lock it.

pub mod bridge;
mod link;
mod ports;
pub mod pty;
mod wire;

use std::time::Duration;

use crate::card::{Card, LinkError};
pub use link::{SerialLink, Timing};
pub use ports::{Found, PortName, ports};
pub use wire::Wire;

/// Baud rate where none is given.
pub const BAUD: u32 = 3_000_000;

/// Opens the board on a port: `/dev/ttyUSB1`, or `/dev/ttyUSB1@1000000` with its baud rate.
///
/// # Errors
///
/// When there is no such port, it may not be opened or is in use, no board answers, or it is of another
/// version.
pub fn open(place: &str) -> Result<Card<SerialLink>, LinkError> {
    Card::open(SerialLink::open(
        &PortName::parse(place)?,
        Timing::default(),
    )?)
}

/// Looks which board is on a port, in at most `patience`.
///
/// # Errors
///
/// As [`open`].
pub fn probe(port: &PortName, patience: Duration) -> Result<Card<SerialLink>, LinkError> {
    Card::open(SerialLink::open(port, Timing::within(patience))?)
}
