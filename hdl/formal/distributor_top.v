// The distributor beside a queue of the lanes that wait for a word.
module distributor_top #(parameter S = 2) (
    input wire aclk, aresetn, start, word_valid, word_last, discard,
    input wire [S-1:0] crossed
);
    localparam PLACES = 2 * S;
    wire word_ready, settled, ended, starved;
    wire [S-1:0] lane_load;
    distributor unit(
        .aclk(aclk), .aresetn(aresetn), .start(start), .word_valid(word_valid),
        .word_last(word_last), .word_ready(word_ready), .crossed(crossed), .discard(discard),
        .lane_load(lane_load), .settled(settled), .ended(ended), .starved(starved));

    // Lanes that wait, the first in the lowest place, as one-hot masks; free places are 0. And those with
    // the lanes that cross in this clock, which may be served at once.
    reg [S*PLACES-1:0] lanes, all;
    wire [S-1:0] first = all[S-1:0];
    reg over;
    wire serves = word_ready && word_valid && !discard && first != 0;

    wire [S*PLACES-1:0] next = serves ? all >> S : all;
    reg [S-1:0] twice, once;
    integer lane, place;
    always @(*) begin
        // How many words each lane waits for already.
        {twice, once} = 0;
        for (place = 0; place < PLACES; place = place + 1) begin
            twice = twice | (once & lanes[S*place +: S]);
            once = once | lanes[S*place +: S];
        end
        all = lanes;
        for (lane = 0; lane < S; lane = lane + 1)
            if (crossed[lane]) begin : append
                reg done;
                done = 0;
                for (place = 0; place < PLACES; place = place + 1)
                    if (!done && all[S*place +: S] == 0) begin
                        all[S*place + lane] = 1;
                        done = 1;
                    end
            end
    end

    reg begun = 0;
    always @(posedge aclk) begin
        begun <= 1;
        lanes <= next;
        if (word_ready && word_valid) over <= word_last;
        if (start) begin
            for (place = 0; place < PLACES; place = place + 1)
                lanes[S*place +: S] <= 1 << (place % S);
            over <= 0;
        end
        if (!aresetn) begin
            lanes <= 0;
            over <= 1;
        end
    end

    // A lane holds two words at most, and crosses the end of one only if it holds one.
    always @(*) if (begun) assume(!(crossed & twice));
    always @(*) if (!begun) assume(!aresetn);

    always @(*) if (begun) begin
        assert(word_ready == ((first != 0 || discard) && !over));
        assert(lane_load == (serves ? first : 0));
        assert(settled == (first == 0));
        assert(ended == over);
        assert(starved == (over && lanes[S-1:0] != 0));
    end
    reg was_full = 0;
    always @(posedge aclk) begin
        was_full <= aresetn && (was_full || lanes[S*(PLACES-1) +: S] != 0);
        if (begun && aresetn) begin
            cover(was_full && first == 0);
            cover(crossed == {S{1'b1}} && serves && lanes == 0);
            cover(discard && word_ready && word_valid);
        end
    end
endmodule
