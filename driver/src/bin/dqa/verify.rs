//! `dqa verify`: is a container whole, and is it what the tensor gives?

use std::path::PathBuf;

use dqa_driver::device;
use dqa_driver::source::TensorSource;
use dqa_driver::tensor::{open, open_named};
use dqa_driver::verify::verify;

use crate::console::{Console, Failure};
use crate::decompress::open_container;

/// Check a container: every checksum, count and code; with --against also every value
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The .dqa file
    input: PathBuf,
    /// The file that it was made from
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// The tensor of this name in that file
    #[arg(long, value_name = "NAME", requires = "against")]
    tensor: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  dqa verify act.dqa
  dqa verify act.dqa --against act.npy";

pub fn run(args: &Args, device: &str, console: &Console) -> Result<(), Failure> {
    let mut transport = device::open(device)?;
    let mut container = open_container(&args.input)?;
    let original = match (&args.against, &args.tensor) {
        (None, _) => None,
        (Some(path), Some(name)) => Some(open_named(path, name)?),
        (Some(path), None) => {
            let mut tensors = open(path)?;
            if tensors.len() != 1 {
                return Err(Failure::usage(format!(
                    "{} holds {} tensors: name one with --tensor",
                    path.display(),
                    tensors.len()
                )));
            }
            tensors.pop()
        }
    };
    let source = original.as_ref().map(|tensor| tensor as &dyn TensorSource);
    let sizes = verify(&mut container, source, &mut *transport, console)
        .map_err(|error| Failure::at(&args.input, error))?;
    let text = format!(
        "{}: whole, {} activations in {} packets{}",
        args.input.display(),
        sizes.elements,
        sizes.packets,
        if source.is_some() {
            ", each value as the original gives it"
        } else {
            ""
        }
    );
    console.result(&text, &sizes)
}
