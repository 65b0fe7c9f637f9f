//! `dqa selftest`: does a device do what the reference model does?

use std::time::Instant;

use dqa_driver::device;
use dqa_driver::selftest::selftest;

use crate::console::{Console, Failure};

/// Send made-up tensors through a device and hold every answer against the reference model
///
/// Of a device that only encodes, or only decodes, that is tested.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How many tensors, each with settings of its own
    #[arg(long, value_name = "N", default_value_t = 8)]
    rounds: u32,
    /// Which tensors
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    seed: u64,
}

const EXAMPLES: &str = "\
Examples:
  dqa selftest --device sim:
  dqa selftest --device /dev/ttyUSB1 --rounds 100";

#[derive(serde::Serialize)]
struct Report {
    device: String,
    packets: u64,
    samples: u64,
    encodes: bool,
    decodes: bool,
    seconds: f64,
}

pub fn run(args: &Args, device: &str, console: &Console) -> Result<(), Failure> {
    let mut transport = device::open(device)?;
    let operations = transport.capabilities().operations;
    let start = Instant::now();
    let done = selftest(&mut *transport, args.rounds, args.seed, console);
    let done = done.map_err(|error| Failure::new(format!("{device}: {error}")))?;
    let report = Report {
        device: device.to_owned(),
        packets: done.packets,
        samples: done.samples,
        encodes: operations.encode,
        decodes: operations.decode,
        seconds: start.elapsed().as_secs_f64(),
    };
    let only = match (operations.encode, operations.decode) {
        (true, true) => "",
        (_, false) => "; it only encodes",
        (false, _) => "; it only decodes",
    };
    let text = format!(
        "{device}: {} packets with {} samples, all answers are the reference model's{only}; {:.1} s",
        report.packets, report.samples, report.seconds
    );
    console.result(&text, &report)
}
