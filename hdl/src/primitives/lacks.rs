//! Whether a lane keeps a beat waiting.

use rust_hdl::prelude::*;

/// `lacks` = the lane takes part and has not all bits of its sample: `takes_part`, and the head chunk is
/// not there, or neither is the tail and `offset` is beyond `last_start`. Combinational.
///
/// With `DQA_ECP5` defined the look-up tables are named, two levels of them: all lanes wait for this,
/// and yosys does not know how little time it has.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Lacks {
    /// The lane has a sample.
    pub takes_part: Signal<In, Bit>,
    /// The head chunk is there.
    pub head_there: Signal<In, Bit>,
    /// The tail chunk is there.
    pub tail_there: Signal<In, Bit>,
    /// Where the sample begins in the head.
    pub offset: Signal<In, Bits<4>>,
    /// The last such place from which every sample ends in the head.
    pub last_start: Signal<In, Bits<4>>,
    /// The lane has to wait.
    pub lacks: Signal<Out, Bit>,
}

impl Logic for Lacks {
    fn update(&mut self) {
        let ends = self.tail_there.val() || self.offset.val() <= self.last_start.val();
        self.lacks.next = self.takes_part.val() && !(self.head_there.val() && ends);
    }

    fn connect(&mut self) {
        self.lacks.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
`ifdef DQA_ECP5
wire above, equal, above_low, no_both, no_head, a, b, q;
LUT4 #(.INIT(16'h0a8e)) l0 (.A(offset[3]), .B(offset[2]), .C(last_start[3]), .D(last_start[2]), .Z(above));
LUT4 #(.INIT(16'h8421)) l1 (.A(offset[3]), .B(offset[2]), .C(last_start[3]), .D(last_start[2]), .Z(equal));
LUT4 #(.INIT(16'h0a8e)) l2 (.A(offset[1]), .B(offset[0]), .C(last_start[1]), .D(last_start[0]), .Z(above_low));
LUT4 #(.INIT(16'h2a2a)) l3 (.A(takes_part), .B(head_there), .C(tail_there), .D(1'b0), .Z(no_both));
LUT4 #(.INIT(16'h2222)) l4 (.A(takes_part), .B(head_there), .C(1'b0), .D(1'b0), .Z(no_head));
LUT4 #(.INIT(16'hf780)) l5 (.A(equal), .B(above_low), .C(no_both), .D(no_head), .Z(a));
LUT4 #(.INIT(16'haaaa)) l6 (.A(no_both), .B(1'b0), .C(1'b0), .D(1'b0), .Z(b));
PFUMX m (.BLUT(a), .ALUT(b), .C0(above), .Z(q));
always @(*) lacks = q;
`else
always @(*) lacks = takes_part && !(head_there && (tail_there || offset <= last_start));
`endif
"
            .into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Lacks;
    use rust_hdl::prelude::*;

    #[test]
    fn the_tail_is_needed_beyond_the_last_start() {
        let mut unit = Lacks::default();
        unit.takes_part.next = true;
        unit.last_start.next = bits(8);
        for (head, tail, offset, lacks) in [
            (false, true, 0, true),
            (true, false, 8, false),
            (true, false, 9, true),
            (true, true, 9, false),
        ] {
            unit.head_there.next = head;
            unit.tail_there.next = tail;
            unit.offset.next = bits(offset);
            simulate(&mut unit, 10);
            assert_eq!(unit.lacks.val(), lacks, "{head} {tail} {offset}");
        }
    }
}
