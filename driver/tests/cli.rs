//! The `dqa` command as its users meet it.

#[path = "common/command.rs"]
mod command;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use assert_cmd::prelude::*;
use command::{dqa, failure, json, listing};
use dqa_driver::tensor::{TensorReader, TensorSpec, TensorWriter, open};
use dqa_golden::tensor::DType;
use serde_json::Value;
use tempfile::TempDir;

/// A folder with the small tensor `act.npy`, the folder `activations` with two tensors, and a layer
/// file for the first.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let activations = folder.path().join("activations");
    fs::create_dir(&activations).unwrap();
    write(&folder.path().join("act.npy"), &[2, 10, 7, 7], |i| {
        ((i * 37) % 101) as f32 / 10.0
    });
    write(&activations.join("a.npy"), &[10, 5, 5], |i| (i % 17) as f32);
    write(&activations.join("b.npy"), &[3, 10], |i| (i % 7) as f32);
    let layers = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/layers.toml");
    fs::copy(layers, folder.path().join("layers.toml")).unwrap();
    folder
}

fn write(path: &Path, shape: &[u64], value: impl FnMut(u64) -> f32) {
    let spec = TensorSpec {
        name: "act".into(),
        dtype: DType::F32,
        shape: shape.to_vec(),
    };
    let values: Vec<f32> = (0..shape.iter().product()).map(value).collect();
    let mut writer = TensorWriter::create(path, &[spec]).unwrap();
    writer.write(0, 0, &values).unwrap();
    writer.finish().unwrap();
}

fn values(path: &Path) -> Vec<f32> {
    let tensor: TensorReader = open(path).unwrap().remove(0);
    let mut values = vec![0.0; tensor.elements() as usize];
    tensor.read(0, &mut values).unwrap();
    values
}

#[test]
fn every_example_in_the_help_works() {
    let mut tried = 0;
    for command in [
        "",
        "compress",
        "decompress",
        "inspect",
        "verify",
        "stats",
        "bench",
        "demo",
    ] {
        let folder = folder();
        for line in [
            "compress act.npy -o act.dqa",
            "compress activations -o compressed",
        ] {
            dqa(&folder, line).assert().success();
        }
        let help = dqa(&folder, &format!("{command} --help")).unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let (_, examples) = help.split_once("Examples:").expect("help has examples");
        for line in examples
            .lines()
            .filter_map(|l| l.trim().strip_prefix("dqa "))
        {
            dqa(&folder, line).assert().success();
            tried += 1;
        }
    }
    assert!(tried >= 18, "{tried} examples");
}

#[test]
fn a_tensor_goes_there_and_back() {
    let folder = folder();
    dqa(&folder, "compress act.npy -n 5 -m 3")
        .assert()
        .success();
    dqa(&folder, "decompress act.dqa -o back.npy")
        .assert()
        .success();
    let original = values(&folder.path().join("act.npy"));
    let back = values(&folder.path().join("back.npy"));
    let worst = original.iter().zip(&back).map(|(a, b)| (a - b).abs());
    let worst = worst.fold(0.0, f32::max);
    assert!(worst > 0.0 && worst <= 10.0 / 31.0 / 2.0 * 1.001, "{worst}");

    let report = json(&folder, "stats act.npy -n 5 -m 3");
    let reported = report["error"]["worst"].as_f64().unwrap();
    assert!(
        (reported - f64::from(worst)).abs() < 1e-6,
        "{reported} {worst}"
    );
    let sizes = json(&folder, "inspect act.dqa");
    let bytes = fs::metadata(folder.path().join("act.dqa")).unwrap().len();
    for report in [&report["sizes"], &sizes] {
        assert_eq!(report["container_bytes"], bytes);
    }
    assert_eq!(
        json(&folder, "verify act.dqa --against act.npy")["elements"],
        980
    );
}

