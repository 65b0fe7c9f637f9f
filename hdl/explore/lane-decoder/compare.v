// Length of the code at the head of w as a thermometer: t[k] says that it is longer than k bits,
// that is, that its first k bits are no smaller than limit k (k + 1 bits: 2^k for "never").
// Carry chains are as fast as trees of LUT4 here, and smaller.
module compare (input [7:1] w, input [55:0] limits, input gate, output [7:1] t);
    genvar k;
    generate for (k = 1; k < 8; k = k + 1) begin : length
        assign t[k] = gate & ({1'b0, w[7:8-k]} >= limits[8*(k-1) +: k+1]);
    end endgenerate
endmodule
// One of eight values by a thermometer: a tree whose selects are thermometer bits as they are.
module pick #(parameter B = 5) (input [7:1] t, input [8*B-1:0] c, output [B-1:0] q);
    genvar i;
    generate for (i = 0; i < B; i = i + 1) begin : bits
        tree8 tree ({c[7*B+i], c[6*B+i], c[5*B+i], c[4*B+i], c[3*B+i], c[2*B+i], c[B+i], c[i]},
            {t[7], t[5], t[3], t[1]}, {t[6], t[2]}, t[4], q[i]);
    end endgenerate
endmodule
// The 14 bits of b that begin at an offset.
module align (input [31:0] b, input [3:0] offset, output [13:0] q);
    genvar i;
    generate for (i = 0; i < 14; i = i + 1) begin : bits
        wire [15:0] d;
        genvar j;
        for (j = 0; j < 16; j = j + 1) assign d[j] = b[31-i-j];
        mux16 mux (d, offset, q[13-i]);
    end endgenerate
endmodule
// The same in two stages of four.
module align2 (input [31:0] b, input [3:0] offset, output [13:0] q);
    wire [16:0] coarse;
    genvar i;
    generate
        for (i = 0; i < 17; i = i + 1) begin : by4
            mux4 m ({b[31-i-12], b[31-i-8], b[31-i-4], b[31-i]}, offset[3:2], coarse[16-i]);
        end
        for (i = 0; i < 14; i = i + 1) begin : by1
            mux4 m ({coarse[16-i-3], coarse[16-i-2], coarse[16-i-1], coarse[16-i]}, offset[1:0], q[13-i]);
        end
    endgenerate
endmodule
