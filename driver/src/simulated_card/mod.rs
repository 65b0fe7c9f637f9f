//! A card that is not there: what its driver's nodes do, with a core in this process behind them.
//!
//! ```text
//! write -> transfers -> cutter -> core -> answers -> read
//! ```
//!
//! Calls wait as the driver's do, and come back with its errors. The [`Core`] is the verilated
//! `dqa_core`, or a [`Loopback`]. Time passes for it while somebody waits for a stream. The card is a
//! [`Board`] for [`XdmaLink`](crate::xdma::XdmaLink) in the same process;
//! [`mount()`] has it as files for any program.

mod core;
mod faults;
mod mount;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dqa_golden::packet::{Cutter, Direction};
use dqa_hdl::registers::{BYTES, control};
use parking_lot::{Condvar, Mutex, MutexGuard};
use rustix::io::Errno;

use crate::card::LinkError;
use crate::xdma::{Board, Nodes, Registers, Stream};
pub use core::{Core, Loopback};
pub use faults::{Fault, Faults};
pub use mount::mount;

/// Bytes that wait at the core's own input, at most.
const AHEAD: usize = 1 << 16;
/// Turns of the core in which nothing moves, after which it has nothing to do: more than a scanner works
/// on its report.
const IDLE: u32 = 20;
/// How long to wait for something to do.
const NAP: Duration = Duration::from_millis(5);
/// Bytes of a read that is cut short are a multiple of this.
const UNIT: usize = 4;

/// The card; cheap to clone.
#[derive(Clone)]
pub struct SimulatedCard(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    /// How long a call waits, as the driver's parameters `h2c_timeout` and `c2h_timeout`.
    timeout: Duration,
}

struct State {
    core: Box<dyn Core>,
    paths: [Path; 2],
    faults: Faults,
    /// Handles given out.
    handles: u64,
    /// Turns in which nothing moved.
    idle: u32,
    stuck: bool,
    unplugged: bool,
}

struct Path {
    direction: Direction,
    cutter: Cutter,
    /// Transfers that have begun, and how far they are.
    transfers: VecDeque<(Vec<u8>, usize)>,
    /// Answers, and how far they are read.
    answers: VecDeque<(Vec<u8>, usize)>,
    /// The handle under which its stream of answers is open.
    open: Option<u64>,
    /// Until when what it does waits for the other path.
    held: Option<Instant>,
}

impl State {
    /// Moves what can be moved; whether anything was.
    fn turn(&mut self) -> io::Result<bool> {
        if self.stuck {
            return Ok(false);
        }
        let mut moved = false;
        for path in &mut self.paths {
            while self.core.waiting(path.direction) < AHEAD
                && let Some((transfer, at)) = path.transfers.front_mut()
            {
                let end = (*at + AHEAD).min(transfer.len());
                let ends = end == transfer.len();
                let core = &mut self.core;
                path.cutter
                    .feed(&transfer[*at..end], ends, &mut |bytes, last| {
                        core.send(path.direction, bytes, last);
                    });
                *at = end;
                if ends {
                    path.transfers.pop_front();
                }
                moved = true;
            }
        }
        if moved {
            self.idle = 0;
        }
        if self.idle < IDLE {
            let ran = self.core.run().map_err(io::Error::other)?;
            self.idle = if ran { 0 } else { self.idle + 1 };
            moved = true;
        }
        for path in &mut self.paths {
            while let Some(answer) = self.core.answer(path.direction) {
                path.answers.push_back((answer, 0));
                moved = true;
            }
        }
        Ok(moved)
    }

    /// What a read gets, up to the end of an answer.
    fn take(&mut self, path: usize, bytes: &mut [u8]) -> io::Result<usize> {
        let Some((answer, at)) = self.paths[path].answers.front_mut() else {
            return Ok(0);
        };
        let there = &answer[*at..];
        let mut count = there.len().min(bytes.len());
        let failed = self.faults.strikes(Fault::Failed);
        if failed || self.faults.strikes(Fault::Short) {
            count = self.faults.part(count, UNIT);
        }
        bytes[..count].copy_from_slice(&there[..count]);
        *at += count;
        if *at == answer.len() {
            self.paths[path].answers.pop_front();
        }
        // The other path may go on.
        self.paths[1 - path].held = None;
        match failed {
            true => Err(Errno::IO.into()),
            false => Ok(count),
        }
    }

    /// Whether a path has to let the other one go first.
    fn holds(&mut self, path: usize, now: Instant) -> bool {
        let held = &mut self.paths[path].held;
        if held.is_some_and(|until| until <= now) {
            *held = None;
        }
        held.is_some()
    }
}

