//! Cards on PCIe: constraints, shell, page and Vivado's script say the same, and the shell is clean. Vivado itself is
//! not run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use dqa_constraints::acorn::{ALL, SCRIPT, TOP, constraints};
use dqa_constraints::boards;
use dqa_hdl::ports::ports;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/acorn");
/// Stand-ins for what comes from Vivado.
const ENGINE: &str = include_str!("xdma_0.v");
/// Of the commands of its scripts.
const COMMANDS: &str = concat!(
    include_str!("../../sim/tests/vivado.tcl"),
    include_str!("vivado.tcl")
);

/// What `set_property <what>` says of each port's bit.
fn told(what: &str) -> BTreeMap<String, String> {
    let file = constraints();
    let start = format!("set_property {what} ");
    let lines = file.lines().filter_map(|line| line.strip_prefix(&start));
    let told = lines.filter_map(|line| {
        let (value, port) = line.split_once(" [get_ports { ")?;
        Some((port.strip_suffix(" }]")?.to_owned(), value.to_owned()))
    });
    told.collect()
}

#[test]
fn cards_are_legal() {
    for card in &ALL {
        card.parameters().check().expect("legal parameters");
        assert_eq!(card.engine().get(), 128);
        assert!(boards::find(card.name).is_none(), "{}", card.name);
        let page = std::fs::read_to_string(format!("{FOLDER}/README.md")).expect("a page");
        let row = format!("| `{}` | {} | {} |", card.name, card.about, card.part);
        assert!(page.contains(&row), "{row}");
    }
}

#[test]
fn each_pin_of_the_shell_is_placed() {
    let shell = std::fs::read_to_string(format!("{FOLDER}/{TOP}.v")).expect("the shell");
    let mut bits = Vec::new();
    for port in ports(&shell, TOP) {
        match port.bits {
            1 => bits.push(port.name.to_owned()),
            count => bits.extend((0..count).map(|bit| format!("{}[{bit}]", port.name))),
        }
    }
    bits.sort();
    assert_eq!(bits.len(), 4 + 16 + 4);
    let pins = told("PACKAGE_PIN");
    assert_eq!(pins.keys().cloned().collect::<Vec<_>>(), bits);
    let mut places: Vec<_> = pins.values().collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), bits.len(), "each at a pin of its own");
    // Transceivers and their clock have levels of their own.
    let levels = told("IOSTANDARD");
    let plain = bits.into_iter().filter(|bit| !bit.starts_with("pcie_"));
    let plain: Vec<_> = plain.collect();
    assert_eq!(levels.keys().cloned().collect::<Vec<_>>(), plain);
    assert!(levels.values().all(|level| level == "LVCMOS33"));
    let clock = "create_clock -name pcie_refclk -period 10 [get_ports { pcie_refclk_p }]";
    assert!(constraints().lines().any(|line| line == clock));
}

#[test]
fn the_page_tells_the_same_pins() {
    let page = std::fs::read_to_string(format!("{FOLDER}/README.md")).expect("a page");
    let (pins, file) = (told("PACKAGE_PIN"), constraints());
    for lane in 0..4 {
        let pin = |port: &str| &pins[&format!("{port}[{lane}]")];
        let place = format!("GTPE2_CHANNEL_X0Y{}", 7 - lane);
        let start = format!("set_property LOC {place} [get_cells {{xdma/");
        let cell = file.lines().find_map(|line| line.strip_prefix(&start));
        let cell = cell.unwrap_or_else(|| panic!("{place} in {file}"));
        let pipe = cell
            .split("pipe_lane[")
            .nth(1)
            .and_then(|rest| rest.chars().next());
        let row = format!(
            "| {lane} | {} | {} | {} | {} | {place} | {} |",
            pin("pcie_rx_p"),
            pin("pcie_rx_n"),
            pin("pcie_tx_p"),
            pin("pcie_tx_n"),
            pipe.expect("a lane of the PIPE")
        );
        assert!(page.contains(&row), "{row}");
    }
    for (port, pin) in pins
        .iter()
        .filter(|(port, _)| !port.contains("_rx_") && !port.contains("_tx_"))
    {
        let row = format!("| `{port}` | {pin} |");
        assert!(page.contains(&row), "{row}");
    }
}

