//! `dqa bench`: how fast the software codec is on this machine, or a device.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use dqa_driver::bench::{Entry, Report, measure};
use dqa_driver::error::Error;
use dqa_driver::plan::Plan;
use dqa_driver::settings::Settings;
use dqa_driver::source::{ImageReader, TensorSlice, TensorSource};
use dqa_driver::survey::to_sample;
use dqa_golden::payload::{MAX_PACKET_SAMPLES, PlaneRun};

use crate::bench_device;
use crate::choices::Choices;
use crate::console::{Console, Failure};
use crate::files::jobs;

/// Measure the software codec on one core, beside memcpy and general compressors
///
/// Samples are in memory before and after. The compressors work on the packed codes, so that
/// quantizing is not in their time.
///
/// With --device, measure that device instead, beside all cores of this machine: the whole tensor to a container and
/// back, its link included.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// A .npy, .npz or .safetensors file; without --device its first 4 Mi samples are used [default:
    /// made-up activations]
    input: Option<PathBuf>,
    /// The tensor of this name
    #[arg(long, value_name = "NAME")]
    tensor: Option<String>,
    /// How long to measure, at least three rounds, or one of a device
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    seconds: f64,
    #[command(flatten)]
    choices: Choices,
}

const EXAMPLES: &str = "\
Examples:
  dqa bench
  dqa bench act.npy --bits 4 --extra 3 --lanes 4 --seconds 0.5
  dqa bench act.npy --lanes 1 --device sim:";

#[derive(serde::Serialize)]
struct Measured {
    tensor: String,
    #[serde(flatten)]
    report: Report,
}

pub fn run(args: &Args, device: &str, console: &Console) -> Result<(), Failure> {
    let settings = args.choices.settings()?;
    let time = Duration::try_from_secs_f64(args.seconds)
        .map_err(|_| Failure::usage(format!("--seconds {}: give a time", args.seconds)))?;
    let run = |tensor: &dyn TensorSource, name: &str| {
        let path = args.input.as_deref().unwrap_or(Path::new(name));
        let failed = |error| Failure::at(path, error);
        match device {
            "software:" => {
                let measured = bench(&settings, tensor, name, time, console).map_err(failed)?;
                console.result(&text(&measured), &measured)
            }
            device => {
                let plan = Plan::new(tensor, &settings, console).map_err(failed)?;
                bench_device::bench(device, &plan, (tensor, path), time, console)
            }
        }
    };
    match &args.input {
        Some(input) => {
            let mut jobs = jobs(input, args.tensor.as_deref(), None)?;
            if jobs.len() != 1 {
                let path = input.display();
                return Err(Failure::usage(format!(
                    "{path} holds several tensors: name a file of one, or use --tensor"
                )));
            }
            let job = jobs.remove(0);
            run(&job.tensor, job.tensor.name())
        }
        None => {
            let values = made_up();
            let tensor = TensorSlice::new(&MADE_UP, &values).expect("as many as the shape says");
            run(&tensor, "made-up activations")
        }
    }
}

fn bench(
    settings: &Settings,
    source: &dyn TensorSource,
    name: &str,
    time: Duration,
    console: &Console,
) -> Result<Measured, Error> {
    let plan = Plan::new(source, settings, console)?;
    let padded = plan.encoding.context.padded_plane();
    let channels = plan.encoding.tiling.channels();
    let most_planes = MAX_PACKET_SAMPLES as usize / padded;
    let images = (most_planes / channels).clamp(1, usize::from(u16::MAX));
    let run = PlaneRun {
        first_channel: 0,
        channels: u16::try_from(channels.min(most_planes)).expect("at most 65535"),
        images: u16::try_from(plan.encoding.tiling.images().min(images as u64)).expect("clamped"),
    };
    let mut samples = Vec::with_capacity(run.samples(&plan.encoding.context));
    let mut reader = ImageReader::new(source, plan.encoding.tiling);
    for image in 0..u64::from(run.images) {
        let planes = reader.read(image)?;
        for plane in planes.iter().take(usize::from(run.channels)) {
            let from = samples.len();
            samples.extend(
                plane
                    .iter()
                    .map(|&a| to_sample(a, plan.encoding.tensor.scale.recip())),
            );
            samples.resize(from + padded, 0);
        }
    }
    Ok(Measured {
        tensor: name.to_owned(),
        report: measure(&plan.encoding.context, &run, &samples, time)?,
    })
}

const MADE_UP: [u64; 4] = [4, 64, 64, 64];

/// Values as after ReLU: half of them 0, the others falling off.
fn made_up() -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut uniform = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 40) as f32 / (1 << 24) as f32
    };
    let elements = MADE_UP.iter().product::<u64>();
    // The sum of four uniform numbers is close to a normal one.
    let value = |_| (uniform() + uniform() + uniform() + uniform() - 2.0).max(0.0);
    (0..elements).map(value).collect()
}

fn text(measured: &Measured) -> String {
    let report = &measured.report;
    let mut out = format!(
        "{}: {} samples, one core, median of {} rounds\n  {:<22}{:>12}{:>12}{:>11}{:>11}\n",
        measured.tensor,
        report.samples,
        report.rounds,
        "million samples/s",
        "in",
        "back",
        "of memcpy",
        "bits"
    );
    let mut line = |entry: &Entry| {
        let _ = writeln!(
            out,
            "  {:<22}{:>12.0}{:>12.0}{:>5.3}{:>6.3}{:>11.3}",
            entry.name,
            entry.encode / 1e6,
            entry.decode / 1e6,
            entry.encode_of_memcpy,
            entry.decode_of_memcpy,
            8.0 * entry.bytes as f64 / report.samples as f64
        );
    };
    line(&report.dqa);
    line(&report.memcpy);
    report.compressors.iter().for_each(line);
    out
}
