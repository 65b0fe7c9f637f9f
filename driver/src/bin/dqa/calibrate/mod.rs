//! `dqa calibrate`: prepare a network for having its activations stored.

mod choice;
mod codes;
mod layers;
mod merge;
mod search;
mod sweep;

use std::io::Write as _;
use std::path::Path;

use dqa_calibrate::layers::LayerFile;
use dqa_driver::atomic::AtomicFile;

use crate::console::{Console, Failure};

/// Prepare a network: which channels are important, which ranges and codes to use
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Layers(Box<layers::Args>),
    Search(Box<search::Args>),
    Codes(Box<codes::Args>),
    Merge(merge::Args),
    Sweep(Box<sweep::Args>),
}

const EXAMPLES: &str = "\
Examples:
  dqa calibrate layers --network net.onnx --images calib.bin -o layers.toml
  dqa calibrate layers --network net.onnx --images calib.bin --rank greedy -o layers.toml
  dqa calibrate search --network net.onnx --images calib.bin --bits 2.4 -o layers.toml
  dqa calibrate codes --network net.onnx --images calib.bin --layers layers.toml -o again.toml
  dqa calibrate layers --network net.onnx --images calib.bin --rank output --journal a --shard 1/2
  dqa calibrate layers --network net.onnx --images calib.bin --rank output --journal b --shard 2/2
  dqa calibrate merge a b -o ranks
  dqa calibrate sweep --network net.onnx --images calib.bin --test test.bin --sweep s.toml --work w";

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    match &args.command {
        Command::Layers(args) => layers::run(args, console),
        Command::Search(args) => search::run(args, console),
        Command::Codes(args) => codes::run(args, console),
        Command::Merge(args) => merge::run(args, console),
        Command::Sweep(args) => sweep::run(args, console),
    }
}

/// Writes a layer file.
fn write(path: &Path, file: &LayerFile) -> Result<(), Failure> {
    let mut out = AtomicFile::create(path)?;
    out.write_all(file.text().as_bytes())
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?;
    out.commit()?;
    Ok(())
}
