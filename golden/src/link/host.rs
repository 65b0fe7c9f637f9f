//! The host's end of the link.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::frame::{Deframer, Frame, Sender, Tag};
use super::{CHANNELS, Channel, LIMIT_UNIT, MAX_DATA, MAX_FLIGHT, VERSION};

/// How often the time to try again is doubled at most, by tries in a row.
const MOST_DOUBLED: u32 = 4;
/// How many times as long as the slowest step of late it is, before that.
const PATIENCE: u64 = 3;
/// How many times as long as the least it is at most, before that.
const SLOWEST: u64 = 32;

/// When to try again, and when to give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Microseconds without progress after which to try again, at least: it takes up to 32 times as long
    /// on a link whose progress is seen to be slow, and longer with each try in a row.
    pub retry_us: u64,
    /// Tries in a row after which the board counts as gone.
    pub tries: u32,
}

/// Why a link has come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum LinkError {
    #[error(
        "no answer: is this the board's port, is the board powered and its bitstream loaded, and is \
         this the baud rate that it was built for?"
    )]
    Silent,
    #[error(
        "bytes come, but none that make sense: give the baud rate that the bitstream was built \
         for; or this is another device's port"
    )]
    Nonsense,
    #[error(
        "the board speaks version {0} of the link, this program version {VERSION}: load a \
         bitstream and use a program of the same release"
    )]
    Version(u8),
    #[error("the board was reset: its contexts and what was under way are gone")]
    Reset,
    #[error("another program has opened the board: close it, then try again")]
    TakenOver,
    #[error("the board no longer answers: check its cable and power, then try again")]
    Gone,
}

impl core::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            sent_again: self.sent_again + other.sent_again,
            damaged: self.damaged + other.damaged,
            dropped: self.dropped + other.dropped,
            timeouts: self.timeouts + other.timeouts,
        }
    }
}

/// The host's end of a session. It begins by opening the session; when it [fails](Self::error), make another.
#[derive(Clone, Debug)]
pub struct Host {
    session: u16,
    timing: Timing,
    open: bool,
    error: Option<LinkError>,
    deframer: Deframer,
    /// Bytes came, but no frame.
    nonsense: bool,
    /// A frame of the board came.
    heard: bool,

    queues: [VecDeque<u8>; CHANNELS],
    limits: [u8; CHANNELS],
    /// Room of each channel when all is empty.
    rooms: [usize; CHANNELS],
    /// Bytes sent in each channel.
    sent: [usize; CHANNELS],
    /// Number of the oldest frame in flight.
    oldest: u8,
    flight: VecDeque<(Channel, Vec<u8>)>,
    /// Which of them is sent next.
    next: usize,
    last_channel: usize,

    expected: u8,
    received: [VecDeque<u8>; CHANNELS],
    answer_due: bool,
    again_due: bool,
    poll_due: bool,
    open_due: bool,
    /// Frames were asked for again, and none has come since.
    asked_again: bool,
    /// Something went forward, or was tried, at this time.
    tried_at: u64,
    tries: u32,
    /// When something went forward.
    forward_at: u64,
    /// The longest time between steps forward, of late.
    slowest_us: u64,
    /// Data frames acknowledged or received.
    moved: u64,
    /// Counts of frames.
    counts: Counts,
}

/// What happened on a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Data frames sent, again included.
    pub sent: u64,
    /// Of them, those sent again.
    pub sent_again: u64,
    /// Frames from the board that were damaged.
    pub damaged: u64,
    /// Data frames from the board that were dropped: not the expected one.
    pub dropped: u64,
    /// Times that nothing came until a timer ran out.
    pub timeouts: u64,
}

impl Host {
    /// Begins a session, which should be a random number. 0 becomes 1.
    pub fn new(session: u16, timing: Timing, now_us: u64) -> Self {
        Self {
            session: session.max(1),
            timing,
            open: false,
            error: None,
            deframer: Deframer::default(),
            nonsense: false,
            heard: false,
            queues: Default::default(),
            limits: [0; CHANNELS],
            rooms: [0; CHANNELS],
            sent: [0; CHANNELS],
            oldest: 0,
            flight: VecDeque::new(),
            next: 0,
            last_channel: 0,
            expected: 0,
            received: Default::default(),
            answer_due: false,
            again_due: false,
            poll_due: false,
            open_due: true,
            asked_again: false,
            tried_at: now_us,
            tries: 0,
            forward_at: now_us,
            slowest_us: 0,
            moved: 0,
            counts: Counts::default(),
        }
    }

