//! What a link needs of a port: bytes both ways, and a clock.

use std::fmt::Debug;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use serialport::{ClearBuffer, SerialPort};

/// A port with a clock. A simulated one may have a time of its own.
pub trait Wire: Debug + Send {
    /// Time since it was opened.
    fn now(&self) -> Duration;

    /// Another baud rate.
    ///
    /// # Errors
    ///
    /// When the port does not know it, or has gone.
    fn set_baud(&mut self, baud: u32) -> io::Result<()>;

    /// Bytes that were written and have not gone out, as far as it can tell.
    fn waiting(&self) -> usize;

    /// Takes bytes to send, as many as there is room for.
    ///
    /// # Errors
    ///
    /// When the port has gone.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Gives bytes that came, waiting so long for the first; 0 where none came.
    ///
    /// # Errors
    ///
    /// When the port has gone.
    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize>;

    /// Drops what was written and has not gone out, where it can.
    fn clear(&mut self);
}

/// A serial port of this machine.
#[derive(Debug)]
pub(super) struct Port {
    port: Box<dyn SerialPort>,
    opened: Instant,
}

impl Port {
    pub(super) fn new(port: Box<dyn SerialPort>) -> Self {
        let opened = Instant::now();
        Self { port, opened }
    }
}

/// How long the system may take to take bytes.
pub(super) const WRITE: Duration = Duration::from_millis(1);

impl Wire for Port {
    fn now(&self) -> Duration {
        self.opened.elapsed()
    }

    fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        Ok(self.port.set_baud_rate(baud)?)
    }

    fn waiting(&self) -> usize {
        self.port.bytes_to_write().unwrap_or(0) as usize
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.port.write(bytes) {
            Ok(0) => Err(ErrorKind::WriteZero.into()),
            Err(error) if is_pause(&error) => Ok(0),
            other => other,
        }
    }

    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        self.port.set_timeout(wait)?;
        let count = match self.port.read(bytes) {
            Ok(0) => Err(ErrorKind::BrokenPipe.into()),
            Err(error) if is_pause(&error) => Ok(0),
            other => other,
        };
        self.port.set_timeout(WRITE)?;
        count
    }

    fn clear(&mut self) {
        let _ = self.port.clear(ClearBuffer::Output);
    }
}

/// Nothing to read, or no room to write, for now.
pub(super) fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::TimedOut | ErrorKind::WouldBlock | ErrorKind::Interrupted
    )
}
