//! The control port against the description of its registers, with stalls on all five channels.

use dqa_hdl::control_port::ControlPort;
use dqa_hdl::emit::emit;
use dqa_hdl::identification::{Features, Identification};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::paths::Paths;
use dqa_hdl::registers::{
    ALL, Access, BYTES, Field, Register, contexts, control, cycles, dec_beats_in, dec_beats_out,
    dec_errors, dec_failed, dec_packets, dec_plane_len0, dec_plane_len1, dec_stalls_in,
    dec_stalls_out, enc_beats_in, enc_beats_out, enc_errors, enc_failed, enc_packets,
    enc_plane_len0, enc_plane_len1, enc_stalls_in, enc_stalls_out, fields, irq_enable, irq_status,
    load_addr, load_data, scratch, status,
};
use dqa_sim::{Axil, Beat, Bench, Model, Response, SimError, Stall, seeds};
use fastrand::Rng;

const WHOLE: u8 = 0xf;
/// Clocks that a counter may lag behind.
const LAG: u64 = 17;

fn identification() -> Identification {
    let parameters = Parameters {
        lanes: 8,
        max_bits: 7,
        max_extra: 3,
        max_code_length: 6,
        symbol_bits: 6,
        channels: 0xfedc,
        paths: Paths::Both,
        scan: true,
        counters: true,
        dynamic_beats: 0x7654,
        link_room: 1024,
    };
    let features = Features {
        scan: true,
        histogram: false,
    };
    Identification::new(parameters, features)
}

/// A control port that was reset, and a master.
struct Port {
    bench: Bench,
    master: Axil,
    random: Rng,
}

impl Port {
    fn new(seed: u64, stall: Stall) -> Result<Self, SimError> {
        let verilog = emit("control_port", "", ControlPort::new(&identification()));
        let model = Model::build("control_port", &verilog.expect("sound RTL"))?;
        let mut bench = Bench::new(&model, seed)?;
        for path in ["enc", "dec"] {
            for port in ["busy", "contexts_busy", "done", "status"] {
                bench.write(&format!("{path}_{port}"), 0u8);
            }
            for port in ["beat_in", "beat_out", "stall_in", "stall_out"] {
                bench.write(&format!("{path}_{port}"), 0u8);
            }
        }
        bench.reset();
        Ok(Self {
            bench,
            master: Axil::new("s_axil", stall),
            random: Rng::with_seed(seed),
        })
    }

    fn read(&mut self, offset: u16) -> Result<u32, SimError> {
        let (data, response) = self.master.read(&mut self.bench, offset)?;
        assert_eq!(response, Response::Okay, "read of {offset:#x}");
        Ok(data)
    }

    fn get(&mut self, field: Field) -> Result<u32, SimError> {
        Ok(field.get(self.read(field.offset)?))
    }

    fn write(&mut self, offset: u16, data: u32, strobe: u8) -> Result<(), SimError> {
        let response = self.master.write(&mut self.bench, offset, data, strobe)?;
        assert_eq!(response, Response::Okay, "write of {offset:#x}");
        Ok(())
    }

    /// Sets an input for one clock.
    fn pulse(&mut self, port: &str) -> Result<(), SimError> {
        self.bench.write(port, true);
        self.bench.tick()?;
        self.bench.write(port, false);
        Ok(())
    }
}

/// Every seed with every stall.
fn ports() -> impl Iterator<Item = Result<Port, SimError>> {
    seeds(3).flat_map(|seed| Stall::SWEEP.map(|stall| Port::new(seed, stall)))
}

fn bytes(strobe: u8) -> u32 {
    let enabled = (0..4).filter(|byte| strobe >> byte & 1 == 1);
    enabled.fold(0, |mask, byte| mask | 0xff << (8 * byte))
}

/// A register's word after reset, counters left out.
fn at_reset(register: &Register) -> u32 {
    let constants = identification().constants();
    let here = constants
        .iter()
        .filter(|(f, _)| f.offset == register.offset);
    here.fold(register.reset(), |word, (field, value)| {
        word | field.put(*value)
    })
}

#[test]
fn registers_begin_with_their_reset_values() -> Result<(), SimError> {
    for port in ports() {
        let mut port = port?;
        for register in ALL.iter().filter(|r| **r != cycles::REGISTER) {
            assert_eq!(
                port.read(register.offset)?,
                at_reset(register),
                "{}",
                register.name
            );
        }
    }
    Ok(())
}

