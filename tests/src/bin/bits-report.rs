//! Bits per activation on the real tensors, for every n and m of interest, as a page of `docs/`.

use std::path::Path;

use dqa_driver::compress::compress;
use dqa_driver::plan::Plan;
use dqa_driver::settings::{ModeChoice, RangeOf, Settings};
use dqa_driver::software::Software;
use dqa_driver::stats::Stats;
use dqa_driver::tensor::{TensorReader, open};
use dqa_golden::package_merge::code_lengths;

type Failure = Box<dyn std::error::Error>;

/// Bits per activation over all tensors together.
struct Row {
    flat: f64,
    paper: f64,
    paper_container: f64,
    joint: f64,
    joint_container: f64,
    entropy: f64,
}

fn main() -> Result<(), Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/activations");
    let mut files: Vec<_> = std::fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_, std::io::Error>>()?;
    files.sort();
    let mut tensors = Vec::new();
    for file in files {
        tensors.extend(open(&file)?);
    }
    println!(
        "# Bits per activation\n\n\
         Printed by `cargo run --release -p dqa-tests --bin bits-report`.\n\n\
         All {} tensors of `tests/data` together ({} activations): \
         ResNet-32 on 8\nCIFAR-10 images, full-range policy, 40 % of the channels important (those \
         that quantize worst\nto n bits), 4 lanes, codes of at most 8 bits and 32 symbols. \
         *Codes* are code bits alone; *container*\nis the whole `.dqa` file: channel table, code \
         tables, headers, trailers, checksums. *Entropy* is\nthe order-0 entropy of the codes q, \
         by class and tensor. Channels that are zero throughout are not\nstored; they count as \
         activations.",
        tensors.len(),
        tensors.iter().map(TensorReader::elements).sum::<u64>()
    );
    let ranges = [
        (
            "Ranges: 99.9th percentile of each channel",
            RangeOf::Percentile(99.9),
        ),
        ("Ranges: maximum of each channel", RangeOf::Max),
    ];
    for (title, range) in ranges {
        println!(
            "\n## {title}\n\n\
             | n | m | flat | paper: codes | container | joint: codes | container | entropy | \
             joint over entropy |\n|---|---|---|---|---|---|---|---|---|"
        );
        for bits in 2..=5 {
            for extra in 0..=3.min(bits) {
                let row = row(&tensors, bits, extra, range)?;
                println!(
                    "| {bits} | {extra} | {:.3} | {:.3} | {:.3} | {:.3} | **{:.3}** | {:.3} | {:.1} % |",
                    row.flat,
                    row.paper,
                    row.paper_container,
                    row.joint,
                    row.joint_container,
                    row.entropy,
                    100.0 * (row.joint / row.entropy - 1.0)
                );
            }
        }
    }
    one_by_one(&tensors)
}

/// Joint mode tensor by tensor, beside the best that one code a sample can do.
fn one_by_one(tensors: &[TensorReader]) -> Result<(), Failure> {
    println!(
        "\n## Tensor by tensor\n\n\
         99.9th percentile of each channel, joint mode. *Best prefix code* is an unlimited Huffman \
         code of\nwhole codes q (up to 256 symbols a class): what one code a sample can reach at \
         most. A sparse tensor\nstays above its entropy, since a zero costs a bit where it carries \
         less, and, where b > 5, the raw\nbits of a zero besides.\n\n\
         | tensor | n, m | joint: codes | best prefix code | entropy | joint over best | joint over \
         entropy |\n|---|---|---|---|---|---|---|"
    );
    for tensor in tensors {
        for (bits, extra) in [(3, 0), (3, 1), (4, 3), (5, 3)] {
            let settings = Settings {
                bits,
                extra,
                range: RangeOf::Percentile(99.9),
                ..Settings::default()
            };
            let stats = stats(tensor, &settings)?;
            let joint = stats.bits_per_activation.joint;
            let entropy = stats.bits_per_activation.entropy;
            let prefix_bits = |counts: &[u64]| -> u64 {
                let lengths = code_lengths(counts, 31).expect("31 bits are enough");
                counts
                    .iter()
                    .zip(lengths)
                    .map(|(c, l)| c * u64::from(l))
                    .sum()
            };
            let best =
                prefix_bits(&stats.direct.histogram) + prefix_bits(&stats.important.histogram);
            let best = best as f64 / stats.elements as f64;
            println!(
                "| {} | {bits}, {extra} | {joint:.3} | {best:.3} | {entropy:.3} | {:.1} % | {:.1} % |",
                tensor.name(),
                100.0 * (joint / best - 1.0),
                100.0 * (joint / entropy - 1.0)
            );
        }
    }
    Ok(())
}

fn row(tensors: &[TensorReader], bits: u8, extra: u8, range: RangeOf) -> Result<Row, Failure> {
    let mut total = Row {
        flat: 0.0,
        paper: 0.0,
        paper_container: 0.0,
        joint: 0.0,
        joint_container: 0.0,
        entropy: 0.0,
    };
    let all: u64 = tensors.iter().map(TensorReader::elements).sum();
    for tensor in tensors {
        let part = tensor.elements() as f64 / all as f64;
        let [paper, joint] = [ModeChoice::Paper, ModeChoice::Joint].map(|mode| {
            let settings = Settings {
                bits,
                extra,
                range,
                mode,
                ..Settings::default()
            };
            stats(tensor, &settings)
        });
        let (paper, joint) = (paper?.bits_per_activation, joint?.bits_per_activation);
        total.flat += part * joint.flat;
        total.paper += part * joint.paper;
        total.paper_container += part * paper.container;
        total.joint += part * joint.joint;
        total.joint_container += part * joint.container;
        total.entropy += part * joint.entropy;
    }
    Ok(total)
}

fn stats(tensor: &TensorReader, settings: &Settings) -> Result<Stats, dqa_driver::error::Error> {
    let plan = Plan::new(tensor, settings, &())?;
    let mut device = Software::new(1);
    let sizes = compress(
        tensor,
        &plan.encoding,
        &mut device,
        &mut std::io::sink(),
        &(),
    )?;
    Stats::new(settings, &plan, sizes)
}
