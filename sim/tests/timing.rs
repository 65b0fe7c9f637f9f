//! The documentation's timing diagrams are traces of the core: each scene below is played to the
//! emitted Verilog, written as WaveJSON and drawn by WaveDrom. After a change of the core,
//!
//! ```sh
//! DQA_UPDATE=1 cargo test -p dqa-sim --test timing
//! ```
//!
//! writes `docs/src/img/timing` anew. In WaveJSON x is what nobody looks at, as its valid is low.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use dqa_hdl::core::{TOP, verilog};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::registers::{irq_enable, scratch};
use dqa_sim::{Direction, Instance, Model};
use serde_json::{Value, json};

/// Holds WaveDrom.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../.eda/bin/python");
const IMAGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/img/timing");
/// Streams, as their ports begin.
const STREAMS: [&str; 4] = [
    "s_axis_enc_t",
    "m_axis_enc_t",
    "s_axis_dec_t",
    "m_axis_dec_t",
];
/// Clocks after which a scene counts as hung.
const PATIENCE: usize = 200;

/// A core of 8 lanes whose ports are written down, clock by clock, as the rising edge sees them.
struct Stage {
    dut: Instance,
    /// Ports of the diagram; an empty name leaves a gap.
    ports: &'static [&'static str],
    clocks: Vec<Vec<Seen>>,
    /// Beats of each stream's packet up to now: these are its payload's labels.
    beats: BTreeMap<&'static str, u32>,
}

/// A port at a rising edge.
#[derive(Clone, PartialEq)]
enum Seen {
    /// A control signal.
    Level(u64),
    /// Payload that nobody looks at.
    Idle,
    /// Payload, and whether it is taken.
    Payload(String, bool),
}

impl Stage {
    /// Out of reset and at rest; nothing is written down yet.
    fn new(ports: &'static [&'static str]) -> Self {
        let parameters = Parameters {
            lanes: 8,
            channels: 16,
            ..Parameters::default()
        };
        let text = verilog(&parameters, "").expect("sound RTL");
        let dut = Model::build(TOP, &text).expect("it builds").instance(1);
        let mut stage = Self {
            dut,
            ports,
            clocks: Vec::new(),
            beats: STREAMS.map(|stream| (stream, 0)).into(),
        };
        let model = stage.dut.model().clone();
        for port in model.ports() {
            if port.direction == Direction::In {
                stage.dut.set(&port.name, 0u32);
            }
        }
        stage.run(4);
        stage.dut.set("aresetn", 1u32);
        stage.run(40);
        stage.clocks.clear();
        stage
    }

    fn level(&self, port: &str) -> u64 {
        self.dut.get_u64(port)
    }

    /// What a port is at this edge.
    fn seen(&self, port: &str) -> Seen {
        let payload = ["addr", "data", "resp"]
            .iter()
            .find_map(|suffix| port.strip_suffix(suffix));
        let Some(channel) = payload else {
            return Seen::Level(self.level(port));
        };
        if self.level(&format!("{channel}valid")) == 0 {
            return Seen::Idle;
        }
        let label = match port {
            _ if channel.ends_with("_t") => self.beats[channel].to_string(),
            _ if port.ends_with("addr") => format!("{:03x}", self.level(port)),
            _ if port.ends_with("resp") => {
                ["OKAY", "EXOKAY", "SLVERR", "DECERR"][self.level(port) as usize].to_owned()
            }
            _ => format!("{:x}", self.level(port)),
        };
        Seen::Payload(label, self.level(&format!("{channel}ready")) == 1)
    }

    fn run(&mut self, clocks: usize) {
        for _ in 0..clocks {
            self.dut.eval();
            let ports = self.ports.iter().filter(|port| !port.is_empty());
            self.clocks
                .push(ports.map(|port| self.seen(port)).collect());
            for stream in STREAMS {
                let level = |signal| self.level(&format!("{stream}{signal}")) == 1;
                if level("valid") && level("ready") {
                    let next = if level("last") {
                        0
                    } else {
                        self.beats[stream] + 1
                    };
                    self.beats.insert(stream, next);
                }
            }
            self.dut.tick("aclk");
        }
    }

    /// Offers what is set on these channels, and takes an answer from the last of all, until each had its
    /// handshake.
    fn exchange(&mut self, offered: &[&str], answer: &str) {
        let valid = |channel: &str| format!("{channel}valid");
        let ready = |channel: &str| format!("{channel}ready");
        let mut waiting: Vec<_> = offered.to_vec();
        for channel in offered {
            self.dut.set(&valid(channel), 1u32);
        }
        self.dut.set(&ready(answer), 1u32);
        for _ in 0..PATIENCE {
            self.dut.eval();
            let done = self.level(&valid(answer)) == 1;
            let (taken, left): (Vec<_>, Vec<_>) = waiting
                .iter()
                .partition(|channel| self.level(&ready(channel)) == 1);
            self.run(1);
            for channel in taken {
                self.dut.set(&valid(channel), 0u32);
            }
            waiting = left;
            if done {
                self.dut.set(&ready(answer), 0u32);
                return;
            }
        }
        panic!("no answer on {answer}");
    }

    fn write(&mut self, offset: u16, word: u32) {
        self.dut.set("s_axil_awaddr", offset);
        self.dut.set("s_axil_wdata", word);
        self.dut.set("s_axil_wstrb", 0xfu32);
        self.exchange(&["s_axil_aw", "s_axil_w"], "s_axil_b");
    }

    fn read(&mut self, offset: u16) {
        self.dut.set("s_axil_araddr", offset);
        self.exchange(&["s_axil_ar"], "s_axil_r");
    }

    /// The scene as WaveJSON, a line for each signal.
    fn wavejson(&self) -> String {
        let mut lines = vec![
            json!({"name": "aclk", "wave": format!("p{}", ".".repeat(self.clocks.len() - 1))}),
        ];
        let mut column = 0;
        for port in self.ports {
            lines.push(match port.is_empty() {
                true => json!({}),
                false => {
                    column += 1;
                    wave(port, self.clocks.iter().map(|clock| &clock[column - 1]))
                }
            });
        }
        let lines: Vec<_> = lines.iter().map(|line| format!("  {line}")).collect();
        // Short scenes have room for longer labels.
        let scale = if self.clocks.len() < 16 { 2 } else { 1 };
        format!(
            "{{\"signal\": [\n{}\n], \"config\": {{\"hscale\": {scale}}}}}\n",
            lines.join(",\n")
        )
    }
}