#[test]
fn a_core_is_identified_from_its_registers() -> Result<(), SimError> {
    let mut port = Port::new(0, Stall::NONE)?;
    let mut words = std::collections::HashMap::new();
    for register in ALL {
        words.insert(register.offset, port.read(register.offset)?);
    }
    let found = Identification::read(|offset| {
        Ok::<_, dqa_hdl::identification::IdentificationError>(words[&offset])
    });
    assert_eq!(found, Ok(identification()));
    Ok(())
}

/// Only fields that keep what is written do, and only their enabled bytes.
#[test]
fn writes_change_what_keeps_them_and_nothing_else() -> Result<(), SimError> {
    let keeps = [Access::ReadWrite, Access::Advance];
    for port in ports() {
        let mut port = port?;
        let mut words: Vec<u32> = ALL.iter().map(at_reset).collect();
        for _ in 0..60 {
            let at = port.random.usize(..ALL.len());
            let register = &ALL[at];
            let refuses_parts = register.mask(&[Access::WriteOnly]) != 0;
            let strobe = if refuses_parts {
                WHOLE
            } else {
                port.random.u8(..16)
            };
            let data = port.random.u32(..);
            port.write(register.offset, data, strobe)?;
            let mask = register.mask(&keeps) & bytes(strobe);
            words[at] = words[at] & !mask | data & mask;
            if *register == load_data::REGISTER {
                let addr = ALL.iter().position(|r| *r == load_addr::REGISTER);
                let word = &mut words[addr.expect("LOAD_ADDR")];
                let address = load_addr::ADDRESS.get(word.wrapping_add(1));
                *word = *word & !load_addr::ADDRESS.mask() | load_addr::ADDRESS.put(address);
            }
        }
        for (register, word) in ALL.iter().zip(words) {
            if *register != cycles::REGISTER {
                assert_eq!(port.read(register.offset)?, word, "{}", register.name);
            }
        }
    }
    Ok(())
}

#[test]
fn other_addresses_are_refused() -> Result<(), SimError> {
    let mut port = Port::new(0, Stall::NONE)?;
    for offset in 0..BYTES {
        let known = ALL.iter().any(|register| register.offset == offset);
        let expected = if known {
            Response::Okay
        } else {
            Response::SlaveError
        };
        assert_eq!(
            port.master.read(&mut port.bench, offset)?.1,
            expected,
            "{offset:#x}"
        );
        let written = port.master.write(&mut port.bench, offset, 0, WHOLE)?;
        assert_eq!(written, expected, "{offset:#x}");
    }
    // An address that is not a multiple of 4 writes nothing.
    port.write(scratch::REGISTER.offset, 5, WHOLE)?;
    for byte in 1..4 {
        let offset = scratch::REGISTER.offset + byte;
        port.master.write(&mut port.bench, offset, 6, WHOLE)?;
    }
    assert_eq!(port.read(scratch::REGISTER.offset)?, 5);
    Ok(())
}

#[test]
fn fields_are_seen_at_the_ports() -> Result<(), SimError> {
    let outputs = [
        (control::CHECK_SEQUENCE, "enc_check_sequence"),
        (control::CHECK_SEQUENCE, "dec_check_sequence"),
        (contexts::ENCODER_VALID, "enc_valid"),
        (contexts::DECODER_VALID, "dec_valid"),
        (enc_plane_len0::SAMPLES, "enc_plane_len0"),
        (enc_plane_len1::SAMPLES, "enc_plane_len1"),
        (dec_plane_len0::SAMPLES, "dec_plane_len0"),
        (dec_plane_len1::SAMPLES, "dec_plane_len1"),
        (load_addr::ADDRESS, "enc_load_addr"),
        (load_addr::ADDRESS, "dec_load_addr"),
        (load_addr::CONTEXT, "enc_load_context"),
        (load_addr::CONTEXT, "dec_load_context"),
    ];
    let inputs = [
        (status::ENCODER_BUSY, "enc_busy"),
        (status::DECODER_BUSY, "dec_busy"),
        (contexts::ENCODER_BUSY, "enc_contexts_busy"),
        (contexts::DECODER_BUSY, "dec_contexts_busy"),
    ];
    let mut port = Port::new(0, Stall::percent(30))?;
    for _ in 0..20 {
        for (field, name) in outputs {
            let value = field.get(port.random.u32(..));
            port.write(field.offset, field.put(value), WHOLE)?;
            assert_eq!(port.bench.read(name).to_u64(), u64::from(value), "{name}");
        }
        for (field, name) in inputs {
            let value = field.get(port.random.u32(..));
            port.bench.write(name, value);
            assert_eq!(port.get(field)?, value, "{name}");
        }
    }
    Ok(())
}

