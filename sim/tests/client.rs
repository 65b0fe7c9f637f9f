//! A session with `dqa_core` by a client that is not ours: cocotbext-axi's AXI4-Lite master and
//! AXI4-Stream ends drive the emitted Verilog under Icarus, with pauses of their own. What it must
//! see is golden's. The same client then meets the core in its shell for Vivado.

mod requests;

use std::process::Command;

use dqa_golden::packet::{Direction, Reply};
use dqa_hdl::core::{TOP, identification, verilog};
use dqa_hdl::registers::{
    Field, contexts, control, dec_beats_in, dec_beats_out, dec_errors, dec_failed, dec_packets,
    dec_plane_len1, enc_beats_in, enc_beats_out, enc_errors, enc_failed, enc_packets,
    enc_plane_len1, irq_enable, irq_status, load_addr, load_data,
};
use dqa_hdl::{load, vivado};
use requests::{FAULTS, Host, context, parameters};
use serde_json::{Value, json};

/// Holds cocotb and cocotbext-axi.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.eda/bin/python");
const LANES: usize = 2;
/// The context that is used.
const ID: u32 = 1;

/// What a path's registers must tell in the end: packets, failed, beats in and out, errors.
struct Told([Field; 4], u16);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes of the registers that load a path's context.
fn loads(path: u32, writes: &[load::Write]) -> Vec<(u16, u32)> {
    let place = load_addr::PATH.put(path) | load_addr::CONTEXT.put(ID);
    let mut next = None;
    let mut words = Vec::new();
    for write in writes {
        if next != Some(write.addr) {
            let at = load_addr::ADDRESS.put(write.addr);
            words.push((load_addr::REGISTER.offset, place | at));
        }
        words.push((load_data::REGISTER.offset, write.data));
        next = Some(write.addr + 1);
    }
    words
}

/// Requests with the first so many faults and as many right ones, where golden knows each byte of the
/// answer.
fn stream(host: &mut Host, faults: usize, told: &Told, counters: &mut Vec<(u16, u32)>) -> Value {
    let (mut requests, mut answers) = (Vec::new(), Vec::new());
    let (mut failed, mut seen) = (0, 0);
    for fault in (0..faults).chain(std::iter::repeat_n(0, faults)) {
        let request = host.faulty(fault);
        let mut path = host.path.clone();
        let Reply::Exact(answer) = path.reply(&request) else {
            continue;
        };
        host.path = path;
        let status = u32::from(answer[answer.len() - 8]);
        failed += u32::from(status > 0);
        seen |= 1 << status & !1;
        requests.push(request);
        answers.push(answer);
    }
    assert!(failed > 0 && failed < requests.len() as u32);
    let mut good = requests.iter().zip(&answers);
    let scanned = good.any(|(request, answer)| request[5] == 3 && answer[answer.len() - 8] == 0);
    assert!(scanned || faults < FAULTS || host.path.direction == Direction::Read);
    let beats_out = match host.path.direction {
        Direction::Write => host.path.shape.word_bytes(),
        Direction::Read => 2 * LANES,
    };
    let beats = |packets: &[Vec<u8>], size| packets.iter().map(Vec::len).sum::<usize>() / size;
    let counts = [
        requests.len() as u32,
        failed,
        beats(&requests, host.beat_bytes()) as u32,
        beats(&answers, beats_out) as u32,
    ];
    counters.extend(told.0.iter().map(|field| field.offset).zip(counts));
    counters.push((told.1, seen));
    let text = |packets: &[Vec<u8>]| packets.iter().map(|bytes| hex(bytes)).collect::<Vec<_>>();
    json!({ "requests": text(&requests), "answers": text(&answers) })
}

