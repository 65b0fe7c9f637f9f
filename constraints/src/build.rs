//! From a board to its bitstream, by the tools of its family: `ecp5`, `ice40`, `series7`.

use std::fs;
use std::path::{Path, PathBuf};

use dqa_hdl::link::uart_core::SpeedError;
use dqa_hdl::parameters::ParameterError;
use dqa_hdl::xdma::xdma_core;

use crate::acorn::{self, Card};
use crate::board::{Board, Device};
use crate::timing::Timing;
use crate::tools::write;
use crate::top::{TOP, constraints, verilog};
use crate::{ecp5, ice40, series7};

/// What was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// Files to keep, what is loaded last.
    pub files: Vec<PathBuf>,
    /// Cells in use, as the tool that counted them names them: kind, number, how many there are if it
    /// says so.
    pub cells: Vec<(String, u64, Option<u64>)>,
    /// None where nothing was placed.
    pub timing: Option<Timing>,
    /// Versions of the tools.
    pub tools: Vec<String>,
    /// What else they said that belongs into a report.
    pub notes: Vec<String>,
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
    #[error("{0} tells no report that can be read")]
    Report(PathBuf),
    #[error("timing is not met: clock {clock} has {mhz:.1} MHz of {wanted:.1}; try another --seed")]
    Timing {
        clock: String,
        mhz: f64,
        wanted: f64,
    },
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
    let folder = &prepare(board, folder, &mut says)?;
    let design = folder.join("board.v");
    let built = match board.device {
        Device::Ecp5 { nextpnr, .. } => ecp5::build(board, folder, nextpnr, seed, &mut says)?,
        Device::Ice40 {
            part,
            package,
            synthesis,
        } => {
            ice40::netlist(folder, synthesis, &mut says)?;
            ice40::place(board, folder, [part, package], seed, &mut says)?
        }
        Device::Series7 { part } => {
            let script = write(folder, "build.tcl", &series7::script(part))?;
            let files = vec![folder.join(series7::CONSTRAINTS), script];
            series7::count(folder, TOP, files, &mut says)?
        }
    };
    Ok(Built {
        files: [vec![design], built.files].concat(),
        ..built
    })
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
        write(folder, series7::CONSTRAINTS, &acorn::constraints())?,
        write(folder, "part.tcl", &card.part())?,
        write(folder, "build.tcl", acorn::SCRIPT)?,
    ];
    series7::count(folder, xdma_core::TOP, files, &mut says)
}

/// A folder that is there, by its whole path.
fn made(folder: &Path) -> Result<PathBuf, BuildError> {
    let made = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    made.map_err(|error| BuildError::File(folder.into(), error))
}

/// Writes the Verilog and the constraints of a board into a folder, and gives its whole path.
pub(crate) fn prepare(
    board: &Board,
    folder: &Path,
    says: &mut impl FnMut(&str),
) -> Result<PathBuf, BuildError> {
    board.core.check()?;
    board.speed().check()?;
    let folder = made(folder)?;
    says("writing the Verilog");
    let version = env!("CARGO_PKG_VERSION");
    let header = format!("{TOP}, {}. Written by build-board {version}.", board.about);
    let text = verilog(board, &header).map_err(|error| BuildError::Rtl(format!("{error:?}")))?;
    write(&folder, "board.v", &text)?;
    let name = match board.device {
        Device::Ecp5 { .. } => ecp5::CONSTRAINTS,
        Device::Ice40 { .. } => ice40::CONSTRAINTS,
        Device::Series7 { .. } => series7::CONSTRAINTS,
    };
    write(&folder, name, &constraints(board))?;
    Ok(folder)
}
