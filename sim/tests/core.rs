//! `dqa_core` as a host meets it: contexts loaded through its registers, requests on both paths at
//! once, counters, interrupt, soft reset. What it answers is golden's.

mod requests;

use dqa_golden::context::Context;
use dqa_golden::packet::{Direction, Path, Reply};
use dqa_hdl::core::{identification, verilog};
use dqa_hdl::identification::Identification;
use dqa_hdl::load;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::registers::{
    Field, Register, contexts, control, dec_beats_in, dec_beats_out, dec_errors, dec_failed,
    dec_packets, dec_plane_len0, dec_plane_len1, dec_stalls_in, dec_stalls_out, enc_beats_in,
    enc_beats_out, enc_errors, enc_failed, enc_packets, enc_plane_len0, enc_plane_len1,
    enc_stalls_in, enc_stalls_out, irq_enable, irq_status, load_addr, load_data, status,
};
use dqa_sim::{Axil, Beat, Bench, Model, Response, SimError, Stall, Value, layers, seeds};
use requests::{FAULTS, Host, context, parameters};

/// Clocks in which an answer comes, or a path is done: ten for each beat of the longest.
const PATIENCE: u64 = 4_000_000;
/// Clocks that a counter may lag behind.
const LAG: u64 = 17;

const LANES: [usize; 4] = [1, 2, 4, 8];

/// What the core calls a path.
struct Names {
    source: &'static str,
    sink: &'static str,
    number: u32,
    valid: Field,
    in_use: Field,
    busy: Field,
    plane_len: [Field; 2],
    errors: Register,
    done: Field,
    failed: Field,
    /// Packets, packets with errors, beats in and out, stalls in and out.
    counters: [Field; 6],
}

const WRITE: Names = Names {
    source: "s_axis_enc",
    sink: "m_axis_enc",
    number: 0,
    valid: contexts::ENCODER_VALID,
    in_use: contexts::ENCODER_BUSY,
    busy: status::ENCODER_BUSY,
    plane_len: [enc_plane_len0::SAMPLES, enc_plane_len1::SAMPLES],
    errors: enc_errors::REGISTER,
    done: irq_status::ENCODER_DONE,
    failed: irq_status::ENCODER_ERROR,
    counters: [
        enc_packets::COUNT,
        enc_failed::COUNT,
        enc_beats_in::COUNT,
        enc_beats_out::COUNT,
        enc_stalls_in::COUNT,
        enc_stalls_out::COUNT,
    ],
};

const READ: Names = Names {
    source: "s_axis_dec",
    sink: "m_axis_dec",
    number: 1,
    valid: contexts::DECODER_VALID,
    in_use: contexts::DECODER_BUSY,
    busy: status::DECODER_BUSY,
    plane_len: [dec_plane_len0::SAMPLES, dec_plane_len1::SAMPLES],
    errors: dec_errors::REGISTER,
    done: irq_status::DECODER_DONE,
    failed: irq_status::DECODER_ERROR,
    counters: [
        dec_packets::COUNT,
        dec_failed::COUNT,
        dec_beats_in::COUNT,
        dec_beats_out::COUNT,
        dec_stalls_in::COUNT,
        dec_stalls_out::COUNT,
    ],
};

const PATHS: [(Direction, Names); 2] = [(Direction::Write, WRITE), (Direction::Read, READ)];

/// A core that was reset, and the master of its registers.
struct Device {
    bench: Bench,
    master: Axil,
    lanes: usize,
}

impl Device {
    fn new(lanes: usize, seed: u64, stall: Stall) -> Result<Self, SimError> {
        Self::of(&parameters(lanes), seed, stall)
    }

    fn of(parameters: &Parameters, seed: u64, stall: Stall) -> Result<Self, SimError> {
        let text = verilog(parameters, "").expect("sound RTL");
        let mut bench = Bench::new(&Model::build("dqa_core", &text)?, seed)?;
        for (_, names) in &PATHS {
            bench.source(names.source, [] as [Beat; 0], Stall::NONE);
            bench.sink(names.sink, Stall::NONE);
        }
        bench.reset();
        Ok(Self {
            bench,
            master: Axil::new("s_axil", stall),
            lanes: parameters.lanes,
        })
    }

    fn read(&mut self, offset: u16) -> Result<u32, SimError> {
        let (word, response) = self.master.read(&mut self.bench, offset)?;
        assert_eq!(response, Response::Okay, "read of {offset:#x}");
        Ok(word)
    }

