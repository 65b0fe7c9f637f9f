//! The link over PCIe, on a simulated card: what the driver's nodes do to transfers, in process and
//! through FUSE.

mod host;

use std::path::Path;
use std::time::{Duration, Instant};

use dqa_driver::card::{Card, Limits, LinkError};
use dqa_driver::device::{DeviceError, open};
use dqa_driver::simulated_card::{
    Core, Fault, Faults, Loopback, SimulatedCard, SoftwareCore, mount,
};
use dqa_driver::transport::{Transport, TransportError};
use dqa_driver::xdma::{Board, Files, Tuning, XdmaLink};
use dqa_golden::context::Context;
use dqa_golden::packet::{Header, Operation, answer, plain, samples_to_bytes};
use dqa_golden::payload::PlaneRun;
use dqa_sim::{Device, layers, seeds};
use fastrand::Rng;
use host::{Host, parameters};

/// The driver's time for a transfer, as Xilinx's has it: on a busy machine a verilated core takes seconds.
const TIMEOUT: Duration = Duration::from_secs(10);

fn simulated(core: impl Core + 'static, faults: Faults) -> SimulatedCard {
    SimulatedCard::new(Box::new(core), faults, TIMEOUT)
}

fn verilated(lanes: usize, seed: u64) -> SimulatedCard {
    let core = Device::new(parameters(lanes), seed).expect("the core is built");
    simulated(core, Faults::new(seed))
}

/// Small buffers, so that most requests are cut, and little patience.
fn tuning(buffer: usize, answer: u64) -> Tuning {
    Tuning {
        buffer,
        buffers: 3,
        limits: Limits {
            window: 8,
            answer: Duration::from_millis(answer),
        },
    }
}

fn opened<B: Board>(board: B, tuning: Tuning) -> Card<XdmaLink<B>> {
    Card::open(XdmaLink::new(board, tuning).expect("its nodes open")).expect("it is a core")
}

/// One fault in how many transfers. Those that cost a repair are not to strike it too often: four in a row without
/// an answer between are told.
fn rate(fault: Fault) -> u32 {
    match fault {
        Fault::Stuck => 500,
        Fault::Failed => 1000,
        Fault::Short | Fault::Late | Fault::Reordered => 5,
    }
}

/// Milliseconds without a byte after which a card counts as hung: short only where it does hang, since a
/// busy machine takes its time too.
fn patience(fault: Fault) -> u64 {
    match fault {
        Fault::Stuck => 250,
        _ => 10_000,
    }
}

/// How many faults of each kind are asked for: `DQA_FAULTS`, or a few.
fn wanted(few: u64) -> u64 {
    let asked = std::env::var("DQA_FAULTS").ok();
    asked.map_or(few, |count| count.parse().expect("DQA_FAULTS is a number"))
}

#[test]
fn the_verilated_core_answers_as_golden() {
    for (seed, lanes, buffer) in [(0, 4, 160), (1, 8, 4096), (2, 1, 1 << 20)] {
        let mut card = opened(verilated(lanes, seed), tuning(buffer, 10_000));
        Host::new(seed, lanes).session(&mut card, 20);
    }
}

/// The card for measuring the host answers as the one it stands for.
#[test]
fn the_software_core_answers_as_golden() {
    for (seed, lanes, buffer) in [(0, 4, 160), (1, 8, 4096), (2, 1, 1 << 20), (3, 2, 1024)] {
        let core = SoftwareCore::new(parameters(lanes)).expect("legal");
        let simulated = simulated(core, Faults::new(seed));
        let mut card = opened(simulated.clone(), tuning(buffer, 10_000));
        let mut host = Host::new(seed, lanes);
        host.session(&mut card, 200);
        let rates = Faults::new(seed).with(Fault::Short, 5);
        simulated.set_faults(rates.with(Fault::Failed, rate(Fault::Failed)));
        host.session(&mut card, 200);
    }
}

/// In blocks, as a core gives them, and so large that they are made plain where they are.
#[test]
fn large_answers_of_the_software_core_are_golden() {
    let core = SoftwareCore::new(parameters(4)).expect("legal");
    let simulated = simulated(core, Faults::new(3));
    let mut card = opened(simulated.clone(), tuning(1 << 17, 10_000));
    let mut host = Steady::new(3, &mut card, 20_000, false);
    host.session(&mut card, 100);
    let rates = Faults::new(3).with(Fault::Short, 5);
    simulated.set_faults(rates.with(Fault::Failed, 50));
    host.session(&mut card, 300);
    assert!(card.resets() > 0, "a transfer failed");
}

