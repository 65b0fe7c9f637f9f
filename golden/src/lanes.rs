//! Lanes: how S sub-streams share one sequence of words.
//!
//! Each lane's bits form one continuous sub-stream for the whole packet, cut into words of W
//! bits. The words come in the order in which a decoder that keeps two words a lane needs them:
//! words 0 of all lanes, words 1 of all lanes, and from then on, whenever a lane reaches or
//! passes the end of its word k (looked at beat by beat, lane 0 first), its word k + 2. So a
//! decoder follows with no side information, no tile buffer and no wait.

use alloc::vec;
use alloc::vec::Vec;

use bitvec::prelude::{BitSlice, BitVec, Msb0};
use bitvec::{field::BitField, view::BitView};

/// Number of lanes S and word width W of a code stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LaneShape {
    lanes: u8,
    word_bits: u8,
}

/// Why a [`LaneShape`] is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum LaneError {
    #[error("{0} lanes: choose 1, 2, 4, 8 or 16")]
    Lanes(u8),
    #[error("words of {0} bits: choose 32 or 64")]
    WordBits(u8),
}

impl LaneShape {
    /// `lanes` (1, 2, 4, 8 or 16) with the usual word width: 32 bits up to 4 lanes, 64 above, so
    /// that one word a clock carries 8 bits a sample up to 8 lanes.
    pub fn new(lanes: u8) -> Result<Self, LaneError> {
        Self::with_word_bits(lanes, if lanes <= 4 { 32 } else { 64 })
    }

    /// `lanes` lanes with words of `word_bits` (32 or 64) bits.
    pub fn with_word_bits(lanes: u8, word_bits: u8) -> Result<Self, LaneError> {
        if !matches!(lanes, 1 | 2 | 4 | 8 | 16) {
            return Err(LaneError::Lanes(lanes));
        }
        if !matches!(word_bits, 32 | 64) {
            return Err(LaneError::WordBits(word_bits));
        }
        Ok(Self { lanes, word_bits })
    }

    /// Lanes S: samples a beat.
    pub fn lanes(&self) -> usize {
        usize::from(self.lanes)
    }

    /// Word width W in bits.
    pub fn word_bits(&self) -> usize {
        usize::from(self.word_bits)
    }

    /// Bytes of a word.
    pub fn word_bytes(&self) -> usize {
        self.word_bits() / 8
    }

    /// Beats of a plane of `plane_len` samples.
    pub fn beats(&self, plane_len: usize) -> usize {
        plane_len.div_ceil(self.lanes())
    }

    /// Samples of a plane padded to whole beats.
    pub fn padded(&self, plane_len: usize) -> usize {
        self.beats(plane_len) * self.lanes()
    }

    /// Bytes of the shortest payload: two words a lane.
    pub fn min_payload(&self) -> usize {
        2 * self.lanes() * self.word_bytes()
    }
}

type Bits = BitVec<u8, Msb0>;

/// Writes the lanes' bits and notes the order of their words.
pub(crate) struct LaneWriter {
    shape: LaneShape,
    bits: Vec<Bits>,
    order: Vec<usize>,
    /// Words each lane has asked for so far: two at first, one more at each crossing.
    asked: Vec<usize>,
    sent: Vec<usize>,
    sent_in_all: usize,
    fifo_depth: usize,
}

impl LaneWriter {
    pub fn new(shape: LaneShape) -> Self {
        let lanes = shape.lanes();
        Self {
            shape,
            bits: vec![Bits::new(); lanes],
            order: (0..lanes).chain(0..lanes).collect(),
            asked: vec![2; lanes],
            sent: vec![0; lanes],
            sent_in_all: 0,
            fifo_depth: 0,
        }
    }

    /// Appends the low `count` bits of `value` to a lane, most significant first.
    pub fn put(&mut self, lane: usize, value: u32, count: u32) {
        let value = value.to_be_bytes();
        let bits = value.view_bits::<Msb0>();
        self.bits[lane].extend_from_bitslice(&bits[(u32::BITS - count) as usize..]);
    }

    /// Ends a beat: lanes that reached or passed the end of their word k ask for word k + 2.
    pub fn end_beat(&mut self) {
        for lane in 0..self.shape.lanes() {
            while self.finished(lane) + 2 > self.asked[lane] {
                self.asked[lane] += 1;
                self.order.push(lane);
            }
        }
        // What a hardware encoder with a free output has sent by now, and what it still holds.
        while let Some(&lane) = self.order.get(self.sent_in_all) {
            if self.sent[lane] == self.finished(lane) {
                break;
            }
            self.sent[lane] += 1;
            self.sent_in_all += 1;
        }
        let held = (0..self.shape.lanes()).map(|lane| self.finished(lane) - self.sent[lane]);
        self.fifo_depth = self.fifo_depth.max(held.max().unwrap_or(0));
    }