impl SimulatedCard {
    /// A card with a core behind it, whose calls wait up to `timeout`.
    pub fn new(core: Box<dyn Core>, faults: Faults, timeout: Duration) -> Self {
        let paths = [Direction::Write, Direction::Read].map(|direction| Path {
            direction,
            cutter: Cutter::new(core.beat(direction)),
            transfers: VecDeque::new(),
            answers: VecDeque::new(),
            open: None,
            held: None,
        });
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                core,
                paths,
                faults,
                handles: 0,
                idle: 0,
                stuck: false,
                unplugged: false,
            }),
            changed: Condvar::new(),
            timeout,
        }))
    }

    /// Changes what goes wrong from now on; gives what went wrong before.
    pub fn set_faults(&self, faults: Faults) -> Faults {
        std::mem::replace(&mut self.0.state.lock().faults, faults)
    }

    /// How often a fault has happened.
    pub fn count(&self, fault: Fault) -> u64 {
        self.0.state.lock().faults.count(fault)
    }

    /// Takes and gives nothing any more, until it is soft-reset or this is called again.
    pub fn set_stuck(&self, stuck: bool) {
        self.0.state.lock().stuck = stuck;
        self.0.changed.notify_all();
    }

    /// Takes the card out of its slot, or puts it back.
    pub fn set_unplugged(&self, unplugged: bool) {
        self.0.state.lock().unplugged = unplugged;
        self.0.changed.notify_all();
    }

    /// Opens a path's stream of answers, which can be open once; gives a handle.
    fn open_answers(&self, path: usize) -> io::Result<u64> {
        let mut state = self.locked()?;
        if state.paths[path].open.is_some() {
            return Err(Errno::BUSY.into());
        }
        state.handles += 1;
        state.paths[path].open = Some(state.handles);
        Ok(state.handles)
    }

    fn close_answers(&self, path: usize, handle: u64) {
        let open = &mut self.0.state.lock().paths[path].open;
        if *open == Some(handle) {
            *open = None;
        }
        self.0.changed.notify_all();
    }

    fn locked(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.0.state.lock();
        match state.unplugged {
            true => Err(Errno::NODEV.into()),
            false => Ok(state),
        }
    }

    /// Takes turns until `done` gives something.
    fn wait<T>(&self, mut done: impl FnMut(&mut State) -> io::Result<Option<T>>) -> io::Result<T> {
        let end = Instant::now() + self.0.timeout;
        loop {
            let mut state = self.locked()?;
            if let Some(done) = done(&mut state)? {
                self.0.changed.notify_all();
                return Ok(done);
            }
            if Instant::now() > end {
                return Err(Errno::TIMEDOUT.into());
            }
            match state.turn()? {
                true => MutexGuard::unlock_fair(state),
                false => {
                    self.0.changed.wait_for(&mut state, NAP);
                }
            }
        }
    }

    /// Before a transfer: what goes wrong with its time.
    fn dawdle(&self, path: usize) -> io::Result<()> {
        let mut state = self.locked()?;
        if state.faults.strikes(Fault::Stuck) {
            state.stuck = true;
        }
        let delay = state.faults.delay();
        if state.faults.strikes(Fault::Reordered) {
            let until = Instant::now() + 4 * Duration::from_millis(delay);
            state.paths[path].held = Some(until);
        }
        let late = state.faults.strikes(Fault::Late);
        drop(state);
        if late {
            std::thread::sleep(Duration::from_millis(delay));
        }
        Ok(())
    }

    /// Reads a path's answers: waits for one, and ends with it, or when the handle is closed.
    fn read_answers(&self, path: usize, handle: u64, bytes: &mut [u8]) -> io::Result<usize> {
        self.wait(|state| {
            if state.paths[path].open != Some(handle) {
                return Err(Errno::BADF.into());
            }
            let there = !state.stuck && !state.paths[path].answers.is_empty();
            Ok((there && !state.holds(path, Instant::now())).then_some(()))
        })?;
        self.dawdle(path)?;
        self.wait(|state| {
            if state.stuck || state.holds(path, Instant::now()) {
                return Ok(None);
            }
            let count = state.take(path, bytes)?;
            Ok((count > 0).then_some(count))
        })
    }

    /// Writes requests to a path: one transfer, which ends when the core has it.
    fn write_requests(&self, path: usize, bytes: &[u8]) -> io::Result<usize> {
        self.dawdle(path)?;
        let mut state = self.locked()?;
        let failed = state.faults.strikes(Fault::Failed);
        let short = failed || state.faults.strikes(Fault::Short);
        let beat = state.core.beat(state.paths[path].direction);
        let count = match short {
            true => state.faults.part(bytes.len(), beat),
            false => bytes.len(),
        };
        let transfer = (bytes[..count].to_vec(), 0);
        state.paths[path].transfers.push_back(transfer);
        self.0.changed.notify_all();
        drop(state);
        self.wait(|state| Ok(state.paths[path].transfers.is_empty().then_some(())))?;
        match failed {
            true => Err(Errno::IO.into()),
            false => Ok(count),
        }
    }

    fn read_register(&self, offset: u16) -> io::Result<u32> {
        check(offset)?;
        let word = self.locked()?.core.read(offset);
        word.map_err(io::Error::other)
    }

    fn write_register(&self, offset: u16, word: u32) -> io::Result<()> {
        check(offset)?;
        let mut state = self.locked()?;
        state.core.write(offset, word).map_err(io::Error::other)?;
        if offset == control::SOFT_RESET.offset && control::SOFT_RESET.get(word) == 1 {
            // What the engine holds stays: it runs into the core behind the reset.
            state.core.clear();
            state.paths.iter_mut().for_each(|path| path.cutter.reset());
            state.stuck = false;
            state.idle = 0;
            self.0.changed.notify_all();
        }
        Ok(())
    }
}

fn check(offset: u16) -> io::Result<()> {
    match offset.is_multiple_of(4) && offset < BYTES {
        true => Ok(()),
        false => Err(Errno::INVAL.into()),
    }
}

/// One direction of a path, open in this process.
struct Open {
    card: SimulatedCard,
    path: usize,
    /// Of a stream of answers.
    handle: Option<u64>,
}

impl Stream for Open {
    fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let handle = self.handle.ok_or(Errno::BADF)?;
        self.card.read_answers(self.path, handle, bytes)
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
