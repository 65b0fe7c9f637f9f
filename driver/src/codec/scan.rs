//! Ranges of channels and counts of codes, in one pass over the planes.

use dqa_golden::channel::Class;
use dqa_golden::context::Scale;
use dqa_golden::payload::PlaneRun;
use dqa_golden::scan::{Counts, DIRECT_PATTERNS, IMPORTANT_PATTERNS, Range, Scan};

use super::Prepared;
use super::scale::{Sample, Scaler, extremes};

/// Scans planes; equals [`dqa_golden::scan::scan`]. The run and the number of samples have been
/// checked.
pub(super) fn scan<T: Sample>(prepared: &Prepared, run: &PlaneRun, samples: &[T]) -> Scan {
    let context = &prepared.context;
    let format = context.format();
    let mut found = vec![(i16::MAX, i16::MIN); run.channels.into()];
    let mut direct = Box::new([0; DIRECT_PATTERNS]);
    let mut important = Box::new([0; IMPORTANT_PATTERNS]);
    for (row, plane) in run.rows().zip(samples.chunks_exact(context.padded_plane())) {
        let plane = &plane[..context.plane_len()];
        let (min, max) = extremes(plane);
        let range = &mut found[row - usize::from(run.first_channel)];
        *range = (range.0.min(min), range.1.max(max));
        let mut entry = context.channels()[row];
        let class = entry.class;
        let counts = match class {
            Class::Direct => &mut direct[..],
            Class::Important => &mut important[..],
            Class::Pruned => continue,
        };
        if let Scale::Dynamic { policy } = context.parts().scale {
            let range = policy.magnitude(min).max(policy.magnitude(max));
            entry = policy.entry(class, format.bits(), range);
        }
        let quantizer = Scaler::quantizer(format, &entry);
        // The quantizer gives q - lo; the pattern is q's low bits.
        let (lo, _) = format.code_range(class);
        let mask = (1usize << format.width(class)) - 1;
        let lo = lo.cast_unsigned() as usize;
        for x in plane {
            let index = usize::from(quantizer.scale(x.value()).cast_unsigned());
            counts[index.wrapping_add(lo) & mask] += 1;
        }
    }
    let ranges = found.into_iter().map(|(min, max)| Range {
        min,
        max,
        magnitude: min.unsigned_abs().max(max.unsigned_abs()),
    });
    Scan {
        ranges: ranges.collect(),
        counts: Some(Counts { direct, important }),
    }
}
