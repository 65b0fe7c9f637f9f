//! Input and output files: one file, a file of several tensors, or a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use dqa_driver::tensor::{TensorReader, open, open_named};

use crate::console::Failure;

/// A tensor to read, and where its result goes.
pub struct Job {
    /// The file that holds the tensor.
    pub input: PathBuf,
    /// The tensor.
    pub tensor: TensorReader,
    /// The result, `None` where there is none to write.
    pub output: Option<PathBuf>,
}

/// The tensors of a file or folder. With `output`, each gets a path for its container.
///
/// A single tensor goes to `output` itself, or into it where it is a folder; several go into the
/// folder `output`.
pub fn jobs(input: &Path, name: Option<&str>, output: Option<&Path>) -> Result<Vec<Job>, Failure> {
    let files = if input.is_dir() {
        let found = files_in(input, &["npy", "npz", "safetensors"])?;
        if found.is_empty() {
            return Err(Failure::new(format!(
                "{}: no .npy, .npz or .safetensors file in this folder",
                input.display()
            )));
        }
        found
    } else {
        vec![input.to_owned()]
    };
    let mut jobs = Vec::new();
    for file in files {
        let tensors = match name {
            Some(name) => vec![open_named(&file, name)?],
            None => open(&file)?,
        };
        let stem = relative_stem(input, &file);
        let alone = tensors.len() == 1;
        for tensor in tensors {
            let place = if alone {
                stem.with_added_extension("dqa")
            } else {
                stem.join(format!("{}.dqa", plain_name(tensor.name())))
            };
            jobs.push(Job {
                input: file.clone(),
                tensor,
                output: Some(place),
            });
        }
    }
    let single = jobs.len() == 1 && !input.is_dir();
    for job in &mut jobs {
        job.output = match (output, job.output.take()) {
            (Some(output), _) if single && !output.is_dir() => Some(output.to_owned()),
            (Some(output), place) => place.map(|place| output.join(place)),
            (None, _) => None,
        };
    }
    let mut seen = BTreeMap::new();
    for job in &jobs {
        if let Some(output) = &job.output
            && let Some(other) = seen.insert(output, &job.input)
        {
            return Err(Failure::new(format!(
                "{} and {} would both become {}: rename one, or use --tensor",
                other.display(),
                job.input.display(),
                output.display()
            )));
        }
    }
    if !single && let Some(output) = output {
        refuse_file(output)?;
    }
    Ok(jobs)
}

/// All files with one of these extensions below a folder, sorted.
pub fn files_in(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(Failure::new)?;
        let extension = entry.path().extension().and_then(|e| e.to_str());
        if entry.file_type().is_file() && extension.is_some_and(|e| extensions.contains(&e)) {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// The path of a file below `root` (or its name alone), less its extension.
pub fn relative_stem(root: &Path, file: &Path) -> PathBuf {
    let relative = file.strip_prefix(root).ok();
    let relative = relative.filter(|path| !path.as_os_str().is_empty());
    let name = file.file_name().map(Path::new).unwrap_or(file);
    relative.unwrap_or(name).with_extension("")
}

/// The output that is meant where none is given: beside the input, never over another file.
pub fn default_output(input: &Path, extension: &str, force: bool) -> Result<PathBuf, Failure> {
    let output = if input.is_dir() {
        input.with_added_extension(extension)
    } else {
        input.with_extension(extension)
    };
    if output.exists() && !force {
        return Err(Failure::new(format!(
            "{} exists: name the output with -o, or allow overwriting with --force",
            output.display()
        )));
    }
    Ok(output)
}

/// Refuses an output that must be a folder but is a file.
pub fn refuse_file(output: &Path) -> Result<(), Failure> {
    if output.is_file() {
        return Err(Failure::new(format!(
            "{}: there are several tensors, so the output must be a folder, and this is a file",
            output.display()
        )));
    }
    Ok(())
}

/// Makes the folder that a file is to be written to.
pub fn make_parent(file: &Path) -> Result<(), Failure> {
    match file.parent() {
        Some(folder) => std::fs::create_dir_all(folder).map_err(|error| {
            Failure::new(format!(
                "cannot make the folder {}: {error}",
                folder.display()
            ))
        }),
        None => Ok(()),
    }
}

/// A tensor's name as a file name: letters, digits, dots, dashes and underscores.
fn plain_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    name.trim_start_matches('.').to_owned()
}
