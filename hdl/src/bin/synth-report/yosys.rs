//! yosys: netlist, ports and resource counts of a module.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::Failure;
use crate::harness::{Port, harness};
use crate::target::Target;
use crate::tools::Tools;

/// Package and program.
pub const PROGRAM: &str = "yosys";

/// Cells of a synthesized module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cells {
    /// Look-up tables: 4 inputs on Lattice, up to 6 on Xilinx. Carry cells count as the tables
    /// that they take the place of; distributed RAM and shift registers count apart.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
    /// Tables that are distributed RAM or shift registers.
    pub lut_ram: u64,
    /// Block RAMs: of 4 kbit on iCE40, of 18 kbit on ECP5 and 7-series.
    pub bram: u64,
    /// Multipliers.
    pub dsp: u64,
}

impl Cells {
    /// Adds a cell of a type to what is counted.
    fn add(&mut self, kind: &str) {
        let (counter, count) = match kind {
            "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "SB_LUT4" => (&mut self.lut, 1),
            "CCU2C" => (&mut self.lut, 2),
            "TRELLIS_DPR16X4" | "RAM32M" | "RAM64M" => (&mut self.lut_ram, 4),
            "RAM32X1D" | "RAM64X1D" => (&mut self.lut_ram, 2),
            "SRL16E" | "SRLC32E" => (&mut self.lut_ram, 1),
            "TRELLIS_FF" | "FDRE" | "FDSE" | "FDCE" | "FDPE" => (&mut self.ff, 1),
            "DP16KD" | "PDPW16KD" | "SB_RAM40_4K" | "RAMB18E1" => (&mut self.bram, 1),
            "RAMB36E1" => (&mut self.bram, 2),
            "MULT18X18D" | "SB_MAC16" | "DSP48E1" => (&mut self.dsp, 1),
            _ if kind.starts_with("SB_DFF") => (&mut self.ff, 1),
            _ => return,
        };
        *counter += count;
    }
}

/// A module's cells on a target.
pub fn cells(tools: &Tools, target: &Target, top: &str, verilog: &str) -> Result<Cells, Failure> {
    let module = module(tools, target, top, &[("design.v", verilog.as_bytes())])?;
    let of_type = module["cells"].as_object().ok_or("yosys gives no cells")?;
    let mut cells = Cells::default();
    for cell in of_type.values() {
        cells.add(cell["type"].as_str().unwrap_or_default());
    }
    Ok(cells)
}

/// File with the netlist of the module in its harness.
pub fn framed(
    tools: &Tools,
    target: &Target,
    top: &str,
    verilog: &str,
) -> Result<PathBuf, Failure> {
    let sources = [("design.v", verilog.as_bytes())];
    let frame = harness(top, &ports(&module(tools, target, top, &sources)?)?);
    let sources = [sources[0], ("harness.v", frame.as_bytes())];
    netlist(tools, target, "harness", top, &sources)
}

fn ports(module: &Value) -> Result<Vec<Port>, Failure> {
    let ports = module["ports"].as_object().ok_or("yosys gives no ports")?;
    let port = |(name, port): (&String, &Value)| Port {
        name: name.clone(),
        is_input: port["direction"] == "input",
        width: port["bits"].as_array().map_or(0, Vec::len),
    };
    Ok(ports.iter().map(port).collect())
}

fn module(
    tools: &Tools,
    target: &Target,
    top: &str,
    sources: &[(&str, &[u8])],
) -> Result<Value, Failure> {
    let path = netlist(tools, target, top, top, sources)?;
    let mut netlist: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    Ok(netlist["modules"][top].take())
}

fn netlist(
    tools: &Tools,
    target: &Target,
    top: &str,
    name: &str,
    sources: &[(&str, &[u8])],
) -> Result<PathBuf, Failure> {
    let files: Vec<_> = sources.iter().map(|(name, _)| *name).collect();
    let script = format!(
        "read_verilog {} {}; {} -top {top}; write_json netlist.json",
        target.defines,
        files.join(" "),
        target.synthesis,
    );
    let arguments = ["-q".into(), "-p".into(), script];
    let name = format!("{name} {} yosys", target.name);
    let folder = tools.result(&name, PROGRAM, &arguments, sources)?;
    match std::fs::read_to_string(folder.join("error.txt")) {
        Ok(error) => Err(error.into()),
        Err(_) => Ok(folder.join("netlist.json")),
    }
}
