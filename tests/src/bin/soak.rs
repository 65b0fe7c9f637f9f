//! Sends random packets through both emitted cores until enough symbols have gone through, and
//! prints a report for `docs/src/soak.md`. The first difference ends the run, with the command
//! that repeats it.

use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::Parser;
use dqa_tests::soak::{Soak, Tally};
use indicatif::{ProgressBar, ProgressStyle};

/// Random packets through both emitted cores under Verilator, against the software codec.
#[derive(Parser)]
struct Options {
    /// Symbols in all; lane counts share them in proportion to their lanes.
    #[arg(long, default_value_t = 1e8)]
    symbols: f64,
    /// Decides everything.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Round to begin with, of each lane count.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Lane counts, each in a thread of its own.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4, 8])]
    lanes: Vec<usize>,
}

/// What a lane count did: rounds, what went through, and the error that ended it.
struct Outcome {
    lanes: usize,
    rounds: u64,
    tally: Tally,
    error: Option<String>,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let bar = ProgressBar::new(options.symbols as u64);
    let style = "{elapsed_precise} {wide_bar} {human_pos} of {human_len} symbols, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).expect("a sound template"));
    println!("{:e} symbols, seed {}", options.symbols, options.seed);
    let stop = AtomicBool::new(false);
    let start = Instant::now();
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let threads: Vec<_> = options
            .lanes
            .iter()
            .map(|&lanes| {
                scope.spawn({
                    let (options, bar, stop) = (&options, &bar, &stop);
                    move || soak(options, lanes, bar, stop)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("no panic"))
            .collect()
    });
    bar.finish_and_clear();
    report(&options, &outcomes, start.elapsed().as_secs_f64());
    match outcomes.iter().any(|outcome| outcome.error.is_some()) {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// Rounds of one lane count until it has its share, or something is wrong anywhere.
fn soak(options: &Options, lanes: usize, bar: &ProgressBar, stop: &AtomicBool) -> Outcome {
    let all: usize = options.lanes.iter().sum();
    let share = (options.symbols * lanes as f64 / all as f64) as u64;
    let mut outcome = Outcome {
        lanes,
        rounds: 0,
        tally: Tally::default(),
        error: None,
    };
    let mut cores = match Soak::new(lanes) {
        Ok(cores) => cores,
        Err(error) => {
            outcome.error = Some(error.to_string());
            return outcome;
        }
    };
    while outcome.tally.symbols < share && !stop.load(Ordering::Relaxed) {
        let number = options.from + outcome.rounds;
        match cores.round(options.seed, number) {
            Ok(tally) => {
                outcome.tally += tally;
                bar.inc(tally.symbols);
            }
            Err(error) => {
                stop.store(true, Ordering::Relaxed);
                outcome.error = Some(format!(
                    "{error}\nrepeat it with --lanes {lanes} --seed {} --from {number} --symbols 1",
                    options.seed
                ));
                break;
            }
        }
        outcome.rounds += 1;
    }
    outcome
}

fn report(options: &Options, outcomes: &[Outcome], seconds: f64) {
    let seed = options.seed;
    println!(
        "| lanes | symbols | packets | refused | resets | encoder clocks | decoder clocks | rounds |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let mut all = Tally::default();
    for Outcome {
        lanes,
        rounds,
        tally,
        ..
    } in outcomes
    {
        let rounds = format!("{}..{}", options.from, options.from + rounds);
        row(&lanes.to_string(), tally, &rounds);
        all += *tally;
    }
    row("all", &all, "");
    println!();
    println!(
        "Seed {seed}, {seconds:.0} s, {:.0} symbols and {:.0} clocks a second.",
        all.symbols as f64 / seconds,
        (all.encoder_clocks + all.decoder_clocks) as f64 / seconds
    );
    println!(
        "{}; {}.",
        said("verilator", &["--version"]),
        said("rustc", &["--version"])
    );
    println!(
        "{}, {} threads; revision {}, {}.",
        machine(),
        std::thread::available_parallelism().map_or(0, usize::from),
        said("git", &["describe", "--always", "--dirty"]),
        said("date", &["-I"])
    );
    for Outcome { lanes, error, .. } in outcomes {
        match error {
            Some(error) => println!("\n{lanes} lanes: {error}"),
            None => println!("\n{lanes} lanes: no difference"),
        }
    }
}

fn row(lanes: &str, tally: &Tally, rounds: &str) {
    let Tally {
        symbols,
        packets,
        refused,
        resets,
        encoder_clocks,
        decoder_clocks,
    } = tally;
    println!(
        "| {lanes} | {symbols} | {packets} | {refused} | {resets} | {encoder_clocks} | {decoder_clocks} | {rounds} |"
    );
}

/// What a command prints, on one line.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map_or_else(
        |error| error.to_string().into_bytes(),
        |output| output.stdout,
    );
    String::from_utf8_lossy(&text).trim().to_owned()
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    model
        .map_or("unknown machine", |name| {
            name.trim_start_matches(['\t', ' ', ':'])
        })
        .to_owned()
}