/// A folder of the build with these files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    folder
}

/// Runs a program in a folder; whether it succeeds, and what it says.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}; ./test installs it"));
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn the_shell_is_clean() {
    let text = ALL[0].verilog("").expect("sound RTL");
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../.eda/bin/python");
    let lint = concat!(env!("CARGO_MANIFEST_DIR"), "/../sim/tests/lint.py");
    let files = [("board.v", &text[..]), ("engine.v", ENGINE)];
    let folder = folder("acorn-shell", &files);
    // What is not connected is so on purpose.
    let verilator = "--lint-only -Wall -Wno-DECLFILENAME -Wno-WIDTH -Wno-UNUSEDPARAM -Wno-PINCONNECTEMPTY \
                     --top-module dqa_acorn board.v engine.v";
    let iverilog = "-g2005 -Wall -o shell.vvp -s dqa_acorn board.v engine.v";
    let yosys = "read_verilog -lib engine.v; read_verilog board.v; hierarchy -check -top dqa_acorn; proc; \
                 check -assert";
    // Verilator looks at the shell's ports; those of the stand-ins do nothing.
    let slang = "-Wextra -Wpedantic -Wunused -Wno-unused-parameter -Wno-width-trunc -Wno-undriven-port \
                 -Wno-unused-port -Wno-shift-count-overflow --top dqa_acorn board.v engine.v";
    let words = |text: &'static str| text.split_whitespace().collect::<Vec<_>>();
    for (program, arguments) in [
        ("verilator", words(verilator)),
        ("iverilog", words(iverilog)),
        ("yosys", vec!["-q", "-p", yosys]),
        (python, [vec![lint], words(slang)].concat()),
    ] {
        let (clean, said) = run(&folder, program, &arguments);
        assert!(clean && said.is_empty(), "{program}:\n{said}");
    }
}

/// Runs the script on stand-ins of Vivado's commands.
fn vivado(name: &str, part: &str, script: &str) -> (bool, String) {
    let run_it = format!("{COMMANDS}\nsource build.tcl\n");
    let files = [
        ("run.tcl", &run_it[..]),
        ("part.tcl", part),
        ("build.tcl", script),
    ];
    let folder = folder(name, &files);
    let runs = folder.join("project/dqa.runs/impl_1");
    std::fs::create_dir_all(&runs).expect("a folder");
    std::fs::write(runs.join(format!("{TOP}.bit")), "").expect("a file");
    run(&folder, "yosys", &["-q", "-c", "run.tcl"])
}

#[test]
fn the_script_runs_on_stand_ins() {
    for card in &ALL {
        let (done, said) = vivado(card.name, &card.part(), SCRIPT);
        assert!(done, "{said}");
        let steps: Vec<_> = said
            .lines()
            .map(|line| line.split(' ').next().unwrap_or(""))
            .collect();
        let at = |step: &str| {
            steps
                .iter()
                .position(|&s| s == step)
                .unwrap_or_else(|| panic!("{step} in\n{said}"))
        };
        let order = [
            "create_project",
            "create_ip",
            "generate_target",
            "launch_runs",
            "wait_on_run",
            "write_cfgmem",
        ];
        assert!(order.map(at).is_sorted(), "{said}");
        assert!(said.contains(&format!(
            "create_project -force -part {} dqa project",
            card.part
        )));
        assert!(
            said.contains("set_property PROCESSING_ORDER EARLY file"),
            "{said}"
        );
    }
}

#[test]
fn timing_that_is_not_met_stops_the_script() {
    let script = SCRIPT.replace("[get_property SLACK [get_timing_paths]]", "-0.1");
    assert_ne!(script, SCRIPT);
    let (done, said) = vivado("acorn-late", &ALL[0].part(), &script);
    assert!(!done && said.contains("timing is not met"), "{said}");
    let wrong = SCRIPT.replace("-module_name", "-module");
    let (done, said) = vivado("acorn-wrong", &ALL[0].part(), &wrong);
    assert!(!done && said.contains("no option -module"), "{said}");
}
