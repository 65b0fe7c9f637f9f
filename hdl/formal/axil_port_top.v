// The AXI4-Lite port beside what it has taken and not yet answered.
//
// Every request is answered once, and an answer always belongs to one; what goes to the unit behind
// and comes from it is what the master asked and gets; answers stay until taken; the port is ready
// whenever nothing waits. Reset may come at any time. Master and unit behind are free: the master may
// even withdraw what it offers.
module axil_port_top(
    input wire aclk, aresetn,
    input wire [11:0] awaddr, input wire awvalid,
    input wire [31:0] wdata, input wire [3:0] wstrb, input wire wvalid, bready,
    input wire [11:0] araddr, input wire arvalid, rready,
    input wire write_error, read_error, input wire [31:0] read_data
);
    wire awready, wready, bvalid, arready, rvalid, write;
    wire [1:0] bresp, rresp;
    wire [31:0] rdata, write_data;
    wire [9:0] write_address, read_address;
    wire [3:0] write_strobe;
    axil_port unit(
        .aclk(aclk), .aresetn(aresetn),
        .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid), .s_axil_awready(awready),
        .s_axil_wdata(wdata), .s_axil_wstrb(wstrb), .s_axil_wvalid(wvalid), .s_axil_wready(wready),
        .s_axil_bresp(bresp), .s_axil_bvalid(bvalid), .s_axil_bready(bready),
        .s_axil_araddr(araddr), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
        .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready),
        .write(write), .write_address(write_address), .write_data(write_data),
        .write_strobe(write_strobe), .write_error(write_error),
        .read_address(read_address), .read_data(read_data), .read_error(read_error));

    // What was taken and not yet answered.
    reg aw_open, w_open, ar_open;
    reg [11:0] aw, ar;
    reg [31:0] data;
    reg [3:0] strobe;
    // What the unit behind was asked and said.
    reg written, write_failed, read_failed;
    reg [31:0] word;
    // The clock before.
    reg begun = 0, after_reset = 0;
    reg write_waits, read_waits, b_waits, r_waits;
    reg [1:0] bresp_before, rresp_before;
    reg [31:0] rdata_before, write_data_before;
    reg wrote;
    always @(posedge aclk) begin
        begun <= 1;
        after_reset <= !aresetn;
        write_waits <= aresetn && aw_open && w_open && !bvalid;
        read_waits <= aresetn && ar_open && !rvalid;
        b_waits <= aresetn && bvalid && !bready;
        r_waits <= aresetn && rvalid && !rready;
        bresp_before <= bresp;
        rresp_before <= rresp;
        rdata_before <= rdata;
        wrote <= aresetn && write;
        write_data_before <= write_data;
        if (awvalid && awready) aw <= awaddr;
        if (wvalid && wready) {data, strobe} <= {wdata, wstrb};
        if (arvalid && arready) ar <= araddr;
        aw_open <= aresetn && (aw_open || awvalid && awready) && !(bvalid && bready);
        w_open <= aresetn && (w_open || wvalid && wready) && !(bvalid && bready);
        ar_open <= aresetn && (ar_open || arvalid && arready) && !(rvalid && rready);
        written <= aresetn && (written || write) && !(bvalid && bready);
        if (write) write_failed <= write_error;
        if (ar_open && !rvalid) {word, read_failed} <= {read_data, read_error};
    end
    wire aw_aligned = aw[1:0] == 0;
    wire ar_aligned = ar[1:0] == 0;

    // Reset comes first.
    always @(*) if (!begun) assume(!aresetn);

    always @(*) if (begun) begin
        assert(awready == (!aw_open && !after_reset));
        assert(wready == (!w_open && !after_reset));
        assert(arready == (!ar_open && !after_reset));

        if (write) assert(aw_open && w_open && !written && !bvalid);
        if (write) assert(aw_aligned && write_address == aw[11:2]);
        if (write) assert(write_data == data && write_strobe == strobe);
        if (wrote) assert(write_data == write_data_before);
        if (bvalid) assert(aw_open && w_open && written == aw_aligned);
        if (bvalid) assert(bresp == (aw_aligned && !write_failed ? 0 : 2));
        if (write_waits) assert(bvalid);
        if (b_waits) assert(bvalid && bresp == bresp_before);

        if (ar_open) assert(read_address == ar[11:2]);
        if (rvalid) assert(ar_open && rdata == word);
        if (rvalid) assert(rresp == (ar_aligned && !read_failed ? 0 : 2));
        if (read_waits) assert(rvalid);
        if (r_waits) assert(rvalid && rresp == rresp_before && rdata == rdata_before);
    end

    // The proof is about something: either order, both answers, and another request after one.
    reg answered = 0;
    always @(posedge aclk) begin
        answered <= aresetn && (answered || bvalid && bready && rvalid && rready);
        if (begun && aresetn) begin
            cover(aw_open && !w_open);
            cover(w_open && !aw_open);
            cover(bvalid && bresp == 2 && written && rvalid && rresp == 0);
            cover(b_waits && r_waits && rresp == 2 && ar_aligned);
            cover(answered && bvalid && rvalid && word != 0);
        end
    end
endmodule
