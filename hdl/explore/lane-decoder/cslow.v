// C-slow: two sub-streams take turns on one compare, a register behind it. The ports belong to
// sub-stream 0 and 1 in turn. Twice the words and windows; one sample a clock in all.
module lane #(parameter W = 64) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    input [55:0] limits, input [3:0] raw, input step, mask,
    output reg [13:0] window, output reg [7:1] length, output available, crossed
);
    reg phase, stepped, go;
    reg [13:0] aligned_q;
    reg [7:1] t_q;
    reg [4:0] base;
    reg [3:0] offset [0:1];
    wire [31:0] b [0:1];
    wire [1:0] ready, fed, crossing, fill, refill;
    wire [13:0] aligned;
    wire [7:1] t;
    wire [47:0] sums;
    wire [5:0] next;
    genvar k;
    generate
        for (k = 0; k < 8; k = k + 1) begin : sum
            wire [4:0] s = base + (k + 1);
            assign sums[6*k +: 6] = {(s[4] & go) | refill[!phase], (s[4] & go) | fill[!phase], s[3:0]};
        end
        for (k = 0; k < 2; k = k + 1) begin : stream
            feed #(W) feed (clk, rst, word_data, word_valid & phase == k, ready[k], fill[k], refill[k],
                next[4] & phase != k, next[5] & phase != k, b[k], fed[k], crossing[k]);
        end
    endgenerate
    align align (b[phase], offset[phase], aligned);
    compare compare (aligned[13:7], limits, 1'b1, t);
    pick #(6) pick (t_q, sums, next);
    assign word_ready = ready[phase];
    assign available = fed[phase];
    assign crossed = crossing[phase];
    always @(posedge clk) begin
        phase <= !phase;
        stepped <= step;
        go <= step & mask;
        t_q <= t;
        aligned_q <= aligned;
        base <= offset[phase] + raw;
        if (go) offset[!phase] <= next[3:0];
        if (stepped) {window, length} <= {aligned_q, t_q};
        if (rst) begin phase <= 1; stepped <= 0; go <= 0; offset[0] <= 0; offset[1] <= 0; end
    end
endmodule
