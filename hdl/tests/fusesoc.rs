//! The core in FuseSoC: both targets run, and fail where the core is broken.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const EDA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.eda/bin");
const CORES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/integration/fusesoc");
const GEN_VERILOG: &str = env!("CARGO_BIN_EXE_gen-verilog");

/// Runs a target in a folder, with this program to write the Verilog.
fn run(folder: &Path, target: &str, gen_verilog: &Path) -> Output {
    let path = std::env::var("PATH").expect("a search path");
    Command::new("fusesoc")
        .args([
            "--cores-root",
            CORES,
            "run",
            "--target",
            target,
            "dqa:ip:core",
        ])
        .env("PATH", format!("{EDA}:{path}"))
        .env("GEN_VERILOG", gen_verilog)
        .current_dir(folder)
        .output()
        .unwrap_or_else(|error| panic!("fusesoc: {error}; ./test installs it"))
}

/// A program that writes the Verilog and then changes it by this script of sed's.
fn with_fault(folder: &Path, fault: &str) -> std::path::PathBuf {
    let path = folder.join("gen-verilog");
    let script = format!(
        "#!/bin/sh\nset -e\n'{GEN_VERILOG}' \"$@\"\ncp dqa_core.v before.v\n\
         sed -i '{fault}' dqa_core.v\n! cmp -s dqa_core.v before.v\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn it_is_clean_and_alive() {
    let folder = tempfile::tempdir().unwrap();
    for (target, told) in [
        ("lint", ""),
        ("sim", "session_tb: all as expected; lanes: 4"),
    ] {
        let output = run(folder.path(), target, Path::new(GEN_VERILOG));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && said.contains(told), "{said}");
    }
}

#[test]
fn broken_cores_are_found() {
    for (target, fault, told) in [
        (
            "lint",
            "0,/^endmodule/s//wire loose;\\nendmodule/",
            "UNUSED",
        ),
        (
            "sim",
            "s/m_axis_tlast(m_axis_enc_tlast)/m_axis_tlast()/",
            "no answer",
        ),
        ("sim", "s/ irq = control.irq;/ irq = 0;/", "no interrupt"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = run(folder.path(), target, &with_fault(folder.path(), fault));
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            !output.status.success() && said.contains(told),
            "{fault}:\n{said}"
        );
    }
}

#[test]
fn its_version_is_that_of_the_crate() {
    for core in ["dqa.core", "gen_verilog.core"] {
        let text = fs::read_to_string(Path::new(CORES).join(core)).unwrap();
        let name = text.lines().find_map(|line| line.strip_prefix("name: "));
        let version = name.unwrap().rsplit(':').next();
        assert_eq!(version, Some(env!("CARGO_PKG_VERSION")), "{core}");
    }
}
