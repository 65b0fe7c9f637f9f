//! What the command talks with: a simulated board in a process of its own, and ports of something else.

use std::io::{BufReader, Read, Write};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use serialport::{SerialPort, TTYPort};
use tempfile::TempDir;

use crate::command::dqa;

/// A board in a process of its own.
pub struct Board {
    child: Child,
    told: BufReader<ChildStdout>,
    /// What it has told to be its name.
    pub device: String,
}

impl Board {
    /// `dqa board --core uart` with these options, when it is there.
    pub fn new(folder: &TempDir, options: &str) -> Self {
        let line = format!("board --core uart --lanes 1 --clock 24000000 --json {options}");
        let mut child = dqa(folder, &line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let ready = next(&mut told);
        let device = ready["device"].as_str().expect("its name").to_owned();
        Self {
            child,
            told,
            device,
        }
    }

    /// Its port.
    pub fn path(&self) -> &str {
        self.device.strip_prefix("uart:").unwrap()
    }

    /// Interrupts it: what it tells at last, and on standard error.
    pub fn end(mut self) -> (Value, String) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut said = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut said).unwrap();
        (next(&mut self.told), said)
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The next value of many.
fn next(from: &mut impl Read) -> Value {
    let mut values = serde_json::Deserializer::from_reader(from).into_iter();
    values.next().expect("a value").expect("JSON")
}

/// The far end of a pseudo-terminal with something else than a board, which says this to each byte.
pub struct Other {
    /// Its port.
    pub path: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Other {
    /// One that says this to each byte that comes.
    pub fn new(says: &'static [u8]) -> Self {
        let (mut terminal, end) = TTYPort::pair().unwrap();
        terminal.set_timeout(Duration::from_millis(10)).unwrap();
        let path = end.name().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let _end = end;
            while !flag.load(Ordering::Relaxed) {
                if terminal.read(&mut [0]).is_ok() {
                    let _ = terminal.write(says);
                }
            }
        });
        Self {
            path,
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
