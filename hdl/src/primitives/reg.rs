//! Register with enable and synchronous reset.

use rust_hdl::prelude::*;

/// Register with enable and synchronous reset.
///
/// At a rising edge: `q` becomes the reset value if `aresetn` is low, else `d` if `enable` is
/// high. RustHDL's `DFF` has neither reset nor enable; use it for nothing that keeps state.
///
/// | port | direction | meaning |
/// |---|---|---|
/// | `clock`, `aresetn` | in | clock, active-low synchronous reset |
/// | `enable` | in | take `d` |
/// | `d` | in | next value |
/// | `q` | out | value |
///
/// `dff_setup!(self, aclk, reg)` connects the clock and lets `d` default to `q`; `aresetn` and
/// `enable` stay to be set. Latency 1 clock, a value each clock.
#[derive(Clone, Debug, LogicBlock)]
pub struct Reg<T: Synth> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Active-low synchronous reset.
    pub aresetn: Signal<In, Bit>,
    /// Take `d`.
    pub enable: Signal<In, Bit>,
    /// Next value.
    pub d: Signal<In, T>,
    /// Value.
    pub q: Signal<Out, T>,
    _reset_value: T,
}

impl<T: Synth> Reg<T> {
    /// A register that is `reset_value` after reset.
    pub fn new(reset_value: T) -> Self {
        Self {
            clock: Signal::default(),
            aresetn: Signal::default(),
            enable: Signal::default(),
            d: Signal::default(),
            q: Signal::default(),
            _reset_value: reset_value,
        }
    }
}

/// Zero after reset.
impl<T: Synth> Default for Reg<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Synth> Logic for Reg<T> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            if !self.aresetn.val() {
                self.q.next = self._reset_value;
            } else if self.enable.val() {
                self.q.next = self.d.val();
            }
        }
    }

    fn connect(&mut self) {
        self.q.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(format!(
            "always @(posedge clock)\n   if (!aresetn) q <= {:x};\n   else if (enable) q <= d;\n",
            self._reset_value.verilog()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::Reg;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn reset_wins_over_enable_and_enable_holds() {
        let mut reg = Reg::new(bits::<8>(7));
        let mut after = |aresetn: bool, enable: bool, d: u64| {
            reg.aresetn.next = aresetn;
            reg.enable.next = enable;
            reg.d.next = d.into();
            step(&mut reg, |reg| &mut reg.clock);
            reg.q.val().to_u64()
        };
        assert_eq!(after(false, true, 9), 7);
        assert_eq!(after(true, false, 9), 7);
        assert_eq!(after(true, true, 9), 9);
        assert_eq!(after(true, false, 3), 9);
    }
}