    /// The session.
    pub fn session(&self) -> u16 {
        self.session
    }

    /// The board has answered.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Why the session has ended, if it has.
    pub fn error(&self) -> Option<LinkError> {
        self.error
    }

    /// What happened so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Puts bytes behind those that wait in a channel. They stay here until the board grants room: ask
    /// [`unsent`](Self::unsent) before giving more.
    pub fn send(&mut self, channel: Channel, bytes: &[u8]) {
        self.queues[channel.index()].extend(bytes);
    }

    /// Bytes of a channel that wait to be sent.
    pub fn unsent(&self, channel: Channel) -> usize {
        self.queues[channel.index()].len()
    }

    /// Data frames in flight, sent and not acknowledged.
    pub fn in_flight(&self) -> usize {
        self.flight.len()
    }

    /// What has come in a channel.
    pub fn received(&mut self, channel: Channel) -> &mut VecDeque<u8> {
        &mut self.received[channel.index()]
    }

    /// Takes bytes from the wire.
    pub fn receive(&mut self, bytes: &[u8], now_us: u64) {
        self.nonsense |= !bytes.is_empty();
        for &byte in bytes {
            match self.deframer.push(byte) {
                None => {}
                Some(Ok(frame)) => self.frame(frame, now_us),
                Some(Err(_)) => {
                    self.counts.damaged += 1;
                    self.ask_again();
                }
            }
        }
    }

    fn ask_again(&mut self) {
        if self.open && !self.asked_again {
            self.asked_again = true;
            self.again_due = true;
        }
    }

    fn progress(&mut self, now_us: u64) {
        // After tries most of the time may be the host's own, which waited for what was lost: it must not learn
        // that, or each loss makes it wait longer for the next. So it learns what would have sufficed for
        // these waits: no more than it knew, unless the link is slower than that.
        let waited: u64 = (0..self.tries)
            .map(|tries| 1 << tries.min(MOST_DOUBLED))
            .sum();
        let took = match waited {
            0 => now_us - self.forward_at,
            waits => (now_us - self.forward_at) / (PATIENCE * waits),
        };
        self.slowest_us = took.max(self.slowest_us - self.slowest_us / 16);
        self.tried_at = now_us;
        self.tries = 0;
        self.forward_at = now_us;
    }

    /// Microseconds without progress after which to try again.
    fn patience_us(&self) -> u64 {
        let least = self.timing.retry_us;
        let usual = (PATIENCE * self.slowest_us).clamp(least, SLOWEST * least);
        usual << self.tries.min(MOST_DOUBLED)
    }

    /// Data frames that were acknowledged or received: changes when data moves.
    pub fn moved(&self) -> u64 {
        self.moved
    }

    fn frame(&mut self, frame: Frame, now_us: u64) {
        let Sender::Board { limits } = frame.sender else {
            return;
        };
        self.heard = true;
        if frame.tag == Tag::Open && frame.sequence != VERSION {
            self.error = Some(LinkError::Version(frame.sequence));
            return;
        }
        if !self.open {
            if frame.tag == Tag::Open && frame.session == self.session {
                self.open = true;
                self.limits = limits;
                self.rooms = limits.map(|limit| usize::from(limit) * LIMIT_UNIT);
                self.progress(now_us);
            }
            return;
        }
        if frame.session != self.session {
            self.error = Some(match frame.session {
                0 => LinkError::Reset,
                _ => LinkError::TakenOver,
            });
            return;
        }
        if self.limits != limits || self.flight.is_empty() {
            self.limits = limits;
            self.progress(now_us);
        }
        let acknowledged = usize::from(frame.acknowledge.wrapping_sub(self.oldest));
        if (1..=self.flight.len()).contains(&acknowledged) {
            self.flight.drain(..acknowledged);
            self.moved += acknowledged as u64;
            self.oldest = frame.acknowledge;
            self.next = self.next.saturating_sub(acknowledged);
            self.progress(now_us);
        }
        if frame.again {
            self.next = 0;
        }
        let ahead = frame.sequence.wrapping_sub(self.expected);
        match frame.tag {
            Tag::Data(channel) if ahead == 0 => {
                self.received[channel.index()].extend(frame.data);
                self.expected = self.expected.wrapping_add(1);
                self.moved += 1;
                self.answer_due = true;
                self.asked_again = false;
                self.progress(now_us);
            }
            Tag::Data(_) => {
                self.counts.dropped += 1;
                match ahead {
                    1..=127 => self.ask_again(),
                    _ => self.answer_due = true,
                }
            }
            // The number of the next data frame: those before it are lost.
            Tag::Bare if (1..=127).contains(&ahead) => self.ask_again(),
            Tag::Bare | Tag::Open => {}
        }
    }

