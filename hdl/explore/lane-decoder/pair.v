// Two lanes in lock step between registers: what is placed.
module pair #(parameter W = 64) (
    input clk, rst_in, data_in, config_in, config_shift, ready_in,
    input [1:0] valid_in, mask_in,
    output reg [1:0] crossed_out, word_ready_out, output reg step_out,
    output [41:0] out
);
    reg rst, ready;
    reg [1:0] word_valid, mask;
    reg [W-1:0] data;
    reg [59:0] cfg;
`ifdef MEMORY
    reg [19:0] load;
    always @(posedge clk) load <= {load[18:0], config_in};
`endif
    wire [1:0] available, crossed, word_ready;
    wire step = (&available) & ready;
    always @(posedge clk) begin
        rst <= rst_in; ready <= ready_in; word_valid <= valid_in; mask <= mask_in;
        data <= {data[W-2:0], data_in};
        if (config_shift) cfg <= {cfg[58:0], config_in};
        crossed_out <= crossed; word_ready_out <= word_ready; step_out <= step;
    end
    genvar i;
    generate for (i = 0; i < 2; i = i + 1) begin : lanes
        lane #(W) lane (clk, rst, data, word_valid[i], word_ready[i], cfg[55:0], cfg[59:56], step,
            mask[i], out[21*i+7 +: 14], out[21*i +: 7], available[i], crossed[i]
`ifdef MEMORY
            , load[0], load[1], load[6:2], load[19:7]
`endif
            );
    end endgenerate
endmodule
