//! The window that begins at a bit offset.

use rust_hdl::prelude::*;

/// `window` = the 14 bits of `bits` from `offset` on, bit 31 being the first. Combinational.
///
/// A block of its own for ECP5's sake: with `DQA_ECP5` defined, each bit is one tree of slice
/// multiplexers (8 LUT4, no routing inside), where yosys would make 15 LUT4 in 4 levels.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Align {
    /// The lane's next bits.
    pub bits: Signal<In, Bits<32>>,
    /// How many of them are gone.
    pub offset: Signal<In, Bits<4>>,
    /// The next 14 bits.
    pub window: Signal<Out, Bits<14>>,
}

impl Logic for Align {
    fn update(&mut self) {
        let shifted = self.bits.val() << self.offset.val().to_u64();
        self.window.next = shifted.get_bits::<14>(18);
    }

    fn connect(&mut self) {
        self.window.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
`ifdef DQA_ECP5
wire [13:0] q;
genvar i, j;
generate
   for (i = 0; i < 14; i = i + 1) begin : window_bit
      wire [7:0] a;
      wire [3:0] b;
      wire [1:0] c;
      for (j = 0; j < 8; j = j + 1) begin : leaf
         LUT4 #(.INIT(16'hcaca)) m (.A(bits[18+i-2*j]), .B(bits[17+i-2*j]), .C(offset[0]), .D(1'b0), .Z(a[j]));
      end
      for (j = 0; j < 4; j = j + 1) begin : by2
         PFUMX m (.BLUT(a[2*j]), .ALUT(a[2*j+1]), .C0(offset[1]), .Z(b[j]));
      end
      for (j = 0; j < 2; j = j + 1) begin : by4
         L6MUX21 m (.D0(b[2*j]), .D1(b[2*j+1]), .SD(offset[2]), .Z(c[j]));
      end
      L6MUX21 m (.D0(c[0]), .D1(c[1]), .SD(offset[3]), .Z(q[i]));
   end
endgenerate
always @(*) window = q;
`else
always @(*) window = bits[5'd18 - {1'b0, offset} +: 14];
`endif
"
            .into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Align;
    use rust_hdl::prelude::*;

    #[test]
    fn begins_at_the_offset() {
        let mut align = Align::default();
        align.bits.next = bits(0x1234_5678);
        for (offset, window) in [(0, 0x048d), (4, 0x08d1), (15, 0x0acf)] {
            align.offset.next = bits(offset);
            simulate(&mut align, 10);
            assert_eq!(align.window.val(), bits(window), "offset {offset}");
        }
    }
}
