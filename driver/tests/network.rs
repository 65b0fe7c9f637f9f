//! `dqa calibrate`, `dqa evaluate` and `dqa compress --layers` as their users meet them, on
//! ResNet-32 and images of noise, and on the images of CIFAR-10 where they are.

#[path = "common/command.rs"]
#[allow(dead_code)] // the other user takes more of it
mod command;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::prelude::*;
use command::{dqa, failure, json};
use dqa_driver::tensor::{TensorSpec, TensorWriter};
use dqa_golden::tensor::DType;
use tempfile::TempDir;

const SWEEP: &str = r#"
title = "A sweep"
calibration = 2
seeds = [1]

[[row]]
name = "floating point"
method = "float"

[[row]]
name = "DQA"
method = "dqa"
bits = [3]
extra = 1
important = 0.4
statistic = { percentile = 99.9 }
rank = "error"
"#;

/// A folder with the network, images to calibrate with and to test on, and a sweep file.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let network = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/data/resnet32-cifar10.onnx"
    );
    fs::copy(network, folder.path().join("net.onnx")).unwrap();
    images(&folder.path().join("calib.bin"), 2, 1);
    images(&folder.path().join("test.bin"), 3, 2);
    fs::write(folder.path().join("s.toml"), SWEEP).unwrap();
    folder
}

/// Noise in the binary format of CIFAR-10.
fn images(path: &Path, count: usize, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes.push(rng.u8(..10));
        bytes.extend((0..3072).map(|_| rng.u8(..)));
    }
    fs::write(path, bytes).unwrap();
}

const LAYERS: &str = "calibrate layers --network net.onnx --images calib.bin -o layers.toml";

#[test]
fn every_example_in_the_help_works() {
    let folder = folder();
    let mut tried = 0;
    for command in ["calibrate", "evaluate"] {
        let help = dqa(&folder, &format!("{command} --help")).unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let (_, examples) = help.split_once("Examples:").expect("help has examples");
        let lines = examples.lines();
        for line in lines.filter_map(|line| line.trim().strip_prefix("dqa ")) {
            dqa(&folder, line).assert().success();
            tried += 1;
        }
    }
    assert!(tried >= 9, "{tried} examples");
}

#[test]
fn a_network_is_calibrated_and_evaluated() {
    let folder = folder();
    let calibrated = json(&folder, LAYERS);
    assert_eq!(calibrated["ranks"].as_array().unwrap().len(), 15);
    let evaluate = "evaluate --network net.onnx --images test.bin";
    let float = json(&folder, evaluate);
    assert_eq!(float["container_bits"], serde_json::Value::Null);
    let stored = json(&folder, &format!("{evaluate} --layers layers.toml"));
    let bits = stored["container_bits"].as_f64().unwrap();
    assert!((1.5..3.5).contains(&bits), "{bits}");
    assert_ne!(stored["loss"], float["loss"]);
    assert_eq!(stored["taps"].as_array().unwrap().len(), 15);
    // One shortcut at a time: the largest is 16 x 32 x 32.
    assert_eq!(stored["peak"]["float"], 4.0 * 16384.0);
    let peak = stored["peak"]["container"].as_f64().unwrap();
    assert!((2000.0..8000.0).contains(&peak), "{peak}");
}

/// The simulated core gives the same bytes, and so the same network, as the software.
#[test]
fn a_device_in_the_loop_changes_nothing() {
    let folder = folder();
    dqa(&folder, LAYERS).assert().success();
    let line = "evaluate --network net.onnx --images test.bin --layers layers.toml --count 1";
    let software = json(&folder, line);
    let device = json(&folder, &format!("{line} --device sim:"));
    for same in [
        "accuracy",
        "loss",
        "container_bits",
        "containers_sha256_xor",
    ] {
        assert_eq!(software[same], device[same], "{same}");
    }
}

#[test]
fn shards_are_merged() {
    let folder = folder();
    let ranked = |more: &str| format!("{LAYERS} --count 2 --rank output {more}");
    let whole = json(&folder, &ranked(""));
    let shard = "calibrate layers --network net.onnx --images calib.bin --count 2 --rank output";
    for index in 1..=2 {
        let line = format!("{shard} --journal own{index} --shard {index}/2");
        let said = dqa(&folder, &line)
            .assert()
            .success()
            .get_output()
            .stdout
            .clone();
        assert!(String::from_utf8(said).unwrap().contains("256 of 512"));
    }
    let merged = json(&folder, "calibrate merge own1 own2 -o both");
    assert_eq!(merged, whole["ranks"]);
    let from_merged = json(&folder, &ranked("--journal both"));
    assert_eq!(from_merged["ranks"], whole["ranks"]);
}

/// Flat codes become those that `calibrate layers` chose; all else stays.
#[test]
fn codes_are_made_anew() {
    let folder = folder();
    dqa(&folder, LAYERS).assert().success();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    let made = read("layers.toml");
    let flat = |line: &str| match line.split_once(" = ") {
        Some((field @ ("direct_lengths" | "important_lengths"), lengths)) => {
            let count = lengths.split(',').count();
            format!("{field} = {:?}\n", vec![count.ilog2(); count])
        }
        _ => format!("{line}\n"),
    };
    let spoiled: String = made.lines().map(flat).collect();
    assert_ne!(spoiled, made);
    fs::write(folder.path().join("flat.toml"), spoiled).unwrap();
    let codes =
        "calibrate codes --network net.onnx --images calib.bin --layers flat.toml -o new.toml";
    assert_eq!(json(&folder, codes)["layers"], 15);
    assert_eq!(read("new.toml"), made);
}

