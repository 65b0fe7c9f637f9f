//! Builds the library of a model, once: `target/verilated/<top>-<hash>/model.so`.
//!
//! The hash is over all that the library depends on. A lock file lets processes and threads that
//! want the same model wait for the one that builds it.

use crate::ports::{self, Port};
use crate::{Options, SimError};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What stands between the model and [`crate::library`].
const SHIM: &str = include_str!("shim.cpp");

/// Marks the format of what is built; to be raised with a change of the steps below.
const RECIPE: &str = "1";

/// The library's file and the module's ports.
pub(crate) fn build(
    top: &str,
    verilog: &str,
    options: &Options,
) -> Result<(PathBuf, Vec<Port>), SimError> {
    let version = output(
        Command::new("verilator").arg("--version"),
        "verilator",
        "verilator",
    )?;
    let trace = if options.trace.is_some() {
        "trace"
    } else {
        "plain"
    };
    let mut hasher = Sha256::new();
    for part in [
        RECIPE.as_bytes(),
        &version.stdout,
        trace.as_bytes(),
        SHIM.as_bytes(),
        top.as_bytes(),
        verilog.as_bytes(),
    ] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let hash: String = hasher.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();

    let cache = options.cache.clone().unwrap_or_else(default_cache);
    fs::create_dir_all(&cache).map_err(|source| file(&cache, source))?;
    let folder = cache.join(format!("{top}-{hash}"));
    let lock_path = cache.join(format!("{top}-{hash}.lock"));
    let lock = File::create(&lock_path).map_err(|source| file(&lock_path, source))?;
    lock.lock().map_err(|source| file(&lock_path, source))?;

    let library = folder.join("model.so");
    if !library.exists() {
        compile(top, verilog, &folder, options.trace.is_some())?;
    }
    let header_path = folder.join("Vmodel.h");
    let header = fs::read_to_string(&header_path).map_err(|source| file(&header_path, source))?;
    Ok((library, ports::parse(&header)))
}

/// `target/verilated` of this workspace.
fn default_cache() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target"),
        PathBuf::from,
    );
    target.join("verilated")
}

fn compile(top: &str, verilog: &str, folder: &Path, trace: bool) -> Result<(), SimError> {
    fs::create_dir_all(folder).map_err(|source| file(folder, source))?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|source| file(&path, source))
    };
    write("model.v", verilog)?;
    write("shim.cpp", SHIM)?;

    let mut verilate = Command::new("verilator");
    verilate
        .current_dir(folder)
        .args(["--cc", "--exe", "shim.cpp", "model.v", "--top-module", top])
        .args(["--prefix", "Vmodel", "-Mdir", ".", "-o", "model.tmp"])
        .args(["-Wno-fatal", "-Wno-lint", "-Wno-style", "-O3", "--assert"])
        .args(["--x-assign", "unique", "--x-initial", "unique"])
        .args(["-CFLAGS", "-fPIC -fno-gnu-unique", "-LDFLAGS", "-shared"]);
    if trace {
        verilate.arg("--trace-fst");
    }
    succeed(&mut verilate, "verilator", "verilator", top, folder)?;

    let header_path = folder.join("Vmodel.h");
    let header = fs::read_to_string(&header_path).map_err(|source| file(&header_path, source))?;
    let ports = ports::parse(&header);
    let list: String = ports
        .iter()
        .map(|port| format!("&model.{},\n", port.member))
        .collect();
    write("ports.inc", &list)?;

    let mut make = Command::new("make");
    make.current_dir(folder).args([
        "-f",
        "Vmodel.mk",
        "-s",
        "-j2",
        "OPT_FAST=-O2",
        "OPT_GLOBAL=-O1",
        "model.tmp",
    ]);
    if Command::new("ccache").arg("--version").output().is_ok() {
        make.env("OBJCACHE", "ccache");
    }
    succeed(&mut make, "make", "make g++", top, folder)?;
    let built = folder.join("model.tmp");
    fs::rename(&built, folder.join("model.so")).map_err(|source| file(&built, source))
}

fn succeed(
    command: &mut Command,
    step: &'static str,
    package: &'static str,
    top: &str,
    folder: &Path,
) -> Result<(), SimError> {
    let output = output(command, step, package)?;
    if output.status.success() {
        return Ok(());
    }
    let log = [output.stdout, output.stderr].concat();
    Err(SimError::Build {
        step,
        top: top.to_owned(),
        folder: folder.to_owned(),
        log: String::from_utf8_lossy(&log).into_owned(),
    })
}

fn output(
    command: &mut Command,
    program: &'static str,
    package: &'static str,
) -> Result<Output, SimError> {
    command.output().map_err(|source| SimError::ToolMissing {
        program,
        package,
        source,
    })
}

fn file(path: &Path, source: std::io::Error) -> SimError {
    SimError::File {
        path: path.to_owned(),
        source,
    }
}