#[test]
fn faults_of_the_verilated_card_are_repaired() {
    for seed in seeds(1) {
        for fault in Fault::ALL {
            let simulated = verilated(4, seed);
            let mut card = opened(simulated.clone(), tuning(1024, 4 * patience(fault)));
            simulated.set_faults(Faults::new(seed).with(fault, rate(fault)));
            let mut host = Host::new(seed, 4);
            // What a host damages is repaired too, and counts as one of the tries.
            host.sound = matches!(fault, Fault::Failed | Fault::Stuck);
            while simulated.count(fault) < 2 {
                host.session(&mut card, 15);
            }
            println!(
                "{fault:?}: {} times, {} resets, nothing lost, repeated or wrong",
                simulated.count(fault),
                card.resets()
            );
            assert!(card.resets() > 0 || !host.sound, "{fault:?}");
        }
    }
}

/// A host of one context with small requests.
struct Steady {
    random: Rng,
    contexts: Vec<Option<Context>>,
    sequence: u32,
    /// The card copies: answers have their request's payload. If not, they are golden's.
    copies: bool,
}

impl Steady {
    fn new(seed: u64, card: &mut impl Transport, plane_len: u32, copies: bool) -> Self {
        let context = layers::length_by_sample(4, plane_len);
        card.load_context(0, &context).expect("it fits");
        Self {
            random: Rng::with_seed(seed),
            contexts: vec![Some(context)],
            sequence: 0,
            copies,
        }
    }

    /// A request and its answer.
    fn request(&mut self) -> (Vec<u8>, Vec<u8>) {
        self.sequence += 1;
        let context = self.contexts[0].as_ref().expect("one is loaded");
        let mut header = Header {
            operation: Operation::Encode,
            context: 0,
            shape: context.shape(),
            run: PlaneRun {
                first_channel: 0,
                channels: 1,
                images: self.random.u16(1..if self.copies { 40 } else { 4 }),
            },
            plane_len: context.parts().plane_len,
            sequence: self.sequence,
            payload_len: 0,
        };
        let random = &mut self.random;
        let decode = random.bool();
        // Samples from 0 to 8 have a code.
        let samples = (0..header.run.samples(context)).map(|_| random.i16(0..9));
        let payload = samples_to_bytes(&samples.collect::<Vec<_>>());
        if self.copies {
            header.operation = [Operation::Encode, Operation::Decode][usize::from(decode)];
            let request = header.packet(&payload);
            header.operation = header.operation.answer();
            return (request, header.packet(&payload));
        }
        let encode = header.packet(&payload);
        let coded = answer(&self.contexts, &encode).expect("all have codes");
        match decode {
            false => (encode, coded),
            true => {
                let decoded = answer(&self.contexts, &coded).expect("it was coded");
                (coded, decoded)
            }
        }
    }

    fn session(&mut self, card: &mut impl Transport, requests: usize) {
        let mut expected = std::collections::VecDeque::new();
        let mut left = requests;
        while left > 0 || !expected.is_empty() {
            if left > 0 && card.in_flight() < card.capabilities().window {
                expected.push_back(self.ask(card));
                left -= 1;
                continue;
            }
            let expected = expected.pop_front().expect("one was asked");
            self.hear(card, &expected);
        }
    }

    /// Sends a request; its answer.
    fn ask(&mut self, card: &mut impl Transport) -> Vec<u8> {
        let (request, answer) = self.request();
        card.submit(request).expect("there is room");
        answer
    }

    /// Receives an answer, which has to be this one.
    fn hear(&self, card: &mut impl Transport, expected: &[u8]) {
        let got = plain(card.receive().expect("an answer")).expect("whole");
        let sequence = self.sequence;
        assert!(got == expected, "the answer before request {sequence}");
    }

    /// Has a fault strike so often, and tells what came of it.
    fn with_faults<B: Board>(
        &mut self,
        simulated: &SimulatedCard,
        card: &mut Card<XdmaLink<B>>,
        (fault, rate): (Fault, u32),
        wanted: u64,
    ) {
        let start = Instant::now();
        simulated.set_faults(Faults::new(7).with(fault, rate));
        while simulated.count(fault) < wanted {
            self.session(card, 50);
        }
        println!(
            "| {fault:?} | {} | {} | {} | {:.0?} |",
            simulated.count(fault),
            card.resets(),
            self.sequence,
            start.elapsed()
        );
        let resets = matches!(fault, Fault::Failed | Fault::Stuck);
        assert_eq!(card.resets() > 0, resets, "{fault:?}");
    }
}

