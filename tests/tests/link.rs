//! The link's two ends, joined by lines that damage bytes: every channel's bytes arrive once and in order.

use std::collections::VecDeque;

use dqa_golden::link::{Board, CHANNELS, Channel, Host, LinkError, Rooms, Timing};
use dqa_sim::faults::{Event, Fault, Faults, Rates};
use proptest::prelude::*;

/// Microseconds of a byte on the wire, and how long it is under way.
const BYTE_US: u64 = 3;
const DELAY_US: u64 = 1000;
const TIMING: Timing = Timing {
    retry_us: 20_000,
    tries: 20,
};

/// A direction of the wire: a byte a step, each some time later, perhaps damaged.
struct Line {
    out: VecDeque<u8>,
    wire: VecDeque<(u64, u8)>,
    faults: Faults,
}

impl Line {
    fn new(rates: Rates, seed: u64) -> Self {
        Self {
            out: VecDeque::new(),
            wire: VecDeque::new(),
            faults: Faults::new(rates, seed),
        }
    }

    fn step(&mut self, now: u64) -> (Option<u8>, bool) {
        let fault = self.out.pop_front().and_then(|byte| {
            let wire = &mut self.wire;
            self.faults.pass(byte, |event| {
                if let Event::Byte(byte) = event {
                    wire.push_back((now + DELAY_US, byte));
                }
            })
        });
        let there = self.wire.front().is_some_and(|&(at, _)| at <= now);
        let byte = there.then(|| self.wire.pop_front().unwrap().1);
        (byte, fault == Some(Fault::Reset))
    }
}

/// Both ends, and what went into each channel in this session and came out.
struct Pair {
    host: Host,
    board: Board,
    to_board: Line,
    to_host: Line,
    now: u64,
    random: fastrand::Rng,
    sent: [Vec<u8>; CHANNELS],
    taken: [Vec<u8>; CHANNELS],
    given: [Vec<u8>; CHANNELS],
    sessions: u16,
    session: u16,
}

impl Pair {
    fn new(rates: Rates, seed: u64) -> Self {
        Self {
            host: Host::new(1, TIMING, 0),
            board: Board::new(Rooms::default()),
            to_board: Line::new(rates, seed),
            to_host: Line::new(rates, seed ^ 1),
            now: 0,
            random: fastrand::Rng::with_seed(seed),
            sent: Default::default(),
            taken: Default::default(),
            given: Default::default(),
            sessions: 1,
            session: 0,
        }
    }

    /// A byte's time. `load`: bytes that either side adds, in mean.
    fn step(&mut self, load: f64) {
        self.now += BYTE_US;
        if self.to_board.out.len() < 8
            && let Some(frame) = self.host.transmit()
        {
            self.to_board.out.extend(frame);
        }
        if self.to_host.out.is_empty()
            && let Some(frame) = self.board.transmit()
        {
            self.to_host.out.extend(frame.to_wire());
        }
        let (byte, reset) = self.to_board.step(self.now);
        if let Some(byte) = byte {
            self.board.receive(byte);
        }
        if reset {
            self.board = Board::new(Rooms::default());
        }
        if self.board.session() != self.session {
            self.session = self.board.session();
            self.taken = Default::default();
            self.given = Default::default();
        }
        let (byte, _) = self.to_host.step(self.now);
        if let Some(byte) = byte {
            self.host.receive(&[byte], self.now);
        }
        self.core(load);
        self.program(load);
    }

    /// The core takes bytes and gives others, both with pauses.
    fn core(&mut self, load: f64) {
        let channel = self.random.choice(Channel::ALL).unwrap();
        let at = channel.index();
        if self.random.bool() {
            let count = self.random.usize(..2000);
            while self.taken[at].len() < self.sent[at].len()
                && self.random.usize(..count + 1) > 0
                && let Some(byte) = self.board.take(channel)
            {
                self.taken[at].push(byte);
            }
        }
        if self.random.f64() < load / 100.0 {
            let data: Vec<u8> = self.bytes(200);
            let count = self.board.give(channel, &data);
            self.given[at].extend(&data[..count]);
        }
        assert!(self.host.session() != self.session || self.sent[at].starts_with(&self.taken[at]));
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let zeros = self.random.bool();
        let count = self.random.usize(..most);
        let byte = |random: &mut fastrand::Rng| match zeros {
            true => random.u8(..3),
            false => random.u8(..),
        };
        (0..count).map(|_| byte(&mut self.random)).collect()
    }

