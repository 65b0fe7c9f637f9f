//! Files that appear whole or not at all.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A file that takes its name only when it is complete.
///
/// Until [`commit`](Self::commit) the bytes are in a temporary file of the same folder, and what
/// had the name before keeps it; dropped before, nothing is left behind. Writes are not buffered.
#[derive(Debug)]
pub struct AtomicFile {
    temporary: NamedTempFile,
    path: PathBuf,
}

/// Why a file cannot be made.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum AtomicFileError {
    #[error("{path} is a folder: give the name of a file")]
    IsFolder { path: PathBuf },
    #[error("{path} is a device or a pipe and cannot be replaced: give the name of a file")]
    IsSpecial { path: PathBuf },
    #[error("{path} cannot be written, as its folder {folder} does not exist: create it first")]
    NoFolder { path: PathBuf, folder: PathBuf },
    #[error(
        "{path} cannot be written: get permission to write in the folder {folder}, or give another"
    )]
    ReadOnly { path: PathBuf, folder: PathBuf },
    #[error("{path} cannot be written ({source}): see that its disk works and has space")]
    Write { path: PathBuf, source: io::Error },
}

impl AtomicFile {
    /// Starts an empty file. It gets the permissions of any new file; a symbolic link of that
    /// name is replaced, not followed.
    ///
    /// # Errors
    ///
    /// When the folder does not exist or takes no new file, or when something other than a
    /// regular file has the name.
    pub fn create(path: &Path) -> Result<Self, AtomicFileError> {
        if let Ok(metadata) = fs::metadata(path)
            && !metadata.is_file()
        {
            let path = path.to_owned();
            return Err(match metadata.is_dir() {
                true => AtomicFileError::IsFolder { path },
                false => AtomicFileError::IsSpecial { path },
            });
        }
        let folder = folder(path);
        let temporary = Builder::new()
            .prefix(".dqa-")
            .suffix(".tmp")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(|error| refusal(path, folder, error))?;
        Ok(Self {
            temporary,
            path: path.to_owned(),
        })
    }

    /// The temporary file, for writes at a position.
    pub fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Gives the file its name, once its bytes are on the disk.
    ///
    /// # Errors
    ///
    /// When the disk refuses; what had the name before is then untouched.
    pub fn commit(self) -> Result<(), AtomicFileError> {
        let Self { temporary, path } = self;
        let named = match temporary.as_file().sync_data() {
            Ok(()) => temporary.persist(&path).map_err(|error| error.error),
            Err(error) => Err(error),
        };
        match named {
            Ok(_) => Ok(()),
            Err(source) => Err(AtomicFileError::Write { path, source }),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// The folder of a file.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn refusal(path: &Path, folder: &Path, source: io::Error) -> AtomicFileError {
    let (path, folder) = (path.to_owned(), folder.to_owned());
    match source.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            AtomicFileError::NoFolder { path, folder }
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            AtomicFileError::ReadOnly { path, folder }
        }
        _ => AtomicFileError::Write { path, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::write(&path, "old").unwrap();

        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"half").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(entries(folder.path()), 1);

        let mut file = AtomicFile::create(&path).unwrap();
        file.write_all(b"new").unwrap();
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(entries(folder.path()), 1);
    }

    #[test]
    fn permissions_are_those_of_any_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        AtomicFile::create(&ours).unwrap().commit().unwrap();
        fs::write(&plain, "").unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(ours), mode(plain));
    }

    #[test]
    fn a_target_that_cannot_be_written_is_refused_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = |path: &Path| AtomicFile::create(path).unwrap_err();
        assert!(matches!(
            error(folder.path()),
            AtomicFileError::IsFolder { .. }
        ));
        assert!(matches!(
            error(Path::new("/dev/null")),
            AtomicFileError::IsSpecial { .. }
        ));
        let no_folder = |path: &Path| matches!(error(path), AtomicFileError::NoFolder { .. });
        assert!(no_folder(&folder.path().join("missing/out")));
        assert!(no_folder(&file.join("out")));
        // Not by a real folder: nothing is read-only to root.
        let denied = refusal(
            Path::new("a/b"),
            Path::new("a"),
            ErrorKind::PermissionDenied.into(),
        );
        assert_eq!(
            denied.to_string(),
            "a/b cannot be written: get permission to write in the folder a, or give another"
        );
    }

    #[test]
    fn a_name_without_a_folder_is_in_the_current_one() {
        assert_eq!(folder(Path::new("out.dqa")), Path::new("."));
        assert_eq!(folder(Path::new("a/out.dqa")), Path::new("a"));
    }
}
