//! What is said of the boards, in the table, the constraints files and their folders, is one thing.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;

use dqa_constraints::board::{Board, Device};
use dqa_constraints::boards;
use dqa_constraints::top::{TOP, constraints, verilog};

fn pins(board: &Board) -> [(&'static str, &'static str); 6] {
    let pins = &board.pins;
    [
        ("clk", pins.clock),
        ("reset", pins.reset.name),
        ("rx", pins.rx),
        ("tx", pins.tx),
        ("session", pins.session.name),
        ("irq", pins.irq.name),
    ]
}

#[test]
fn names_and_pins_are_used_once() {
    let names: HashSet<_> = boards::ALL.iter().map(|board| board.name).collect();
    assert_eq!(names.len(), boards::ALL.len());
    for board in &boards::ALL {
        let used: HashSet<_> = pins(board).into_iter().map(|(_, pin)| pin).collect();
        assert_eq!(used.len(), 6, "{}", board.name);
        board.core.check().expect("legal parameters");
        board.speed().check().expect("a legal speed");
    }
}

#[test]
fn every_port_has_its_pin_and_level() {
    for board in &boards::ALL {
        let file = constraints(board);
        for (port, pin) in pins(board) {
            let lines = match board.device {
                Device::Ecp5 { .. } => vec![
                    format!("LOCATE COMP \"{port}\" SITE \"{pin}\";"),
                    format!("IOBUF PORT \"{port}\" IO_TYPE=LVCMOS33;"),
                ],
                Device::Ice40 { .. } => vec![format!("set_io {port} {pin}")],
                Device::Series7 { .. } => vec![
                    format!("set_property PACKAGE_PIN {pin} [get_ports {{ {port} }}]"),
                    format!("set_property IOSTANDARD LVCMOS33 [get_ports {{ {port} }}]"),
                ],
            };
            for line in lines {
                assert!(file.lines().any(|l| l == line), "{line}\n{file}");
            }
        }
        let clock = match board.device {
            Device::Ecp5 { .. } => {
                format!("FREQUENCY PORT \"clk\" {} MHz;", board.pin_hz / 1_000_000)
            }
            Device::Ice40 { .. } => format!("set_frequency clk {}", board.pin_hz / 1_000_000),
            Device::Series7 { .. } => {
                let period = 1_000_000_000 / board.pin_hz;
                format!("create_clock -name clk -period {period} [get_ports {{ clk }}]")
            }
        };
        assert!(file.contains(&clock), "{clock}\n{file}");
    }
}

#[test]
fn folders_tell_the_same_pins() {
    for board in &boards::ALL {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(board.folder);
        let page = std::fs::read_to_string(folder.join("README.md")).expect("a page");
        for (port, pin) in pins(board) {
            assert!(
                page.lines()
                    .any(|line| line.contains(&format!("| {pin} |"))),
                "{}: {port} is at {pin}",
                board.folder
            );
        }
    }
}

/// Those of 8 lanes differ in their core alone, which is linted with the others.
#[test]
fn tops_are_clean() {
    for board in boards::ALL.iter().filter(|board| board.core.lanes < 8) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(board.name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let text = verilog(board, "").expect("sound RTL");
        std::fs::write(folder.join("board.v"), text).expect("a file");
        let lint = Command::new("verilator")
            .args(["--lint-only", "-Wall", "-Wno-DECLFILENAME", "-Wno-WIDTH"])
            .args(["-Wno-UNUSEDPARAM", "--top-module", TOP, "board.v"])
            .current_dir(&folder)
            .output()
            .expect("verilator runs; ./test installs it");
        let said = String::from_utf8_lossy(&lint.stderr);
        assert!(lint.status.success(), "{}:\n{said}", board.name);
    }
}

#[test]
fn a_board_that_is_not_there_is_told() {
    let build = Command::new(env!("CARGO_BIN_EXE_build-board"))
        .arg("ulx4s")
        .output()
        .expect("it runs");
    assert_eq!(build.status.code(), Some(2));
    let said = String::from_utf8_lossy(&build.stderr);
    assert!(said.contains("no board ulx4s"), "{said}");
}
