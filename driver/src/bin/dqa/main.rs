//! The `dqa` command.

mod bench;
mod bench_device;
mod board;
mod calibrate;
mod choices;
mod compress;
mod console;
mod decompress;
mod demo;
mod devices;
mod evaluate;
mod files;
mod inspect;
mod network;
mod selftest;
mod serial_board;
mod stats;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::console::Console;

/// Compress neural-network activations to a few bits each, look at what that did, and get them
/// back.
///
/// DQA quantizes activations to n bits; channels that matter get m bits more, and all codes are
/// Huffman coded. Files are .npy, .npz and .safetensors on one side, .dqa on the other.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print machine-readable JSON on standard output
    #[arg(long, global = true)]
    json: bool,
    /// Print nothing but errors, and no progress
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Where the work is done: "software:" for this machine's cores, "software:N" for N threads,
    /// "sim:" for the emitted Verilog under Verilator, "uart:/dev/ttyUSB1" or the
    /// path alone for a board on a serial port, "xdma:0" for the first card on PCIe
    #[arg(long, global = true, value_name = "NAME", default_value = "software:")]
    device: String,
}

const EXAMPLES: &str = "\
Examples:
  dqa compress act.npy -o act.dqa --bits 3 --extra 1 --percentile 99.9
  dqa inspect act.dqa
  dqa verify act.dqa --against act.npy
  dqa decompress act.dqa -o back.npy
  dqa stats act.npy --bits 3 --extra 3 --svg act.svg
  dqa bench act.npy
  dqa demo

Exit codes:
  0  done
  1  failed: a bad file, a failed check, a device that does not answer
  2  wrong usage: options that do not go together
  130  interrupted";

#[derive(Subcommand)]
enum Command {
    Compress(compress::Args),
    Decompress(decompress::Args),
    Inspect(inspect::Args),
    Verify(verify::Args),
    Stats(stats::Args),
    Bench(bench::Args),
    Demo(demo::Args),
    Devices(devices::Args),
    Selftest(selftest::Args),
    Board(board::Args),
    Calibrate(calibrate::Args),
    Evaluate(evaluate::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.json, cli.quiet);
    let done = match cli.command {
        Command::Compress(args) => compress::run(&args, &cli.device, &console),
        Command::Decompress(args) => decompress::run(&args, &cli.device, &console),
        Command::Inspect(args) => inspect::run(&args, &console),
        Command::Verify(args) => verify::run(&args, &cli.device, &console),
        Command::Stats(args) => stats::run(&args, &cli.device, &console),
        Command::Bench(args) => bench::run(&args, &cli.device, &console),
        Command::Demo(args) => demo::run(&args, &console),
        Command::Devices(args) => devices::run(&args, &console),
        Command::Selftest(args) => selftest::run(&args, &cli.device, &console),
        Command::Board(args) => board::run(&args, &console),
        Command::Calibrate(args) => calibrate::run(&args, &console),
        Command::Evaluate(args) => evaluate::run(&args, &cli.device, &console),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&console),
    }
}