#[test]
fn all_ways_in_and_out() {
    let folder = folder();
    dqa(&folder, "compress activations -o c").assert().success();
    for line in [
        "decompress c -o b",
        "decompress c -o b.npz",
        "decompress c -o b.safetensors",
    ] {
        dqa(&folder, line).assert().success();
    }
    let alone = values(&folder.path().join("b/a.npy"));
    for many in ["b.npz", "b.safetensors"] {
        let tensors = open(&folder.path().join(many)).unwrap();
        let names: Vec<&str> = tensors.iter().map(TensorReader::name).collect();
        assert_eq!(names, ["a", "b"]);
        let mut first = vec![0.0; alone.len()];
        tensors[0].read(0, &mut first).unwrap();
        assert_eq!(first, alone);
        dqa(&folder, &format!("compress {many} -o {many}.d"))
            .assert()
            .success();
        dqa(&folder, &format!("compress {many} --tensor b -o b.dqa"))
            .assert()
            .success();
    }
    dqa(&folder, "verify b.dqa --against b.npz --tensor b")
        .assert()
        .success();
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = folder();
    let mut containers = Vec::new();
    for (name, device) in [("1", "software:1"), ("2", "software:2"), ("3", "software:")] {
        let line = format!("compress act.npy -o {name}.dqa --packet-samples 100 --device {device}");
        dqa(&folder, &line).assert().success();
        containers.push(fs::read(folder.path().join(format!("{name}.dqa"))).unwrap());
    }
    assert!(containers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn the_simulated_hardware_makes_the_same_files() {
    let folder = folder();
    for lanes in [1, 4] {
        let line = format!("compress act.npy --lanes {lanes} --packet-samples 300 -o");
        dqa(&folder, &format!("{line} hard.dqa --device sim:"))
            .assert()
            .success();
        dqa(&folder, &format!("{line} soft.dqa")).assert().success();
        let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read("hard.dqa"), read("soft.dqa"));
        let line = "verify hard.dqa --against act.npy --device sim:";
        dqa(&folder, line).assert().success();
    }
}

#[test]
fn rank_files_and_lists() {
    let folder = folder();
    fs::write(
        folder.path().join("rank.json"),
        "[9, 2, 4, 0, 1, 3, 5, 6, 7, 8]",
    )
    .unwrap();
    fs::write(folder.path().join("rank.txt"), "9 2\n4,0").unwrap();
    fs::write(folder.path().join("bad.txt"), "9 two").unwrap();
    let classes = |options: &str| -> Vec<usize> {
        dqa(&folder, &format!("compress act.npy -o r.dqa {options}"))
            .assert()
            .success();
        let report = json(&folder, "inspect r.dqa");
        let channels = report["contexts"][0]["channels"]
            .as_array()
            .unwrap()
            .clone();
        let important = channels
            .iter()
            .enumerate()
            .filter(|(_, c)| c["class"] == "important");
        important.map(|(channel, _)| channel).collect()
    };
    assert_eq!(classes("--rank rank.json --important 0.3"), [2, 4, 9]);
    assert_eq!(classes("--rank rank.txt --important 0.3"), [2, 4, 9]);
    assert_eq!(classes("--important-channels 1,7"), [1, 7]);
    assert_eq!(classes("--important 0"), [0usize; 0]);
    let options = "compress act.npy -o x.dqa --rank";
    let (code, complaint) = failure(&folder, &format!("{options} bad.txt"));
    assert!(code == 1 && complaint.contains("\"two\""), "{complaint}");
    let (code, complaint) = failure(&folder, &format!("{options} rank.txt --important 0.9"));
    assert!(code == 2 && complaint.contains("rank more"), "{complaint}");
}

#[test]
fn bad_input_gets_one_clear_line() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    write(&at("nan.npy"), &[2, 2, 2], |i| {
        if i == 5 { f32::NAN } else { 1.0 }
    });
    write(&at("inf.npy"), &[2, 2, 2], |i| {
        if i == 7 { f32::INFINITY } else { 1.0 }
    });
    write(&at("rank1.npy"), &[8], |_| 1.0);
    write(&at("rank5.npy"), &[1, 2, 1, 2, 1], |_| 1.0);
    write(&at("empty.npy"), &[2, 0, 3], |_| 1.0);
    fs::write(at("text.npy"), "no tensor").unwrap();
    fs::write(at("text.dqa"), "no container at all").unwrap();
    dqa(&folder, "compress act.npy -o good.dqa")
        .assert()
        .success();
    let good = fs::read(at("good.dqa")).unwrap();
    fs::write(at("short.dqa"), &good[..good.len() - 9]).unwrap();
    let mut flipped = good.clone();
    flipped[300] ^= 4;
    fs::write(at("flipped.dqa"), flipped).unwrap();
    fs::write(at("long.dqa"), [&good[..], b"x"].concat()).unwrap();

    for (line, code, says) in [
        ("compress nan.npy -o x.dqa", 1, "element [1, 0, 1] is NaN"),
        ("compress inf.npy -o x.dqa", 1, "element [1, 1, 1] is inf"),
        ("compress rank1.npy -o x.dqa", 1, "1 axes"),
        ("compress rank5.npy -o x.dqa", 1, "5 axes"),
        ("compress empty.npy -o x.dqa", 1, "is empty"),
        ("compress missing.npy -o x.dqa", 1, "missing.npy"),
        ("compress text.npy -o x.dqa", 1, "text.npy"),
        ("compress act.npy -o act.npy/x.dqa", 1, "act.npy"),
        (
            "compress act.npy -o x.dqa -n 2 -m 3",
            1,
            "choose m from 0 to 2",
        ),
        (
            "compress act.npy -o x.dqa -n 9 -m 0",
            1,
            "choose n from 2 to 8",
        ),
        (
            "compress act.npy -o x.dqa --lanes 3",
            1,
            "choose 1, 2, 4, 8 or 16",
        ),
        ("compress act.npy -o x.dqa --limit 3", 1, "choose 4 to 8"),
        ("compress act.npy -o x.dqa --symbols 5", 2, "--symbols 5"),
        ("compress act.npy -o x.dqa --percentile 0", 2, "99.9"),
        ("compress act.npy -o x.dqa --clip 0", 2, "positive"),
        ("compress act.npy -o x.dqa --important 1.5", 2, "ratio"),
        (
            "compress act.npy -o x.dqa --important-channels 10",
            2,
            "channels 0 to 9",
        ),
        (
            "compress act.npy -o x.dqa --scope plane --clip 1",
            2,
            "plane by plane",
        ),
        (
            "compress act.npy -o x.dqa --device warp:",
            2,
            "unknown device",
        ),
        ("compress activations -o act.npy", 1, "must be a folder"),
        ("compress act.npy", 0, ""),
        ("compress act.npy", 1, "--force"),
        ("decompress text.dqa -o x.npy", 1, "signature"),
        ("decompress short.dqa -o x.npy", 1, "truncated"),
        ("decompress flipped.dqa -o x.npy", 1, "damaged"),
        ("decompress long.dqa -o x.npy", 1, "follow the end"),
        ("decompress missing.dqa -o x.npy", 1, "missing.dqa"),
        ("decompress good.dqa -o x.txt", 1, "x.txt"),
        ("verify short.dqa", 1, "truncated"),
        ("verify good.dqa --against nan.npy", 1, "file to compare"),
        ("inspect text.dqa", 1, "signature"),
        ("inspect short.dqa", 1, "truncated"),
    ] {
        if code == 0 {
            dqa(&folder, line).assert().success();
            continue;
        }
        let (got, complaint) = failure(&folder, line);
        assert!(complaint.contains(says), "{line}: {complaint}");
        assert_eq!(got, code, "{line}: {complaint}");
    }
}

