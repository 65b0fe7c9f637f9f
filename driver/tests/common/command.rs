//! The `dqa` command, run in a folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use assert_cmd::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

/// The command with the arguments of a line.
pub fn dqa(folder: &TempDir, line: &str) -> Command {
    let mut command = Command::new(cargo_bin!("dqa"));
    command.current_dir(folder).args(line.split_whitespace());
    command
}

/// What a line prints as JSON.
pub fn json(folder: &TempDir, line: &str) -> Value {
    let output = dqa(folder, line).arg("--json").unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a line that must fail: its exit code and its one line of complaint.
pub fn failure(folder: &TempDir, line: &str) -> (i32, String) {
    let before = listing(folder.path());
    let output = dqa(folder, line).output().unwrap();
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(complaint.starts_with("dqa: "), "{line}: {complaint}");
    assert_eq!(complaint.lines().count(), 1, "{line}: {complaint}");
    assert!(output.stdout.is_empty());
    assert_eq!(
        before,
        listing(folder.path()),
        "{line} leaves nothing behind"
    );
    (output.status.code().unwrap(), complaint)
}

/// All files and folders in a folder.
pub fn listing(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).sort_by_file_name();
    entries
        .into_iter()
        .map(|e| e.unwrap().into_path())
        .collect()
}