/// A signal of WaveJSON.
fn wave<'a>(port: &str, clocks: impl Iterator<Item = &'a Seen>) -> Value {
    let (mut wave, mut data) = (String::new(), Vec::new());
    let mut before: Option<&Seen> = None;
    for seen in clocks {
        let goes_on = match (before, seen) {
            (Some(Seen::Payload(old, taken)), Seen::Payload(new, _)) => old == new && !taken,
            (before, seen) => before == Some(seen),
        };
        wave.push(match seen {
            _ if goes_on => '.',
            Seen::Level(0) => '0',
            Seen::Level(_) => '1',
            Seen::Idle => 'x',
            Seen::Payload(label, _) => {
                data.push(label.clone());
                '='
            }
        });
        before = Some(seen);
    }
    match data.is_empty() {
        true => json!({"name": port, "wave": wave}),
        false => json!({"name": port, "wave": wave, "data": data}),
    }
}

/// A word written and read back, and a read where there is no register.
fn registers() -> Stage {
    let mut stage = Stage::new(&[
        "s_axil_awaddr",
        "s_axil_awvalid",
        "s_axil_awready",
        "s_axil_wdata",
        "s_axil_wvalid",
        "s_axil_wready",
        "s_axil_bresp",
        "s_axil_bvalid",
        "s_axil_bready",
        "",
        "s_axil_araddr",
        "s_axil_arvalid",
        "s_axil_arready",
        "s_axil_rdata",
        "s_axil_rresp",
        "s_axil_rvalid",
        "s_axil_rready",
    ]);
    stage.run(1);
    stage.write(scratch::REGISTER.offset, 0xcafe);
    stage.run(1);
    stage.read(scratch::REGISTER.offset);
    stage.read(0xffc);
    stage.run(1);
    stage
}

/// A request that ends behind its header, and its answer, with a pause of the host on either side.
fn packet() -> Stage {
    let mut stage = Stage::new(&[
        "s_axis_enc_tdata",
        "s_axis_enc_tvalid",
        "s_axis_enc_tready",
        "s_axis_enc_tlast",
        "",
        "m_axis_enc_tdata",
        "m_axis_enc_tvalid",
        "m_axis_enc_tready",
        "m_axis_enc_tlast",
        "",
        "irq",
    ]);
    stage.write(irq_enable::REGISTER.offset, irq_enable::ENCODER_DONE.mask());
    stage.run(4);
    stage.dut.set("m_axis_enc_tready", 1u32);
    stage.clocks.clear();
    stage.run(1);
    for last in [0u32, 1] {
        stage.dut.set("s_axis_enc_tdata", 0u32);
        stage.dut.set("s_axis_enc_tlast", last);
        stage.dut.set("s_axis_enc_tvalid", 1u32);
        stage.run(1);
        stage.dut.set("s_axis_enc_tvalid", 0u32);
        stage.dut.set("s_axis_enc_tlast", 0u32);
        stage.run(1);
    }
    for clock in 0..PATIENCE {
        stage.dut.eval();
        let ended = stage.level("m_axis_enc_tlast") & stage.level("m_axis_enc_tready");
        stage.run(1);
        if ended == 1 {
            stage.run(2);
            return stage;
        }
        stage.dut.set("m_axis_enc_tready", u32::from(clock % 4 > 0));
    }
    panic!("no end of the answer");
}

/// What is ready when, after a reset.
fn reset() -> Stage {
    let mut stage = Stage::new(&[
        "aresetn",
        "s_axil_awready",
        "s_axil_arready",
        "s_axis_enc_tready",
        "s_axis_dec_tready",
    ]);
    stage.run(1);
    stage.dut.set("aresetn", 0u32);
    stage.run(4);
    stage.dut.set("aresetn", 1u32);
    stage.run(22);
    stage
}

/// What WaveDrom draws.
fn drawn(wavejson: &str) -> String {
    let program =
        "import sys, wavedrom\nsys.stdout.write(wavedrom.render(sys.argv[1]).tostring() + '\\n')";
    let output = Command::new(PYTHON)
        .args(["-c", program, wavejson])
        .output()
        .unwrap_or_else(|error| panic!("{PYTHON}: {error}; ./test installs it"));
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("SVG")
}

#[test]
fn the_diagrams_are_up_to_date() {
    for (name, stage) in [
        ("registers", registers()),
        ("packet", packet()),
        ("reset", reset()),
    ] {
        let wavejson = stage.wavejson();
        for (suffix, text) in [("svg", drawn(&wavejson)), ("json", wavejson)] {
            let path = Path::new(IMAGES).join(name).with_extension(suffix);
            if std::env::var_os("DQA_UPDATE").is_some() {
                fs::write(&path, &text).expect("it can be written");
            }
            assert!(
                fs::read_to_string(&path).unwrap_or_default() == text,
                "docs/src/img/timing/{name}.{suffix} is stale: run\n    \
                 DQA_UPDATE=1 cargo test -p dqa-sim --test timing"
            );
        }
    }
}
