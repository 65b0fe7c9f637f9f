//! Damaged and hostile tensor files: an error or a tensor that can be read, in little memory.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use dqa_driver::tensor::{self, TensorFileError};
use proptest::prelude::*;
use proptest::sample::Index;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const FIXTURES: [(&str, &[u8]); 5] = [
    ("f32.npy", include_bytes!("fixtures/f32.npy")),
    (
        "refused_structured.npy",
        include_bytes!("fixtures/refused_structured.npy"),
    ),
    ("stored.npz", include_bytes!("fixtures/stored.npz")),
    ("deflated.npz", include_bytes!("fixtures/deflated.npz")),
    (
        "all.safetensors",
        include_bytes!("fixtures/all.safetensors"),
    ),
];

/// Opens the file and reads the ends of what there is in it.
fn open(name: &str, bytes: &[u8]) -> Result<usize, TensorFileError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let result = read_ends(&path);
    if let Err(error) = &result {
        let text = error.to_string();
        assert!(!text.contains('\n') && text.len() < 2000, "{text}");
    }
    assert!(
        peak_memory_mib() < 1024,
        "{} MiB of memory",
        peak_memory_mib()
    );
    result
}

fn read_ends(path: &Path) -> Result<usize, TensorFileError> {
    for tensor in tensor::open(path)? {
        let mut value = [0.0];
        if let Some(last) = tensor.elements().checked_sub(1) {
            tensor.read(0, &mut value)?;
            tensor.read(last, &mut value)?;
        }
    }
    Ok(tensor::open(path)?.len())
}

/// Most virtual memory that the process has had: what was allocated, used or not.
fn peak_memory_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmPeak:"))
        .unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<u64>()
        .unwrap()
        >> 10
}

fn refused(name: &str, bytes: &[u8], why: &str) {
    let text = open(name, bytes).unwrap_err().to_string();
    assert!(text.contains(why), "{text}");
}

/// A `.npy` file with this header text.
fn npy(text: &str, data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x02\x00", &length[..], text.as_bytes(), data].concat()
}

fn plain(shape: &str) -> String {
    format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}")
}

