//! iCE40: yosys, nextpnr, icepack, and icetime as a second opinion.

use std::path::Path;

use crate::board::Board;
use crate::build::{BuildError, Built};
use crate::cells::{counted, used};
use crate::timing::Timing;
use crate::tools::{report, run, version};
use crate::top::TOP;

pub(crate) const CONSTRAINTS: &str = "board.pcf";
const CELLS: &str = "cells.json";
/// The netlist as Verilog, for simulation: the same cells, without names of what is not there any more.
pub(crate) const NETLIST: &str = "board_netlist.v";

/// Synthesizes the design in `folder`.
pub(crate) fn netlist(
    folder: &Path,
    options: &str,
    says: &mut impl FnMut(&str),
) -> Result<(), BuildError> {
    says("yosys: synthesis");
    let synthesis = format!(
        "read_verilog -DDQA_ICE40 board.v; synth_ice40 {options} -top {TOP}; write_json board.json; \
         tee -q -o {CELLS} stat -json; opt_clean -purge; splitnets; write_verilog -noattr {NETLIST}"
    );
    run("yosys", &["-q", "-p", &synthesis], folder).map(drop)
}

/// From its netlist to its bitstream.
pub(crate) fn place(
    board: &Board,
    folder: &Path,
    [part, package]: [&str; 2],
    seed: u32,
    says: &mut impl FnMut(&str),
) -> Result<Built, BuildError> {
    says("nextpnr: place and route, a minute or more");
    let wanted = f64::from(board.clock_hz()) / 1e6;
    let (frequency, seed) = (wanted.to_string(), seed.to_string());
    let device = format!("--{part}");
    let options = [
        &device,
        "--package",
        package,
        "--freq",
        &frequency,
        "--timing-allow-fail",
        "--seed",
        &seed,
        "--json",
        "board.json",
        "--pcf",
        CONSTRAINTS,
        "--asc",
        "board.asc",
        "--report",
        "report.json",
    ];
    run("nextpnr-ice40", &options, folder)?;
    let path = folder.join("report.json");
    let report = report(&path)?;
    let timing = Timing::of(&report, &path, wanted)?;
    says("icepack: bitstream");
    run("icepack", &["board.asc", "board.bin"], folder)?;
    says("icetime: timing again");
    let options = [
        "-d",
        part,
        "-P",
        package,
        "-p",
        CONSTRAINTS,
        "-t",
        "board.asc",
    ];
    let said = run("icetime", &options, folder)?;
    let mut notes = said
        .lines()
        .filter(|line| line.starts_with("Total path delay"));
    let flip_flops = counted(&folder.join(CELLS))?;
    let flip_flops = flip_flops
        .into_iter()
        .filter(|(kind, ..)| kind.starts_with("SB_DFF"));
    Ok(Built {
        files: [CONSTRAINTS, "board.bin"]
            .map(|name| folder.join(name))
            .into(),
        cells: used(&report).into_iter().chain(flip_flops).collect(),
        timing: Some(timing),
        tools: vec![
            version("yosys", "-V"),
            version("nextpnr-ice40", "--version"),
        ],
        notes: notes
            .next()
            .map(|line| format!("icetime: {line}"))
            .into_iter()
            .collect(),
    })
}
