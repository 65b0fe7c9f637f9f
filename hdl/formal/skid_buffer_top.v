// The skid buffer beside a queue of two places.
module skid_buffer_top(
    input wire aclk, aresetn, s_tvalid, m_tready,
    input wire [1:0] s_tdata
);
    wire [1:0] m_tdata;
    wire s_tready, m_tvalid;
    skid_buffer unit(
        .aclk(aclk), .aresetn(aresetn),
        .s_tdata(s_tdata), .s_tvalid(s_tvalid), .s_tready(s_tready),
        .m_tdata(m_tdata), .m_tvalid(m_tvalid), .m_tready(m_tready));
    queue #(.WIDTH(2), .DEPTH(2), .LEVEL(2)) spec(
        .aclk(aclk), .aresetn(aresetn),
        .s_tdata(s_tdata), .s_tvalid(s_tvalid), .s_tready(s_tready),
        .m_tdata(m_tdata), .m_tvalid(m_tvalid), .m_tready(m_tready), .level(), .begun());
endmodule
