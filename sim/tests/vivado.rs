//! What is made for Vivado, without Vivado: the attributes of the shells, as Yosys reads them, are
//! those of whole AXI interfaces, and the script that packages a core runs on stand-ins of Vivado's commands.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use dqa_hdl::parameters::Parameters;
use dqa_hdl::{core, decoder, encoder, vivado};
use serde_json::Value;

/// Signals of AXI4-Lite and of a stream, and whether the slave drives them.
const AXI_LITE: [(&str, bool); 17] = [
    ("AWADDR", false),
    ("AWVALID", false),
    ("AWREADY", true),
    ("WDATA", false),
    ("WSTRB", false),
    ("WVALID", false),
    ("WREADY", true),
    ("BRESP", true),
    ("BVALID", true),
    ("BREADY", false),
    ("ARADDR", false),
    ("ARVALID", false),
    ("ARREADY", true),
    ("RDATA", true),
    ("RRESP", true),
    ("RVALID", true),
    ("RREADY", false),
];
const STREAM: [(&str, bool); 4] = [
    ("TDATA", false),
    ("TVALID", false),
    ("TREADY", true),
    ("TLAST", false),
];

/// Runs Yosys on a folder's files and gives what it says.
fn yosys(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("yosys")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("yosys: {error}; ./test installs it"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

/// The ports of a module by its interfaces' kinds and names: what each is in it, and whether the
/// module drives it; and the interfaces' parameters.
type Interfaces = BTreeMap<(String, String), BTreeMap<String, bool>>;

fn interfaces(shell: &str, text: &str) -> (Interfaces, BTreeMap<String, String>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("shell.v"), text).expect("a temporary file");
    let script = "read_verilog shell.v; write_json shell.json";
    let (done, said) = yosys(folder.path(), &["-q", "-p", script]);
    assert!(done, "{said}");
    let json = std::fs::read_to_string(folder.path().join("shell.json")).expect("it was written");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let module = &json["modules"][shell];
    let (mut interfaces, mut parameters) = (Interfaces::new(), BTreeMap::new());
    for (port, shape) in module["ports"].as_object().expect("ports") {
        let attributes = &module["netnames"][port]["attributes"];
        let Some(info) = attributes["X_INTERFACE_INFO"].as_str() else {
            assert_eq!(attributes["X_INTERFACE_IGNORE"], "true", "{port}");
            continue;
        };
        let [kind, name, signal] = info.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{port}: {info}");
        };
        let bus = interfaces.entry((kind.to_owned(), name.to_owned()));
        let driven = shape["direction"] == "output";
        let other = bus.or_default().insert(signal.to_owned(), driven);
        assert_eq!(other, None, "{info} twice");
        if kind.contains(":interface:") {
            assert_eq!(*port, format!("{name}_{}", signal.to_lowercase()));
        }
        if let Some(told) = attributes["X_INTERFACE_PARAMETER"].as_str() {
            let told = told.strip_prefix(&format!("XIL_INTERFACENAME {name}, "));
            let told = told.expect("the interface's name first").to_owned();
            assert_eq!(
                parameters.insert(name.to_owned(), told),
                None,
                "{name} twice"
            );
        }
    }
    (interfaces, parameters)
}

/// An interface of these signals, seen from a slave or from a master.
fn bus(
    kind: &str,
    name: &str,
    signals: &[(&str, bool)],
    master: bool,
) -> ((String, String), BTreeMap<String, bool>) {
    let signals = signals.iter();
    let signals = signals.map(|&(signal, slave)| (signal.to_owned(), slave != master));
    let kind = format!("xilinx.com:{kind}:1.0");
    ((kind, name.to_owned()), signals.collect())
}

/// Clock and reset, seen from the module.
fn clocking() -> [((String, String), BTreeMap<String, bool>); 2] {
    [
        bus("signal:clock", "aclk", &[("CLK", false)], false),
        bus("signal:reset", "aresetn", &[("RST", false)], false),
    ]
}

