//! The programs that synthesize and place, their versions, and a memory of what they did.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::Failure;

/// Versions of the packages that `hdl/eda/install` installs.
const VERSIONS: &str = include_str!("../../../eda/versions.txt");

/// Marks how results are kept; to be raised when that changes.
const RECIPE: &str = "1";

/// Installed tools, and the folder where results are kept.
pub struct Tools {
    root: PathBuf,
    work: PathBuf,
    yosys: String,
}

impl Tools {
    /// Installs what is missing of `packages`, each of one program of the same name, with the
    /// project's own script, which says so; and looks for `yosys`. Results are kept in `work`.
    ///
    /// The yosys is the system's: that of the Python registry is WebAssembly, in which abc9 breaks off
    /// without a word at a core of 8 lanes.
    pub fn install(packages: &[&str], work: &Path) -> Result<Self, Failure> {
        let yosys = Command::new("yosys").arg("-V").output();
        let yosys =
            yosys.map_err(|_| "yosys is missing: ./test installs it, or your system's packages")?;
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let status = Command::new(crate_folder.join("eda/install"))
            .args(packages)
            .status()?;
        if !status.success() {
            return Err("the tools cannot be installed; see above".into());
        }
        std::fs::create_dir_all(work)?;
        let tools = Self {
            root: crate_folder.with_file_name(".eda"),
            work: work.canonicalize()?,
            yosys: String::from_utf8_lossy(&yosys.stdout).trim().to_owned(),
        };
        for package in packages {
            // A YoWASP program compiles itself when it first runs: once, and not in two jobs.
            tools.run(package, &["--version".into()], work)?;
        }
        Ok(tools)
    }

    /// A program with its version.
    pub fn version(&self, package: &str) -> &str {
        let mut lines = VERSIONS.lines().chain([self.yosys.as_str()]);
        lines
            .find(|line| {
                line.split("==").next() == Some(package)
                    || line.starts_with("Yosys ") && package == "yosys"
            })
            .unwrap_or("unknown")
    }

    /// Runs a program in `folder`; gives whether it succeeded and what it said.
    fn run(
        &self,
        program: &str,
        arguments: &[String],
        folder: &Path,
    ) -> Result<(bool, Vec<u8>), Failure> {
        let installed = self.root.join("bin").join(program);
        let program_path = if installed.exists() {
            installed
        } else {
            program.into()
        };
        let output = Command::new(program_path)
            .args(arguments)
            .current_dir(folder)
            .output()
            .map_err(|error| format!("{program} does not run: {error}"))?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), said))
    }

    /// Runs a program on `files`, in a folder of its own that is named after all that the result
    /// depends on, and gives that folder. If it is there already, nothing is run.
    ///
    /// There is also what it said, `log.txt`, and, if it failed, its errors, `error.txt`: a program
    /// that fails would fail again. One that is interrupted leaves nothing.
    pub fn result(
        &self,
        name: &str,
        program: &str,
        arguments: &[String],
        files: &[(&str, &[u8])],
    ) -> Result<PathBuf, Failure> {
        let version = self.version(program);
        let mut hasher = Sha256::new();
        let mut add = |part: &[u8]| {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        add(RECIPE.as_bytes());
        add(version.as_bytes());
        for argument in arguments {
            add(argument.as_bytes());
        }
        for (name, content) in files {
            add(name.as_bytes());
            add(content);
        }
        let hash = hasher.finalize()[..8]
            .iter()
            .fold(String::new(), |hash, byte| format!("{hash}{byte:02x}"));
        let name = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let folder = self.work.join(format!("{name}-{hash}"));
        if !folder.exists() {
            let unfinished = self.work.join(format!("{name}-{hash}.unfinished"));
            std::fs::create_dir_all(&unfinished)?;
            for (name, content) in files {
                std::fs::write(unfinished.join(name), content)?;
            }
            let (succeeded, said) = self.run(program, arguments, &unfinished)?;
            std::fs::write(unfinished.join("log.txt"), &said)?;
            if !succeeded {
                let said = String::from_utf8_lossy(&said);
                let errors = said.lines().filter(|line| line.contains("ERROR"));
                let errors: Vec<_> = errors.collect();
                if errors.is_empty() {
                    return Err(format!("{program} was interrupted or broke:\n{said}").into());
                }
                std::fs::write(unfinished.join("error.txt"), errors.join("; "))?;
            }
            std::fs::rename(unfinished, &folder)?;
        }
        Ok(folder)
    }
}
