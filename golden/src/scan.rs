//! Scan: what a layer's samples ask for, in one pass.
//!
//! From the ranges follow the channels' factors, from the counts of patterns the code tables of
//! any symbol width, and the shifting errors' statistics.
//!
//! As bytes, little-endian: 8 for each channel of the run (smallest sample i16, largest i16,
//! largest magnitude u16, 0 u16), then, unless the device counts no patterns, 256 counts u32 of
//! Direct and 1024 of Important channels. Direct codes have at most 8 bits; a device gives a count a
//! clock, so what is always 0 is not sent.

use alloc::{boxed::Box, vec, vec::Vec};

use crate::channel::Class;
use crate::context::Context;
use crate::format::{MAX_BITS, MAX_WIDTH};
use crate::payload::{EncodeError, PlaneRun, entry_for, planes};

/// Patterns of the widest code of a Direct channel.
pub const DIRECT_PATTERNS: usize = 1 << MAX_BITS;
/// Patterns of the widest code of an Important channel.
pub const IMPORTANT_PATTERNS: usize = 1 << MAX_WIDTH;
const RANGE_BYTES: usize = 8;

/// Range of one channel's samples, in sample units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// Smallest sample.
    pub min: i16,
    /// Largest sample.
    pub max: i16,
    /// Largest |x|.
    pub magnitude: u16,
}

/// How often each pattern (the low b bits of code q) occurs, by class. Pruned channels are not
/// counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Over all Direct channels.
    pub direct: Box<[u32; DIRECT_PATTERNS]>,
    /// Over all Important channels.
    pub important: Box<[u32; IMPORTANT_PATTERNS]>,
}

/// The result of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// Ranges of the run's channels over all its images, Pruned ones too, padding left out.
    pub ranges: Vec<Range>,
    /// Counts of patterns, where the device has them.
    pub counts: Option<Counts>,
}

impl Range {
    /// The range of a sample alone.
    fn of(x: i16) -> Self {
        Self {
            min: x,
            max: x,
            magnitude: x.unsigned_abs(),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            magnitude: self.magnitude.max(other.magnitude),
        }
    }
}

/// Scans planes: ranges, and counts of what [`encode`](crate::payload::encode) would code.
///
/// `samples` are padded planes as for `encode`; the padding is ignored.
pub fn scan(context: &Context, run: &PlaneRun, samples: &[i16]) -> Result<Scan, EncodeError> {
    let mut ranges = vec![None; run.channels.into()];
    let mut direct = Box::new([0; DIRECT_PATTERNS]);
    let mut important = Box::new([0; IMPORTANT_PATTERNS]);
    for (row, plane) in planes(context, run, samples)? {
        let range = &mut ranges[row - usize::from(run.first_channel)];
        *range = plane
            .iter()
            .map(|&x| Range::of(x))
            .chain(*range)
            .reduce(Range::and);
        let (entry, _) = entry_for(context, row, plane);
        let counts = match entry.class {
            Class::Direct => &mut direct[..],
            Class::Important => &mut important[..],
            Class::Pruned => continue,
        };
        let format = context.format();
        for &x in plane {
            let pattern = format.pattern(entry.class, entry.quantize(format, x));
            counts[pattern as usize] += 1;
        }
    }
    Ok(Scan {
        ranges: ranges.into_iter().flatten().collect(),
        counts: Some(Counts { direct, important }),
    })
}

impl Scan {
    /// The payload of a scan's answer.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for range in &self.ranges {
            bytes.extend(range.min.to_le_bytes());
            bytes.extend(range.max.to_le_bytes());
            bytes.extend(range.magnitude.to_le_bytes());
            bytes.extend([0; 2]);
        }
        if let Some(counts) = &self.counts {
            let counts = counts.direct.iter().chain(counts.important.iter());
            bytes.extend(counts.flat_map(|count| count.to_le_bytes()));
        }
        bytes
    }

    /// Reads the payload of an answer over `channels` channels; `None` where it is no such thing.
    pub fn from_bytes(channels: u16, bytes: &[u8]) -> Option<Self> {
        let (ranges, counts) = bytes.split_at_checked(RANGE_BYTES * usize::from(channels))?;
        let (ranges, _) = ranges.as_chunks::<RANGE_BYTES>();
        let ranges = ranges.iter().map(|&[a, b, c, d, e, f, g, h]| {
            let range = Range {
                min: i16::from_le_bytes([a, b]),
                max: i16::from_le_bytes([c, d]),
                magnitude: u16::from_le_bytes([e, f]),
            };
            let magnitude = range.min.unsigned_abs().max(range.max.unsigned_abs());
            ([g, h] == [0; 2] && range.min <= range.max && range.magnitude == magnitude)
                .then_some(range)
        });
        let ranges = ranges.collect::<Option<_>>()?;
        let (counts, part) = counts.as_chunks::<4>();
        let counts: Vec<_> = counts
            .iter()
            .map(|&count| u32::from_le_bytes(count))
            .collect();
        let counts = match counts.len() {
            0 => None,
            _ => Some(Counts {
                direct: Box::new(*counts.first_chunk()?),
                important: Box::new(counts.get(DIRECT_PATTERNS..)?.try_into().ok()?),
            }),
        };
        part.is_empty().then_some(Self { ranges, counts })
    }
}
