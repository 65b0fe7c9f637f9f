//! yosys: ports and resource counts of a module.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{Failure, output};

/// A family that yosys synthesizes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Lattice iCE40.
    Ice40,
    /// Lattice ECP5.
    Ecp5,
    /// Xilinx 7-series.
    Xilinx7,
}

/// Cells of a synthesized module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cells {
    /// Look-up tables: 4 inputs on Lattice, up to 6 on Xilinx. Carry cells count as the tables
    /// that they take the place of; distributed RAM counts apart.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
    /// Tables used as distributed RAM.
    pub lut_ram: u64,
    /// Block RAMs: 4 kbit on iCE40, 18 kbit on ECP5, 18 kbit halves on Xilinx.
    pub bram: u64,
    /// Multipliers.
    pub dsp: u64,
}

impl Family {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ice40, Self::Ecp5, Self::Xilinx7];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ice40 => "iCE40",
            Self::Ecp5 => "ECP5",
            Self::Xilinx7 => "7-series",
        }
    }

    /// The synthesis command for `top`.
    pub fn synthesis(self, top: &str) -> String {
        match self {
            Self::Ice40 => format!("synth_ice40 -dsp -top {top}"),
            Self::Ecp5 => format!("synth_ecp5 -abc9 -nowidelut -top {top}"),
            Self::Xilinx7 => format!("synth_xilinx -family xc7 -noiopad -top {top}"),
        }
    }

    /// Adds `count` cells of a type to what is counted.
    fn count(self, cells: &mut Cells, kind: &str, count: u64) {
        let (counter, each) = match (self, kind) {
            (_, "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "SB_LUT4") => {
                (&mut cells.lut, 1)
            }
            (Self::Ecp5, "CCU2C") => (&mut cells.lut, 2),
            (Self::Ecp5, "TRELLIS_DPR16X4") => (&mut cells.lut_ram, 4),
            (Self::Ecp5, "TRELLIS_FF") => (&mut cells.ff, 1),
            (Self::Ecp5, "DP16KD" | "PDPW16KD") => (&mut cells.bram, 1),
            (Self::Ecp5, "MULT18X18D") => (&mut cells.dsp, 1),
            (Self::Ice40, "SB_RAM40_4K") => (&mut cells.bram, 1),
            (Self::Ice40, "SB_MAC16") => (&mut cells.dsp, 1),
            (Self::Ice40, ff) if ff.starts_with("SB_DFF") => (&mut cells.ff, 1),
            (Self::Xilinx7, "RAMB36E1") => (&mut cells.bram, 2),
            (Self::Xilinx7, "RAMB18E1") => (&mut cells.bram, 1),
            (Self::Xilinx7, "DSP48E1") => (&mut cells.dsp, 1),
            (Self::Xilinx7, "RAM32M" | "RAM64M") => (&mut cells.lut_ram, 4),
            (Self::Xilinx7, "RAM32X1D" | "RAM64X1D") => (&mut cells.lut_ram, 2),
            (Self::Xilinx7, "FDRE" | "FDSE" | "FDCE" | "FDPE") => (&mut cells.ff, 1),
            _ => return,
        };
        *counter += each * count;
    }
}

/// Runs yosys commands.
fn yosys(script: &str) -> Result<String, Failure> {
    output(Command::new("yosys").args(["-q", "-p", script]))
}

/// The version that yosys tells.
pub fn version() -> Result<String, Failure> {
    output(Command::new("yosys").arg("-V"))
}

/// Ports of a module: name, whether it is an input, width.
pub fn ports(
    verilog: &Path,
    top: &str,
    work: &Path,
) -> Result<Vec<(String, bool, usize)>, Failure> {
    let json = work.join("ports.json");
    yosys(&format!(
        "read_verilog {}; hierarchy -check -top {top}; proc; write_json {}",
        verilog.display(),
        json.display()
    ))?;
    let netlist: Value = serde_json::from_slice(&std::fs::read(json)?)?;
    let ports = netlist["modules"][top]["ports"].as_object();
    let ports = ports.ok_or("yosys gives no ports")?.iter();
    let port = |(name, port): (&String, &Value)| {
        let width = port["bits"].as_array().map_or(0, Vec::len);
        (name.clone(), port["direction"] == "input", width)
    };
    Ok(ports.map(port).collect())
}

/// Resources of a module.
pub fn cells(verilog: &Path, top: &str, family: Family, work: &Path) -> Result<Cells, Failure> {
    let json = work.join("cells.json");
    yosys(&format!(
        "read_verilog {}; {} -flatten; tee -q -o {} stat -json",
        verilog.display(),
        family.synthesis(top),
        json.display()
    ))?;
    let stat: Value = serde_json::from_slice(&std::fs::read(json)?)?;
    let by_type: BTreeMap<String, u64> =
        serde_json::from_value(stat["design"]["num_cells_by_type"].clone())?;
    let mut cells = Cells::default();
    for (kind, count) in by_type {
        family.count(&mut cells, &kind, count);
    }
    Ok(cells)
}

/// Synthesizes for place and route: a netlist in `json`.
pub fn netlist(sources: &[&Path], top: &str, family: Family, json: &Path) -> Result<(), Failure> {
    let reads: String = sources
        .iter()
        .map(|source| format!("read_verilog {}; ", source.display()))
        .collect();
    let synthesis = family.synthesis(top);
    yosys(&format!(
        "{reads}{synthesis}; write_json {}",
        json.display()
    ))
    .map(drop)
}
