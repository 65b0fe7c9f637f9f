//! What a card holds, and how it moves.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use dqa_golden::packet::{Cutter, Direction};
use rustix::io::Errno;

use super::core::Core;
use super::faults::{Fault, Faults};

/// Bytes that wait at the core's own input, at most.
const AHEAD: usize = 1 << 16;
/// Bytes of answers that nobody reads, above which the card takes no more requests.
const UNREAD: usize = 1 << 18;
/// Turns of the core in which nothing moves, after which it has nothing to do: more than a scanner works
/// on its report.
const IDLE: u32 = 20;
/// Bytes of a read that is cut short are a multiple of this.
const UNIT: usize = 4;

/// The card's state, under its lock.
pub(super) struct State {
    pub(super) core: Box<dyn Core>,
    pub(super) paths: [Path; 2],
    pub(super) faults: Faults,
    /// Lengths of transfers to it, where somebody asked.
    pub(super) recorded: Option<Vec<usize>>,
    /// Handles given out.
    pub(super) handles: u64,
    /// Turns in which nothing moved.
    pub(super) idle: u32,
    pub(super) stuck: bool,
    pub(super) unplugged: bool,
}

/// One path of the card.
pub(super) struct Path {
    pub(super) direction: Direction,
    pub(super) cutter: Cutter,
    /// Transfers that have begun, and how far they are.
    pub(super) transfers: VecDeque<(Vec<u8>, usize)>,
    /// Answers, and how far they are read.
    pub(super) answers: VecDeque<(Vec<u8>, usize)>,
    /// Bytes of those.
    pub(super) unread: usize,
    /// One came that nobody was told of.
    pub(super) came: bool,
    /// A call is writing to it.
    pub(super) writing: bool,
    /// The handle under which its stream of answers is open.
    pub(super) open: Option<u64>,
    /// Until when what it does waits for the other path.
    pub(super) held: Option<Instant>,
}

impl Path {
    fn new(direction: Direction, core: &dyn Core) -> Self {
        Self {
            direction,
            cutter: Cutter::new(core.beat(direction)),
            transfers: VecDeque::new(),
            answers: VecDeque::new(),
            unread: 0,
            came: false,
            writing: false,
            open: None,
            held: None,
        }
    }
}

impl State {
    /// A card that has done nothing yet.
    pub(super) fn new(core: Box<dyn Core>, faults: Faults) -> Self {
        Self {
            paths: [Direction::Write, Direction::Read].map(|path| Path::new(path, &*core)),
            core,
            faults,
            recorded: None,
            handles: 0,
            idle: 0,
            stuck: false,
            unplugged: false,
        }
    }

    /// Gives the core what it takes of a transfer's bytes, and says how many those are.
    pub(super) fn feed(&mut self, path: usize, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let (core, path) = (&mut self.core, &mut self.paths[path]);
            if core.waiting(path.direction) >= AHEAD || path.unread >= UNREAD {
                break;
            }
            let end = (at + AHEAD).min(bytes.len());
            let ends = end == bytes.len();
            path.cutter.feed(&bytes[at..end], ends, &mut |bytes, last| {
                core.send(path.direction, bytes, last);
            });
            at = end;
            self.idle = 0;
            self.collect();
        }
        at
    }

    /// Moves what can be moved; whether anything was.
    pub(super) fn turn(&mut self) -> io::Result<bool> {
        if self.stuck {
            return Ok(false);
        }
        let mut moved = false;
        for path in 0..self.paths.len() {
            while let Some((transfer, at)) = self.paths[path].transfers.pop_front() {
                let fed = self.feed(path, &transfer[at..]);
                moved |= fed > 0;
                if at + fed < transfer.len() {
                    let transfers = &mut self.paths[path].transfers;
                    transfers.push_front((transfer, at + fed));
                    break;
                }
            }
        }
        if self.idle < IDLE {
            let ran = self.core.run().map_err(io::Error::other)?;
            self.idle = if ran { 0 } else { self.idle + 1 };
            moved = true;
        }
        Ok(moved | self.collect())
    }

    /// Takes the answers that are complete; whether there were any.
    pub(super) fn collect(&mut self) -> bool {
        let mut moved = false;
        for path in &mut self.paths {
            while let Some(answer) = self.core.answer(path.direction) {
                path.unread += answer.len();
                path.answers.push_back((answer, 0));
                path.came = true;
                moved = true;
            }
        }
        moved
    }

    /// What a read of up to `most` bytes gets, up to the end of an answer; nothing where there is none.
    pub(super) fn take(&mut self, path: usize, most: usize) -> io::Result<Vec<u8>> {
        let Some((answer, at)) = self.paths[path].answers.pop_front() else {
            return Ok(Vec::new());
        };
        let mut count = (answer.len() - at).min(most);
        let failed = self.faults.strikes(Fault::Failed);
        if failed || self.faults.strikes(Fault::Short) {
            count = self.faults.part(count, UNIT);
        }
        self.paths[path].unread -= count;
        // The other path may go on.
        self.paths[1 - path].held = None;
        let taken = match count == answer.len() {
            true => answer,
            false => {
                let taken = answer[at..at + count].to_vec();
                if at + count < answer.len() {
                    let answers = &mut self.paths[path].answers;
                    answers.push_front((answer, at + count));
                }
                taken
            }
        };
        match failed {
            true => Err(Errno::IO.into()),
            false => Ok(taken),
        }
    }

    /// Whether a path has to let the other one go first.
    pub(super) fn holds(&mut self, path: usize, now: Instant) -> bool {
        let held = &mut self.paths[path].held;
        if held.is_some_and(|until| until <= now) {
            *held = None;
        }
        held.is_some()
    }
}
