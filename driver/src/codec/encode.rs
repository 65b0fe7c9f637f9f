//! The lanes' writer: bits of samples to words, straight to their places in the payload.
//!
//! Golden keeps each lane's bits, notes the order in which words are asked for and puts the
//! words in that order at the end. Here the place of a word is known before its first bit is
//! written: the payload begins with words 0 and 1 of every lane, and when a lane completes its
//! word k, the next place of the payload is that of its word k + 2. So a lane keeps the places of
//! the word it writes and of the one after it, and nothing is copied.
//!
//! Whether a sample completes a word is as good as random, so there is no branch on it: the word
//! is stored at its place whether complete or not (an incomplete one is stored again later), and
//! the places move on by conditional moves.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, Scale};
use dqa_golden::payload::{EncodeError, PlaneRun};

use super::scale::{Sample, Scaler, extremes};
use super::tables::Bits;
use super::{BLOCK, Prepared};

/// Encodes planes; see [`Prepared::encode`]. The run and the number of samples have been checked.
pub(super) struct Encode<'a, T, const LANES: usize, const BYTES: usize> {
    pub prepared: &'a Prepared,
    pub run: &'a PlaneRun,
    pub samples: &'a [T],
    pub out: &'a mut Vec<u8>,
}

impl<T: Sample, const LANES: usize, const BYTES: usize> pulp::WithSimd
    for Encode<'_, T, LANES, BYTES>
{
    type Output = Result<(), EncodeError>;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Self::Output {
        let Self {
            prepared,
            run,
            samples,
            out,
        } = self;
        let context = &prepared.context;
        let format = context.format();
        let start = out.len();
        let mut lanes = LaneWriter::<LANES, BYTES>::new();
        let mut indices = [0; BLOCK];
        grow::<BYTES>(out, start, lanes.words_after(0));
        let planes = samples.chunks_exact(context.padded_plane());
        for (row, plane) in run.rows().zip(planes) {
            let mut entry = context.channels()[row];
            if entry.class == Class::Pruned {
                continue;
            }
            let plane = &plane[..context.plane_len()];
            if let Scale::Dynamic { policy } = context.parts().scale {
                let (min, max) = extremes(plane);
                // A magnitude grows with the distance from 0, so the extremes have the largest.
                let range = policy.magnitude(min).max(policy.magnitude(max));
                entry = policy.entry(entry.class, format.bits(), range);
                let mut beat = [Bits::NONE; LANES];
                beat[0] = Bits::new(u32::from(range), u16::BITS);
                lanes.put_beat(beat, grow(out, start, lanes.words_after(1)));
            }
            let quantizer = Scaler::quantizer(format, &entry);
            let tables = prepared.tables(entry.class);
            for block in plane.chunks(BLOCK) {
                let indices = &mut indices[..block.len().next_multiple_of(LANES)];
                for (index, x) in indices.iter_mut().zip(block) {
                    *index = quantizer.scale(x.value()).cast_unsigned();
                }
                indices[block.len()..].fill(tables.none());
                let (beats, _) = indices.as_chunks();
                let payload = grow(out, start, lanes.words_after(beats.len()));
                if lanes.put_block(&tables.bits, beats, payload).is_missing() {
                    return Err(no_code(context, row, &entry, block));
                }
            }
        }
        let (payload, _) = out[start..].as_chunks_mut();
        let words = lanes.finish(payload);
        out.truncate(start + words * BYTES);
        Ok(())
    }
}

/// The payload that begins at `start`, with at least `words` words.
fn grow<const BYTES: usize>(out: &mut Vec<u8>, start: usize, words: usize) -> &mut [[u8; BYTES]] {
    let len = start + words * BYTES;
    if out.len() < len {
        out.resize(len, 0);
    }
    out[start..].as_chunks_mut().0
}

