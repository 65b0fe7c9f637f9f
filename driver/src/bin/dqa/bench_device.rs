//! `dqa bench --device`: how fast a device is, its link included, beside this machine's cores.

use std::path::Path;
use std::time::{Duration, Instant};

use dqa_driver::compress::compress;
use dqa_driver::decompress::Decompressor;
use dqa_driver::device;
use dqa_driver::error::Error;
use dqa_driver::plan::Plan;
use dqa_driver::source::TensorSource;
use dqa_driver::transport::Transport;
use dqa_driver::verify::verify;

use crate::console::{Console, Failure};

/// What is beside the device.
const SOFTWARE: &str = "software:";

/// Median rates of one device, in elements a second.
#[derive(Clone, Copy, serde::Serialize)]
struct Rates {
    compress: f64,
    decompress: f64,
}

#[derive(serde::Serialize)]
struct Measured<'a> {
    input: &'a Path,
    device: &'a str,
    elements: u64,
    container_bytes: u64,
    rounds: usize,
    of_device: Rates,
    of_software: Rates,
}

/// Whole tensors to containers in memory and back, for about `time`, at least one round.
pub fn bench(
    name: &str,
    plan: &Plan,
    (source, path): (&dyn TensorSource, &Path),
    time: Duration,
    console: &Console,
) -> Result<(), Failure> {
    let mut transport = device::open(name)?;
    let failed = |error| Failure::at(path, error);
    let measure = |transport: &mut dyn Transport| measure(transport, plan, source, time, console);
    let (of_device, rounds, container) = measure(&mut *transport).map_err(failed)?;
    let (of_software, _, same) = measure(&mut *device::open(SOFTWARE)?).map_err(failed)?;
    if container != same {
        return Err(Failure::new(format!(
            "{name}: its container of {} is another than {SOFTWARE}'s: dqa selftest --device {name} says \
             more",
            path.display()
        )));
    }
    let measured = Measured {
        input: path,
        device: name,
        elements: plan.encoding.tiling.elements(),
        container_bytes: container.len() as u64,
        rounds,
        of_device,
        of_software,
    };
    console.result(&text(&measured), &measured)
}

/// Medians, how many rounds they are of, and the container.
fn measure(
    transport: &mut dyn Transport,
    plan: &Plan,
    source: &dyn TensorSource,
    time: Duration,
    console: &Console,
) -> Result<(Rates, usize, Vec<u8>), Error> {
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let start = Instant::now();
    let mut container = Vec::new();
    while there.is_empty() || start.elapsed() < time {
        container.clear();
        let start = Instant::now();
        compress(source, &plan.encoding, transport, &mut container, console)?;
        there.push(start.elapsed());
        let start = Instant::now();
        verify(
            &mut Decompressor::new(&container[..])?,
            None,
            transport,
            console,
        )?;
        back.push(start.elapsed());
    }
    let rounds = there.len();
    let elements = plan.encoding.tiling.elements() as f64;
    let rate = |mut times: Vec<Duration>| {
        times.sort_unstable();
        elements / times[rounds / 2].as_secs_f64()
    };
    let rates = Rates {
        compress: rate(there),
        decompress: rate(back),
    };
    Ok((rates, rounds, container))
}

fn text(measured: &Measured) -> String {
    let line = |name: &str,
                Rates {
                    compress,
                    decompress,
                }: Rates| {
        let of = |rate: f64, software: f64| rate / software;
        format!(
            "  {name:<28}{:>12.3}{:>12.3}{:>11.2e}{:>9.2e}\n",
            compress / 1e6,
            decompress / 1e6,
            of(compress, measured.of_software.compress),
            of(decompress, measured.of_software.decompress)
        )
    };
    format!(
        "{}: {} activations in {} bytes, median of {} rounds\n  {:<28}{:>12}{:>12}{:>20}\n{}{}",
        measured.input.display(),
        measured.elements,
        measured.container_bytes,
        measured.rounds,
        "million activations/s",
        "in",
        "back",
        "of software",
        line(measured.device, measured.of_device),
        line(SOFTWARE, measured.of_software)
    )
}
