// Chunk window; offset and length added in binary.
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
    wire [3:0] n = t[1] + t[2] + t[3] + t[4] + t[5] + t[6] + t[7] + 4'd1;
    wire [4:0] next = offset + raw + n;
    wire go = step & mask;
    align align (b, offset, aligned);
    compare compare (aligned[13:7], limits, 1'b1, t);
    feed #(W) feed (clk, rst, word_data, word_valid, word_ready, fill, refill,
        (go & next[4]) | fill, (go & next[4]) | refill, b, available, crossed);
    always @(posedge clk) begin
        if (go) offset <= next[3:0];
        if (step) {window, length} <= {aligned, t};
        if (rst) offset <= 0;
    end
endmodule
