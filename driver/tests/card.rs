//! A card against golden: the verilated core behind a link that loses, cuts and damages what it
//! carries, and that is left in the middle of things.

mod host;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dqa_driver::card::{Card, Limits, Link, LinkError, Piece};
use dqa_driver::registers::RegisterBus;
use dqa_driver::simulated::{Simulated, SimulatedLink};
use dqa_driver::transport::{Transport, TransportError};
use dqa_golden::packet::{Direction, Operation, answer};
use dqa_hdl::identification::IdentificationError;
use dqa_hdl::parameters::{Misfit, Parameters};
use dqa_sim::{layers, seeds};
use fastrand::Rng;
use host::{Host, parameters};

/// What a link does to bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// Some bytes of a request do not arrive.
    LoseSent,
    /// A bit of a request arrives as another one.
    FlipSent,
    /// A piece of a request arrives twice.
    RepeatSent,
    /// Some bytes of an answer do not arrive.
    LoseAnswer,
    FlipAnswer,
    /// An answer arrives twice.
    RepeatAnswer,
    /// Something that nobody sent arrives.
    Garbage,
    /// A whole answer does not arrive.
    LoseWholeAnswer,
    /// The board is reset and has lost its contexts.
    Reset,
    /// A call fails.
    Fail,
}

const FAULTS: [Fault; 10] = [
    Fault::LoseSent,
    Fault::FlipSent,
    Fault::RepeatSent,
    Fault::LoseAnswer,
    Fault::FlipAnswer,
    Fault::RepeatAnswer,
    Fault::Garbage,
    Fault::LoseWholeAnswer,
    Fault::Reset,
    Fault::Fail,
];

/// The simulated link, with faults now and then.
struct Faulty {
    link: SimulatedLink,
    random: Rng,
    /// Those that may happen, one after the other, in turn.
    faults: Vec<Fault>,
    /// Chances to happen that the next one lets pass: as many as a repair may need.
    pause: u32,
    done: usize,
    /// Nothing goes in or out any more.
    dead: bool,
}

impl Faulty {
    fn strikes(&mut self, fault: Fault) -> bool {
        let next = self.faults.get(self.done % self.faults.len().max(1));
        if next != Some(&fault) {
            return false;
        }
        let strikes = self.pause == 0;
        if strikes {
            self.pause = self.random.u32(15..40);
            self.done += 1;
        } else {
            self.pause -= 1;
        }
        strikes
    }

    fn flip(&mut self, bytes: &mut [u8]) {
        let at = self.random.usize(0..bytes.len());
        bytes[at] ^= 1 << self.random.u32(0..8);
    }
}

impl RegisterBus for Faulty {
    type Error = LinkError;

    fn read(&mut self, offset: u16) -> Result<u32, LinkError> {
        self.link.read(offset)
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), LinkError> {
        self.link.write(offset, word)
    }
}

impl Link for Faulty {
    fn name(&self) -> &str {
        "faulty"
    }

    fn limits(&self) -> Limits {
        Limits {
            window: 5,
            answer: Duration::from_millis(150),
        }
    }

    /// Requests go in whole or in two parts, as they are or not.
    fn send(
        &mut self,
        path: Direction,
        request: &Arc<Vec<u8>>,
        at: usize,
    ) -> Result<usize, LinkError> {
        if self.dead {
            return Ok(request.len() - at);
        }
        if self.strikes(Fault::Fail) {
            return Err(LinkError::Failed {
                name: "faulty".into(),
                what: "sending".into(),
                reason: "chance".into(),
                remedy: "none".into(),
            });
        }
        let [beat, _] = self.link.device().beat_bytes(path);
        let whole = request.len() - at;
        let took = match self.random.u8(0..4) {
            0 if whole > 2 * beat => self.random.usize(1..whole / beat) * beat,
            _ => whole,
        };
        let last = at + took == request.len();
        let mut bytes = request[at..at + took].to_vec();
        if self.strikes(Fault::LoseSent) {
            let from = self.random.usize(0..bytes.len() / beat) * beat;
            bytes.truncate(from);
        }
        if self.strikes(Fault::FlipSent) && !bytes.is_empty() {
            self.flip(&mut bytes);
        }
        if self.strikes(Fault::RepeatSent) {
            self.link.device().send(path, &bytes, false);
        }
        self.link.device().send(path, &bytes, last);
        if self.strikes(Fault::Reset) {
            self.link.device().reset();
        }
        Ok(took)
    }