/// The interrupts, in the order of their bits, as the events of a clock.
fn interrupts(enc: Option<u32>, dec: Option<u32>) -> u32 {
    let failed = |status: Option<u32>| status.is_some_and(|status| status > 0);
    irq_status::ENCODER_DONE.put(enc.is_some().into())
        | irq_status::DECODER_DONE.put(dec.is_some().into())
        | irq_status::ENCODER_ERROR.put(failed(enc).into())
        | irq_status::DECODER_ERROR.put(failed(dec).into())
}

#[test]
fn sticky_bits_stay_until_a_one_is_written() -> Result<(), SimError> {
    for port in ports() {
        let mut port = port?;
        let sticky = [
            enc_errors::REGISTER,
            dec_errors::REGISTER,
            irq_status::REGISTER,
        ];
        let mut words = [0; 3];
        for _ in 0..40 {
            let mut status = |path: &str| {
                let ended = port.random.bool().then(|| port.random.u32(..16));
                port.bench.write(&format!("{path}_done"), ended.is_some());
                port.bench
                    .write(&format!("{path}_status"), ended.unwrap_or(7));
                ended
            };
            let ended = ["enc", "dec"].map(&mut status);
            port.bench.tick()?;
            port.bench.write("enc_done", false);
            port.bench.write("dec_done", false);
            for (word, status) in words.iter_mut().zip(ended) {
                *word |= status
                    .filter(|&status| status > 0)
                    .map_or(0, |status| 1 << status);
            }
            words[2] |= interrupts(ended[0], ended[1]);

            let (at, data, strobe) = (
                port.random.usize(..3),
                port.random.u32(..),
                port.random.u8(..16),
            );
            port.write(sticky[at].offset, data, strobe)?;
            words[at] &= !(data & bytes(strobe));
            let enabled = port.random.u32(..) & irq_enable::REGISTER.mask(&[Access::ReadWrite]);
            port.write(irq_enable::REGISTER.offset, enabled, WHOLE)?;
            for (register, word) in sticky.iter().zip(words) {
                assert_eq!(port.read(register.offset)?, word, "{}", register.name);
            }
            let raised = port.bench.read("irq").to_u64() == 1;
            assert_eq!(raised, words[2] & enabled != 0);
        }
    }
    Ok(())
}

/// The register is written in the clock after the handshakes: what happens then is not lost.
#[test]
fn an_event_wins_over_clearing() -> Result<(), SimError> {
    for clock in 0..4 {
        let mut port = Port::new(0, Stall::NONE)?;
        port.bench.write("enc_status", 3u8);
        port.pulse("enc_done")?;
        let address = Beat::new().with("addr", enc_errors::REGISTER.offset);
        let word = Beat::new().with("data", u32::MAX).with("strb", WHOLE);
        port.bench.source("s_axil_aw", [address], Stall::NONE);
        port.bench.source("s_axil_w", [word], Stall::NONE);
        port.bench.sink("s_axil_b", Stall::NONE);
        port.bench.run(clock)?;
        port.pulse("enc_done")?;
        port.bench.run(10)?;
        assert_eq!(port.bench.take("s_axil_b").len(), 1);
        let left = if clock == 0 { 0 } else { 1 << 3 };
        assert_eq!(
            port.read(enc_errors::REGISTER.offset)?,
            left,
            "in clock {clock}"
        );
    }
    Ok(())
}

