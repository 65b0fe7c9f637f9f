//! `dqa demo`: a real tensor through the cores and back.

use std::time::Instant;

use dqa_driver::compress::compress;
use dqa_driver::decompress::Decompressor;
use dqa_driver::device;
use dqa_driver::plan::Plan;
use dqa_driver::settings::{RangeOf, Settings};
use dqa_driver::source::TensorSource;
use dqa_driver::tensor::open;
use dqa_driver::verify::verify;

use crate::console::{Console, Failure};

/// Send a real tensor through the simulated hardware and back
///
/// Activations of a late layer of ResNet-32 go through the emitted Verilog of dqa_core
/// where Verilator is installed, through the software codec where it is not.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  dqa demo")]
pub struct Args {}

const TENSOR: &[u8] = include_bytes!("../../../../tests/data/activations/act_shortcut14.npy");

#[derive(serde::Serialize)]
struct Report {
    device: String,
    activations: u64,
    bits_per_activation: f64,
    identical_to_software: bool,
    seconds: f64,
}

pub fn run(_: &Args, console: &Console) -> Result<(), Failure> {
    let verilator = std::process::Command::new("verilator")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    let name = if verilator { "sim:" } else { "software:" };
    let folder = tempfile::tempdir().map_err(Failure::new)?;
    let path = folder.path().join("act_shortcut14.npy");
    std::fs::write(&path, TENSOR).map_err(Failure::new)?;
    let tensor = open(&path)?.remove(0);
    let settings = Settings {
        bits: 3,
        extra: 1,
        range: RangeOf::Percentile(99.9),
        ..Settings::default()
    };
    let plan = Plan::new(&tensor, &settings, console).map_err(Failure::new)?;
    let start = Instant::now();
    let encode = |device: &str| -> Result<_, Failure> {
        let mut container = Vec::new();
        let mut transport = device::open(device)?;
        let sizes = compress(
            &tensor,
            &plan.encoding,
            &mut *transport,
            &mut container,
            console,
        );
        Ok((container, sizes.map_err(Failure::new)?))
    };
    let (container, sizes) = encode(name)?;
    let mut decompressor = Decompressor::new(&container[..]).map_err(Failure::new)?;
    let source: &dyn TensorSource = &tensor;
    verify(
        &mut decompressor,
        Some(source),
        &mut *device::open(name)?,
        console,
    )
    .map_err(Failure::new)?;
    let report = Report {
        device: name.to_owned(),
        activations: sizes.elements,
        bits_per_activation: sizes.bits_per_element(),
        identical_to_software: encode("software:")?.0 == container,
        seconds: start.elapsed().as_secs_f64(),
    };
    if !report.identical_to_software {
        return Err(Failure::new(
            "the hardware's bytes differ from the software codec's",
        ));
    }
    let through = match verilator {
        true => "the emitted Verilog of dqa_core, under Verilator",
        false => {
            "the software codec (Verilator is not installed: apt-get install verilator g++ make)"
        }
    };
    let text = format!(
        "{} activations of ResNet-32 went through {through}:\n\
         {:.3} bits each, container and all, where floats take 32; every value came back as the \
         arithmetic says,\nand the bytes are the software codec's. {:.1} s",
        report.activations, report.bits_per_activation, report.seconds
    );
    console.result(&text, &report)
}
