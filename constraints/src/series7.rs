//! Xilinx 7-series: what Vivado takes, and cells as yosys counts them. No open tool places for it.

use std::path::{Path, PathBuf};

use crate::build::{BuildError, Built};
use crate::cells::counted;
use crate::tools::{run, version};
use crate::top::TOP;

pub(crate) const CONSTRAINTS: &str = "board.xdc";

/// Counts the cells of `top` of `board.v`, and gives the files with them.
pub(crate) fn count(
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
        timing: None,
        tools: vec![version("yosys", "-V")],
        notes: vec!["counted by yosys; Vivado was not run".into()],
    })
}

/// A Vivado script that builds the board without a project.
pub(crate) fn script(part: &str) -> String {
    format!(
        "# vivado -mode batch -source build.tcl\n\
         read_verilog board.v\n\
         read_xdc {CONSTRAINTS}\n\
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
