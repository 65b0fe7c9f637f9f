//! Breaks the RTL on purpose, in a copy of the sources, and shows that a test of `./test` fails for
//! each: prints the table of `docs/src/mutants.md`. `mutants [PART]` takes those with PART in their
//! file's name or description.
//!
//! The test named is the one that has to fail; others may. An edit whose text is not there exactly
//! once, one that does not compile, a test that fails without it, and a mutant that lives end with
//! an error.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// An edit, and the test that has to notice.
struct Mutant {
    what: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    /// A test file of `sim/tests`, or [`BENCHES`], and a part of the test's name.
    test: (&'static str, &'static str),
}

/// The units' own benches, in RustHDL.
const BENCHES: &str = "hdl/src";

const MUTANTS: &[Mutant] = &[
    Mutant {
        what: "quantize rounds halves up",
        file: "quantize.rs",
        from: "if self.fine_sticky.q.val() | self.fine.q.val().get_bit(1) {",
        to: "if self.fine_sticky.q.val() | !self.fine_sticky.q.val() {",
        test: ("quantize", ""),
    },
    Mutant {
        what: "quantize clamps overflow to the other end",
        file: "quantize.rs",
        from: "(self.sum_overflow.q.val() & self.sum_negative.q.val())",
        to: "(self.sum_overflow.q.val() & !self.sum_negative.q.val())",
        test: ("quantize", ""),
    },
    Mutant {
        what: "a class's numbers come to the quantizers a clock early",
        file: "class_numbers.rs",
        from: "self.numbers.read_address.next = self.past[3].q.val();",
        to: "self.numbers.read_address.next = self.past[2].q.val();",
        test: ("class_tables", "encoders"),
    },
    Mutant {
        what: "the encoder takes a command before it has read it",
        file: "encoder.rs",
        from: "self.cmd.tready.next = self.start.q.val();",
        to: "self.cmd.tready.next = self.control.start.val();",
        test: ("encoder", "two_lanes_agree"),
    },
    Mutant {
        what: "code lookup takes context 0's tables for both",
        file: "code_lookup.rs",
        from: "self.aligned_table.d.next = self.code_table.val();",
        to: "self.aligned_table.d.next = self.code_table.val() & 1;",
        test: ("code_lookup", ""),
    },
    Mutant {
        what: "class numbers are loaded into the other context",
        file: "class_numbers.rs",
        from: "if self.load_context.val() {",
        to: "if !self.load_context.val() {",
        test: ("class_tables", "encoders"),
    },
    Mutant {
        what: "a symbol without a code writes no bits",
        file: "load.rs",
        from: "pub const NO_CODE: u32 = 15 << 12 | 1 << 8;",
        to: "pub const NO_CODE: u32 = 15 << 12;",
        test: ("encoder", "two_lanes_never_lock_up"),
    },
    Mutant {
        what: "the lane packer does not flush its part word",
        file: "lane_packer.rs",
        from: "self.joined_full.d.next = self.shifted_crossed.q.val() | self.shifted_flush.q.val();",
        to: "self.joined_full.d.next = self.shifted_crossed.q.val();",
        test: ("lane_packer", "32"),
    },
    Mutant {
        what: "the lane packer keeps its fill over a flush",
        file: "lane_packer.rs",
        from: "if self.flush.val() | (!self.aresetn.val()) {",
        to: "if !self.aresetn.val() {",
        test: ("lane_packer", "32"),
    },
    Mutant {
        what: "the lane packer shifts bits the wrong way",
        file: "lane_packer.rs",
        from: "self.one.val() << (!self.fill.q.val());",
        to: "self.one.val() << self.fill.q.val();",
        test: ("lane_packer", "32"),
    },
    Mutant {
        what: "a FIFO is written in another order than it is read",
        file: "places.rs",
        from: "if self.tail.q.val().get_bit(8) == self.tail.q.val().get_bit(4) {",
        to: "if self.tail.q.val().get_bit(8) == self.tail.q.val().get_bit(3) {",
        test: ("fifos", "words"),
    },
    Mutant {
        what: "a FIFO has something after its last was taken",
        file: "places.rs",
        from: "self.some_now.d.next = self.then.val();",
        to: "self.some_now.d.next = self.now.val();",
        test: ("fifos", "words"),
    },
    Mutant {
        what: "a lane whose turn it is not keeps its word on the way out",
        file: "word_fifo.rs",
        from: "if self.advance.val() & (!self.leaves.q.val()) {",
        to: "if !self.aresetn.val() {",
        test: ("fifos", "words"),
    },
    Mutant {
        what: "order entries without lane 0 are dropped",
        file: "order_fifo.rs",
        from: "self.entries.write.next = self.write.val();",
        to: "self.entries.write.next = self.write.val() & self.s_entry.val().get_bit(3);",
        test: ("fifos", "order"),
    },
    Mutant {
        what: "an entry's last lane does not wait for the entry behind",
        file: "interleaver.rs",
        from: "self.known.next = self.entries.m_tvalid.val() | (!self.finishes.val());",
        to: "self.known.next = true;",
        test: ("interleaver", "two"),
    },
    Mutant {
        what: "beats are let in however many entries wait",
        file: "encoder.rs",
        from: "self.admit.d.next = !self.order.crowded.val();",
        to: "self.admit.d.next = true;",
        test: ("encoder", "stands_still"),
    },
    Mutant {
        what: "the last beat of a plane has all lanes, encoder",
        file: "sequencer.rs",
        from: "self.read_lanes.d.next = self.last_lanes.q.val().get_bits::<S>(0);",
        to: "self.read_lanes.d.next = self.all.val();",
        test: ("sequencer", "eight"),
    },
    Mutant {
        what: "the last beat of a plane has all lanes, decoder",
        file: "plane_walker.rs",
        from: "self.stays.val() & self.my_last_lanes.q.val()",
        to: "self.stays.val()",
        test: ("plane_walker", ""),
    },
    Mutant {
        what: "input that ends early is not told",
        file: "packet_control.rs",
        from: "self.code.d.next = 1.into();",
        to: "self.code.d.next = 0.into();",
        test: ("packet_control", ""),
    },
    Mutant {
        what: "packets begin with one word of each lane",
        file: "packet_control.rs",
        from: "                self.opening.next = true;\n                self.state.d.next = State::Check;",
        to: "                self.state.d.next = State::Check;",
        test: ("encoder", "two_lanes_agree"),
    },
    Mutant {
        what: "packets end with one flush",
        file: "packet_control.rs",
        from: "self.state.d.next = State::FlushAgain;",
        to: "self.state.d.next = State::Idle;",
        test: ("encoder", "two_lanes_agree"),
    },
    Mutant {
        what: "packet control has no reset",
        file: "packet_control.rs",
        from: "            self.state.d.next = State::Idle;\n            self.code.d.next = 0.into();\n",
        to: "",
        test: ("encoder", "reset"),
    },
    Mutant {
        what: "the decoder stays closed over a reset",
        file: "decoder.rs",
        from: "            self.closed.d.next = false;\n            self.sent.d.next = false;\n        }",
        to: "            self.sent.d.next = false;\n        }",
        test: ("decoder", "reset"),
    },
    Mutant {
        what: "the distributor forgets which lanes were served",
        file: "distributor.rs",
        from: "self.served.d.next = self.rest.val();",
        to: "self.served.d.next = self.waiting.val();",
        test: ("distributor", "two"),
    },
    Mutant {
        what: "the serial receiver takes one tick of a bit for the bit",
        file: "link/uart_receiver.rs",
        from: "self.majority.next = (self.samples.q.val().get_bit(0) & self.samples.q.val().get_bit(1))",
        to: "self.majority.next = self.samples.q.val().get_bit(1)",
        test: (BENCHES, "link::uart_receiver"),
    },
    Mutant {
        what: "a break damages no frame",
        file: "link/cobs_decoder.rs",
        from: "                self.bad.d.next = true;",
        to: "                self.bad.d.next = self.bad.q.val();",
        test: (BENCHES, "link::cobs_decoder"),
    },
    Mutant {
        what: "the CRC of a frame is not looked at",
        file: "link/frame_receiver.rs",
        from: "            & (self.check.crc.val() == self.residue.val())\n",
        to: "",
        test: (BENCHES, "link::frame_receiver"),
    },
    Mutant {
        what: "a frame that is refused stays in its channel",
        file: "link/channel_ring.rs",
        from: "self.write_at.d.next = self.kept.q.val();",
        to: "self.write_at.d.next = self.write_at.q.val();",
        test: (BENCHES, "link::channel_ring"),
    },
    Mutant {
        what: "data of another session is taken",
        file: "link/link_control.rs",
        from: "            & self.is_data.val()\n            & self.known.val()\n",
        to: "            & self.is_data.val()\n",
        test: (BENCHES, "link::link_control"),
    },
    Mutant {
        what: "output that is not acknowledged is overwritten",
        file: "link/output_ring.rs",
        from: "& (!self.crowded.val())",
        to: "& (!self.ended.q.val())",
        test: (BENCHES, "link::output_ring"),
    },
    Mutant {
        what: "a last beat that is not full is not given",
        file: "link/packet_input.rs",
        from: "if self.pads.val() & (!self.given.val()) {",
        to: "if self.pads.val() & self.given.val() {",
        test: (BENCHES, "link::packet_input"),
    },
    Mutant {
        what: "bytes of a beat go out in the wrong order",
        file: "link/packet_output.rs",
        from: "self.beat.d.next = self.beat.q.val() >> 8;",
        to: "self.beat.d.next = self.beat.q.val() << 8;",
        test: (BENCHES, "link::packet_output"),
    },
    Mutant {
        what: "of several writes only the last one's response is told",
        file: "link/register_bridge.rs",
        from: "self.response_now.next = self.response.q.val() | self.m_axil.bresp.val();",
        to: "self.response_now.next = self.m_axil.bresp.val();",
        test: (BENCHES, "link::register_bridge"),
    },
    Mutant {
        what: "lanes side by side in the wrong order",
        file: "pack.rs",
        from: "(0..L).rev().map",
        to: "(0..L).map",
        test: ("primitives", "packs"),
    },
    Mutant {
        what: "a skid buffer is always ready",
        file: "skid_buffer.rs",
        from: "self.ready.d.next = !self.spare_next.val();",
        to: "self.ready.d.next = true;",
        test: ("streams", ""),
    },
    Mutant {
        what: "a skid buffer loses its spare beat",
        file: "skid_buffer.rs",
        from: "self.data.d.next = self.spare.q.val();",
        to: "self.data.d.next = self.s_tdata.val();",
        test: ("streams", ""),
    },
    Mutant {
        what: "codes are a bit longer at their limit",
        file: "primitives/code_length.rs",
        from: "- limits[{}:{at}]",
        to: "- limits[{}:{at}] - 1'b1",
        test: ("primitives", "code_lengths"),
    },
    Mutant {
        what: "raw bits are taken one place off",
        file: "symbol_lookup.rs",
        from: "<< self.skip.val()) >> 3;",
        to: "<< self.skip.val()) >> 2;",
        test: ("symbol_lookup", ""),
    },
    Mutant {
        what: "a sign among the raw bits is not seen",
        file: "symbol_lookup.rs",
        from: "self.sign.next = self.sign_place.val();",
        to: "self.sign.next = 0.into();",
        test: ("symbol_lookup", ""),
    },
    Mutant {
        what: "de-quantize rounds halves down",
        file: "dequantize.rs",
        from: "(self.sticky.q.val() | self.floor.q.val().get_bit(1))",
        to: "self.sticky.q.val()",
        test: ("dequantize", ""),
    },
    Mutant {
        what: "de-quantize wraps where rounding saturates",
        file: "dequantize.rs",
        from: "& (self.top.q.val() | !self.low.val().all())",
        to: "",
        test: ("dequantize", ""),
    },
    Mutant {
        what: "de-quantize does not extend the product's sign",
        file: "dequantize.rs",
        from: "self.sign.next = self.ones.val();",
        to: "self.sign.next = 0.into();",
        test: ("dequantize", ""),
    },
    Mutant {
        what: "an answer's header turns while the command waits",
        file: "packet_parser.rs",
        from: "self.reply_pending.q.val() & !self.cmd_pending.q.val();",
        to: "self.reply_pending.q.val();",
        test: (BENCHES, "packet_parser"),
    },
    Mutant {
        what: "an answer's header keeps the operation of a request that is refused",
        file: "request_header.rs",
        from: "if !self.bad_operation.q.val() {",
        to: "if true {",
        test: ("packets", "write_path"),
    },
    Mutant {
        what: "an answer's header that stands still ends in its middle",
        file: "request_header.rs",
        from: "STILL.. => 256 / M,",
        to: "STILL.. => 128 / M,",
        test: ("packets", "write_path"),
    },
    Mutant {
        what: "a soft reset leaves bits on their way into an answer's CRC",
        file: "packet_framer.rs",
        from: "self.state.d.next = State::Idle;\n            self.coming.d.next = Action::Nothing;\n            self.seals.d.next = false;",
        to: "self.state.d.next = State::Idle;\n            self.coming.d.next = Action::Nothing;",
        test: ("core", "soft_reset"),
    },
    Mutant {
        what: "a delay line in memory is a clock short",
        file: "delay.rs",
        from: "behind = L - 1,",
        to: "behind = L - 2,",
        test: ("delay", "memory"),
    },
    Mutant {
        what: "a delay line in memory gives what came before the reset",
        file: "delay.rs",
        from: "always @(*) q = whole ? word",
        to: "always @(*) q = (whole | 1) ? word",
        test: ("delay", "memory"),
    },
    Mutant {
        what: "the request cutter takes ends of transfers for those of requests",
        file: "xdma/request_cutter.rs",
        from: "self.last.next = self.left.q.val() == self.one.val();",
        to: "self.last.next = (self.left.q.val() == self.one.val()) | self.beat_ends.q.val();",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the request cutter does not look at the fourth byte of the magic word where it has a part of a beat",
        file: "xdma/request_cutter.rs",
        from: "for i in 0..4 {",
        to: "for i in 0..3 {",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the request cutter does not look at the fourth byte of the magic word",
        file: "xdma/request_cutter.rs",
        from: "self.beat.q.val().get_bits::<32>(0) != self.magic.val();",
        to: "(self.beat.q.val().get_bits::<32>(0) ^ self.magic.val()).get_bits::<24>(0).any();",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the request cutter believes lengths that are not of whole beats",
        file: "xdma/request_cutter.rs",
        from: "part: Constant::new(bits(number(bytes - 1))),",
        to: "part: Constant::new(bits(0)),",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the request cutter refuses the longest payload",
        file: "xdma/request_cutter.rs",
        from: "(self.length.val() > self.most.val())",
        to: "(self.length.val() >= self.most.val())",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the request cutter gives a part of a beat where its transfer ends",
        file: "xdma/request_cutter.rs",
        from: "& (self.foreign.q.val() | (self.begins.val() & self.held_differs.val()));",
        to: ";",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the request cutter judges a part of a beat before the beat in front of it",
        file: "xdma/request_cutter.rs",
        from: "self.ended.d.next = self.beat_valid.q.val();",
        to: "self.ended.d.next = false;",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the beat splitter takes what is left for a whole piece",
        file: "xdma/beat_splitter.rs",
        from: "self.piece.d.next = self.rest.val();",
        to: "self.piece.d.next = self.piece_bytes.val();",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the beat splitter passes on bytes that are not kept",
        file: "xdma/beat_splitter.rs",
        from: "self.kept.parts[i].next = 0.into();",
        to: "self.kept.parts[i].next = self.beat.val().get_bits::<8>(i * 8);",
        test: ("request_cutter", "cuts_as_golden"),
    },
    Mutant {
        what: "the answer packer does not end an answer that is cut",
        file: "xdma/answer_packer.rs",
        from: "self.closes.d.next = self.open.q.val();",
        to: "self.closes.d.next = false;",
        test: ("answer_packer", "packs_answers"),
    },
    Mutant {
        what: "the answer packer keeps all bytes of a last beat",
        file: "xdma/answer_packer.rs",
        from: "self.keep.next = self.all.val() >> self.lacks.val();",
        to: "self.keep.next = self.all.val();",
        test: ("answer_packer", "packs_answers"),
    },
    Mutant {
        what: "a soft reset leaves the request cutter within a request",
        file: "xdma/xdma_port.rs",
        from: "self.encode_cutter.aresetn.next = self.streams_aresetn.val();",
        to: "self.encode_cutter.aresetn.next = self.aresetn.val();",
        test: ("xdma_core", "soft_reset"),
    },
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("mutants: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("");
    let work = root.join("target/mutants");
    let copy = work.join("source");
    copy_sources(&root, &copy)?;
    let part = std::env::args().nth(1).unwrap_or_default();
    let edits = MUTANTS
        .iter()
        .map(|mutant| edit(&copy, mutant))
        .collect::<Result<Vec<_>, _>>()?;
    let chosen: Vec<_> = MUTANTS
        .iter()
        .zip(edits)
        .filter(|(mutant, _)| mutant.what.contains(&part) || mutant.file.contains(&part))
        .collect();
    let tests: BTreeSet<_> = chosen.iter().map(|(mutant, _)| mutant.test).collect();
    for test in tests {
        if let Some(name) = failure(&copy, &work, test)? {
            return Err(format!("{name} of {} fails without a mutant", test.0));
        }
    }
    println!(
        "| what is broken | in `hdl/src` | test of `sim/tests`, or bench of the unit, that fails |"
    );
    println!("|---|---|---|");
    let mut alive = Vec::new();
    for (mutant, (path, sound, broken)) in chosen {
        write(&path, &broken)?;
        let fails = failure(&copy, &work, mutant.test);
        write(&path, &sound)?;
        let Mutant {
            what, file, test, ..
        } = mutant;
        match fails? {
            Some(name) => println!("| {what} | `{file}` | `{}`: `{name}` |", test.0),
            None => alive.push(*what),
        }
    }
    match alive.is_empty() {
        true => Ok(()),
        false => Err(format!("no test fails for: {}", alive.join("; "))),
    }
}

/// Brings the copy up to the working tree; files that have not changed keep their time, so that
/// little is built anew.
fn copy_sources(root: &Path, copy: &Path) -> Result<(), String> {
    let list = Command::new("git")
        .args(["ls-files", "*.rs", "*.toml", "*.cpp", "*.lock", "*.md"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("git: {error}"))?;
    for name in String::from_utf8_lossy(&list.stdout).lines() {
        let Ok(text) = fs::read_to_string(root.join(name)) else {
            continue;
        };
        let to = copy.join(name);
        if fs::read_to_string(&to).is_ok_and(|old| old == text) {
            continue;
        }
        let folder = to.parent().expect("a file is in a folder");
        fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        write(&to, &text)?;
    }
    Ok(())
}

/// The file, its text, and its text with the edit.
fn edit(copy: &Path, mutant: &Mutant) -> Result<(PathBuf, String, String), String> {
    let path = copy.join("hdl/src").join(mutant.file);
    let sound =
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    match sound.matches(mutant.from).count() {
        0 => Err(format!("{}: the text to edit is gone", mutant.what)),
        1 => {
            let broken = sound.replace(mutant.from, mutant.to);
            Ok((path, sound, broken))
        }
        count => Err(format!("{}: {count} places to edit", mutant.what)),
    }
}

/// Runs a test: `None` if it passes, which one fails if one does.
fn failure(copy: &Path, work: &Path, (file, name): (&str, &str)) -> Result<Option<String>, String> {
    let of = match file {
        BENCHES => &["-p", "dqa-hdl", "--lib"][..],
        file => &["-p", "dqa-sim", "--test", file],
    };
    let output = Command::new("cargo")
        .args(["test", "--quiet"])
        .args(of)
        .arg(name)
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", work.join("target"))
        .env("RUST_BACKTRACE", "0")
        .output()
        .map_err(|error| format!("cargo: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = |line: &str| line.starts_with("test result: ok") && !line.contains(" 0 passed");
    if output.status.success() {
        return match said.lines().any(passed) {
            true => Ok(None),
            false => Err(format!("{file}: no test is called {name}")),
        };
    }
    if !said.contains("test result: FAILED") {
        let errors = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{file} {name} does not run:\n{errors}"));
    }
    let names = said.lines().filter_map(|line| line.strip_prefix("---- "));
    let name = names
        .filter_map(|line| line.strip_suffix(" stdout ----"))
        .next();
    Ok(Some(name.unwrap_or("all of it").to_owned()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
