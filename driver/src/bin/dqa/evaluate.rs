//! `dqa evaluate`: what a network's accuracy is with its activations stored.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use dqa_calibrate::evaluate::{Options, Outcome, evaluate};
use dqa_calibrate::layers::LayerFile;
use dqa_calibrate::plan::treatments;
use dqa_driver::device;
use dqa_driver::software::Inline;
use dqa_driver::storage::Devices;
use dqa_driver::transport::Transport;

use crate::console::{Console, Failure};
use crate::network::NetworkArgs;

/// Run a network with its activations stored as a layer file says: accuracy, and bytes of containers
///
/// Every tensor of the file goes through the device, batch by batch, into a container and back, and
/// the network runs on with what came back.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The layer file [default: nothing is quantized]
    #[arg(long, value_name = "FILE.toml")]
    layers: Option<PathBuf>,
    /// Images of a batch: of a container, and of a range that is found over a batch
    #[arg(long, value_name = "IMAGES", default_value_t = 128)]
    batch: usize,
    /// Lanes (sub-streams): 1, 2, 4, 8 or 16
    #[arg(long, value_name = "S", default_value_t = 4)]
    lanes: u8,
}

const EXAMPLES: &str = "\
Examples:
  dqa evaluate --network net.onnx --images test.bin
  dqa evaluate --network net.onnx --images test.bin --layers layers.toml
  dqa evaluate --network net.onnx --images test.bin --layers layers.toml --count 1 --device sim:";

#[derive(serde::Serialize)]
struct Report {
    accuracy: f64,
    loss: f64,
    flat_bits: Option<f64>,
    container_bits: Option<f64>,
    containers_sha256_xor: Option<String>,
    seconds: f64,
    #[serde(flatten)]
    outcome: Outcome,
}

pub fn run(args: &Args, device: &str, console: &Console) -> Result<(), Failure> {
    let begin = Instant::now();
    device::open(device)?; // refuses unknown ones before any work
    let dataset = args.network.dataset()?;
    let file = match &args.layers {
        Some(path) => Some(LayerFile::open(path).map_err(Failure::new)?),
        None => None,
    };
    let network = match &file {
        Some(file) => args.network.open_for(&dataset, file)?,
        None => args.network.open(&dataset)?,
    };
    let name = device.to_owned();
    let open = move || -> Box<dyn Transport> {
        match name.starts_with("software") {
            // The batches are what threads share out.
            true => Box::new(Inline::default()),
            false => device::open(&name).expect("opened before"),
        }
    };
    let devices = Devices::new(open, args.lanes, 1 << 18);
    let outcome = network.on_threads(|| {
        let (treatments, storage) = match &file {
            Some(file) => (treatments(&network, &file.layers)?, Some(&devices as _)),
            None => (network.taps().iter().map(|_| None).collect(), None),
        };
        let options = Options {
            batch: args.batch,
            storage,
        };
        evaluate(&network, &dataset, &treatments, options, console)
    })?;
    let report = Report {
        accuracy: outcome.score.accuracy(),
        loss: outcome.score.mean_loss(),
        flat_bits: file.as_ref().map(|_| outcome.flat_bits()),
        container_bits: outcome.container_bits(),
        containers_sha256_xor: file.as_ref().map(|_| devices.digest()),
        seconds: begin.elapsed().as_secs_f64(),
        outcome,
    };
    console.result(&text(&report), &report)
}

fn text(report: &Report) -> String {
    let mut out = format!(
        "{:.2} % of {} right, loss {:.4}, {:.1} s\n",
        100.0 * report.accuracy,
        report.outcome.score.counted,
        report.loss,
        report.seconds
    );
    if let (Some(bits), Some(flat), Some(digest)) = (
        report.container_bits,
        report.flat_bits,
        &report.containers_sha256_xor,
    ) {
        let _ = writeln!(
            out,
            "{bits:.4} bits an activation in containers, {flat:.4} flat; containers {}",
            &digest[..16]
        );
        let peak = &report.outcome.peak;
        let _ = writeln!(
            out,
            "at most {:.0} bytes an image stored at one time, {:.0} flat, {:.0} in float32",
            peak.container.unwrap_or(0.0),
            peak.flat,
            peak.float
        );
        for tap in &report.outcome.taps {
            let bytes = tap.container_bytes.unwrap_or(0);
            let bits = 8.0 * bytes as f64 / tap.elements.max(1) as f64;
            let _ = writeln!(
                out,
                "  {:<28} {:>12} activations, {bits:.3} bits each, {:.3} flat",
                tap.tensor, tap.elements, tap.flat_bits
            );
        }
    }
    out
}
