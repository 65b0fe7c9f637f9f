//! A session with a board over a serial port: the state machine of `dqa_golden::link` with a port and a clock.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use dqa_golden::link::{self, Channel, Counts, Host, Operation, Response};
use dqa_golden::packet::Direction;

use super::PortName;
use super::wire::{Port, Wire};
use crate::card::{Limits, Link, LinkError, Piece};
use crate::registers::RegisterBus;

/// How long to wait in the port at most.
const SLICE: Duration = Duration::from_millis(1);
/// Bytes that may wait in the system to go out: what is decided late is decided better.
const IN_PORT: usize = 256;
/// Bytes of requests that wait in the link, of each path.
const QUEUE: usize = 16 << 10;
/// Rates at which a board is looked for that does not answer at the one given: those that ports have.
const RATES: [u32; 7] = [
    3_000_000, 2_000_000, 1_500_000, 1_000_000, 921_600, 460_800, 115_200,
];
/// How long it may take to answer at each.
const RATE_PATIENCE: Duration = Duration::from_millis(300);
const LIMITS: Limits = Limits {
    window: 4,
    answer: Duration::from_secs(10),
};

/// When to try again, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing(link::Timing);

impl Default for Timing {
    /// For ports of real boards: gives up after 6 seconds without an answer.
    fn default() -> Self {
        Self::within(Duration::from_millis(6350))
    }
}

impl Timing {
    /// Gives up after this time without an answer, after 10 tries.
    pub fn within(patience: Duration) -> Self {
        // The tries take 1, 2, 4, 8 and then 16 times as long as the first.
        let retry_us = patience.as_micros() / 127;
        Self(link::Timing {
            retry_us: u64::try_from(retry_us)
                .unwrap_or(u64::MAX)
                .clamp(1000, 1_000_000),
            tries: 10,
        })
    }
}

/// A board's registers and paths over a serial port.
#[derive(Debug)]
pub struct SerialLink {
    name: String,
    wire: Box<dyn Wire>,
    baud: u32,
    timing: link::Timing,
    host: Host,
    /// Bytes that the port has not taken.
    outgoing: VecDeque<u8>,
    /// The counts of the sessions before this one.
    counts: Counts,
    sessions: u64,
}

impl SerialLink {
    /// Opens the port and a session with the board behind it, which resets its core. Where none answers, it
    /// is looked for at other baud rates for 2 seconds.
    ///
    /// # Errors
    ///
    /// When the port cannot be opened, or no board answers.
    pub fn open(port: &PortName, timing: Timing) -> Result<Self, LinkError> {
        let wire = Port::new(port.open()?);
        let mut link = Self::unopened(Box::new(wire), port, timing);
        let error = match link.begin() {
            Ok(()) => return Ok(link),
            Err(error) => error,
        };
        let unheard = matches!(
            error,
            LinkError::NoBoard {
                error: link::LinkError::Silent | link::LinkError::Nonsense,
                ..
            }
        );
        match unheard.then(|| link.other_rate(port.baud)).flatten() {
            Some(baud) => Err(LinkError::Rate {
                name: link.name,
                answers: PortName {
                    baud,
                    ..port.clone()
                }
                .to_string(),
            }),
            None => Err(error),
        }
    }

    /// Opens a session over a wire of any kind, by the name of a port.
    ///
    /// # Errors
    ///
    /// When no board answers.
    pub fn over(wire: Box<dyn Wire>, port: &PortName, timing: Timing) -> Result<Self, LinkError> {
        let mut link = Self::unopened(wire, port, timing);
        link.begin()?;
        Ok(link)
    }

    fn unopened(wire: Box<dyn Wire>, port: &PortName, Timing(timing): Timing) -> Self {
        Self {
            name: port.to_string(),
            wire,
            baud: port.baud,
            timing,
            host: Host::new(1, timing, 0),
            outgoing: VecDeque::new(),
            counts: Counts::default(),
            sessions: 0,
        }
    }

    /// The rate at which a board answers, if not at this one.
    fn other_rate(&mut self, tried: u32) -> Option<u32> {
        let Timing(timing) = Timing::within(RATE_PATIENCE);
        self.timing = timing;
        RATES
            .into_iter()
            .find(|&rate| rate != tried && self.wire.set_baud(rate).is_ok() && self.begin().is_ok())
    }

    /// What happened on the link since it was opened.
    pub fn counts(&self) -> Counts {
        self.counts + self.host.counts()
    }

    /// Sessions since it was opened.
    pub fn sessions(&self) -> u64 {
        self.sessions
    }

    fn now_us(&self) -> u64 {
        u64::try_from(self.wire.now().as_micros()).unwrap_or(u64::MAX)
    }

    /// A session that has just begun, with nothing under way.
    fn begin(&mut self) -> Result<(), LinkError> {
        let random = RandomState::new().hash_one(self.now_us());
        self.counts = self.counts + self.host.counts();
        self.host = Host::new(random as u16, self.timing, self.now_us());
        self.outgoing.clear();
        // What waits to go out belongs to no session any more.
        self.wire.clear();
        self.sessions += 1;
        while !self.host.is_open() {
            self.step(SLICE, true)?;
        }
        Ok(())
    }

    /// Sends what can go, and takes what has come or comes within `wait`; whether anything came.
    fn step(&mut self, wait: Duration, waiting: bool) -> Result<bool, LinkError> {
        let more = self.write().map_err(|error| self.gone(&error))?;
        let wait = more.map_or(wait, |soon| soon.min(wait));
        let mut bytes = [0; 4096];
        let count = self
            .wire
            .read(&mut bytes, wait)
            .map_err(|error| self.gone(&error))?;
        let now = self.now_us();
        self.host.receive(&bytes[..count], now);
        self.host.tick(now, waiting);
        match self.host.error() {
            None => Ok(count > 0),
            Some(error) => Err(self.failed(error)),
        }
    }