#[test]
fn counters_count_hold_and_clear() -> Result<(), SimError> {
    let ports = [
        (enc_beats_in::COUNT, "enc_beat_in"),
        (enc_beats_out::COUNT, "enc_beat_out"),
        (enc_stalls_in::COUNT, "enc_stall_in"),
        (enc_stalls_out::COUNT, "enc_stall_out"),
        (dec_beats_in::COUNT, "dec_beat_in"),
        (dec_beats_out::COUNT, "dec_beat_out"),
        (dec_stalls_in::COUNT, "dec_stall_in"),
        (dec_stalls_out::COUNT, "dec_stall_out"),
    ];
    let packets = [
        ("enc", enc_packets::COUNT, enc_failed::COUNT),
        ("dec", dec_packets::COUNT, dec_failed::COUNT),
    ];
    for seed in seeds(5) {
        let mut port = Port::new(seed, Stall::percent(20))?;
        for round in 0..4 {
            port.write(
                control::REGISTER.offset,
                control::CLEAR_COUNTERS.put(1),
                WHOLE,
            )?;
            let mut expected = std::collections::HashMap::new();
            let clocks = port.random.u64(1..200);
            for _ in 0..clocks {
                for (field, name) in ports {
                    let event = port.random.u8(..100) < 10 * (round + 1) * 2;
                    port.bench.write(name, event);
                    *expected.entry(field.register).or_insert(0) += u32::from(event);
                }
                for (path, ended, failed) in packets {
                    let (done, status) = (port.random.bool(), port.random.u8(..3));
                    port.bench.write(&format!("{path}_done"), done);
                    port.bench.write(&format!("{path}_status"), status);
                    *expected.entry(ended.register).or_insert(0) += u32::from(done);
                    let fails = u32::from(done && status > 0);
                    *expected.entry(failed.register).or_insert(0) += fails;
                }
                port.bench.tick()?;
            }
            for (_, name) in ports {
                port.bench.write(name, false);
            }
            for (path, ..) in packets {
                port.bench.write(&format!("{path}_done"), false);
            }
            let before = port.bench.cycle();
            port.write(
                control::REGISTER.offset,
                control::HOLD_COUNTERS.put(1),
                WHOLE,
            )?;
            let between = clocks + port.bench.cycle() - before;
            port.bench.run(LAG)?;
            for (name, count) in expected {
                let register = ALL.iter().find(|register| register.name == name);
                let offset = register.expect("a counter").offset;
                assert_eq!(port.read(offset)?, count, "{name}, seed {seed}");
            }
            // Held, nothing moves.
            let held = port.get(cycles::COUNT)?;
            assert!(
                (clocks..=between + 100).contains(&u64::from(held)),
                "{held} of {between}"
            );
            port.pulse("enc_beat_in")?;
            port.bench.run(LAG)?;
            assert_eq!(port.get(cycles::COUNT)?, held);
        }
    }
    Ok(())
}

#[test]
fn every_counter_is_counted_on() -> Result<(), SimError> {
    let mut port = Port::new(0, Stall::NONE)?;
    for path in ["enc", "dec"] {
        for name in [
            "done",
            "status",
            "beat_in",
            "beat_out",
            "stall_in",
            "stall_out",
        ] {
            port.bench.write(&format!("{path}_{name}"), 1u8);
        }
    }
    port.bench.run(100)?;
    for field in fields().filter(|field| field.access == Access::Counter) {
        assert!(port.get(*field)? >= 100 - LAG as u32, "{}", field.signal());
    }
    Ok(())
}

#[test]
fn resets_are_pulses() -> Result<(), SimError> {
    for strobe in [WHOLE, 1, 0, 0b1110] {
        let mut port = Port::new(0, Stall::NONE)?;
        let word = control::SOFT_RESET.put(1) | control::CHECK_SEQUENCE.put(1);
        port.bench.source(
            "s_axil_aw",
            [Beat::new().with("addr", control::REGISTER.offset)],
            Stall::NONE,
        );
        port.bench.source(
            "s_axil_w",
            [Beat::new().with("data", word).with("strb", strobe)],
            Stall::NONE,
        );
        port.bench.sink("s_axil_b", Stall::NONE);
        let mut pulses = 0;
        for _ in 0..20 {
            pulses += port.bench.read("soft_reset").to_u64();
            port.bench.tick()?;
        }
        assert_eq!(pulses, u64::from(strobe & 1), "strobe {strobe:#b}");
        assert_eq!(port.bench.take("s_axil_b").len(), 1);
        assert_eq!(
            port.read(control::REGISTER.offset)?,
            control::CHECK_SEQUENCE.put(1)
        );
    }
    Ok(())
}

