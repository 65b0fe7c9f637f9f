// Two lanes of an encoder as mere counts: how full do the FIFOs get while the word that has to leave
// next is not complete, and the lanes' at any time?
//
// Each clock a beat comes in or a word leaves, as anybody likes. A sample has MIN to MAX bits. A plane
// has FULL beats of both lanes and, if PARTIAL, one of lane 0 alone. Beats come in as long as the
// order FIFO holds at most ENTRIES + LATE entries, so it needs a place more; lanes do not count.
module lane_buffers_top #(
    parameter W = 2, MIN = 1, MAX = 2, FULL = 1, PARTIAL = 0, DEPTH = 2, ENTRIES = 4, LATE = 1
) (
    input wire clock, leave,
    input wire [3:0] bits0, bits1
);
    localparam PLACES = ENTRIES + LATE + 2;
    reg [4:0] fill0 = 0, fill1 = 0;
    // Words of each lane that are complete: of those in the order, all but two.
    reg [5:0] level0, level1;
    reg [7:0] beat = 0, entries;
    // The order: an entry a place, with a bit for each lane whose word is still to leave; free places are
    // 0. The first entry has left the FIFO when its first word has.
    reg [2*PLACES-1:0] order = 4'b1111;
    reg served = 0;

    wire both = !PARTIAL || beat != FULL;
    wire room = entries <= ENTRIES + LATE;
    wire there = order[0] ? level0 != 0 : level1 != 0;
    wire pop = leave && there;
    wire step = !leave && room;
    wire [4:0] sum0 = fill0 + bits0, sum1 = fill1 + (both ? bits1 : 0);
    wire push0 = step && sum0 >= W, push1 = step && sum1 >= W;

    reg [2*PLACES-1:0] next;
    reg done;
    integer place;
    always @(*) begin
        level0 = -2;
        level1 = -2;
        entries = -served;
        next = order;
        if (pop) next = order[1:0] == 3 ? order ^ 1 : order >> 2;
        done = 0;
        for (place = 0; place < PLACES; place = place + 1) begin
            level0 = level0 + order[2*place];
            level1 = level1 + order[2*place+1];
            entries = entries + (order[2*place +: 2] != 0);
            if (!done && next[2*place +: 2] == 0) begin
                next[2*place +: 2] = {push1, push0};
                done = 1;
            end
        end
    end
    always @(posedge clock) begin
        order <= next;
        if (pop) served <= order[1:0] == 3;
        if (step) begin
            fill0 <= push0 ? sum0 - W : sum0;
            fill1 <= push1 ? sum1 - W : sum1;
            beat <= beat == FULL - !PARTIAL ? 0 : beat + 1;
        end
    end

    always @(*) begin
        assume(bits0 >= MIN && bits0 <= MAX && bits1 >= MIN && bits1 <= MAX);
        assert(level0 <= entries && level1 <= entries);
        if (!there) begin
            assert(level0 <= DEPTH);
            assert(level1 <= DEPTH);
            assert(entries <= ENTRIES);
        end
    end
endmodule
