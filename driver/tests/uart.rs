//! The driver with a board on a serial port: the verilated `dqa_uart` behind a pseudo-terminal.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use dqa_driver::card::{Card, LinkError};
use dqa_driver::compress::compress;
use dqa_driver::decompress::Decompressor;
use dqa_driver::device;
use dqa_driver::error::Error;
use dqa_driver::plan::Plan;
use dqa_driver::selftest::{Checked, selftest};
use dqa_driver::settings::{RangeOf, Settings};
use dqa_driver::source::{TensorSlice, TensorSource};
use dqa_driver::tensor;
use dqa_driver::transport::{Transport, TransportError};
use dqa_driver::uart::pty::PtyBoard;
use dqa_driver::uart::{self, PortName, SerialLink, Timing};
use dqa_driver::verify::verify;
use dqa_golden::link::{self, Channel, Deframer, Frame, Host, Operation, Sender, Tag};
use dqa_golden::packet;
use dqa_hdl::link::uart_core::Speed;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::paths::Paths;
use dqa_sim::account::table;
use dqa_sim::faults::Fault;
use dqa_sim::uart_board::UartBoard;
use serialport::{SerialPort, TTYPort};

const SPEED: Speed = Speed {
    clock_hz: 24_000_000,
    baud: 3_000_000,
};

/// What runs in a thread until it is told to stop.
struct Running<T> {
    name: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Running<T> {
    fn new(name: String, run: impl FnOnce(&AtomicBool) -> T + Send + 'static) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let thread = Some(std::thread::spawn(move || run(&flag)));
        Self { name, stop, thread }
    }

    fn end(mut self) -> T {
        self.stop.store(true, Ordering::Relaxed);
        self.thread
            .take()
            .expect("it runs")
            .join()
            .expect("it ends")
    }
}

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// A simulated board, with faults at these bytes to it and from it.
fn board(faults: [Vec<(u64, Fault)>; 2]) -> Running<UartBoard> {
    let parameters = Parameters {
        lanes: 1,
        ..Parameters::default()
    };
    board_of(&parameters, faults)
}

fn board_of(parameters: &Parameters, faults: [Vec<(u64, Fault)>; 2]) -> Running<UartBoard> {
    let mut board = UartBoard::new(parameters, SPEED, 1, None).expect("a model");
    board.plan_faults(faults);
    let mut pty = PtyBoard::new(board, false).expect("a pseudo-terminal");
    Running::new(pty.name().to_owned(), move |stop| {
        while !stop.load(Ordering::Relaxed) {
            pty.step().expect("a pseudo-terminal");
        }
        pty.into_board()
    })
}

/// The far end of a pseudo-terminal, with something else than a board.
fn other(mut answer: impl FnMut(u8) -> Vec<u8> + Send + 'static) -> Running<()> {
    let (mut terminal, end) = TTYPort::pair().expect("a pseudo-terminal");
    terminal.set_timeout(Duration::from_millis(10)).unwrap();
    Running::new(end.name().unwrap(), move |stop| {
        let _end = end;
        while !stop.load(Ordering::Relaxed) {
            let mut byte = [0];
            if terminal.read(&mut byte).is_ok() {
                terminal.write_all(&answer(byte[0])).expect("room");
            }
        }
    })
}

/// One image of a layer of ResNet-32.
fn activations() -> (Vec<u64>, Vec<f32>) {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/data/activations/act_shortcut14.npy"
    );
    let tensor = tensor::open(path.as_ref()).expect("a tensor").remove(0);
    let shape = vec![1, 64, 8, 8];
    let mut values = vec![0.0; 64 * 64];
    tensor.read(0, &mut values).expect("it is as large");
    (shape, values)
}

fn container(transport: &mut dyn Transport) -> Result<Vec<u8>, Error> {
    container_after(transport, || {})
}

/// `begins` is called when all that is to be done before has been done.
fn container_after(transport: &mut dyn Transport, begins: impl FnOnce()) -> Result<Vec<u8>, Error> {
    let (shape, values) = activations();
    let tensor = TensorSlice::new(&shape, &values).unwrap();
    let settings = Settings {
        bits: 3,
        extra: 1,
        lanes: 1,
        range: RangeOf::Percentile(99.9),
        packet_samples: 1024,
        ..Settings::default()
    };
    let plan = Plan::new(&tensor, &settings, &())?;
    begins();
    let mut container = Vec::new();
    compress(&tensor, &plan.encoding, transport, &mut container, &())?;
    Ok(container)
}