#[test]
fn the_shell_of_the_core_has_all_its_interfaces() {
    let verilog = core::verilog(&Parameters::default(), "").expect("sound RTL");
    let (found, parameters) =
        interfaces("dqa_core_vivado", &vivado::shell("dqa_core", &verilog, ""));
    let mut expected = Interfaces::from(clocking());
    expected.extend([
        bus("signal:interrupt", "irq", &[("INTERRUPT", true)], false),
        bus("interface:aximm", "s_axil", &AXI_LITE, false),
    ]);
    for (name, master) in [
        ("s_axis_enc", false),
        ("m_axis_enc", true),
        ("s_axis_dec", false),
        ("m_axis_dec", true),
    ] {
        expected.extend([bus("interface:axis", name, &STREAM, master)]);
    }
    assert_eq!(found, expected);
    let told = [
        (
            "aclk",
            "ASSOCIATED_BUSIF s_axil:s_axis_enc:m_axis_enc:s_axis_dec:m_axis_dec, ASSOCIATED_RESET aresetn",
        ),
        ("aresetn", "POLARITY ACTIVE_LOW"),
        ("irq", "SENSITIVITY LEVEL_HIGH"),
        ("s_axil", "PROTOCOL AXI4LITE, ADDR_WIDTH 12, DATA_WIDTH 32"),
    ];
    assert_eq!(
        parameters,
        told.map(|(name, told)| (name.to_owned(), told.to_owned()))
            .into()
    );
}

#[test]
fn the_shells_of_encoder_and_decoder_have_their_streams() {
    let parameters = Parameters::default();
    for (top, verilog) in [
        (encoder::TOP, encoder::verilog(&parameters, "")),
        (decoder::TOP, decoder::verilog(&parameters, "")),
    ] {
        let shell = vivado::shell(top, &verilog.expect("sound RTL"), "");
        let (found, parameters) = interfaces(&vivado::name(top), &shell);
        let mut expected = Interfaces::from(clocking());
        let answers = [&STREAM[..], &[("TUSER", false)]].concat();
        expected.extend([
            bus("interface:axis", "s_axis", &STREAM, false),
            bus("interface:axis", "m_axis", &answers, true),
        ]);
        assert_eq!(found, expected, "{top}");
        assert_eq!(
            parameters["aclk"],
            "ASSOCIATED_BUSIF s_axis:m_axis, ASSOCIATED_RESET aresetn"
        );
    }
}

/// Runs the script on stand-ins, in a folder with these files.
fn package(files: &[(&str, &str)], arguments: &str) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../hdl/integration/vivado/package.tcl"
    );
    let run = format!(
        "{}\nset argv {{{arguments}}}\nset argc [llength $argv]\nsource {script}\n",
        include_str!("vivado.tcl")
    );
    for (name, text) in files.iter().chain([&("run.tcl", run.as_str())]) {
        std::fs::write(folder.path().join(name), text).expect("a temporary file");
    }
    let (done, said) = yosys(folder.path(), &["-q", "-c", "run.tcl"]);
    let real = folder.path().canonicalize().expect("it is there");
    (done, said.replace(real.to_str().expect("UTF-8"), "."))
}

#[test]
fn a_core_is_packaged_with_its_shell() {
    let header = "// dqa_core, version 12.3.4\n//\n// Generated by: gen-verilog --lanes 4\n";
    let files = [("dqa_core.v", header), ("dqa_core_vivado.v", header)];
    let (done, said) = package(&files, ". dqa_core ip");
    assert!(done, "{said}");
    let expected = "\
create_project -force package_dqa_core ./ip/dqa_core/project
add_files -norecurse {./dqa_core.v ./dqa_core_vivado.v}
current_fileset \nset_property top dqa_core_vivado sources_1
update_compile_order -fileset sources_1
ipx::package_project -root_dir ./ip/dqa_core -vendor dqa -library ip -taxonomy /UserIP -import_files -force
ipx::current_core \nset_property name dqa_core component
set_property version 12.3 component
set_property core_revision 4 component
set_property display_name {DQA: dqa_core} component
set_property description {Quantizes and codes neural-network activations. gen-verilog --lanes 4} component
set_property auto_family_support_level level_2 component
ipx::create_xgui_files component
ipx::update_checksums component
ipx::check_integrity component
ipx::save_core component
close_project \n";
    assert_eq!(said, expected);
}

#[test]
fn what_cannot_be_packaged_is_refused() {
    let header = ("dqa_core.v", "// dqa_core, version 0.1.0\n");
    for (files, arguments, advice) in [
        (&[header][..], ". dqa_core", "needs three arguments"),
        (
            &[header],
            ". dqa_core ip",
            "dqa_core_vivado.v is missing: write it with gen-verilog --vivado",
        ),
        (
            &[header, ("dqa_core_vivado.v", "")],
            ". dqa_core ip",
            "no header",
        ),
    ] {
        let (done, said) = package(files, arguments);
        assert!(
            !done && said.contains(advice) && !said.contains("create_project"),
            "{said}"
        );
    }
}
