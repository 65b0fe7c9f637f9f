//! The slowest path of a placed and routed design, from the report that nextpnr writes.

use serde_json::Value;

/// The slowest path between flip-flops as: from -> to, so much in logic over how many tables, so much in
/// wires. Names of registers are those below `within`, what is not there is a port.
pub fn critical_path(report: &Value, within: &str) -> Option<String> {
    let at = |path: &Value, end: &str| {
        let at = path[end].as_str();
        at.is_some_and(|at| at.starts_with("posedge"))
    };
    let mut paths = report["critical_paths"].as_array()?.iter();
    let path = paths.find(|path| at(path, "from") && at(path, "to"))?;
    Some(describe(path["path"].as_array()?, within))
}

fn describe(path: &[Value], within: &str) -> String {
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
        name.and_then(|name| name.strip_prefix(within))
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
    use super::{critical_path, register};

    #[test]
    fn registers_have_their_names() {
        assert_eq!(
            register("order.some_held.q_TRELLIS_FF_Q"),
            "order.some_held.q"
        );
        assert_eq!(register("count_SB_DFF_Q_3_DFFLC"), "count");
    }

    #[test]
    fn the_path_between_flip_flops_is_told() {
        let step = |kind: &str, from: &str, to: &str, delay: f64| serde_json::json!({"type": kind, "from": {"cell": from}, "to": {"cell": to}, "delay": delay});
        let report = serde_json::json!({"critical_paths": [
            {"from": "async", "to": "posedge clk", "path": []},
            {"from": "posedge clk", "to": "posedge clk", "path": [
                step("clk-to-q", "dut.a_SB_DFF_Q", "dut.a_SB_DFF_Q", 1.0),
                step("routing", "dut.a_SB_DFF_Q", "dut.b_LUT4_", 2.0),
                step("logic", "dut.b_LUT4_", "dut.b_LUT4_", 0.5),
                step("setup", "frame", "frame", 0.25),
            ]},
        ]});
        assert_eq!(
            critical_path(&report, "dut.").as_deref(),
            Some("a -> port: 1.8 ns logic over 1 cells, 2.0 ns wires")
        );
        assert_eq!(critical_path(&serde_json::json!({}), ""), None);
    }
}
