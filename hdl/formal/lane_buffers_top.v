// Two lanes of an encoder as mere counts: how full do their FIFOs get while the word that has to leave
// next is not complete?
//
// Each clock a beat comes in or a word leaves, as anybody likes. A sample has MIN to MAX bits. A plane
// has FULL beats of both lanes and, if PARTIAL, one of lane 0 alone. Beats come in as long as no lane
// holds more than DEPTH + LATE words.
module lane_buffers_top #(
    parameter W = 2, MIN = 1, MAX = 2, FULL = 1, PARTIAL = 0, DEPTH = 2, ENTRIES = 6, LATE = 1
) (
    input wire clock, leave,
    input wire [3:0] bits0, bits1
);
    localparam MOST = DEPTH + LATE + 1, PLACES = 2 * MOST + 4;
    reg [4:0] fill0 = 0, fill1 = 0;
    // Words of each lane that are complete: of those in the order, all but two.
    reg [5:0] level0, level1;
    reg [7:0] beat = 0;
    // The order: two places a word still to leave, for lane 0 and 1; free places are 0. And whether the
    // word begins an entry of the order FIFO: the first four words do not come from there.
    reg [2*PLACES-1:0] order = 8'b10011001;
    reg [PLACES-1:0] begins = 0;

    wire both = !PARTIAL || beat != FULL;
    wire room = level0 <= DEPTH + LATE && level1 <= DEPTH + LATE;
    wire there = order[0] ? level0 != 0 : level1 != 0;
    wire pop = leave && there;
    wire step = !leave && room;
    wire [4:0] sum0 = fill0 + bits0, sum1 = fill1 + (both ? bits1 : 0);
    wire push0 = step && sum0 >= W, push1 = step && sum1 >= W;

    reg [2*PLACES-1:0] next;
    reg [PLACES-1:0] next_begins;
    reg [7:0] entries;
    reg done0, done1;
    integer place;
    always @(*) begin
        level0 = -2;
        level1 = -2;
        for (place = 0; place < PLACES; place = place + 1) begin
            level0 = level0 + order[2*place];
            level1 = level1 + order[2*place+1];
        end
    end
    always @(*) begin
        next = pop ? order >> 2 : order;
        next_begins = pop ? begins >> 1 : begins;
        {done0, done1, entries} = 0;
        for (place = 0; place < PLACES; place = place + 1) begin
            entries = entries + begins[place];
            if (push0 && !done0 && next[2*place +: 2] == 0) begin
                next[2*place] = 1;
                next_begins[place] = 1;
                done0 = 1;
            end
            if (push1 && !done1 && next[2*place +: 2] == 0) begin
                next[2*place+1] = 1;
                next_begins[place] = !push0;
                done1 = 1;
            end
        end
    end
    always @(posedge clock) begin
        order <= next;
        begins <= next_begins;
        if (step) begin
            fill0 <= push0 ? sum0 - W : sum0;
            fill1 <= push1 ? sum1 - W : sum1;
            beat <= beat == FULL - !PARTIAL ? 0 : beat + 1;
        end
    end

    always @(*) begin
        assume(bits0 >= MIN && bits0 <= MAX && bits1 >= MIN && bits1 <= MAX);
        if (!there) begin
            assert(level0 <= DEPTH);
            assert(level1 <= DEPTH);
            assert(entries <= ENTRIES);
        end
    end
endmodule
