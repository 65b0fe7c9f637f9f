//! Sends packets through the driver and a verilated board over a wire with faults, holds every answer against
//! golden, and prints a report for `docs/src/soak.md`.

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use dqa_sim::account::{Account, table};
use dqa_sim::faults::Fault;
use dqa_tests::link_soak::{LinkSoak, Outcome};
use indicatif::{ProgressBar, ProgressStyle};

/// Packets over a serial port with faults: none lost, none twice, none wrong.
#[derive(Parser)]
struct Options {
    /// Packets to send.
    #[arg(long, default_value_t = 10_000)]
    packets: usize,
    /// Most samples of a packet, at least 16.
    #[arg(long, default_value_t = 24)]
    samples: usize,
    /// Part of the bytes that go wrong, each way.
    #[arg(long, default_value_t = 1e-4)]
    byte_errors: f64,
    /// Part of the bytes ahead of which the line stalls for the time of 200, each way.
    #[arg(long, default_value_t = 2e-5)]
    stalls: f64,
    /// Part of the bytes ahead of which the board is reset, each way.
    #[arg(long, default_value_t = 1e-6)]
    resets: f64,
    /// Decides packets and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let soak = LinkSoak {
        packets: options.packets,
        samples: options.samples.max(16),
        byte_errors: options.byte_errors,
        stalls: options.stalls,
        resets: options.resets,
        seed: options.seed,
    };
    let bar = ProgressBar::new(options.packets as u64);
    let style = "{elapsed_precise} {wide_bar} {human_pos} of {human_len} packets, {eta} left";
    bar.set_style(ProgressStyle::with_template(style).expect("a sound template"));
    let start = Instant::now();
    let outcome = soak.run(|| bar.inc(1));
    bar.finish_and_clear();
    match outcome {
        Ok(outcome) => {
            print!("{}", report(&soak, &outcome, start.elapsed().as_secs_f64()));
            match is_clean(&soak, &outcome) {
                true => ExitCode::SUCCESS,
                false => {
                    eprintln!("link-soak: the link did not keep its word");
                    ExitCode::FAILURE
                }
            }
        }
        Err(error) => {
            eprintln!("link-soak: {error}");
            ExitCode::FAILURE
        }
    }
}

/// All packets were answered rightly, and no damaged frame was taken for a good one.
fn is_clean(soak: &LinkSoak, outcome: &Outcome) -> bool {
    outcome.right == soak.packets && outcome.accounts.iter().all(|account| account.wrong() == 0)
}

fn report(soak: &LinkSoak, outcome: &Outcome, seconds: f64) -> String {
    let bytes = outcome.accounts.each_ref().map(Account::bytes);
    let open: u64 = outcome
        .accounts
        .iter()
        .flat_map(|account| Fault::ALL.map(|fault| account.tally(fault)))
        .map(|tally| tally.injected - tally.harmless - tally.recovered)
        .sum();
    format!(
        "{} packets, byte errors {:e}, stalls {:e}, resets {:e} of all bytes each way, seed {}\n\n\
         | packets | right | lost | duplicated | wrong | samples | bytes to the board | to the host \
         | sessions | frames sent again | timeouts | board's clocks |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|\n\
         | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n\n{}\
         \nFaults not yet recovered when the last answer had come: {open}. {seconds:.0} s.\n",
        soak.packets,
        soak.byte_errors,
        soak.stalls,
        soak.resets,
        soak.seed,
        soak.packets,
        outcome.right,
        outcome.lost,
        outcome.duplicated,
        outcome.wrong,
        outcome.samples,
        bytes[0],
        bytes[1],
        outcome.sessions,
        outcome.counts.sent_again,
        outcome.counts.timeouts,
        outcome.clocks,
        table(outcome.accounts.each_ref()),
    )
}
