//! What the host side of the PCIe link costs, as tables for `docs/src/pcie.md`.
//!
//! - In memory, on one core: requests are made of samples, go through card, link, buffers and threads to a
//!   card that copies, and come back as answers that are checked. Beside it, the same transfers without
//!   the driver, and a copy of the samples.
//! - In memory: answers as a core gives them, in blocks, against plain ones as the copying card does.
//! - Through files: the driver against a loop like two `dd` that does the driver's transfers over again on
//!   the same FUSE nodes, in turns.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use dqa_driver::card::Card;
use dqa_driver::simulated_card::{Faults, Loopback, SimulatedCard, mount};
use dqa_driver::transport::Transport;
use dqa_driver::xdma::{Board, Files, Nodes, Tuning, XdmaLink};
use dqa_golden::context::Context;
use dqa_golden::packet::{HEADER_BYTES, Header, Operation, Packet, TRAILER_BYTES, checked};
use dqa_golden::payload::PlaneRun;
use dqa_hdl::parameters::Parameters;
use dqa_sim::layers;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// Measure what the host side of the PCIe link costs
#[derive(Parser)]
struct Args {
    /// Times that each figure is measured; the median is printed
    #[arg(long, default_value_t = 9)]
    rounds: usize,
    /// What to measure; both if not given
    #[arg(long, value_enum)]
    only: Option<Part>,
    /// MiB of samples that go through memory each time; through files an eighth
    #[arg(long, default_value_t = 1024)]
    mib: usize,
    /// Requests in flight, at least; one in memory and four through files if not given
    #[arg(long)]
    in_flight: Option<usize>,
    /// Fail where requests as large as `dqa compress` makes them miss a goal: 5 GB/s in memory, 10 % over the loop
    #[arg(long)]
    goals: bool,
}