    fn receive(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Direction, Piece) -> Vec<u8>,
    ) -> Result<bool, LinkError> {
        if self.dead {
            std::thread::sleep(wait);
            return Ok(false);
        }
        let mut answers = Vec::new();
        let moved = self.link.receive(wait, &mut |path, piece| {
            match piece {
                Piece::Bytes(bytes) => answers.push((path, bytes)),
                Piece::Answer(..) => unreachable!("the simulation tells bytes alone"),
            }
            Vec::new()
        })?;
        for (path, mut bytes) in answers {
            if self.strikes(Fault::LoseWholeAnswer) {
                continue;
            }
            if self.strikes(Fault::Garbage) {
                let garbage = (0..50).map(|_| self.random.u8(..)).collect();
                take(path, Piece::Bytes(garbage));
            }
            if self.strikes(Fault::FlipAnswer) {
                self.flip(&mut bytes);
            }
            if self.strikes(Fault::LoseAnswer) {
                let at = self.random.usize(0..bytes.len());
                let end = (at + self.random.usize(1..100)).min(bytes.len());
                bytes.drain(at..end);
            }
            for _ in 0..=usize::from(self.strikes(Fault::RepeatAnswer)) {
                // Pieces as a link cuts them.
                for piece in bytes.chunks(self.random.usize(1..200)) {
                    take(path, Piece::Bytes(piece.to_vec()));
                }
            }
        }
        Ok(moved)
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        if self.dead {
            return Ok(());
        }
        self.link.reset()
    }
}

fn faulty(lanes: usize, seed: u64, faults: &[Fault]) -> Faulty {
    Faulty {
        link: SimulatedLink::new(parameters(lanes), seed).expect("the core is built"),
        random: Rng::with_seed(seed),
        faults: faults.to_vec(),
        pause: 3,
        done: 0,
        dead: false,
    }
}

#[test]
fn answers_are_goldens() {
    for seed in seeds(2) {
        for lanes in [1, 2, 4, 8] {
            let link = faulty(lanes, seed, &[]);
            let mut card = Card::open(link).unwrap();
            Host::new(seed, lanes).session(&mut card, 25);
        }
    }
}

/// Each kind of fault alone, and all together.
#[test]
fn faults_of_the_link_are_repaired() {
    for seed in seeds(1) {
        for fault in FAULTS {
            let mut card = Card::open(faulty(4, seed, &[fault])).unwrap();
            let mut host = Host::new(seed, 4);
            while card.link().done < 3 {
                host.session(&mut card, 15);
            }
            assert!(
                card.resets() > 0 || fault == Fault::RepeatAnswer,
                "{fault:?} was not seen"
            );
        }
        let mut card = Card::open(faulty(2, seed, &FAULTS)).unwrap();
        let mut host = Host::new(seed, 2);
        while card.link().done < FAULTS.len() {
            host.session(&mut card, 15);
        }
    }
}

/// A core that stops answering ends in a typed error in the stated time; when it answers again, the same
/// card works again.
#[test]
fn a_hung_core_is_told_and_comes_back() {
    let mut card = Card::open(faulty(4, 0, &[])).unwrap();
    let mut host = Host::new(0, 4);
    host.session(&mut card, 5);
    let requests: Vec<_> = (0..3).map(|_| host.request()).collect();
    card.link().dead = true;
    let start = Instant::now();
    for request in &requests {
        card.submit(request.clone()).unwrap();
    }
    for _ in &requests {
        let told = card.receive();
        assert!(
            matches!(told, Err(TransportError::Link(LinkError::Timeout { .. }))),
            "{told:?}"
        );
    }
    let stated = card.link().limits().answer * 4;
    assert!(start.elapsed() < stated + Duration::from_secs(1));
    card.link().dead = false;
    host.session(&mut card, 5);
}

/// A program that broke off in the middle of a request and left answers behind.
#[test]
fn what_an_earlier_program_left_does_no_harm() {
    for seed in seeds(3) {
        let mut link = faulty(4, seed, &[]);
        let mut host = Host::new(seed, 4);
        for _ in 0..3 {
            let mut card = Card::open(link).unwrap();
            host.contexts.fill(None);
            host.load(&mut card);
            host.session(&mut card, 10);
            for _ in 0..3 {
                card.submit(host.request()).unwrap();
            }
            link = card.close();
            let path = [Direction::Write, Direction::Read][host.random.usize(0..2)];
            let [beat, _] = link.link.device().beat_bytes(path);
            link.link.device().send(path, &vec![0x55; 20 * beat], false);
        }
    }
}

