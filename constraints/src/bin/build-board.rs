//! Builds the bitstream of a board.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use dqa_constraints::acorn::{self, Card};
use dqa_constraints::board::{Board, Device};
use dqa_constraints::boards;
use dqa_constraints::build::{BuildError, Built, build, build_card};
use indicatif::ProgressBar;

const EXAMPLES: &str = "\
Examples:
  build-board                        the boards there are
  build-board ulx3s-25f              build/boards/ulx3s-25f/board.bit
  build-board ulx3s-25f --seed 2     place otherwise, where timing is not met
  build-board arty-a7-35             Verilog, constraints and a script for Vivado
  build-board acorn-cle215           the same for a card on PCIe";

/// Build a board's bitstream: a dqa_core behind a serial port, or on PCIe
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
    let Some(target) = Target::find(&name) else {
        eprintln!("there is no board {name}; build-board without a name lists them");
        return ExitCode::from(2);
    };
    let folder = args
        .out
        .unwrap_or_else(|| PathBuf::from("build/boards").join(name));
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(200));
    let built = target.build(&folder, args.seed, |step| {
        bar.set_message(step.to_owned());
        if bar.is_hidden() {
            eprintln!("{step}");
        }
    });
    bar.finish_and_clear();
    match built {
        Ok(built) => {
            target.report(&built);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What can be built.
#[derive(Clone, Copy)]
enum Target {
    Board(&'static Board),
    Card(&'static Card),
}

impl Target {
    fn find(name: &str) -> Option<Self> {
        let card = || acorn::find(name).map(Self::Card);
        boards::find(name).map(Self::Board).or_else(card)
    }

    fn build(self, folder: &Path, seed: u32, says: impl FnMut(&str)) -> Result<Built, BuildError> {
        match self {
            Self::Board(board) => build(board, folder, seed, says),
            Self::Card(card) => build_card(card, folder, says),
        }
    }

    fn report(self, built: &Built) {
        let (about, lanes, clock_hz) = match self {
            Self::Board(board) => (board.about, board.lanes, board.clock_hz),
            Self::Card(card) => (card.about, card.lanes, acorn::CLOCK_HZ),
        };
        println!("{about}, {lanes} lanes");
        for (kind, used, there) in &built.cells {
            match there {
                Some(there) => println!("{used:8} of {there:6} {kind}"),
                None => println!("{used:8} {kind}"),
            }
        }
        let wanted = clock_hz / 1_000_000;
        match built.mhz {
            Some(mhz) => println!("{mhz:.1} MHz; the board's clock has {wanted}"),
            None => println!("not placed: the board's clock has {wanted} MHz"),
        }
        println!("{}", built.tools.join("; "));
        for file in &built.files {
            println!("{}", file.display());
        }
        match self {
            Self::Board(Board {
                device: Device::Ecp5 { .. },
                folder,
                ..
            }) => println!("load it: openFPGALoader -b {folder} board.bit"),
            _ => println!("build it: vivado -mode batch -source build.tcl"),
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
    for Card {
        name, about, lanes, ..
    } in &acorn::ALL
    {
        let mhz = acorn::CLOCK_HZ / 1_000_000;
        println!("{name:12} {about}: {lanes} lanes, {mhz} MHz, PCIe Gen2 x4");
    }
}
