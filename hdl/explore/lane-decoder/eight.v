// Eight emitted lane decoders in lock step between registers: what is placed of the unit. Shared
// registers hold a class; the lanes' outputs are combined to save pins (60 LUT4).
module eight #(parameter W = 64) (
    input clk, rst_in, data_in, config_in, config_shift, ready_in,
    input [7:0] valid_in, mask_in,
    output reg [7:0] crossed_out, output reg step_out,
    output reg [18:0] out
);
    reg rst, ready;
    reg [7:0] word_valid, mask;
    reg [W-1:0] data;
    reg [43:0] cfg;
    wire [7:0] lacks, crossed;
    wire [18:0] o [0:7];
    wire step = !(|lacks) & ready;
    always @(posedge clk) begin
        rst <= rst_in; ready <= ready_in; word_valid <= valid_in; mask <= mask_in;
        data <= {data[W-2:0], data_in};
        if (config_shift) cfg <= {cfg[42:0], config_in};
        crossed_out <= crossed; step_out <= step;
        out <= o[0] ^ o[1] ^ o[2] ^ o[3] ^ o[4] ^ o[5] ^ o[6] ^ o[7];
    end
    genvar i;
    generate for (i = 0; i < 8; i = i + 1) begin : lanes
        chunk_lane_decoder lane (.aclk(clk), .aresetn(!rst), .start(1'b0), .word_data(data),
            .word_load(word_valid[i]), .limits(cfg[35:0]), .raw(cfg[39:36]), .last_start(cfg[43:40]),
            .step(step & mask[i]), .takes_part(mask[i]), .lacks(lacks[i]),
            .first(o[i][18:11]), .behind(o[i][10:2]), .skip(o[i][1:0]), .crossed(crossed[i]));
    end endgenerate
endmodule