    fn get(&mut self, field: Field) -> Result<u32, SimError> {
        Ok(field.get(self.read(field.offset)?))
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError> {
        let response = self.master.write(&mut self.bench, offset, word, 0xf)?;
        assert_eq!(response, Response::Okay, "write of {offset:#x}");
        Ok(())
    }

    /// Changes a field and leaves its register's others.
    fn set(&mut self, field: Field, value: u32) -> Result<(), SimError> {
        let word = self.read(field.offset)?;
        self.write(field.offset, word & !field.mask() | field.put(value))
    }

    fn wait_until(&mut self, field: Field, done: impl Fn(u32) -> bool) -> Result<(), SimError> {
        let end = self.bench.cycle() + PATIENCE;
        while !done(self.get(field)?) {
            assert!(self.bench.cycle() < end, "{} stays", field.signal());
        }
        Ok(())
    }

    /// Takes a context of a path out of use, so that it may be loaded.
    fn retire(&mut self, names: &Names, id: usize) -> Result<(), SimError> {
        let valid = self.get(names.valid)?;
        self.set(names.valid, valid & !(1 << id))
    }

    /// Writes a context's load map, whether it is taken or not.
    fn load(&mut self, names: &Names, id: usize, context: &Context) -> Result<(), SimError> {
        let writes = match names.number {
            0 => load::encoder(&parameters(self.lanes), context),
            _ => load::decoder(&parameters(self.lanes), context),
        };
        let place = load_addr::PATH.put(names.number) | load_addr::CONTEXT.put(id as u32);
        let mut next = None;
        for write in writes.expect("it fits") {
            if next != Some(write.addr) {
                let at = load_addr::ADDRESS.put(write.addr);
                self.write(load_addr::REGISTER.offset, place | at)?;
            }
            self.write(load_data::REGISTER.offset, write.data)?;
            next = Some(write.addr + 1);
        }
        Ok(())
    }

    /// Puts a loaded context into use.
    fn admit(&mut self, names: &Names, id: usize, context: &Context) -> Result<(), SimError> {
        self.set(names.plane_len[id], context.plane_len() as u32)?;
        let valid = self.get(names.valid)?;
        self.set(names.valid, valid | 1 << id)
    }

    /// Loads all contexts of a path that is not in use.
    fn load_all(&mut self, names: &Names, path: &Path) -> Result<(), SimError> {
        for (id, context) in path.contexts.iter().enumerate() {
            let context = context.as_ref().expect("both are there");
            self.load(names, id, context)?;
            self.admit(names, id, context)?;
        }
        self.set(control::CHECK_SEQUENCE, path.check_sequence.into())
    }

    fn send(&mut self, names: &Names, beat_bytes: usize, request: &[u8], stall: Stall) {
        let beats = request.len() / beat_bytes;
        let beats = request.chunks(beat_bytes).enumerate().map(|(at, bytes)| {
            let bytes = bytes.iter().rev();
            let value = bytes.fold(0u128, |x, &byte| x << 8 | u128::from(byte));
            Beat::from(value).last(at + 1 == beats)
        });
        self.bench.source(names.source, beats, stall);
    }

    /// The next answer of a path.
    fn answer(&mut self, names: &Names, beat_bytes: usize) -> Result<Vec<u8>, SimError> {
        self.bench
            .run_until(|bench| bench.packets(names.sink) > 0, PATIENCE)?;
        let beats = self.bench.take_packet(names.sink);
        let bytes = beats.iter().flat_map(|beat| {
            let data = beat.get("tdata");
            (0..beat_bytes).map(move |byte| data.field(8 * byte, 8) as u8)
        });
        Ok(bytes.collect())
    }
}

/// Bytes of a beat of a path's answers.
fn answer_bytes(path: &Path) -> usize {
    match path.direction {
        Direction::Write => path.shape.word_bytes(),
        Direction::Read => 2 * path.shape.lanes(),
    }
}

/// Hosts of both paths that agree on the check of sequence numbers.
fn hosts(seed: u64, lanes: usize) -> [Host; 2] {
    let mut hosts = PATHS.map(|(direction, _)| Host::new(seed, direction, lanes));
    hosts[1].path.check_sequence = hosts[0].path.check_sequence;
    hosts
}

fn status_of(answer: &[u8]) -> u32 {
    u32::from(answer[answer.len() - 8])
}

/// What a path has had to do.
#[derive(Default)]
struct Tally {
    packets: u32,
    failed: u32,
    beats_in: u32,
    beats_out: u32,
    seen: u32,
}

impl Tally {
    /// Takes a path's answers and compares them.
    fn check(
        &mut self,
        device: &mut Device,
        names: &Names,
        path: &Path,
        replies: &[Reply],
    ) -> Result<(), SimError> {
        let beat = answer_bytes(path);
        for (at, reply) in replies.iter().enumerate() {
            let answer = device.answer(names, beat)?;
            assert!(
                reply.admits(&answer),
                "answer {at} of {}:\n{answer:02x?}\nexpected {reply:02x?}",
                names.sink
            );
            let status = status_of(&answer);
            self.packets += 1;
            self.failed += u32::from(status > 0);
            self.beats_out += (answer.len() / beat) as u32;
            self.seen |= 1 << status & !1;
        }
        Ok(())
    }