/// Writes of the load map come out in order for their path, unless the context is in use.
#[test]
fn contexts_are_loaded() -> Result<(), SimError> {
    for port in ports() {
        let mut port = port?;
        let (mut expected, mut got) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            let mut address = port.random.u32(..1 << 17);
            let (context, path) = (port.random.u32(..2), port.random.u32(..2));
            let busy = [port.random.u32(..4), port.random.u32(..4)];
            port.bench.write("enc_contexts_busy", busy[0]);
            port.bench.write("dec_contexts_busy", busy[1]);
            let word = load_addr::ADDRESS.put(address)
                | load_addr::CONTEXT.put(context)
                | load_addr::PATH.put(path);
            port.write(load_addr::REGISTER.offset, word, WHOLE)?;
            port.write(irq_status::REGISTER.offset, u32::MAX, WHOLE)?;
            let words: Vec<u32> = (0..port.random.usize(1..9))
                .map(|_| port.random.u32(..))
                .collect();
            let refused = busy[path as usize] >> context & 1;
            let partial = port.random.usize(..words.len());
            let stall = Stall::percent(port.random.u8(..80));
            for (at, &data) in words.iter().enumerate() {
                let strobe = if at == partial {
                    port.random.u8(..15)
                } else {
                    WHOLE
                };
                let address_beat = Beat::new().with("addr", load_data::REGISTER.offset);
                port.bench.source("s_axil_aw", [address_beat], stall);
                let beat = Beat::new().with("data", data).with("strb", strobe);
                port.bench.source("s_axil_w", [beat], stall);
                if strobe != WHOLE {
                    continue;
                }
                if refused == 0 {
                    expected.push((path, context, address, data));
                }
                address = (address + 1) % (1 << 17);
            }
            let observe = |bench: &mut Bench| {
                for (path, load) in ["enc_load", "dec_load"].iter().enumerate() {
                    let mut read = |port| bench.read(&format!("{load}_{port}")).to_u64() as u32;
                    if read("valid") == 1 {
                        let [context, address, data] = ["context", "addr", "data"].map(&mut read);
                        got.push((path as u32, context, address, data));
                    }
                }
                bench.received("s_axil_b") == words.len()
            };
            port.bench.run_until(observe, 10_000)?;
            let answers = port.bench.take("s_axil_b");
            for (at, answer) in answers.iter().enumerate() {
                let refuses = at == partial;
                assert_eq!(Response::of(answer) == Response::SlaveError, refuses);
            }
            assert_eq!(port.get(load_addr::ADDRESS)?, address);
            let told = port.get(irq_status::LOAD_REFUSED)?;
            assert_eq!(told, u32::from(refused == 1 && words.len() > 1));
        }
        assert_eq!(got, expected);
    }
    Ok(())
}

/// Queued reads and writes at the same time, each channel with its own stalls.
#[test]
fn every_request_is_answered_once_and_in_order() -> Result<(), SimError> {
    for seed in seeds(20) {
        let mut port = Port::new(seed, Stall::NONE)?;
        let mut random = Rng::with_seed(seed);
        let mut stall = || Stall::SWEEP[random.usize(..4)];
        let (aw, w, b, ar, r) = (stall(), stall(), stall(), stall(), stall());
        let known = |offset: u16| ALL.iter().find(|register| register.offset == offset);
        let response = |refused: bool| if refused { 2u8 } else { 0 };
        let constants = [0x000u16, 0x004, 0x008, 0x00c, 0x010, 0x018, 0x7fc, 0x001];
        let (mut answers, mut last) = (Vec::new(), 0);
        for _ in 0..200 {
            let offset = scratch::REGISTER.offset + port.random.u16(..5);
            let data = port.random.u32(..);
            port.bench
                .source("s_axil_aw", [Beat::new().with("addr", offset)], aw);
            let word = Beat::new().with("data", data).with("strb", WHOLE);
            port.bench.source("s_axil_w", [word], w);
            let refused = known(offset).is_none();
            answers.push(Beat::new().with("resp", response(refused)));
            last = if refused { last } else { data };
        }
        let mut words = Vec::new();
        for _ in 0..200 {
            let offset = constants[port.random.usize(..constants.len())];
            port.bench
                .source("s_axil_ar", [Beat::new().with("addr", offset)], ar);
            let refused = known(offset).is_none();
            // Of an address that is no multiple of 4, the data is that of its word.
            let word = known(offset & !3).map_or(0, at_reset);
            words.push(
                Beat::new()
                    .with("data", word)
                    .with("resp", response(refused)),
            );
        }
        port.bench.sink("s_axil_b", b);
        port.bench.sink("s_axil_r", r);
        let done = |bench: &mut Bench| {
            bench.received("s_axil_b") == 200 && bench.received("s_axil_r") == 200
        };
        port.bench.run_until(done, 100_000)?;
        port.bench.run(100)?;
        port.bench.check("s_axil_b", answers)?;
        port.bench.check("s_axil_r", words)?;
        port.bench.take("s_axil_r");
        assert_eq!(port.read(scratch::REGISTER.offset)?, last);
    }
    Ok(())
}
