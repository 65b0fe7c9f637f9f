//! Clock divider: a slower clock for boards whose own one is too fast.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `clk` | in | the board's clock |
//! | `divided` | out | that, divided by 2 or 4 |
//!
//! A counter whose top bit is the clock; place and route puts it on a clock net. No PLL: nothing waits
//! for it to lock, and a simulation runs what the bitstream has. For other rates use the FPGA's PLL.

use rust_hdl::prelude::*;

/// The divider; see the module's text.
#[derive(Clone, Debug, LogicBlock)]
#[allow(missing_docs)]
pub struct ClockDivider {
    pub clk: Signal<In, Clock>,
    pub divided: Signal<Out, Clock>,
    _bits: u32,
}

impl ClockDivider {
    /// Divides by 2 or 4; none for 1.
    ///
    /// # Panics
    ///
    /// For any other divisor.
    pub fn new(divisor: u32) -> Option<Self> {
        assert!(
            matches!(divisor, 1 | 2 | 4),
            "a clock is divided by 1, 2 or 4"
        );
        (divisor > 1).then(|| Self {
            clk: Signal::default(),
            divided: Signal::default(),
            _bits: divisor.trailing_zeros(),
        })
    }
}

impl Logic for ClockDivider {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.divided.connect();
    }

    fn hdl(&self) -> Verilog {
        let high = self._bits - 1;
        let bits = self._bits;
        Verilog::Wrapper(Wrapper {
            code: format!(
                "reg [{high}:0] count = {bits}'h0;\n\
                 always @(posedge clk) count <= count + {bits}'h1;\n\
                 assign divided = count[{high}];\n"
            ),
            cores: String::new(),
        })
    }
}
