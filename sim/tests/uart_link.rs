//! The link's hardware against `dqa_golden::link`: with the reference host over a wire with faults, and
//! answer by answer against the reference board.

use std::collections::VecDeque;

use dqa_golden::link::{
    Board, CHANNELS, Channel, Deframer, Frame, Host, Rooms, Sender, Tag, Timing,
};
use dqa_hdl::emit::emit;
use dqa_hdl::link::uart_link::UartLink;
use dqa_hdl::parameters::Parameters;
use dqa_sim::faults::{Event, Fault, Faults, Rates};
use dqa_sim::uart::{Listener, Talker};
use dqa_sim::{Beat, Bench, Model, SimError, Stall, seeds};

const TOP: &str = "uart_link";
const OUTPUTS: [&str; CHANNELS] = ["m_registers", "m_encode", "m_decode"];
const INPUTS: [&str; CHANNELS] = ["s_registers", "s_encode", "s_decode"];

fn model(clock_hz: u32, baud: u32) -> Result<Model, SimError> {
    let block = UartLink::<9, 11, 12, 24>::new(&Parameters::DEFAULT, clock_hz, baud);
    Model::build(TOP, &emit(TOP, "", block).expect("sound RTL"))
}

/// The hardware, its wire, and the time in clocks.
struct Link {
    bench: Bench,
    talker: Talker,
    listener: Listener,
}

impl Link {
    fn new(model: &Model, seed: u64, clocks_per_bit: f64, stall: Stall) -> Result<Self, SimError> {
        let mut bench = Bench::new(model, seed)?;
        bench.write("rx", true);
        for (output, input) in OUTPUTS.into_iter().zip(INPUTS) {
            bench.sink(output, stall);
            bench.source(input, [] as [Beat; 0], stall);
        }
        bench.reset();
        Ok(Self {
            bench,
            talker: Talker::new(clocks_per_bit),
            listener: Listener::new(clocks_per_bit),
        })
    }

    fn clock(&mut self) -> Result<Option<u8>, SimError> {
        let level = self.talker.level();
        self.bench.write("rx", level);
        self.bench.tick()?;
        Ok(self.listener.hear(self.bench.read("tx").to_u64() == 1))
    }

    /// Bytes for the host, as one packet.
    fn give(&mut self, channel: Channel, bytes: &[u8], stall: Stall) {
        let last = bytes.len();
        let beats = (1..)
            .zip(bytes)
            .map(|(at, &byte)| Beat::from(u64::from(byte)).last(at == last));
        self.bench.source(INPUTS[channel.index()], beats, stall);
    }

    fn taken(&mut self, channel: Channel) -> Vec<u8> {
        let beats = self.bench.beats(OUTPUTS[channel.index()]);
        let byte = |beat: &Beat| beat.get("tdata").to_u64() as u8;
        beats.iter().map(byte).collect()
    }
}

fn random_bytes(random: &mut fastrand::Rng, most: usize) -> Vec<u8> {
    let range = *random.choice(&[1u8, 3, 255]).unwrap();
    (0..random.usize(1..most))
        .map(|_| random.u8(..=range))
        .collect()
}

/// All channels in both directions, until all has come.
fn exchange(model: &Model, seed: u64, rates: Rates, stall: Stall) -> Result<(), SimError> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut link = Link::new(model, seed, 8.0, stall)?;
    // A clock is a microsecond here.
    let timing = Timing {
        retry_us: 60_000,
        tries: 20,
    };
    let mut host = Host::new(random.u16(1..), timing, 0);
    let mut faults = [Faults::new(rates, seed), Faults::new(rates, !seed)];
    let mut sent: [Vec<u8>; CHANNELS] = Default::default();
    let mut given = sent.clone();
    let mut to_host = VecDeque::new();
    for clock in 0..40_000_000u64 {
        if link.talker.waiting() == 0
            && let Some(frame) = host.transmit()
        {
            for byte in frame {
                let talker = &mut link.talker;
                faults[0].pass(byte, |event| match event {
                    Event::Byte(byte) => talker.send([byte]),
                    Event::Break => talker.low(25.0),
                    Event::Stall => talker.pause(2000.0),
                    Event::Reset => unreachable!("not asked for"),
                });
            }
        }
        if let Some(byte) = link.clock()? {
            faults[1].pass(byte, |event| {
                if let Event::Byte(byte) = event {
                    to_host.push_back((clock + 1000, byte));
                }
            });
        }
        while to_host.front().is_some_and(|&(at, _)| at <= clock) {
            host.receive(&[to_host.pop_front().unwrap().1], clock);
        }
        if clock % 100 > 0 {
            continue;
        }
        host.tick(clock, true);
        assert_eq!(host.error(), None);
        let channel = *random.choice(&Channel::ALL).unwrap();
        let at = channel.index();
        if clock < 2_000_000 && host.is_open() && random.u8(..20) == 0 {
            let bytes = random_bytes(&mut random, 900);
            if sent[at].len() < 20_000 && host.unsent(channel) < 2000 {
                host.send(channel, &bytes);
                sent[at].extend(bytes);
            } else if given[at].len() < 20_000 && link.bench.waiting(INPUTS[at]) < 2000 {
                link.give(channel, &bytes, stall);
                given[at].extend(bytes);
            }
        } else if clock >= 2_000_000 && clock % 10_000 == 0 {
            let lengths = |at: usize| (sent[at].len(), given[at].len());
            if Channel::ALL.into_iter().all(|channel| {
                let at = channel.index();
                let received = host.received(channel).len();
                lengths(at) == (link.bench.received(OUTPUTS[at]), received)
            }) {
                for channel in Channel::ALL {
                    let at = channel.index();
                    assert_eq!(link.taken(channel), sent[at], "seed {seed}: {channel:?}");
                    assert_eq!(
                        *host.received(channel),
                        given[at],
                        "seed {seed}: {channel:?}"
                    );
                    assert!(sent[at].len() > 1000 && given[at].len() > 1000);
                }
                return Ok(());
            }
        }
    }
    panic!("seed {seed}: the link stands still, {:?}", host.counts());
}

