//! Lanes as unlike as the code stream allows: what an encoder's lane FIFOs must be built for.

use dqa_golden::channel::Class;
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::lanes::LaneShape;
use dqa_golden::payload::{PlaneRun, encode};
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::Mode;
use dqa_golden::table::CodeTable;

/// A layer with codes as unlike as `raw_bits` allows: 1 bit and 8 bits where there are none.
#[derive(Clone, Copy, Debug)]
pub struct Skew {
    /// Lanes S, at least 2.
    pub lanes: u8,
    /// Word width W.
    pub word_bits: u8,
    /// Samples of a plane.
    pub plane_len: u32,
    /// Raw bits behind each code, 0 to 5.
    pub raw_bits: u8,
    /// Whether each plane starts with its 16-bit range.
    pub dynamic: bool,
}

/// The range of every plane of [`Skew`]'s layer.
const RANGE: u16 = 1023;

impl Skew {
    /// The layer: n = 5, of which `5 - raw_bits` bits are coded.
    ///
    /// # Panics
    /// If a field is not legal.
    pub fn context(&self) -> Context {
        let policy = DeltaPolicy::FullRange;
        let symbol_bits = 5 - self.raw_bits;
        let symbols = 1usize << symbol_bits;
        let count = |symbol: usize| {
            if symbol == 0 {
                1 << 40
            } else {
                1 << (32 - symbol)
            }
        };
        let counts: Vec<u64> = (0..symbols).map(count).collect();
        let code = CodeTable::from_counts(&counts, 8).expect("at most 32 symbols");
        Context::new(ContextParts {
            format: policy.format(5, 0).expect("legal"),
            mode: Mode::Joint {
                direct: symbol_bits,
                important: symbol_bits,
            },
            shape: LaneShape::with_word_bits(self.lanes, self.word_bits).expect("legal"),
            scale: if self.dynamic {
                Scale::Dynamic { policy }
            } else {
                Scale::Fixed
            },
            plane_len: self.plane_len,
            limit: 8,
            direct: code.clone(),
            important: code,
            channels: vec![policy.entry(Class::Direct, 5, RANGE)],
        })
        .expect("legal")
    }

    /// Fewest and most bits of a sample.
    pub fn sample_bits(&self) -> (u32, u32) {
        let context = self.context();
        let lengths = context.table(Class::Direct).lengths();
        let shortest = u32::from(lengths.iter().copied().min().unwrap_or(0));
        (
            shortest + u32::from(self.raw_bits),
            context.max_sample_bits(),
        )
    }

    /// The depth that the lane FIFOs need when `long` says, for (plane, sample of the plane),
    /// which samples take the longest code; the others take the shortest.
    ///
    /// # Panics
    /// If there are over 65535 planes.
    pub fn depth(&self, planes: u16, long: impl Fn(usize, usize) -> bool) -> usize {
        let context = self.context();
        let run = PlaneRun {
            first_channel: 0,
            channels: 1,
            images: planes,
        };
        let padded = context.padded_plane();
        // The largest sample, which is also the range, has the longest code.
        let samples: Vec<i16> = (0..run.samples(&context))
            .map(|i| {
                if long(i / padded, i % padded) {
                    RANGE.cast_signed()
                } else {
                    0
                }
            })
            .collect();
        encode(&context, &run, &samples)
            .expect("a complete code")
            .fifo_depth
    }

    /// The greatest depth that a search finds: one lane falls behind with shortest codes while
    /// another writes longest ones, after a lead that brings both to every phase of their words.
    pub fn search(&self) -> usize {
        let lanes = usize::from(self.lanes);
        let word = usize::from(self.word_bits);
        let beats = (self.plane_len as usize).div_ceil(lanes);
        let lead_planes = |lead: usize| lead.div_ceil(beats);
        let depth = |slow: usize, fast: usize, lead: usize, slow_long: usize, fast_long: usize| {
            // In the lead each lane writes as many longest codes as it is told, then the skew.
            let planes = lead_planes(lead) + 3 * word / (self.plane_len as usize / lanes) + 2;
            let planes = u16::try_from(planes).expect("a few hundred");
            self.depth(planes, |plane, i| {
                let (lane, beat) = (i % lanes, plane * beats + i / lanes);
                if plane >= lead_planes(lead) {
                    lane == fast
                } else if lane == slow {
                    beat < slow_long
                } else {
                    lane == fast && beat < fast_long
                }
            })
        };
        let mut deepest = 0;
        for (slow, fast) in [(lanes - 1, 0), (0, lanes - 1)] {
            for slow_long in 0..10 {
                for fast_long in 0..10 {
                    for lead in (1..=8).map(|quarters| quarters * word / 4) {
                        deepest = deepest.max(depth(slow, fast, lead, slow_long, fast_long));
                    }
                }
            }
        }
        deepest
    }
}

/// Words that a lane FIFO holds at most, for planes of [`Skew`]'s kind.
///
/// Let A be the lane of the word at the head of the order, and B another lane. A's word j was
/// asked for when A passed the end of word j - 2 and is complete at the end of word j, so A has
/// written at most 2W - 1 bits since: at most `a` samples. All words of B asked for before are
/// sent: those that were finished then, and two more. So B holds what it finished since, less
/// two. A lane above A has in that time at most the beat of the request more samples than A; one
/// below A has one more for every plane that ends in a partial beat, and lane 0 the ranges.
///
/// `docs/src/design/lane-buffers.md` has the argument in full.
pub fn depth_bound(skew: &Skew) -> u32 {
    let word_bits = u32::from(skew.word_bits);
    let lanes = u32::from(skew.lanes);
    let (min, max) = skew.sample_bits();
    let a = (2 * word_bits - 1) / min;
    let boundaries = a / (skew.plane_len / lanes) + 1;
    let partial = u32::from(!skew.plane_len.is_multiple_of(lanes));
    let ranges = if skew.dynamic { boundaries } else { 0 };
    let below = (a + partial * boundaries) * max + 16 * ranges;
    let above = (a + 1) * max;
    below.max(above).div_ceil(word_bits).saturating_sub(2)
}
