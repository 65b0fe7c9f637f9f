//! The four streams of a card with their threads and buffers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use dqa_golden::packet::Direction;

use super::Tuning;
use super::board::{Stream, told};
use super::buffer::{Buffer, Pool, is_full};
use super::engine::{self, Event, Outgoing, Signals};
use crate::card::{LinkError, Piece};

/// How long nothing may come for streams to count as drained.
const QUIET: Duration = Duration::from_millis(30);
/// How long to wait for that, and for transfers to end.
const DRAIN: Duration = Duration::from_millis(500);
/// How long to wait for threads to end.
const END: Duration = Duration::from_millis(500);
/// A request that is none and gets an answer: it ends a read that waits.
const NUDGE: [u8; 16] = [0; 16];
/// Buffers that a writer should have: one that goes, one that is next.
const AHEAD: usize = 2;
/// Bytes that the next one should have: below, what a transfer takes beside its bytes decides.
const WORTH: usize = 1 << 18;
/// Bytes of a request from which on it is sent from where it is, and of a reader's smallest buffer.
const LARGE: usize = 1 << 16;

/// A transfer that failed: what it was, and why.
type Failed = (&'static str, io::Error);

/// The streams, open.
pub(super) struct Streams {
    lanes: [Lane; 2],
    events: Receiver<Event>,
    signals: Arc<Signals>,
    readers: Vec<JoinHandle<()>>,
    /// What had been sent when somebody last asked.
    seen: [u64; 2],
}

/// What a path's threads are given.
struct Lane {
    direction: Direction,
    /// Being filled.
    filling: Option<Buffer>,
    /// To be filled.
    free: Vec<Buffer>,
    /// Buffers that the writer has.
    queued: usize,
    /// What was given to the writer, counted.
    given: u64,
    writer: Sender<(u64, Outgoing)>,
    /// Of the reader.
    empty: Arc<Pool>,
    /// Bytes of the largest transfer.
    most: usize,
}

impl Lane {
    /// Takes what there is room for of a request from `at` on: a large part where it is, else a copy.
    fn take(&mut self, request: &Arc<Vec<u8>>, at: usize, epoch: u64) -> usize {
        let count = (request.len() - at).min(self.most);
        if count < LARGE {
            return self.fill(&request[at..], epoch);
        }
        self.flush(epoch);
        self.write(Outgoing::Part(Arc::clone(request), at..at + count), epoch);
        count
    }

    /// Takes a copy of what there is room for.
    fn fill(&mut self, mut bytes: &[u8], epoch: u64) -> usize {
        let before = bytes.len();
        while !bytes.is_empty() {
            let Some(mut buffer) = self.filling.take().or_else(|| self.free.pop()) else {
                break;
            };
            bytes = &bytes[buffer.fill(bytes)..];
            let full = buffer.is_full();
            self.filling = Some(buffer);
            if full {
                self.flush(epoch);
            }
        }
        before - bytes.len()
    }

    /// Sends what has been filled.
    fn flush(&mut self, epoch: u64) {
        if let Some(buffer) = self.filling.take() {
            self.queued += usize::from(self.write(Outgoing::Gathered(buffer), epoch));
        }
    }

    /// Gives the writer something, if it has not ended: then it has told why.
    fn write(&mut self, piece: Outgoing, epoch: u64) -> bool {
        let given = self.writer.send((epoch, piece)).is_ok();
        self.given += u64::from(given);
        given
    }

    /// Gives a buffer back to the reader, or a larger one where it was too small for what came.
    fn give(&mut self, mut buffer: Vec<u8>) {
        if is_full(&buffer) || buffer.capacity() < LARGE.min(self.most) {
            buffer = Vec::with_capacity(self.most);
        }
        buffer.clear();
        self.empty.put(buffer);
    }
}

impl Streams {
    /// Starts the threads.
    pub(super) fn new(
        name: &str,
        requests: [Arc<dyn Stream>; 2],
        answers: [Arc<dyn Stream>; 2],
        tuning: &Tuning,
    ) -> Result<Self, LinkError> {
        let signals = Arc::new(Signals::default());
        let (report, events) = mpsc::channel();
        let mut readers = Vec::new();
        let buffers = || 0..tuning.buffers.max(AHEAD);
        let mut lane = |path, direction, requests, answers| {
            let (writer, filled) = mpsc::channel();
            let to_read = buffers().map(|_| Vec::with_capacity(tuning.buffer));
            let empty = Arc::new(Pool::new(to_read.collect()));
            let (shared, events) = (Arc::clone(&signals), report.clone());
            engine::writer(path, requests, shared, filled, events)?;
            let (shared, events) = (Arc::clone(&signals), report.clone());
            let pool = Arc::clone(&empty);
            readers.push(engine::reader(path, answers, shared, pool, events)?);
            Ok(Lane {
                direction,
                filling: None,
                free: buffers().map(|_| Buffer::new(tuning.buffer)).collect(),
                queued: 0,
                given: 0,
                writer,
                empty,
                most: tuning.buffer,
            })
        };
        let [to_write, to_read] = requests;
        let [from_write, from_read] = answers;
        let failed = |error: io::Error| told(name, "starting a thread", &error);
        let lanes = [
            lane(0, Direction::Write, to_write, from_write).map_err(failed)?,
            lane(1, Direction::Read, to_read, from_read).map_err(failed)?,
        ];
        Ok(Self {
            lanes,
            events,
            signals,
            readers,
            seen: [0; 2],
        })
    }

    /// What was given to each path's writer, and what it has done.
    fn given(&self) -> [u64; 2] {
        self.lanes.each_ref().map(|lane| lane.given)
    }

    fn sent(&self) -> [u64; 2] {
        let sent = self.signals.sent.each_ref();
        sent.map(|sent| sent.load(Ordering::Acquire))
    }

    fn epoch(&self) -> u64 {
        self.signals.epoch.load(Ordering::Acquire)
    }

    /// Takes bytes of a path's request from `at` on, as many as there is room for.
    pub(super) fn send(&mut self, path: Direction, request: &Arc<Vec<u8>>, at: usize) -> usize {
        let epoch = self.epoch();
        let lane = self.lanes.iter_mut().find(|lane| lane.direction == path);
        lane.expect("both paths").take(request, at, epoch)
    }

    /// Hands on what comes within `wait`, or at once where something has come; whether a transfer ended.
    pub(super) fn receive(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Direction, Piece) -> Vec<u8>,
    ) -> Result<bool, Failed> {
        self.flush();
        let sent = self.sent();
        let sent_some = std::mem::replace(&mut self.seen, sent) != sent;
        let mut next = match wait.is_zero() {
            true => self.events.try_recv().ok(),
            false => self.events.recv_timeout(wait).ok(),
        };
        let moved = next.is_some() || sent_some;
        while let Some(event) = next {
            self.handle(event, take)?;
            self.flush();
            next = self.events.try_recv().ok();
        }
        Ok(moved)
    }

    /// Sends what gathers where its writer has nothing to do, or little and it is worth a transfer.
    fn flush(&mut self) {
        let epoch = self.epoch();
        for lane in &mut self.lanes {
            let filled = lane
                .filling
                .as_ref()
                .map_or(0, |buffer| buffer.bytes().len());
            if lane.queued == 0 || lane.queued < AHEAD && filled >= WORTH {
                lane.flush(epoch);
            }
        }
    }

    fn handle(
        &mut self,
        event: Event,
        take: &mut dyn FnMut(Direction, Piece) -> Vec<u8>,
    ) -> Result<(), Failed> {
        match event {
            Event::Sent(path, mut buffer) => {
                buffer.clear();
                self.lanes[path].queued -= 1;
                self.lanes[path].free.push(buffer);
            }
            Event::Came(path, came) => {
                let buffer = take(self.lanes[path].direction, came);
                self.lanes[path].give(buffer);
            }
            Event::Failed(what, error) => return Err((what, error)),
        }
        Ok(())
    }

    /// Drops what waits to be sent and what comes, until nothing comes any more. Errors on the way are
    /// dropped too, but for one that ended a thread.
    pub(super) fn drain(&mut self) -> Result<(), Failed> {
        self.signals.epoch.fetch_add(1, Ordering::AcqRel);
        for lane in &mut self.lanes {
            if let Some(mut buffer) = lane.filling.take() {
                buffer.clear();
                lane.free.push(buffer);
            }
        }
        let start = Instant::now();
        let mut last = Ok(());
        while start.elapsed() < DRAIN {
            match self.events.recv_timeout(QUIET) {
                Ok(event) => {
                    if let Err(failed) = self.handle(event, &mut |_, _| Vec::new()) {
                        last = Err(failed);
                    }
                }
                Err(_) if self.sent() == self.given() => break,
                Err(_) => {}
            }
        }
        match self.readers.iter().any(JoinHandle::is_finished) {
            true => last,
            false => Ok(()),
        }
    }
}

impl Drop for Streams {
    /// Ends the threads. A read that waits is ended by an answer to what is no request; where the core
    /// gives none, the driver's time ends it, and until then the card counts as in use.
    fn drop(&mut self) {
        self.signals.stop.store(true, Ordering::Release);
        self.lanes.iter().for_each(|lane| lane.empty.close());
        let epoch = self.signals.epoch.fetch_add(1, Ordering::AcqRel) + 1;
        for lane in &mut self.lanes {
            if let Some(mut buffer) = lane.filling.take().or_else(|| lane.free.pop()) {
                buffer.clear();
                buffer.fill(&NUDGE);
                lane.filling = Some(buffer);
                lane.flush(epoch);
            }
        }
        let start = Instant::now();
        while start.elapsed() < END && !self.readers.iter().all(JoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(1));
        }
    }
}
