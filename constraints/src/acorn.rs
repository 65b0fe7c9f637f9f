//! Cards of the Acorn family: `dqa_xdma` behind Xilinx's XDMA, on PCIe.
//!
//! They differ in their FPGA; pins and design are the same. The design between the pins is
//! `constraints/acorn/dqa_acorn.v`, by hand, since the engine comes from Vivado; its ports are here once more for
//! the pins that they carry.

use dqa_hdl::parameters::Parameters;
use dqa_hdl::xdma::xdma_core::{self, EngineBits};
use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::*;
use rust_hdl_fpga_support::toolchains::vivado::generate_xdc;

/// Name of the top module.
pub const TOP: &str = "dqa_acorn";
/// Its text.
const SHELL: &str = include_str!("../acorn/dqa_acorn.v");
/// Builds a card with Vivado; wants [`Card::part`] beside it.
pub const SCRIPT: &str = include_str!("../acorn/build.tcl");

/// Bits of the engine's streams.
const ENGINE_BITS: usize = 128;
/// Clock of the engine and of all else, in Hz: for these streams, Gen2 and four lanes of the link.
pub const CLOCK_HZ: u32 = 125_000_000;
/// Clock of the slot, in Hz.
const REFCLK_HZ: u32 = 100_000_000;

/// A card.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Its FPGA, as Vivado names it.
    pub part: &'static str,
    /// Lanes of the core.
    pub lanes: usize,
}

/// All of them.
pub const ALL: [Card; 3] = [
    Card {
        name: "acorn-cle215",
        about: "SQRL Acorn CLE-215+",
        part: "xc7a200tfbg484-3",
        lanes: 8,
    },
    Card {
        name: "nitefury",
        about: "RHS Research NiteFury",
        part: "xc7a200tfbg484-2",
        lanes: 8,
    },
    Card {
        name: "litefury",
        about: "RHS Research LiteFury",
        part: "xc7a100tfgg484-2",
        lanes: 8,
    },
];

/// The card of this name.
pub fn find(name: &str) -> Option<&'static Card> {
    ALL.iter().find(|card| card.name == name)
}

impl Card {
    /// Parameters of its core.
    pub fn parameters(&self) -> Parameters {
        Parameters {
            lanes: self.lanes,
            ..Parameters::default()
        }
    }

    /// The engine in front of it.
    ///
    /// # Panics
    ///
    /// When it cannot have the card's lanes, which the tests exclude.
    pub fn engine(&self) -> EngineBits {
        EngineBits::new(ENGINE_BITS, self.lanes).expect("an engine for the lanes")
    }

    /// The Verilog, all but the engine, under a comment of the lines of `header`.
    ///
    /// # Errors
    ///
    /// What RustHDL finds wrong.
    pub fn verilog(&self, header: &str) -> Result<String, CheckError> {
        let core = xdma_core::verilog(&self.parameters(), self.engine(), header)?;
        Ok(format!("{core}\n{SHELL}"))
    }

    /// What the script is told: the part.
    pub fn part(&self) -> String {
        format!("set part {}\n", self.part)
    }
}