/// As many as take some seconds; of those that time has to repair, fewer.
#[test]
fn faults_of_the_copying_card_are_repaired() {
    // Requests that are copied, and such as are sent from where they are; answers that are cut, and such as are
    // not.
    let sizes = [(1 << 13, 500), (1 << 16, 1000)];
    let each = |fault| sizes.map(|size| (fault, size));
    for (fault, (buffer, plane_len)) in Fault::ALL.into_iter().flat_map(each) {
        let wanted = wanted(if rate(fault) >= 200 { 3 } else { 30 });
        let simulated = simulated(Loopback::new(parameters(4)), Faults::new(7));
        let mut card = opened(simulated.clone(), tuning(buffer, patience(fault)));
        let mut host = Steady::new(7, &mut card, plane_len, true);
        host.with_faults(&simulated, &mut card, (fault, rate(fault)), wanted);
    }
}

/// Small requests, so that many faults take minutes and not days.
#[test]
fn many_faults_of_the_verilated_card_are_repaired() {
    for fault in Fault::ALL {
        let rate = rate(fault).min(500);
        let wanted = wanted(if rate >= 200 { 2 } else { 30 });
        let simulated = verilated(4, 7);
        let mut card = opened(simulated.clone(), tuning(1024, patience(fault)));
        let mut host = Steady::new(7, &mut card, 64, false);
        host.with_faults(&simulated, &mut card, (fault, rate), wanted);
    }
}

#[test]
fn a_stuck_card_is_told_and_opens_again() {
    let simulated = verilated(2, 0);
    let mut card = opened(simulated.clone(), tuning(4096, 200));
    let mut host = Host::new(0, 2);
    host.session(&mut card, 5);
    // Stuck for good: no reset helps.
    simulated.set_faults(Faults::new(0).with(Fault::Stuck, 1));
    let request = host.request();
    let start = Instant::now();
    card.submit(request).unwrap();
    let told = card.receive();
    let resets = Duration::from_millis(4 * (200 + 2 * 600));
    assert!(start.elapsed() < resets, "{:?}", start.elapsed());
    assert!(
        matches!(told, Err(TransportError::Link(LinkError::Timeout { .. }))),
        "{told:?}"
    );
    // This one again, and after it one that is opened anew.
    simulated.set_faults(Faults::new(0));
    simulated.set_stuck(false);
    host.session(&mut card, 5);
    drop(card);
    let mut card = opened(simulated, tuning(4096, 2000));
    host.contexts.fill(None);
    host.load(&mut card);
    host.session(&mut card, 5);
}

#[test]
fn a_card_is_unplugged_and_put_back() {
    let simulated = verilated(2, 0);
    let mut card = opened(simulated.clone(), tuning(4096, 2000));
    let mut host = Host::new(0, 2);
    host.session(&mut card, 5);
    let requests = [host.request(), host.request()];
    for request in requests {
        card.submit(request).unwrap();
    }
    simulated.set_unplugged(true);
    let start = Instant::now();
    for _ in 0..2 {
        // What came before is not lost.
        let told = card.receive();
        assert!(
            matches!(
                told,
                Ok(_) | Err(TransportError::Link(LinkError::Gone { .. }))
            ),
            "{told:?}"
        );
    }
    let again = host.request();
    assert!(matches!(
        card.submit(again),
        Err(TransportError::Link(LinkError::Gone { .. }))
    ));
    assert!(start.elapsed() < Duration::from_secs(2));
    simulated.set_unplugged(false);
    host.session(&mut card, 5);
}

/// Large requests are cut into transfers.
#[test]
fn transfers_are_split() {
    const BUFFER: usize = 4096;
    let simulated = simulated(Loopback::new(parameters(4)), Faults::new(0));
    let mut card = opened(simulated.clone(), tuning(BUFFER, 10_000));
    let mut host = Steady::new(3, &mut card, 1000, true);
    simulated.record();
    host.session(&mut card, 20);
    let transfers = simulated.record();
    assert!(transfers.iter().all(|&bytes| bytes <= BUFFER));
    assert!(transfers.len() > 2 * 20, "{} transfers", transfers.len());
}

/// Requests that gather while a transfer is under way share the next one of their path.
#[test]
fn transfers_are_merged() {
    let core = Box::new(Loopback::new(parameters(4)));
    let simulated = SimulatedCard::new(core, Faults::new(0), Duration::from_secs(20));
    let mut card = opened(simulated.clone(), tuning(1 << 20, 10_000));
    let mut host = Steady::new(3, &mut card, 400, true);
    simulated.record();
    for _ in 0..10 {
        // Nothing gets to it until all have been sent.
        simulated.set_stuck(true);
        let expected: Vec<_> = (0..8).map(|_| host.ask(&mut card)).collect();
        simulated.set_stuck(false);
        for expected in expected {
            host.hear(&mut card, &expected);
        }
        let transfers = simulated.record();
        // On each path the first request, and the others.
        assert!(transfers.len() <= 4, "{transfers:?}");
    }
    assert_eq!(card.resets(), 0);
}