    /// The payload, and the most finished words any lane held back while the word at the head of
    /// the order was not complete.
    pub fn finish(mut self) -> (Vec<u8>, usize) {
        let width = self.shape.word_bits();
        for (bits, &asked) in self.bits.iter_mut().zip(&self.asked) {
            bits.resize(asked * width, false);
        }
        let mut next = vec![0; self.shape.lanes()];
        let mut payload = Vec::with_capacity(self.order.len() * self.shape.word_bytes());
        for &lane in &self.order {
            let word: &BitSlice<u8, Msb0> = &self.bits[lane][next[lane]..][..width];
            next[lane] += width;
            let word = word.load_be::<u64>().to_le_bytes();
            payload.extend_from_slice(&word[..self.shape.word_bytes()]);
        }
        (payload, self.fifo_depth)
    }

    fn finished(&self, lane: usize) -> usize {
        self.bits[lane].len() / self.shape.word_bits()
    }
}

/// Hands the lanes' bits out again, taking words from the payload in their order.
pub(crate) struct LaneReader<'a> {
    shape: LaneShape,
    words: core::slice::ChunksExact<'a, u8>,
    bits: Vec<Bits>,
    read: Vec<usize>,
}

impl<'a> LaneReader<'a> {
    /// `None` where the payload holds no two words a lane, or no whole number of words.
    pub fn new(shape: LaneShape, payload: &'a [u8]) -> Option<Self> {
        let words = payload.chunks_exact(shape.word_bytes());
        if !words.remainder().is_empty() {
            return None;
        }
        let mut reader = Self {
            shape,
            words,
            bits: vec![Bits::new(); shape.lanes()],
            read: vec![0; shape.lanes()],
        };
        for lane in (0..shape.lanes()).chain(0..shape.lanes()) {
            reader.load(lane)?;
        }
        Some(reader)
    }

    /// The next `count` bits of a lane as a number, most significant first.
    pub fn take(&mut self, lane: usize, count: u32) -> u32 {
        self.bits(lane)
            .take(count as usize)
            .fold(0, |value, bit| value << 1 | u32::from(bit))
    }

    /// The next bits of a lane, one by one. A beat never reaches the end of the lane's two words.
    pub fn bits(&mut self, lane: usize) -> impl Iterator<Item = bool> {
        let (bits, read) = (&self.bits[lane], &mut self.read[lane]);
        core::iter::from_fn(move || {
            let bit = *bits.get(*read)?;
            *read += 1;
            Some(bit)
        })
    }

    /// Ends a beat: lanes that reached or passed the end of a word take their next one.
    /// `None` where the payload has no more.
    pub fn end_beat(&mut self) -> Option<()> {
        for lane in 0..self.shape.lanes() {
            if self.read[lane] >= self.shape.word_bits() {
                self.read[lane] -= self.shape.word_bits();
                self.bits[lane].drain(..self.shape.word_bits());
                self.load(lane)?;
            }
        }
        Some(())
    }

    /// Bytes of the payload that no lane took.
    pub fn left(&self) -> usize {
        self.words.len() * self.shape.word_bytes()
    }

    fn load(&mut self, lane: usize) -> Option<()> {
        let word = self.words.next()?.iter().rev();
        self.bits[lane].extend(word.flat_map(|byte| byte.view_bits::<Msb0>().iter().by_vals()));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_in_the_order_in_which_lanes_cross() {
        let shape = LaneShape::new(2).unwrap();
        let mut writer = LaneWriter::new(shape);
        // Lane 0 writes 16 bits a beat, lane 1 8 bits: crossings 0, then 0 and 1, ...
        for beat in 0..8 {
            writer.put(0, 0xa000 + beat, 16);
            writer.put(1, 0xb0 + beat, 8);
            writer.end_beat();
        }
        let (payload, fifo_depth) = writer.finish();
        let words: Vec<u32> = payload
            .chunks(4)
            .map(|b| u32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        let expected = [
            0xa000a001, 0xb0b1b2b3, 0xa002a003, 0xb4b5b6b7, // words 0 and 1
            0xa004a005, // lane 0 ends its word 0 in beat 1
            0xa006a007, 0, // both end a word in beat 3
            0, // lane 0 in beat 5
            0, 0, // both in beat 7
        ];
        assert_eq!(words, expected);
        assert_eq!(fifo_depth, 1);

        let mut reader = LaneReader::new(shape, &payload).unwrap();
        for beat in 0..8 {
            assert_eq!(reader.take(0, 16), 0xa000 + beat);
            assert_eq!(reader.take(1, 8), 0xb0 + beat);
            reader.end_beat().unwrap();
        }
        assert_eq!(reader.left(), 0);
    }

    #[test]
    fn legal_shapes() {
        assert_eq!(LaneShape::new(3), Err(LaneError::Lanes(3)));
        assert_eq!(LaneShape::new(32), Err(LaneError::Lanes(32)));
        assert!(LaneShape::with_word_bits(4, 16).is_err());
        assert_eq!(LaneShape::new(8).unwrap().word_bits(), 64);
    }
}
