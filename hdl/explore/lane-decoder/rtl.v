// The emitted unit in the variants' ports.
module lane #(parameter W = 64) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    input [55:0] limits, input [3:0] raw, input step, mask,
    output [13:0] window, output [7:1] length, output available, crossed
);
    wire at_least_one;
    chunk_lane_decoder lane_decoder (.aclk(clk), .aresetn(!rst), .start(1'b0), .word_data(word_data),
        .word_valid(word_valid), .word_ready(word_ready), .raw(raw), .step(step), .takes_part(mask),
        .limits({limits[55:48], limits[46:40], limits[37:32], limits[28:24], limits[19:16], limits[10:8], limits[1:0], 1'b0}),
        .available(available), .window(window), .longer({length, at_least_one}), .crossed(crossed));
endmodule
