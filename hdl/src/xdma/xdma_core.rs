//! `dqa_xdma`: [`dqa_core`](crate::core) with the ports of a DMA engine, Xilinx's XDMA in stream mode.
//!
//! | port | meaning |
//! |---|---|
//! | `aclk`, `aresetn` | the engine's `axi_aclk`, `axi_aresetn`: clock, active-low synchronous reset |
//! | `s_axil_*` | AXI4-Lite: [registers](crate::registers), 12-bit addresses, 32-bit data |
//! | `s_axis_h2c_0_*`, `m_axis_c2h_0_*` | AXI4-Stream with `tkeep`: write path, requests and answers |
//! | `s_axis_h2c_1_*`, `m_axis_c2h_1_*` | the same of the read path |
//! | `usr_irq_req`, `usr_irq_ack` | the engine's: the core's interrupt, and that its message has gone |
//!
//! All is of one clock. Parameters: those of [`Parameters`], with 2, 4 or 8 lanes; the engine's width, 64 bits up
//! to 4 lanes, or 128. The module is a shell around `dqa_xdma_port`, an [`XdmaPort`], and `dqa_core`, whose
//! ports go together by name. Latency, and clocks beside the beats, are theirs.

use std::fmt::Write;

use rust_hdl::core::check_error::CheckError;

use crate::core;
use crate::emit::emit;
use crate::parameters::Parameters;
use crate::ports::{Port, ports};
use crate::xdma::xdma_port::XdmaPort;

/// Name of the emitted top module.
pub const TOP: &str = "dqa_xdma";
const PORT: &str = "dqa_xdma_port";
/// The core's reset of its streams' other ends, as it and as the port name it.
const STREAMS_RESET: [&str; 2] = ["streams_aresetn$0", "streams_aresetn"];

/// Width of the engine's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EngineBits(usize);

/// A core that an engine cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum EngineError {
    #[error("streams of {0} bits: choose 64 or 128")]
    Bits(usize),
    #[error("{lanes} lanes behind streams of {bits} bits: choose {advice}")]
    Lanes {
        lanes: usize,
        bits: usize,
        advice: &'static str,
    },
}

impl EngineBits {
    /// So many bits, for a core of so many lanes.
    ///
    /// # Errors
    ///
    /// When there is no such engine, and when a beat of the core is wider than it or narrower than 32 bits.
    pub fn new(bits: usize, lanes: usize) -> Result<Self, EngineError> {
        let advice = match (lanes, bits) {
            (2 | 4, 64) | (2 | 4 | 8, 128) => return Ok(Self(bits)),
            (_, 64) if lanes > 4 => "128 bits, or 2 or 4 lanes",
            (_, 64 | 128) => "2, 4 or 8 lanes",
            _ => return Err(EngineError::Bits(bits)),
        };
        Err(EngineError::Lanes {
            lanes,
            bits,
            advice,
        })
    }

    /// Bits of a beat.
    pub fn get(self) -> usize {
        self.0
    }
}

/// The Verilog, under a comment of the lines of `header`.
///
/// # Errors
///
/// What RustHDL finds wrong.
///
/// # Panics
///
/// If the parameters are not legal, or are of other lanes than the engine's width was made for.
pub fn verilog(
    parameters: &Parameters,
    engine: EngineBits,
    header: &str,
) -> Result<String, CheckError> {
    let core = core::verilog_with_streams_reset(parameters)?;
    let port = port_verilog(parameters.lanes, engine)?;
    let mut shell = Shell::default();
    for pin in ports(&core, core::TOP) {
        let name = pin.name;
        match name.split_once('_') {
            _ if name == STREAMS_RESET[0] => shell.joined(pin, STREAMS_RESET[1]),
            Some(("s", bus)) if bus.starts_with("axis_") => shell.joined(pin, &format!("m_{bus}")),
            Some(("m", bus)) => shell.joined(pin, &format!("s_{bus}")),
            _ if name == "irq" => shell.joined(pin, name),
            _ => {
                shell.outside(pin);
                shell.core_pins.push((name.into(), name.into()));
            }
        }
    }
    for pin in ports(&port, PORT) {
        let name = pin.name;
        if !shell.port_pins.iter().any(|(joined, _)| joined == name) {
            if !shell.names.iter().any(|seen| seen == name) {
                shell.outside(pin);
            }
            shell.port_pins.push((name.into(), name.into()));
        }
    }
    let comment: String = header
        .lines()
        .map(|line| format!("// {line}").trim_end().to_owned() + "\n")
        .collect();
    Ok(format!("{comment}{}\n{port}\n{core}", shell.text()))
}

