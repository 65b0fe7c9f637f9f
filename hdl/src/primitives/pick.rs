//! One of eight places by a thermometer.

use rust_hdl::prelude::*;

/// `place` = the place whose number is how many of `longer`'s bits 1 to 7 are set, these being a
/// thermometer (no bit set above one that is not); `moves` = `wanted`, and both bits if `step`,
/// `takes_part` and bit 4 of that place. Combinational.
///
/// The thermometer's bits are the selects of a tree as they are, nothing is encoded. With `DQA_ECP5`
/// defined, each bit is one tree of slice multiplexers (4 LUT4, no routing inside), and one LUT4 is all
/// that is between `step` or the tree and `moves`.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Pick {
    /// The thermometer; bit 0 has no say.
    pub longer: Signal<In, Bits<8>>,
    /// The places.
    pub places: [Signal<In, Bits<5>>; 8],
    /// Whether bit 4 counts.
    pub step: Signal<In, Bit>,
    /// So does this.
    pub takes_part: Signal<In, Bit>,
    /// What is set in any case.
    pub wanted: Signal<In, Bits<2>>,
    /// Low bits of the place picked.
    pub offset: Signal<Out, Bits<4>>,
    /// What is set.
    pub moves: Signal<Out, Bits<2>>,
}

impl Logic for Pick {
    fn update(&mut self) {
        let longer = self.longer.val();
        let is = |k| longer.get_bit(k);
        let two = |k: usize| self.places[if is(k) { k } else { k - 1 }].val();
        let four = |k: usize| if is(k) { two(k + 1) } else { two(k - 1) };
        let place = if is(4) { four(6) } else { four(2) };
        self.offset.next = place.get_bits::<4>(0);
        let moves = self.step.val() & self.takes_part.val() & place.get_bit(4);
        self.moves.next = if moves { bits(3) } else { self.wanted.val() };
    }

    fn connect(&mut self) {
        self.offset.connect();
        self.moves.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
(* maybe_unused *) wire unused;
assign unused = longer[0];
`ifdef DQA_ECP5
wire [39:0] all = {places$7, places$6, places$5, places$4, places$3, places$2, places$1, places$0};
wire [4:0] q;
wire [1:0] m;
genvar i, k;
generate
   for (i = 0; i < 5; i = i + 1) begin : picked_bit
      wire [3:0] a;
      wire [1:0] b;
      for (k = 0; k < 4; k = k + 1) begin : leaf
         LUT4 #(.INIT(16'hcaca)) m (.A(all[10*k+i]), .B(all[10*k+5+i]), .C(longer[2*k+1]), .D(1'b0), .Z(a[k]));
      end
      PFUMX m2 (.BLUT(a[0]), .ALUT(a[1]), .C0(longer[2]), .Z(b[0]));
      PFUMX m6 (.BLUT(a[2]), .ALUT(a[3]), .C0(longer[6]), .Z(b[1]));
      L6MUX21 m4 (.D0(b[0]), .D1(b[1]), .SD(longer[4]), .Z(q[i]));
   end
   for (i = 0; i < 2; i = i + 1) begin : move
      LUT4 #(.INIT(16'hff80)) l (.A(q[4]), .B(step), .C(takes_part), .D(wanted[i]), .Z(m[i]));
   end
endgenerate
always @(*) begin
   offset = q[3:0];
   moves = m;
end
`else
reg crosses;
always @(*) begin
   {crosses, offset} = longer[4]
      ? (longer[6] ? (longer[7] ? places$7 : places$6) : (longer[5] ? places$5 : places$4))
      : (longer[2] ? (longer[3] ? places$3 : places$2) : (longer[1] ? places$1 : places$0));
   moves = wanted | {2{step && takes_part && crosses}};
end
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
        pick.wanted.next = bits(2);
        for k in 0..8 {
            pick.places[k].next = bits(10 + k as u64);
        }
        for k in 0..8_u64 {
            pick.longer.next = bits((2 << k) - 1);
            for (step, takes_part) in [(false, true), (true, false), (true, true)] {
                pick.step.next = step;
                pick.takes_part.next = takes_part;
                simulate(&mut pick, 10);
                assert_eq!(pick.offset.val(), bits((10 + k) % 16));
                let crosses = step && takes_part && 10 + k >= 16;
                assert_eq!(pick.moves.val(), bits(if crosses { 3 } else { 2 }));
            }
        }
    }
}
