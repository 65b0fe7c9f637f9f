//! Real tensors through the PCIe link, the driver's nodes as files, and the verilated core: every answer
//! is golden's, and the container is the software codec's, byte for byte; and that of a serial line.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use dqa_driver::card::Card;
use dqa_driver::compress::compress;
use dqa_driver::decompress::Decompressor;
use dqa_driver::device;
use dqa_driver::plan::Plan;
use dqa_driver::settings::{RangeOf, Settings};
use dqa_driver::simulated_card::{Fault, Faults, SimulatedCard, mount};
use dqa_driver::source::TensorSlice;
use dqa_driver::transport::{Capabilities, Transport, TransportError};
use dqa_driver::uart::{BAUD, PortName, SerialLink, Timing};
use dqa_driver::verify::verify;
use dqa_golden::context::Context;
use dqa_golden::packet::{PacketError, answer, plain};
use dqa_hdl::link::uart_core::Speed;
use dqa_hdl::parameters::Parameters;
use dqa_sim::Device;
use dqa_sim::uart_board::UartBoard;
use dqa_tests::activations::read_npy;
use dqa_tests::serial_board::with_serial_board;
use fuser::BackgroundSession;
use tempfile::TempDir;

/// A device whose answers are compared with golden's.
struct Compared {
    device: Box<dyn Transport>,
    contexts: Vec<Option<Context>>,
    expected: VecDeque<Result<Vec<u8>, PacketError>>,
    answers: usize,
}

impl Transport for Compared {
    fn capabilities(&self) -> &Capabilities {
        self.device.capabilities()
    }

    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError> {
        self.contexts[usize::from(id)] = Some(context.clone());
        self.device.load_context(id, context)
    }

    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError> {
        let expected = answer(&self.contexts, &request);
        self.device.submit(request)?;
        self.expected.push_back(expected);
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let got = self.device.receive()?;
        let expected = self.expected.pop_front().expect("a request");
        assert!(plain(got.clone()) == expected, "answer {}", self.answers);
        self.answers += 1;
        Ok(got)
    }

    fn in_flight(&self) -> usize {
        self.device.in_flight()
    }
}

fn tensors() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/activations");
    let files = std::fs::read_dir(folder).expect("the tensors are there");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

/// A card's nodes as files, and their device; nothing where FUSE does not mount.
fn mounted(parameters: Parameters, faults: Faults) -> Option<(TempDir, BackgroundSession, String)> {
    let core = Device::new(parameters, 1).expect("the core is built");
    let card = SimulatedCard::new(Box::new(core), faults, Duration::from_secs(10));
    let folder = tempfile::tempdir().expect("a folder");
    match mount(&card, folder.path()) {
        Ok(session) => {
            let name = format!("xdma:{}/xdma0", folder.path().display());
            Some((folder, session, name))
        }
        Err(error) => {
            eprintln!("skipped: FUSE does not mount here ({error}): apt-get install fuse3");
            None
        }
    }
}

fn settings(lanes: u8) -> Settings {
    Settings {
        bits: 3,
        extra: 1,
        lanes,
        range: RangeOf::Percentile(99.9),
        packet_samples: 1 << 14,
        ..Settings::default()
    }
}

/// The container of a tensor that this device makes.
fn container(source: &TensorSlice, plan: &Plan, device: &mut dyn Transport) -> Vec<u8> {
    let mut container = Vec::new();
    compress(source, &plan.encoding, device, &mut container, &()).expect("compressed");
    container
}

/// Some tensors there and back through a card with these faults.
fn there_and_back(lanes: u8, files: &[PathBuf], faults: Faults) {
    let parameters = Parameters {
        lanes: lanes.into(),
        ..Parameters::default()
    };
    let Some((_folder, _session, name)) = mounted(parameters, faults) else {
        return;
    };
    let mut compared = Compared {
        device: device::open(&name).expect("the card opens"),
        contexts: vec![None; 256],
        expected: VecDeque::new(),
        answers: 0,
    };
    for file in files {
        let (shape, values) = read_npy(file).expect("a tensor");
        let source = TensorSlice::new(&shape, &values).expect("as many as its shape says");
        let plan = Plan::new(&source, &settings(lanes), &()).expect("it can be planned");
        let start = Instant::now();
        let hardware = container(&source, &plan, &mut compared);
        let mut codec = device::open("software:2").expect("it is always there");
        let software = container(&source, &plan, &mut *codec);
        assert!(hardware == software, "{} differs", file.display());
        let mut container = Decompressor::new(&hardware[..]).expect("a container");
        verify(&mut container, Some(&source), &mut compared, &()).expect("it comes back");
        println!(
            "{}: {} values, {} answers so far, {:.1?}",
            file.display(),
            values.len(),
            compared.answers,
            start.elapsed()
        );
    }
}

#[test]
fn all_tensors_through_four_lanes() {
    there_and_back(4, &tensors(), Faults::new(0));
}

#[test]
fn a_tensor_through_eight_lanes_and_faults() {
    let faults = Faults::new(5)
        .with(Fault::Short, 10)
        .with(Fault::Failed, 20)
        .with(Fault::Late, 10)
        .with(Fault::Reordered, 10);
    there_and_back(8, &tensors()[4..], faults);
}

/// The first image of real tensors over PCIe, over a serial line and through the software codec: the same
/// bytes there, the same values back.
#[test]
fn three_ways_give_the_same_bytes() {
    let parameters = Parameters {
        lanes: 1,
        channels: 64,
        ..Parameters::default()
    };
    let Some((_folder, _session, card)) = mounted(parameters, Faults::new(0)) else {
        return;
    };
    let speed = Speed {
        clock_hz: 24_000_000,
        baud: BAUD,
    };
    let board = UartBoard::new(&parameters, speed, 1, None).expect("the board is built");
    with_serial_board(board, |line| {
        // A simulated board on a busy machine is slow.
        let patience = Timing::within(Duration::from_secs(100));
        let port = PortName::parse(line).expect("a port");
        let link = SerialLink::open(&port, patience).expect("the board answers");
        let mut devices = [
            device::open(&card).expect("the card opens"),
            Box::new(Card::open(link).expect("it is a core")),
            device::open("software:1").expect("it is always there"),
        ];
        for file in &tensors()[5..] {
            let (mut shape, mut values) = read_npy(file).expect("a tensor");
            values.truncate(values.len() / usize::try_from(shape[0]).expect("few images"));
            shape[0] = 1;
            let source = TensorSlice::new(&shape, &values).expect("as many as its shape says");
            let settings = Settings {
                packet_samples: 1 << 10,
                ..settings(1)
            };
            let plan = Plan::new(&source, &settings, &()).expect("it can be planned");
            let made = devices
                .each_mut()
                .map(|device| container(&source, &plan, &mut **device));
            assert!(
                made[0] == made[1] && made[1] == made[2],
                "{}",
                file.display()
            );
            for device in &mut devices {
                let mut container = Decompressor::new(&made[0][..]).expect("a container");
                verify(&mut container, Some(&source), &mut **device, &()).expect("it comes back");
            }
        }
    });
}