/// The window is kept, contexts beyond the core's are refused, and a core without scanner says so.
#[test]
fn what_the_card_refuses() {
    let without = Parameters {
        scan: false,
        ..parameters(2)
    };
    let link = SimulatedLink::new(without, 0).unwrap();
    let mut card = Card::open(link).unwrap();
    assert_eq!(card.capabilities().lanes, [2]);
    assert_eq!(card.capabilities().channels, 16);
    let mut host = Host::new(1, 4);
    let wide = layers::context(&mut host.random, &parameters(4));
    assert!(matches!(
        card.load_context(0, &wide),
        Err(TransportError::Misfit(Misfit::Lanes {
            context: 4,
            core: 2
        }))
    ));
    host.parameters = parameters(2);
    host.load(&mut card);
    let scan = loop {
        let request = host.request();
        if request[5] == Operation::Scan as u8 {
            break request;
        }
    };
    for _ in 0..card.capabilities().window {
        card.submit(scan.clone()).unwrap();
    }
    assert!(matches!(
        card.submit(scan),
        Err(TransportError::WindowFull(_))
    ));
    while card.in_flight() > 0 {
        let told = card.receive();
        assert!(
            matches!(
                told,
                Err(TransportError::Lacks {
                    operation: Operation::Scan,
                    ..
                })
            ),
            "{told:?}"
        );
    }
}

/// Something else at the address, and a core of another version.
#[test]
fn what_is_no_core_of_this_version() {
    struct Other(LinkError, SimulatedLink);
    impl RegisterBus for Other {
        type Error = LinkError;
        fn read(&mut self, offset: u16) -> Result<u32, LinkError> {
            match (offset, &self.0) {
                (0, LinkError::Identification(IdentificationError::Magic(word))) => Ok(*word),
                (4, LinkError::Version { .. }) => Ok(0x7f_0000),
                _ => self.1.read(offset),
            }
        }
        fn write(&mut self, offset: u16, word: u32) -> Result<(), LinkError> {
            self.1.write(offset, word)
        }
    }
    impl Link for Other {
        fn name(&self) -> &str {
            "other"
        }
        fn limits(&self) -> Limits {
            self.1.limits()
        }
        fn send(&mut self, _: Direction, _: &Arc<Vec<u8>>, _: usize) -> Result<usize, LinkError> {
            unreachable!("nothing is sent before the core is known")
        }
        fn receive(
            &mut self,
            _: Duration,
            _: &mut dyn FnMut(Direction, Piece) -> Vec<u8>,
        ) -> Result<bool, LinkError> {
            Ok(false)
        }
        fn reset(&mut self) -> Result<(), LinkError> {
            self.1.reset()
        }
    }
    let version = LinkError::Version {
        name: "other".into(),
        core: "127.0.0".into(),
        program: env!("CARGO_PKG_VERSION").into(),
    };
    for error in [IdentificationError::Magic(0xffff_ffff).into(), version] {
        let link = SimulatedLink::new(parameters(1), 0).unwrap();
        let told = Card::open(Other(error.clone(), link))
            .err()
            .expect("refused");
        assert_eq!(told.to_string(), error.to_string());
    }
}

/// Contexts of several lanes at once, each on a core of its own, answered in order.
#[test]
fn the_simulated_device_has_a_core_for_any_lanes() {
    let mut device = Simulated::new();
    let mut host = Host::new(3, 1);
    for (id, lanes) in (0..).zip([1, 4, 2]) {
        let context = layers::context(&mut host.random, &parameters(lanes));
        device.load_context(id, &context).unwrap();
        host.contexts[usize::from(id)] = Some(context);
    }
    for _ in 0..20 {
        if device.in_flight() == device.capabilities().window {
            let got = device.receive();
            host.check(got);
        }
        let request = host.request();
        host.expected.push_back(answer(&host.contexts, &request));
        device.submit(request).unwrap();
    }
    while device.in_flight() > 0 {
        let got = device.receive();
        host.check(got);
    }
    let sixteen = layers::length_by_sample(16, 100);
    assert!(device.load_context(0, &sixteen).is_err());
}
