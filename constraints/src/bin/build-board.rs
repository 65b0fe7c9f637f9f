//! Builds the bitstream of a board.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use dqa_constraints::board::{Board, Device};
use dqa_constraints::boards;
use dqa_constraints::build::{Built, build};
use indicatif::ProgressBar;

const EXAMPLES: &str = "\
Examples:
  build-board                        the boards there are
  build-board ulx3s-25f              build/boards/ulx3s-25f/board.bit
  build-board ulx3s-25f --seed 2     place otherwise, where timing is not met
  build-board arty-a7-35             Verilog, constraints and a script for Vivado";

/// Build a board's bitstream: a dqa_core behind a serial port
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Its name; without one, all are listed
    board: Option<String>,
    /// Seed of the placer
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Folder to build in [default: the board's in build/boards]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let Some(name) = args.board else {
        list();
        return ExitCode::SUCCESS;
    };
    let Some(board) = boards::find(&name) else {
        eprintln!("there is no board {name}; build-board without a name lists them");
        return ExitCode::from(2);
    };
    let folder = args
        .out
        .unwrap_or_else(|| PathBuf::from("build/boards").join(board.name));
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    let built = build(board, &folder, args.seed, |step| {
        bar.set_message(step.to_owned());
        if bar.is_hidden() {
            eprintln!("{step}");
        }
    });
    bar.finish_and_clear();
    match built {
        Ok(built) => {
            report(board, &built);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn list() {
    for board in &boards::ALL {
        let Board {
            name,
            about,
            lanes,
            clock_hz,
            baud,
            ..
        } = board;
        let mhz = clock_hz / 1_000_000;
        println!("{name:12} {about}: {lanes} lanes, {mhz} MHz, {baud} baud");
    }
}

fn report(board: &Board, built: &Built) {
    println!("{}, {} lanes", board.about, board.lanes);
    for (kind, used, there) in &built.cells {
        match there {
            Some(there) => println!("{used:8} of {there:6} {kind}"),
            None => println!("{used:8} {kind}"),
        }
    }
    let wanted = board.clock_hz / 1_000_000;
    match built.mhz {
        Some(mhz) => println!("{mhz:.1} MHz; the board's clock has {wanted}"),
        None => println!("not placed: the board's clock has {wanted} MHz"),
    }
    println!("{}", built.tools.join("; "));
    for file in &built.files {
        println!("{}", file.display());
    }
    match board.device {
        Device::Ecp5 { .. } => println!("load it: openFPGALoader -b {} board.bit", board.folder),
        Device::Series7 { .. } => println!("build it: vivado -mode batch -source build.tcl"),
    }
}
