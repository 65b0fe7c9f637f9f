//! Tensor files against bytes made by numpy and safetensors, and through our own writer.

use std::fs;
use std::path::{Path, PathBuf};

use dqa_driver::tensor::{
    self, FileFormat, TensorFileError, TensorReader, TensorSpec, TensorWriter,
};
use dqa_golden::tensor::DType;
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// The elements that the fixtures have, by type.
fn expected(dtype: DType) -> [f32; 6] {
    let float = |most, least| [0.0, -0.0, 1.5, most, least, f32::NEG_INFINITY];
    match dtype {
        DType::F32 => float(f32::MAX, f32::from_bits(1)),
        DType::F16 => float(65504.0, 2_f32.powi(-24)),
        DType::Bf16 => float(3.389_531_4e38, 2_f32.powi(-133)),
        DType::I16 => [0.0, 1.0, -1.0, 32767.0, -32768.0, 1234.0],
        DType::I8 => [0.0, 1.0, -1.0, 127.0, -128.0, 99.0],
    }
}

fn name(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "f32",
        DType::F16 => "f16",
        DType::Bf16 => "bf16",
        DType::I16 => "i16",
        DType::I8 => "i8",
    }
}

const NUMPY: [DType; 4] = [DType::F32, DType::F16, DType::I16, DType::I8];

fn spec(dtype: DType) -> TensorSpec {
    TensorSpec {
        name: name(dtype).to_owned(),
        dtype,
        shape: vec![1, 2, 3],
    }
}

fn read_all(tensor: &TensorReader) -> Vec<f32> {
    let mut values = vec![0.0; usize::try_from(tensor.elements()).unwrap()];
    tensor.read(0, &mut values).unwrap();
    values
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn assert_fixture(tensor: &TensorReader, dtype: DType) {
    assert_eq!((tensor.name(), tensor.dtype()), (name(dtype), dtype));
    assert_eq!((tensor.shape(), tensor.elements()), (&[1, 2, 3][..], 6));
    assert_eq!(bits(&read_all(tensor)), bits(&expected(dtype)), "{dtype:?}");
}

fn write(path: &Path, dtypes: &[DType]) {
    let specs: Vec<_> = dtypes.iter().map(|dtype| spec(*dtype)).collect();
    let mut writer = TensorWriter::create(path, &specs).unwrap();
    for (index, dtype) in dtypes.iter().enumerate() {
        writer.write(index, 0, &expected(*dtype)).unwrap();
    }
    writer.finish().unwrap();
}

fn error<T: std::fmt::Debug>(result: Result<T, TensorFileError>) -> String {
    let text = result.unwrap_err().to_string();
    assert!(!text.contains('\n'), "{text}");
    text
}

#[test]
fn files_of_numpy_and_safetensors_are_read() {
    for dtype in NUMPY {
        let tensors = tensor::open(&fixture(&format!("{}.npy", name(dtype)))).unwrap();
        assert_eq!(tensors.len(), 1);
        assert_fixture(&tensors[0], dtype);
    }
    for archive in ["stored.npz", "deflated.npz"] {
        let tensors = tensor::open(&fixture(archive)).unwrap();
        assert_eq!(tensors.len(), NUMPY.len());
        for (tensor, dtype) in tensors.iter().zip(NUMPY) {
            assert_fixture(tensor, dtype);
        }
    }
    for dtype in DType::ALL {
        let tensor = tensor::open_named(&fixture("all.safetensors"), name(dtype)).unwrap();
        assert_fixture(&tensor, dtype);
    }
}

#[test]
fn files_are_written_as_numpy_and_safetensors_do() {
    let folder = tempdir().unwrap();
    for dtype in NUMPY {
        let file = format!("{}.npy", name(dtype));
        let path = folder.path().join(&file);
        write(&path, &[dtype]);
        let (ours, theirs) = (fs::read(path).unwrap(), fs::read(fixture(&file)).unwrap());
        // numpy pads its header more. The dict and the elements are the same.
        let parts = |bytes: &[u8]| {
            let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
            let text = String::from_utf8(bytes[10..end].to_vec()).unwrap();
            assert_eq!(usize::from(bytes[8]) + 10, end + 1);
            (text.replace([' ', ','], ""), bytes[end..].to_vec())
        };
        assert_eq!(parts(&ours), parts(&theirs));
    }

    let path = folder.path().join("all.safetensors");
    let dtypes = [DType::F32, DType::Bf16, DType::F16, DType::I16, DType::I8];
    write(&path, &dtypes);
    let (ours, theirs) = (
        fs::read(path).unwrap(),
        fs::read(fixture("all.safetensors")).unwrap(),
    );
    let header = r#"{"f32":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]},"#;
    assert!(ours[8..].starts_with(header.as_bytes()));
    // The fixture also holds a tensor of float64, as its first.
    let data = |bytes: &[u8]| bytes[bytes.len() - (4 + 3 * 2 + 1) * 6..].to_vec();
    assert_eq!(data(&ours), data(&theirs));
}

#[test]
fn every_format_gives_back_what_was_written() {
    let folder = tempdir().unwrap();
    let round_trip = |file: &str, dtypes: &[DType]| {
        let path = folder.path().join(file);
        write(&path, dtypes);
        let tensors = tensor::open(&path).unwrap();
        assert_eq!(tensors.len(), dtypes.len());
        for dtype in dtypes {
            assert_fixture(&tensor::open_named(&path, name(*dtype)).unwrap(), *dtype);
        }
    };
    for dtype in NUMPY {
        round_trip(&format!("{}.npy", name(dtype)), &[dtype]);
    }
    round_trip("all.npz", &NUMPY);
    round_trip("ALL.SAFETENSORS", &DType::ALL);
    round_trip("none.npz", &[]);
    round_trip("none.safetensors", &[]);
}

#[test]
fn any_name_and_shape_survives() {
    let folder = tempdir().unwrap();
    let names = [
        "",
        "a/b",
        "../up",
        "/root",
        "a\\b",
        "é 層",
        "x.npy",
        "quote\"\n",
    ];
    let shapes = [vec![], vec![0], vec![3, 0, 2], vec![1, 1, 2, 1, 1], vec![5]];
    let named = names.iter().zip(shapes.iter().cycle());
    let specs: Vec<_> = named
        .map(|(name, shape)| TensorSpec {
            name: (*name).to_owned(),
            dtype: DType::I8,
            shape: shape.clone(),
        })
        .collect();
    for file in ["any.npz", "any.safetensors"] {
        let path = folder.path().join(file);
        TensorWriter::create(&path, &specs)
            .unwrap()
            .finish()
            .unwrap();
        for spec in &specs {
            let tensor = tensor::open_named(&path, &spec.name).unwrap();
            assert_eq!(tensor.shape(), spec.shape);
            assert!(read_all(&tensor).iter().all(|value| *value == 0.0));
        }
    }
}

#[test]
fn real_activations_are_read() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/activations");
    let tensor = tensor::open_named(&data.join("act_shortcut11.npy"), "act_shortcut11").unwrap();
    assert_eq!(
        (tensor.dtype(), tensor.shape()),
        (DType::F32, &[8, 64, 8, 8][..])
    );
    let bytes = fs::read(data.join("act_shortcut11.npy")).unwrap();
    let (words, _) = bytes[128..].as_chunks();
    let values: Vec<_> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    assert_eq!(bits(&read_all(&tensor)), bits(&values));
}

