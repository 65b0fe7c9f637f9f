//! The `.npz` format: a ZIP archive of `.npy` files, stored or deflated.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::element::CHUNK;
use super::npy::{self, Header};
use super::{FileFormat, TensorFileError, TensorReader, choose};

/// Opens the tensors of a `.npz` file, unpacked to one unnamed file. Entries other than `.npy`
/// are passed over.
pub(super) fn open(
    path: &Path,
    file: File,
    wanted: Option<&str>,
) -> Result<Vec<TensorReader>, TensorFileError> {
    let malformed =
        |what: &dyn ToString| TensorFileError::malformed(path, FileFormat::Npz, what.to_string());
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| malformed(&error))?;
    if archive.has_duplicate_names() {
        return Err(malformed(&"two entries have one name"));
    }
    // Entries that share their bytes would unpack to many times the size of the file.
    if archive
        .has_overlapping_files()
        .map_err(|error| malformed(&error))?
    {
        return Err(malformed(&"entries overlap"));
    }
    let (mut names, mut indices) = (Vec::new(), Vec::new());
    for index in 0..archive.len() {
        let entry = archive
            .by_index_data(index)
            .map_err(|error| malformed(&error))?;
        let name = entry.name().map_err(|error| malformed(&error))?;
        if let Some(name) = name.strip_suffix(".npy") {
            names.push(name.to_owned());
            indices.push(index);
        }
    }

    let shared_path: Arc<Path> = path.into();
    let spool = tempfile::tempfile().map_err(|source| TensorFileError::Spool {
        path: path.to_owned(),
        source,
    })?;
    let spool = Arc::new(spool);
    let mut end = 0;
    let mut tensors = Vec::new();
    for chosen in choose(path, &names, wanted)? {
        let name = &names[chosen];
        let mut entry = archive
            .by_index(indices[chosen])
            .map_err(|error| malformed(&error))?;
        let size = entry.size();
        let header = npy::read_header(&mut entry, size, path, name, FileFormat::Npz)?;
        let offset = end;
        end += unpack(&mut entry, &header, &spool, path)?;
        tensors.push(TensorReader {
            path: shared_path.clone(),
            file: spool.clone(),
            name: name.clone(),
            dtype: header.dtype,
            shape: header.shape,
            elements: header.elements,
            offset,
        });
    }
    Ok(tensors)
}

/// Appends the elements of an entry, no more than its header says, and returns their bytes.
fn unpack(
    entry: &mut dyn Read,
    header: &Header,
    mut spool: &File,
    path: &Path,
) -> Result<u64, TensorFileError> {
    let malformed =
        |what: &dyn ToString| TensorFileError::malformed(path, FileFormat::Npz, what.to_string());
    let len = header.elements * header.dtype.bytes() as u64;
    let mut entry = entry.take(len + 1);
    let mut buffer = vec![0; CHUNK];
    let mut unpacked = 0;
    // The last read, of nothing, verifies the checksum.
    loop {
        let count = match entry.read(&mut buffer) {
            Ok(0) if unpacked == len => return Ok(len),
            Ok(0) => return Err(malformed(&"an entry is shorter than its header says")),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(malformed(&error)),
        };
        unpacked += count as u64;
        if unpacked > len {
            return Err(malformed(&"an entry is longer than its header says"));
        }
        let written = spool.write_all(&buffer[..count]);
        written.map_err(|source| TensorFileError::Spool {
            path: path.to_owned(),
            source,
        })?;
    }
}

/// Longest tensor name, in bytes: 16 bits count those of an entry's name.
pub(super) const MAX_NAME: usize = u16::MAX as usize - ".npy".len();

/// Writes the archive of `.npy` files that lie in `spool`, stored as `numpy.savez` does.
pub(super) fn pack<'a>(
    spool: &File,
    entries: impl Iterator<Item = (&'a str, Range<u64>)>,
    output: &File,
) -> io::Result<()> {
    let mut archive = ZipWriter::new(BufWriter::with_capacity(CHUNK, output));
    let mut buffer = vec![0; CHUNK];
    for (name, range) in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .large_file(range.end - range.start >= u64::from(u32::MAX));
        archive.start_file(format!("{name}.npy"), options)?;
        for offset in range.clone().step_by(CHUNK) {
            let count = (range.end - offset).min(CHUNK as u64);
            let bytes = &mut buffer[..usize::try_from(count).expect("at most a chunk")];
            spool.read_exact_at(bytes, offset)?;
            archive.write_all(bytes)?;
        }
    }
    archive.finish()?.flush()
}