#[test]
fn compress_takes_a_layer_file() {
    let folder = folder();
    dqa(&folder, LAYERS).assert().success();
    let tensor = |name: &str, shape: &[u64]| {
        let spec = TensorSpec {
            name: "act".into(),
            dtype: DType::F32,
            shape: shape.to_vec(),
        };
        let mut rng = fastrand::Rng::with_seed(3);
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.f32()).collect();
        let mut writer = TensorWriter::create(&folder.path().join(name), &[spec]).unwrap();
        writer.write(0, 0, &values).unwrap();
        writer.finish().unwrap();
    };
    tensor("shortcut07.npy", &[2, 32, 16, 16]);
    tensor("other.npy", &[2, 10, 16, 16]);
    dqa(
        &folder,
        "compress shortcut07.npy --layers layers.toml --layer shortcut07",
    )
    .assert()
    .success();
    let verified = json(&folder, "verify shortcut07.dqa --against shortcut07.npy");
    assert_eq!(verified["elements"], 2 * 32 * 16 * 16);
    for (line, told) in [
        (
            "compress other.npy --layers layers.toml --layer shortcut07",
            "10 in the tensor",
        ),
        (
            "compress other.npy --layers layers.toml --layer shortcut99",
            "no layer \"shortcut99\"",
        ),
        ("compress other.npy --layers net.onnx", "net.onnx"),
    ] {
        let (code, complaint) = failure(&folder, line);
        assert_eq!(code, 1, "{complaint}");
        assert!(complaint.contains(told), "{line}: {complaint}");
    }
}

#[test]
fn what_does_not_fit_is_told_in_a_line() {
    let folder = folder();
    dqa(&folder, LAYERS).assert().success();
    let image = fs::read(folder.path().join("test.bin")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("cut.bin", &image[..4000]);
    write("none.bin", &[]);
    write("labels.bin", &[&[77], &image[1..3073]].concat());
    write("net.txt", b"no network");
    let layers = fs::read_to_string(folder.path().join("layers.toml")).unwrap();
    write(
        "other.toml",
        layers.replace("shortcut03", "shortcut77").as_bytes(),
    );
    write(
        "version.toml",
        layers.replacen("version = 1", "version = 2", 1).as_bytes(),
    );
    write("old.toml", b"title = 1");
    let evaluate = "evaluate --network net.onnx --images";
    for (line, code, told) in [
        (
            "evaluate --network net.txt --images test.bin",
            1,
            "no ONNX model",
        ),
        (
            "evaluate --network none.onnx --images test.bin",
            1,
            "none.onnx",
        ),
        (&*format!("{evaluate} none.bin"), 1, "no image"),
        (&*format!("{evaluate} cut.bin"), 1, "3073 bytes"),
        (&*format!("{evaluate} labels.bin"), 1, "label 77"),
        (&*format!("{evaluate} test.bin --count 9"), 1, "9 images"),
        (&*format!("{evaluate} test.bin --count 0"), 1, "0 images"),
        (
            &*format!("{evaluate} test.bin --tensors x"),
            1,
            "no tensor \"x\"",
        ),
        (
            &*format!("{evaluate} test.bin --tensors logits"),
            1,
            "nothing reads",
        ),
        (
            &*format!("{evaluate} test.bin --layers other.toml"),
            1,
            "shortcut77",
        ),
        (
            &*format!("{evaluate} test.bin --layers version.toml"),
            1,
            "version 2",
        ),
        (
            &*format!("{evaluate} test.bin --layers old.toml"),
            1,
            "no layer file",
        ),
        (&*format!("{evaluate} test.bin --device card:"), 2, "card"),
        (&*format!("{LAYERS} --percentile 0"), 2, "percentile"),
        (&*format!("{LAYERS} --important 1.5"), 2, "1.5"),
        (&*format!("{LAYERS} --bits 9"), 1, "9"),
        ("calibrate merge nowhere -o both", 1, "nowhere"),
        (
            "calibrate sweep --network net.onnx --images calib.bin --test test.bin \
             --sweep layers.toml --work w",
            1,
            "no sweep file",
        ),
        (
            "calibrate search --network net.onnx --images calib.bin --bits 2 --formats 3 -o s.toml",
            2,
            "n+m",
        ),
    ] {
        let (exit, complaint) = failure(&folder, line);
        assert_eq!(exit, code, "{line}: {complaint}");
        assert!(complaint.contains(told), "{line}: {complaint}");
    }
}

/// The reference engine has 92.8 % of the first 1000 test images right.
#[test]
fn resnet_32_is_as_good_as_it_is_known_to_be() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let images: PathBuf = data.join("cifar10-test.bin");
    if !images.exists() {
        eprintln!(
            "skipped: {} is not there (CIFAR-10 is not the project's to copy)",
            images.display()
        );
        return;
    }
    let folder = folder();
    let images = images.display();
    let line = format!("evaluate --network net.onnx --images {images} --count 1000");
    assert_eq!(json(&folder, &line)["accuracy"], 0.928);
}
