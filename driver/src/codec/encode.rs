//! The lanes' writer: bits of samples to words, straight to their places in the payload.
//!
//! Golden keeps each lane's bits, notes the order in which words are asked for and puts the
//! words in that order at the end. Here the place of a word is known before its first bit is
//! written: the payload begins with words 0 and 1 of every lane, and when a lane completes its
//! word k, the next place of the payload is that of its word k + 2. So a lane keeps the places of
//! the word it writes and of the one after it, and memory does not grow with the packet.
//!
//! Whether a sample completes a word is as good as random, so there is no branch on it. A block
//! goes through in three steps:
//!
//! 1. beat by beat, append the samples' bits, all lanes alike (in vectors where there are any),
//!    and note after each sample the word as it would be if it were complete now;
//! 2. sample by sample, write down those that completed a word: each is written, and the next
//!    one over it unless it did;
//! 3. bring the completed words to their places, in that order.

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
                // A beat of its own, the range in lane 0.
                let table = [Bits::new(u32::from(range), u16::BITS), Bits::NONE];
                let beat = core::array::from_fn(|lane| u16::from(lane > 0));
                let payload = grow(out, start, lanes.words_after(1));
                lanes.put_block(&table, &[beat], payload);
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
struct LaneWriter<const LANES: usize, const BYTES: usize> {
    /// The bits of each lane's current word, right-aligned below bits that were written before.
    bits: [u64; LANES],
    /// Bits in each lane's current word, less than a word.
    filled: [u32; LANES],
    /// Where each lane's current word and the one after it go, in words.
    places: [[usize; 2]; LANES],
    /// Places given to lanes so far.
    words: usize,
    /// Step 1: by sample, its lane's current word.
    current: [u64; BLOCK],
    /// Step 1: by sample, 1 if that word is complete.
    complete: [u32; BLOCK],
    /// Step 2: the samples that completed a word.
    completing: [u16; BLOCK],
}

impl<const LANES: usize, const BYTES: usize> LaneWriter<LANES, BYTES> {
    const WORD_BITS: u32 = 8 * BYTES as u32;

    fn new() -> Self {
        Self {
            bits: [0; LANES],
            filled: [0; LANES],
            places: core::array::from_fn(|lane| [lane, LANES + lane]),
            words: 2 * LANES,
            current: [0; BLOCK],
            complete: [0; BLOCK],
            completing: [0; BLOCK],
        }
    }

    /// Words that the payload may reach with this many more beats, of at most 16 bits a lane.
    fn words_after(&self, beats: usize) -> usize {
        self.words + LANES * (beats * 16 / Self::WORD_BITS as usize + 1)
    }

    /// Appends a block of samples, given by their indices in a table. `payload` holds
    /// [`words_after`](Self::words_after) words or more. Returns [`Bits::is_missing`] if any of
    /// the samples has no code.
    #[inline(always)]
    fn put_block(
        &mut self,
        table: &[Bits],
        beats: &[[u16; LANES]],
        payload: &mut [[u8; BYTES]],
    ) -> Bits {
        let noted = self.append(table, beats);
        let count = self.find_complete(LANES * beats.len());
        self.place(count, payload);
        noted
    }

    /// Step 1.
    #[inline(always)]
    fn append(&mut self, table: &[Bits], beats: &[[u16; LANES]]) -> Bits {
        let (mut bits, mut filled) = (self.bits, self.filled);
        let (current, _) = self.current.as_chunks_mut::<LANES>();
        let (complete, _) = self.complete.as_chunks_mut::<LANES>();
        let mut noted = [Bits::NONE; LANES];
        for ((beat, current), complete) in beats.iter().zip(current).zip(complete) {
            let samples = beat.map(|index| table[usize::from(index)]);
            noted = core::array::from_fn(|lane| noted[lane].note_missing(samples[lane]));
            let len = core::array::from_fn::<u32, LANES, _>(|lane| samples[lane].len());
            let value = core::array::from_fn::<u64, LANES, _>(|lane| samples[lane].value());
            let before = bits;
            bits = core::array::from_fn(|lane| (before[lane] << (len[lane] % 64)) | value[lane]);
            let total = core::array::from_fn::<u32, LANES, _>(|lane| filled[lane] + len[lane]);
            filled = core::array::from_fn(|lane| total[lane] % Self::WORD_BITS);
            *current = core::array::from_fn(|lane| {
                if BYTES == 4 {
                    bits[lane] >> filled[lane]
                } else {
                    // 64 bits do not hold the excess too: take the word's part of the sample.
                    let part = len[lane].wrapping_sub(filled[lane]) % 64;
                    before[lane] << part | value[lane] >> filled[lane]
                }
            });
            *complete = core::array::from_fn(|lane| total[lane] / Self::WORD_BITS);
        }
        (self.bits, self.filled) = (bits, filled);
        noted.into_iter().fold(Bits::NONE, Bits::note_missing)
    }

    /// Step 2 over so many samples. Returns how many completed a word.
    #[inline(always)]
    fn find_complete(&mut self, samples: usize) -> usize {
        let mut count = 0;
        for (sample, &complete) in (0..).zip(&self.complete[..samples]) {
            self.completing[count % BLOCK] = sample;
            count += complete as usize;
        }
        count
    }

    /// Step 3 for so many words.
    #[inline(always)]
    fn place(&mut self, count: usize, payload: &mut [[u8; BYTES]]) {
        for &sample in &self.completing[..count] {
            let sample = usize::from(sample);
            let [place, following] = &mut self.places[sample % LANES];
            store(payload, *place, self.current[sample % BLOCK]);
            (*place, *following) = (*following, self.words);
            self.words += 1;
        }
    }

    /// Pads the last words with zeros. Returns the payload's length in words.
    fn finish(self, payload: &mut [[u8; BYTES]]) -> usize {
        for lane in 0..LANES {
            let [place, following] = self.places[lane];
            let padding = Self::WORD_BITS - self.filled[lane];
            // An empty word of 64 bits would be shifted by all of them.
            let word = self.bits[lane].checked_shl(padding).unwrap_or(0);
            store(payload, place, word);
            store(payload, following, 0);
        }
        self.words
    }
}

/// Stores the low bytes of a word.
#[inline(always)]
fn store<const BYTES: usize>(payload: &mut [[u8; BYTES]], place: usize, word: u64) {
    payload[place].copy_from_slice(&word.to_le_bytes()[..BYTES]);
}