#[test]
fn a_failed_run_keeps_the_file_that_was_there() {
    let folder = folder();
    let out = folder.path().join("out.dqa");
    fs::write(&out, "precious").unwrap();
    write(&folder.path().join("nan.npy"), &[2, 2], |_| f32::NAN);
    failure(&folder, "compress nan.npy -o out.dqa");
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious");
}

#[test]
fn interrupted_work_leaves_nothing() {
    let folder = folder();
    // 4 GiB of zeros that take no room on disk.
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1024, 1024, 32, 32)}";
    let header = [
        b"\x93NUMPY\x01\x00\x76\x00",
        format!("{header:<117}\n").as_bytes(),
    ]
    .concat();
    let path = folder.path().join("large.npy");
    fs::write(&path, &header).unwrap();
    let large = fs::OpenOptions::new().write(true).open(&path).unwrap();
    large.set_len(header.len() as u64 + (4 << 30)).unwrap();
    let before = listing(folder.path());
    let mut child = dqa(&folder, "compress large.npy -o large.dqa")
        .spawn()
        .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let pid = child.id().to_string();
    Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(before, listing(folder.path()));
}

#[test]
fn memory_does_not_grow_with_the_tensor() {
    let folder = folder();
    let mut state = 1u32;
    write(&folder.path().join("large.npy"), &[512, 64, 32, 32], |_| {
        state = state.wrapping_mul(1664525).wrapping_add(1013904223);
        (state >> 8) as f32
    });
    let mut child = dqa(&folder, "compress large.npy -o large.dqa")
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let high_water = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
        let kib = high_water.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    assert!(
        (1..64 << 10).contains(&peak),
        "{peak} KiB for a tensor of 128 MiB"
    );
}

