//! What is behind a simulated card's streams.

use dqa_golden::packet::Direction;
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Device, SimError};

/// Clocks between looks at what came out.
const CLOCKS: u64 = 500;

/// Bytes of a beat of a path's requests, in a core of these parameters.
pub(super) fn beat(parameters: &Parameters, path: Direction) -> usize {
    match path {
        Direction::Write => 2 * parameters.lanes,
        Direction::Read => parameters.word_bits() / 8,
    }
}

/// A path's place.
pub(super) fn index(path: Direction) -> usize {
    match path {
        Direction::Write => 0,
        Direction::Read => 1,
    }
}

/// A core: registers, whole beats of requests in, answers out.
pub trait Core: Send {
    /// Bytes of a beat of a path's requests.
    fn beat(&self, path: Direction) -> usize;

    /// Reads a register; all ones where there is none, as on PCIe.
    fn read(&mut self, offset: u16) -> Result<u32, SimError>;

    /// Writes a register.
    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError>;

    /// Takes beats of a request; `last` with its end.
    fn send(&mut self, path: Direction, bytes: &[u8], last: bool);

    /// Bytes that wait to go in.
    fn waiting(&self, path: Direction) -> usize;

    /// The next answer that is complete.
    fn answer(&mut self, path: Direction) -> Option<Vec<u8>>;

    /// Takes the buffer of an answer back, for another one.
    fn reuse(&mut self, _answer: Vec<u8>) {}

    /// Lets time pass; whether anything moved.
    fn run(&mut self) -> Result<bool, SimError>;

    /// Forgets what waits: it has been soft-reset.
    fn clear(&mut self);
}

impl Core for Device {
    fn beat(&self, path: Direction) -> usize {
        self.beat_bytes(path)[0]
    }

    fn read(&mut self, offset: u16) -> Result<u32, SimError> {
        Ok(Device::read(self, offset)?.unwrap_or(u32::MAX))
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError> {
        Device::write(self, offset, word).map(|_| ())
    }

    fn send(&mut self, path: Direction, bytes: &[u8], last: bool) {
        Device::send(self, path, bytes, last);
    }

    fn waiting(&self, path: Direction) -> usize {
        let [write, _, read, _] = self.beats();
        self.beat(path)
            * match path {
                Direction::Write => write,
                Direction::Read => read,
            }
    }

    fn answer(&mut self, path: Direction) -> Option<Vec<u8>> {
        Device::answer(self, path)
    }

    fn run(&mut self) -> Result<bool, SimError> {
        let before = self.beats();
        Device::run(self, CLOCKS)?;
        Ok(self.beats() != before)
    }

    fn clear(&mut self) {
        Device::clear(self);
    }
}
