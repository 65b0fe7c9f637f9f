//! The `dqa` command with a board on a serial port: `dqa board --core uart` in a process of its own.

mod board;
#[path = "../common/command.rs"]
mod command;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use assert_cmd::prelude::*;
use board::{Board, Other};
use command::{dqa, failure, json};
use dqa_driver::tensor::{TensorSpec, TensorWriter};
use dqa_golden::tensor::DType;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use serialport::{SerialPort, TTYPort};
use tempfile::TempDir;

/// A folder with `act.npy`, small, and `long.npy`, which takes a simulated board minutes.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, shape: [u64; 3]| {
        let spec = TensorSpec {
            name: "act".into(),
            dtype: DType::F32,
            shape: shape.to_vec(),
        };
        let values: Vec<f32> = (0..shape.iter().product())
            .map(|i: u64| ((i * 37) % 101) as f32)
            .collect();
        let mut writer = TensorWriter::create(&folder.path().join(name), &[spec]).unwrap();
        writer.write(0, 0, &values).unwrap();
        writer.finish().unwrap();
    };
    write("act.npy", [10, 7, 9]);
    write("long.npy", [64, 128, 128]);
    folder
}

/// The line's container is the software codec's.
fn same_bytes(folder: &TempDir, device: &str) {
    let line = "compress act.npy --lanes 1 --packet-samples 200 --force -o";
    dqa(folder, &format!("{line} hard.dqa --device {device}"))
        .assert()
        .success();
    dqa(folder, &format!("{line} soft.dqa")).assert().success();
    let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
    assert_eq!(read("hard.dqa"), read("soft.dqa"));
}

/// Runs a line that must fail within this time.
fn fails_within(folder: &TempDir, line: &str, most: Duration) -> String {
    let start = Instant::now();
    let (code, complaint) = failure(folder, line);
    assert_eq!(code, 1, "{line}: {complaint}");
    assert!(start.elapsed() < most, "{line}: {:?}", start.elapsed());
    complaint
}

#[test]
fn all_commands_with_a_board() {
    let folder = folder();
    let board = Board::new(&folder, "");
    let device = board.device.clone();
    let rows = json(&folder, &format!("devices {device}"));
    let told = rows[0]["board"].as_str().expect("a board");
    assert!(told.contains("1 lane") && told.contains(&device), "{told}");
    let tested = json(&folder, &format!("selftest --rounds 1 --device {device}"));
    assert!(tested["packets"].as_u64().unwrap() > 4);
    same_bytes(&folder, &device);
    let line = format!("decompress hard.dqa -o back.npy --device {device}");
    dqa(&folder, &line).assert().success();
    let line = format!("verify hard.dqa --against act.npy --device {device}");
    dqa(&folder, &line).assert().success();
    let line = "stats act.npy --lanes 1 --device";
    let soft = json(&folder, &format!("{line} software:"));
    assert_eq!(json(&folder, &format!("{line} {device}")), soft);
    let line = format!("bench act.npy --lanes 1 --seconds 0 --device {device}");
    let bench = json(&folder, &line);
    assert_eq!(
        (&bench["elements"], &bench["rounds"]),
        (&630.into(), &1.into())
    );
    let (ended, said) = board.end();
    assert!(ended["clocks"].as_u64().unwrap() > 100_000);
    assert!(said.contains("a minute the first time"), "{said}");
}

#[test]
fn faults_are_told_and_change_nothing() {
    let folder = folder();
    let board = Board::new(&folder, "--faults flip=3e-4,drop=3e-4,break=3e-4 --seed 3");
    let line = format!("selftest --rounds 1 --seed 2 --device {}", board.device);
    dqa(&folder, &line).assert().success();
    let (ended, _) = board.end();
    for direction in ["to_board", "to_host"] {
        let line = &ended[direction];
        let sum = |what: &str| {
            let faults = line["faults"].as_object().unwrap().values();
            faults
                .map(|fault| fault[what].as_u64().unwrap())
                .sum::<u64>()
        };
        assert!(sum("detected") > 0 && sum("recovered") > 0, "{line}");
        assert_eq!(line["wrong_frames"], 0);
    }
}

/// FST: a header block, kind 0, of 329 bytes from its length on, then the first and the last time, big endian.
#[test]
fn a_waveform_tells_of_the_session() {
    let folder = folder();
    let board = Board::new(&folder, "--paths encode --trace waves");
    same_bytes(&folder, &board.device);
    board.end();
    let mut waves = fs::read_dir(folder.path().join("waves")).unwrap();
    let wave = fs::read(waves.next().expect("a file").unwrap().path()).unwrap();
    let number = |at: usize| u64::from_be_bytes(wave[at..at + 8].try_into().unwrap());
    assert_eq!((wave[0], number(1)), (0, 329));
    let (first, last) = (number(9), number(17));
    assert!(last - first > 100_000, "{first} to {last}");
    assert!(waves.next().is_none(), "one board");
}

