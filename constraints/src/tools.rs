//! The programs that build a board: run in its folder, each with a log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::build::BuildError;

/// Writes a file of a folder and gives its path.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, BuildError> {
    let path = folder.join(name);
    match fs::write(&path, text) {
        Ok(()) => Ok(path),
        Err(error) => Err(BuildError::File(path, error)),
    }
}

/// Reads a program's report.
pub(crate) fn report(path: &Path) -> Result<Value, BuildError> {
    let bytes = fs::read(path).map_err(|error| BuildError::File(path.into(), error))?;
    serde_json::from_slice(&bytes).map_err(|_| BuildError::Report(path.into()))
}

/// Installs packages of the Python registry into the project's own folder of tools.
pub(crate) fn install(package: &str, folder: &Path) -> Result<(), BuildError> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("hdl/eda/install");
    run(&script.to_string_lossy(), &[package], folder).map(drop)
}

/// A program of the project's own folder of tools, or of the system.
fn program(name: &str) -> PathBuf {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name(".eda/bin")
        .join(name);
    match installed.exists() {
        true => installed,
        false => name.into(),
    }
}

/// Runs a program in a folder, keeps what it says there and gives it.
pub(crate) fn run(name: &str, arguments: &[&str], folder: &Path) -> Result<String, BuildError> {
    let output = Command::new(program(name))
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|_| BuildError::Missing(name.to_owned()))?;
    let said = [output.stdout, output.stderr].concat();
    let stem = Path::new(name).file_stem().unwrap_or_default();
    let log = folder.join(stem).with_extension("log");
    fs::write(&log, &said).map_err(|error| BuildError::File(log.clone(), error))?;
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() {
        return Ok(said);
    }
    let lines: Vec<_> = said.lines().collect();
    Err(BuildError::Tool {
        program: name.to_owned(),
        log,
        said: lines[lines.len().saturating_sub(5)..].join("\n"),
    })
}

/// A program's version: its name and number of the first line that it says.
pub(crate) fn version(name: &str, argument: &str) -> String {
    let output = Command::new(program(name)).arg(argument).output();
    let said = output.map(|output| [output.stdout, output.stderr].concat());
    let said = said.unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let line = said.lines().next().unwrap_or_default().replace('"', "");
    match line.rsplit_once("(Version ") {
        Some((_, version)) => format!("{name} {}", version.trim_end_matches(')')),
        None => line.split(" (").next().unwrap_or_default().to_owned(),
    }
}