    /// Sends what can go. Where the port has as much as it should, says when to look again.
    fn write(&mut self) -> io::Result<Option<Duration>> {
        loop {
            if self.outgoing.is_empty() {
                let excess = self.wire.waiting().saturating_sub(IN_PORT);
                if excess > 0 {
                    let bits = 10.0 * excess as f64;
                    return Ok(Some(Duration::from_secs_f64(bits / f64::from(self.baud))));
                }
                let Some(frame) = self.host.transmit() else {
                    return Ok(None);
                };
                self.outgoing.extend(frame);
            }
            match self.wire.write(self.outgoing.make_contiguous())? {
                0 => return Ok(Some(SLICE)),
                count => drop(self.outgoing.drain(..count)),
            }
        }
    }

    fn gone(&self, error: &io::Error) -> LinkError {
        LinkError::Gone {
            name: self.name.clone(),
            remedy: format!("plug the board in again, then start anew ({error})"),
        }
    }

    fn failed(&self, error: link::LinkError) -> LinkError {
        let name = self.name.clone();
        match error {
            link::LinkError::TakenOver => LinkError::Busy { name },
            link::LinkError::Silent | link::LinkError::Nonsense | link::LinkError::Version(_) => {
                LinkError::NoBoard { name, error }
            }
            link::LinkError::Reset | link::LinkError::Gone => LinkError::Session { name, error },
        }
    }

    /// Waits until there are so many bytes of the register channel.
    fn answers(&mut self, count: usize) -> Result<Vec<u8>, LinkError> {
        let mut moved = (self.host.moved(), self.wire.now());
        loop {
            let received = self.host.received(Channel::Registers);
            if received.len() >= count {
                return Ok(received.drain(..count).collect());
            }
            self.step(SLICE, true)?;
            if self.host.moved() != moved.0 {
                moved = (self.host.moved(), self.wire.now());
            }
            if self.wire.now() - moved.1 > LIMITS.answer {
                return Err(LinkError::Timeout {
                    name: self.name.clone(),
                    after: LIMITS.answer,
                    state: "the board answers, but does no operation on registers".into(),
                });
            }
        }
    }

    fn operate(&mut self, operation: &Operation) {
        self.host.send(Channel::Registers, &operation.to_bytes());
    }
}

fn channel(path: Direction) -> Channel {
    match path {
        Direction::Write => Channel::Encode,
        Direction::Read => Channel::Decode,
    }
}

impl RegisterBus for SerialLink {
    type Error = LinkError;

    fn read(&mut self, offset: u16) -> Result<u32, LinkError> {
        let operation = Operation::Read { address: offset };
        self.operate(&operation);
        let bytes = self.answers(operation.answer_bytes())?;
        match Response::from_bytes(&bytes) {
            Some(Response { code: 0, word }) => Ok(word),
            _ => Err(LinkError::Register {
                name: self.name.clone(),
                offset,
            }),
        }
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), LinkError> {
        self.write_all(&[(offset, word)])
    }
}

impl Link for SerialLink {
    fn name(&self) -> &str {
        &self.name
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn now(&self) -> Duration {
        self.wire.now()
    }

    fn write_all(&mut self, writes: &[(u16, u32)]) -> Result<(), LinkError> {
        let mut offsets = Vec::new();
        for same in writes.chunk_by(|a, b| a.0 == b.0) {
            for words in same.chunks(256) {
                self.operate(&Operation::Write {
                    address: words[0].0,
                    words: words.iter().map(|write| write.1).collect(),
                });
                offsets.push(words[0].0);
            }
        }
        let codes = self.answers(offsets.len())?;
        match codes.iter().position(|&code| code != 0) {
            None => Ok(()),
            Some(at) => Err(LinkError::Register {
                name: self.name.clone(),
                offset: offsets[at],
            }),
        }
    }

    fn send(
        &mut self,
        path: Direction,
        request: &Arc<Vec<u8>>,
        at: usize,
    ) -> Result<usize, LinkError> {
        let channel = channel(path);
        let room = QUEUE.saturating_sub(self.host.unsent(channel));
        let bytes = &request[at..];
        let bytes = &bytes[..bytes.len().min(room)];
        if at == 0 && !bytes.is_empty() {
            let length = u32::try_from(request.len()).map_err(|_| LinkError::Failed {
                name: self.name.clone(),
                what: "sending a request".into(),
                reason: "it has 4 GiB or more".into(),
                remedy: "make packets of fewer planes".into(),
            })?;
            self.host.send(channel, &length.to_le_bytes());
        }
        self.host.send(channel, bytes);
        Ok(bytes.len())
    }

    fn receive(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Direction, Piece) -> Vec<u8>,
    ) -> Result<bool, LinkError> {
        let (start, before) = (self.wire.now(), self.host.moved());
        loop {
            let mut came = false;
            for path in [Direction::Write, Direction::Read] {
                let received = self.host.received(channel(path));
                if !received.is_empty() {
                    take(path, Piece::Bytes(std::mem::take(received).into()));
                    came = true;
                }
            }
            let left = wait.saturating_sub(self.wire.now() - start);
            // There is room for more of a request again.
            let drained = self.host.moved() != before
                && [Channel::Encode, Channel::Decode]
                    .iter()
                    .any(|&channel| (1..QUEUE / 2).contains(&self.host.unsent(channel)));
            if came || left.is_zero() || drained {
                return Ok(came || self.host.moved() != before);
            }
            self.step(left, true)?;
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.begin()
    }
}
