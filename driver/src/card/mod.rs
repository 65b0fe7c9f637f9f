//! A board with a `dqa_core`, over any [`Link`]: what makes it a [`Transport`].
//!
//! ```text
//! Transport: contexts 0 to 255, any sequence numbers
//!    |  Card: two contexts a path, numbers of its own, reset and retry
//! Link: registers, requests out, bytes of answers in
//! ```
//!
//! A [`Card`] identifies the core, loads contexts through its registers as requests ask for them, never
//! one that is in use, and keeps requests until they are answered. Where an answer is damaged, refused
//! or does not come, it resets the core softly, loads what that has lost, and sends again what has no
//! answer. Answers depend on their request and its context alone, so nothing is done twice.
//!
//! An error that comes again is handed on: one that the core tells about a request as that request's
//! answer; one of the link, after three resets, as the answer of all that are in flight. So a core that
//! is hung is told after four times [`Limits::answer`]. The card then begins anew with the next request.

mod answers;
mod link;
mod request;
mod slots;
mod spares;

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use dqa_golden::context::Context;
use dqa_golden::packet::{Direction, PacketError, Status};
use dqa_hdl::identification::Identification;
use dqa_hdl::registers::{contexts, control, status};

use crate::transport::{Capabilities, Largest, Operations, Transport, TransportError};
use answers::{Answers, Numbered};
pub(crate) use link::opened;
pub use link::{Limits, Link, LinkError, Piece};
use request::{Loaded, Request, judge};
use slots::{Path, SLOTS};
use spares::{Spares, fitted};

const CONTEXTS: u16 = 256;
/// Resets in a row without an answer between.
const TRIES: u32 = 3;
/// How long to wait in the link before looking at the time.
const SLICE: Duration = Duration::from_millis(20);

/// A core behind a link.
///
/// Dropped with requests in flight, it leaves them: opening the core again resets it.
#[derive(Debug)]
pub struct Card<L> {
    link: L,
    identification: Identification,
    capabilities: Capabilities,
    /// By the host's ids.
    contexts: Vec<Option<Arc<Loaded>>>,
    loads: u64,
    paths: [Path; 2],
    answers: [Answers; 2],
    spares: Spares,
    entries: VecDeque<Entry>,
    /// Of each path's last request: a core checks that a path's numbers count up by one.
    sequences: [u32; 2],
    /// Resets since the last answer.
    tries: u32,
    /// When a byte moved last, by the link's clock.
    moved: Duration,
    /// Why the link is to be opened anew.
    failed: Option<LinkError>,
    /// The core still has requests that nobody waits for.
    abandoned: bool,
    resets: u64,
}

/// A request in flight, by the host's count.
#[derive(Debug)]
enum Entry {
    Waiting(Request),
    Done(Result<Vec<u8>, TransportError>),
}

/// Why an answer is none.
enum Fault {
    Link(LinkError),
    /// What came for the oldest request of a path; the core is to be reset.
    Answer(PacketError),
    /// An answer is missing before the one that came.
    Lost,
}

impl From<LinkError> for Fault {
    fn from(error: LinkError) -> Self {
        Self::Link(error)
    }
}

/// How often a status is taken for the link's fault: what is sent again may get another one. Those of a
/// core's own go before the CRC's, so a damaged payload may have them too.
fn times(status: Status) -> u32 {
    match status {
        Status::Operation => 0,
        Status::InputEnded | Status::InputTooLong | Status::NoCode | Status::Command => 2,
        _ => TRIES,
    }
}

/// Bytes that the next answer of a path may have: 0 where that is not known.
fn expected(entries: &VecDeque<Entry>, path: Direction) -> usize {
    let mut answers = entries.iter().filter_map(|entry| match entry {
        Entry::Waiting(request) if request.path == path => Some(request.answer_len()),
        _ => None,
    });
    answers.next().unwrap_or(0)
}

fn index(path: Direction) -> usize {
    match path {
        Direction::Write => 0,
        Direction::Read => 1,
    }
}

