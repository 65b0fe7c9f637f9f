//! The driver over a card's own hardware: the verilated `dqa_xdma`, whose streams are driven as the vendor's
//! engine and driver do. What it cuts, and what it makes of a reset, is the Verilog's doing here.

mod host;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use dqa_driver::card::{Card, Limits, LinkError};
use dqa_driver::transport::Transport;
use dqa_driver::xdma::{Board, Nodes, Registers, Stream, Tuning, XdmaLink};
use dqa_golden::packet::Direction;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::xdma::xdma_core::EngineBits;
use dqa_sim::Stall;
use dqa_sim::xdma::XdmaBoard;
use host::{Host, parameters};

/// How long a transfer may take, as in the driver's parameters.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Clocks between looks at what came.
const CLOCKS: u64 = 200;

/// A card whose clock runs while somebody waits for it.
#[derive(Clone)]
struct RtlCard(Arc<Mutex<XdmaBoard>>);

impl RtlCard {
    fn new(lanes: usize, bits: usize, seed: u64) -> Self {
        let engine = EngineBits::new(bits, lanes).expect("they go together");
        // What the host loads has no dynamic scale; with it, the model is that of the simulator's tests.
        let parameters = Parameters {
            dynamic_beats: if lanes < 4 { 0 } else { 60 },
            ..parameters(lanes)
        };
        let board = XdmaBoard::new(&parameters, engine, seed).expect("it is built");
        Self(Arc::new(Mutex::new(board)))
    }

    fn board(&self) -> MutexGuard<'_, XdmaBoard> {
        self.0.lock().expect("no thread has panicked")
    }

    /// Clocks until `done` gives something.
    fn wait<T>(
        &self,
        mut done: impl FnMut(&mut XdmaBoard) -> io::Result<Option<T>>,
    ) -> io::Result<T> {
        let end = Instant::now() + TIMEOUT;
        loop {
            let mut board = self.board();
            if let Some(done) = done(&mut board)? {
                return Ok(done);
            }
            if Instant::now() > end {
                return Err(io::ErrorKind::TimedOut.into());
            }
            board.run(CLOCKS).map_err(io::Error::other)?;
        }
    }
}

/// A stream of a card: what is read of a packet and does not fit is read next.
struct Channel {
    card: RtlCard,
    path: Direction,
    rest: Mutex<Vec<u8>>,
}

impl Stream for Channel {
    fn read(&self, into: &mut Vec<u8>) -> io::Result<usize> {
        let mut rest = self.rest.lock().expect("one thread reads");
        if rest.is_empty() {
            *rest = self
                .card
                .wait(|board| board.receive(self.path).map_err(io::Error::other))?;
        }
        let count = rest.len().min(into.capacity() - into.len());
        into.extend(rest.drain(..count));
        Ok(count)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.card.board().send(self.path, bytes);
        self.card
            .wait(|board| Ok((board.waiting(self.path) == 0).then_some(bytes.len())))
    }
}

impl Registers for RtlCard {
    fn read(&mut self, offset: u16) -> io::Result<u32> {
        let word = self.board().read(offset).map_err(io::Error::other)?;
        Ok(word.unwrap_or(u32::MAX))
    }

    fn write(&mut self, offset: u16, word: u32) -> io::Result<()> {
        let written = self.board().write(offset, word);
        written.map(|_| ()).map_err(io::Error::other)
    }
}

impl Board for RtlCard {
    fn name(&self) -> &str {
        "verilated card"
    }

    fn open(&self) -> Result<Nodes, LinkError> {
        let stream = |path| {
            let card = self.clone();
            let rest = Mutex::default();
            Arc::new(Channel { card, path, rest }) as Arc<dyn Stream>
        };
        Ok(Nodes {
            requests: [stream(Direction::Write), stream(Direction::Read)],
            answers: [stream(Direction::Write), stream(Direction::Read)],
            registers: Box::new(self.clone()),
        })
    }
}

fn opened(card: &RtlCard, buffer: usize) -> Card<XdmaLink<RtlCard>> {
    let tuning = Tuning {
        buffer,
        buffers: 3,
        limits: Limits {
            window: 8,
            answer: TIMEOUT,
        },
    };
    Card::open(XdmaLink::new(card.clone(), tuning).expect("it opens")).expect("it is a core")
}

/// Lanes, bits of the engine, and bytes of a transfer: one of those is no multiple of anything.
#[test]
fn the_card_answers_as_golden() {
    for (seed, lanes, bits, buffer) in [(0, 8, 128, 1 << 20), (1, 8, 128, 1003), (2, 4, 64, 160)] {
        let card = RtlCard::new(lanes, bits, seed);
        card.board().stall(Stall::percent(20));
        let mut link = opened(&card, buffer);
        let mut host = Host::new(seed, lanes);
        host.sound = true;
        host.session(&mut link, 24);
        assert_eq!(
            link.resets(),
            0,
            "{lanes} lanes, transfers of {buffer} bytes"
        );
    }
}

/// What the driver does after a program that ended within requests: a new one begins by a reset.
#[test]
fn a_card_left_within_requests_opens_again() {
    let card = RtlCard::new(8, 128, 5);
    for seed in 5..10 {
        let mut link = opened(&card, 4096);
        let mut host = Host::new(seed, 8);
        host.sound = true;
        host.session(&mut link, 6);
        for _ in 0..5 {
            let request = host.request();
            link.submit(request).expect("there is room");
        }
        // Each time another distance into them.
        card.board().run(seed * 40).expect("it runs");
        drop(link);
        // A card's time goes on whether anybody waits or not.
        card.board().run(5000).expect("it runs");
    }
}
