// The ring, at seven places, beside a queue of six.
module ring_top(
    input wire aclk, aresetn, s_tvalid, m_tready,
    input wire [1:0] s_tdata
);
    wire [1:0] oldest;
    wire [2:0] level, expected_level;
    reg after_reset = 0;
    wire begun, s_tready = level != 6 && !after_reset, m_tvalid = level != 0;
    always @(posedge aclk) after_reset <= !aresetn;
    ring #(.WIDTH(2), .A(3), .TAP(1)) unit(
        .aclk(aclk), .aresetn(aresetn), .push(s_tvalid && s_tready), .s_data(s_tdata),
        .pop(m_tvalid && m_tready), .oldest(oldest), .level(level));
    queue #(.WIDTH(2), .DEPTH(6), .LEVEL(3)) spec(
        .aclk(aclk), .aresetn(aresetn),
        .s_tdata(s_tdata), .s_tvalid(s_tvalid), .s_tready(s_tready),
        .m_tdata(oldest), .m_tvalid(m_tvalid), .m_tready(m_tready), .level(expected_level), .begun(begun));
    always @(*) if (begun) assert(level == expected_level);
endmodule
