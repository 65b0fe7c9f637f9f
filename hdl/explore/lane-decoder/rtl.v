// The emitted unit in the variants' ports. It takes words as they are owed; the code's length comes
// from the window here.
module lane #(parameter W = 64) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    input [55:0] limits, input [3:0] raw, input step, mask,
    output [13:0] window, output [7:1] length, output available, crossed
);
    reg [55:0] last_limits;
    wire [7:0] code = {1'b0, window[13:7]};
    always @(posedge clk) if (step) last_limits <= limits;
    assign word_ready = 1'b1;
    wire lacks;
    wire [1:0] skip;
    wire [8:0] behind, aligned = behind << skip;
    assign window[5:0] = aligned[8:3];
    assign available = !lacks;
    genvar k;
    generate for (k = 1; k < 8; k = k + 1) begin : compare
        assign length[k] = code[7:7-k] >= last_limits[8*(k-1) +: k+1];
    end endgenerate
    chunk_lane_decoder lane_decoder (.aclk(clk), .aresetn(!rst), .start(1'b0), .word_data(word_data),
        .word_load(word_valid), .raw(raw), .last_start(4'd2), .step(step && mask), .takes_part(1'b1),
        .limits({limits[55:48], limits[46:40], limits[37:32], limits[28:24], limits[19:16], limits[10:8], limits[1:0], 1'b0}),
        .lacks(lacks), .first(window[13:6]), .behind(behind), .skip(skip),
        .crossed(crossed));
endmodule