/// Programs that are interrupted or killed in the middle of a transfer leave a board that works.
#[test]
fn who_ends_in_a_transfer_leaves_the_board_usable() {
    let folder = folder();
    let board = Board::new(&folder, "");
    let device = board.device.clone();
    for (signal, code) in [(Signal::INT, Some(130)), (Signal::KILL, None)] {
        let line = format!("compress long.npy --lanes 1 -o long.dqa --device {device}");
        let mut child = dqa(&folder, &line).spawn().unwrap();
        sleep(Duration::from_secs(2));
        assert!(child.try_wait().unwrap().is_none(), "it is at work");
        let start = Instant::now();
        kill_process(Pid::from_child(&child), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), code);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(3), "{signal:?}: {took:?}");
        assert!(!folder.path().join("long.dqa").exists());
        same_bytes(&folder, &device);
    }
}

#[test]
fn the_command_tells_why_it_has_no_board() {
    let folder = folder();
    let board = Board::new(&folder, "");
    let (device, path) = (board.device.clone(), board.path().to_owned());
    let at = |complaint: &str, says: &str| assert!(complaint.contains(says), "{complaint}");

    // Two programs at once: while this one has the port, the other waits half a second for it.
    let port = serialport::new(&path, 3_000_000).open().unwrap();
    let line = format!("selftest --device {device}");
    let complaint = fails_within(&folder, &line, Duration::from_secs(2));
    at(&complaint, "in use by another program: end that first");
    drop(port);

    // Another rate: 6.35 s, and 2 s to look for the right one.
    let wrong = format!("{device}@1000000");
    let line = format!("selftest --device {wrong}");
    let complaint = fails_within(&folder, &line, Duration::from_secs(10));
    at(&complaint, &format!("another baud rate: give {device}\n"));
    let rows = json(&folder, &format!("devices {wrong}"));
    at(rows[0]["problem"].as_str().unwrap(), "another baud rate");
    same_bytes(&folder, &device);

    // Not permitted, which is not absent.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let rows = as_nobody(&folder, &["devices", &path, "/dev/ttyNone", "--json"]);
    let problem = |at: usize| rows[at]["problem"].as_str().unwrap();
    at(problem(0), "may not be opened: join the group");
    at(problem(1), "is not there: plug the board in");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();

    // Unplugged in the middle of a transfer.
    let line = format!("compress long.npy --lanes 1 -o long.dqa --device {device}");
    let child = dqa(&folder, &line).stderr(Stdio::piped()).spawn().unwrap();
    sleep(Duration::from_secs(2));
    drop(board);
    let start = Instant::now();
    let output = child.wait_with_output().unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    at(&complaint, "has gone: plug the board in again");
    assert!(!folder.path().join("long.dqa").exists());
}

/// What a line prints as JSON for a user who may little: root may open any port.
fn as_nobody(folder: &TempDir, arguments: &[&str]) -> Value {
    let open_to_all = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder, open_to_all).unwrap();
    let copy = folder.path().join("dqa-of-all");
    fs::copy(cargo_bin!("dqa"), &copy).unwrap();
    let mut command = Command::new(copy);
    command.args(arguments).current_dir("/");
    if rustix::process::getuid().is_root() {
        command.uid(65534).gid(65534);
    }
    serde_json::from_slice(&command.unwrap().stdout).unwrap()
}

#[test]
fn ports_of_something_else_are_told_in_time() {
    let folder = folder();
    let (silent, chatty) = (Other::new(b""), Other::new(b"login: "));
    let is_this = "is this the board's port, is the board powered and its bitstream loaded";
    let none = "bytes come, but none that make sense: give the baud rate that the bitstream was built for; or";
    std::thread::scope(|scope| {
        for (other, says) in [(&silent, is_this), (&chatty, none)] {
            let folder = &folder;
            scope.spawn(move || {
                let line = format!("selftest --device {}", other.path);
                let complaint = fails_within(folder, &line, Duration::from_secs(10));
                assert!(complaint.contains(says), "{complaint}");
            });
        }
    });
    let start = Instant::now();
    let rows = json(&folder, &format!("devices {} {}", silent.path, chatty.path));
    assert!(start.elapsed() < Duration::from_secs(10));
    let problem = |at: usize| rows[at]["problem"].as_str().unwrap();
    assert!(
        problem(0).contains(is_this) && problem(1).contains(none),
        "{rows}"
    );
}

/// On a terminal there is a bar with the rate and the time that is left.
#[test]
fn progress_has_a_rate_and_the_time_left() {
    let folder = folder();
    let board = Board::new(&folder, "");
    let (mut terminal, end) = TTYPort::pair().unwrap();
    terminal.set_timeout(Duration::from_secs(1)).unwrap();
    let errors = File::options()
        .write(true)
        .open(end.name().unwrap())
        .unwrap();
    let line = format!(
        "compress long.npy --lanes 1 -o long.dqa --device {}",
        board.device
    );
    let mut child = dqa(&folder, &line)
        .env("TERM", "xterm")
        .stderr(errors)
        .spawn()
        .unwrap();
    let (start, mut said) = (Instant::now(), String::new());
    while !(said.contains("/s, ") && said.contains(" left")) {
        assert!(start.elapsed() < Duration::from_secs(20), "{said:?}");
        let mut bytes = [0; 500];
        let count = terminal.read(&mut bytes).unwrap_or(0);
        said += &String::from_utf8_lossy(&bytes[..count]);
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
}