/// A simulated board on a busy machine is slow.
fn open(name: &str) -> Card<SerialLink> {
    let port = PortName::parse(name).unwrap();
    let link = SerialLink::open(&port, Timing::within(Duration::from_secs(40)));
    Card::open(link.expect("the board answers")).expect("it is a core")
}

/// The tensor to the board and back; every answer is golden's, and the container the software codec's.
fn there_and_back(name: &str) -> Card<SerialLink> {
    let mut card = open(name);
    let mut checked = Checked::new(&mut card);
    let bytes = container(&mut checked).unwrap();
    assert!(bytes == container(&mut *device::open("software:").unwrap()).unwrap());
    let mut decompressor = Decompressor::new(&bytes[..]).unwrap();
    let (shape, values) = activations();
    let tensor = TensorSlice::new(&shape, &values).unwrap();
    let source: &dyn TensorSource = &tensor;
    verify(&mut decompressor, Some(source), &mut checked, &()).expect("every value comes back");
    assert_eq!(checked.tested().samples, 2 * 64 * 64);
    let sessions = card.link().sessions();
    println!("{:?}, {sessions} sessions", card.link().counts());
    card
}

#[test]
fn a_real_tensor_there_and_back_and_the_selftest() {
    let board = board(Default::default());
    let mut card = there_and_back(&board.name);
    assert_eq!(card.link().counts().damaged, 0);
    let tested = selftest(&mut card, 2, 3, &()).expect("as the reference model");
    assert!(tested.packets > 4);

    // As long as it is open, nobody else opens it.
    let second = uart::open(&board.name).err();
    assert!(matches!(second, Some(LinkError::Busy { .. })), "{second:?}");
    drop(card);
    open(&board.name);
    println!("{} clocks", board.end().clocks());
}

/// The other numbers of lanes, of which boards have 4 and 8.
#[test]
fn boards_of_more_lanes_answer_as_golden() {
    for lanes in [2, 4, 8] {
        let parameters = Parameters {
            lanes,
            ..Parameters::default()
        };
        let board = board_of(&parameters, Default::default());
        let mut card = open(&board.name);
        assert_eq!(card.identification().parameters, parameters);
        let tested = selftest(&mut card, 2, lanes as u64, &()).expect("as the reference model");
        assert!(tested.packets > 4, "{}", tested.packets);
        println!("{lanes} lanes: {tested:?}, {} clocks", board.end().clocks());
    }
}

