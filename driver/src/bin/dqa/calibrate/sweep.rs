//! `dqa calibrate sweep`: many settings on one network, and the report of them.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use dqa_calibrate::dataset::{Dataset, file_digest};
use dqa_calibrate::evaluate::Options;
use dqa_calibrate::rank::Shard;
use dqa_calibrate::report::{report, summaries};
use dqa_calibrate::runner::Runner;
use dqa_calibrate::sweep::{Cell, Sweep};
use dqa_driver::atomic::AtomicFile;
use dqa_driver::software::Inline;
use dqa_driver::storage::Devices;

use crate::console::{Console, Failure};
use crate::network::NetworkArgs;

/// Run the settings of a sweep file and write the report: HTML with plots, CSV, JSON
///
/// Each result is kept as soon as it is there; run again, the command goes on where it was.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The images to evaluate on; --images are those to calibrate with
    #[arg(long, value_name = "FILE.bin")]
    test: PathBuf,
    /// Take only so many of them [default: all]
    #[arg(long, value_name = "IMAGES")]
    test_count: Option<usize>,
    /// The sweep file
    #[arg(long, value_name = "FILE.toml")]
    sweep: PathBuf,
    /// Folder for results and journals
    #[arg(long, value_name = "FOLDER")]
    work: PathBuf,
    /// Run only every N-th setting, beginning with the I-th
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Write no containers: bits are the codes' entropy
    #[arg(long)]
    no_containers: bool,
    /// Run nothing, and report what is there
    #[arg(long, requires = "output")]
    report_only: bool,
    /// The report, without its endings .html, .csv and .json
    #[arg(long, short)]
    output: Option<PathBuf>,
}

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let sweep = Sweep::open(&args.sweep).map_err(Failure::new)?;
    let calibration = args.network.dataset()?;
    let mut test = Dataset::cifar10(&args.test).map_err(Failure::new)?;
    if let Some(count) = args.test_count {
        test = test.first(count, &args.test).map_err(Failure::new)?;
    }
    let network = args.network.open(&calibration)?;
    std::fs::create_dir_all(&args.work).map_err(|error| at(&args.work, &error))?;
    let name = match args.shard {
        Some(shard) => format!("cells-{}-of-{}.jsonl", shard.index + 1, shard.count),
        None => "cells.jsonl".into(),
    };
    let mut cells = read_cells(&args.work)?;

    let devices = Devices::new(|| Box::new(Inline::default()), 4, 1 << 18);
    let options = Options {
        storage: (!args.no_containers).then_some(&devices as _),
        ..Options::default()
    };
    let task = (
        file_digest(&args.network.network).map_err(Failure::new)?,
        args.network.reads(),
    );
    let own = args.work.join(name);
    network.on_threads(|| {
        let journals = args.work.join("ranks");
        let mut runner = Runner::new(&network, (&calibration, &test), options, journals, task);
        for (index, key) in sweep.cells().iter().enumerate() {
            let mine = (args.shard).is_none_or(|shard| index % shard.count == shard.index);
            let there = |cell: &Cell| cell.is(key) && cell.images == test.len();
            if args.report_only || !mine || cells.iter().any(there) {
                continue;
            }
            let cell = runner.run(&sweep, key, console)?;
            let mut line = serde_json::to_string(&cell).map_err(Failure::new)?;
            line.push('\n');
            let file = OpenOptions::new().create(true).append(true).open(&own);
            let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
            written.map_err(|error| at(&own, &error))?;
            console.note(&format!(
                "{} n = {} seed {:?}: {:.2} %, {:.1} s",
                cell.row,
                cell.bits,
                cell.seed,
                100.0 * cell.accuracy,
                cell.seconds
            ));
            cells.push(cell);
        }
        Ok::<_, Failure>(())
    })?;
    let cells: Vec<Cell> = cells
        .into_iter()
        .filter(|cell| cell.images == test.len())
        .collect();
    if let Some(output) = &args.output {
        let notes = [format!(
            "{}; calibration from {} images, evaluated on {} images; dqa {}.",
            args.network
                .network
                .file_name()
                .unwrap_or_default()
                .display(),
            calibration.len(),
            test.len(),
            env!("CARGO_PKG_VERSION")
        )];
        let report = report(&sweep, &cells, &notes);
        for (ending, text) in [
            ("html", &report.html),
            ("csv", &report.csv),
            ("json", &report.json),
        ] {
            let path = output.with_extension(ending);
            let mut file = AtomicFile::create(&path)?;
            file.write_all(text.as_bytes())
                .map_err(|error| at(&path, &error))?;
            file.commit()?;
        }
    }
    let summaries = summaries(&sweep, &cells);
    let lines = summaries.iter().map(|row| {
        let bits = row.container_bits.or(row.entropy_bits).unwrap_or(0.0);
        format!(
            "{:<44} n = {}: {:6.2} % ({:.2} to {:.2}), {:.3} flat, {bits:.3} bits\n",
            row.row,
            row.bits,
            100.0 * row.mean,
            100.0 * row.min,
            100.0 * row.max,
            row.flat_bits
        )
    });
    console.result(&lines.collect::<String>(), &summaries)
}

fn read_cells(folder: &Path) -> Result<Vec<Cell>, Failure> {
    let mut cells = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| at(folder, &error))? {
        let path = entry.map_err(|error| at(folder, &error))?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|error| at(&path, &error))?;
        for (line, text) in text.lines().enumerate() {
            let cell = serde_json::from_str(text).map_err(|error| {
                Failure::new(format!("{}, line {}: {error}", path.display(), line + 1))
            })?;
            cells.push(cell);
        }
    }
    Ok(cells)
}

fn at(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
