//! A choice by signals that come late in the clock.

use rust_hdl::prelude::*;

/// `y` = `if_so` where `go` and no bit of `waits`, else `if_not`. Combinational.
///
/// `waits` may come late. With `DQA_ECP5` defined one look-up table by name stands between it and `y`:
/// yosys does not know which signals are late, and may well put others in front of them.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Late {
    /// What decides, the early part.
    pub go: Signal<In, Bit>,
    /// What decides, the late part.
    pub waits: Signal<In, Bits<2>>,
    /// If it goes.
    pub if_so: Signal<In, Bit>,
    /// If it waits.
    pub if_not: Signal<In, Bit>,
    /// What is chosen.
    pub y: Signal<Out, Bit>,
}

impl Logic for Late {
    fn update(&mut self) {
        self.y.next = match self.go.val() && !self.waits.val().any() {
            true => self.if_so.val(),
            false => self.if_not.val(),
        };
    }

    fn connect(&mut self) {
        self.y.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
`ifdef DQA_ECP5
wire early = go ? if_so : if_not;
wire q;
LUT4 #(.INIT(16'hfe10)) l (.A(waits[0]), .B(waits[1]), .C(early), .D(if_not), .Z(q));
always @(*) y = q;
`else
always @(*) y = go && !(|waits) ? if_so : if_not;
`endif
"
            .into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Late;
    use rust_hdl::prelude::*;

    #[test]
    fn chooses() {
        let mut unit = Late::default();
        unit.if_so.next = true;
        for (go, waits, y) in [(true, 0, true), (true, 2, false), (false, 0, false)] {
            unit.go.next = go;
            unit.waits.next = bits(waits);
            simulate(&mut unit, 10);
            assert_eq!(unit.y.val(), y);
        }
    }
}
