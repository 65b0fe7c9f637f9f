// The word feed beside a queue of chunks, of which one bit is kept: bit AT, or with AT = 16 any.
module word_feed_top #(parameter W = 32, AT = 16) (
    input wire aclk, aresetn, start, word_load, done,
    input wire [W-1:0] word_data
);
    localparam CHUNKS = W / 16;
    (* anyconst *) wire [3:0] any;
    wire [3:0] at = AT < 16 ? AT : any;
    wire head_there, tail_there, crossed;
    wire [3:0] within, beyond;
    wire [3:0] moves = done ? beyond : within;
    wire [31:0] chunks;
    word_feed unit(
        .aclk(aclk), .aresetn(aresetn), .start(start), .word_data(word_data),
        .word_load(word_load), .bits(chunks), .head_there(head_there), .tail_there(tail_there),
        .within$0(within[0]), .within$1(within[1]), .within$2(within[2]), .within$3(within[3]),
        .beyond$0(beyond[0]), .beyond$1(beyond[1]), .beyond$2(beyond[2]), .beyond$3(beyond[3]),
        .moves$0(moves[0]), .moves$1(moves[1]), .moves$2(moves[2]), .moves$3(moves[3]),
        .crossed(crossed));

    // Two words at most; a word's top chunk comes first.
    reg [2*CHUNKS-1:0] beats;
    reg [3:0] level;
    // The next chunk's number in its word, and words that may still come.
    reg [1:0] number, wanted;
    reg ended;
    wire pop = done;
    wire [3:0] left = level - pop;
    wire [2*CHUNKS-1:0] rest = pop ? beats >> 1 : beats;
    reg [CHUNKS-1:0] word;
    integer chunk;
    always @(*) for (chunk = 0; chunk < CHUNKS; chunk = chunk + 1)
        word[chunk] = word_data[W - 16 - 16 * chunk + at];
    wire [2*CHUNKS-1:0] place = {{CHUNKS{1'b0}}, {CHUNKS{1'b1}}} << left;

    reg begun = 0;
    reg [2:0] no_head = 0, no_tail = 0;
    always @(posedge aclk) begin
        begun <= 1;
        beats <= word_load ? (rest & ~place) | ({{CHUNKS{1'b0}}, word} << left) : rest;
        level <= left + (word_load ? CHUNKS : 0);
        number <= pop ? (number == CHUNKS - 1 ? 0 : number + 1) : number;
        ended <= pop && number == CHUNKS - 1;
        wanted <= wanted + crossed - word_load;
        // Clocks in a row in which a chunk is there, but not where the lane reads.
        no_head <= level >= 1 && !head_there ? no_head + 1 : 0;
        no_tail <= level >= 2 && !tail_there && !pop ? no_tail + 1 : 0;
        if (!aresetn || start) begin
            {level, number, ended, no_head, no_tail} <= 0;
            wanted <= 2;
        end
    end

    // A chunk is done only where there is one, and a word comes only where one is asked for.
    always @(*) begin
        if (!begun) assume(!aresetn);
        assume(!done || head_there);
        if (begun) assume(!word_load || wanted != 0 || crossed);
    end

    always @(*) if (begun) begin
        if (head_there) assert(level >= 1 && chunks[16 + at] == beats[0]);
        if (tail_there) assert(level >= 1 + head_there && chunks[at] == (head_there ? beats[1] : beats[0]));
        assert(crossed == ended);
        assert(level <= 2 * CHUNKS);
        assert(no_head <= 2);
        assert(no_tail <= 2);
    end
    always @(posedge aclk) if (begun && aresetn) begin
        cover(level == 2 * CHUNKS);
        cover(word_load && pop && tail_there && word[0] != beats[0]);
    end
endmodule
