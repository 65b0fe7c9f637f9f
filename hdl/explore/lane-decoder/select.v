// Chunk window; the eight possible next offsets are made beside the compare, and picked by the
// thermometer.
module lane #(parameter W = 64) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    input [55:0] limits, input [3:0] raw, input step, mask,
    output reg [13:0] window, output reg [7:1] length, output available, crossed
);
    wire [31:0] b;
    reg [3:0] offset;
    wire [13:0] aligned;
    wire fill, refill;
    wire [7:1] t;
    wire go = step & mask;
    wire [4:0] base = offset + raw;
    wire [47:0] sums;
    wire [5:0] next;
    genvar k;
    generate for (k = 0; k < 8; k = k + 1) begin : sum
        wire [4:0] s = base + (k + 1);
        assign sums[6*k +: 6] = {(s[4] & go) | refill, (s[4] & go) | fill, s[3:0]};
    end endgenerate
    align align (b, offset, aligned);
    compare compare (aligned[13:7], limits, 1'b1, t);
    pick #(6) pick (t, sums, next);
    feed #(W) feed (clk, rst, word_data, word_valid, word_ready, fill, refill, next[4], next[5], b, available, crossed);
    always @(posedge clk) begin
        if (go) offset <= next[3:0];
        if (step) {window, length} <= {aligned, t};
        if (rst) offset <= 0;
    end
endmodule
