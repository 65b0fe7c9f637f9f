// Words of a lane, handed on in chunks of 16 bits: word register y, word register x (filled from y
// when used up, so that no register needs a load multiplexer), and the N chunks of b at the stream's
// position. `shift` drops the head chunk of b; it must come with `fill`, and with `load` whenever the
// lane's advance needs it. Late inputs `shift` and `load` go to clock enables and nowhere else.
module feed #(parameter W = 64, N = 2) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    output fill, refill,          // early: shift for want of a head chunk, load for want of a last one
    input shift, load,
    output reg [16*N-1:0] b, output available, output crossed
);
    localparam C = W / 16, P = $clog2(C);
    reg [W-1:0] x, y;
    reg y_valid, x_filled, x_used;
    reg [P-1:0] x_chunk, head;
    reg [N-1:0] valid;
    reg shifted, was_last;
    wire x_valid = x_filled != x_used;
    wire [15:0] next;
    genvar i;
    generate for (i = 0; i < 16; i = i + 1) begin : chunk
        if (C == 4) mux4 m ({x[i], x[16+i], x[32+i], x[48+i]}, x_chunk, next[i]);
        else assign next[i] = x_chunk ? x[i] : x[16+i];
    end endgenerate
    assign fill = !valid[N-1] & x_valid;
    assign refill = fill | !valid[0];
    assign word_ready = !y_valid;
    assign available = valid[N-1] & valid[0];
    assign crossed = shifted & was_last;
    always @(posedge clk) begin
        if (word_valid & word_ready) y <= word_data;
        if (!x_valid) x <= y;
        if (!x_valid & y_valid) x_filled <= !x_filled;
        y_valid <= y_valid ? x_valid : word_valid;
        if (load) begin
            b[15:0] <= next;
            valid[0] <= x_valid;
            x_chunk <= x_chunk + x_valid;
            x_used <= x_used ^ (x_valid & (&x_chunk));
        end
        if (shift) begin
            b[16*N-1:16] <= b[16*N-17:0];
            head <= head + 1;
            valid[N-1:1] <= valid[N-2:0];
        end
        shifted <= shift;
        was_last <= &head & available;
        if (rst) begin
            x_filled <= 0; x_used <= 0; y_valid <= 0; x_chunk <= 0; valid <= 0; shifted <= 0; head <= -N;
        end
    end
endmodule