/// A simulated card that another process serves in the folder `card`; none where FUSE does not mount.
fn card(folder: &TempDir, more: &str) -> Option<Child> {
    let mut board = dqa(
        folder,
        &format!("board --core xdma --mount card --json {more}"),
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let mut lines = BufReader::new(board.stdout.take().unwrap()).lines();
    let told: String = lines.by_ref().map_while(Result::ok).take(3).collect();
    let Ok(told) = serde_json::from_str::<Value>(&told) else {
        let output = board.wait_with_output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains("fuse3"), "{complaint}");
        eprintln!("skipped: {complaint}");
        return None;
    };
    assert_eq!(told["device"], "xdma:card/xdma0");
    Some(board)
}

fn interrupt(mut board: Child) {
    let id = rustix::process::Pid::from_child(&board);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    assert!(board.wait().unwrap().success());
}

#[test]
fn what_a_killed_board_has_left_is_removed_as_told() {
    let folder = folder();
    fs::create_dir(folder.path().join("card")).unwrap();
    let Some(mut board) = card(&folder, "--backend loopback") else {
        return;
    };
    board.kill().unwrap();
    board.wait().unwrap();
    let refused = dqa(&folder, "board --core xdma --mount card").output();
    let refused = refused.unwrap();
    let unmount: &[&str] = match rustix::process::getuid().is_root() {
        true => &["umount", "card"],
        false => &["fusermount3", "-u", "card"],
    };
    let mut command = Command::new(unmount[0]);
    let unmounted = command.args(&unmount[1..]).current_dir(folder.path());
    assert!(unmounted.status().unwrap().success());
    let complaint = String::from_utf8(refused.stderr).unwrap();
    let told = complaint.contains(&unmount.join(" "));
    assert!(refused.status.code() == Some(1) && told, "{complaint}");
    interrupt(card(&folder, "--backend loopback").expect("it mounted before"));
}

/// A simulated card that another process serves; both end.
#[test]
fn a_board_is_there_until_it_is_interrupted() {
    let folder = folder();
    fs::create_dir(folder.path().join("card")).unwrap();
    let Some(board) = card(&folder, "--fault short=5") else {
        return;
    };
    let line = "compress act.npy -o hard.dqa --device xdma:card/xdma0";
    dqa(&folder, line).assert().success();
    dqa(&folder, "compress act.npy -o soft.dqa")
        .assert()
        .success();
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("hard.dqa"), read("soft.dqa"));
    let line = "verify hard.dqa --against act.npy --device xdma:card/xdma0";
    dqa(&folder, line).assert().success();
    interrupt(board);
    assert_eq!(fs::read_dir(folder.path().join("card")).unwrap().count(), 0);
    let (code, complaint) = failure(&folder, &format!("{line} --quiet"));
    assert_eq!(code, 1);
    assert!(
        complaint.contains("xdma:card/xdma0 is not there"),
        "{complaint}"
    );
}
