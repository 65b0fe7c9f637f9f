//! A design as synthesis left it, to be simulated: an iCE40's netlist with yosys' models of its cells.
//!
//! It runs as the RTL does, clock for clock, and shows what that cannot: what yosys inferred, merged or
//! moved wrongly, and registers that only the RTL's simulator begins.

use std::path::Path;

use crate::build::BuildError;
use crate::ice40::NETLIST;
use crate::tools::run;

/// Verilog of the netlist in a folder where [`build`](crate::build::build) built an iCE40's board, with the
/// models of the cells in it.
///
/// # Errors
///
/// When there is no netlist, or no yosys.
pub fn verilog(folder: &Path) -> Result<String, BuildError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| BuildError::File(path.into(), error))
    };
    let netlist = read(&folder.join(NETLIST))?;
    let said = run("yosys", &["-p", "read_verilog +/ice40/cells_sim.v"], folder)?;
    // yosys says where its models are.
    let models = said
        .lines()
        .find_map(|line| Some(line.split_once("Verilog-2005 frontend: ")?.1))
        .ok_or_else(|| BuildError::Report(folder.join("yosys.log")))?;
    Ok(with_models(&netlist, &read(Path::new(models))?))
}

/// What stands before the first of the models is for all of them.
fn with_models(netlist: &str, models: &str) -> String {
    let mut parts = models.split("\nmodule ");
    let head = parts.next().unwrap_or_default();
    let used = parts.filter(|module| {
        let name = module.split(['(', ' ', '\n']).next().unwrap_or_default();
        netlist.contains(&format!("  {name} "))
    });
    let used: String = used.map(|module| format!("\nmodule {module}")).collect();
    format!("`define NO_ICE40_DEFAULT_ASSIGNMENTS\n{head}{used}\n{netlist}")
}

#[cfg(test)]
mod tests {
    use super::with_models;

    #[test]
    fn models_that_are_used() {
        let models =
            "`timescale\nmodule A (input x);\nendmodule\nmodule AB (input x);\nendmodule\n";
        let netlist = "module top;\n  AB #(1) a (.x(1));\nendmodule\n";
        let text = with_models(netlist, models);
        assert!(text.contains("`timescale\nmodule AB (input x);\nendmodule"));
        assert!(!text.contains("module A "));
        assert!(text.ends_with(netlist));
    }
}