/// The error of the first sample without a code.
#[cold]
fn no_code<T: Sample>(
    context: &Context,
    row: usize,
    entry: &ChannelEntry,
    block: &[T],
) -> EncodeError {
    let (format, class) = (context.format(), entry.class);
    let mut symbols = block.iter().map(|x| {
        let q = entry.quantize(format, x.value());
        let (symbol, _) = context.layout(class).split(format.pattern(class, q));
        symbol
    });
    EncodeError::NoCode {
        channel: row,
        symbol: symbols
            .find(|&symbol| context.table(class).code(symbol).is_none())
            .expect("a missing code was noted"),
    }
}

/// Writes `LANES` lanes of words of `BYTES` bytes (4 or 8).
#[derive(Clone, Copy)]
pub(super) struct LaneWriter<const LANES: usize, const BYTES: usize> {
    /// The bits of each lane's current word, right-aligned below bits that were written before.
    bits: [u64; LANES],
    /// Bits in each lane's current word, less than a word.
    filled: [u32; LANES],
    /// Where each lane's current word goes, in words.
    place: [usize; LANES],
    /// Where each lane's next word goes.
    next_place: [usize; LANES],
    /// Places given to lanes so far.
    words: usize,
}

impl<const LANES: usize, const BYTES: usize> LaneWriter<LANES, BYTES> {
    const WORD_BITS: u32 = 8 * BYTES as u32;

    pub fn new() -> Self {
        Self {
            bits: [0; LANES],
            filled: [0; LANES],
            place: core::array::from_fn(|lane| lane),
            next_place: core::array::from_fn(|lane| LANES + lane),
            words: 2 * LANES,
        }
    }

    /// Words that the payload may reach with this many more beats, of at most 16 bits a lane.
    pub fn words_after(&self, beats: usize) -> usize {
        self.words + LANES * (beats * 16 / Self::WORD_BITS as usize + 1)
    }

    /// Appends one sample's bits to each lane. `payload` holds
    /// [`words_after`](Self::words_after) words or more.
    #[inline(always)]
    pub fn put_beat(&mut self, beat: [Bits; LANES], payload: &mut [[u8; BYTES]]) {
        for (lane, sample) in beat.into_iter().enumerate() {
            let before = self.bits[lane];
            let bits = before << sample.len() | sample.value();
            let filled = self.filled[lane] + sample.len();
            let excess = filled % Self::WORD_BITS;
            let complete = filled >= Self::WORD_BITS;
            let word = if BYTES == 4 {
                bits >> excess
            } else {
                // 64 bits do not hold the excess too: take the word's part of the sample alone.
                before.wrapping_shl(sample.len().wrapping_sub(excess)) | sample.value() >> excess
            };
            store(payload, self.place[lane], word);
            self.bits[lane] = bits;
            self.filled[lane] = excess;
            let next_place = self.next_place[lane];
            self.place[lane] = if complete {
                next_place
            } else {
                self.place[lane]
            };
            self.next_place[lane] = if complete { self.words } else { next_place };
            self.words += usize::from(complete);
        }
    }

    /// Appends the samples of these code indices. Returns [`Bits::is_missing`] if any of them
    /// has no code.
    #[inline(always)]
    pub fn put_block(
        &mut self,
        table: &[Bits],
        indices: &[[u16; LANES]],
        payload: &mut [[u8; BYTES]],
    ) -> Bits {
        let mut lanes = *self;
        let mut noted = Bits::NONE;
        for beat in indices {
            let beat = beat.map(|index| table[usize::from(index)]);
            noted = beat.into_iter().fold(noted, Bits::note_missing);
            lanes.put_beat(beat, payload);
        }
        *self = lanes;
        noted
    }

    /// Pads the last words with zeros. Returns the payload's length in words.
    pub fn finish(self, payload: &mut [[u8; BYTES]]) -> usize {
        for lane in 0..LANES {
            let padding = Self::WORD_BITS - self.filled[lane];
            let word = self.bits[lane].checked_shl(padding).unwrap_or(0);
            store(payload, self.place[lane], word);
            store(payload, self.next_place[lane], 0);
        }
        self.words
    }
}

/// Stores the low bytes of a word.
#[inline(always)]
fn store<const BYTES: usize>(payload: &mut [[u8; BYTES]], place: usize, word: u64) {
    payload[place].copy_from_slice(&word.to_le_bytes()[..BYTES]);
}
