// As `select`, with look-up in LUT memory in place of the compare: what the upper and the lower four
// bits of the code say about each length, 13 bits, a bank for each of two classes. Here the banks are
// written from the limits on `load`; it is the reading that is measured.
module lane #(parameter W = 64) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    input [55:0] limits, input [3:0] raw, input step, mask,
    output reg [13:0] window, output reg [7:1] length, output available, crossed,
    input load, bank, input [4:0] load_at, input [12:0] load_data
);
    wire [31:0] b;
    reg [3:0] offset;
    wire [13:0] aligned;
    wire fill, refill;
    wire go = step & mask;
    wire [4:0] base = offset + raw;
    wire [47:0] sums;
    wire [5:0] next;
    reg [9:0] upper [0:31];   // longer than 1 to 4; longer than 5 to 7 whatever follows; and if the rest is
    reg [2:0] lower [0:31];
    wire [9:0] u = upper[{bank, aligned[13:10]}];
    wire [2:0] l = lower[{bank, aligned[9:6]}];
    wire [7:1] t = {u[6:4] | (u[9:7] & l), u[3:0]};
    genvar k;
    generate for (k = 0; k < 8; k = k + 1) begin : sum
        wire [4:0] s = base + (k + 1);
        assign sums[6*k +: 6] = {(s[4] & go) | refill, (s[4] & go) | fill, s[3:0]};
    end endgenerate
    align align (b, offset, aligned);
    pick #(6) pick (t, sums, next);
    feed #(W) feed (clk, rst, word_data, word_valid, word_ready, fill, refill, next[4], next[5], b, available, crossed);
    always @(posedge clk) begin
        if (load) begin upper[load_at] <= load_data[9:0]; lower[load_at] <= load_data[12:10]; end
        if (go) offset <= next[3:0];
        if (step) {window, length} <= {aligned, t};
        if (rst) offset <= 0;
    end
endmodule
