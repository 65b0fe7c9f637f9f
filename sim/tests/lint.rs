//! What is emitted passes the warnings of Verilator, Icarus Verilog and slang, and Yosys finds no
//! latch. The modules are those of `dqa_hdl::designs`.

use dqa_hdl::{designs, vivado};
use std::path::Path;
use std::process::Command;

/// Holds pyslang.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.eda/bin/python");

/// Runs `program` in `folder`, and gives what is wrong, if anything.
fn complaint(folder: &Path, program: &str, arguments: &str) -> Option<String> {
    let output = Command::new(program)
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; ./test installs it"));
    let said = [output.stdout, output.stderr].concat();
    let clean = output.status.success() && said.is_empty();
    (!clean).then(|| format!("{program} {arguments}\n{}", String::from_utf8_lossy(&said)))
}

/// All that the tools say against a module; empty if nothing.
///
/// Widths are left to golden's cosimulation: RustHDL widens by `&` with a wide mask.
fn complaints(top: &str, verilog: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let latches = format!(
        "read_verilog dut.v\nhierarchy -check -top {top}\nproc\nflatten\ncheck -assert\n\
         select -assert-none t:*latch*\n"
    );
    for (name, text) in [
        ("dut.v", verilog),
        ("latches.ys", &latches),
        ("lint.py", include_str!("lint.py")),
    ] {
        std::fs::write(folder.path().join(name), text).expect("a temporary file");
    }
    let verilator = "--lint-only -Wall -Wno-DECLFILENAME -Wno-WIDTH -Wno-UNUSEDPARAM --top-module";
    // A shift by 1 of the lanes' mask is one too far where there is one lane.
    let slang = "lint.py -Wextra -Wpedantic -Wunused -Wno-unused-parameter -Wno-width-trunc \
                 -Wno-shift-count-overflow --top";
    let checks = [
        ("verilator", format!("{verilator} {top} dut.v")),
        (
            "iverilog",
            format!("-g2005 -Wall -o dut.vvp -s {top} dut.v"),
        ),
        ("yosys", "-q latches.ys".to_owned()),
        (PYTHON, format!("{slang} {top} dut.v")),
    ];
    let found = checks
        .iter()
        .filter_map(|(program, arguments)| complaint(folder.path(), program, arguments));
    found.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_module_is_clean() {
    let designs = [
        designs::primitives(),
        designs::units(),
        designs::cores(),
        designs::options(),
        designs::small_cores(),
    ]
    .concat();
    let found: String = designs
        .iter()
        .map(|design| (design.name(), complaints(design.top, &design.verilog)))
        .filter(|(_, found)| !found.is_empty())
        .map(|(name, found)| format!("{name}:\n{found}\n"))
        .collect();
    assert!(found.is_empty(), "{found}");
}

#[test]
fn shells_for_vivado_are_clean() {
    for core in designs::cores() {
        if core.lanes == Some(1) {
            let text = vivado::shell(core.top, &core.verilog, "") + &core.verilog;
            let found = complaints(&vivado::name(core.top), &text);
            assert!(found.is_empty(), "{}:\n{found}", core.name());
        }
    }
}

#[test]
fn a_latch_and_a_loose_wire_are_found() {
    let latch = "module m(input wire e, input wire d, output reg q);\n\
                 always @(*) if (e) q = d;\nendmodule\n";
    let found = complaints("m", latch);
    assert!(
        found.contains("LATCH") && found.contains("Assertion failed"),
        "{found}"
    );
    let loose = "module m(input wire e, output wire q);\nwire w;\nassign q = w;\nendmodule\n";
    let found = complaints("m", loose);
    assert!(
        found.contains("UNDRIVEN") && found.contains("-Wundriven-net"),
        "{found}"
    );
}
