//! Builds the bitstream of a board.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;
use dqa_constraints::acorn::{self, Card};
use dqa_constraints::board::{Board, Device};
use dqa_constraints::boards;
use dqa_constraints::build::{BuildError, Built, build, build_card};
use dqa_constraints::row::{HEAD, row};
use dqa_constraints::timing::Timing;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::paths::Paths;
use indicatif::ProgressBar;

const EXAMPLES: &str = "\
Examples:
  build-board                        the boards there are
  build-board ulx3s-25f              build/boards/ulx3s-25f/board.bit
  build-board ulx3s-25f --seed 2     place otherwise, where timing is not met
  build-board alchitry-cu            board.bin for an iCE40
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
            target.report(&built, args.seed);
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

    fn name(self) -> &'static str {
        match self {
            Self::Board(board) => board.name,
            Self::Card(card) => card.name,
        }
    }

    fn clock_hz(self) -> u32 {
        match self {
            Self::Board(board) => board.clock_hz(),
            Self::Card(_) => acorn::CLOCK_HZ,
        }
    }

    /// What it is, and what it is built with.
    fn about(self) -> String {
        let (about, core, link) = match self {
            Self::Board(board) => (board.about, board.core, format!("{} baud", board.baud)),
            Self::Card(card) => (card.about, card.parameters(), "PCIe Gen2 x4".into()),
        };
        let Parameters { lanes, paths, .. } = core;
        let paths = match paths {
            Paths::Both => "",
            Paths::Encode => ", encodes only",
            Paths::Decode => ", decodes only",
        };
        let plural = if lanes == 1 { "" } else { "s" };
        let mhz = self.clock_hz() / 1_000_000;
        format!("{about}: {lanes} lane{plural}{paths}, {mhz} MHz, {link}")
    }

    fn report(self, built: &Built, seed: u32) {
        println!("{}", self.about());
        for (kind, used, there) in &built.cells {
            match there {
                Some(there) => println!("{used:8} of {there:6} {kind}"),
                None => println!("{used:8} {kind}"),
            }
        }
        let wanted = self.clock_hz() / 1_000_000;
        match &built.timing {
            Some(Timing { mhz, path }) => println!("{mhz:.1} MHz of {wanted}; slowest: {path}"),
            None => println!("not placed: the clock has {wanted} MHz"),
        }
        for note in built.tools.iter().chain(&built.notes) {
            println!("{note}");
        }
        for file in &built.files {
            println!("{}", file.display());
        }
        let load =
            |board: &Board, file| println!("load it: openFPGALoader -b {} {file}", board.loader);
        match self {
            Self::Board(board) => match board.device {
                Device::Ecp5 { .. } => load(board, "board.bit"),
                Device::Ice40 { .. } => load(board, "board.bin"),
                Device::Series7 { .. } => println!("{VIVADO}"),
            },
            Self::Card(_) => println!("{VIVADO}"),
        }
        println!("as in constraints/README.md, {}'s row:", self.name());
        let row = row(self.name(), self.clock_hz(), built, seed, &today());
        print!("{HEAD}{row}");
    }
}

const VIVADO: &str = "build it: vivado -mode batch -source build.tcl";

fn list() {
    let boards = boards::ALL.iter().map(Target::Board);
    for target in boards.chain(acorn::ALL.iter().map(Target::Card)) {
        println!("{:13} {}", target.name(), target.about());
    }
}

/// The date, as the system's own command tells it.
fn today() -> String {
    let date = Command::new("date").arg("+%F").output();
    date.map_or_else(
        |_| "?".into(),
        |date| String::from_utf8_lossy(&date.stdout).trim().into(),
    )
}