impl Args {
    /// An error where this is asked for, of this size, and missed.
    fn goal(&self, size: usize, met: bool, what: &str) -> Result<()> {
        match self.goals && size == COMMAND && !met {
            true => Err(format!("{} KiB a request: {what}", size >> 10).into()),
            false => Ok(()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    Memory,
    Files,
}

const LANES: usize = 4;
const PLANE: u32 = 1 << 12;
/// Bytes of samples in a request.
const SIZES: [usize; 5] = [1 << 15, 1 << 16, 1 << 17, 1 << 18, 1 << 19];
/// Those of `dqa compress`: 2^18 samples.
const COMMAND: usize = 1 << 19;
/// Bytes of samples in flight, but for so many requests at least.
const IN_FLIGHT: usize = 1 << 18;
/// On one core: nothing goes on beside a request there, so that another one takes room in the cache alone.
const ONE_CORE: usize = 1;
/// Through files: one each way, one in hand, and one that waits for its turn.
const SIDE_BY_SIDE: usize = 4;

/// Where a packet has its operation: 0 in an answer to what is no request.
const OPERATION: usize = 5;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Processor time of all threads, and time.
#[derive(Clone, Copy)]
struct Cost {
    work: Duration,
    time: Duration,
}

impl Cost {
    fn of<T>(run: impl FnOnce() -> Result<T>) -> Result<Self> {
        let worked = || clock_gettime(ClockId::ProcessCPUTime).try_into();
        let (before, start): (Duration, _) = (worked()?, Instant::now());
        run()?;
        let time = start.elapsed();
        let after: Duration = worked()?;
        let work = after - before;
        Ok(Self { work, time })
    }

    fn median(costs: &[Self]) -> Self {
        let median = |what: fn(&Self) -> Duration| {
            let mut all: Vec<_> = costs.iter().map(what).collect();
            all.sort_unstable();
            all[all.len() / 2]
        };
        Self {
            work: median(|cost| cost.work),
            time: median(|cost| cost.time),
        }
    }
}

/// So many bytes in this time, in GB/s.
fn rate(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / time.as_secs_f64() / 1e9
}

/// A card that copies.
fn copying() -> SimulatedCard {
    let parameters = Parameters {
        lanes: LANES,
        ..Parameters::default()
    };
    let core = Box::new(Loopback::new(parameters));
    SimulatedCard::new(core, Faults::new(0), Duration::from_secs(10))
}

fn context() -> Context {
    layers::length_by_sample(LANES, PLANE)
}

fn header(bytes: usize) -> Result<Header> {
    Ok(Header {
        operation: Operation::Encode,
        context: 0,
        shape: context().shape(),
        run: PlaneRun {
            first_channel: 0,
            channels: 1,
            images: u16::try_from(bytes / 2 / PLANE as usize)?,
        },
        plane_len: PLANE,
        sequence: 0,
        payload_len: 0,
    })
}

fn samples(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| ((at * 31) >> 3) as u8).collect()
}

/// Sends `count` requests made of samples where they stand, as an application leaves them that makes them
/// in the buffer of a request, and takes their answers. These have the samples again: they are the next
/// requests'.
fn through<B: Board>(
    card: &mut Card<XdmaLink<B>>,
    samples: &[u8],
    least: usize,
    count: usize,
) -> Result<()> {
    let header = header(samples.len())?;
    let depth = (IN_FLIGHT / samples.len())
        .max(least)
        .min(card.capabilities().window);
    let mut made = vec![[&[0; HEADER_BYTES], samples].concat(); depth];
    let (mut asked, mut answered) = (0, 0);
    while answered < count {
        while asked < count
            && let Some(mut request) = made.pop()
        {
            header.complete(&mut request);
            card.submit(request)?;
            asked += 1;
        }
        let mut answer = card.receive()?;
        answered += 1;
        if answer.len() != samples.len() + HEADER_BYTES + TRAILER_BYTES {
            return Err("an answer of another length".into());
        }
        answer.truncate(HEADER_BYTES + samples.len());
        made.push(answer);
    }
    let right = made.iter().all(|answer| answer[HEADER_BYTES..] == *samples);
    match right && card.resets() == 0 {
        true => Ok(()),
        false => Err("the answers are not right".into()),
    }
}

/// Writes the requests in transfers of these lengths, each copied from where they are, and reads their
/// answers, each copied to where it belongs: two programs `dd` at once.
fn dd(nodes: &Nodes, request: &[u8], transfers: &[usize]) -> Result<()> {
    let buffer = Tuning::default().buffer;
    let total: usize = transfers.iter().sum();
    let (to, from) = (&*nodes.requests[0], &*nodes.answers[0]);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| -> std::io::Result<()> {
            let (mut block, mut at) = (Vec::with_capacity(buffer), 0);
            for &transfer in transfers {
                block.clear();
                while block.len() < transfer {
                    let count = (transfer - block.len()).min(request.len() - at);
                    block.extend_from_slice(&request[at..at + count]);
                    at = (at + count) % request.len();
                }
                let mut left = &block[..];
                while !left.is_empty() {
                    left = &left[to.write(left)?..];
                }
            }
            Ok(())
        });
        let (mut block, mut whole) = (Vec::with_capacity(buffer), vec![0; request.len()]);
        let (mut left, mut at) = (total, 0);
        while left > 0 {
            block.clear();
            let count = from.read(&mut block)?;
            // What the driver before asked for to end its link is no answer to these.
            if at == 0 && block[OPERATION] == 0 {
                continue;
            }
            whole[at..at + count].copy_from_slice(&block);
            at = (at + count) % whole.len();
            left -= count;
        }
        black_box(whole);
        writer.join().map_err(|_| "the writer panicked")??;
        Ok(())
    })
}

/// The driver, the loop of its transfers, and a copy of the samples; in turns.
struct Figures {
    driver: Cost,
    dd: Cost,
    copy: Cost,
    /// Mean bytes of a transfer to the card.
    transfer: usize,
}

fn compare<B: Board + Clone>(
    board: &B,
    simulated: &SimulatedCard,
    args: &Args,
    least: usize,
    (size, count): (usize, usize),
) -> Result<Figures> {
    let least = args.in_flight.unwrap_or(least).max(1);
    let samples = samples(size);
    let request = header(size)?.packet(&samples);
    let (mut driver, mut loops, mut copies) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = (0, 0);
    let mut to = samples.clone();
    for _ in 0..args.rounds {
        let link = XdmaLink::new(board.clone(), Tuning::default())?;
        let mut card = Card::open(link)?;
        card.load_context(0, &context())?;
        through(&mut card, &samples, least, 4)?;
        simulated.record();
        driver.push(Cost::of(|| through(&mut card, &samples, least, count))?);
        let done = simulated.record();
        drop(card);
        seen = (seen.0 + done.iter().sum::<usize>(), seen.1 + done.len());
        let nodes = board.open()?;
        loops.push(Cost::of(|| dd(&nodes, &request, &done))?);
        copies.push(Cost::of(|| {
            for _ in 0..count {
                to.copy_from_slice(black_box(&samples));
                black_box(&mut to);
            }
            Ok(())
        })?);
    }
    Ok(Figures {
        driver: Cost::median(&driver),
        dd: Cost::median(&loops),
        copy: Cost::median(&copies),
        transfer: seen.0 / seen.1.max(1),
    })
}

