// A queue of 2^A places that stays small for a solver: a memory, and how many beats came and went.
//
// For a unit of hundreds of places beside it: its memory and this one hold the same, place by place.
module ring #(parameter WIDTH = 1, A = 9) (
    input wire aclk, aresetn, push, pop,
    input wire [WIDTH-1:0] s_data,
    output wire [WIDTH-1:0] oldest,
    output reg [A:0] level
);
    reg [WIDTH-1:0] beats [0:(1<<A)-1];
    reg [A:0] pushes, pops;
    assign oldest = beats[pops[A-1:0]];
    reg begun = 0;
    always @(posedge aclk) begin
        begun <= 1;
        if (push) beats[pushes[A-1:0]] <= s_data;
        if (!aresetn) begin
            pushes <= 0;
            pops <= 0;
            level <= 0;
        end else begin
            pushes <= pushes + push;
            pops <= pops + pop;
            level <= level + push - pop;
        end
    end
    always @(*) if (!begun) assume(!aresetn);

    // Arithmetic, which a search bit by bit does not see: proved of the ring alone, whatever is pushed
    // and popped, and then taken as known.
`ifdef ALONE
    always @(*) if (begun) assert(level == pushes - pops);
`else
    always @(*) if (begun) assume(level == pushes - pops);
`endif
endmodule
