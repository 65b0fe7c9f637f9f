//! `dqa calibrate codes`: new code tables for a layer file whose ranges or classes were changed.

use std::path::PathBuf;

use dqa_calibrate::layers::LayerFile;
use dqa_calibrate::plan::with_tables;

use super::write;
use crate::console::{Console, Failure};
use crate::network::NetworkArgs;

/// Make the code tables of a layer file anew, for these images
///
/// Ranges, classes and formats stay as they are: this goes behind a program that changed them, such
/// as calibrate/python/tune.py.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The layer file whose ranges, classes and formats are taken
    #[arg(long, value_name = "FILE.toml")]
    layers: PathBuf,
    /// The layer file to write
    #[arg(long, short, value_name = "FILE.toml")]
    output: PathBuf,
}

#[derive(serde::Serialize)]
struct Report {
    output: PathBuf,
    layers: usize,
}

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let dataset = args.network.dataset()?;
    let mut file = LayerFile::open(&args.layers).map_err(Failure::new)?;
    let network = args.network.open_for(&dataset, &file)?;
    network.on_threads(|| with_tables(&network, &dataset, &mut file.layers, 128, console))?;
    write(&args.output, &file)?;
    let report = Report {
        output: args.output.clone(),
        layers: file.layers.len(),
    };
    console.result(&format!("{} layers", report.layers), &report)
}
