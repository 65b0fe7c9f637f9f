//! Cost of every unit and core: look-up tables, flip-flops, memories, multipliers, clock rate.
//!
//! Runs yosys for three families and nextpnr for ECP5 and iCE40, and prints a page for `docs/`.

mod harness;
mod nextpnr;
mod report;
mod target;
mod tools;
mod yosys;

use std::path::PathBuf;
use std::process::Command;

use clap::Parser;
use dqa_hdl::designs::{self, Design};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;

use crate::nextpnr::Placed;
use crate::report::Row;
use crate::target::{TARGETS, Target};
use crate::tools::Tools;

/// Lanes of the cores whose options are reported, on the first target alone.
const OPTION_LANES: usize = 4;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const EXAMPLES: &str = "\
Examples:
  synth-report --no-place                          what everything takes
  synth-report --only \"dqa_encoder, 2\" --seeds 1   one core, one seed: minutes
  synth-report --only distributor --target ECP5
  synth-report > docs/src/cost.md                  all, an hour or more

nextpnr comes from the Python registry into .eda, pinned in hdl/eda/versions.txt; yosys is the system's.
Results are kept in build/synth by content: what has not changed is not run again, also after an interruption.";

/// Report what the units and cores cost.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Designs whose names begin so; may be repeated
    #[arg(long, value_name = "NAME", default_value = "")]
    only: Vec<String>,
    /// Devices whose names begin so: ECP5, iCE40 HX, iCE40 UP, 7-series; may be repeated
    #[arg(long, value_name = "NAME", default_value = "")]
    target: Vec<String>,
    /// Count resources, place nothing
    #[arg(long)]
    no_place: bool,
    /// Seeds to place with
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u32>,
    /// Designs at work at a time
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Print JSON instead of Markdown
    #[arg(long)]
    json: bool,
    /// Folder where results are kept
    #[arg(long, value_name = "FOLDER", default_value = "build/synth")]
    work: PathBuf,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    let targets: Vec<_> = TARGETS
        .iter()
        .filter(|target| args.target.iter().any(|name| target.name.starts_with(name)))
        .collect();
    let named = |design: &Design| args.only.iter().any(|only| design.name().starts_with(only));
    let mut designs = [designs::cores(), designs::units()].concat();
    let mut options = designs::options();
    designs.retain(named);
    options.retain(|design| design.lanes == Some(OPTION_LANES) && named(design));
    if targets.is_empty() || designs.is_empty() && options.is_empty() {
        return Err("no design and device has such a name; see --help".into());
    }
    let mut packages = Vec::new();
    if !args.no_place {
        packages.extend(targets.iter().filter_map(|target| Some(target.placer?.0)));
        packages.dedup();
    }
    let tools = Tools::install(&packages, &args.work)?;
    let mut all = rows(&args, &tools, &targets, &designs)?;
    all.extend(rows(&args, &tools, &targets[..1], &options)?);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&all)?);
    } else {
        packages.insert(0, yosys::PROGRAM);
        let made = made(&args, &tools, &packages)?;
        print!("{}", report::markdown(&made, &targets, &all));
    }
    Ok(())
}

/// How and when the report was made.
fn made(args: &Args, tools: &Tools, packages: &[&str]) -> Result<String, Failure> {
    let named = |option: &str, names: &[String]| -> String {
        let names = names.iter().filter(|name| !name.is_empty());
        names.map(|name| format!(" {option} \"{name}\"")).collect()
    };
    let names = named("--only", &args.only) + &named("--target", &args.target);
    let date = Command::new("date").arg("+%F").output()?.stdout;
    let versions: Vec<_> = packages
        .iter()
        .map(|package| tools.version(package))
        .collect();
    let placing = match args.no_place {
        true => "--no-place".to_owned(),
        false => {
            let seeds: Vec<_> = args.seeds.iter().map(u32::to_string).collect();
            format!("--seeds {}", seeds.join(","))
        }
    };
    Ok(format!(
        "Printed by `cargo run --release --bin synth-report --{names} {placing}` on {}; {}.",
        String::from_utf8_lossy(&date).trim(),
        versions.join(", ")
    ))
}

/// A row for each design on each target, in that order; `args.jobs` families at a time. A family is a
/// design with more and more lanes; those beyond the first that is too large for the target are left out.
fn rows(
    args: &Args,
    tools: &Tools,
    targets: &[&Target],
    designs: &[Design],
) -> Result<Vec<Row>, Failure> {
    let grows = |a: &Design, b: &Design| a.top == b.top && a.lanes.is_some() && a.lanes < b.lanes;
    let families = designs.chunk_by(grows);
    let work: Vec<_> = targets
        .iter()
        .flat_map(|target| families.clone().map(move |family| (*target, family)))
        .collect();
    let style = ProgressStyle::with_template("{elapsed_precise} {wide_bar} {pos}/{len} {msg}")?;
    let length = targets.len() * designs.len();
    let bar = ProgressBar::new(length as u64).with_style(style);
    let rows_of = |&(target, family): &(&Target, &[Design])| -> Result<Vec<Row>, Failure> {
        let mut rows: Vec<Row> = Vec::new();
        for design in family {
            let name = format!("{}: {}", target.name, design.name());
            bar.set_message(name.clone());
            let row =
                row(args, tools, target, design).map_err(|error| format!("{name}: {error}"))?;
            bar.inc(1);
            if bar.is_hidden() {
                eprintln!("{}/{length} {name}", bar.position());
            }
            let too_large = matches!(row.placed.last(), Some(Placed::TooLarge(_)));
            rows.push(row);
            if too_large {
                bar.inc((family.len() - rows.len()) as u64);
                break;
            }
        }
        Ok(rows)
    };
    let pool = ThreadPoolBuilder::new().num_threads(args.jobs).build()?;
    let rows: Result<Vec<_>, Failure> =
        pool.install(|| work.par_iter().with_max_len(1).map(rows_of).collect());
    bar.finish_and_clear();
    Ok(rows?.concat())
}

fn row(args: &Args, tools: &Tools, target: &Target, design: &Design) -> Result<Row, Failure> {
    let cells = yosys::cells(tools, target, design.top, &design.verilog)?;
    let mut placed = Vec::new();
    let luts = cells.lut + cells.lut_ram;
    if luts > target.luts {
        placed.push(Placed::TooLarge(format!("{luts} LUT of {}", target.luts)));
    } else if !args.no_place && target.placer.is_some() {
        let netlist = yosys::framed(tools, target, design.top, &design.verilog)?;
        for &seed in &args.seeds {
            placed.extend(nextpnr::place(
                tools,
                target,
                &design.name(),
                &netlist,
                seed,
            )?);
            if let Some(Placed::TooLarge(_)) = placed.last() {
                break;
            }
        }
    }
    Ok(Row {
        target: target.name,
        design: design.top,
        size: design.size.clone(),
        lanes: design.lanes,
        cells,
        placed,
    })
}