    /// Looks at the clock: tries again, or gives up. `waiting`: an answer is to come. When it should be
    /// called next, if nothing comes before.
    pub fn tick(&mut self, now_us: u64, waiting: bool) -> Option<u64> {
        let idle = self.flight.is_empty() && self.queues.iter().all(VecDeque::is_empty);
        if self.error.is_some() || (self.open && idle && !waiting) {
            self.tried_at = now_us;
            self.forward_at = now_us;
            return None;
        }
        if now_us >= self.tried_at + self.patience_us() {
            self.tried_at = now_us;
            self.tries += 1;
            self.counts.timeouts += 1;
            self.poll_due = self.open;
            self.open_due = !self.open;
            self.asked_again = false;
            self.next = 0;
            if self.tries > self.timing.tries {
                self.error = Some(match (self.open, self.nonsense && !self.heard) {
                    (true, _) => LinkError::Gone,
                    (false, true) => LinkError::Nonsense,
                    (false, false) => LinkError::Silent,
                });
            }
        }
        Some(self.tried_at + self.patience_us())
    }

    /// The channel and number of bytes of the next new data frame.
    fn due(&self) -> Option<(Channel, usize)> {
        if self.flight.len() >= MAX_FLIGHT {
            return None;
        }
        // Operations first; the others in turn.
        let turns = [0, 1 + self.last_channel % 2, 2 - self.last_channel % 2];
        turns.into_iter().find_map(|at| {
            let limit = usize::from(self.limits[at]) * LIMIT_UNIT;
            let room = limit.wrapping_sub(self.sent[at]) % (LIMIT_UNIT << 8);
            let wanted = self.queues[at].len().min(MAX_DATA);
            // Not many small frames because little room comes free at a time.
            let least = wanted.min(self.rooms[at] / 2);
            (wanted > 0 && room >= least).then(|| (Channel::ALL[at], wanted.min(room)))
        })
    }

    /// Bytes that go out next, a frame; none if none is due. To be asked when the port can take
    /// them, and no earlier: it decides at the last moment what goes first.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        if self.error.is_some() {
            return None;
        }
        let mut frame = Frame {
            sender: Sender::Host,
            tag: Tag::Open,
            again: false,
            poll: false,
            sequence: VERSION,
            acknowledge: 0,
            session: self.session,
            data: Vec::new(),
        };
        if !self.open {
            return core::mem::take(&mut self.open_due).then(|| begun(&frame));
        }
        if self.next == self.flight.len() {
            if let Some((channel, count)) = self.due() {
                let at = channel.index();
                let data = self.queues[at].drain(..count).collect();
                self.flight.push_back((channel, data));
                self.sent[at] += count;
                self.last_channel = at;
            }
        } else {
            self.counts.sent_again += 1;
        }
        frame.sequence = self.oldest.wrapping_add(self.next as u8);
        frame.tag = Tag::Bare;
        if let Some((channel, data)) = self.flight.get(self.next) {
            frame.tag = Tag::Data(*channel);
            frame.data.clone_from(data);
            self.next += 1;
            self.counts.sent += 1;
        } else if !self.answer_due && !self.again_due && !self.poll_due {
            return None;
        }
        frame.acknowledge = self.expected;
        frame.again = self.again_due;
        frame.poll = self.poll_due;
        let wire = match self.poll_due {
            true => begun(&frame),
            false => frame.to_wire(),
        };
        self.answer_due = false;
        self.again_due = false;
        self.poll_due = false;
        Some(wire)
    }
}

/// The frame's bytes behind an end: whatever came before it is cut off.
fn begun(frame: &Frame) -> Vec<u8> {
    let mut wire = frame.to_wire();
    wire.insert(0, 0);
    wire
}
