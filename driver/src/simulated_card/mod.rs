//! A card that is not there: what its driver's nodes do, with a core in this process behind them.
//!
//! ```text
//! write -> transfers -> cutter -> core -> answers -> read
//! ```
//!
//! Calls wait as the driver's do, and come back with its errors. The [`Core`] is the verilated
//! `dqa_core`, a [`SoftwareCore`] or a [`Loopback`]. Time passes for it while somebody waits for a stream.
//! The card is a [`Board`](crate::xdma::Board) for [`XdmaLink`](crate::xdma::XdmaLink) in the same
//! process; [`mount()`] has it as files for any program.

mod codec;
mod core;
mod faults;
mod loaded;
mod loopback;
mod mount;
mod nodes;
mod register_file;
mod state;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dqa_hdl::registers::{BYTES, control};
use parking_lot::{Condvar, Mutex, MutexGuard};
use rustix::io::Errno;

pub use codec::SoftwareCore;
pub use core::Core;
pub use faults::{Fault, Faults};
pub use loopback::Loopback;
pub use mount::mount;
use state::{Path, State};

/// How long to wait for something to do.
const NAP: Duration = Duration::from_millis(5);

/// The card; cheap to clone.
#[derive(Clone)]
pub struct SimulatedCard(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Something has changed for calls that wait for a path.
    changed: [Condvar; 2],
    /// How long a call waits, as the driver's parameters `h2c_timeout` and `c2h_timeout`.
    timeout: Duration,
}

impl SimulatedCard {
    /// A card with a core behind it, whose calls wait up to `timeout`.
    pub fn new(core: Box<dyn Core>, faults: Faults, timeout: Duration) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State::new(core, faults)),
            changed: Default::default(),
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

    /// Writes down from now on how many bytes each transfer to the card has; gives what it wrote since the
    /// last call.
    pub fn record(&self) -> Vec<usize> {
        let recorded = &mut self.0.state.lock().recorded;
        recorded.replace(Vec::new()).unwrap_or_default()
    }

    /// Takes and gives nothing any more, until it is soft-reset or this is called again.
    pub fn set_stuck(&self, stuck: bool) {
        self.0.state.lock().stuck = stuck;
        self.wake();
    }

    /// Takes the card out of its slot, or puts it back.
    pub fn set_unplugged(&self, unplugged: bool) {
        self.0.state.lock().unplugged = unplugged;
        self.wake();
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
        self.wake();
    }

    fn locked(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.0.state.lock();
        match state.unplugged {
            true => Err(Errno::NODEV.into()),
            false => Ok(state),
        }
    }

    /// All calls that wait look again.
    fn wake(&self) {
        self.0.changed.iter().for_each(|changed| {
            changed.notify_all();
        });
    }

    /// Reads that wait for what has come look again.
    fn tell(&self, state: &mut State) {
        for (path, changed) in state.paths.iter_mut().zip(&self.0.changed) {
            if std::mem::take(&mut path.came) {
                changed.notify_all();
            }
        }
    }

    /// Takes turns until `done` gives something for a path.
    fn wait<T>(
        &self,
        path: usize,
        mut done: impl FnMut(&mut State) -> io::Result<Option<T>>,
    ) -> io::Result<T> {
        let end = Instant::now() + self.0.timeout;
        loop {
            let mut state = self.locked()?;
            let done = done(&mut state)?;
            self.tell(&mut state);
            if let Some(done) = done {
                return Ok(done);
            }
            if Instant::now() > end {
                return Err(Errno::TIMEDOUT.into());
            }
            let moved = state.turn()?;
            self.tell(&mut state);
            match moved {
                true => MutexGuard::unlock_fair(state),
                false => {
                    self.0.changed[path].wait_for(&mut state, NAP);
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

    /// Reads up to `most` bytes of a path's answers: waits for one, and ends with it, or when the handle is
    /// closed.
    fn read_answers(&self, path: usize, handle: u64, most: usize) -> io::Result<Vec<u8>> {
        self.wait(path, |state| {
            if state.paths[path].open != Some(handle) {
                return Err(Errno::BADF.into());
            }
            let there = !state.stuck && !state.paths[path].answers.is_empty();
            Ok((there && !state.holds(path, Instant::now())).then_some(()))
        })?;
        self.dawdle(path)?;
        let taken = self.wait(path, |state| {
            if state.stuck || state.holds(path, Instant::now()) {
                return Ok(None);
            }
            let bytes = state.take(path, most)?;
            Ok((!bytes.is_empty()).then_some(bytes))
        });
        // There is room again for the answer to what is being written.
        self.0.changed[path].notify_all();
        taken
    }

    /// Takes the buffer of an answer back.
    fn reuse(&self, answer: Vec<u8>) {
        self.0.state.lock().core.reuse(answer);
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
        if let Some(recorded) = &mut state.recorded {
            recorded.push(count);
        }
        drop(state);
        let (mut fed, mut begun) = (0, false);
        let done = self.wait(path, |state| {
            let Path {
                writing, transfers, ..
            } = &mut state.paths[path];
            if !begun && (*writing || !transfers.is_empty()) {
                return Ok(None);
            }
            (*writing, begun) = (true, true);
            if !state.stuck {
                fed += state.feed(path, &bytes[fed..count]);
            }
            Ok((fed == count).then_some(()))
        });
        if begun {
            let state = &mut self.0.state.lock().paths[path];
            state.writing = false;
            if fed < count {
                // The engine has it, whatever becomes of this call.
                let left = bytes[fed..count].to_vec();
                state.transfers.push_back((left, 0));
            }
        }
        done?;
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
            self.wake();
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
