//! The lanes' reader: words of the payload to codes, in the order in which lanes need them.
//!
//! As in golden, a lane holds two words and takes the payload's next one when it has used up the
//! first. Lanes do not see each other's bits, so looking at one lane's end of word right after
//! its sample is the same as looking at all of them at the end of a beat, lane 0 first.
//!
//! A sample is one table look-up. Taking a word is done without a branch, as it is as good as
//! random: the next word is read in any case and counted only where it was needed. A payload that
//! ends early repeats its last word, and the count tells afterwards.

use dqa_golden::channel::Class;
use dqa_golden::context::Scale;
use dqa_golden::payload::{DecodeError, PlaneRun};

use super::scale::{Sample, Scaler};
use super::tables::Found;
use super::{BLOCK, Prepared};

/// Decodes planes into samples that are all 0; see [`Prepared::decode`]. The run and the number
/// of samples have been checked.
pub(super) struct Decode<'a, T, const LANES: usize, const BYTES: usize> {
    pub prepared: &'a Prepared,
    pub run: &'a PlaneRun,
    pub payload: &'a [u8],
    pub samples: &'a mut [T],
}

impl<T: Sample, const LANES: usize, const BYTES: usize> pulp::WithSimd
    for Decode<'_, T, LANES, BYTES>
{
    type Output = Result<(), DecodeError>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Self::Output {
        let Self {
            prepared,
            run,
            payload,
            samples,
        } = self;
        let context = &prepared.context;
        let format = context.format();
        let (words, []) = payload.as_chunks::<BYTES>() else {
            return Err(DecodeError::Truncated);
        };
        let mut lanes = LaneReader::<LANES, BYTES>::new(words);
        let mut found = [Found::default(); BLOCK];
        let planes = samples.chunks_exact_mut(context.padded_plane());
        for (row, plane) in run.rows().zip(planes) {
            let mut entry = context.channels()[row];
            if entry.class == Class::Pruned {
                continue;
            }
            if let Scale::Dynamic { policy } = context.parts().scale {
                let range = lanes.take(0, u16::BITS, words);
                let range = u16::try_from(range).expect("16 bits");
                entry = policy.entry(entry.class, format.bits(), range);
            }
            let dequantizer = Scaler::dequantizer(format, &entry);
            let tables = prepared.tables(entry.class);
            for block in plane[..context.plane_len()].chunks_mut(BLOCK) {
                let found = &mut found[..block.len()];
                lanes.take_block(&tables.found, tables.peek, words, found);
                for (sample, found) in block.iter_mut().zip(found) {
                    *sample = T::from_value(dequantizer.scale(found.code()));
                }
                if lanes.words > words.len() {
                    return Err(DecodeError::Truncated);
                }
            }
        }
        match words.len().checked_sub(lanes.words) {
            Some(0) => Ok(()),
            Some(left) => Err(DecodeError::TooLong(left * BYTES)),
            None => Err(DecodeError::Truncated),
        }
    }
}

/// Reads `LANES` lanes of words of `BYTES` bytes (4 or 8).
#[derive(Clone, Copy)]
pub(super) struct LaneReader<const LANES: usize, const BYTES: usize> {
    /// Words of 32 bits: both of the lane's words. Words of 64 bits: the first one.
    first: [u64; LANES],
    /// Words of 64 bits: the lane's second word.
    second: [u64; LANES],
    /// Bits used of each lane's first word, less than a word.
    used: [u32; LANES],
    /// Words taken, more than the payload has where it ended early.
    words: usize,
}

impl<const LANES: usize, const BYTES: usize> LaneReader<LANES, BYTES> {
    const WORD_BITS: u32 = 8 * BYTES as u32;

    pub fn new(payload: &[[u8; BYTES]]) -> Self {
        let mut reader = Self {
            first: [0; LANES],
            second: [0; LANES],
            used: [0; LANES],
            words: 2 * LANES,
        };
        for lane in 0..LANES {
            reader.push(lane, word(payload, lane));
        }
        for lane in 0..LANES {
            reader.push(lane, word(payload, LANES + lane));
        }
        reader
    }

    /// The next `count` bits of a lane, 1 to 16.
    pub fn take(&mut self, lane: usize, count: u32, payload: &[[u8; BYTES]]) -> u64 {
        let bits = self.window(lane) >> (u64::BITS - count);
        self.advance(lane, count, payload);
        bits
    }

    /// Reads samples, lane after lane. The last beat may be a partial one.
    #[inline(always)]
    pub fn take_block(
        &mut self,
        table: &[Found],
        peek: u32,
        payload: &[[u8; BYTES]],
        samples: &mut [Found],
    ) {
        let mut lanes = *self;
        let (beats, rest) = samples.as_chunks_mut::<LANES>();
        for beat in beats {
            lanes.take_beat(table, peek, payload, beat);
        }
        lanes.take_beat(table, peek, payload, rest);
        *self = lanes;
    }

    #[inline(always)]
    fn take_beat(
        &mut self,
        table: &[Found],
        peek: u32,
        payload: &[[u8; BYTES]],
        beat: &mut [Found],
    ) {
        for (lane, sample) in beat.iter_mut().enumerate() {
            let found = table[(self.window(lane) >> (u64::BITS - peek)) as usize];
            *sample = found;
            self.advance(lane, found.len(), payload);
        }
    }

    /// The lane's next bits from the top; at least a word and a bit of them are there.
    #[inline(always)]
    fn window(&self, lane: usize) -> u64 {
        let (first, used) = (self.first[lane], self.used[lane]);
        if BYTES == 4 {
            first << used
        } else {
            first << used | (self.second[lane] >> 1) >> (63 - used)
        }
    }

    #[inline(always)]
    fn advance(&mut self, lane: usize, count: u32, payload: &[[u8; BYTES]]) {
        let used = self.used[lane] + count;
        let next = word(payload, self.words);
        if used >= Self::WORD_BITS {
            self.push(lane, next);
        }
        self.used[lane] = used % Self::WORD_BITS;
        self.words += (used / Self::WORD_BITS) as usize;
    }

    /// Drops the lane's first word and takes a word behind its second.
    #[inline(always)]
    fn push(&mut self, lane: usize, word: u64) {
        if BYTES == 4 {
            self.first[lane] = self.first[lane] << 32 | word;
        } else {
            self.first[lane] = self.second[lane];
            self.second[lane] = word;
        }
    }
}

/// A word of the payload; past its end the last one, without a branch.
#[inline(always)]
fn word<const BYTES: usize>(payload: &[[u8; BYTES]], at: usize) -> u64 {
    let mut word = [0; 8];
    if let Some(last) = payload.len().checked_sub(1) {
        word[..BYTES].copy_from_slice(&payload[at.min(last)]);
    }
    u64::from_le_bytes(word)
}
