//! `dqa devices`: which boards are there?

use std::fmt::Write as _;
use std::time::Duration;

use dqa_driver::uart::{PortName, ports, probe};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::paths::Paths;

use crate::console::{Console, Failure};

/// List serial ports, and the boards on them
///
/// A port is asked only where it is named, or with --probe: an open port may disturb what else is
/// plugged in.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Ports to ask, with @ and the baud rate where it is not 3000000
    ports: Vec<String>,
    /// Ask all ports that there are
    #[arg(long)]
    probe: bool,
}

const EXAMPLES: &str = "\
Examples:
  dqa devices
  dqa devices /dev/ttyUSB1
  dqa devices --probe";

/// How long a port may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(serde::Serialize)]
struct Row {
    port: String,
    plugged_in: Option<String>,
    board: Option<String>,
    problem: Option<String>,
}

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let found = ports().map_err(Failure::new)?;
    let asked: Vec<_> = args.ports.iter().map(|port| (port.clone(), None)).collect();
    let there = found.into_iter().map(|port| (port.path, port.device));
    let ports = match asked.is_empty() {
        true => there.collect(),
        false => asked,
    };
    let asks = args.probe || !args.ports.is_empty();
    let mut rows = Vec::new();
    for (port, plugged_in) in ports {
        let answer = asks.then(|| board(&port));
        let (board, problem) = match answer {
            None => (None, None),
            Some(Ok(board)) => (Some(board), None),
            Some(Err(problem)) => (None, Some(problem)),
        };
        rows.push(Row {
            port,
            plugged_in,
            board,
            problem,
        });
    }
    let mut text = String::new();
    for row in &rows {
        let plugged_in = row.plugged_in.as_deref().unwrap_or("");
        let state = match (&row.board, &row.problem) {
            (Some(board), _) => board,
            (None, Some(problem)) => problem,
            (None, None) => "not asked: dqa devices --probe",
        };
        let _ = writeln!(text, "{:16} {plugged_in:24} {state}", row.port);
    }
    if rows.is_empty() {
        text =
            "no serial port is there: plug a board in, or simulate one with dqa board --core uart"
                .into();
    }
    console.result(&text, &rows)
}

fn board(port: &str) -> Result<String, String> {
    let port = PortName::parse(port.strip_prefix("uart:").unwrap_or(port));
    let port = port.map_err(|error| error.to_string())?;
    let card = probe(&port, PATIENCE).map_err(|error| error.to_string())?;
    let core = card.identification();
    let [major, minor, patch] = core.version;
    let Parameters {
        lanes,
        channels,
        paths,
        ..
    } = core.parameters;
    let only = match paths {
        Paths::Both => "",
        Paths::Encode => ", only encodes",
        Paths::Decode => ", only decodes",
    };
    let plural = if lanes == 1 { "" } else { "s" };
    Ok(format!(
        "dqa_core {major}.{minor}.{patch}, {lanes} lane{plural}, {channels} channels{only}: --device {port}"
    ))
}
