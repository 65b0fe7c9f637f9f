//! One of eight places by a thermometer.

use rust_hdl::prelude::*;

/// `offset` = the low 4 bits of the place whose number is how many of `longer`'s bits 1 to 7 are set,
/// these being a thermometer (no bit set above one that is not); `moves` = `wanted`, and both bits if
/// `step` and that place's bit 4. Combinational.
///
/// The thermometer's bits are the selects of a tree as they are, nothing is encoded, and nothing
/// stands behind the tree: `step` gates the places before it, one LUT4 each. With `DQA_ECP5` defined,
/// each bit is one tree of slice multiplexers (4 LUT4, no routing inside).
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Pick {
    /// The thermometer; bit 0 has no say.
    pub longer: Signal<In, Bits<8>>,
    /// The places.
    pub places: [Signal<In, Bits<5>>; 8],
    /// Whether bit 4 counts.
    pub step: Signal<In, Bit>,
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
        self.moves.next = match self.step.val() & place.get_bit(4) {
            true => bits(3),
            false => self.wanted.val(),
        };
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
wire [39:0] place = {places$7, places$6, places$5, places$4, places$3, places$2, places$1, places$0};
wire [47:0] value;
wire [5:0] q;
genvar i, k;
generate
   for (k = 0; k < 8; k = k + 1) begin : values
      assign value[6*k +: 4] = place[5*k +: 4];
      for (i = 0; i < 2; i = i + 1) begin : move
         LUT4 #(.INIT(16'hf8f8)) m (.A(step), .B(place[5*k+4]), .C(wanted[i]), .D(1'b0), .Z(value[6*k+4+i]));
      end
   end
   for (i = 0; i < 6; i = i + 1) begin : picked_bit
      wire [3:0] a;
      wire [1:0] b;
      for (k = 0; k < 4; k = k + 1) begin : leaf
         LUT4 #(.INIT(16'hcaca)) m (.A(value[12*k+i]), .B(value[12*k+6+i]), .C(longer[2*k+1]), .D(1'b0), .Z(a[k]));
      end
      PFUMX m2 (.BLUT(a[0]), .ALUT(a[1]), .C0(longer[2]), .Z(b[0]));
      PFUMX m6 (.BLUT(a[2]), .ALUT(a[3]), .C0(longer[6]), .Z(b[1]));
      L6MUX21 m4 (.D0(b[0]), .D1(b[1]), .SD(longer[4]), .Z(q[i]));
   end
endgenerate
always @(*) {moves, offset} = q;
`else
reg crosses;
always @(*) begin
   {crosses, offset} = longer[4]
      ? (longer[6] ? (longer[7] ? places$7 : places$6) : (longer[5] ? places$5 : places$4))
      : (longer[2] ? (longer[3] ? places$3 : places$2) : (longer[1] ? places$1 : places$0));
   moves = wanted | {2{step && crosses}};
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
            for step in [false, true] {
                pick.step.next = step;
                simulate(&mut pick, 10);
                assert_eq!(pick.offset.val(), bits((10 + k) % 16));
                let moves = if step && 10 + k >= 16 { 3 } else { 2 };
                assert_eq!(pick.moves.val(), bits(moves));
            }
        }
    }
}
