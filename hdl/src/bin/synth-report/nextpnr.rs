//! nextpnr: clock rate and critical path of a placed and routed module.

use std::path::Path;

use dqa_hdl::critical_path::critical_path;
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
    Ok(Placed::Timing {
        seed,
        mhz: mhz.fold(f64::INFINITY, f64::min),
        critical_path: critical_path(report, "dut.").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::excess;

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
