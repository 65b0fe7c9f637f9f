//! The design between a board's pins: `dqa_uart`, its reset and two LEDs.
//!
//! | port | meaning |
//! |---|---|
//! | `clk` | the board's clock, of which all is |
//! | `reset` | its button, of no clock |
//! | `rx`, `tx` | serial data in and out |
//! | `session` | LED: a host has a session |
//! | `irq` | LED: the core's interrupt |
//!
//! Parameters: the [`Board`]. Where it says so, the clock is divided (`clock_divider`) first. The reset is let go 255 clocks after the button is, and as long after the
//! FPGA is configured, when all flip-flops are 0.

use dqa_hdl::emit::emit;
use dqa_hdl::link::uart_core;
use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::*;
use rust_hdl_fpga_support::toolchains::ecp5::generate_lpf;
use rust_hdl_fpga_support::toolchains::icestorm::generate_pcf;
use rust_hdl_fpga_support::toolchains::vivado::generate_xdc;

use crate::board::{Board, Device, Pin};
use crate::clock_divider::ClockDivider;

/// Name of the emitted top module.
pub const TOP: &str = "dqa_board";

/// The Verilog of a board, all of it, under a comment of the lines of `header`.
///
/// # Errors
///
/// What RustHDL finds wrong.
pub fn verilog(board: &Board, header: &str) -> Result<String, CheckError> {
    let top = emit(TOP, header, BoardTop::new(board))?;
    let core = uart_core::verilog(&board.core, board.speed(), "")?;
    Ok(format!("{top}\n{core}"))
}

/// The constraints file of a board: LPF or PCF for nextpnr, XDC for Vivado.
pub fn constraints(board: &Board) -> String {
    let mut top = BoardTop::new(board);
    top.connect_all();
    match board.device {
        Device::Ecp5 { .. } => generate_lpf(&top),
        Device::Ice40 { .. } => generate_pcf(&top),
        Device::Series7 { .. } => {
            let lines = generate_xdc(&top);
            lines
                .lines()
                .map(|line| format!("{}\n", line.trim()))
                .collect()
        }
    }
}

/// The instance of `dqa_uart`, whose text comes from elsewhere.
#[derive(Clone, Debug, Default, LogicBlock)]
struct UartCore {
    aclk: Signal<In, Clock>,
    aresetn: Signal<In, Bit>,
    rx: Signal<In, Bit>,
    tx: Signal<Out, Bit>,
    open: Signal<Out, Bit>,
    irq: Signal<Out, Bit>,
}

impl Logic for UartCore {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.tx.connect();
        self.open.connect();
        self.irq.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Wrapper(Wrapper {
            code: "dqa_uart core(.aclk(aclk), .aresetn(aresetn), .rx(rx), .tx(tx), .open(open), .irq(irq));"
                .into(),
            cores: String::new(),
        })
    }
}

/// The top; see the module's text.
#[derive(Debug, LogicBlock)]
#[allow(missing_docs)]
pub struct BoardTop {
    pub clk: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub rx: Signal<In, Bit>,
    pub tx: Signal<Out, Bit>,
    pub session: Signal<Out, Bit>,
    pub irq: Signal<Out, Bit>,
    /// One where the clock is divided.
    divider: Vec<ClockDivider>,
    clock: Signal<Local, Clock>,
    core: UartCore,
    button: [DFF<Bit>; 2],
    held: DFF<Bits<8>>,
    reset_low: Constant<Bit>,
    session_low: Constant<Bit>,
    irq_low: Constant<Bit>,
}

impl BoardTop {
    /// The top of a board, with its pins.
    pub fn new(board: &Board) -> Self {
        let pins = &board.pins;
        let mut top = Self {
            clk: Signal::default(),
            reset: Signal::default(),
            rx: Signal::default(),
            tx: Signal::default(),
            session: Signal::default(),
            irq: Signal::default(),
            divider: ClockDivider::new(board.divider).into_iter().collect(),
            clock: Signal::default(),
            core: UartCore::default(),
            button: std::array::from_fn(|_| DFF::default()),
            held: DFF::default(),
            reset_low: Constant::new(pins.reset.active_low),
            session_low: Constant::new(pins.session.active_low),
            irq_low: Constant::new(pins.irq.active_low),
        };
        place(&mut top.clk, pins.clock, board.device);
        place(&mut top.reset, pins.reset.name, board.device);
        place(&mut top.rx, pins.rx, board.device);
        place(&mut top.tx, pins.tx, board.device);
        place(&mut top.session, pins.session.name, board.device);
        place(&mut top.irq, pins.irq.name, board.device);
        for constraint in of_clock(board) {
            let index = 0;
            top.clk.add_constraint(PinConstraint { index, constraint });
        }
        pull(&mut top.reset, board.device, pins.reset);
        top
    }
}

/// A pin of iCE40 has the level of its bank's supply, which no file names.
fn place<D: Direction, T: Synth>(signal: &mut Signal<D, T>, pin: &str, device: Device) {
    signal.add_location(0, pin);
    if !matches!(device, Device::Ice40 { .. }) {
        signal.add_signal_type(0, SignalType::LowVoltageCMOS_3v3);
    }
}

/// The clock's rate, and what else a file says once.
fn of_clock(board: &Board) -> Vec<Constraint> {
    let mhz = f64::from(board.pin_hz) / 1e6;
    let periodic = Constraint::Timing(Periodic(PeriodicTiming {
        net: "clk".into(),
        period_nanoseconds: 1e3 / mhz,
        duty_cycle: 50.0,
    }));
    match board.device {
        Device::Ecp5 { configuration, .. } => {
            vec![periodic, Constraint::Custom(configuration.into())]
        }
        Device::Ice40 { .. } => vec![Constraint::Custom(format!("set_frequency clk {mhz}"))],
        Device::Series7 { .. } => vec![periodic],
    }
}

/// A button that nobody presses is not pressed, whether it has a resistor or not.
fn pull(reset: &mut Signal<In, Bit>, device: Device, pin: Pin) {
    if let Device::Ecp5 { .. } = device {
        let mode = if pin.active_low { "UP" } else { "DOWN" };
        reset.add_constraint(PinConstraint {
            index: 0,
            constraint: Constraint::Custom(format!("IOBUF PORT \"reset\" PULLMODE={mode}")),
        });
    }
}

impl Logic for BoardTop {
    #[hdl_gen]
    fn update(&mut self) {
        self.clock.next = self.clk.val();
        for i in 0..self.divider.len() {
            self.divider[i].clk.next = self.clk.val();
            self.clock.next = self.divider[i].divided.val();
        }
        for i in 0..2 {
            self.button[i].clock.next = self.clock.val();
        }
        self.held.clock.next = self.clock.val();
        self.button[0].d.next = self.reset.val() ^ self.reset_low.val();
        self.button[1].d.next = self.button[0].q.val();
        // Counts up to 255 and stays.
        self.held.d.next = self.held.q.val();
        if !self.held.q.val().all() {
            self.held.d.next = self.held.q.val() + 1;
        }
        if self.button[1].q.val() {
            self.held.d.next = 0.into();
        }
        self.core.aclk.next = self.clock.val();
        self.core.aresetn.next = self.held.q.val().all();
        self.core.rx.next = self.rx.val();
        self.tx.next = self.core.tx.val();
        self.session.next = self.core.open.val() ^ self.session_low.val();
        self.irq.next = self.core.irq.val() ^ self.irq_low.val();
    }
}
