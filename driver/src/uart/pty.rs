//! A simulated board behind a pseudo-terminal: to programs a serial port like any other.
//!
//! A pseudo-terminal carries bytes, and has a baud rate that means nothing to it. Here it means what it does on a wire:
//! bytes go to the board and are read from it at this rate, so a program that sets another than the board's
//! gets no sense from it.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use dqa_sim::uart_board::UartBoard;
use serialport::{SerialPort, TTYPort};

use super::wire::is_pause;

/// Clocks between looks at the terminal.
const CLOCKS: u64 = 2000;
/// Bytes on their way to the board above which the terminal is left to fill.
const WAITING: usize = 64;
/// Turns with an idle wire after which the simulation rests.
const IDLE: u32 = 200;
const REST: Duration = Duration::from_millis(2);

/// A board and its terminal.
#[derive(Debug)]
pub struct PtyBoard {
    board: UartBoard,
    terminal: TTYPort,
    /// Keeps the terminal's other end there while no program has it open.
    _other: TTYPort,
    name: String,
    outgoing: Vec<u8>,
    idle: u32,
    begun: Option<Instant>,
}

impl PtyBoard {
    /// A terminal for this board. With `real_time` a second is as many clocks as the board's clock has,
    /// at most; without, it goes as fast as it can.
    ///
    /// # Errors
    ///
    /// When the system gives no terminal.
    pub fn new(board: UartBoard, real_time: bool) -> io::Result<Self> {
        let (inheritable, other) = TTYPort::pair()?;
        // The copy is closed in programs that are begun from here, which else would keep an unplugged board there.
        let mut terminal = inheritable.try_clone_native()?;
        drop(inheritable);
        terminal.set_timeout(Duration::ZERO)?;
        terminal.set_baud_rate(board.speed().baud)?;
        let name = other.name().ok_or(ErrorKind::Unsupported)?;
        Ok(Self {
            board,
            terminal,
            _other: other,
            name,
            outgoing: Vec::new(),
            idle: 0,
            begun: real_time.then(Instant::now),
        })
    }

    /// What programs open: `/dev/pts/3`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The board.
    pub fn board(&mut self) -> &mut UartBoard {
        &mut self.board
    }

    /// The board without its terminal.
    pub fn into_board(self) -> UartBoard {
        self.board
    }

    /// Lets it run for a moment.
    ///
    /// # Errors
    ///
    /// When the terminal fails.
    pub fn step(&mut self) -> io::Result<()> {
        let mut bytes = [0; 64];
        if let Ok(baud @ 1..) = self.terminal.baud_rate() {
            self.board.set_host_baud(baud);
        }
        if self.board.waiting() < WAITING {
            match self.terminal.read(&mut bytes) {
                Ok(count) => {
                    self.board.send(&bytes[..count]);
                    self.idle = 0;
                }
                Err(error) if is_pause(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.idle = match self.board.run(CLOCKS) {
            true => 0,
            false => self.idle.saturating_add(1),
        };
        self.outgoing.extend(self.board.received());
        if !self.outgoing.is_empty() {
            match self.terminal.write(&self.outgoing) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                // Nobody reads: as on a wire, what does not fit is lost.
                Err(error) if is_pause(&error) => self.outgoing.clear(),
                Err(error) => return Err(error),
            }
        }
        if self.idle > IDLE {
            std::thread::sleep(REST);
        }
        if let Some(begun) = self.begun {
            let clocks = self.board.clocks() as f64;
            let due = Duration::from_secs_f64(clocks / f64::from(self.board.speed().clock_hz));
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        Ok(())
    }
}
