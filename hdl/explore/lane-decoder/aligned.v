// The window is a register that is already aligned. What follows the raw bits is brought into line
// beside the compare, and the thermometer picks the next window from it.
module lane #(parameter W = 64) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    input [55:0] limits, input [3:0] raw, input step, mask,
    output reg [13:0] window, output reg [7:1] length, output available, crossed
);
    wire [47:0] b;
    reg [3:0] offset;
    reg [13:0] a;
    reg primed;
    wire fed;
    wire [7:1] t;
    wire go = step & mask;
    wire [4:0] base = offset + raw;
    wire [4:0] after = primed ? base + 5'd1 : 5'd0;
    wire [20:0] m;
    wire [47:0] sums;
    wire fill, refill;
    wire [8*14-1:0] windows;
    wire [5:0] next;
    wire [13:0] next_a;
    genvar k;
    generate for (k = 0; k < 8; k = k + 1) begin : sum
        wire [4:0] s = base + (k + 1);
        assign sums[6*k +: 6] = {(s[4] & go) | refill, (s[4] & go) | fill, s[3:0]};
        assign windows[14*k +: 14] = m[7-k +: 14];
    end endgenerate
    // Two stages: by 8 bits, then by single bits.
    wire [27:0] coarse;
    generate for (k = 0; k < 28; k = k + 1) begin : stage1
        mux4 c ({b[47-k-24 < 0 ? 0 : 47-k-24], b[47-k-16], b[47-k-8], b[47-k]}, after[4:3], coarse[27-k]);
    end for (k = 0; k < 21; k = k + 1) begin : stage2
        tree8 n ({coarse[27-k-7], coarse[27-k-6], coarse[27-k-5], coarse[27-k-4], coarse[27-k-3], coarse[27-k-2],
            coarse[27-k-1], coarse[27-k]}, {4{after[0]}}, {2{after[1]}}, after[2], m[20-k]);
    end endgenerate
    compare compare (a[13:7], limits, primed, t);
    pick #(6) pick_offset (t, sums, next);
    pick #(14) pick_window (t, windows, next_a);
    feed #(W, 3) feed (clk, rst, word_data, word_valid, word_ready, fill, refill, next[4], next[5], b, fed, crossed);
    assign available = fed & primed;
    always @(posedge clk) begin
        if (go) offset <= next[3:0];
        if (go | (fed & !primed)) a <= next_a;
        if (fed) primed <= 1;
        if (step) {window, length} <= {a, t};
        if (rst) begin offset <= 0; primed <= 0; end
    end
endmodule
