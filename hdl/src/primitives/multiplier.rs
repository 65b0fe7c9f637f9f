//! Signed multipliers of any width.

use super::{from_i128, to_i128};
use rust_hdl::prelude::*;

/// `p = a * b`, two's complement, combinational.
///
/// `A` and `B` are the factors' widths, 1 to 63 each; `P`, the product's, is `A + B`. Up to 18 x 18
/// it fits one DSP block of ECP5 and 7-series. [`PipelinedMultiplier`] uses that block's registers.
#[derive(Clone, Debug, LogicBlock)]
pub struct Multiplier<const A: usize, const B: usize, const P: usize> {
    /// Factor.
    pub a: Signal<In, Signed<A>>,
    /// Factor.
    pub b: Signal<In, Signed<B>>,
    /// Product.
    pub p: Signal<Out, Signed<P>>,
}

impl<const A: usize, const B: usize, const P: usize> Default for Multiplier<A, B, P> {
    fn default() -> Self {
        check_widths::<A, B, P>();
        Self {
            a: Signal::default(),
            b: Signal::default(),
            p: Signal::default(),
        }
    }
}

impl<const A: usize, const B: usize, const P: usize> Logic for Multiplier<A, B, P> {
    fn update(&mut self) {
        self.p.next = from_i128(to_i128(self.a.val()) * to_i128(self.b.val()));
    }

    fn connect(&mut self) {
        self.p.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom("always @(*) p = a * b;\n".into())
    }
}

/// `p = a * b`, two's complement, registered before and behind: `p` belongs to the factors of two
/// enabled clocks ago.
///
/// Widths as for [`Multiplier`]. Both registers move only while `enable` is high, and have no
/// reset: the valid bit that goes beside them has. Throughput one product a clock.
///
/// yosys leaves the registers of ECP5's multiplier unused: with `DQA_ECP5` defined, factors of up to
/// 18 bits go to a MULT18X18D by name.
#[derive(Clone, Debug, LogicBlock)]
pub struct PipelinedMultiplier<const A: usize, const B: usize, const P: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Move on.
    pub enable: Signal<In, Bit>,
    /// Factor.
    pub a: Signal<In, Signed<A>>,
    /// Factor.
    pub b: Signal<In, Signed<B>>,
    /// Product.
    pub p: Signal<Out, Signed<P>>,
    _factors: (i128, i128),
}

impl<const A: usize, const B: usize, const P: usize> Default for PipelinedMultiplier<A, B, P> {
    fn default() -> Self {
        check_widths::<A, B, P>();
        Self {
            clock: Signal::default(),
            enable: Signal::default(),
            a: Signal::default(),
            b: Signal::default(),
            p: Signal::default(),
            _factors: (0, 0),
        }
    }
}

impl<const A: usize, const B: usize, const P: usize> Logic for PipelinedMultiplier<A, B, P> {
    fn update(&mut self) {
        if self.clock.pos_edge() && self.enable.val() {
            self.p.next = from_i128(self._factors.0 * self._factors.1);
            self._factors = (to_i128(self.a.val()), to_i128(self.b.val()));
        }
    }

    fn connect(&mut self) {
        self.p.connect();
    }

    fn hdl(&self) -> Verilog {
        let plain = format!(
            "reg signed [{}:0] a_q;\nreg signed [{}:0] b_q;\n\
             always @(posedge clock)\n   if (enable) begin\n      a_q <= a;\n      b_q <= b;\n      \
             p <= a_q * b_q;\n   end\n",
            A - 1,
            B - 1
        );
        if A.max(B) > 18 {
            return Verilog::Custom(plain);
        }
        let ports = |bus: &str, from: &str, bits: usize| -> String {
            let port = |at: usize| format!(", .{bus}{at}({from}[{at}])");
            (0..bits).map(port).collect()
        };
        Verilog::Custom(format!(
            "`ifdef DQA_ECP5\n\
             wire signed [17:0] a18 = a;\nwire signed [17:0] b18 = b;\nwire [35:0] q;\n\
             MULT18X18D #(.REG_INPUTA_CLK(\"CLK0\"), .REG_INPUTB_CLK(\"CLK0\"), \
             .REG_OUTPUT_CLK(\"CLK0\"))\n   \
             dsp (.CLK0(clock), .CE0(enable), .RST0(1'b0), .SIGNEDA(1'b1), .SIGNEDB(1'b1), \
             .SOURCEA(1'b0), .SOURCEB(1'b0){}{}{});\n\
             always @(*) p = q[{}:0];\n`else\n{plain}`endif\n",
            ports("A", "a18", 18),
            ports("B", "b18", 18),
            ports("P", "q", 36),
            P - 1
        ))
    }
}

fn check_widths<const A: usize, const B: usize, const P: usize>() {
    assert!(
        (1..64).contains(&A) && (1..64).contains(&B),
        "factors have 1 to 63 bits"
    );
    assert_eq!(A + B, P, "the product has as many bits as its factors");
}

#[cfg(test)]
mod tests {
    use super::{Multiplier, PipelinedMultiplier};
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn products_have_their_sign() {
        let mut multiplier = Multiplier::<18, 10, 28>::default();
        for (a, b) in [
            (-131_072, -512),
            (131_071, -512),
            (-1, 1),
            (0, -5),
            (77, 33),
        ] {
            multiplier.a.next = signed(a);
            multiplier.b.next = signed(b);
            simulate(&mut multiplier, 10);
            assert_eq!(multiplier.p.val(), signed(a * b), "{a} * {b}");
        }
    }

    #[test]
    fn pipeline_is_two_enabled_clocks_long() {
        let mut multiplier = PipelinedMultiplier::<8, 8, 16>::default();
        let mut after = |enable: bool, a: i64| {
            multiplier.enable.next = enable;
            multiplier.a.next = signed(a);
            multiplier.b.next = signed(-3);
            step(&mut multiplier, |multiplier| &mut multiplier.clock);
            multiplier.p.val()
        };
        after(true, 5);
        assert_eq!(after(true, 6), signed(-15));
        assert_eq!(after(false, 7), signed(-15));
        assert_eq!(after(true, 8), signed(-18));
    }
}
