// Baseline: the two words as a ring of bytes, a window of three bytes with a bit offset, next
// windows for 0, 1 and 2 bytes of advance.
module lane #(parameter W = 64) (
    input clk, rst,
    input [W-1:0] word_data, input word_valid, output word_ready,
    input [55:0] limits, input [3:0] raw, input step, mask,
    output reg [13:0] window, output reg [7:1] length, output available, crossed
);
    localparam P = $clog2(W / 4);
    reg [2*W-1:0] ring;          // byte i of the stream at ring[8*i +: 8]
    reg [P:0] head, tail;        // bytes: next to read, next to write
    reg [23:0] b;
    reg [1:0] filled;
    reg [2:0] offset;
    reg [P-1:0] at;              // byte of the position, modulo two words
    reg old_word;
    wire [23:0] aligned = b << offset;
    wire [7:1] t;
    wire [3:0] n = t[1] + t[2] + t[3] + t[4] + t[5] + t[6] + t[7] + 4'd1;
    wire [4:0] next = offset + raw + n;
    wire go = step & mask;
    wire [7:0] n0 = ring[8*head[P-1:0] +: 8];
    wire [P-1:0] second = head[P-1:0] + 1;
    wire [7:0] n1 = ring[8*second +: 8];
    wire [P:0] held = tail - head;
    wire fill = filled != 3 & held != 0;
    wire [1:0] bytes = go ? next[4:3] : {1'b0, fill};
    integer i;
    assign word_ready = held <= W / 8;
    assign available = filled == 3 & held >= 2;
    compare compare (aligned[23:17], limits, 1'b1, t);
    always @(posedge clk) begin
        if (word_valid & word_ready) begin
            for (i = 0; i < W / 8; i = i + 1)
                ring[(tail[P-1] ? W : 0) + 8*i +: 8] <= word_data[W-8-8*i +: 8];
            tail <= tail + W / 8;
        end
        case (bytes)
            1: b <= {b[15:0], n0};
            2: b <= {b[7:0], n0, n1};
            default: ;
        endcase
        head <= head + bytes;
        if (fill & !go) filled <= filled + 1;
        if (go) begin offset <= next[2:0]; at <= at + next[4:3]; end
        old_word <= at[P-1];
        if (step) {window, length} <= {aligned[23:10], t};
        if (rst) begin head <= 0; tail <= 0; filled <= 0; offset <= 0; at <= 0; old_word <= 0; end
    end
    assign crossed = at[P-1] != old_word;
endmodule
