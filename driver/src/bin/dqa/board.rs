//! `dqa board`: a simulated board for other programs to work with.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::Duration;

use clap::ValueEnum;
use dqa_driver::observer::Observer;
use dqa_driver::simulated_card::{
    Core, Fault, Faults, Loopback, SimulatedCard, SoftwareCore, mount,
};
use dqa_golden::packet::Direction;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::paths::Paths;
use dqa_sim::Device;
use rustix::io::Errno;

use crate::console::{Console, Failure};
use crate::serial_board;

/// Simulate a board, until interrupted
///
/// The board is the emitted Verilog of dqa_core under Verilator, or on xdma the software codec, behind the
/// files that a board's driver has. Any program that knows the board works with it; with this one, give --device as printed.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// How the board is attached
    #[arg(long, value_enum)]
    core: Attachment,
    /// xdma: empty folder for the driver's files, xdma0_user and so on
    #[arg(long, value_name = "DIR", required_if_eq("core", "xdma"))]
    mount: Option<PathBuf>,
    #[command(flatten)]
    serial: serial_board::Args,
    /// Lanes of the core: 1, 2, 4 or 8
    #[arg(long, value_name = "S", default_value_t = 4)]
    lanes: usize,
    /// xdma: what answers behind the files
    #[arg(long, value_enum, default_value = "verilog", conflicts_with = "pty")]
    backend: Backend,
    /// Paths of the core: both, encode or decode
    #[arg(long, default_value_t = Paths::Both)]
    paths: Paths,
    /// xdma: have something go wrong once in N transfers: short, failed, late, reordered or stuck
    #[arg(long = "fault", value_name = "KIND=N", value_parser = fault)]
    faults: Vec<(Fault, u32)>,
    /// When and how it does
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,
}

const EXAMPLES: &str = "\
Examples:
  dqa board --core xdma --mount card
  dqa board --core xdma --mount card --backend software
  dqa board --core xdma --mount card --fault short=10 --fault failed=1000
  dqa compress act.npy -o act.dqa --device xdma:card/xdma0   (meanwhile)
  dqa board --core uart --lanes 1 --faults flip=1e-4,drop=1e-4";

/// What is behind the files.
#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    /// The emitted Verilog of dqa_core: bits and limits are the hardware's own
    Verilog,
    /// The software codec: the same answers some thousand times faster, for measuring the host
    Software,
    /// Nothing: each answer has its request's payload
    Loopback,
}

#[derive(Clone, Copy, ValueEnum)]
enum Attachment {
    /// PCIe, as files of Xilinx's driver, by FUSE
    Xdma,
    /// A serial port, as a pseudo-terminal
    Uart,
}

/// How long the driver waits for a transfer.
const TIMEOUT: Duration = Duration::from_secs(10);

fn fault(text: &str) -> Result<(Fault, u32), String> {
    let unknown =
        || format!("{text:?}: give short, failed, late, reordered or stuck, = and a number");
    let (name, rate) = text.split_once('=').ok_or_else(unknown)?;
    let fault = match name {
        "short" => Fault::Short,
        "failed" => Fault::Failed,
        "late" => Fault::Late,
        "reordered" => Fault::Reordered,
        "stuck" => Fault::Stuck,
        _ => return Err(unknown()),
    };
    Ok((fault, rate.parse().map_err(|_| unknown())?))
}

#[derive(serde::Serialize)]
struct Report {
    device: String,
}

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let parameters = Parameters {
        lanes: args.lanes,
        paths: args.paths,
        scan: args.paths.has(Direction::Write),
        ..Parameters::default()
    };
    parameters.check().map_err(Failure::usage)?;
    let mount_at = match (args.core, &args.mount) {
        (Attachment::Xdma, Some(folder)) => folder,
        (Attachment::Xdma, None) => return Err(Failure::usage("--core xdma: give --mount DIR")),
        (Attachment::Uart, _) => {
            return serial_board::run(&args.serial, &parameters, args.seed, console);
        }
    };
    let core: Box<dyn Core> = match args.backend {
        Backend::Verilog => {
            console.note("building the model of the core, half a minute where it is new");
            Box::new(Device::new(parameters, args.seed).map_err(Failure::new)?)
        }
        Backend::Software => Box::new(SoftwareCore::new(parameters).map_err(Failure::usage)?),
        Backend::Loopback => Box::new(Loopback::new(parameters)),
    };
    let faults = args
        .faults
        .iter()
        .fold(Faults::new(args.seed), |faults, &(fault, rate)| {
            faults.with(fault, rate)
        });
    let card = SimulatedCard::new(core, faults, TIMEOUT);
    let folder = mount_at.display();
    let session = mount(&card, mount_at).map_err(|error| {
        let remedy = match Errno::from_io_error(&error) {
            Some(Errno::NOTCONN) => format!(
                "a board that was killed has left its files here: umount {folder} removes them, without \
                 being root fusermount3 -u {folder}"
            ),
            _ => "give an empty folder; FUSE needs /dev/fuse, and without being root fusermount3 (apt-get \
                  install fuse3)"
                .to_owned(),
        };
        Failure::new(format!("{folder}: cannot mount here: {error}; {remedy}"))
    })?;
    let device = format!("xdma:{folder}/xdma0");
    let text = format!("{device} is there until Ctrl-C; fusermount3 -u {folder} removes it too");
    console.result(&text, &Report { device })?;
    // A session that somebody else has unmounted has ended.
    while console.advance(0) && !session.guard.is_finished() {
        sleep(Duration::from_millis(50));
    }
    card.set_unplugged(true);
    session
        .umount_and_join()
        .map_err(|error| Failure::new(format!("{folder}: cannot unmount: {error}")))
}
