//! The bits that begin at a bit offset.

use rust_hdl::prelude::*;

/// `first` = the 8 bits of `bits` from `offset` on, bit 31 being the first; `behind` = 9 bits that hold
/// the 6 bits behind those, from their bit `offset % 4` on. Combinational.
///
/// The bits behind are not part of a code, and may be aligned a clock later. A block of its own for
/// ECP5's sake: with `DQA_ECP5` defined, each bit is one tree of slice multiplexers (8 LUT4 or 2, no
/// routing inside), where yosys would make 15 LUT4 in 4 levels.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Align {
    /// The lane's next bits.
    pub bits: Signal<In, Bits<32>>,
    /// How many of them are gone.
    pub offset: Signal<In, Bits<4>>,
    /// The next 8 bits.
    pub first: Signal<Out, Bits<8>>,
    /// Those behind, up to 3 bits late.
    pub behind: Signal<Out, Bits<9>>,
}

impl Logic for Align {
    fn update(&mut self) {
        let (bits, offset) = (self.bits.val(), self.offset.val().to_u64());
        self.first.next = (bits << offset).get_bits::<8>(24);
        self.behind.next = (bits << (8 + offset / 4 * 4)).get_bits::<9>(23);
    }

    fn connect(&mut self) {
        self.first.connect();
        self.behind.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
`ifdef DQA_ECP5
wire [7:0] q;
wire [8:0] p;
genvar i, j;
generate
   for (i = 0; i < 8; i = i + 1) begin : first_bit
      wire [7:0] a;
      wire [3:0] b;
      wire [1:0] c;
      for (j = 0; j < 8; j = j + 1) begin : leaf
         LUT4 #(.INIT(16'hcaca)) m (.A(bits[24+i-2*j]), .B(bits[23+i-2*j]), .C(offset[0]), .D(1'b0), .Z(a[j]));
      end
      for (j = 0; j < 4; j = j + 1) begin : by2
         PFUMX m (.BLUT(a[2*j]), .ALUT(a[2*j+1]), .C0(offset[1]), .Z(b[j]));
      end
      for (j = 0; j < 2; j = j + 1) begin : by4
         L6MUX21 m (.D0(b[2*j]), .D1(b[2*j+1]), .SD(offset[2]), .Z(c[j]));
      end
      L6MUX21 m (.D0(c[0]), .D1(c[1]), .SD(offset[3]), .Z(q[i]));
   end
   for (i = 0; i < 9; i = i + 1) begin : behind_bit
      wire [1:0] a;
      for (j = 0; j < 2; j = j + 1) begin : leaf
         LUT4 #(.INIT(16'hcaca)) m (.A(bits[15+i-8*j]), .B(bits[11+i-8*j]), .C(offset[2]), .D(1'b0), .Z(a[j]));
      end
      PFUMX m (.BLUT(a[0]), .ALUT(a[1]), .C0(offset[3]), .Z(p[i]));
   end
endgenerate
always @(*) begin
   first = q;
   behind = p;
end
`else
always @(*) begin
   first = bits[5'd24 - {1'b0, offset} +: 8];
   behind = bits[5'd15 - {1'b0, offset[3:2], 2'b0} +: 9];
end
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
        for (offset, first, behind) in [(0, 0x12, 0x068), (4, 0x23, 0x08a), (15, 0x2b, 0x0cf)] {
            align.offset.next = bits(offset);
            simulate(&mut align, 10);
            assert_eq!(align.first.val(), bits(first), "offset {offset}");
            assert_eq!(align.behind.val(), bits(behind), "offset {offset}");
        }
    }
}
