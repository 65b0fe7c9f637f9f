//! What a ranking has measured so far, on disk: the means to stop and go on, and to share the work.
//!
//! A journal is a folder of files of JSON lines. The first line of each file is the [`Task`], every
//! other the score of one channel. A run appends to one file of its own and reads all of them, so
//! several runs may share a folder; folders of runs that share none are merged by copying the lines
//! together. Nothing depends on the order of lines or files.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::batch::Score;
use crate::graph::Reads;
use crate::layers::Layer;
use crate::rank::Measure;

/// Why a journal is refused.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum JournalError {
    #[error("{path}: {error}")]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{path}, line {line}: {reason}")]
    Line {
        path: PathBuf,
        line: usize,
        reason: String,
    },
    #[error(
        "{path} is the journal of another ranking ({what} differs): give this one a folder of its \
         own"
    )]
    OtherTask { path: PathBuf, what: &'static str },
    #[error("{path}, line {line}: channel {channel} of layer {layer} has another score elsewhere")]
    Contradiction {
        path: PathBuf,
        line: usize,
        layer: usize,
        channel: usize,
    },
    #[error("{0} holds no journal")]
    Empty(PathBuf),
}

/// What is ranked, and by what: two journals go together if their tasks are equal.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Task {
    /// Version of the format: 1.
    pub version: u32,
    /// Digest of the network's file.
    pub network: String,
    /// Digest of the images and labels.
    pub images: String,
    /// Who reads what comes back.
    pub reads: Reads,
    /// By what channels are ranked.
    pub measure: Measure,
    /// Images of a batch.
    pub batch: usize,
    /// How layers are quantized, all channels Direct.
    pub layers: Vec<Layer>,
}

impl Task {
    /// A short name that differs where tasks do.
    pub fn digest(&self) -> String {
        let text = serde_json::to_string(self).expect("numbers, texts and lists of them");
        crate::dataset::digest(text.as_bytes())
    }
}

/// A line behind the first.
#[derive(serde::Serialize, serde::Deserialize)]
struct Line {
    layer: usize,
    channel: usize,
    #[serde(flatten)]
    score: Score,
}

/// Scores by (layer, channel).
pub type Scores = BTreeMap<(usize, usize), Score>;

/// A folder of measured scores.
pub struct Journal {
    folder: PathBuf,
    own: PathBuf,
    file: File,
    task: Task,
    scores: Scores,
}

impl Journal {
    /// Opens or begins the journal in `folder`; what this run measures goes to the file `name`
    /// there.
    pub fn open(folder: &Path, name: &str, task: Task) -> Result<Self, JournalError> {
        std::fs::create_dir_all(folder).map_err(|error| file_error(folder, error))?;
        let own = folder.join(format!("{name}.jsonl"));
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&own)
            .map_err(|error| file_error(&own, error))?;
        let text = std::fs::read_to_string(&own).map_err(|error| file_error(&own, error))?;
        if text.is_empty() {
            write_line(&mut file, &task).map_err(|error| file_error(&own, error))?;
        } else if !text.ends_with('\n') {
            // A run was killed as it wrote: its last line is void.
            let whole = text.rfind('\n').map_or(0, |end| end + 1);
            let cut = file.set_len(whole as u64);
            cut.map_err(|error| file_error(&own, error))?;
            if whole == 0 {
                write_line(&mut file, &task).map_err(|error| file_error(&own, error))?;
            }
        }
        let mut journal = Self {
            folder: folder.to_owned(),
            own,
            file,
            task,
            scores: Scores::new(),
        };
        journal.refresh()?;
        Ok(journal)
    }

    /// Reads what other runs have measured since.
    pub fn refresh(&mut self) -> Result<(), JournalError> {
        let (task, scores) = read_folder(&self.folder, Some(&self.task))?;
        debug_assert!(task.is_some());
        self.scores = scores;
        Ok(())
    }

    /// What is ranked.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// The scores known.
    pub fn scores(&self) -> &Scores {
        &self.scores
    }

    /// Adds a score.
    pub fn add(&mut self, layer: usize, channel: usize, score: Score) -> Result<(), JournalError> {
        let line = Line {
            layer,
            channel,
            score,
        };
        write_line(&mut self.file, &line).map_err(|error| file_error(&self.own, error))?;
        self.scores.insert((layer, channel), score);
        Ok(())
    }
}

/// Puts the journals in several folders into one.
pub fn merge(folders: &[PathBuf], into: &Path) -> Result<(Task, Scores), JournalError> {
    let mut all: Option<Task> = None;
    let mut scores = Scores::new();
    for folder in folders {
        let (task, found) = read_folder(folder, all.as_ref())?;
        all = Some(task.ok_or_else(|| JournalError::Empty(folder.clone()))?);
        for ((layer, channel), score) in found {
            if *scores.entry((layer, channel)).or_insert(score) != score {
                return Err(JournalError::Contradiction {
                    path: folder.clone(),
                    line: 0,
                    layer,
                    channel,
                });
            }
        }
    }
    let task = all.ok_or_else(|| JournalError::Empty(into.to_owned()))?;
    let mut journal = Journal::open(into, "merged", task.clone())?;
    for (&(layer, channel), &score) in &scores {
        if !journal.scores.contains_key(&(layer, channel)) {
            journal.add(layer, channel, score)?;
        }
    }
    Ok((task, scores))
}

fn write_line(file: &mut File, line: &impl serde::Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.write_all(text.as_bytes())
}

fn read_folder(
    folder: &Path,
    expected: Option<&Task>,
) -> Result<(Option<Task>, Scores), JournalError> {
    let mut task = expected.cloned();
    let mut scores = Scores::new();
    let entries = std::fs::read_dir(folder).map_err(|error| file_error(folder, error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| file_error(folder, error))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            paths.push(path);
        }
    }
    paths.sort();
    for path in paths {
        let text = std::fs::read_to_string(&path).map_err(|error| file_error(&path, error))?;
        // A line without an end is being written.
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        let mut lines = whole.lines().zip(1..);
        let Some((first, _)) = lines.next() else {
            continue;
        };
        let unreadable = |line, error: serde_json::Error| JournalError::Line {
            path: path.clone(),
            line,
            reason: error.to_string(),
        };
        let found: Task = serde_json::from_str(first).map_err(|error| unreadable(1, error))?;
        if let Some(task) = &task
            && let Some(what) = difference(task, &found)
        {
            return Err(JournalError::OtherTask { path, what });
        }
        task = Some(found);
        for (text, line) in lines {
            let Line {
                layer,
                channel,
                score,
            } = serde_json::from_str(text).map_err(|error| unreadable(line, error))?;
            if *scores.entry((layer, channel)).or_insert(score) != score {
                return Err(JournalError::Contradiction {
                    path,
                    line,
                    layer,
                    channel,
                });
            }
        }
    }
    Ok((task, scores))
}

/// What makes two tasks different.
fn difference(a: &Task, b: &Task) -> Option<&'static str> {
    let differences = [
        (a.version != b.version, "the version"),
        (a.network != b.network, "the network"),
        (a.images != b.images, "the images"),
        (a.reads != b.reads, "who reads the tensors"),
        (a.measure != b.measure, "the measure"),
        (a.batch != b.batch, "the batch"),
        (a.layers != b.layers, "how layers are quantized"),
    ];
    let found = differences.iter().find(|(differs, _)| *differs);
    found.map(|(_, what)| *what)
}

fn file_error(path: &Path, error: std::io::Error) -> JournalError {
    JournalError::File {
        path: path.to_owned(),
        error,
    }
}