/// The session of this seed, with so many faults on either path.
fn plan(seed: u64, faults: usize) -> Value {
    let parameters = parameters(LANES);
    let mut identity: Vec<(u16, u32)> = Vec::new();
    for (field, value) in identification(&parameters).constants() {
        match identity.iter_mut().find(|word| word.0 == field.offset) {
            Some(word) => word.1 |= field.put(value),
            None => identity.push((field.offset, field.put(value))),
        }
    }
    let mut hosts = [Direction::Write, Direction::Read].map(|direction| {
        let mut host = Host::new(seed, direction, LANES);
        let short = std::iter::repeat_with(|| context(&mut host.random, LANES))
            .find(|context| context.plane_len() <= 6 * LANES);
        host.path.contexts = vec![None, short];
        host.path.check_sequence = true;
        host
    });
    let [write, read] = hosts
        .each_ref()
        .map(|host| host.path.contexts[1].as_ref().expect("a short one"));
    let mut words = loads(0, &load::encoder(&parameters, write).expect("it fits"));
    words.extend(loads(
        1,
        &load::decoder(&parameters, read).expect("it fits"),
    ));
    let valid = contexts::ENCODER_VALID.put(1 << ID) | contexts::DECODER_VALID.put(1 << ID);
    let interrupts = irq_status::ENCODER_DONE.mask() | irq_status::DECODER_DONE.mask();
    words.extend([
        (enc_plane_len1::REGISTER.offset, write.plane_len() as u32),
        (dec_plane_len1::REGISTER.offset, read.plane_len() as u32),
        (contexts::REGISTER.offset, valid),
        (irq_enable::REGISTER.offset, interrupts),
        (
            control::REGISTER.offset,
            control::CHECK_SEQUENCE.put(1) | control::CLEAR_COUNTERS.put(1),
        ),
    ]);
    let mut counters = Vec::new();
    let told = [
        Told(
            [
                enc_packets::COUNT,
                enc_failed::COUNT,
                enc_beats_in::COUNT,
                enc_beats_out::COUNT,
            ],
            enc_errors::REGISTER.offset,
        ),
        Told(
            [
                dec_packets::COUNT,
                dec_failed::COUNT,
                dec_beats_in::COUNT,
                dec_beats_out::COUNT,
            ],
            dec_errors::REGISTER.offset,
        ),
    ];
    let [write, read] = &mut hosts;
    let enc = stream(write, faults, &told[0], &mut counters);
    let dec = stream(read, faults, &told[1], &mut counters);
    json!({
        "seed": seed,
        "identity": identity,
        "loads": words,
        "enc": enc,
        "dec": dec,
        "counters": counters,
        "clears": [(irq_status::REGISTER.offset, interrupts)],
    })
}

/// The verdict on a session of this many faults with the module `top` of this Verilog: what the
/// results say, and what was printed.
fn verdict(top: &str, verilog: &str, faults: usize) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a temporary file");
    };
    let mut session = plan(1, faults);
    session["top"] = json!(top);
    write("dut.v", verilog);
    write("client.py", include_str!("client.py"));
    write("session.json", &session.to_string());
    let output = Command::new(PYTHON)
        .arg("client.py")
        .current_dir(folder.path())
        .output()
        .unwrap_or_else(|error| panic!("{PYTHON}: {error}; ./test installs it"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let results = std::fs::read_to_string(folder.path().join("results.xml"))
        .unwrap_or_else(|error| panic!("no results.xml: {error}\n{said}"));
    assert!(results.contains("tests=\"1\"") && results.contains("name=\"session\""));
    let passed = ["failures", "errors", "skipped"]
        .iter()
        .all(|bad| results.contains(&format!("{bad}=\"0\"")));
    (passed, said)
}

fn core() -> String {
    verilog(&parameters(LANES), "").expect("sound RTL")
}

#[test]
fn a_session_of_cocotbext_axi_is_goldens() {
    let (passed, said) = verdict(TOP, &core(), FAULTS);
    assert!(passed, "{said}");
}

/// A core that loses beats when its output has to wait.
#[test]
fn a_broken_core_fails_it() {
    let core = core();
    let wire = ".m_axis_tready(m_axis_enc_tready)";
    assert!(core.contains(wire));
    let broken = core.replacen(wire, ".m_axis_tready(1'b1)", 1);
    let (passed, said) = verdict(TOP, &broken, FAULTS);
    assert!(!passed, "{said}");
}

#[test]
fn the_shell_for_vivado_passes_everything_on() {
    let core = core();
    let both = vivado::shell(TOP, &core, "") + &core;
    let (passed, said) = verdict(&vivado::name(TOP), &both, 2);
    assert!(passed, "{said}");
}
