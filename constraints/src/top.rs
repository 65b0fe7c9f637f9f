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
//! Parameters: the [`Board`]. The reset is let go 255 clocks after the button is, and as long after the
//! FPGA is configured, when all flip-flops are 0.

use dqa_hdl::emit::emit;
use dqa_hdl::link::uart_core;
use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::*;
use rust_hdl_fpga_support::toolchains::ecp5::generate_lpf;
use rust_hdl_fpga_support::toolchains::vivado::generate_xdc;

use crate::board::{Board, Device, Pin};

/// Name of the emitted top module.
pub const TOP: &str = "dqa_board";

/// The Verilog of a board, all of it, under a comment of the lines of `header`.
///
/// # Errors
///
/// What RustHDL finds wrong.
pub fn verilog(board: &Board, header: &str) -> Result<String, CheckError> {
    let top = emit(TOP, header, BoardTop::new(board))?;
    let core = uart_core::verilog(&board.parameters(), board.speed(), "")?;
    Ok(format!("{top}\n{core}"))
}

/// The constraints file of a board: LPF for nextpnr, XDC for Vivado.
pub fn constraints(board: &Board) -> String {
    let mut top = BoardTop::new(board);
    top.connect_all();
    match board.device {
        Device::Ecp5 { .. } => generate_lpf(&top),
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
            core: UartCore::default(),
            button: std::array::from_fn(|_| DFF::default()),
            held: DFF::default(),
            reset_low: Constant::new(pins.reset.active_low),
            session_low: Constant::new(pins.session.active_low),
            irq_low: Constant::new(pins.irq.active_low),
        };
        place(&mut top.clk, pins.clock);
        top.clk.add_constraint(PinConstraint {
            index: 0,
            constraint: Constraint::Timing(Periodic(PeriodicTiming {
                net: "clk".into(),
                period_nanoseconds: 1e9 / f64::from(board.clock_hz),
                duty_cycle: 50.0,
            })),
        });
        if let Device::Ecp5 { configuration, .. } = board.device {
            top.clk.add_constraint(PinConstraint {
                index: 0,
                constraint: Constraint::Custom(configuration.into()),
            });
        }
        place(&mut top.reset, pins.reset.name);
        place(&mut top.rx, pins.rx);
        place(&mut top.tx, pins.tx);
        place(&mut top.session, pins.session.name);
        place(&mut top.irq, pins.irq.name);
        pull(&mut top.reset, board.device, pins.reset);
        top
    }
}

fn place<D: Direction, T: Synth>(signal: &mut Signal<D, T>, pin: &str) {
    signal.add_location(0, pin);
    signal.add_signal_type(0, SignalType::LowVoltageCMOS_3v3);
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
        for i in 0..2 {
            self.button[i].clock.next = self.clk.val();
        }
        self.held.clock.next = self.clk.val();
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
        self.core.aclk.next = self.clk.val();
        self.core.aresetn.next = self.held.q.val().all();
        self.core.rx.next = self.rx.val();
        self.tx.next = self.core.tx.val();
        self.session.next = self.core.open.val() ^ self.session_low.val();
        self.irq.next = self.core.irq.val() ^ self.irq_low.val();
    }
}
