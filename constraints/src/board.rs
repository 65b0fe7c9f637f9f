//! What a board is.

use dqa_hdl::link::uart_core::Speed;
use dqa_hdl::parameters::Parameters;

/// A board, and what is built for it.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its folder in `constraints`.
    pub folder: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What openFPGALoader calls it.
    pub loader: &'static str,
    /// Its FPGA.
    pub device: Device,
    /// Pins, as its package names them.
    pub pins: Pins,
    /// Clock at its pin in Hz.
    pub pin_hz: u32,
    /// What that is divided by for the clock of the design, 1, 2 or 4.
    pub divider: u32,
    /// Bits of the wire a second.
    pub baud: u32,
    /// What the core is built for.
    pub core: Parameters,
}

/// Pins in use, all of 3.3 V.
#[derive(Clone, Copy, Debug)]
pub struct Pins {
    /// Clock.
    pub clock: &'static str,
    /// Reset button.
    pub reset: Pin,
    /// Serial data to the FPGA.
    pub rx: &'static str,
    /// Serial data from the FPGA.
    pub tx: &'static str,
    /// Lit while a host has a session.
    pub session: Pin,
    /// Lit while the core's interrupt is raised.
    pub irq: Pin,
}

/// A pin that means something when it is high, or when it is low.
#[derive(Clone, Copy, Debug)]
pub struct Pin {
    /// Its name.
    pub name: &'static str,
    /// Pressed, or lit, is low.
    pub active_low: bool,
}

/// An FPGA, as its tools name it.
#[derive(Clone, Copy, Debug)]
pub enum Device {
    /// Lattice ECP5: nextpnr's options for the part, and lines of the constraints file for its
    /// configuration.
    Ecp5 {
        /// `--25k` and the like, `--package`, `--speed`.
        nextpnr: &'static [&'static str],
        /// SYSCONFIG.
        configuration: &'static str,
    },
    /// Lattice iCE40.
    Ice40 {
        /// nextpnr's and icetime's name of the part: `up5k`, `hx8k`.
        part: &'static str,
        /// Its package: `sg48`.
        package: &'static str,
        /// Options of yosys's `synth_ice40`.
        synthesis: &'static str,
    },
    /// Xilinx 7-series: Vivado's name of the part.
    Series7 {
        /// `xc7a35ticsg324-1L`.
        part: &'static str,
    },
}

impl Board {
    /// Clock of the design in Hz.
    pub fn clock_hz(&self) -> u32 {
        self.pin_hz / self.divider
    }

    /// Its clock and its baud rate.
    pub fn speed(&self) -> Speed {
        Speed {
            clock_hz: self.clock_hz(),
            baud: self.baud,
        }
    }
}
