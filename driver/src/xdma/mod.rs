//! A card on PCIe behind Xilinx's XDMA and its driver.
//!
//! ```text
//! Card -- send --> buffer -- writer thread --> h2c_0, h2c_1      encode, decode
//!      <- receive - buffer <- reader thread -- c2h_0, c2h_1
//!      -- registers ------------------------- user
//! ```
//!
//! A thread for each stream keeps it busy while the host prepares the next request or looks at the last
//! answer. Small requests are gathered in a buffer for as long as the one before is on its way, so that they
//! share a transfer; large ones go from where they are, cut where they are larger than a transfer. A large
//! answer stays in the buffer that it was read into, checked by the thread that read it; a used one takes its
//! place. Where a transfer begins and ends means nothing to either side: packets say their own length. Buffers are
//! of a fixed number and used again.
//!
//! [`Board`] stands for the files, so that the same link runs on a board in memory.

mod board;
mod buffer;
mod engine;
mod streams;
mod window;

use std::sync::Arc;
use std::time::Duration;

use dqa_golden::packet::Direction;

use crate::card::{Card, Limits, Link, LinkError, Piece};
use crate::registers::RegisterBus;
pub(crate) use board::told;
pub use board::{Board, Files, Nodes, Registers, Stream};
use streams::Streams;

/// What a link takes of memory and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Bytes of a buffer, and of the largest transfer.
    pub buffer: usize,
    /// Buffers of each stream, at least 2.
    pub buffers: usize,
    /// As in [`Limits`].
    pub limits: Limits,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            buffer: 1 << 20,
            buffers: 4,
            limits: Limits {
                window: 16,
                answer: Duration::from_secs(2),
            },
        }
    }
}

/// The link to a card; open one with [`Card::open`].
pub struct XdmaLink<B> {
    board: B,
    tuning: Tuning,
    open: Option<Open>,
}

/// What there is while the card is open.
struct Open {
    registers: Box<dyn Registers>,
    streams: Streams,
}

/// Opens a card by what stands behind `xdma:` in its name: a number, or the path before `_user`.
pub fn open(place: &str) -> Result<Card<XdmaLink<Files>>, LinkError> {
    Card::open(XdmaLink::new(Files::new(place), Tuning::default())?)
}

impl<B: Board> XdmaLink<B> {
    /// A link to a board, whose nodes are opened.
    pub fn new(board: B, tuning: Tuning) -> Result<Self, LinkError> {
        let mut link = Self {
            board,
            tuning,
            open: None,
        };
        link.opened()?;
        Ok(link)
    }

    /// What is open; opens the nodes where they are not.
    fn opened(&mut self) -> Result<&mut Open, LinkError> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let nodes = self.board.open()?;
                Open {
                    registers: nodes.registers,
                    streams: Streams::new(
                        self.board.name(),
                        nodes.requests,
                        nodes.answers,
                        &self.tuning,
                    )?,
                }
            }
        };
        Ok(self.open.insert(open))
    }

    /// Works with what is open. A card that has gone is closed, to be opened anew.
    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Open, &str) -> Result<T, LinkError>,
    ) -> Result<T, LinkError> {
        self.opened()?;
        let open = self.open.as_mut().expect("just opened");
        let done = work(open, self.board.name());
        if let Err(LinkError::Gone { .. }) = done {
            self.open = None;
        }
        done
    }
}

impl<B: Board> RegisterBus for XdmaLink<B> {
    type Error = LinkError;

    fn read(&mut self, offset: u16) -> Result<u32, LinkError> {
        self.with(|open, name| {
            let word = open.registers.read(offset);
            word.map_err(|error| told(name, &format!("reading register {offset:#05x}"), &error))
        })
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), LinkError> {
        self.with(|open, name| {
            let written = open.registers.write(offset, word);
            written.map_err(|error| told(name, &format!("writing register {offset:#05x}"), &error))
        })
    }
}

impl<B: Board> Link for XdmaLink<B> {
    fn name(&self) -> &str {
        self.board.name()
    }

    fn limits(&self) -> Limits {
        self.tuning.limits
    }

    fn send(
        &mut self,
        path: Direction,
        request: &Arc<Vec<u8>>,
        at: usize,
    ) -> Result<usize, LinkError> {
        self.with(|open, _| Ok(open.streams.send(path, request, at)))
    }

    fn receive(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Direction, Piece) -> Vec<u8>,
    ) -> Result<bool, LinkError> {
        self.with(|open, name| {
            let received = open.streams.receive(wait, take);
            received.map_err(|(what, error)| told(name, what, &error))
        })
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.with(|open, name| {
            let drained = open.streams.drain();
            drained.map_err(|(what, error)| told(name, what, &error))
        })
    }
}
