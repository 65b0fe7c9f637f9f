// Normalised accumulator: a left-aligned shift register, filled chunk by chunk behind its valid bits.
module lane #(parameter W = 64) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    input [55:0] limits, input [3:0] raw, input step, mask,
    output reg [13:0] window, output reg [7:1] length, output available, crossed
);
    wire [31:0] b;
    wire fed;
    reg [31:0] a;
    reg [5:0] count;
    reg [$clog2(W)-1:0] at;
    reg old_word, word;
    wire [7:1] t;
    wire [3:0] n = t[1] + t[2] + t[3] + t[4] + t[5] + t[6] + t[7] + 4'd1;
    wire go = step & mask;
    wire fill = fed & count <= 16;
    wire [31:0] full = a | (fill ? {b[31:16], 16'd0} >> count : 32'd0);
    wire [31:0] behind_raw = full << raw;
    wire [3:0] advance = n + raw;
    assign available = count >= 14;
    compare compare (a[31:25], limits, 1'b1, t);
    wire unused, chunk, refill;
    feed #(W) feed (clk, rst, word_data, word_valid, word_ready, chunk, refill, fill | chunk, fill | refill, b, fed, unused);
    always @(posedge clk) begin
        a <= go ? behind_raw << n : full;
        count <= count + (fill ? 6'd16 : 6'd0) - (go ? advance : 4'd0);
        if (go) {word, at} <= {word, at} + advance;
        old_word <= word;
        if (step) {window, length} <= {a[31:18], t};
        if (rst) begin a <= 0; count <= 0; at <= 0; word <= 0; old_word <= 0; end
    end
    assign crossed = word != old_word;
endmodule
