//! Delay line with reset.
//!
//! `q` is what `d` was L clocks ago, 0 from a reset on until something has come through.
//! Parameters: N bits, L clocks, at least 1. Latency L, one value a clock. It carries what belongs
//! to a beat past the units that the beat itself goes through.
//!
//! A flip-flop costs a logic cell of an iCE40: with `DQA_ICE40` defined a line of more bits than a memory
//! costs stands in block RAM.

use rust_hdl::prelude::*;

/// Bits from which on a line of an iCE40 is a memory: one costs its counters and a gate for each bit of `q`.
const IN_MEMORY: usize = 60;

/// Delay line of N bits and L clocks.
#[derive(LogicBlock)]
pub struct Delay<const N: usize, const L: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// What goes in.
    pub d: Signal<In, Bits<N>>,
    /// What went in L clocks ago.
    pub q: Signal<Out, Bits<N>>,
    _stages: [Bits<N>; L],
}

impl<const N: usize, const L: usize> Default for Delay<N, L> {
    fn default() -> Self {
        assert!(L > 0, "a delay is at least one clock");
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            d: Signal::default(),
            q: Signal::default(),
            _stages: [bits(0); L],
        }
    }
}

impl<const N: usize, const L: usize> Delay<N, L> {
    fn registers() -> String {
        let earlier = match L {
            1 => String::new(),
            _ => format!("stages[{}:0], ", N * (L - 1) - 1),
        };
        format!(
            "reg [{high}:0] stages;\n\
             always @(posedge aclk) stages <= aresetn ? {{{earlier}d}} : {{{bits}{{1'b0}}}};\n\
             always @(*) q = stages[{high}:{low}];\n",
            bits = N * L,
            high = N * L - 1,
            low = N * (L - 1),
        )
    }

    /// A ring of words. `whole`: what it gives came in since the reset.
    fn memory() -> String {
        let address_bits = L.next_power_of_two().trailing_zeros();
        format!(
            "(* ram_style = \"block\" *)\n\
             reg [{high}:0] words [0:{last}];\n\
             reg [{high}:0] word;\n\
             reg [{top}:0] at;\n\
             wire [{top}:0] from = at - {address_bits}'d{behind};\n\
             reg [{top}:0] age;\n\
             reg whole;\n\
             always @(posedge aclk) begin\n   \
                words[at] <= d;\n   \
                word <= words[from];\n   \
                at <= at + 1'b1;\n   \
                if (age == {address_bits}'d{behind}) whole <= 1'b1;\n   \
                else age <= age + 1'b1;\n   \
                if (!aresetn) begin\n      \
                   at <= 0;\n      \
                   age <= 0;\n      \
                   whole <= 1'b0;\n   \
                end\n\
             end\n\
             always @(*) q = whole ? word : {{{N}{{1'b0}}}};\n",
            high = N - 1,
            last = (1 << address_bits) - 1,
            top = address_bits - 1,
            behind = L - 1,
        )
    }
}

impl<const N: usize, const L: usize> Logic for Delay<N, L> {
    fn update(&mut self) {
        if self.aclk.pos_edge() {
            self._stages.rotate_right(1);
            self._stages[0] = self.d.val();
            if !self.aresetn.val() {
                self._stages = [bits(0); L];
            }
            self.q.next = self._stages[L - 1];
        }
    }

    fn connect(&mut self) {
        self.q.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(match N * L >= IN_MEMORY && L > 1 {
            false => Self::registers(),
            true => format!(
                "`ifdef DQA_ICE40\n{}`else\n{}`endif\n",
                Self::memory(),
                Self::registers()
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Delay;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn values_come_late_and_a_reset_makes_them_0() {
        let mut unit = Delay::<8, 3>::default();
        unit.connect_all();
        let mut seen = Vec::new();
        for clock in 1..10 {
            unit.aresetn.next = clock != 6;
            unit.d.next = bits(clock);
            step(&mut unit, |unit| &mut unit.aclk);
            seen.push(unit.q.val().to_u64());
        }
        assert_eq!(seen, [0, 0, 1, 2, 3, 0, 0, 0, 7]);
    }
}
