//! The card's nodes in the same process.

use std::io;
use std::sync::Arc;

use rustix::io::Errno;

use super::SimulatedCard;
use crate::card::LinkError;
use crate::xdma::{Board, Nodes, Registers, Stream};

/// One direction of a path, open in this process.
struct Open {
    card: SimulatedCard,
    path: usize,
    /// Of a stream of answers.
    handle: Option<u64>,
}

impl Stream for Open {
    fn read(&self, into: &mut Vec<u8>) -> io::Result<usize> {
        let handle = self.handle.ok_or(Errno::BADF)?;
        let room = into.capacity() - into.len();
        let taken = self.card.read_answers(self.path, handle, room)?;
        let count = taken.len();
        into.extend_from_slice(&taken);
        self.card.reuse(taken);
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.card.write_requests(self.path, bytes)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(handle) = self.handle {
            self.card.close_answers(self.path, handle);
        }
    }
}

impl Registers for SimulatedCard {
    fn read(&mut self, offset: u16) -> io::Result<u32> {
        self.read_register(offset)
    }

    fn write(&mut self, offset: u16, word: u32) -> io::Result<()> {
        self.write_register(offset, word)
    }
}

const NAME: &str = "simulated card";

impl Board for SimulatedCard {
    fn name(&self) -> &str {
        NAME
    }

    fn open(&self) -> Result<Nodes, LinkError> {
        let stream = |path, handle| {
            let card = self.clone();
            Arc::new(Open { card, path, handle }) as Arc<dyn Stream>
        };
        // What is open is closed again where the second one fails.
        let answers = |path| {
            let handle = self.open_answers(path);
            let handle = handle.map_err(|error| crate::xdma::told(NAME, "opening", &error))?;
            Ok::<_, LinkError>(stream(path, Some(handle)))
        };
        Ok(Nodes {
            answers: [answers(0)?, answers(1)?],
            requests: [stream(0, None), stream(1, None)],
            registers: Box::new(self.clone()),
        })
    }
}