#[test]
fn npy_headers_that_would_cost_time_memory_or_a_panic_are_refused() {
    assert_eq!(open("x.npy", &npy(&plain("(2, 1)"), &[0; 8])).unwrap(), 1);
    for (text, why) in [
        (plain("(4611686018427387904, 4)"), "too many digits"),
        (plain("(9999999999999999999,)"), "larger than any file"),
        (
            plain("(100000000000000,)"),
            "needs 400000000000000 bytes for its elements but has 0",
        ),
        (plain("(0x7fffffffffffffff, 9)"), "bad shape"),
        (plain("(-1,)"), "bad shape"),
        (plain("3"), "bad shape"),
        (plain(&"[".repeat(9000)), "bad header"),
        (plain(&"{1:".repeat(3000)), "bad header"),
        (plain("(2,), '\\N{SPACE}': 1"), "bad header"),
        ("[".repeat(9000), "bad header"),
        ("+".repeat(9000), "bad shape"),
        (" ".repeat(20_000), "too long"),
        (
            format!(
                "{{1: {}1e999999999, 2: ({}",
                "+".repeat(5000),
                "9".repeat(4000)
            ),
            "too many digits",
        ),
        (format!("{{1: {}}}", "9".repeat(9000)), "bad shape"),
        ("'".to_owned(), "bad header"),
        (String::new(), "bad header"),
    ] {
        refused("x.npy", &npy(&text, &[]), why);
    }
    refused("x.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "too long");
    refused("x.npy", b"\x93NUMPY\x09\x00", "unknown .npy version");
    refused("x.npy", b"", "ends in its header");
    refused(
        "x.npy",
        b"PK\x03\x04....",
        "does not start as a .npy file does",
    );
    refused(
        "x.npy",
        &npy(&plain("(2,)"), &[0; 12]),
        "needs 8 bytes for its elements but has 12",
    );
}

#[test]
fn safetensors_headers_that_would_cost_memory_are_refused() {
    let file = |length: u64, json: &str| [&length.to_le_bytes()[..], json.as_bytes()].concat();
    let whole = |json: &str| file(json.len() as u64, json);
    for length in [1 << 60, u64::MAX, 100_000_001, 3] {
        refused("x.safetensors", &file(length, "{}"), "cannot be");
    }
    let tensor = |name: &str, shape: &str, offsets: &str| {
        format!(r#""{name}":{{"dtype":"I8","shape":{shape},"data_offsets":{offsets}}}"#)
    };
    let one = tensor("a", "[0]", "[0,0]");
    assert_eq!(
        open("x.safetensors", &whole(&format!("{{{one}}}"))).unwrap(),
        1
    );
    for json in [
        format!("{{{one},{one}}}"),
        format!("{{{}}}", tensor("a", "[9223372036854775807,8]", "[0,0]")),
        format!(
            "{{{}}}",
            tensor("a", "[1099511627776]", "[0,1099511627776]")
        ),
        format!("{{{}}}", tensor("a", "[1]", "[1,0]")),
        format!("{{{}}}", tensor("a", "[1]", "[7,8]")),
        format!("{{\"__metadata__\":{}", "[".repeat(100_000)),
        format!("{{\"a\":{{\"dtype\":\"{}\"", "X\n".repeat(100_000)),
        "null".to_owned(),
        "{} {}".to_owned(),
    ] {
        refused(
            "x.safetensors",
            &whole(&json),
            "is no good .safetensors file",
        );
    }
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in entries {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Replaces a 32-bit number that is there the given number of times.
fn replaced(mut bytes: Vec<u8>, old: u32, new: u32, times: usize) -> Vec<u8> {
    let (old, new) = (old.to_le_bytes(), new.to_le_bytes());
    let places: Vec<_> = (0..bytes.len() - 3)
        .filter(|i| bytes[*i..*i + 4] == old)
        .collect();
    assert_eq!(places.len(), times);
    for place in places {
        bytes[place..place + 4].copy_from_slice(&new);
    }
    bytes
}

#[test]
fn archives_that_unpack_to_other_than_they_say_are_refused() {
    let zeros = vec![0; 1 << 20];
    let header = npy(&plain("(2,)"), &[]);
    let (len, full) = (
        u32::try_from(header.len()).unwrap(),
        [&header[..], &zeros].concat(),
    );
    let bomb = archive(&[("a.npy", &full)]);
    refused(
        "x.npz",
        &bomb,
        "needs 8 bytes for its elements but has 1048576",
    );
    // The archive's directory also lies about the size.
    let lying = replaced(bomb, u32::try_from(full.len()).unwrap(), len + 8, 2);
    refused("x.npz", &lying, "is no good .npz file");
    let header = npy(&plain("(100,)"), &[]);
    let len = u32::try_from(header.len()).unwrap();
    let short = archive(&[("a.npy", &[&header[..], &[0; 396]].concat())]);
    let lying = replaced(short, len + 396, len + 400, 2);
    refused("x.npz", &lying, "is no good .npz file");

    let good = archive(&[
        ("a.npy", &npy(&plain("(2,)"), &[0; 8])),
        ("notes.txt", b"hello"),
    ]);
    assert_eq!(open("x.npz", &good).unwrap(), 1);
    refused("x.npz", b"PK", "is no good .npz file");
}

#[test]
fn archives_whose_entries_share_their_bytes_are_refused() {
    let bytes = archive(&[("a.npy", &npy(&plain("(2,)"), &[0; 8]))]);
    let mut twice = ZipWriter::new_append(Cursor::new(bytes)).unwrap();
    twice.shallow_copy_file("a.npy", "b.npy").unwrap();
    let bytes = twice.finish().unwrap().into_inner();
    refused("x.npz", &bytes, "entries overlap");
}

#[test]
fn a_changed_element_in_an_archive_is_found() {
    let mut bytes = include_bytes!("fixtures/stored.npz").to_vec();
    let element = bytes
        .windows(4)
        .position(|bytes| bytes == f32::MAX.to_le_bytes());
    bytes[element.unwrap()] ^= 1;
    refused("x.npz", &bytes, "checksum");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_files_never_panic(
        fixture in 0..FIXTURES.len(),
        changes in prop::collection::vec((any::<Index>(), prop_oneof![any::<u8>(), Just(0xff), Just(0)], 1_usize..9), 0..4),
        cut in prop::option::of(any::<Index>()),
        tail in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        let (name, bytes) = FIXTURES[fixture];
        let mut bytes = bytes.to_vec();
        for (index, value, run) in changes {
            let start = index.index(bytes.len());
            let end = bytes.len().min(start + run);
            bytes[start..end].fill(value);
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes.extend(tail);
        let _ = open(name, &bytes);
    }
}