/// Pins of a lane of the link, its transceiver, and which lane of Xilinx's PIPE is at it: the vendor's wiring.
struct Lane {
    rx: [&'static str; 2],
    tx: [&'static str; 2],
    transceiver: &'static str,
    pipe: usize,
}

const LANES: [Lane; 4] = [
    Lane {
        rx: ["B10", "A10"],
        tx: ["B6", "A6"],
        transceiver: "GTPE2_CHANNEL_X0Y7",
        pipe: 3,
    },
    Lane {
        rx: ["B8", "A8"],
        tx: ["B4", "A4"],
        transceiver: "GTPE2_CHANNEL_X0Y6",
        pipe: 0,
    },
    Lane {
        rx: ["D11", "C11"],
        tx: ["D5", "C5"],
        transceiver: "GTPE2_CHANNEL_X0Y5",
        pipe: 2,
    },
    Lane {
        rx: ["D9", "C9"],
        tx: ["D7", "C7"],
        transceiver: "GTPE2_CHANNEL_X0Y4",
        pipe: 1,
    },
];
const REFCLK: [&str; 2] = ["F6", "E6"];
const PERST: &str = "J1";
const CLKREQ: &str = "G1";
const LEDS: [&str; 4] = ["G3", "H3", "G4", "H4"];
/// Where the engine of `dqa_acorn.v` has the transceivers.
const PIPE: &str =
    "xdma/inst/xdma_0_pcie2_to_pcie3_wrapper_i/pcie2_ip_i/inst/inst/gt_top_i/pipe_wrapper_i";

/// Lines of the constraints file that are of no port.
const CONFIGURATION: [&str; 6] = [
    "set_property BITSTREAM.CONFIG.OVERTEMPPOWERDOWN ENABLE [current_design]",
    // The link is to be up within 100 ms: four data lines, at the clock of the card's oscillator.
    "set_property BITSTREAM.CONFIG.EXTMASTERCCLK_EN Div-1 [current_design]",
    "set_property BITSTREAM.CONFIG.SPI_BUSWIDTH 4 [current_design]",
    "set_property BITSTREAM.CONFIG.SPI_FALL_EDGE YES [current_design]",
    "set_property CONFIG_MODE SPIx4 [current_design]",
    "set_false_path -from [get_ports perst_n]",
];

/// The ports of `dqa_acorn.v` with their pins.
#[derive(Debug, Default, LogicBlock)]
#[allow(missing_docs)]
pub struct Pins {
    pub pcie_refclk_p: Signal<In, Clock>,
    pub pcie_refclk_n: Signal<In, Bit>,
    pub perst_n: Signal<In, Bit>,
    pub clkreq_n: Signal<Out, Bit>,
    pub pcie_rx_p: Signal<In, Bits<4>>,
    pub pcie_rx_n: Signal<In, Bits<4>>,
    pub pcie_tx_p: Signal<Out, Bits<4>>,
    pub pcie_tx_n: Signal<Out, Bits<4>>,
    pub leds_n: Signal<Out, Bits<4>>,
}

impl Pins {
    /// All ports, placed.
    pub fn new() -> Self {
        let mut pins = Self::default();
        let [refclk_p, refclk_n] = REFCLK;
        pins.pcie_refclk_p.add_location(0, refclk_p);
        pins.pcie_refclk_n.add_location(0, refclk_n);
        custom(
            &mut pins.pcie_refclk_p,
            Constraint::Timing(Periodic(PeriodicTiming {
                net: "pcie_refclk".into(),
                period_nanoseconds: 1e9 / f64::from(REFCLK_HZ),
                duty_cycle: 50.0,
            })),
        );
        for (at, lane) in LANES.iter().enumerate() {
            pins.pcie_rx_p.add_location(at, lane.rx[0]);
            pins.pcie_rx_n.add_location(at, lane.rx[1]);
            pins.pcie_tx_p.add_location(at, lane.tx[0]);
            pins.pcie_tx_n.add_location(at, lane.tx[1]);
            let (place, pipe) = (lane.transceiver, lane.pipe);
            custom(
                &mut pins.pcie_rx_p,
                Constraint::Custom(format!(
                    "set_property LOC {place} [get_cells \
                 {{{PIPE}/pipe_lane[{pipe}].gt_wrapper_i/gtp_channel.gtpe2_channel_i}}]"
                )),
            );
        }
        slow(&mut pins.perst_n, 0, PERST);
        custom(
            &mut pins.perst_n,
            Constraint::Custom("set_property PULLUP true [get_ports { perst_n }]".into()),
        );
        slow(&mut pins.clkreq_n, 0, CLKREQ);
        for (at, led) in LEDS.into_iter().enumerate() {
            slow(&mut pins.leds_n, at, led);
        }
        for line in CONFIGURATION {
            custom(&mut pins.leds_n, Constraint::Custom(line.into()));
        }
        pins
    }
}

fn custom<D: Direction, T: Synth>(signal: &mut Signal<D, T>, constraint: Constraint) {
    signal.add_constraint(PinConstraint {
        index: 0,
        constraint,
    });
}

fn slow<D: Direction, T: Synth>(signal: &mut Signal<D, T>, index: usize, pin: &str) {
    signal.add_location(index, pin);
    signal.add_signal_type(index, SignalType::LowVoltageCMOS_3v3);
}

impl Logic for Pins {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.clkreq_n.connect();
        self.pcie_tx_p.connect();
        self.pcie_tx_n.connect();
        self.leds_n.connect();
    }
}

/// The constraints file, for all cards; to be read ahead of the engine's own.
pub fn constraints() -> String {
    let mut pins = Pins::new();
    pins.connect_all();
    let lines = generate_xdc(&pins);
    lines
        .lines()
        .map(|line| format!("{}\n", line.trim()))
        .collect()
}
