//! What the host side of the PCIe link costs: `cargo run --release -p dqa-tests --bin link-bench`.
//!
//! - In memory: requests are made of samples with their CRC, go through card, link, buffers
//!   and threads to a board that copies them back, and are checked as answers. The time is what all
//!   threads together work, as on one core, and the board's two copies are in it.
//! - Through files: the same against a loop that only writes and reads, on the same FUSE nodes, in turns.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use dqa_driver::card::{Card, LinkError};
use dqa_driver::simulated_card::{Core, Faults, Loopback, SimulatedCard, mount};
use dqa_driver::transport::Transport;
use dqa_driver::xdma::{Board, Files, Nodes, Registers, Stream, Tuning, XdmaLink};
use dqa_golden::context::Context;
use dqa_golden::packet::{HEADER_BYTES, Header, Operation, TRAILER_BYTES};
use dqa_golden::payload::PlaneRun;
use dqa_hdl::parameters::Parameters;
use dqa_sim::layers;

const LANES: usize = 4;
const PLANE: u32 = 1 << 12;
/// Bytes of samples in a request.
const SIZES: [usize; 3] = [1 << 15, 1 << 17, 1 << 19];
const ROUNDS: usize = 7;
/// Bytes that go through memory in a round; through files, an eighth.
const BYTES: usize = 1 << 30;
/// Of Linux: a read ends with an answer.
const O_TRUNC: i32 = 0o1000;

/// Bytes that went in and have not come out.
#[derive(Default)]
struct Pipe {
    bytes: Mutex<VecDeque<Vec<u8>>>,
    changed: Condvar,
    /// To be used again.
    free: Mutex<Vec<Vec<u8>>>,
}

/// One path of a board that copies what it gets.
#[derive(Clone, Default)]
struct Mirror {
    pipe: Arc<Pipe>,
    /// Bytes to the next header.
    left: Arc<Mutex<usize>>,
}

impl Stream for Mirror {
    /// Up to the end of a transfer.
    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.pipe.bytes.lock().unwrap();
        let waited =
            self.pipe
                .changed
                .wait_timeout_while(bytes, Duration::from_millis(100), |bytes| bytes.is_empty());
        let (mut bytes, _) = waited.unwrap();
        let transfer = bytes.pop_front().ok_or(io::ErrorKind::TimedOut)?;
        let count = transfer.len();
        into[..count].copy_from_slice(&transfer);
        self.pipe.free.lock().unwrap().push(transfer);
        Ok(count)
    }

    /// Makes the headers those of answers.
    fn write(&self, from: &[u8]) -> io::Result<usize> {
        let mut transfer = self.pipe.free.lock().unwrap().pop().unwrap_or_default();
        transfer.clear();
        transfer.extend_from_slice(from);
        let mut left = self.left.lock().unwrap();
        while let Some(head) = transfer.get_mut(*left..*left + HEADER_BYTES) {
            let head: &mut [u8; HEADER_BYTES] = head.try_into().unwrap();
            let header = Header::from_bytes(head).map_err(io::Error::other)?;
            let operation = header.operation.answer();
            *head = Header {
                operation,
                ..header
            }
            .to_bytes();
            *left += header.packet_len();
        }
        // What ends a link is no request.
        *left = left.saturating_sub(transfer.len());
        self.pipe.bytes.lock().unwrap().push_back(transfer);
        self.pipe.changed.notify_one();
        Ok(from.len())
    }
}

struct Memory;

struct Words(Loopback);

impl Registers for Words {
    fn read(&mut self, offset: u16) -> io::Result<u32> {
        self.0.read(offset).map_err(io::Error::other)
    }
    fn write(&mut self, offset: u16, word: u32) -> io::Result<()> {
        self.0.write(offset, word).map_err(io::Error::other)
    }
}

fn parameters() -> Parameters {
    Parameters {
        lanes: LANES,
        ..Parameters::default()
    }
}

impl Board for Memory {
    fn name(&self) -> &str {
        "memory"
    }

    fn open(&self) -> Result<Nodes, LinkError> {
        let (write, read) = (Mirror::default(), Mirror::default());
        let both = |mirror: Mirror| {
            let other = mirror.clone();
            (
                Arc::new(mirror) as Arc<dyn Stream>,
                Arc::new(other) as Arc<dyn Stream>,
            )
        };
        let ((to_write, from_write), (to_read, from_read)) = (both(write), both(read));
        Ok(Nodes {
            requests: [to_write, to_read],
            answers: [from_write, from_read],
            registers: Box::new(Words(Loopback::new(parameters()))),
        })
    }
}

