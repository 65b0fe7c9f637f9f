//! Threads that keep a card's streams busy: one for each, since its calls wait.

use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::io::Errno;

use super::board::Stream;
use super::buffer::{Buffer, Pool, is_full};
use crate::card::Piece;

/// Empty answers in a row after which a stream counts as ended.
const EMPTY: u32 = 100;
/// Before trying again what failed.
const PAUSE: Duration = Duration::from_millis(1);

/// What a thread has done.
#[derive(Debug)]
pub(super) enum Event {
    /// What was gathered in this went to the path, or was dropped.
    Sent(usize, Buffer),
    /// This came from the path.
    Came(usize, Piece),
    /// A transfer failed.
    Failed(&'static str, io::Error),
}

/// Bytes of a transfer to the card.
#[derive(Debug)]
pub(super) enum Outgoing {
    /// Requests that were gathered.
    Gathered(Buffer),
    /// A part of a request, where that is.
    Part(Arc<Vec<u8>>, Range<usize>),
}

impl Outgoing {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Gathered(buffer) => buffer.bytes(),
            Self::Part(request, range) => &request[range.clone()],
        }
    }
}

/// What all threads of a link look at.
#[derive(Debug, Default)]
pub(super) struct Signals {
    /// Counts up when what waits to be sent is to be dropped.
    pub(super) epoch: AtomicU64,
    /// No more is to be read.
    pub(super) stop: AtomicBool,
    /// What the writer of each path has done, counted. Nobody waits for a part of a request to be sent, so that
    /// this is all that tells of it.
    pub(super) sent: [AtomicU64; 2],
}

/// Whether there is no use in calling again.
fn is_gone(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NODEV | Errno::NXIO | Errno::NOTCONN | Errno::CONNABORTED | Errno::BADF)
    )
}

/// Writes the pieces that come with the epoch they were taken in.
pub(super) fn writer(
    path: usize,
    stream: Arc<dyn Stream>,
    signals: Arc<Signals>,
    pieces: Receiver<(u64, Outgoing)>,
    events: Sender<Event>,
) -> io::Result<JoinHandle<()>> {
    let write = move || {
        for (epoch, piece) in pieces {
            let current = || signals.epoch.load(Ordering::Acquire) == epoch;
            if let Err(error) = write_all(&*stream, piece.bytes(), &current) {
                let _ = events.send(Event::Failed("writing to the card", error));
            }
            let gathered = match piece {
                Outgoing::Gathered(buffer) => Some(buffer),
                Outgoing::Part(..) => None,
            };
            signals.sent[path].fetch_add(1, Ordering::Release);
            if gathered.is_some_and(|buffer| events.send(Event::Sent(path, buffer)).is_err()) {
                return;
            }
        }
    };
    let name = format!("dqa-xdma-h2c-{path}");
    thread::Builder::new().name(name).spawn(write)
}

fn write_all(stream: &dyn Stream, mut bytes: &[u8], current: &dyn Fn() -> bool) -> io::Result<()> {
    while !bytes.is_empty() && current() {
        match stream.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count.min(bytes.len())..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads into the pool's buffers, until it is closed or the link stops.
pub(super) fn reader(
    path: usize,
    stream: Arc<dyn Stream>,
    signals: Arc<Signals>,
    empty: Arc<Pool>,
    events: Sender<Event>,
) -> io::Result<JoinHandle<()>> {
    let read = move || {
        while let Some(mut buffer) = empty.take() {
            let mut nothing = 0;
            loop {
                let read = stream.read(&mut buffer);
                if signals.stop.load(Ordering::Acquire) {
                    return;
                }
                match read {
                    Ok(1..) => break,
                    Ok(0) if nothing < EMPTY => nothing += 1,
                    Ok(0) => {
                        let ended = ErrorKind::UnexpectedEof.into();
                        let _ = events.send(Event::Failed("reading from the card", ended));
                        nothing = 0;
                    }
                    // The driver gives up on a read for which nothing came, which is no fault.
                    Err(error)
                        if matches!(
                            error.kind(),
                            ErrorKind::TimedOut | ErrorKind::Interrupted | ErrorKind::WouldBlock
                        ) => {}
                    Err(error) => {
                        let gone = is_gone(&error);
                        let told = events.send(Event::Failed("reading from the card", error));
                        if gone || told.is_err() {
                            return;
                        }
                    }
                }
                thread::sleep(PAUSE);
            }
            // Where it is full, the end may be yet to come.
            let came = match is_full(&buffer) {
                true => Piece::Bytes(buffer),
                false => Piece::new(buffer),
            };
            if events.send(Event::Came(path, came)).is_err() {
                return;
            }
        }
    };
    let name = format!("dqa-xdma-c2h-{path}");
    thread::Builder::new().name(name).spawn(read)
}