#[test]
fn bytes_arrive_once_and_in_order() -> Result<(), SimError> {
    let model = model(8, 1)?;
    for seed in seeds(6) {
        let stall = Stall::SWEEP[seed as usize % 4];
        let rate = [0.0, 1e-4, 1e-3][seed as usize % 3];
        let rates = Rates::bytes(rate)
            .with(Fault::Break, rate / 4.0)
            .with(Fault::Stall, rate / 4.0);
        exchange(&model, seed, rates, stall)?;
    }
    Ok(())
}

/// Every frame, good or bad, makes the hardware say what the reference board says.
#[test]
fn answers_are_those_of_the_reference() -> Result<(), SimError> {
    let model = model(8, 1)?;
    for seed in seeds(4) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut link = Link::new(&model, seed, 8.0, Stall::NONE)?;
        let mut board = Board::new(Rooms::default());
        let mut deframer = Deframer::default();
        let mut sequence = 0u8;
        for step in 0..150 {
            let tag = match random.u8(..10) {
                0 if step > 60 => Tag::Open,
                0..4 => Tag::Bare,
                _ => Tag::Data(*random.choice(&Channel::ALL).unwrap()),
            };
            let session = match random.u8(..12) {
                0 if step % 50 > 10 => random.u16(..3),
                _ => 7,
            };
            let tag = if step == 2 { Tag::Open } else { tag };
            let opens = tag == Tag::Open;
            let data = match tag {
                Tag::Data(_) => {
                    let most = [4, 300, 513][random.usize(..3)];
                    random_bytes(&mut random, most)
                }
                _ => Vec::new(),
            };
            if board.session() != 7 {
                sequence = 0;
            }
            let frame = Frame {
                sender: Sender::Host,
                tag,
                again: random.u8(..6) == 0,
                poll: random.u8(..6) == 0,
                sequence: match (opens, random.u8(..8)) {
                    (true, 0) => 2,
                    (true, _) => 1,
                    (false, 0) => sequence.wrapping_add(random.u8(..4)).wrapping_sub(1),
                    (false, _) => sequence,
                },
                acknowledge: random.u8(..4),
                session,
                data,
            };
            let mut wire = frame.to_wire();
            match random.u8(..12) {
                0 => {
                    let at = random.usize(..wire.len());
                    wire[at] ^= 1 << random.u8(..8);
                }
                1 => drop(wire.remove(0)),
                2 => wire.insert(0, 0),
                _ => {}
            }
            // An end, so that a frame whose own is damaged ends here.
            wire.push(0);
            if board.session() == 7 && random.u8(..4) == 0 {
                let channel = *random.choice(&Channel::ALL).unwrap();
                let bytes = random_bytes(&mut random, 40);
                if board.give(channel, &bytes) > 0 {
                    link.give(channel, &bytes, Stall::NONE);
                }
            }
            link.talker.send(wire.iter().copied());
            let (mut frames, mut quiet) = (Vec::new(), 0);
            while quiet < 6000 {
                quiet = if link.talker.waiting() > 0 {
                    0
                } else {
                    quiet + 1
                };
                if let Some(byte) = link.clock()? {
                    quiet = 0;
                    if let Some(frame) = deframer.push(byte) {
                        frames.push(frame.expect("the board's frames are intact"));
                    }
                }
            }
            let mut expected = Vec::new();
            let before = board.session();
            let drain = |board: &mut Board, expected: &mut Vec<Frame>| {
                for channel in Channel::ALL {
                    while board.take(channel).is_some() {}
                }
                expected.extend(std::iter::from_fn(|| board.transmit()));
            };
            // What was given has gone out before the frame had come.
            drain(&mut board, &mut expected);
            for byte in wire {
                board.receive(byte);
            }
            drain(&mut board, &mut expected);
            if board.session() == 7 && before == 7 {
                sequence = expected.last().map_or(sequence, |frame| frame.acknowledge);
            }
            let what = |frames: &[Frame]| {
                let tags: Vec<_> = frames
                    .iter()
                    .filter(|f| f.tag != Tag::Bare)
                    .cloned()
                    .map(|f| (f.tag, f.data))
                    .collect();
                let again = frames.iter().filter(|f| f.again).count();
                let last = frames.last().map(|f| (f.sender, f.acknowledge, f.session));
                (tags, again, last)
            };
            assert_eq!(
                what(&frames),
                what(&expected),
                "seed {seed} step {step}: {frame:?}"
            );
        }
    }
    Ok(())
}