fn context() -> Context {
    layers::length_by_sample(LANES, PLANE)
}

fn header(bytes: usize, sequence: u32) -> Header {
    Header {
        operation: Operation::Encode,
        context: 0,
        shape: context().shape(),
        run: PlaneRun {
            first_channel: 0,
            channels: 1,
            images: u16::try_from(bytes / 2 / PLANE as usize).unwrap(),
        },
        plane_len: PLANE,
        sequence,
        payload_len: 0,
    }
}

/// What this process has worked, all threads together, in the kernel's hundredths of a second.
fn worked() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    Duration::from_millis(ticks.map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum())
}

/// Sends `count` requests made of samples, each answer checked; the time it takes.
fn through(card: &mut impl Transport, samples: &[u8], header: Header, count: usize) -> Duration {
    let start = Instant::now();
    let mut asked = 0;
    for _ in 0..count {
        while asked < count && card.in_flight() < card.capabilities().window {
            card.submit(header.packet(samples)).unwrap();
            asked += 1;
        }
        let answer = card.receive().unwrap();
        assert_eq!(answer.len(), samples.len() + HEADER_BYTES + TRAILER_BYTES);
    }
    start.elapsed()
}

/// Writes and reads as many bytes, and no more.
fn plain(place: &Path, request: &[u8], count: usize) -> Duration {
    let node = |what: &str| format!("{}_{what}", place.display());
    let to = File::options().write(true).open(node("h2c_0")).unwrap();
    let from = File::options()
        .read(true)
        .custom_flags(O_TRUNC)
        .open(node("c2h_0"))
        .unwrap();
    let at_once = ((1 << 20) / request.len()).max(1);
    let many = request.repeat(at_once);
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut left = count;
            while left > 0 {
                let now = left.min(at_once);
                to.write_all_at(&many[..now * request.len()], 0).unwrap();
                left -= now;
            }
        });
        let mut buffer = vec![0; 1 << 20];
        let mut left = count * request.len();
        while left > 0 {
            left -= from.read_at(&mut buffer, 0).unwrap();
        }
    });
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

fn main() {
    let context = context();
    for size in SIZES {
        let mut card = Card::open(XdmaLink::new(Memory, Tuning::default()).unwrap()).unwrap();
        card.load_context(0, &context).unwrap();
        let samples: Vec<u8> = (0..size).map(|at| ((at * 31) >> 3) as u8).collect();
        let (header, count) = (header(size, 0), BYTES / size);
        let (mut busy, mut times) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let before = worked();
            times.push(through(&mut card, &samples, header, count));
            busy.push(worked() - before);
        }
        let rate = |time| (count * size) as f64 / time / 1e9;
        println!(
            "memory, requests of {size} bytes: {:.2} GB/s of samples in and as many back for each core that \
             works ({:.2} by the clock)",
            rate(median(busy)),
            rate(median(times))
        );
        assert_eq!(card.resets(), 0);
    }
    let core = Box::new(Loopback::new(parameters()));
    let board = SimulatedCard::new(core, Faults::new(0), Duration::from_secs(10));
    let folder = tempfile::tempdir().unwrap();
    let _session = match mount(&board, folder.path()) {
        Ok(session) => session,
        Err(error) => return println!("files: skipped, FUSE does not mount here: {error}"),
    };
    let place = folder.path().join("xdma0");
    for size in SIZES {
        let samples: Vec<u8> = (0..size).map(|at| ((at * 31) >> 3) as u8).collect();
        let (header, count) = (header(size, 0), BYTES / 8 / size);
        let (mut driver, mut loops) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let files = Files::new(&place.to_string_lossy());
            let mut card = Card::open(XdmaLink::new(files, Tuning::default()).unwrap()).unwrap();
            card.load_context(0, &context).unwrap();
            driver.push(through(&mut card, &samples, header, count));
            drop(card);
            loops.push(plain(&place, &header.packet(&samples), count));
        }
        let [driver, loops] = [driver, loops].map(median);
        let rate = |time| (count * size) as f64 / time / 1e9;
        println!(
            "files, requests of {size} bytes: driver {:.2} GB/s, loop {:.2} GB/s, {:+.1} % time",
            rate(driver),
            rate(loops),
            (driver / loops - 1.0) * 100.0
        );
    }
}
