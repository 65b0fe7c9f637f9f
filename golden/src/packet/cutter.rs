//! Finds the ends of requests in the bytes that a DMA engine brings.
//!
//! A core wants `tlast` with the last beat of each request, and an engine marks the ends of its
//! transfers, which hold several requests or a part of one. So a board counts: a plain request's header
//! says how long it is. What does not begin as one, and what tells a payload that is too long or not of whole
//! beats, ends where its transfer ends, filled up with zeros to a whole beat; the core refuses it.

use alloc::vec::Vec;

use super::{HEADER_BYTES, MAGIC, MAX_PAYLOAD_BYTES, TRAILER_BYTES};

/// What is left of the request that the stream is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Left {
    /// Its header is not complete.
    #[default]
    Header,
    Bytes(usize),
    /// What is left of its transfer.
    Transfer,
}

/// Cuts one path's stream.
#[derive(Clone, Debug)]
pub struct Cutter {
    /// Bytes of a beat.
    beat: usize,
    left: Left,
    /// What is not passed on yet: a part of a header or of a beat.
    held: Vec<u8>,
}

impl Cutter {
    /// For a path whose requests come in beats of so many bytes, a divisor of 16.
    pub fn new(beat: usize) -> Self {
        Self {
            beat,
            left: Left::Header,
            held: Vec::new(),
        }
    }

    /// Forgets where it is.
    pub fn reset(&mut self) {
        *self = Self::new(self.beat);
    }

    /// Takes bytes of a transfer, with which it `ends` or not, and passes whole beats on, telling which
    /// are the last of a request.
    pub fn feed(&mut self, bytes: &[u8], ends: bool, pass: &mut dyn FnMut(&[u8], bool)) {
        if self.held.is_empty() {
            let passed = self.cut(bytes, ends, pass);
            return self.held.extend_from_slice(&bytes[passed..]);
        }
        let mut held = core::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let passed = self.cut(&held, ends, pass);
        held.drain(..passed);
        self.held = held;
    }

    /// Passes on what can be, and says how many bytes are done with.
    fn cut(&mut self, bytes: &[u8], ends: bool, pass: &mut dyn FnMut(&[u8], bool)) -> usize {
        let mut at = 0;
        loop {
            let here = &bytes[at..];
            let whole = here.len() - here.len() % self.beat;
            let magic = here.len().min(MAGIC.len());
            match self.left {
                Left::Header if here.is_empty() => break,
                Left::Header if here[..magic] != MAGIC[..magic] => self.left = Left::Transfer,
                Left::Header => {
                    let Some(head) = here.first_chunk::<HEADER_BYTES>() else {
                        break;
                    };
                    let payload = u32::from_le_bytes([24, 25, 26, 27].map(|at| head[at]));
                    let beats = (payload as usize).is_multiple_of(self.beat);
                    self.left = match beats && payload <= MAX_PAYLOAD_BYTES {
                        true => Left::Bytes(HEADER_BYTES + payload as usize + TRAILER_BYTES),
                        false => Left::Transfer,
                    };
                }
                Left::Bytes(left) if left <= here.len() => {
                    pass(&here[..left], true);
                    at += left;
                    self.left = Left::Header;
                }
                Left::Bytes(left) => {
                    pass(&here[..whole], false);
                    at += whole;
                    self.left = Left::Bytes(left - whole);
                    break;
                }
                Left::Transfer if !ends => {
                    pass(&here[..whole], false);
                    at += whole;
                    break;
                }
                Left::Transfer => {
                    pass(&here[..whole], whole == here.len());
                    if whole < here.len() {
                        let mut last = here[whole..].to_vec();
                        last.resize(self.beat, 0);
                        pass(&last, true);
                    }
                    at += here.len();
                    self.left = Left::Header;
                    break;
                }
            }
        }
        at
    }
}
