//! `dqa board --core uart`: a simulated board on a serial port.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dqa_driver::observer::Observer;
use dqa_driver::uart::{BAUD, pty::PtyBoard};
use dqa_hdl::link::uart_core::Speed;
use dqa_hdl::parameters::Parameters;
use dqa_sim::account::{Account, Tally, table};
use dqa_sim::faults::{Fault, Rates};
use dqa_sim::uart_board::UartBoard;

use crate::console::{Console, Failure};

/// Options of this board alone.
#[derive(clap::Args)]
#[group(id = "serial")]
pub struct Args {
    /// uart: as a pseudo-terminal, which is the only way so far
    #[arg(long)]
    pty: bool,
    /// uart: clock of the board in Hz
    #[arg(long, value_name = "HZ", default_value_t = 25_000_000)]
    clock: u32,
    /// uart: baud rate, the clock divided by 8 to 4096
    #[arg(long, default_value_t = BAUD)]
    baud: u32,
    /// uart: no faster than the clock says; otherwise as fast as this machine can
    #[arg(long)]
    real_time: bool,
    /// uart: have this part of the bytes go wrong in both directions: flip, drop, double, insert, stall, break, reset
    #[arg(long = "faults", value_name = "KIND=PART,...")]
    rates: Option<Rates>,
    /// uart: write a waveform (FST) to this folder
    #[arg(long, value_name = "DIR")]
    trace: Option<PathBuf>,
}

#[derive(serde::Serialize)]
struct Ready<'a> {
    device: &'a str,
}

/// What became of the faults of a kind.
#[derive(serde::Serialize)]
struct Became {
    injected: u64,
    harmless: u64,
    detected: u64,
    recovered: u64,
}

/// What became of the faults of a direction.
#[derive(serde::Serialize)]
struct Line {
    faults: BTreeMap<&'static str, Became>,
    frames_cut_off: u64,
    wrong_frames: u64,
}

impl Line {
    fn new(account: &Account) -> Self {
        let became = |fault: Fault| {
            let Tally {
                injected,
                harmless,
                detected,
                recovered,
            } = account.tally(fault);
            let became = Became {
                injected,
                harmless,
                detected,
                recovered,
            };
            (fault.name(), became)
        };
        Self {
            faults: Fault::ALL.map(became).into(),
            frames_cut_off: account.cut(),
            wrong_frames: account.wrong(),
        }
    }
}

#[derive(serde::Serialize)]
struct Ended {
    clocks: u64,
    resets: u64,
    to_board: Line,
    to_host: Line,
}

pub fn run(
    args: &Args,
    parameters: &Parameters,
    seed: u64,
    console: &Console,
) -> Result<(), Failure> {
    let speed = Speed {
        clock_hz: args.clock,
        baud: args.baud,
    };
    speed.check().map_err(Failure::usage)?;
    let trace = args.trace.clone();
    console.note("making the board's Verilog and its model, which takes a minute the first time");
    let mut board = UartBoard::new(parameters, speed, seed, trace).map_err(Failure::new)?;
    board.set_faults([args.rates.unwrap_or_default(); 2]);
    let no_terminal = |error| Failure::new(format!("the pseudo-terminal fails: {error}"));
    let mut pty = PtyBoard::new(board, args.real_time).map_err(no_terminal)?;
    let device = format!("uart:{}", pty.name());
    let text = format!(
        "{device} is there until Ctrl-C; it has {} lane{}: --device {device} --lanes {}",
        parameters.lanes,
        if parameters.lanes == 1 { "" } else { "s" },
        parameters.lanes
    );
    console.result(&text, &Ready { device: &device })?;
    while console.advance(0) {
        pty.step().map_err(no_terminal)?;
    }
    let board = pty.into_board();
    let accounts = board.accounts();
    let [to_board, to_host] = accounts.map(Line::new);
    let ended = Ended {
        clocks: board.clocks(),
        resets: board.resets(),
        to_board,
        to_host,
    };
    let mut text = format!("{} clocks", ended.clocks);
    if args.rates.is_some() {
        text += &format!("\n{}", table(accounts));
    }
    console.result(&text, &ended)
}
