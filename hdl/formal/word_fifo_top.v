// The word FIFO beside a ring of 64 places.
module word_fifo_top(
    input wire aclk, aresetn, write, take, advance,
    input wire s_word
);
    wire m_word, oldest;
    wire some, crowded;
    wire [6:0] level;
    word_fifo unit(
        .aclk(aclk), .aresetn(aresetn), .write(write), .s_word(s_word), .some(some),
        .crowded(crowded), .take(take), .advance(advance), .m_word(m_word));
    ring #(.WIDTH(1), .A(6)) spec(
        .aclk(aclk), .aresetn(aresetn), .push(write), .s_data(s_word),
        .pop(take), .oldest(oldest), .level(level));

    reg begun = 0, read_valid = 0, out_valid = 0;
    reg read, out;
    reg many;
    always @(posedge aclk) begin
        begun <= 1;
        many <= aresetn && level >= 48;
        if (advance) begin
            read <= oldest;
            read_valid <= take;
            out <= read;
            out_valid <= read_valid;
        end
        if (!aresetn) begin
            read_valid <= 0;
            out_valid <= 0;
        end
    end

    // What the header asks of the other side.
    always @(*) if (begun) begin
        assume(!take || (some && advance));
        assume(!write || level != 64);
    end

    always @(*) if (begun) begin
        assert(some == (level != 0));
        assert(crowded == many);
        if (out_valid) assert(m_word == out);
    end
    always @(posedge aclk) if (begun && aresetn) begin
        cover(write && take && out_valid && m_word != s_word);
    end
endmodule