impl<L: Link> Card<L> {
    /// Identifies the core and makes it ready, whatever it did before.
    pub fn open(mut link: L) -> Result<Self, LinkError> {
        let identification = link.identify()?;
        let program = Identification::new(identification.parameters, identification.features);
        let breaking = |[major, minor, _]: [u8; 3]| (major, if major == 0 { minor } else { 0 });
        if breaking(identification.version) != breaking(program.version) {
            let text = |v: [u8; 3]| v.map(|part| part.to_string()).join(".");
            return Err(LinkError::Version {
                name: link.name().to_owned(),
                core: text(identification.version),
                program: text(program.version),
            });
        }
        let parameters = &identification.parameters;
        let capabilities = Capabilities {
            name: link.name().to_owned(),
            lanes: vec![parameters.lanes.to_le_bytes()[0]],
            contexts: CONTEXTS,
            channels: u32::try_from(parameters.channels).unwrap_or(u32::MAX),
            window: link.limits().window,
            operations: Operations {
                encode: parameters.paths.has(Direction::Write),
                decode: parameters.paths.has(Direction::Read),
                scan: parameters.scan,
            },
            largest: Largest {
                bits: parameters.max_bits,
                extra: parameters.max_extra,
                code_length: parameters.max_code_length,
            },
        };
        let mut card = Self {
            link,
            identification,
            capabilities,
            contexts: vec![None; CONTEXTS.into()],
            loads: 0,
            paths: Path::both(),
            answers: Default::default(),
            spares: Spares::default(),
            entries: VecDeque::new(),
            // What an earlier program left unread has other numbers, by all odds.
            sequences: [(); 2].map(|()| {
                let random = RandomState::new().hash_one(()).to_le_bytes();
                random[..4].try_into().map_or(0, u32::from_le_bytes)
            }),
            tries: 0,
            moved: Duration::ZERO,
            failed: None,
            abandoned: false,
            resets: 0,
        };
        card.reset()?;
        card.link.write(contexts::REGISTER.offset, 0)?;
        card.link.set(control::CHECK_SEQUENCE, 1)?;
        Ok(card)
    }

    /// What the core is.
    pub fn identification(&self) -> &Identification {
        &self.identification
    }

    /// How often the core was reset to repair something, since it was opened.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// The link, for what is not said here.
    pub fn link(&mut self) -> &mut L {
        &mut self.link
    }

    /// Gives the link back; what is in flight is left to it.
    pub fn close(self) -> L {
        self.link
    }