/// The module around both, as it is written.
#[derive(Default)]
struct Shell {
    names: Vec<String>,
    declarations: String,
    wires: String,
    core_pins: Vec<(String, String)>,
    port_pins: Vec<(String, String)>,
}

impl Shell {
    /// A pin of either is a port of the module.
    fn outside(&mut self, pin: Port) {
        let direction = if pin.output { "output" } else { "input" };
        let (range, name) = (range(pin), pin.name);
        let _ = writeln!(self.declarations, "    {direction} wire {range}{name};");
        self.names.push(name.into());
    }

    /// A pin of the core is joined with this one of the port.
    fn joined(&mut self, pin: Port, other: &str) {
        let _ = writeln!(self.wires, "    wire {}{other};", range(pin));
        self.core_pins.push((pin.name.into(), other.into()));
        self.port_pins.push((other.into(), other.into()));
    }

    fn text(&self) -> String {
        let pins = |pins: &[(String, String)]| {
            let pins = pins.iter();
            let pins = pins.map(|(pin, wire)| format!("        .{pin}({wire})"));
            pins.collect::<Vec<_>>().join(",\n")
        };
        format!(
            "module {TOP}({});\n{}\n{}\n    {PORT} port (\n{}\n    );\n\n    {} core (\n{}\n    );\nendmodule\n",
            self.names.join(", "),
            self.declarations,
            self.wires,
            pins(&self.port_pins),
            core::TOP,
            pins(&self.core_pins),
        )
    }
}

fn range(pin: Port) -> String {
    match pin.bits {
        1 => String::new(),
        bits => format!("[{}:0] ", bits - 1),
    }
}

/// The Verilog of the module `dqa_xdma_port` for a core of so many lanes.
///
/// # Errors
///
/// What RustHDL finds wrong.
///
/// # Panics
///
/// When the engine's width was made for other lanes.
pub fn port_verilog(lanes: usize, engine: EngineBits) -> Result<String, CheckError> {
    macro_rules! port {
        ($($generic:literal),+) => {
            emit(PORT, "", XdmaPort::<$($generic),+>::default())
        };
    }
    match (lanes, engine.get()) {
        (2, 64) => port!(64, 8, 73, 32, 64, 33, 32, 64, 33),
        (4, 64) => port!(64, 8, 73, 64, 128, 65, 32, 64, 33),
        (2, 128) => port!(128, 16, 145, 32, 64, 33, 32, 64, 33),
        (4, 128) => port!(128, 16, 145, 64, 128, 65, 32, 64, 33),
        (8, 128) => port!(128, 16, 145, 128, 256, 129, 64, 128, 65),
        (lanes, bits) => panic!("{lanes} lanes behind an engine of {bits} bits"),
    }
}

#[cfg(test)]
mod tests {
    use super::{EngineBits, EngineError};

    #[test]
    fn what_does_not_go_together_is_refused() {
        assert_eq!(EngineBits::new(32, 4), Err(EngineError::Bits(32)));
        for (bits, lanes, advice) in [
            (64, 8, "128 bits, or 2 or 4 lanes"),
            (64, 1, "2, 4 or 8 lanes"),
            (128, 1, "2, 4 or 8 lanes"),
        ] {
            let told = EngineBits::new(bits, lanes).expect_err("they do not");
            assert!(told.to_string().ends_with(advice), "{told}");
        }
        assert_eq!(EngineBits::new(128, 8).map(EngineBits::get), Ok(128));
    }
}
