// The order FIFO beside a ring of 512 places and two registers behind it, which fill by themselves.
module order_fifo_top(
    input wire aclk, aresetn, write, m_ready,
    input wire s_entry
);
    wire m_entry, oldest;
    wire m_valid, crowded;
    wire [9:0] level;
    reg near_valid = 0, out_valid = 0, many = 0;
    reg near, out;
    wire out_moves = m_ready || !out_valid;
    wire near_moves = out_moves || !near_valid;
    order_fifo unit(
        .aclk(aclk), .aresetn(aresetn), .write(write), .s_entry(s_entry), .crowded(crowded),
        .m_entry(m_entry), .m_valid(m_valid), .m_ready(m_ready));
    ring #(.WIDTH(1), .A(9)) spec(
        .aclk(aclk), .aresetn(aresetn), .push(write), .s_data(s_entry),
        .pop(near_moves && level != 0), .oldest(oldest), .level(level));

    reg begun = 0;
    always @(posedge aclk) begin
        begun <= 1;
        many <= aresetn && level >= 384;
        if (out_moves) begin
            out <= near;
            out_valid <= near_valid;
        end
        if (near_moves) begin
            near <= oldest;
            near_valid <= level != 0;
        end
        if (!aresetn) begin
            near_valid <= 0;
            out_valid <= 0;
        end
    end

    // What the header asks of the other side.
    always @(*) if (begun) assume(!write || level != 512);

    always @(*) if (begun) begin
        assert(m_valid == out_valid);
        assert(crowded == many);
        if (m_valid) assert(m_entry == out);
    end
    always @(posedge aclk) if (begun && aresetn) begin
        cover(write && near_moves && m_valid && m_entry != s_entry);
    end
endmodule
