//! nextpnr: clock rate and critical path of a placed and routed module.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use crate::Failure;
use crate::target::Target;
use crate::tools::Tools;

/// What place and route came to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Placed {
    /// It is placed.
    Timing {
        /// Seed of the placer.
        seed: u32,
        /// Clock rate in MHz.
        mhz: f64,
        /// The slowest path between flip-flops: where it begins and ends, and its delays.
        critical_path: String,
    },
    /// It wants more of something than the device has.
    TooLarge(String),
}

/// Places and routes a netlist, which has one clock.
pub fn place(
    tools: &Tools,
    target: &Target,
    name: &str,
    netlist: &Path,
    seed: u32,
) -> Result<Option<Placed>, Failure> {
    let Some((program, options)) = target.placer else {
        return Ok(None);
    };
    let options = options.iter().map(ToString::to_string);
    let seed_option = seed.to_string();
    let more = [
        "--freq",
        "200",
        "--timing-allow-fail",
        "--seed",
        &seed_option,
        "--json",
        "netlist.json",
        "--report",
        "report.json",
    ];
    let arguments: Vec<_> = options.chain(more.map(str::to_owned)).collect();
    let netlist = std::fs::read(netlist)?;
    let name = format!("{name} {} seed {seed}", target.name);
    let folder = tools.result(&name, program, &arguments, &[("netlist.json", &netlist)])?;
    if let Ok(error) = std::fs::read_to_string(folder.join("error.txt")) {
        let log = std::fs::read(folder.join("log.txt"))?;
        return match excess(&String::from_utf8_lossy(&log)) {
            Some(excess) => Ok(Some(Placed::TooLarge(excess))),
            None => Err(error.into()),
        };
    }
    let report: Value = serde_json::from_slice(&std::fs::read(folder.join("report.json"))?)?;
    timing(&report, seed).map(Some)
}

/// What a log tells of a device that is too small: lines such as `MULT18X18D: 32/ 28 114%`.
fn excess(log: &str) -> Option<String> {
    let over = log.lines().filter_map(|line| {
        let (kind, numbers) = line.strip_prefix("Info:")?.split_once(':')?;
        let (used, rest) = numbers.split_once('/')?;
        let used: u64 = used.trim().parse().ok()?;
        let there: u64 = rest.split_whitespace().next()?.parse().ok()?;
        (used > there).then(|| format!("{used} {} of {there}", kind.trim()))
    });
    let over: Vec<_> = over.collect();
    (!over.is_empty()).then(|| over.join(", "))
}

fn timing(report: &Value, seed: u32) -> Result<Placed, Failure> {
    let clocks = report["fmax"]
        .as_object()
        .ok_or("nextpnr gives no clock rate")?;
    let rates = clocks.values();
    let mhz = rates.filter_map(|clock| clock["achieved"].as_f64());
    let paths = report["critical_paths"].as_array();
    let clocked = |path: &&Value| {
        let at = |end: &str| {
            path[end]
                .as_str()
                .is_some_and(|at| at.starts_with("posedge"))
        };
        at("from") && at("to")
    };
    let path = paths
        .into_iter()
        .flatten()
        .find(clocked)
        .and_then(|path| path["path"].as_array());
    Ok(Placed::Timing {
        seed,
        mhz: mhz.fold(f64::INFINITY, f64::min),
        critical_path: path.map_or_else(String::new, |path| describe(path)),
    })
}

/// A path as: from -> to, so much in logic over how many tables, so much in wires.
fn describe(path: &[Value]) -> String {
    let delay = |kinds: &[&str]| -> f64 {
        let steps = path.iter();
        let steps = steps.filter(|step| {
            step["type"]
                .as_str()
                .is_some_and(|kind| kinds.contains(&kind))
        });
        steps.filter_map(|step| step["delay"].as_f64()).sum()
    };
    let logic = path.iter().filter(|step| step["type"] == "logic").count();
    let cell = |step: Option<&Value>, end: &str| {
        let name = step.and_then(|step| step[end]["cell"].as_str());
        name.and_then(|name| name.strip_prefix("dut."))
            .map_or("port", register)
            .to_owned()
    };
    format!(
        "{} -> {}: {:.1} ns logic over {logic} cells, {:.1} ns wires",
        cell(path.first(), "from"),
        cell(path.last(), "to"),
        delay(&["clk-to-q", "logic", "setup"]),
        delay(&["routing"]),
    )
}

/// A cell's name without what yosys and nextpnr put behind the register's.
fn register(cell: &str) -> &str {
    let ends = ["_TRELLIS_", "_SB_", "_DFFLC", "_LUT4_", "_CCU2C_", "_LC"];
    let end = ends.iter().filter_map(|end| cell.find(end)).min();
    &cell[..end.unwrap_or(cell.len())]
}

#[cfg(test)]
mod tests {
    use super::{excess, register};

    #[test]
    fn registers_have_their_names() {
        assert_eq!(
            register("order.some_held.q_TRELLIS_FF_Q"),
            "order.some_held.q"
        );
        assert_eq!(register("count_SB_DFF_Q_3_DFFLC"), "count");
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let log = "Info: Device utilisation:\n\
                   Info: \t           TRELLIS_IO:     3/  197     1%\n\
                   Info: \t           MULT18X18D:    32/   28   114%\n";
        assert_eq!(excess(log).as_deref(), Some("32 MULT18X18D of 28"));
        assert_eq!(
            excess("Info: \t DCCA:  1/  56  1%\nERROR: no such pin\n"),
            None
        );
    }
}
