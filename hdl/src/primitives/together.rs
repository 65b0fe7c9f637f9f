//! All lanes step, or none.

use rust_hdl::prelude::*;

/// `take` = `go`, and no lane lacks anything; `steps` = the lanes that take part, if so; `waits` = not 0
/// if a lane lacks something. Combinational.
///
/// `S` lanes, 1 to 8. With `DQA_ECP5` defined, two levels of look-up tables stand between `lacks` and
/// what follows, and each lane has a last one of its own: yosys does not know how little time there is.
#[derive(Clone, Debug, LogicBlock)]
pub struct Together<const S: usize> {
    /// The lanes that have to wait.
    pub lacks: Signal<In, Bits<S>>,
    /// All else is there.
    pub go: Signal<In, Bit>,
    /// The lanes that have a sample.
    pub takes_part: Signal<In, Bits<S>>,
    /// The lanes that step.
    pub steps: Signal<Out, Bits<S>>,
    /// A lane has to wait, of the lower four and of the others.
    pub waits: Signal<Out, Bits<2>>,
    /// The beat is taken.
    pub take: Signal<Out, Bit>,
}

impl<const S: usize> Default for Together<S> {
    fn default() -> Self {
        assert!((1..=8).contains(&S), "1 to 8 lanes");
        Self {
            lacks: Signal::default(),
            go: Signal::default(),
            takes_part: Signal::default(),
            steps: Signal::default(),
            waits: Signal::default(),
            take: Signal::default(),
        }
    }
}

impl<const S: usize> Logic for Together<S> {
    fn update(&mut self) {
        let take = self.go.val() && !self.lacks.val().any();
        self.take.next = take;
        let low = self.lacks.val().to_u64() & 0xf;
        let high = self.lacks.val().to_u64() >> 4;
        self.waits.next = bits(u64::from(low != 0) | u64::from(high != 0) << 1);
        self.steps.next = if take {
            self.takes_part.val()
        } else {
            0.into()
        };
    }

    fn connect(&mut self) {
        self.steps.connect();
        self.waits.connect();
        self.take.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = "\
wire [7:0] l = lacks;
`ifdef DQA_ECP5
wire [LAST:0] part = takes_part;
wire [LAST:0] s;
wire low, high, t;
LUT4 #(.INIT(16'hfffe)) l0 (.A(l[0]), .B(l[1]), .C(l[2]), .D(l[3]), .Z(low));
LUT4 #(.INIT(16'hfffe)) l1 (.A(l[4]), .B(l[5]), .C(l[6]), .D(l[7]), .Z(high));
LUT4 #(.INIT(16'h1010)) l2 (.A(low), .B(high), .C(go), .D(1'b0), .Z(t));
genvar i;
generate
   for (i = 0; i <= LAST; i = i + 1) begin : lane
      LUT4 #(.INIT(16'h1000)) l (.A(low), .B(high), .C(go), .D(part[i]), .Z(s[i]));
   end
endgenerate
always @(*) begin
   steps = s;
   take = t;
   waits = {high, low};
end
`else
always @(*) begin
   take = go && !(|lacks);
   waits = {|l[7:4], |l[3:0]};
   steps = {COUNT{take}} & takes_part;
end
`endif
";
        let text = text.replace("LAST", &(S - 1).to_string());
        Verilog::Custom(text.replace("COUNT", &S.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::Together;
    use rust_hdl::prelude::*;

    #[test]
    fn one_that_lacks_keeps_all_waiting() {
        let mut unit = Together::<8>::default();
        unit.takes_part.next = bits(0b1011);
        for (go, lacks, steps) in [(true, 0, 0b1011), (true, 0x80, 0), (false, 0, 0)] {
            unit.go.next = go;
            unit.lacks.next = bits(lacks);
            simulate(&mut unit, 10);
            assert_eq!(unit.steps.val(), bits(steps));
            assert_eq!(unit.take.val(), steps != 0);
        }
    }
}
