// A queue that stays small for a solver: a memory, and how many beats are in it.
//
// For a unit of hundreds of places beside it: its memory and this one hold the same, place by place.
// So the places are walked as `places.rs` does, in the order of a shift register of A bits, which
// visits 2^A - 1 of them; TAP is where it feeds back from beside its top bit. It takes 2^A - 2 beats,
// one less than places: with all of them taken, both ends would be at the same place as with none.
module ring #(parameter WIDTH = 1, A = 9, TAP = 4) (
    input wire aclk, aresetn, push, pop,
    input wire [WIDTH-1:0] s_data,
    output wire [WIDTH-1:0] oldest,
    output reg [A-1:0] level,
    output wire none, one
);
    localparam PLACES = (1 << A) - 1;
    function [A-1:0] after(input [A-1:0] place);
        after = {place[A-2:0], place[A-1] ~^ place[TAP]};
    endfunction

    reg [WIDTH-1:0] beats [0:PLACES];
    reg [A-1:0] tail, head;
    assign oldest = beats[head];
    reg begun = 0;
    always @(posedge aclk) begin
        begun <= 1;
        if (push) begin
            beats[tail] <= s_data;
            tail <= after(tail);
        end
        if (pop) head <= after(head);
        level <= level + push - pop;
        if (!aresetn) {tail, head, level} <= 0;
    end
    always @(*) if (!begun) assume(!aresetn);

    wire legal = !(push && level == PLACES - 1) && !(pop && level == 0);

    // Arithmetic, which a search bit by bit does not see: taken as known beside a unit. Of the ring
    // alone, whatever is pushed and popped, it is proved at 7 places, by induction. At 511 that is too
    // much for the solver; there it is proved that the first place comes again after 511 steps and not
    // before. As no two places step to the same one, no place comes twice in such a round, and the rest
    // is the same.
    assign none = head == tail;
    assign one = after(head) == tail;
`ifdef ALONE
    always @(*) if (begun) assume(legal);
    always @(*) if (begun) assert(none == (level == 0) && one == (level == 1));

    // Why: the ends are as many steps apart as beats are held, and a round has as many as places.
    wire [16*PLACES-1:0] order;
    genvar step;
    generate
        assign order[0 +: 16] = 0;
        for (step = 1; step < PLACES; step = step + 1) begin : round
            assign order[16*step +: 16] = after(order[16*(step-1) +: A]);
            always @(*) assert(order[16*step +: A] != 0);
        end
    endgenerate
    reg [A-1:0] written, read;
    wire [A:0] sum = read + level;
    always @(posedge aclk) begin
        if (push) written <= written == PLACES - 1 ? 0 : written + 1;
        if (pop) read <= read == PLACES - 1 ? 0 : read + 1;
        if (!aresetn) {written, read} <= 0;
    end
    always @(*) if (begun) begin
        assert(after(order[16*(PLACES-1) +: A]) == 0);
        assert(written < PLACES && read < PLACES && level < PLACES);
        assert(written == (sum >= PLACES ? sum - PLACES : sum));
        assert(tail == order[16*written +: A] && head == order[16*read +: A]);
    end
`else
    always @(*) if (begun) assert(legal);
    always @(*) if (begun) assume(none == (level == 0) && one == (level == 1));
`endif
endmodule
