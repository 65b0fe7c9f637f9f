//! What is emitted passes Verilator's and Icarus Verilog's warnings, and Yosys finds no latch.
//!
//! A new unit is added to `modules`, with each parameter choice that changes its structure.

use dqa_hdl::class_table::ClassTable;
use dqa_hdl::decoder;
use dqa_hdl::dequantize::Dequantize;
use dqa_hdl::distributor::Distributor;
use dqa_hdl::emit::emit;
use dqa_hdl::fifo::Fifo;
use dqa_hdl::lane_decoder::LaneDecoder;
use dqa_hdl::pack::Pack;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::plane_walker::PlaneWalker;
use dqa_hdl::primitives::{
    BlockRam, Concat, LutRam, Multiplier, PipelinedMultiplier, Reg, ShiftRight,
};
use dqa_hdl::skid_buffer::SkidBuffer;
use dqa_hdl::symbol_lookup::SymbolLookup;
use rust_hdl::prelude::{Bits, Block};
use std::path::Path;
use std::process::Command;

fn modules() -> Vec<(&'static str, String)> {
    vec![
        module("reg_9", Reg::<Bits<9>>::default()),
        module("multiplier", Multiplier::<18, 18, 36>::default()),
        module(
            "pipelined_multiplier",
            PipelinedMultiplier::<18, 18, 36>::default(),
        ),
        module("shift_right", ShiftRight::<36, 6>::default()),
        module("concat", Concat::<3, 4, 7>::default()),
        module("lut_ram", LutRam::<32, 5>::default()),
        module("block_ram", BlockRam::<32, 9>::default()),
        module("skid_buffer", SkidBuffer::<65>::default()),
        module("fifo", Fifo::<33, 5, 6>::default()),
        module("pack", Pack::<3, 4, 12>::default()),
        module("dequantize", Dequantize::default()),
        module("symbol_lookup", SymbolLookup::default()),
        module("class_table_32", ClassTable::<5>::default()),
        module("class_table_64", ClassTable::<6>::default()),
        module("lane_decoder_32", LaneDecoder::<32, 5>::default()),
        module("lane_decoder_64", LaneDecoder::<64, 6>::default()),
        module("distributor_1", Distributor::<1, 1>::default()),
        module("distributor_8", Distributor::<8, 4>::default()),
        module("plane_walker_1", PlaneWalker::<1>::new(1)),
        module("plane_walker_8", PlaneWalker::<8>::new(1024)),
        decoder_of(1),
        decoder_of(2),
        decoder_of(4),
        decoder_of(8),
    ]
}

fn decoder_of(lanes: usize) -> (&'static str, String) {
    let parameters = Parameters {
        lanes,
        ..Parameters::default()
    };
    (
        decoder::TOP,
        decoder::verilog(&parameters, "").expect("sound RTL"),
    )
}

fn module(top: &'static str, block: impl Block) -> (&'static str, String) {
    (top, emit(top, "", block).expect("sound RTL"))
}

/// Runs `command` in `folder`, and gives what is wrong, if anything.
fn complaint(folder: &Path, command: &str) -> Option<String> {
    let mut words = command.split(' ');
    let program = words.next().expect("a program");
    let output = Command::new(program)
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; ./test installs it"));
    let said = [output.stdout, output.stderr].concat();
    let clean = output.status.success() && said.is_empty();
    (!clean).then(|| format!("{command}\n{}", String::from_utf8_lossy(&said)))
}

/// All that the tools say against a module; empty if nothing.
fn complaints(top: &str, verilog: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("dut.v"), verilog).expect("a temporary file");
    let latches = format!(
        "read_verilog dut.v\nhierarchy -check -top {top}\nproc\nflatten\ncheck -assert\n\
         select -assert-none t:*latch*\n"
    );
    std::fs::write(folder.path().join("latches.ys"), latches).expect("a temporary file");
    let checks = [
        format!(
            "verilator --lint-only -Wall -Wno-DECLFILENAME -Wno-WIDTH -Wno-UNUSEDPARAM --top-module {top} dut.v"
        ),
        format!("iverilog -g2005 -Wall -o dut.vvp -s {top} dut.v"),
        "yosys -q latches.ys".to_owned(),
    ];
    let found = checks
        .iter()
        .filter_map(|check| complaint(folder.path(), check));
    found.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_module_is_clean() {
    for (top, verilog) in modules() {
        assert_eq!(complaints(top, &verilog), "", "{top}\n{verilog}");
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
    assert!(complaints("m", loose).contains("UNDRIVEN"));
}