    fn program(&mut self, load: f64) {
        match self.host.error() {
            None => {}
            Some(LinkError::Reset) => {
                self.sessions += 1;
                self.host = Host::new(self.sessions, TIMING, self.now);
                self.sent = Default::default();
            }
            Some(error) => panic!("{error}"),
        }
        self.host.tick(self.now, true);
        let channel = self.random.choice(Channel::ALL).unwrap();
        if self.host.is_open()
            && self.host.unsent(channel) < 5000
            && self.random.f64() < load / 100.0
        {
            let data = self.bytes(200);
            self.host.send(channel, &data);
            self.sent[channel.index()].extend(data);
        }
        if self.host.session() == self.session {
            for channel in Channel::ALL {
                let given = &self.given[channel.index()];
                let received = self.host.received(channel).make_contiguous();
                assert!(given.starts_with(received));
            }
        }
    }

    fn finished(&mut self) -> bool {
        self.host.is_open()
            && self.host.session() == self.session
            && Channel::ALL.into_iter().all(|channel| {
                let at = channel.index();
                self.sent[at] == self.taken[at] && *self.host.received(channel) == self.given[at]
            })
    }

    /// Until all that was given has come.
    fn finish(&mut self) {
        for _ in 0..2_000_000 {
            if self.finished() {
                return;
            }
            self.step(0.0);
        }
        panic!("the link stands still: {:?}", self.host.counts());
    }
}

/// Where frames are lost one behind the other, a host that takes its own waiting for the link's slowness
/// waits seconds at last, for a link of two milliseconds.
#[test]
fn losses_do_not_make_a_host_patient() {
    let mut pair = Pair::new(Rates::bytes(0.0005762364835813727), 3538066136302820398);
    (0..40_000).for_each(|_| pair.step(1.9297148980416396));
    pair.finish();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn bytes_arrive_once_and_in_order(seed: u64, rate in 0.0..1e-3f64, load in 0.1..2.0f64) {
        let mut pair = Pair::new(Rates::bytes(rate), seed);
        (0..40_000).for_each(|_| pair.step(load));
        pair.finish();
    }

    #[test]
    fn a_board_that_is_reset_begins_anew(seed: u64, load in 1.0..3.0f64) {
        let rates = Rates::bytes(1e-3).with(Fault::Reset, 1e-4);
        let mut pair = Pair::new(rates, seed);
        pair.to_board.faults.plan([(500, Fault::Reset)]);
        (0..100_000).for_each(|_| pair.step(load));
        pair.to_board.faults.set(Rates::default());
        (0..100_000).for_each(|_| pair.step(load));
        pair.finish();
        prop_assert!(pair.to_board.faults.count(Fault::Reset) > 0 && pair.sessions > 1);
    }
}

/// Rubbish ahead of the first frame, a frame that stops in its middle, a host that is gone.
#[test]
fn a_host_that_vanishes_leaves_the_board_usable() {
    let mut pair = Pair::new(Rates::default(), 3);
    pair.to_board.out.extend((0..1000).map(|_| 0x5au8));
    (0..20_000).for_each(|_| pair.step(1.0));
    pair.to_board.out.truncate(1);
    pair.sessions += 1;
    pair.host = Host::new(pair.sessions, TIMING, pair.now);
    pair.sent = Default::default();
    (0..20_000).for_each(|_| pair.step(1.0));
    pair.finish();
    assert_eq!(pair.session, 2);
}

#[test]
fn who_does_not_answer_is_told_from_who_makes_no_sense() {
    let fails = |answer: &[u8]| {
        let mut host = Host::new(5, TIMING, 0);
        for now in (0..8_000_000).step_by(1000) {
            host.tick(now, true);
            host.transmit();
            host.receive(answer, now);
        }
        host.error()
    };
    assert_eq!(fails(b""), Some(LinkError::Silent));
    assert_eq!(fails(b"UUUU"), Some(LinkError::Nonsense));
    assert_eq!(fails(b"login: \0"), Some(LinkError::Nonsense));
}
