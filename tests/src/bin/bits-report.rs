//! Bits per activation on the real tensors, for every n and m of interest, as a page of `docs/`.

use std::path::Path;

use dqa_driver::compress::compress;
use dqa_driver::plan::Plan;
use dqa_driver::settings::{ModeChoice, RangeOf, Settings};
use dqa_driver::software::Software;
use dqa_driver::stats::Stats;
use dqa_driver::tensor::{TensorReader, open};

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
         All {} tensors of [tests/data](../../tests/data/README.md) together ({} activations): \
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
    let sizes = compress(tensor, &plan, &mut device, &mut std::io::sink(), &())?;
    Stats::new(settings, &plan, sizes)
}
