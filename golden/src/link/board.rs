//! The board's end of the link.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::frame::{Deframer, Frame, FrameError, Sender, Tag};
use super::{CHANNELS, Channel, LIMIT_UNIT, MAX_DATA, VERSION};

/// Bytes of a board's memories, powers of 2 from 256 to 8192; 0 for a channel of what the core lacks, which
/// then grants nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rooms {
    /// For data of each channel from the host.
    pub channels: [usize; CHANNELS],
    /// For data to the host that is not acknowledged.
    pub output: usize,
    /// Most frames of it.
    pub frames: usize,
}

impl Default for Rooms {
    fn default() -> Self {
        Self {
            channels: [512, 2048, 2048],
            output: 4096,
            frames: 15,
        }
    }
}

/// A board. The core behind it is the caller's: it takes data with [`take`](Self::take) and gives it
/// with [`give`](Self::give), and is reset when
/// [`session`](Self::session) changes.
#[derive(Clone, Debug)]
pub struct Board {
    rooms: Rooms,
    deframer: Deframer,
    session: u16,
    expected: u8,
    channels: [VecDeque<u8>; CHANNELS],
    /// Bytes taken from each channel in this session.
    taken: [usize; CHANNELS],
    /// Number of the oldest frame of `output`.
    oldest: u8,
    output: VecDeque<(Channel, Vec<u8>)>,
    /// Which of them goes out next.
    next: usize,
    /// Limits last told.
    told: [u8; CHANNELS],
    answer_due: bool,
    opened_due: bool,
    again_due: bool,
    /// NAK was sent, and no frame taken since.
    asked_again: bool,
}

impl Board {
    /// A board that has just been reset.
    pub fn new(rooms: Rooms) -> Self {
        Self {
            rooms,
            deframer: Deframer::default(),
            session: 0,
            expected: 0,
            channels: Default::default(),
            taken: [0; CHANNELS],
            oldest: 0,
            output: VecDeque::new(),
            next: 0,
            told: [0; CHANNELS],
            answer_due: false,
            opened_due: false,
            again_due: false,
            asked_again: false,
        }
    }

    /// The session; 0 if there is none.
    pub fn session(&self) -> u16 {
        self.session
    }

    /// Takes a byte from the wire.
    pub fn receive(&mut self, byte: u8) {
        match self.deframer.push(byte) {
            None => {}
            Some(Ok(frame)) if frame.sender == Sender::Host => self.frame(frame),
            Some(Ok(_)) => {}
            Some(Err(FrameError::Damaged | FrameError::Kind(_))) => self.ask_again(),
        }
    }

    fn ask_again(&mut self) {
        if self.session != 0 && !self.asked_again {
            self.asked_again = true;
            self.again_due = true;
            self.answer_due = true;
        }
    }

    fn frame(&mut self, frame: Frame) {
        if frame.tag == Tag::Open {
            if frame.sequence == VERSION && ![0, self.session].contains(&frame.session) {
                *self = Self {
                    session: frame.session,
                    ..Self::new(self.rooms)
                };
            }
            self.opened_due = true;
            return;
        }
        if frame.session != self.session || self.session == 0 {
            self.answer_due = true;
            return;
        }
        let acknowledged = usize::from(frame.acknowledge.wrapping_sub(self.oldest));
        if acknowledged <= self.output.len() {
            self.output.drain(..acknowledged);
            self.oldest = frame.acknowledge;
            self.next = self.next.saturating_sub(acknowledged);
        }
        if frame.again {
            self.next = 0;
        }
        if frame.poll {
            self.answer_due = true;
            self.asked_again = false;
        }
        if let Tag::Data(channel) = frame.tag {
            let ahead = frame.sequence.wrapping_sub(self.expected);
            let held = &mut self.channels[channel.index()];
            let room = self.rooms.channels[channel.index()] - held.len();
            match ahead {
                // A memory is full with one byte free; the CRC goes into it for a moment.
                0 if frame.data.len() + 4 < room => {
                    held.extend(frame.data);
                    self.expected = self.expected.wrapping_add(1);
                    self.asked_again = false;
                    self.answer_due = true;
                }
                0..=127 => self.ask_again(),
                _ => self.answer_due = true,
            }
        }
    }

    /// How far the data of each channel may go.
    fn limits(&self) -> [u8; CHANNELS] {
        core::array::from_fn(|at| {
            let room = (self.rooms.channels[at] / LIMIT_UNIT).saturating_sub(1);
            (self.taken[at] / LIMIT_UNIT + room) as u8
        })
    }

    /// The frame that goes out next, if one is due.
    pub fn transmit(&mut self) -> Option<Frame> {
        let limits = self.limits();
        let data = self.output.get(self.next);
        let sequence = self.oldest.wrapping_add(self.next as u8);
        let (tag, sequence, data) = match data {
            _ if self.opened_due => (Tag::Open, VERSION, Vec::new()),
            Some((channel, data)) => {
                self.next += 1;
                (Tag::Data(*channel), sequence, data.clone())
            }
            None if self.answer_due || (self.session != 0 && self.told != limits) => {
                (Tag::Bare, sequence, Vec::new())
            }
            None => return None,
        };
        let frame = Frame {
            sender: Sender::Board { limits },
            tag,
            again: self.again_due,
            poll: false,
            sequence,
            acknowledge: self.expected,
            session: self.session,
            data,
        };
        self.told = limits;
        self.opened_due = false;
        self.answer_due = false;
        self.again_due = false;
        Some(frame)
    }

    /// The oldest byte of a channel.
    pub fn take(&mut self, channel: Channel) -> Option<u8> {
        let byte = self.channels[channel.index()].pop_front()?;
        self.taken[channel.index()] += 1;
        Some(byte)
    }

    /// Makes a frame of the first bytes of `data`, of as many as there is room for; says how many.
    pub fn give(&mut self, channel: Channel, data: &[u8]) -> usize {
        let held: usize = self.output.iter().map(|(_, data)| data.len()).sum();
        let count = data.len().min(MAX_DATA).min(self.rooms.output - held);
        if self.session == 0 || count == 0 || self.output.len() >= self.rooms.frames {
            return 0;
        }
        self.output.push_back((channel, data[..count].to_vec()));
        count
    }
}