    /// Requests without an answer.
    fn waiting(&self) -> impl DoubleEndedIterator<Item = &Request> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Waiting(request) => Some(request),
            Entry::Done(_) => None,
        })
    }

    /// Puts a context into a slot of its path, if one is free or holds it.
    fn place(&mut self, at: Direction, loaded: &Loaded) -> Result<Option<usize>, TransportError> {
        let in_use = |slot| {
            let mut requests = self.waiting();
            requests.any(|request| request.path == at && request.slot == slot)
        };
        let in_use: [bool; SLOTS] = std::array::from_fn(in_use);
        let path = &mut self.paths[index(at)];
        if let Some(slot) = path.find(loaded.key) {
            return Ok(Some(slot));
        }
        let Some(slot) = path.free(in_use) else {
            return Ok(None);
        };
        let (key, context) = (loaded.key, &loaded.context);
        let writes = path.writes(&self.identification.parameters, context)?;
        path.load(&mut self.link, &writes, slot, key, context)?;
        Ok(Some(slot))
    }

    /// The slot for a request's context; waits for answers where both are taken.
    fn slot(&mut self, request: &Request) -> Result<usize, TransportError> {
        loop {
            match self.place(request.path, &request.context) {
                Ok(Some(slot)) => return Ok(slot),
                Ok(None) => self.step(SLICE),
                Err(TransportError::Link(error)) => self.repair(Fault::Link(error)),
                Err(error) => return Err(error),
            }
            if let Some(error) = &self.failed {
                return Err(error.clone().into());
            }
        }
    }

    /// Sends, receives, and repairs what goes wrong.
    fn step(&mut self, wait: Duration) {
        let limit = self.link.limits().answer;
        match self.pump(wait) {
            Ok(true) => self.moved = self.link.now(),
            Ok(false) if self.link.now() - self.moved > limit => {
                let error = LinkError::Timeout {
                    name: self.link.name().to_owned(),
                    after: limit,
                    state: self.state(),
                };
                self.repair(error.into());
            }
            Ok(false) => {}
            Err(fault) => self.repair(fault),
        }
    }

    /// Moves what can be moved; whether anything was.
    fn pump(&mut self, wait: Duration) -> Result<bool, Fault> {
        let mut moved = false;
        let mut full = [false; 2];
        for entry in &mut self.entries {
            let Entry::Waiting(request) = entry else {
                continue;
            };
            let full = &mut full[index(request.path)];
            while !*full && request.sent < request.bytes.len() {
                let took = self.link.send(request.path, &request.bytes, request.sent)?;
                request.sent += took;
                *full = took == 0;
                moved |= took > 0;
            }
        }
        let mut packets = Vec::new();
        let (answers, spares, entries) = (&mut self.answers, &mut self.spares, &self.entries);
        let received = self.link.receive(wait, &mut |path, piece| {
            let buffer = |bytes| spares.take(expected(entries, path).max(bytes));
            answers[index(path)].read(piece, buffer, |packet| packets.push((path, packet)))
        });
        // What came before an error counts.
        for (path, packet) in packets {
            self.arrived(path, packet)?;
        }
        Ok(received? || moved)
    }

    /// Takes an answer to the oldest request of a path.
    fn arrived(&mut self, path: Direction, (number, packet): Numbered) -> Result<(), Fault> {
        let oldest = self.entries.iter_mut().find_map(|entry| match entry {
            Entry::Waiting(request) if request.path == path => Some(entry),
            _ => None,
        });
        // What nobody asked for was left behind by a program before this one.
        let Some(entry) = oldest else {
            return Ok(());
        };
        let Entry::Waiting(request) = entry else {
            unreachable!("it was found as waiting")
        };
        let ahead = number.wrapping_sub(request.sequence).cast_signed();
        let answer = match packet {
            // One from before a reset.
            Ok(_) | Err(PacketError::Status(_)) if ahead < 0 => return Ok(()),
            Ok(_) if ahead > 0 => return Err(Fault::Lost),
            Ok(packet) => Ok(request.answer(packet).ok_or(Fault::Lost)?),
            Err(PacketError::Status(status)) => {
                // What the host sent damaged is its own fault, in golden's words.
                let own = request.check();
                request.refused += 1;
                if ahead != 0 || own.is_ok() && request.refused <= times(status) {
                    if matches!(
                        status,
                        Status::UndefinedClass | Status::NoContext | Status::ContextMismatch
                    ) {
                        self.paths[index(path)].forget();
                    }
                    return Err(Fault::Answer(PacketError::Status(status)));
                }
                Err(own.err().unwrap_or(PacketError::Status(status)).into())
            }
            Err(error) => return Err(Fault::Answer(error)),
        };
        let answer = answer.map(fitted);
        if let Entry::Waiting(request) = std::mem::replace(entry, Entry::Done(answer)) {
            // Unless the link has not heard yet that it is sent.
            if let Some(bytes) = Arc::into_inner(request.bytes) {
                self.spares.put(bytes);
            }
        }
        self.answers[index(path)].in_step = true;
        self.tries = 0;
        Ok(())
    }

    /// Makes link and core ready again and sends what has no answer, or gives up.
    fn repair(&mut self, mut fault: Fault) {
        loop {
            self.tries += 1;
            let name = || self.link.name().to_owned();
            let tries = self.tries;
            let (most, error) = match fault {
                Fault::Link(error) if error.is_final() => (0, error),
                Fault::Link(error) => (TRIES, error),
                Fault::Lost => (
                    TRIES,
                    LinkError::Lost {
                        name: name(),
                        tries,
                    },
                ),
                Fault::Answer(error) => {
                    let name = name();
                    (TRIES, LinkError::Answer { name, tries, error })
                }
            };
            if tries > most {
                return self.fail(&error);
            }
            match self.resume() {
                Ok(()) => return,
                Err(error) => fault = Fault::Link(error),
            }
        }
    }

    /// All that is in flight ends with this error; the next request begins anew.
    fn fail(&mut self, error: &LinkError) {
        for entry in &mut self.entries {
            if matches!(entry, Entry::Waiting(_)) {
                *entry = Entry::Done(Err(error.clone().into()));
            }
        }
        self.failed = Some(error.clone());
    }

    /// Resets, loads the contexts that requests need, and has these sent again.
    fn resume(&mut self) -> Result<(), LinkError> {
        self.resets += 1;
        self.reset()?;
        for entry in &mut self.entries {
            let Entry::Waiting(request) = entry else {
                continue;
            };
            let path = &mut self.paths[index(request.path)];
            let Loaded { key, context } = &*request.context;
            if path.find(*key) != Some(request.slot) {
                let writes = path.writes(&self.identification.parameters, context);
                let writes = writes.expect("it was loaded before");
                path.load(&mut self.link, &writes, request.slot, *key, context)?;
            }
            request.renumber(&mut self.sequences[index(request.path)]);
        }
        self.moved = self.link.now();
        Ok(())
    }

    /// Link and core at the start of a packet on all streams, with what contexts are left.
    fn reset(&mut self) -> Result<(), LinkError> {
        // The first reset frees a core that waits for the rest of a request, and what that held back
        // in the link runs into it. The second one clears this away.
        for _ in 0..2 {
            self.link.reset()?;
            self.link.set(control::SOFT_RESET, 1)?;
            let (start, limit) = (self.link.now(), self.link.limits().answer);
            while self.link.read(status::REGISTER.offset)? != 0 {
                if self.link.now() - start > limit {
                    return Err(LinkError::Timeout {
                        name: self.link.name().to_owned(),
                        after: limit,
                        state: self.state(),
                    });
                }
            }
        }
        self.answers = Default::default();
        let valid = self.link.read(contexts::REGISTER.offset)?;
        self.paths.iter_mut().for_each(|path| path.keep(valid));
        Ok(())
    }

    /// What the registers tell about paths that do not go on; clears the sticky bits.
    fn state(&mut self) -> String {
        let mut parts = Vec::new();
        let busy = match self.link.read(status::REGISTER.offset) {
            Ok(busy) => busy,
            Err(error) => return format!("and its registers cannot be read: {error}"),
        };
        for (path, field) in self
            .paths
            .iter()
            .zip([status::ENCODER_BUSY, status::DECODER_BUSY])
        {
            let name = match path.direction {
                Direction::Write => "write",
                Direction::Read => "read",
            };
            let waiting = self.entries.iter().filter(
                |entry| matches!(entry, Entry::Waiting(request) if request.path == path.direction),
            );
            let (waiting, busy) = (waiting.count(), field.get(busy) == 1);
            parts.push(format!(
                "{waiting} requests on the {name} path, which is {}",
                if busy { "inside one" } else { "idle" }
            ));
            let offset = path.errors.offset;
            if let Ok(seen @ 1..) = self.link.read(offset) {
                let _ = self.link.write(offset, seen);
                let codes = (1..16).filter(|code| seen >> code & 1 == 1);
                let codes: Vec<_> = codes.map(|code: u32| code.to_string()).collect();
                parts.push(format!("statuses seen: {}", codes.join(", ")));
            }
        }
        parts.join("; ")
    }
}

