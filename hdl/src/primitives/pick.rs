//! One of eight places by a thermometer.

use rust_hdl::prelude::*;

/// `place` = the place whose number is how many of `at_most`'s bits 1 to 7 are not set, these being a
/// thermometer (no bit set below one that is not); `moves` = `beyond` if `step` and bit 4 of that place,
/// else `within`. Combinational.
///
/// The thermometer's bits are the selects of a tree as they are, nothing is encoded. With `DQA_ECP5`
/// defined, each bit is one tree of slice multiplexers (4 LUT4, no routing inside), and one LUT4 is all
/// that is between `step` or the tree and `moves`.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Pick {
    /// The thermometer; bit 0 has no say.
    pub at_most: Signal<In, Bits<8>>,
    /// The places.
    pub places: [Signal<In, Bits<5>>; 8],
    /// Whether bit 4 counts.
    pub step: Signal<In, Bit>,
    /// What to do unless it is set.
    pub within: [Signal<In, Bit>; 4],
    /// What to do if it is.
    pub beyond: [Signal<In, Bit>; 4],
    /// Low bits of the place picked.
    pub offset: Signal<Out, Bits<4>>,
    /// What to do.
    pub moves: [Signal<Out, Bit>; 4],
}

impl Logic for Pick {
    fn update(&mut self) {
        let at_most = self.at_most.val();
        let is = |k| !at_most.get_bit(k);
        let two = |k: usize| self.places[if is(k) { k } else { k - 1 }].val();
        let four = |k: usize| if is(k) { two(k + 1) } else { two(k - 1) };
        let place = if is(4) { four(6) } else { four(2) };
        self.offset.next = place.get_bits::<4>(0);
        let from = match self.step.val() && place.get_bit(4) {
            true => &self.beyond,
            false => &self.within,
        };
        for (to, from) in self.moves.iter_mut().zip(from) {
            to.next = from.val();
        }
    }

    fn connect(&mut self) {
        self.offset.connect();
        self.moves.iter_mut().for_each(Signal::connect);
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
(* maybe_unused *) wire unused;
assign unused = at_most[0];
`ifdef DQA_ECP5
wire [39:0] all = {places$7, places$6, places$5, places$4, places$3, places$2, places$1, places$0};
wire [4:0] q;
wire [3:0] m;
wire [3:0] no = {within$3, within$2, within$1, within$0};
wire [3:0] yes = {beyond$3, beyond$2, beyond$1, beyond$0};
genvar i, k;
generate
   for (i = 0; i < 5; i = i + 1) begin : picked_bit
      wire [3:0] a;
      wire [1:0] b;
      for (k = 0; k < 4; k = k + 1) begin : leaf
         LUT4 #(.INIT(16'hcaca)) m (.A(all[10*k+5+i]), .B(all[10*k+i]), .C(at_most[2*k+1]), .D(1'b0), .Z(a[k]));
      end
      PFUMX m2 (.BLUT(a[1]), .ALUT(a[0]), .C0(at_most[2]), .Z(b[0]));
      PFUMX m6 (.BLUT(a[3]), .ALUT(a[2]), .C0(at_most[6]), .Z(b[1]));
      L6MUX21 m4 (.D0(b[1]), .D1(b[0]), .SD(at_most[4]), .Z(q[i]));
   end
   for (i = 0; i < 4; i = i + 1) begin : move
      LUT4 #(.INIT(16'hf870)) l (.A(q[4]), .B(step), .C(no[i]), .D(yes[i]), .Z(m[i]));
   end
endgenerate
always @(*) begin
   offset = q[3:0];
   {moves$3, moves$2, moves$1, moves$0} = m;
end
`else
reg crosses;
always @(*) begin
   {crosses, offset} = at_most[4]
      ? (at_most[2] ? (at_most[1] ? places$0 : places$1) : (at_most[3] ? places$2 : places$3))
      : (at_most[6] ? (at_most[5] ? places$4 : places$5) : (at_most[7] ? places$6 : places$7));
   {moves$3, moves$2, moves$1, moves$0} = (step && crosses)
      ? {beyond$3, beyond$2, beyond$1, beyond$0}
      : {within$3, within$2, within$1, within$0};
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
        pick.within[1].next = true;
        pick.beyond[2].next = true;
        for k in 0..8 {
            pick.places[k].next = bits(10 + k as u64);
        }
        for k in 0..8_u64 {
            pick.at_most.next = bits(0xff & !((2 << k) - 1));
            for step in [false, true] {
                pick.step.next = step;
                simulate(&mut pick, 10);
                assert_eq!(pick.offset.val(), bits((10 + k) % 16));
                let crosses = step && 10 + k >= 16;
                let moves = [0, 1, 2, 3].map(|k| pick.moves[k].val());
                assert_eq!(moves, [false, !crosses, crosses, false]);
            }
        }
    }
}
