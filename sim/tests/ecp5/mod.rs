//! ECP5's cells, for the forms that primitives take with `DQA_ECP5` defined.

use std::process::Command;

/// A module's text with the models that Yosys has of the cells in front of it.
pub fn with_cells(verilog: &str) -> String {
    let yosys = Command::new("yosys")
        .args(["-p", "read_verilog +/ecp5/cells_sim.v"])
        .output()
        .expect("yosys runs; ./test installs it");
    let said = String::from_utf8_lossy(&yosys.stdout);
    let mut path = said
        .lines()
        .filter_map(|line| line.split_once("Verilog-2005 frontend: "));
    let (_, path) = path.next().expect("yosys names the file that it reads");
    let models = std::fs::read_to_string(path).expect("the file that yosys has read");
    let cells = ["LUT4", "PFUMX", "L6MUX21"].map(|cell| {
        let starts = [format!("module {cell}("), format!("module {cell} (")];
        let start = starts.iter().find_map(|start| models.find(start));
        let model = &models[start.expect("ECP5 has this cell")..];
        let end = model.find("endmodule").expect("a module ends");
        &model[..end + "endmodule\n".len()]
    });
    format!("`define DQA_ECP5\n{}{verilog}", cells.concat())
}