fn in_memory(args: &Args) -> Result<()> {
    let all = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set(
        (0..CpuSet::MAX_CPU)
            .find(|&cpu| all.is_set(cpu))
            .unwrap_or(0),
    );
    sched_setaffinity(None, &one)?;
    println!("| KiB a request | GB/s | of memcpy | without the driver, GB/s | KiB a transfer |");
    println!("|---|---|---|---|---|");
    for size in SIZES {
        let (card, count) = (copying(), (args.mib << 20) / size);
        let Figures {
            driver,
            dd,
            copy,
            transfer,
        } = compare(&card, &card, args, ONE_CORE, (size, count))?;
        let bytes = count * size;
        println!(
            "| {} | {:.2} | {:.2} | {:.2} | {} |",
            size >> 10,
            rate(bytes, driver.work),
            copy.work.as_secs_f64() / driver.work.as_secs_f64(),
            rate(bytes, dd.work),
            transfer >> 10,
        );
        let met = rate(bytes, driver.work) >= 5.0;
        args.goal(size, met, "less than 5 GB/s in memory")?;
    }
    println!();
    println!("| KiB an answer | checked, plain, GB/s | checked, in blocks, GB/s |");
    println!("|---|---|---|");
    for size in SIZES {
        let count = (args.mib << 20) / 8 / size;
        let plain = header(size)?.packet(&samples(size));
        let blocks = Packet::parse(&plain)?.stream();
        let rate = |answer: &[u8]| -> Result<f64> {
            let costs: Result<Vec<_>> = (0..args.rounds).map(|_| check(answer, count)).collect();
            Ok(rate(count * size, Cost::median(&costs?).work))
        };
        println!(
            "| {} | {:.1} | {:.1} |",
            size >> 10,
            rate(&plain)?,
            rate(&blocks)?
        );
    }
    Ok(sched_setaffinity(None, &all)?)
}

/// What the driver does to an answer that was read: plain, where it is, and checked. In a cache, as those are.
fn check(answer: &[u8], count: usize) -> Result<Cost> {
    let mut work = Duration::ZERO;
    for _ in 0..count {
        let read = answer.to_vec();
        let plain = || {
            black_box(checked(read)?);
            Ok(())
        };
        work += Cost::of(plain)?.work;
    }
    Ok(Cost { work, time: work })
}

fn through_files(args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let card = copying();
    let _session = match mount(&card, folder.path()) {
        Ok(session) => session,
        Err(error) => {
            println!("Through files: skipped, FUSE does not mount here: {error}");
            return Ok(());
        }
    };
    let files = Files::new(&folder.path().join("xdma0").to_string_lossy());
    println!(
        "| KiB a request | KiB a transfer | driver, GB/s | loop, GB/s | time | processor time |"
    );
    println!("|---|---|---|---|---|---|");
    for size in SIZES {
        let count = (args.mib << 20) / 8 / size;
        let figures = compare(&files, &card, args, SIDE_BY_SIDE, (size, count))?;
        let Figures { driver, dd, .. } = figures;
        let more = |what: fn(&Cost) -> Duration| {
            (what(&driver).as_secs_f64() / what(&dd).as_secs_f64() - 1.0) * 100.0
        };
        println!(
            "| {} | {} | {:.2} | {:.2} | {:+.1} % | {:+.1} % |",
            size >> 10,
            figures.transfer >> 10,
            rate(count * size, driver.time),
            rate(count * size, dd.time),
            more(|cost| cost.time),
            more(|cost| cost.work),
        );
        let met = more(|cost| cost.time) < 10.0;
        args.goal(size, met, "10 % or more over the loop")?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let args = Args::parse();
    if args.only != Some(Part::Files) {
        in_memory(&args)?;
        println!();
    }
    if args.only != Some(Part::Memory) {
        through_files(&args)?;
    }
    Ok(())
}
