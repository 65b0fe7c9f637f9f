//! Prints how many codes the 17-bit mantissa changes, as the table of `docs/src/exactness.md`.

use dqa_golden::channel::Class;
use dqa_tests::exactness::{Case, RANGES, formats};

fn main() {
    println!("Ranges: {RANGES:?}.");
    println!();
    println!(
        "| policy | class | n | m | codes that differ, of {} | most in one range | at range | by at most | unjustified |",
        RANGES.len() << 16
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for (policy, format, class) in formats() {
        let (mut total, mut largest, mut unjustified) = (0, 0, 0);
        let (mut most, mut at) = (0, None);
        for range in RANGES {
            let comparison = Case {
                policy,
                format,
                class,
                range,
            }
            .compare();
            total += comparison.differing;
            largest = largest.max(comparison.largest);
            unjustified += comparison.unjustified;
            if comparison.differing > most {
                (most, at) = (comparison.differing, Some(range));
            }
        }
        let extra = match class {
            Class::Important => format.extra().to_string(),
            _ => "any".to_owned(),
        };
        let at = at.map_or("none".to_owned(), |range| range.to_string());
        println!(
            "| {policy:?} | {class:?} | {} | {extra} | {total} | {most} | {at} | {largest} | {unjustified} |",
            format.bits()
        );
    }
}
