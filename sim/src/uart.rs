//! A serial wire, 8-N-1, level by level: the far end of a UART.

use std::collections::VecDeque;

/// Sends bytes: a level for every clock.
#[derive(Clone, Debug)]
pub struct Talker {
    clocks_per_bit: f64,
    queue: VecDeque<u8>,
    /// The byte on the wire with its start and stop bit, the next bit lowest, and how many are left.
    bits: u16,
    left: u32,
    /// Clocks of the bit on the wire that are left.
    clocks: f64,
    /// Clocks to pause ahead of the next byte.
    pause: f64,
}

impl Talker {
    /// An idle wire.
    pub fn new(clocks_per_bit: f64) -> Self {
        Self {
            clocks_per_bit,
            queue: VecDeque::new(),
            bits: 1,
            left: 0,
            clocks: 0.0,
            pause: 0.0,
        }
    }

    /// Puts bytes behind those that wait.
    pub fn send(&mut self, bytes: impl IntoIterator<Item = u8>) {
        self.queue.extend(bytes);
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Pauses for the time of so many bytes, behind the byte that is on the wire.
    pub fn pause(&mut self, bytes: f64) {
        self.pause += 10.0 * bytes * self.clocks_per_bit;
    }

    /// The wire's level in the next clock.
    pub fn level(&mut self) -> bool {
        if self.clocks < 1.0 {
            if self.left > 0 {
                self.left -= 1;
                self.bits = self.bits >> 1 | 1 << 15;
                self.clocks += self.clocks_per_bit;
            } else if self.pause >= 1.0 {
                self.clocks += std::mem::take(&mut self.pause);
            } else if let Some(byte) = self.queue.pop_front() {
                self.bits = 0xfe00 | u16::from(byte) << 1;
                self.left = 9;
                self.clocks += self.clocks_per_bit;
            } else {
                self.clocks = 1.0;
            }
        }
        self.clocks -= 1.0;
        self.bits & 1 == 1
    }
}

/// Receives bytes from the levels of every clock.
#[derive(Clone, Debug)]
pub struct Listener {
    clocks_per_bit: f64,
    /// Clocks up to the middle of the next bit, in a byte.
    clocks: Option<f64>,
    bits: u16,
    count: u32,
}

impl Listener {
    /// An idle wire.
    pub fn new(clocks_per_bit: f64) -> Self {
        Self {
            clocks_per_bit,
            clocks: None,
            bits: 0,
            count: 0,
        }
    }

    /// Takes the level of a clock; gives the byte that it completes. One without a stop bit is
    /// dropped.
    pub fn hear(&mut self, level: bool) -> Option<u8> {
        let Some(clocks) = &mut self.clocks else {
            if !level {
                self.clocks = Some(self.clocks_per_bit / 2.0 - 1.0);
                (self.bits, self.count) = (0, 0);
            }
            return None;
        };
        *clocks -= 1.0;
        if *clocks > 0.0 {
            return None;
        }
        *clocks += self.clocks_per_bit;
        self.bits |= u16::from(level) << self.count;
        self.count += 1;
        if self.count < 10 {
            return None;
        }
        self.clocks = None;
        level.then_some((self.bits >> 1) as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for (talk, listen) in [(8.0, 8.0), (8.33, 8.2), (100.7, 100.7)] {
            let mut talker = Talker::new(talk);
            let mut listener = Listener::new(listen);
            let bytes: Vec<u8> = (0..=255).collect();
            talker.send(bytes.clone());
            let mut got = Vec::new();
            for _ in 0..(2570.0 * talk) as u64 {
                got.extend(listener.hear(talker.level()));
            }
            assert_eq!(got, bytes);
        }
    }
}
