//! One of eight values by a thermometer.

use rust_hdl::prelude::*;

/// `picked` = the value whose number is how many of `longer`'s bits 1 to 7 are set, these being a
/// thermometer (no bit set above one that is not). Combinational.
///
/// The thermometer's bits are the selects of a tree as they are, nothing is encoded. With
/// `DQA_ECP5` defined, each bit is one tree of slice multiplexers (4 LUT4, no routing inside).
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Pick {
    /// The thermometer; bit 0 has no say.
    pub longer: Signal<In, Bits<8>>,
    /// The values.
    pub values: [Signal<In, Bits<6>>; 8],
    /// The value picked.
    pub picked: Signal<Out, Bits<6>>,
}

impl Logic for Pick {
    fn update(&mut self) {
        let longer = self.longer.val();
        let is = |k| longer.get_bit(k);
        let two = |k: usize| self.values[if is(k) { k } else { k - 1 }].val();
        let four = |k: usize| if is(k) { two(k + 1) } else { two(k - 1) };
        self.picked.next = if is(4) { four(6) } else { four(2) };
    }

    fn connect(&mut self) {
        self.picked.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
(* maybe_unused *) wire unused;
assign unused = longer[0];
`ifdef DQA_ECP5
wire [5:0] q;
genvar i;
generate
   for (i = 0; i < 6; i = i + 1) begin : picked_bit
      wire [3:0] a;
      wire [1:0] b;
      LUT4 #(.INIT(16'hcaca)) m1 (.A(values$0[i]), .B(values$1[i]), .C(longer[1]), .D(1'b0), .Z(a[0]));
      LUT4 #(.INIT(16'hcaca)) m3 (.A(values$2[i]), .B(values$3[i]), .C(longer[3]), .D(1'b0), .Z(a[1]));
      LUT4 #(.INIT(16'hcaca)) m5 (.A(values$4[i]), .B(values$5[i]), .C(longer[5]), .D(1'b0), .Z(a[2]));
      LUT4 #(.INIT(16'hcaca)) m7 (.A(values$6[i]), .B(values$7[i]), .C(longer[7]), .D(1'b0), .Z(a[3]));
      PFUMX m2 (.BLUT(a[0]), .ALUT(a[1]), .C0(longer[2]), .Z(b[0]));
      PFUMX m6 (.BLUT(a[2]), .ALUT(a[3]), .C0(longer[6]), .Z(b[1]));
      L6MUX21 m4 (.D0(b[0]), .D1(b[1]), .SD(longer[4]), .Z(q[i]));
   end
endgenerate
always @(*) picked = q;
`else
always @(*)
   picked = longer[4]
      ? (longer[6] ? (longer[7] ? values$7 : values$6) : (longer[5] ? values$5 : values$4))
      : (longer[2] ? (longer[3] ? values$3 : values$2) : (longer[1] ? values$1 : values$0));
`endif
"
            .into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Pick;
    use rust_hdl::prelude::*;

    #[test]
    fn counts_the_thermometer() {
        let mut pick = Pick::default();
        for k in 0..8 {
            pick.values[k].next = bits(40 + k as u64);
        }
        for k in 0..8_u64 {
            pick.longer.next = bits((2 << k) - 1);
            simulate(&mut pick, 10);
            assert_eq!(pick.picked.val(), bits(40 + k));
        }
    }
}
