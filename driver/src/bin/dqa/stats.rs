//! `dqa stats`: what compression does to a tensor, in figures and as a plot.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use dqa_driver::atomic::AtomicFile;
use dqa_driver::compress::compress;
use dqa_driver::device;
use dqa_driver::plan::Plan;
use dqa_driver::plot;
use dqa_driver::stats::{ClassStats, Stats};

use crate::choices::Choices;
use crate::compress::note_lost_negatives;
use crate::console::{Console, Failure};
use crate::files::jobs;

/// Show what compression does: bits, entropies, code lengths, shifting errors, losses
///
/// Takes the options of compress and writes no container.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A .npy, .npz or .safetensors file, or a folder of them
    input: PathBuf,
    /// The tensor of this name only
    #[arg(long, value_name = "NAME")]
    tensor: Option<String>,
    /// Plot the histograms of shifting errors and codes to this file (one tensor only)
    #[arg(long, value_name = "FILE.svg")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    choices: Choices,
}

const EXAMPLES: &str = "\
Examples:
  dqa stats act.npy --bits 3 --extra 3
  dqa stats act.npy --bits 3 --extra 3 --policy paper --scope layer --svg figure2.svg
  dqa stats activations --bits 3 --extra 1 --percentile 99.9 --json";

#[derive(serde::Serialize)]
struct Report {
    input: PathBuf,
    tensor: String,
    #[serde(flatten)]
    stats: Stats,
}

pub fn run(args: &Args, device: &str, console: &Console) -> Result<(), Failure> {
    let settings = args.choices.settings()?;
    let mut transport = device::open(device)?;
    let jobs = jobs(&args.input, args.tensor.as_deref(), None)?;
    if args.svg.is_some() && jobs.len() > 1 {
        return Err(Failure::usage(format!(
            "--svg plots one tensor, {} holds {}: name one with --tensor",
            args.input.display(),
            jobs.len()
        )));
    }
    let mut reports = Vec::new();
    for job in jobs {
        let at = |error| Failure::at(&job.input, error);
        let plan = Plan::new(&job.tensor, &settings, console).map_err(at)?;
        note_lost_negatives(&plan, &job.input, console);
        let mut nowhere = std::io::sink();
        let sizes = compress(
            &job.tensor,
            &plan.encoding,
            &mut *transport,
            &mut nowhere,
            console,
        )
        .map_err(at)?;
        let stats = Stats::new(&settings, &plan, sizes).map_err(at)?;
        if let Some(path) = &args.svg {
            let mut file = AtomicFile::create(path)?;
            file.write_all(plot::svg(&stats, job.tensor.name()).as_bytes())
                .map_err(|error| {
                    Failure::new(format!("cannot write {}: {error}", path.display()))
                })?;
            file.commit()?;
        }
        reports.push(Report {
            tensor: job.tensor.name().to_owned(),
            input: job.input,
            stats,
        });
    }
    let texts: Vec<String> = reports.iter().map(text).collect();
    match &reports[..] {
        [report] => console.result(&texts[0], report),
        reports => console.result(&texts.join("\n"), &reports),
    }
}

fn text(report: &Report) -> String {
    let stats = &report.stats;
    let mut out = format!(
        "{} ({}): {:?} {:?}, n = {}, m = {}, {} lanes\n",
        report.tensor,
        report.input.display(),
        stats.dtype,
        stats.shape,
        stats.bits,
        stats.extra,
        stats.lanes
    );
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "  {name:<28}{value}");
    };
    let class = |class: &ClassStats| {
        format!(
            "{} channels, {} bits = {} coded + {} raw; entropy {:.3}, written {:.3}",
            class.channels,
            class.width,
            class.layout.symbol_bits,
            class.layout.raw_bits,
            class.entropy,
            class.average_bits
        )
    };
    line("direct", class(&stats.direct));
    line("  code lengths", lengths(&stats.direct));
    line("important", class(&stats.important));
    line("  code lengths", lengths(&stats.important));
    if stats.pruned_channels > 0 {
        line(
            "zero throughout",
            format!("{} channels, not stored", stats.pruned_channels),
        );
    }
    let errors = &stats.shifting_error;
    line(
        "shifting errors",
        format!(
            "entropy {:.3}, Huffman {:.3} of {} bits: ratio {:.3}",
            errors.entropy, errors.average_bits, stats.extra, errors.ratio
        ),
    );
    let total = errors.histogram.iter().sum::<u64>().max(1) as f64;
    let longest = errors.histogram.iter().max().copied().unwrap_or(0).max(1) as f64;
    for (value, &count) in errors.histogram.iter().enumerate() {
        let bar = "#".repeat((32.0 * count as f64 / longest).round() as usize);
        line(
            &format!("  e = {value}"),
            format!("{:5.1} % {bar}", 100.0 * count as f64 / total),
        );
    }
    let bits = &stats.bits_per_activation;
    line("bits per activation", String::new());
    line("  flat", format!("{:.3}", bits.flat));
    line("  paper", format!("{:.3}", bits.paper));
    line("  joint", format!("{:.3}", bits.joint));
    line("  entropy of the codes", format!("{:.3}", bits.entropy));
    line("  container, all counted", format!("{:.3}", bits.container));
    let ratio = &stats.ratio;
    line(
        "times smaller than",
        format!(
            "{:.2} its own type, {:.2} 16 bits, {:.2} 8 bits, {:.2} n = {} bits",
            ratio.original, ratio.bits_16, ratio.bits_8, ratio.bits_n, stats.bits
        ),
    );
    let error = &stats.error;
    line(
        "error",
        format!(
            "mean squared {:.4e}, mean absolute {:.4e}, worst {:.4e}",
            error.mean_squared, error.mean_absolute, error.worst
        ),
    );
    out
}

fn lengths(class: &ClassStats) -> String {
    let lengths = class.code_lengths.iter().map(u8::to_string);
    lengths.collect::<Vec<_>>().join(" ")
}