    /// Compares with what the registers tell, and clears what is sticky.
    fn compare(&self, device: &mut Device, names: &Names) -> Result<(), SimError> {
        let expected = [self.packets, self.failed, self.beats_in, self.beats_out];
        for (field, expected) in names.counters.iter().zip(expected) {
            assert_eq!(device.get(*field)?, expected, "{}", field.register);
        }
        let offset = names.errors.offset;
        assert_eq!(device.read(offset)?, self.seen, "{}", names.errors.name);
        device.write(offset, self.seen)?;
        assert_eq!(device.read(offset)?, 0);
        let told = names.done.put(u32::from(self.packets > 0))
            | names.failed.put(u32::from(self.failed > 0));
        let mask = names.done.mask() | names.failed.mask();
        assert_eq!(device.read(irq_status::REGISTER.offset)? & mask, told);
        for field in [names.done, names.failed] {
            device.write(irq_enable::REGISTER.offset, field.mask())?;
            let raised = device.bench.read("irq");
            assert_eq!(raised, Value::from(field.get(told)), "{}", field.signal());
        }
        device.write(irq_status::REGISTER.offset, mask)?;
        assert_eq!(device.bench.read("irq"), Value::from(0u32));
        Ok(())
    }
}

#[test]
fn a_core_tells_what_it_is() -> Result<(), SimError> {
    let mut device = Device::new(2, 0, Stall::NONE)?;
    let mut words = std::collections::HashMap::new();
    for register in dqa_hdl::registers::ALL {
        words.insert(register.offset, device.read(register.offset)?);
    }
    let found = Identification::read(|offset| {
        Ok::<_, dqa_hdl::identification::IdentificationError>(words[&offset])
    });
    assert_eq!(found, Ok(identification(&parameters(2))));
    Ok(())
}

/// Rounds of requests on both paths at once, in each of which one context of a path runs and the
/// other one is replaced. Gives the packets, those of them with an error, and the samples.
fn session(parameters: &Parameters, seed: u64) -> Result<[u64; 3], SimError> {
    let stall = |at: u64| Stall::SWEEP[(at % 4) as usize];
    let lanes = parameters.lanes;
    let mut device = Device::of(parameters, seed, stall(seed / 2))?;
    let mut hosts = hosts(seed, lanes);
    hosts[0].path.scan &= parameters.scan;
    for ((_, names), host) in PATHS.iter().zip(&hosts) {
        device.load_all(names, &host.path)?;
    }
    device.set(control::CLEAR_COUNTERS, 1)?;
    let mut tallies = [Tally::default(), Tally::default()];
    for round in 0..4 {
        let old = round % 2;
        let mut replies = [Vec::new(), Vec::new()];
        for (at, (_, names)) in PATHS.iter().enumerate() {
            let host = &mut hosts[at];
            device.retire(names, old)?;
            host.path.contexts[old] = None;
            device.bench.sink(names.sink, stall(seed + at as u64));
            let mut faults: Vec<_> = (0..FAULTS).chain([0; 10]).collect();
            host.random.shuffle(&mut faults);
            for fault in faults {
                let request = host.faulty(fault);
                let beat = host.beat_bytes();
                replies[at].push(host.path.reply(&request));
                tallies[at].beats_in += (request.len() / beat) as u32;
                device.send(names, beat, &request, stall(seed / 4 + at as u64));
            }
        }
        for (at, (_, names)) in PATHS.iter().enumerate() {
            let host = &mut hosts[at];
            let fresh = context(&mut host.random, lanes);
            device.wait_until(names.in_use, |ids| ids >> old & 1 == 0)?;
            device.load(names, old, &fresh)?;
            host.path.contexts[old] = Some(fresh);
        }
        for (at, (_, names)) in PATHS.iter().enumerate() {
            let path = &hosts[at].path;
            tallies[at].check(&mut device, names, path, &replies[at])?;
            device.wait_until(names.busy, |busy| busy == 0)?;
            device.wait_until(names.in_use, |ids| ids == 0)?;
            let fresh = path.contexts[old].as_ref().expect("it was loaded");
            device.admit(names, old, fresh)?;
        }
    }
    device.bench.run(LAG)?;
    for (tally, (_, names)) in tallies.iter().zip(&PATHS) {
        tally.compare(&mut device, names)?;
        assert_eq!(device.bench.received(names.sink), 0, "nothing more comes");
    }
    assert_eq!(device.get(irq_status::LOAD_REFUSED)?, 0);
    let packets = tallies.iter().map(|tally| u64::from(tally.packets)).sum();
    let failed = tallies.iter().map(|tally| u64::from(tally.failed)).sum();
    let samples = hosts.iter().map(|host| host.samples as u64).sum();
    Ok([packets, failed, samples])
}

/// Sessions one after the other; prints what they came to, for `docs/src/soak.md`.
fn sessions(parameters: &Parameters, count: u64) -> Result<(), SimError> {
    let mut all = [0; 3];
    for seed in seeds(count) {
        let session = session(parameters, seed)?;
        all.iter_mut()
            .zip(session)
            .for_each(|(all, one)| *all += one);
    }
    let [packets, failed, samples] = all;
    let (lanes, sessions) = (parameters.lanes, seeds(count).count());
    println!("| {lanes} | {sessions} | {packets} | {failed} | {samples} |");
    Ok(())
}

#[test]
fn one_lane_answers_as_golden() -> Result<(), SimError> {
    sessions(&parameters(1), 8)
}

#[test]
fn two_lanes_answer_as_golden() -> Result<(), SimError> {
    sessions(&parameters(2), 8)
}

#[test]
fn four_lanes_answer_as_golden() -> Result<(), SimError> {
    sessions(&parameters(4), 8)
}

#[test]
fn eight_lanes_answer_as_golden() -> Result<(), SimError> {
    sessions(&parameters(8), 8)
}

/// Scans get status 7 and all else is as with one.
#[test]
fn a_core_without_scanner_answers_as_golden() -> Result<(), SimError> {
    let without = Parameters {
        scan: false,
        ..parameters(4)
    };
    sessions(&without, 2)
}

/// A context whose packet waits at the output cannot be loaded, the path's other one can.
#[test]
fn a_context_in_use_is_not_loaded() -> Result<(), SimError> {
    for lanes in LANES {
        for (at, (_, names)) in PATHS.iter().enumerate() {
            let mut device = Device::new(lanes, 0, Stall::NONE)?;
            let host = &mut hosts(0, lanes)[at];
            let long = layers::length_by_sample(lanes, 20_000);
            host.path.contexts = vec![Some(long), None];
            let short = context(&mut host.random, lanes);
            let used = host.path.contexts[0].clone().expect("there");
            device.load(names, 0, &used)?;
            device.admit(names, 0, &used)?;

            let request = host.faulty(0);
            let reply = host.path.reply(&request);
            device.bench.sink(names.sink, Stall::percent(99));
            device.send(names, host.beat_bytes(), &request, Stall::NONE);
            device.wait_until(names.in_use, |ids| ids == 1)?;
            device.retire(names, 0)?;
            device.load(names, 1, &short)?;
            assert_eq!(device.get(irq_status::LOAD_REFUSED)?, 0);
            device.load(names, 0, &short)?;
            assert_eq!(device.get(irq_status::LOAD_REFUSED)?, 1);
            assert_eq!(device.get(names.in_use)?, 1, "the packet still runs");
            device.write(irq_enable::REGISTER.offset, irq_enable::LOAD_REFUSED.put(1))?;
            assert_eq!(device.bench.read("irq"), Value::from(1u32));

            device.bench.sink(names.sink, Stall::NONE);
            let answer = device.answer(names, answer_bytes(&host.path))?;
            assert!(reply.admits(&answer), "{lanes} lanes, {}", names.sink);
            host.path.contexts = vec![Some(used), Some(short)];
            for id in 0..2 {
                let context = host.path.contexts[id].clone().expect("there");
                device.admit(names, id, &context)?;
            }
            let mut tally = Tally::default();
            for _ in 0..4 {
                let request = host.faulty(0);
                let reply = host.path.reply(&request);
                device.send(names, host.beat_bytes(), &request, Stall::NONE);
                tally.check(&mut device, names, &host.path, &[reply])?;
            }
        }
    }
    Ok(())
}

/// What is left of a request after a reset is one of its own; then all is right again, with the
/// contexts that were loaded before.
#[test]
fn a_soft_reset_forgets_packets_and_nothing_else() -> Result<(), SimError> {
    for seed in seeds(40) {
        let lanes = LANES[seed as usize % 4];
        let mut device = Device::new(lanes, seed, Stall::NONE)?;
        let mut hosts = hosts(seed, lanes);
        let mut registers = Vec::new();
        for ((_, names), host) in PATHS.iter().zip(&mut hosts) {
            device.load_all(names, &host.path)?;
            let request = host.faulty(0);
            device.send(names, host.beat_bytes(), &request, Stall::percent(20));
            registers.extend([names.valid, names.plane_len[0], names.plane_len[1]]);
            registers.extend([control::CHECK_SEQUENCE, irq_enable::ENCODER_DONE]);
        }
        let before: Result<Vec<_>, _> = registers.iter().map(|&f| device.get(f)).collect();
        device.bench.run(hosts[0].random.u64(0..400))?;
        device.set(control::SOFT_RESET, 1)?;
        // Until nothing moves: then this is what was left over.
        device.bench.run(8)?;
        let left = PATHS.map(|(_, names)| device.bench.waiting(names.source));
        for (_, names) in &PATHS {
            assert_eq!(device.get(names.in_use)?, 0);
            device.bench.take(names.sink);
        }
        let after: Result<Vec<_>, _> = registers.iter().map(|&f| device.get(f)).collect();
        assert_eq!(after?, before?);
        for (at, (_, names)) in PATHS.iter().enumerate() {
            let host = &mut hosts[at];
            host.path.last_sequence = None;
            if left[at] > 0 {
                let rest = device.answer(names, answer_bytes(&host.path))?;
                assert!([6, 13].contains(&status_of(&rest)), "{rest:02x?}");
            }
            let mut tally = Tally::default();
            for _ in 0..4 {
                let request = host.faulty(0);
                let reply = host.path.reply(&request);
                device.send(names, host.beat_bytes(), &request, Stall::NONE);
                tally.check(&mut device, names, &host.path, &[reply])?;
            }
        }
    }
    Ok(())
}

/// With a source that never pauses, each clock up to a request's end moves a beat or is a stall.
#[test]
fn stalls_are_counted() -> Result<(), SimError> {
    for (at, (_, names)) in PATHS.iter().enumerate() {
        let mut device = Device::new(4, 0, Stall::NONE)?;
        let host = &mut hosts(0, 4)[at];
        host.path.contexts = vec![Some(layers::length_by_sample(4, 20_000)); 2];
        device.load_all(names, &host.path)?;
        device.set(control::CLEAR_COUNTERS, 1)?;
        let request = host.faulty(0);
        device.bench.sink(names.sink, Stall::percent(99));
        let start = device.bench.cycle();
        device.send(names, host.beat_bytes(), &request, Stall::NONE);
        let sent = |bench: &mut Bench| bench.waiting(names.source) == 0;
        device.bench.run_until(sent, PATIENCE)?;
        let clocks = device.bench.cycle() - start;
        device.bench.sink(names.sink, Stall::NONE);
        device.answer(names, answer_bytes(&host.path))?;
        device.bench.run(LAG)?;
        let [_, _, beats_in, beats_out, stalls_in, stalls_out] = names.counters;
        let moved = device.get(beats_in)? + device.get(stalls_in)?;
        assert_eq!(u64::from(moved), clocks);
        assert!(device.get(stalls_in)? > 0);
        assert!(device.get(stalls_out)? > device.get(beats_out)?);
    }
    Ok(())
}