/// Bytes of the host a second, as a part of those of the wire, with 1 ms of delay in its bridge.
#[test]
fn bulk_fills_the_wire() -> Result<(), SimError> {
    let clocks_per_bit = 25.0 / 3.0;
    let model = model(25_000_000, 3_000_000)?;
    for up in [false, true] {
        let mut link = Link::new(&model, 1, clocks_per_bit, Stall::NONE)?;
        let timing = Timing {
            retry_us: 50_000,
            tries: 20,
        };
        let mut host = Host::new(9, timing, 0);
        let mut to_board: VecDeque<(u64, Vec<u8>)> = VecDeque::new();
        let mut to_host: VecDeque<(u64, u8)> = VecDeque::new();
        let mut begin = 0;
        let packet = [0xa5; 4096];
        const DELAY: u64 = 12_500;
        for clock in 0u64.. {
            let now = clock / 25;
            if link.talker.waiting() <= 1
                && to_board.is_empty()
                && let Some(frame) = host.transmit()
            {
                to_board.push_back((clock, frame));
            }
            if to_board.front().is_some_and(|&(at, _)| at <= clock) {
                link.talker.send(to_board.pop_front().unwrap().1);
            }
            if let Some(byte) = link.clock()? {
                to_host.push_back((clock + 2 * DELAY, byte));
            }
            while to_host.front().is_some_and(|&(at, _)| at <= clock) {
                host.receive(&[to_host.pop_front().unwrap().1], now);
            }
            if clock % 256 == 0 && host.is_open() {
                if up {
                    if link.bench.waiting("s_decode") < 4096 {
                        link.give(Channel::Decode, &packet, Stall::NONE);
                    }
                } else if host.unsent(Channel::Encode) < 8192 {
                    host.send(Channel::Encode, &packet);
                }
                let mut moved = match up {
                    true => host.received(Channel::Decode).len(),
                    false => link.bench.received("m_encode"),
                };
                // From the end of a frame to the end of a frame.
                let whole = moved.is_multiple_of(512);
                if begin == 0 && moved > 8192 && whole {
                    (begin, moved) = (clock, 0);
                    link.bench.take("m_encode");
                    host.received(Channel::Decode).clear();
                }
                if begin > 0 && moved >= 12 * 4096 && whole {
                    let bits = (clock - begin) as f64 / clocks_per_bit;
                    let usage = 10.0 * moved as f64 / bits;
                    println!(
                        "{}: {moved} bytes in {bits:.0} bit times, {:.2} %",
                        if up { "to the host" } else { "to the board" },
                        100.0 * usage
                    );
                    assert!(usage > 0.95);
                    assert_eq!(host.counts().sent_again, 0);
                    break;
                }
            }
        }
    }
    Ok(())
}

/// A host at another baud rate, a break, and rubbish are not answered; then the link opens.
#[test]
fn what_makes_no_sense_does_no_harm() -> Result<(), SimError> {
    let model = model(8, 1)?;
    let open = Frame {
        sender: Sender::Host,
        tag: Tag::Open,
        again: false,
        poll: false,
        sequence: dqa_golden::link::VERSION,
        acknowledge: 0,
        session: 0xbeef,
        data: Vec::new(),
    };
    for seed in seeds(4) {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut link = Link::new(&model, seed, 8.0, Stall::NONE)?;
        // Ends of no frame, after every reset.
        let first: Vec<_> = (0..400).filter_map(|_| link.clock().transpose()).collect();
        let ends = first.iter().all(|byte| matches!(byte, Ok(0)));
        assert!(ends && !first.is_empty(), "{first:?}");
        for clocks_per_bit in [4.0, 6.0, 13.0, 16.0, 70.0] {
            link.talker = Talker::new(clocks_per_bit);
            (0..5).for_each(|_| link.talker.send(open.to_wire()));
            for _ in 0..3000 * clocks_per_bit as u64 / 4 {
                assert_eq!(link.clock()?, None, "{clocks_per_bit} clocks a bit");
            }
        }
        for _ in 0..1000 {
            link.bench.write("rx", false);
            link.bench.tick()?;
        }
        link.talker = Talker::new(8.0);
        link.talker.send((0..700).map(|_| random.u8(..)));
        link.talker.send([0]);
        link.talker.send(open.to_wire());
        let mut deframer = Deframer::default();
        let answer = (0..80 * 1000).find_map(|_| match link.clock() {
            Ok(byte) => byte.and_then(|byte| deframer.push(byte)),
            Err(error) => panic!("{error}"),
        });
        let answer = answer.expect("an answer").expect("intact");
        assert_eq!((answer.tag, answer.session), (Tag::Open, 0xbeef));
    }
    Ok(())
}