#[test]
fn threads_read_one_tensor_at_once() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let spec = TensorSpec {
        name: String::new(),
        dtype: DType::I16,
        shape: vec![4, 50_000],
    };
    let mut writer = TensorWriter::create(&path, &[spec]).unwrap();
    let value = |index: u64| ((index * 7) % 30_000) as f32;
    writer
        .write(0, 0, &(0..200_000).map(value).collect::<Vec<_>>())
        .unwrap();
    writer.finish().unwrap();
    let tensor = tensor::open_named(&path, "x").unwrap();
    std::thread::scope(|scope| {
        for start in (0..200_000).step_by(50_000) {
            let tensor = &tensor;
            scope.spawn(move || {
                let mut values = vec![0.0; 50_000];
                tensor.read(start, &mut values).unwrap();
                assert!((start..).map(value).zip(values).all(|(a, b)| a == b));
            });
        }
    });
}

#[test]
fn what_is_not_supported_is_refused_with_a_remedy() {
    for (file, remedy) in [
        (
            "refused_f64.npy",
            "is float64, which is not supported: convert it first, numpy: x.astype(np.float32)",
        ),
        (
            "refused_u8.npy",
            "is uint8, which is not supported: convert it first, numpy: x.astype(np.int16)",
        ),
        (
            "refused_bf16.npy",
            "if it is bfloat16, save it as .safetensors",
        ),
        ("refused_fortran.npy", "np.ascontiguousarray(x)"),
        (
            "refused_big_endian.npy",
            "x.astype(x.dtype.newbyteorder('<'))",
        ),
        ("refused_structured.npy", "save each field alone"),
        (
            "all.safetensors",
            "the tensor \"f64\" is F64, which is not supported: convert it first",
        ),
        ("missing.npy", "check its name and permissions"),
        ("README.md", "give a .npy, .npz or .safetensors file"),
    ] {
        let text = error(tensor::open(&fixture(file)));
        assert!(text.contains(remedy), "{text}");
    }
    let unknown = error(tensor::open_named(&fixture("stored.npz"), "x"));
    assert!(
        unknown.ends_with(r#"choose from "f32", "f16", "i16", "i8""#),
        "{unknown}"
    );
}

#[test]
fn elements_past_the_end_are_refused() {
    let tensor = tensor::open_named(&fixture("i8.npy"), "i8").unwrap();
    tensor.read(6, &mut []).unwrap();
    for start in [5, 6, u64::MAX] {
        assert!(error(tensor.read(start, &mut [0.0; 2])).contains("has 6 elements"));
    }
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.npy");
    let mut writer = TensorWriter::create(&path, &[spec(DType::F16)]).unwrap();
    for start in [5, 6, u64::MAX] {
        assert!(error(writer.write(0, start, &[0.0; 2])).contains("has 6 elements"));
    }
}

#[test]
fn what_a_format_cannot_hold_is_refused_before_a_file_is_made() {
    let folder = tempdir().unwrap();
    let refused = |file: &str, specs: &[TensorSpec]| {
        let path = folder.path().join(file);
        error(TensorWriter::create(&path, specs).map(drop))
    };
    let named = |name: &str| TensorSpec {
        name: name.to_owned(),
        ..spec(DType::I8)
    };
    let huge = |n| TensorSpec {
        shape: vec![1 << 61, n],
        ..spec(DType::I8)
    };
    assert!(refused("x.npy", &[]).contains("holds one tensor, not 0"));
    assert!(refused("x.npy", &[spec(DType::Bf16)]).contains("write .safetensors"));
    assert!(refused("x.npz", &[spec(DType::Bf16)]).contains("write .safetensors"));
    assert!(refused("x.npz", &[named("a"), named("a")]).contains("rename"));
    assert!(refused("x.npz", &[named(&"a".repeat(65532))]).contains("rename"));
    assert!(refused("x.safetensors", &[named("__metadata__")]).contains("rename"));
    assert!(refused("x.npy", &[huge(1 << 61)]).contains("larger than any file"));
    assert!(refused("x.npz", &[huge(2), named("i")]).contains("larger than any file"));
    assert!(refused("x.txt", &[]).contains("give a .npy, .npz or .safetensors file"));
    assert!(refused("no/x.npy", &[named("a")]).contains("does not exist: create it first"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_unfinished_writer_leaves_nothing_behind() {
    let folder = tempdir().unwrap();
    for format in [FileFormat::Npy, FileFormat::Npz, FileFormat::Safetensors] {
        let path = folder.path().join(format!("x{format}"));
        fs::write(&path, "old").unwrap();
        let mut writer = TensorWriter::create(&path, &[spec(DType::I8)]).unwrap();
        writer.write(0, 0, &[1.0]).unwrap();
        drop(writer);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        fs::remove_file(path).unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// A file of `len` elements, written in pieces.
fn written(folder: &TempDir, format: FileFormat, len: u64, pieces: &[(u64, Vec<f32>)]) -> PathBuf {
    let path = folder.path().join(format!("x{format}"));
    let spec = TensorSpec {
        name: "x".to_owned(),
        dtype: DType::F32,
        shape: vec![len],
    };
    let mut writer = TensorWriter::create(&path, &[spec]).unwrap();
    for (start, values) in pieces {
        writer.write(0, *start, values).unwrap();
    }
    writer.finish().unwrap();
    path
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_at_any_position_are_read_at_any_position(
        pieces in prop::collection::vec((0_u64..40_000, prop::collection::vec(-1e9_f32..1e9, 0..20_000)), 0..4),
        (start, count) in (0_u64..40_000, 0_usize..20_000),
    ) {
        let folder = tempdir().unwrap();
        let mut model = vec![0.0; 60_000];
        for (start, values) in &pieces {
            model[usize::try_from(*start).unwrap()..][..values.len()].copy_from_slice(values);
        }
        for format in [FileFormat::Npy, FileFormat::Npz, FileFormat::Safetensors] {
            let path = written(&folder, format, 60_000, &pieces);
            let tensor = tensor::open_named(&path, "x").unwrap();
            let mut values = vec![0.0; count];
            tensor.read(start, &mut values).unwrap();
            prop_assert_eq!(&values, &model[usize::try_from(start).unwrap()..][..count]);
        }
    }
}