/// Answers that nobody read, and a request that nobody ended.
#[test]
fn what_a_program_left_behind_is_read_away() {
    let simulated = verilated(2, 0);
    for round in 0..4 {
        let mut card = opened(simulated.clone(), tuning(4096, 10_000));
        let mut host = Host::new(round, 2);
        host.load(&mut card);
        for _ in 0..6 {
            let request = host.request();
            host.expected.push_back(answer(&host.contexts, &request));
            card.submit(request).expect("there is room");
        }
        for _ in 0..3 {
            let got = card.receive();
            host.check(got);
        }
        assert_eq!(card.resets(), 0, "what was left is in the way");
        // The other three are left, and the first half of a request.
        drop(card);
        let nodes = simulated.open().expect("it is free again");
        let begun = host.request();
        for requests in nodes.requests {
            requests.write(&begun[..32]).expect("the card takes it");
        }
    }
}

#[test]
fn a_card_is_open_once() {
    let simulated = simulated(Loopback::new(parameters(4)), Faults::new(0));
    let card = opened(simulated.clone(), Tuning::default());
    let second = XdmaLink::new(simulated.clone(), Tuning::default()).err();
    assert!(matches!(second, Some(LinkError::Busy { .. })), "{second:?}");
    drop(card);
    let mut card = opened(simulated, Tuning::default());
    Steady::new(0, &mut card, 1000, true).session(&mut card, 20);
}

#[test]
fn what_is_not_there_is_told() {
    let told = open("xdma:/nonexistent/xdma0").err();
    let Some(DeviceError::Link(LinkError::Absent { name, remedy })) = told else {
        panic!("{told:?}");
    };
    assert_eq!(name, "xdma:/nonexistent/xdma0");
    assert!(remedy.contains("/nonexistent/xdma0_"), "{remedy}");
    assert!(matches!(open("xdma:"), Err(DeviceError::Unknown(_))));
}

/// A folder with a card's nodes, or why there is none here.
fn mounted(card: &SimulatedCard) -> Option<(tempfile::TempDir, fuser::BackgroundSession)> {
    let folder = tempfile::tempdir().expect("a folder");
    match mount(card, folder.path()) {
        Ok(session) => Some((folder, session)),
        Err(error) if !Path::new("/dev/fuse").exists() || std::env::var_os("CI").is_none() => {
            eprintln!(
                "skipped: FUSE does not mount here ({error}): apt-get install fuse3, as root or not"
            );
            None
        }
        Err(error) => panic!("FUSE does not mount here: {error}: apt-get install fuse3"),
    }
}

#[test]
fn the_verilated_core_answers_through_files() {
    let simulated = verilated(4, 3);
    let Some((folder, _session)) = mounted(&simulated) else {
        return;
    };
    let name = format!("xdma:{}/xdma0", folder.path().display());
    let mut card = open(&name).expect("the card opens");
    assert_eq!(card.capabilities().name, name);
    let busy = open(&name).err();
    assert!(
        matches!(busy, Some(DeviceError::Link(LinkError::Busy { .. }))),
        "{busy:?}"
    );
    let mut host = Host::new(3, 4);
    host.session(&mut *card, 20);
    simulated.set_unplugged(true);
    let request = host.request();
    // It is seen at once or with the answer.
    let told = card.submit(request).and_then(|()| card.receive());
    assert!(
        matches!(told, Err(TransportError::Link(LinkError::Gone { .. }))),
        "{told:?}"
    );
    simulated.set_unplugged(false);
    host.session(&mut *card, 5);
}

#[test]
fn faults_through_files_are_repaired() {
    let simulated = simulated(Loopback::new(parameters(4)), Faults::new(7));
    let Some((folder, _session)) = mounted(&simulated) else {
        return;
    };
    let place = folder.path().join("xdma0");
    let mut card = opened(Files::new(&place.to_string_lossy()), tuning(1 << 16, 1000));
    let mut host = Steady::new(9, &mut card, 1000, true);
    for fault in Fault::ALL {
        let rates = Faults::new(9).with(fault, rate(fault));
        simulated.set_faults(rates);
        while simulated.count(fault) < wanted(3) {
            host.session(&mut card, 30);
        }
    }
}
