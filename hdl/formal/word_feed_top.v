// The word feed beside a queue of chunks, of which one bit is kept, at any place.
module word_feed_top(
    input wire aclk, aresetn, start, word_valid, shift,
    input wire [31:0] word_data
);
    (* anyconst *) wire [3:0] at;
    wire word_ready, available, fill, refill, crossed;
    wire [31:0] chunks;
    word_feed unit(
        .aclk(aclk), .aresetn(aresetn), .start(start), .word_data(word_data),
        .word_valid(word_valid), .word_ready(word_ready), .bits(chunks), .available(available),
        .fill(fill), .refill(refill), .shift(shift), .load(shift || refill), .crossed(crossed));

    // Two words and two chunks at most; a word's top chunk comes first.
    reg [5:0] beats;
    reg [2:0] level;
    reg second, ended;
    wire push = word_valid && word_ready;
    wire pop = shift && available;
    wire [2:0] left = level - pop;
    wire [5:0] place = 6'b11 << left;
    wire [5:0] word = {4'b0, word_data[at], word_data[16 + at]} << left;
    wire [5:0] rest = pop ? beats >> 1 : beats;

    reg begun = 0;
    reg [2:0] full = 0, short = 0;
    always @(posedge aclk) begin
        begun <= 1;
        beats <= push ? (rest & ~place) | word : rest;
        level <= left + 2 * push;
        second <= second ^ pop;
        ended <= pop && second;
        // Clocks in a row without room for a second word, and without the chunks of a second word.
        full <= level <= 2 && !word_ready ? full + 1 : 0;
        short <= level >= 3 && !available ? short + 1 : 0;
        if (!aresetn || start) begin
            {level, second, ended, full, short} <= 0;
        end
    end

    // A chunk is done only where there is one.
    always @(*) begin
        if (!begun) assume(!aresetn);
        assume(shift == fill || (shift && available));
    end

    always @(*) if (begun) begin
        if (available) assert(level >= 2 && chunks[16 + at] == beats[0] && chunks[at] == beats[1]);
        assert(crossed == ended);
        assert(level <= 6);
        assert(full <= 1);
        assert(short <= 3);
    end
    always @(posedge aclk) if (begun && aresetn) begin
        cover(level == 6);
        cover(push && pop && word_data[at] != chunks[at]);
    end
endmodule
