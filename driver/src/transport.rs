//! What every device looks like to the host: contexts in, packets in, answers out.

use std::time::Duration;

use dqa_golden::context::Context;
use dqa_golden::format::{MAX_BITS, MAX_EXTRA};
use dqa_golden::packet::{self, Operation, PacketError};
use dqa_golden::table::MAX_LIMIT;
use dqa_hdl::parameters::Misfit;

use crate::card::LinkError;
use crate::error::Error;
use crate::observer::{Observer, advance};

/// How long a [`Pipeline`] waits before it asks whether it is to go on.
const PATIENCE: Duration = Duration::from_millis(200);

/// A device that answers packets, reached over some link.
///
/// A request is a plain packet of any operation; its answer is the packet that
/// [`dqa_golden::packet::answer`] defines, bit for bit, plain or streamed as the device sends it:
/// [`packet::plain`] makes it plain, as [`Pipeline`] does. Up to [`window`](Capabilities::window) requests
/// are in flight at once, and answers come in the order of their requests.
pub trait Transport: Send {
    /// What the device is and can do.
    fn capabilities(&self) -> &Capabilities;

    /// Loads a context under an id. Requests submitted before keep the context they had.
    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError>;

    /// Sends a request. [`TransportError::WindowFull`] leaves it unsent.
    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError>;

    /// Waits for the answer to the oldest request in flight: the whole packet, plain or streamed.
    ///
    /// An error of that one request leaves the others in flight.
    fn receive(&mut self) -> Result<Vec<u8>, TransportError>;

    /// Waits for that answer, but for about `patience` at most where a device can take long: whether
    /// [`receive`](Self::receive) has something to say at once.
    fn wait(&mut self, patience: Duration) -> bool {
        let _ = patience;
        true
    }

    /// Requests in flight.
    fn in_flight(&self) -> usize;

    /// Drops the requests in flight, so that the device is ready for others. Waits for their answers where
    /// a device cannot stop.
    fn abandon(&mut self) {
        while self.in_flight() > 0 {
            let before = self.in_flight();
            let _ = self.receive();
            if self.in_flight() == before {
                return; // a device that is gone
            }
        }
    }
}

/// What a device is and can do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Capabilities {
    /// A name for people.
    pub name: String,
    /// Lane counts that it takes.
    pub lanes: Vec<u8>,
    /// Contexts that it holds at once.
    pub contexts: u16,
    /// Rows of its channel table.
    pub channels: u32,
    /// Requests that may be in flight at once, at least 1.
    pub window: usize,
    /// Requests that it answers.
    pub operations: Operations,
    /// What contexts may ask for at most.
    pub largest: Largest,
}

/// Operations that a device has; others are refused with [`TransportError::Lacks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Operations {
    /// Samples to code words.
    pub encode: bool,
    /// Code words to samples.
    pub decode: bool,
    /// Ranges of channels and histograms.
    pub scan: bool,
}

impl Operations {
    /// All that there are.
    pub const ALL: Self = Self {
        encode: true,
        decode: true,
        scan: true,
    };

    /// Whether this one is among them.
    pub fn has(self, operation: Operation) -> bool {
        match operation {
            Operation::Encode => self.encode,
            Operation::Decode => self.decode,
            Operation::Scan => self.scan,
        }
    }
}

/// Largest n and m and longest code, in bits, of the contexts that a device takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Largest {
    /// n.
    pub bits: u8,
    /// m.
    pub extra: u8,
    /// Longest code.
    pub code_length: u8,
}

impl Largest {
    /// What the format allows.
    pub const LEGAL: Self = Self {
        bits: MAX_BITS,
        extra: MAX_EXTRA,
        code_length: MAX_LIMIT,
    };
}

/// Why a device did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum TransportError {
    #[error(transparent)]
    Packet(#[from] PacketError),
    #[error("all {0} places for requests in flight are taken: receive an answer first")]
    WindowFull(usize),
    #[error("no request is in flight: submit one before receiving")]
    NothingInFlight,
    #[error("{name} has no context {id}: use ids below {contexts}")]
    ContextId { name: String, id: u8, contexts: u16 },
    #[error(
        "{name} has no {part}, so it does not {verb}: {verb} with --device software:, to the same bytes, or \
         generate the core anew, gen-verilog {option}",
        part = words(*.operation)[0],
        verb = words(*.operation)[1],
        option = words(*.operation)[2]
    )]
    Lacks { name: String, operation: Operation },
    #[error(transparent)]
    Misfit(#[from] Misfit),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error("the device failed: {0}")]
    Device(String),
    #[error("the device stopped while it worked on a request")]
    Stopped,
    #[error("the device's answer does not go with its request: reset the device and try again")]
    WrongAnswer,
}

/// What an operation takes, what it is called, and how a core that has it is generated.
fn words(operation: Operation) -> [&'static str; 3] {
    match operation {
        Operation::Encode => ["path to encode", "encode", "with --paths encode or both"],
        Operation::Decode => ["path to decode", "decode", "with --paths decode or both"],
        Operation::Scan => ["scanner", "scan", "without --no-scan"],
    }
}

/// Keeps as many requests in flight as the device takes and hands each answer on, plain and in
/// order. While it waits, its observer may stop it.
///
/// Dropped early, it [abandons](Transport::abandon) what is in flight, so that the device is ready for
/// other work.
pub struct Pipeline<'a, F> {
    transport: &'a mut dyn Transport,
    observer: &'a dyn Observer,
    on_answer: F,
}

impl<'a, F: FnMut(Vec<u8>) -> Result<(), Error>> Pipeline<'a, F> {
    /// A pipeline over a device with nothing in flight.
    pub fn new(transport: &'a mut dyn Transport, observer: &'a dyn Observer, on_answer: F) -> Self {
        Self {
            transport,
            observer,
            on_answer,
        }
    }

    /// Sends a request; hands an earlier answer on where the device takes no more at once.
    pub fn push(&mut self, request: Vec<u8>) -> Result<(), Error> {
        if self.transport.in_flight() >= self.transport.capabilities().window {
            self.answer()?;
        }
        Ok(self.transport.submit(request)?)
    }

    /// Loads a context for the requests that follow.
    pub fn load_context(&mut self, id: u8, context: &Context) -> Result<(), Error> {
        Ok(self.transport.load_context(id, context)?)
    }

    /// Waits for all answers.
    pub fn finish(mut self) -> Result<(), Error> {
        while self.transport.in_flight() > 0 {
            self.answer()?;
        }
        Ok(())
    }

    fn answer(&mut self) -> Result<(), Error> {
        while !self.transport.wait(PATIENCE) {
            advance(self.observer, 0)?;
        }
        let answer = packet::plain(self.transport.receive()?);
        (self.on_answer)(answer.map_err(TransportError::from)?)
    }
}

impl<F> Drop for Pipeline<'_, F> {
    fn drop(&mut self) {
        if self.transport.in_flight() > 0 {
            self.transport.abandon();
        }
    }
}
