//! `dqa decompress`: containers to tensors.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dqa_driver::compress::Sizes;
use dqa_driver::decompress::{Decompressor, TensorSink};
use dqa_driver::device;
use dqa_driver::tensor::{TensorFileError, TensorSpec, TensorWriter};

use crate::console::{Console, Failure};
use crate::files::{default_output, files_in, make_parent, refuse_file, relative_stem};

/// Decompress .dqa containers to tensors
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A .dqa file, or a folder of them
    input: PathBuf,
    /// A .npy, .npz or .safetensors file, or a folder for several .npy files [default: beside the
    /// input, with .npy]
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Overwrite an output that was not named
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  dqa decompress act.dqa -o back.npy
  dqa decompress compressed -o back
  dqa decompress compressed -o back.safetensors";

#[derive(serde::Serialize)]
struct Report {
    input: PathBuf,
    output: PathBuf,
    #[serde(flatten)]
    sizes: Sizes,
    seconds: f64,
}

pub fn open_container(path: &Path) -> Result<Decompressor<BufReader<File>>, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::new(format!("cannot open {}: {error}", path.display())))?;
    Decompressor::new(BufReader::new(file)).map_err(|error| Failure::at(path, error))
}

pub fn run(args: &Args, device: &str, console: &Console) -> Result<(), Failure> {
    let output = match &args.output {
        Some(output) => output.clone(),
        None if args.input.is_dir() => args.input.with_added_extension("npy"),
        None => default_output(&args.input, "npy", args.force)?,
    };
    let inputs = if args.input.is_dir() {
        let inputs = files_in(&args.input, &["dqa"])?;
        if inputs.is_empty() {
            let path = args.input.display();
            return Err(Failure::new(format!("{path}: no .dqa file in this folder")));
        }
        inputs
    } else {
        vec![args.input.clone()]
    };
    let together = output
        .extension()
        .is_some_and(|extension| extension == "npz" || extension == "safetensors");
    // Which inputs go to which output file.
    let groups: Vec<(PathBuf, Vec<PathBuf>)> = if together || !args.input.is_dir() {
        vec![(output, inputs)]
    } else {
        refuse_file(&output)?;
        let place = |input: PathBuf| {
            let stem = relative_stem(&args.input, &input);
            (output.join(stem.with_added_extension("npy")), vec![input])
        };
        inputs.into_iter().map(place).collect()
    };
    let mut reports = Vec::new();
    for (output, inputs) in groups {
        reports.extend(decompress(&args.input, inputs, &output, device, console)?);
    }
    let lines = reports.iter().map(|report| {
        format!(
            "{} -> {}: {} activations, {:.2} s\n",
            report.input.display(),
            report.output.display(),
            report.sizes.elements,
            report.seconds
        )
    });
    let text: String = lines.collect();
    match &reports[..] {
        [report] => console.result(&text, report),
        reports => console.result(&text, &reports),
    }
}

fn decompress(
    root: &Path,
    inputs: Vec<PathBuf>,
    output: &Path,
    device: &str,
    console: &Console,
) -> Result<Vec<Report>, Failure> {
    let mut transport = device::open(device)?;
    let mut specs = Vec::new();
    for input in &inputs {
        let container = open_container(input)?;
        let stem = relative_stem(root, input);
        specs.push(TensorSpec {
            name: stem.to_string_lossy().into_owned(),
            dtype: container.tensor().dtype,
            shape: container.tensor().shape.clone(),
        });
    }
    make_parent(output)?;
    let mut writer = TensorWriter::create(output, &specs)?;
    let mut reports = Vec::new();
    for (tensor, input) in inputs.into_iter().enumerate() {
        let start = Instant::now();
        let mut sink = Sink {
            writer: &mut writer,
            tensor,
        };
        let sizes = open_container(&input)?
            .run(&mut *transport, &mut sink, console)
            .map_err(|error| Failure::at(&input, error))?;
        reports.push(Report {
            input,
            output: output.to_owned(),
            sizes,
            seconds: start.elapsed().as_secs_f64(),
        });
    }
    writer.finish()?;
    Ok(reports)
}

/// One tensor of a file being written.
struct Sink<'a> {
    writer: &'a mut TensorWriter,
    tensor: usize,
}

impl TensorSink for Sink<'_> {
    fn write(&mut self, start: u64, values: &[f32]) -> Result<(), TensorFileError> {
        self.writer.write(self.tensor, start, values)
    }
}
