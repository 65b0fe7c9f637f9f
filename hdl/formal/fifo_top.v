// The FIFO beside a queue of four places.
module fifo_top(
    input wire aclk, aresetn, s_tvalid, m_tready,
    input wire [1:0] s_tdata
);
    wire [1:0] m_tdata;
    wire [2:0] level, expected_level;
    wire s_tready, m_tvalid, begun;
    fifo unit(
        .aclk(aclk), .aresetn(aresetn),
        .s_tdata(s_tdata), .s_tvalid(s_tvalid), .s_tready(s_tready),
        .m_tdata(m_tdata), .m_tvalid(m_tvalid), .m_tready(m_tready), .level(level));
    queue #(.WIDTH(2), .DEPTH(4), .LEVEL(3)) spec(
        .aclk(aclk), .aresetn(aresetn),
        .s_tdata(s_tdata), .s_tvalid(s_tvalid), .s_tready(s_tready),
        .m_tdata(m_tdata), .m_tvalid(m_tvalid), .m_tready(m_tready), .level(expected_level), .begun(begun));
    always @(*) if (begun) assert(level == expected_level);
endmodule
