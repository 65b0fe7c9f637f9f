//! Synthesis makes of the primitives what their headers promise: DSP blocks and memories.

use dqa_hdl::emit::emit;
use dqa_hdl::primitives::{BlockRam, LutRam, Multiplier, PipelinedMultiplier};
use rust_hdl::prelude::Block;
use std::process::Command;

/// Cells of each kind that `block` takes, by Yosys's `synth`.
fn cells(synth: &str, block: impl Block) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let verilog = emit("dut", "", block).expect("sound RTL");
    std::fs::write(folder.path().join("dut.v"), verilog).expect("a temporary file");
    let script = format!("read_verilog dut.v; {synth} -top dut; tee -o cells.txt stat");
    let output = Command::new("yosys")
        .args(["-q", "-p", &script])
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("yosys: {error}; ./test installs it"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = std::fs::read_to_string(folder.path().join("cells.txt")).expect("the statistics");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_one_dsp(found: &str, dsp: &str) {
    assert!(
        found.contains(&format!("{dsp} 1 ")) || found.ends_with(&format!("{dsp} 1")),
        "{found}"
    );
    assert!(!found.contains("LUT") && !found.contains("FF"), "{found}");
}

#[test]
fn multipliers_become_one_dsp_block() {
    assert_one_dsp(
        &cells("synth_ecp5", Multiplier::<18, 18, 36>::default()),
        "MULT18X18D",
    );
    let xilinx = cells("synth_xilinx -noiopad", Multiplier::<18, 18, 36>::default());
    assert_one_dsp(&xilinx, "DSP48E1");
    let xilinx = cells(
        "synth_xilinx -noiopad -noclkbuf",
        PipelinedMultiplier::<18, 18, 36>::default(),
    );
    assert_one_dsp(&xilinx, "DSP48E1");
}

#[test]
fn lut_ram_becomes_distributed_ram() {
    let ecp5 = cells("synth_ecp5", LutRam::<32, 5>::default());
    assert!(
        ecp5.contains("TRELLIS_DPR16X4 16") && !ecp5.contains("DP16KD"),
        "{ecp5}"
    );
    let xilinx = cells("synth_xilinx -noiopad", LutRam::<32, 5>::default());
    assert!(
        xilinx.contains("RAM32M") && !xilinx.contains("FDRE"),
        "{xilinx}"
    );
}

#[test]
fn block_ram_becomes_block_ram() {
    let ecp5 = cells("synth_ecp5", BlockRam::<18, 10>::default());
    assert!(
        ecp5.contains("DP16KD 1") && !ecp5.contains("TRELLIS_FF"),
        "{ecp5}"
    );
    let xilinx = cells("synth_xilinx -noiopad", BlockRam::<18, 10>::default());
    assert!(
        xilinx.contains("RAMB18E1 1") && !xilinx.contains("FDRE"),
        "{xilinx}"
    );
    let ice40 = cells("synth_ice40", BlockRam::<16, 8>::default());
    assert!(ice40.contains("SB_RAM40_4K"), "{ice40}");
}
