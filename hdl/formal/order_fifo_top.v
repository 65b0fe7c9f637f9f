// The order FIFO beside a ring of as many places and two registers behind it, which fill by themselves.
module order_fifo_top(
    input wire aclk, aresetn, write, m_ready,
    input wire s_entry
);
    wire m_entry, m_valid, crowded, oldest, none, one;
    wire [8:0] level;
    reg there = 0, near_valid = 0, out_valid = 0, many = 0, written = 0, taken = 0;
    // The level of the clock before, by its own steps.
    reg [8:0] held = 0;
    reg near = 0, out = 0;
    wire moves = m_ready || !out_valid;
    wire take = moves && there;
    order_fifo unit(
        .aclk(aclk), .aresetn(aresetn), .write(write), .s_entry(s_entry), .crowded(crowded),
        .m_entry(m_entry), .m_valid(m_valid), .m_ready(m_ready));
    ring spec(
        .aclk(aclk), .aresetn(aresetn), .push(write), .s_data(s_entry),
        .pop(take), .oldest(oldest), .level(level), .none(none), .one(one));

    reg begun = 0;
    always @(posedge aclk) begin
        begun <= 1;
        // An entry can be taken from the second clock after its write on.
        there <= aresetn && !(take ? one : none);
        {written, taken} <= {write, take};
        held <= held + written - taken;
        many <= held >= 384;
        if (moves) begin
            near <= oldest;
            near_valid <= there;
            out <= near;
            out_valid <= near_valid;
        end
        if (!aresetn) {near_valid, out_valid, written, taken, held, many} <= 0;
    end

    // What the header asks of the other side.
    always @(*) if (begun) assume(!write || level != 510);

    always @(*) if (begun) begin
        assert(m_valid == out_valid);
        assert(crowded == many);
        if (m_valid) assert(m_entry == out);
    end
    always @(posedge aclk) if (begun && aresetn) begin
        cover(write && take && m_valid && m_entry != s_entry);
    end
endmodule
