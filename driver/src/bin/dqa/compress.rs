//! `dqa compress`: tensors to containers.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use dqa_calibrate::layers::LayerFile;
use dqa_driver::atomic::AtomicFile;
use dqa_driver::compress::{Sizes, compress};
use dqa_driver::device;
use dqa_driver::encoding::Encoding;
use dqa_driver::plan::Plan;

use crate::choices::Choices;
use crate::console::{Console, Failure};
use crate::files::{Job, default_output, jobs, make_parent};

/// Compress tensors to .dqa containers
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A .npy, .npz or .safetensors file, or a folder of them
    input: PathBuf,
    /// The container, or a folder for several [default: beside the input, with .dqa]
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// The tensor of this name only
    #[arg(long, value_name = "NAME")]
    tensor: Option<String>,
    /// Overwrite an output that was not named
    #[arg(long)]
    force: bool,
    /// Quantize and code as this layer file says, which dqa calibrate writes
    #[arg(long, value_name = "FILE.toml", conflicts_with_all = Choices::QUANTIZATION)]
    layers: Option<PathBuf>,
    /// The layer of the file that the tensor is [default: the one of its name]
    #[arg(long, value_name = "NAME", requires = "layers")]
    layer: Option<String>,
    #[command(flatten)]
    choices: Choices,
}

const EXAMPLES: &str = "\
Examples:
  dqa compress act.npy -o act.dqa
  dqa compress act.npy -o act.dqa --bits 4 --extra 3 --lanes 4 --policy full-range --important 0.4 --mode joint
  dqa compress act.npy -o act.dqa --bits 3 --extra 1 --percentile 99.9
  dqa compress act.npy -o act.dqa --important-channels 0,3,7 --scope layer
  dqa compress activations -o compressed --bits 3 --extra 1
  dqa compress act.npy -o act.dqa --layers layers.toml --layer shortcut04";

#[derive(serde::Serialize)]
struct Report {
    input: PathBuf,
    tensor: String,
    output: PathBuf,
    #[serde(flatten)]
    sizes: Sizes,
    bits_per_activation: f64,
    ratio: f64,
    seconds: f64,
}

pub fn run(args: &Args, device: &str, console: &Console) -> Result<(), Failure> {
    let settings = args.choices.settings()?;
    let file = args.layers.as_deref().map(LayerFile::open).transpose();
    let file = file.map_err(Failure::new)?;
    let mut transport = device::open(device)?;
    let output = match &args.output {
        Some(output) => output.clone(),
        None => default_output(&args.input, "dqa", args.force)?,
    };
    let mut reports = Vec::new();
    for job in jobs(&args.input, args.tensor.as_deref(), Some(&output))? {
        let Job {
            input,
            tensor,
            output,
        } = job;
        let output = output.expect("an output was given");
        let start = Instant::now();
        let at = |error| Failure::at(&input, error);
        let encoding = match &file {
            Some(file) => {
                let name = args.layer.as_deref().unwrap_or(tensor.name());
                let layer = file.layer(name).map_err(|error| at(error.into()))?;
                Encoding::of_source(layer, &tensor, &settings, console).map_err(at)?
            }
            None => {
                let plan = Plan::new(&tensor, &settings, console).map_err(at)?;
                note_lost_negatives(&plan, &input, console);
                plan.encoding
            }
        };
        make_parent(&output)?;
        let mut file = BufWriter::new(AtomicFile::create(&output)?);
        let sizes =
            compress(&tensor, &encoding, &mut *transport, &mut file, console).map_err(at)?;
        file.flush()
            .map_err(|error| write_failed(&output, &error))?;
        let file = file
            .into_inner()
            .map_err(|error| write_failed(&output, error.error()))?;
        file.commit()?;
        let bits_per_activation = sizes.bits_per_element();
        reports.push(Report {
            input: input.clone(),
            tensor: tensor.name().to_owned(),
            ratio: 8.0 * encoding.tensor.dtype.bytes() as f64 / bits_per_activation,
            bits_per_activation,
            output,
            sizes,
            seconds: start.elapsed().as_secs_f64(),
        });
    }
    let lines = reports.iter().map(|report| {
        format!(
            "{} -> {}: {} activations, {:.3} bits each, {:.2} times smaller, {:.2} s\n",
            report.input.display(),
            report.output.display(),
            report.sizes.elements,
            report.bits_per_activation,
            report.ratio,
            report.seconds
        )
    });
    let text: String = lines.collect();
    match &reports[..] {
        [report] => console.result(&text, report),
        reports => console.result(&text, &reports),
    }
}

/// Tells the user of negative elements that the chosen policy cannot hold.
pub fn note_lost_negatives(plan: &Plan, input: &Path, console: &Console) {
    if plan.negatives_lost {
        console.warn(&format!(
            "{}: negative elements become 0 with --policy full-range; use paper or asymmetric to keep them",
            input.display()
        ));
    }
}

fn write_failed(output: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", output.display()))
}