/// The smallest cores do what they have, and say what they lack.
#[test]
fn a_board_of_one_path_does_its_part() {
    for paths in [Paths::Encode, Paths::Decode] {
        let board = board_of(&Parameters::smallest(paths), Default::default());
        let mut card = open(&board.name);
        let core = card.identification().parameters;
        assert_eq!(core, Parameters::smallest(paths));
        let tested = selftest(&mut card, 4, 3, &()).expect("as the reference model");
        assert!(tested.packets >= 4, "{}", tested.packets);

        let bytes = match paths {
            Paths::Encode => container(&mut card).unwrap(),
            _ => container(&mut *device::open("software:").unwrap()).unwrap(),
        };
        let mut decompressor = Decompressor::new(&bytes[..]).unwrap();
        let lacking = match paths {
            Paths::Encode => verify(&mut decompressor, None, &mut card, &()).err(),
            _ => container(&mut card).err(),
        };
        let lacks = match paths {
            Paths::Encode => packet::Operation::Decode,
            _ => packet::Operation::Encode,
        };
        match lacking {
            Some(Error::Transport(TransportError::Lacks { operation, .. })) => {
                assert_eq!(operation, lacks);
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A host that opens a session and is gone in the middle of a frame that it sends, and of one that comes
/// to it. What it leaves unread is the next host's.
fn a_host_vanishes(name: &str) {
    let port = serialport::new(name, SPEED.baud).timeout(Duration::from_millis(10));
    let mut port = port.open().expect("the port");
    let timing = link::Timing {
        retry_us: 10_000_000,
        tries: 10,
    };
    let mut host = Host::new(77, timing, 0);
    let frame = Frame {
        sender: Sender::Host,
        tag: Tag::Data(Channel::Encode),
        again: false,
        poll: false,
        sequence: 1,
        acknowledge: 0,
        session: 77,
        data: vec![7; 300],
    };
    let mut answers = None;
    loop {
        while let Some(frame) = host.transmit() {
            port.write_all(&frame).expect("room");
        }
        if host.is_open() && answers.is_none() {
            let reads = Operation::Read { address: 0 }.to_bytes().repeat(40);
            host.send(Channel::Registers, &reads);
            let reads = host.transmit().expect("they are due");
            let half = &frame.to_wire()[..100];
            port.write_all(&[&reads, half].concat()).expect("room");
            answers = Some(0);
        }
        let mut byte = [0];
        match port.read(&mut byte) {
            // There are 200 bytes of answers; by now the board has that half of a frame.
            Ok(_) if answers > Some(120) && byte != [0] => return,
            Ok(_) => {
                answers = answers.map(|bytes| bytes + 1);
                host.receive(&byte, 0);
            }
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::TimedOut),
        }
    }
}

#[test]
fn the_same_with_faults_of_every_kind_in_both_directions() {
    let kinds = [
        Fault::Flip,
        Fault::Drop,
        Fault::Double,
        Fault::Insert,
        Fault::Stall,
        Fault::Break,
    ];
    let mut faults: [Vec<(u64, Fault)>; 2] = Default::default();
    for (at, faults) in faults.iter_mut().enumerate() {
        let bytes = (0..).map(|step| 700 + 331 * step + 100 * at as u64);
        faults.extend(bytes.zip(kinds.into_iter().cycle().take(18)));
        faults.push((4000 + 1000 * at as u64, Fault::Reset));
    }
    let board = board(faults);
    a_host_vanishes(&board.name);
    let mut card = there_and_back(&board.name);
    let counts = card.link().counts();
    // Among them the rest of the frame that the other host has not read.
    assert!(counts.sent_again > 0 && counts.damaged > 0);
    assert!(card.resets() >= 2);
    let board = board.end();
    let accounts = board.accounts();
    println!("{}", table(accounts));
    for account in accounts {
        for fault in Fault::ALL {
            let tally = account.tally(fault);
            assert!(
                tally.injected > 0 && tally.is_over(),
                "{fault:?}: {tally:?}"
            );
            assert!(tally.detected > 0 || fault == Fault::Stall, "{fault:?}");
        }
        assert_eq!(account.wrong(), 0);
    }
    assert!(accounts[0].cut() > 0, "the frame of the host that vanished");
}

/// How it ends, and that it does so in time.
fn refused(name: &str) -> LinkError {
    let start = Instant::now();
    let port = PortName::parse(name).unwrap();
    let error = uart::probe(&port, Duration::from_secs(1)).expect_err("no board is there");
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    error
}

#[test]
fn what_is_no_board_is_told_apart() {
    let no_board = |name: &str, expected| match refused(name) {
        LinkError::NoBoard { error, .. } => assert_eq!(error, expected),
        other => panic!("{other}"),
    };
    let silent = other(|_| Vec::new());
    no_board(&silent.name, link::LinkError::Silent);
    let chatty = other(|_| b"login: ".to_vec());
    no_board(&chatty.name, link::LinkError::Nonsense);
    let looped = other(|byte| vec![byte]);
    no_board(&looped.name, link::LinkError::Nonsense);
    let mut deframer = Deframer::default();
    let newer = other(move |byte| match deframer.push(byte) {
        Some(Ok(frame)) if frame.tag == Tag::Open => {
            let limits = [7; 3];
            let sender = Sender::Board { limits };
            let sequence = 2;
            Frame {
                sender,
                sequence,
                ..frame
            }
            .to_wire()
        }
        _ => Vec::new(),
    });
    no_board(&newer.name, link::LinkError::Version(2));
}

#[test]
fn a_board_that_is_unplugged_is_told_in_time() {
    let board = board(Default::default());
    // What is begun meanwhile has no part in it.
    let mut bystander = std::process::Command::new("sleep").arg("60").spawn();
    let mut card = open(&board.name);
    let mut unplugs = None;
    let unplug = || {
        unplugs = Some(std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(500));
            board.end();
            Instant::now()
        }));
    };
    let error = container_after(&mut card, unplug).expect_err("the board has gone");
    let took = unplugs.expect("it began").join().unwrap().elapsed();
    let bystander = bystander.as_mut().expect("a program");
    bystander.kill().expect("it runs");
    bystander.wait().expect("it has ended");
    assert!(took < Duration::from_secs(5), "{took:?}");
    match error {
        Error::Transport(TransportError::Link(LinkError::Gone { .. })) => {}
        other => panic!("{other}"),
    }
}
