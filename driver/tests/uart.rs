//! The driver with a board on a serial port: the verilated `dqa_uart` behind a pseudo-terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use dqa_driver::compress::compress;
use dqa_driver::decompress::Decompressor;
use dqa_driver::device;
use dqa_driver::plan::Plan;
use dqa_driver::settings::{RangeOf, Settings};
use dqa_driver::source::TensorSource;
use dqa_driver::tensor::{self, TensorReader};
use dqa_driver::transport::Transport;
use dqa_driver::uart::pty::PtyBoard;
use dqa_driver::uart::{self, PortName, SerialLink};
use dqa_driver::verify::verify;
use dqa_hdl::link::uart_core::Speed;
use dqa_hdl::parameters::Parameters;
use dqa_sim::faults::{Fault, Rates};
use dqa_sim::uart_board::UartBoard;

const SPEED: Speed = Speed {
    clock_hz: 24_000_000,
    baud: 3_000_000,
};

/// A simulated board that runs in a thread of its own.
struct Board {
    name: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<UartBoard>>,
}

impl Board {
    fn new(rates: [Rates; 2], seed: u64) -> Self {
        let parameters = Parameters {
            lanes: 1,
            channels: 64,
            ..Parameters::default()
        };
        let mut board = UartBoard::new(&parameters, SPEED, seed, None).expect("a model");
        board.set_faults(rates);
        let mut pty = PtyBoard::new(board, false).expect("a pseudo-terminal");
        let name = pty.name().to_owned();
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !flag.load(Ordering::Relaxed) {
                pty.step().expect("a pseudo-terminal");
            }
            pty.into_board()
        });
        Self {
            name,
            stop,
            thread: Some(thread),
        }
    }

    fn open(&self) -> dqa_driver::card::Card<SerialLink> {
        uart::open(&self.name).expect("the board answers")
    }

    fn end(mut self) -> UartBoard {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .take()
            .expect("it runs")
            .join()
            .expect("it ends")
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn activations() -> TensorReader {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/data/activations/act_shortcut14.npy"
    );
    tensor::open(path.as_ref()).expect("a tensor").remove(0)
}

fn settings() -> Settings {
    Settings {
        bits: 3,
        extra: 1,
        lanes: 1,
        range: RangeOf::Percentile(99.9),
        packet_samples: 4096,
        ..Settings::default()
    }
}

fn container(transport: &mut dyn Transport) -> Vec<u8> {
    let tensor = activations();
    let plan = Plan::new(&tensor, &settings(), &()).expect("a plan");
    let mut container = Vec::new();
    compress(&tensor, &plan, transport, &mut container, &()).expect("compressed");
    container
}

/// A real tensor to the board and back; its bytes are the software codec's.
fn there_and_back(board: &Board) {
    let mut card = board.open();
    let bytes = container(&mut card);
    let software = container(&mut *device::open("software:").unwrap());
    assert!(bytes == software);
    let mut decompressor = Decompressor::new(&bytes[..]).unwrap();
    let tensor = activations();
    let source: &dyn TensorSource = &tensor;
    verify(&mut decompressor, Some(source), &mut card, &()).expect("every value comes back");
    println!(
        "{:?}, {} sessions",
        card.link().counts(),
        card.link().sessions()
    );
}

#[test]
fn a_real_tensor_there_and_back() {
    let board = Board::new([Rates::default(); 2], 1);
    there_and_back(&board);
    let board = board.end();
    println!("{} clocks", board.clocks());
}

#[test]
fn the_same_with_faults_of_every_kind_in_both_directions() {
    let rates = Rates::bytes(3e-4)
        .with(Fault::Stall, 5e-5)
        .with(Fault::Reset, 3e-5);
    let board = Board::new([rates; 2], 7);
    there_and_back(&board);
    let board = board.end();
    for faults in board.faults() {
        println!("{faults}");
        for fault in Fault::ALL {
            assert!(faults.count(fault) > 0, "no {}", fault.name());
        }
    }
}
