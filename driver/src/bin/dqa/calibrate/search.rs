//! `dqa calibrate search`: the layers that cost the least accuracy for a number of bits.

use std::path::PathBuf;
use std::time::Instant;

use dqa_calibrate::cheap::errors;
use dqa_calibrate::dataset::{Dataset, file_digest};
use dqa_calibrate::journal::{Journal, Task};
use dqa_calibrate::layers::{LayerFile, VERSION};
use dqa_calibrate::network::Network;
use dqa_calibrate::plan::{Choice, treatments, with_tables};
use dqa_calibrate::rank::{Measure, Ranked, Shard, rank_by_runs};
use dqa_calibrate::search::{Space, search, sensitivities};
use dqa_calibrate::statistics::survey;

use super::write;
use crate::console::{Console, Failure};
use crate::network::NetworkArgs;

/// Search n, m, ranges and classes, layer by layer and channel by channel, for a number of bits
///
/// Measures how much each channel matters to the outputs, then shares the bits out by that.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// Bits an activation to aim at, codes alone
    #[arg(long, value_name = "BITS")]
    bits: f64,
    /// Images for measuring how much channels matter: the first of --images
    #[arg(long, value_name = "IMAGES", default_value_t = 256)]
    probe: usize,
    /// Folder that keeps what has been measured
    #[arg(long, value_name = "FOLDER")]
    journal: Option<PathBuf>,
    /// Pairs of n and m to choose from, such as 2+0,2+1,3+1
    #[arg(long, value_name = "PAIRS", value_delimiter = ',')]
    formats: Vec<String>,
    /// Store every channel
    #[arg(long)]
    keep_all: bool,
    /// The layer file to write
    #[arg(long, short, value_name = "FILE.toml")]
    output: PathBuf,
}

#[derive(serde::Serialize)]
struct Report {
    bits: f64,
    change: f64,
    seconds: f64,
    layers: Vec<LayerReport>,
}

#[derive(serde::Serialize)]
struct LayerReport {
    tensor: String,
    bits: u8,
    extra: u8,
    important: usize,
    pruned: usize,
}

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let dataset = args.network.dataset()?;
    let network = args.network.open(&dataset)?;
    network.on_threads(|| find(args, &dataset, &network, console))
}

fn find(
    args: &Args,
    dataset: &Dataset,
    network: &Network,
    console: &Console,
) -> Result<(), Failure> {
    let begin = Instant::now();
    let mut space = Space {
        prune: !args.keep_all,
        ..Space::default()
    };
    if !args.formats.is_empty() {
        space.formats = (args.formats.iter())
            .map(|pair| {
                let parts = pair.split_once('+');
                let parts = parts.and_then(|(n, m)| Some((n.parse().ok()?, m.parse().ok()?)));
                parts.ok_or_else(|| Failure::usage(format!("--formats {pair}: give n+m")))
            })
            .collect::<Result<_, _>>()?;
    }
    let statistics = survey(network, dataset, console)?;

    let probe = Choice::default().all_direct();
    let direct = probe.layers(network.taps(), &statistics, &[])?;
    let few = match args.probe < dataset.len() {
        true => (dataset.clone().first(args.probe, &args.network.images)).map_err(Failure::new)?,
        false => dataset.clone(),
    };
    let squares = errors(network, &few, &treatments(network, &direct)?, console)?;
    let scratch = tempfile::tempdir().map_err(Failure::new)?;
    let folder = args.journal.as_deref().unwrap_or(scratch.path());
    let task = Task {
        version: 1,
        network: file_digest(&args.network.network).map_err(Failure::new)?,
        images: few.digest(),
        reads: args.network.reads(),
        measure: Measure::Output,
        batch: 128,
        layers: direct,
    };
    let mut journal = Journal::open(folder, "search", task).map_err(Failure::new)?;
    let measure = Measure::Output;
    let ranked = rank_by_runs(
        network,
        &few,
        measure,
        &mut journal,
        Shard::WHOLE,
        None,
        console,
    )?;
    debug_assert!(matches!(ranked, Ranked::Complete(_)));
    let sensitivities = sensitivities(journal.scores(), &squares);
    let taps = network.taps();
    let mut found = search(taps, &statistics, &sensitivities, &space, args.bits)?;
    with_tables(network, dataset, &mut found.layers, 128, console)?;
    let file = LayerFile {
        version: VERSION,
        made_by: format!(
            "dqa {}, search for {} bits, {} images, {} of them to probe",
            env!("CARGO_PKG_VERSION"),
            args.bits,
            dataset.len(),
            few.len()
        ),
        reads: args.network.reads(),
        layers: found.layers,
    };
    write(&args.output, &file)?;
    let report = Report {
        bits: found.bits,
        change: found.change,
        seconds: begin.elapsed().as_secs_f64(),
        layers: (file.layers.iter())
            .map(|layer| LayerReport {
                tensor: layer.tensor.clone(),
                bits: layer.bits,
                extra: layer.extra,
                important: layer.important,
                pruned: layer.pruned.len(),
            })
            .collect(),
    };
    let lines = report.layers.iter().map(|layer| {
        format!(
            "  {:<28} n = {}, m = {}, {} important, {} left out\n",
            layer.tensor, layer.bits, layer.extra, layer.important, layer.pruned
        )
    });
    let text = format!(
        "{:.3} bits an activation expected, {:.1} s\n{}",
        report.bits,
        report.seconds,
        lines.collect::<String>()
    );
    console.result(&text, &report)
}
