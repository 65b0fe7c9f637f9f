//! A chunk of a word.

use rust_hdl::prelude::*;

/// `chunk` = the 16 bits of `word` whose number, from the top, is `at`. Combinational.
///
/// `W` is 32 or 64, `P = log2(W / 16)`. With `DQA_ECP5` defined, each bit of a word of 64 is one tree
/// of slice multiplexers: 2 LUT4 where yosys would make 3.
#[derive(Clone, Debug, LogicBlock)]
pub struct Chunk<const W: usize, const P: usize> {
    /// The word.
    pub word: Signal<In, Bits<W>>,
    /// Which of its chunks.
    pub at: Signal<In, Bits<P>>,
    /// That chunk.
    pub chunk: Signal<Out, Bits<16>>,
}

impl<const W: usize, const P: usize> Default for Chunk<W, P> {
    fn default() -> Self {
        assert!(W == 32 || W == 64, "words have 32 or 64 bits");
        assert_eq!(16 << P, W, "a word has 2^P chunks");
        Self {
            word: Signal::default(),
            at: Signal::default(),
            chunk: Signal::default(),
        }
    }
}

impl<const W: usize, const P: usize> Logic for Chunk<W, P> {
    fn update(&mut self) {
        let below = W - 16 - 16 * self.at.val().index();
        self.chunk.next = self.word.val().get_bits::<16>(below);
    }

    fn connect(&mut self) {
        self.chunk.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = if W == 32 {
            "always @(*) chunk = at ? word[15:0] : word[31:16];\n"
        } else {
            "\
`ifdef DQA_ECP5
wire [15:0] q;
genvar i;
generate
   for (i = 0; i < 16; i = i + 1) begin : chunk_bit
      wire [1:0] a;
      LUT4 #(.INIT(16'hcaca)) m0 (.A(word[48+i]), .B(word[32+i]), .C(at[0]), .D(1'b0), .Z(a[0]));
      LUT4 #(.INIT(16'hcaca)) m1 (.A(word[16+i]), .B(word[i]), .C(at[0]), .D(1'b0), .Z(a[1]));
      PFUMX m (.BLUT(a[0]), .ALUT(a[1]), .C0(at[1]), .Z(q[i]));
   end
endgenerate
always @(*) chunk = q;
`else
always @(*)
   chunk = at[1] ? (at[0] ? word[15:0] : word[31:16]) : (at[0] ? word[47:32] : word[63:48]);
`endif
"
        };
        Verilog::Custom(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::Chunk;
    use rust_hdl::prelude::*;

    #[test]
    fn chunk_0_is_topmost() {
        let mut chunk = Chunk::<64, 2>::default();
        chunk.word.next = bits(0x0123_4567_89ab_cdef);
        for (at, expected) in [(0, 0x0123), (1, 0x4567), (2, 0x89ab), (3, 0xcdef)] {
            chunk.at.next = bits(at);
            simulate(&mut chunk, 10);
            assert_eq!(chunk.chunk.val(), bits(expected));
        }
    }
}
