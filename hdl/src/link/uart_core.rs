//! `dqa_uart`: [`dqa_core`](crate::core) behind a serial port.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, active-low synchronous reset |
//! | `rx`, `tx` | in, out | the wire, 8-N-1, idle high; `rx` is of no clock |
//! | `open` | out | a host has opened a session: for a LED |
//! | `irq` | out | the core's interrupt: for a LED |
//!
//! The link is that of `docs/src/link.md`, version 1; a session that begins resets the core. The
//! register channel has 512 bytes of room, those of the core's paths as many as the parameters say, and output twice
//! that. The module is a shell around `dqa_uart_port`, a [`UartPort`], and `dqa_core`, whose ports go together by name.

use std::fmt::Write;

use rust_hdl::core::check_error::CheckError;

use crate::core;
use crate::emit::emit;
use crate::link::baud_ticks::BaudTicks;
use crate::link::uart_port::UartPort;
use crate::parameters::Parameters;
use crate::ports::ports;

/// Name of the emitted top module.
pub const TOP: &str = "dqa_uart";
const PORT: &str = "dqa_uart_port";

/// Where the serial port's speed comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Speed {
    /// Clock, in Hz.
    pub clock_hz: u32,
    /// Bits of the wire a second: the clock divided by 8 to 4096.
    pub baud: u32,
}

/// A speed that cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{baud} baud at a clock of {clock_hz} Hz: a bit has to have {least} to {most} clocks, so take a rate of \
     {slowest} to {fastest} baud",
    baud = .0.baud,
    clock_hz = .0.clock_hz,
    least = BaudTicks::CLOCKS.start(),
    most = BaudTicks::CLOCKS.end(),
    slowest = .0.clock_hz / BaudTicks::CLOCKS.end() + 1,
    fastest = .0.clock_hz / BaudTicks::CLOCKS.start(),
)]
pub struct SpeedError(pub Speed);

impl Speed {
    /// Whether it can be built.
    ///
    /// # Errors
    ///
    /// When a bit has too few or too many clocks.
    pub fn check(self) -> Result<(), SpeedError> {
        match self.clock_hz.checked_div(self.baud) {
            Some(clocks) if BaudTicks::CLOCKS.contains(&clocks) => Ok(()),
            _ => Err(SpeedError(self)),
        }
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
/// If the parameters are not legal, or the speed.
pub fn verilog(parameters: &Parameters, speed: Speed, header: &str) -> Result<String, CheckError> {
    let core = core::verilog_without_slices(parameters)?;
    let port = port_verilog(parameters, speed)?;
    let mut wires = String::new();
    let mut core_pins = String::new();
    let mut port_pins = String::new();
    for pin in ports(&core, core::TOP) {
        let name = pin.name;
        let Some(other) = other_end(name) else {
            continue;
        };
        let range = match pin.bits {
            1 => String::new(),
            bits => format!("[{}:0] ", bits - 1),
        };
        let _ = writeln!(wires, "    wire {range}{other};");
        let _ = write!(core_pins, ",\n        .{name}({other})");
        let _ = write!(port_pins, ",\n        .{other}({other})");
    }
    let comment: String = header
        .lines()
        .map(|line| format!("// {line}").trim_end().to_owned() + "\n")
        .collect();
    Ok(format!(
        "{comment}module {TOP}(aclk, aresetn, rx, tx, open, irq);
    input wire aclk;
    input wire aresetn;
    input wire rx;
    output wire tx;
    output wire open;
    output wire irq;

    wire core_aresetn;
{wires}
    {PORT} port (
        .aclk(aclk),
        .aresetn(aresetn),
        .rx(rx),
        .tx(tx),
        .open(open),
        .core_aresetn(core_aresetn){port_pins}
    );

    {core_top} core (
        .aclk(aclk),
        .aresetn(core_aresetn),
        .irq(irq){core_pins}
    );
endmodule

{port}
{core}",
        core_top = core::TOP,
    ))
}

/// What a pin of the core is joined with: `m_axis_enc_tdata` with `s_axis_enc_tdata`.
fn other_end(pin: &str) -> Option<String> {
    match pin.split_once('_')? {
        ("s", name) => Some(format!("m_{name}")),
        ("m", name) => Some(format!("s_{name}")),
        _ => None,
    }
}

/// The Verilog of the module `dqa_uart_port` for a core of these parameters.
///
/// # Errors
///
/// What RustHDL finds wrong.
pub fn port_verilog(parameters: &Parameters, speed: Speed) -> Result<String, CheckError> {
    let Speed { clock_hz, baud } = speed;
    macro_rules! port {
        ($d:literal, $w:literal) => {
            emit(
                PORT,
                "",
                UartPort::<$d, $w, 9, 11, 12, 24>::new(parameters, clock_hz, baud),
            )
        };
    }
    match parameters.lanes {
        1 => port!(16, 32),
        2 => port!(32, 32),
        4 => port!(64, 32),
        _ => port!(128, 64),
    }
}
