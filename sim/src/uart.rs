//! A serial wire, 8-N-1, level by level: the far end of a UART.

use std::collections::VecDeque;

/// What a [`Talker`] does next.
#[derive(Clone, Copy, Debug)]
enum Act {
    Byte(u8),
    /// High, or low and then high for a bit, for the time of so many bits.
    Pause(f64),
    Break(f64),
}

/// Sends bytes: a level for every clock.
#[derive(Clone, Debug)]
pub struct Talker {
    clocks_per_bit: f64,
    queue: VecDeque<Act>,
    /// The byte on the wire with its start and stop bit, the next bit lowest, and how many are left.
    bits: u16,
    left: u32,
    /// Clocks of the bit on the wire that are left.
    clocks: f64,
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
        }
    }

    /// Another rate, from the next bit on.
    pub fn set_rate(&mut self, clocks_per_bit: f64) {
        self.clocks_per_bit = clocks_per_bit;
    }

    /// Puts bytes behind those that wait.
    pub fn send(&mut self, bytes: impl IntoIterator<Item = u8>) {
        self.queue.extend(bytes.into_iter().map(Act::Byte));
    }

    /// Bytes, pauses and breaks that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Puts a pause behind what waits, for the time of so many bits.
    pub fn pause(&mut self, bits: f64) {
        self.queue.push_back(Act::Pause(bits));
    }

    /// Puts a break behind what waits: low for the time of so many bits.
    pub fn low(&mut self, bits: f64) {
        self.queue.push_back(Act::Break(bits));
    }

    /// The wire's level in the next clock.
    pub fn level(&mut self) -> bool {
        if self.clocks < 1.0 {
            let bits = if self.left > 0 {
                self.left -= 1;
                self.bits = self.bits >> 1 | 1 << 15;
                1.0
            } else {
                match self.queue.pop_front() {
                    Some(Act::Byte(byte)) => {
                        self.bits = 0xfe00 | u16::from(byte) << 1;
                        self.left = 9;
                        1.0
                    }
                    Some(Act::Pause(bits)) => bits,
                    Some(Act::Break(bits)) => {
                        self.bits = !1;
                        self.left = 1;
                        bits
                    }
                    None => 0.0,
                }
            };
            self.clocks = (self.clocks + bits * self.clocks_per_bit).max(1.0);
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
    /// The wire has not been high since a byte without a stop bit.
    waits: bool,
}

impl Listener {
    /// An idle wire.
    pub fn new(clocks_per_bit: f64) -> Self {
        Self {
            clocks_per_bit,
            clocks: None,
            bits: 0,
            count: 0,
            waits: false,
        }
    }

    /// Another rate, from the next byte on.
    pub fn set_rate(&mut self, clocks_per_bit: f64) {
        self.clocks_per_bit = clocks_per_bit;
    }

    /// Takes the level of a clock; gives the byte that it completes. One without a stop bit comes as it is
    /// and a break as 0, as from a terminal in raw mode.
    pub fn hear(&mut self, level: bool) -> Option<u8> {
        let Some(clocks) = &mut self.clocks else {
            self.waits &= !level;
            if !level && !self.waits {
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
        self.waits = !level;
        Some((self.bits >> 1) as u8)
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

    #[test]
    fn pauses_and_breaks_keep_their_places() {
        let (mut talker, mut listener) = (Talker::new(8.0), Listener::new(8.0));
        talker.send([1]);
        talker.low(25.0);
        talker.send([2]);
        talker.pause(100.0);
        talker.send([3]);
        let got: Vec<_> = (0..8 * 200)
            .filter_map(|clock| Some((clock / 8, listener.hear(talker.level())?)))
            .collect();
        assert_eq!(got, [(9, 1), (19, 0), (45, 2), (155, 3)]);
    }
}
