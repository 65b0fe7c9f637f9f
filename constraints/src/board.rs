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
    /// Its FPGA.
    pub device: Device,
    /// Pins, as its package names them.
    pub pins: Pins,
    /// Clock at its pin in Hz, which all of the design runs at.
    pub clock_hz: u32,
    /// Bits of the wire a second.
    pub baud: u32,
    /// Lanes of the core.
    pub lanes: usize,
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
    /// Xilinx 7-series: Vivado's name of the part.
    Series7 {
        /// `xc7a35ticsg324-1L`.
        part: &'static str,
    },
}

impl Board {
    /// Parameters of its core.
    pub fn parameters(&self) -> Parameters {
        Parameters {
            lanes: self.lanes,
            ..Parameters::default()
        }
    }

    /// Its clock and its baud rate.
    pub fn speed(&self) -> Speed {
        Speed {
            clock_hz: self.clock_hz,
            baud: self.baud,
        }
    }
}
