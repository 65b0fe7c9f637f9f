// The word FIFO beside a ring of as many places.
module word_fifo_top(
    input wire aclk, aresetn, write, take, advance,
    input wire s_word
);
    wire m_word, some, oldest;
    wire [8:0] level;
    word_fifo unit(
        .aclk(aclk), .aresetn(aresetn), .write(write), .s_word(s_word), .some(some),
        .take(take), .advance(advance), .m_word(m_word));
    ring spec(
        .aclk(aclk), .aresetn(aresetn), .push(write), .s_data(s_word),
        .pop(take), .oldest(oldest), .level(level));

    reg begun = 0, moved = 0, there = 0;
    reg read_valid = 0, next_valid = 0, out = 0;
    reg read = 0, next = 0;
    always @(posedge aclk) begin
        begun <= 1;
        // A word can be taken from the second clock after its write on.
        there <= aresetn && level != take;
        if (advance) begin
            read <= oldest;
            read_valid <= take;
            next <= read;
            next_valid <= read_valid;
            out <= next_valid && next;
        end
        moved <= aresetn && (moved || advance);
        if (!aresetn) {read_valid, next_valid} <= 0;
    end

    // What the header asks of the other side.
    always @(*) if (begun) begin
        assume(!take || (some && advance));
        assume(!write || level != 510);
    end

    always @(*) if (begun) begin
        assert(some == there);
        if (moved) assert(m_word == out);
    end
    always @(posedge aclk) if (begun && aresetn) begin
        cover(write && take && next_valid && m_word != s_word);
    end
endmodule