impl<L: Link> Transport for Card<L> {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The core loads it when a request asks for it.
    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError> {
        self.identification.parameters.admit(context)?;
        self.loads += 1;
        self.contexts[usize::from(id)] = Some(Arc::new(Loaded {
            key: self.loads,
            context: context.clone(),
        }));
        Ok(())
    }

    /// Waits for answers where the request needs a third context on its path.
    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError> {
        if self.entries.len() >= self.capabilities.window {
            return Err(TransportError::WindowFull(self.capabilities.window));
        }
        if self.failed.is_some() {
            // It may be another board by now.
            if self.link.identify()? != self.identification {
                return Err(LinkError::Changed {
                    name: self.link.name().to_owned(),
                }
                .into());
            }
            self.reset()?;
            self.paths.iter_mut().for_each(Path::forget);
            self.failed = None;
            self.tries = 0;
        } else if self.abandoned {
            self.reset()?;
        }
        self.abandoned = false;
        if self.waiting().next().is_none() {
            self.moved = self.link.now();
        }
        let entry = match judge(&request, &self.contexts) {
            Err(error) => Entry::Done(Err(error.into())),
            // The core would drop it, or a scan cost a round trip.
            Ok((header, _)) if !self.capabilities.operations.has(header.operation) => {
                Entry::Done(Err(TransportError::Lacks {
                    name: self.capabilities.name.clone(),
                    operation: header.operation,
                }))
            }
            Ok((header, context)) => {
                let mut request = Request::new(request, header, context);
                request.slot = self.slot(&request)?;
                request.renumber(&mut self.sequences[index(request.path)]);
                Entry::Waiting(request)
            }
        };
        self.entries.push_back(entry);
        self.step(Duration::ZERO);
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        while !self.wait(SLICE) {}
        match self.entries.pop_front() {
            Some(Entry::Done(answer)) => answer,
            _ => Err(TransportError::NothingInFlight),
        }
    }

    fn wait(&mut self, patience: Duration) -> bool {
        let begin = Instant::now();
        while let Some(Entry::Waiting(_)) = self.entries.front() {
            if begin.elapsed() >= patience {
                return false;
            }
            self.step(SLICE);
        }
        true
    }

    fn in_flight(&self) -> usize {
        self.entries.len()
    }

    /// At once; the next request resets the core.
    fn abandon(&mut self) {
        let under_way = self.waiting().next().is_some();
        self.abandoned |= under_way;
        self.entries.clear();
    }
}
