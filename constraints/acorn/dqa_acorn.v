// A card of the Acorn family: Xilinx's XDMA and dqa_xdma between the card's pins.
//
// pcie_refclk_*, perst_n, pcie_rx_*, pcie_tx_*   the slot's; 100 MHz
// clkreq_n   held low: the reference clock is always wanted
// leds_n     low is lit: 0 link is up, 1 blinks with the engine's clock, 2 out of reset, 3 interrupt
//
// xdma_0 is made by build.tcl: streams of 128 bits, two channels each way, AXI4-Lite master, one interrupt.
// All of the design is of its clock, axi_aclk, 125 MHz.
module dqa_acorn(pcie_refclk_p, pcie_refclk_n, perst_n, clkreq_n, pcie_rx_p, pcie_rx_n, pcie_tx_p,
                 pcie_tx_n, leds_n);
    input wire pcie_refclk_p;
    input wire pcie_refclk_n;
    input wire perst_n;
    output wire clkreq_n;
    input wire [3:0] pcie_rx_p;
    input wire [3:0] pcie_rx_n;
    output wire [3:0] pcie_tx_p;
    output wire [3:0] pcie_tx_n;
    output wire [3:0] leds_n;

    wire refclk;
    IBUFDS_GTE2 refclk_buffer (
        .I(pcie_refclk_p),
        .IB(pcie_refclk_n),
        .CEB(1'b0),
        .O(refclk),
        .ODIV2()
    );
    assign clkreq_n = 1'b0;

    wire aclk;
    wire aresetn;
    wire link_up;
    wire irq;
    wire irq_ack;

    // The registers repeat every 4 KiB of the BAR.
    /* verilator lint_off UNUSEDSIGNAL */
    wire [31:0] awaddr;
    wire [31:0] araddr;
    /* verilator lint_on UNUSEDSIGNAL */
    wire awvalid;
    wire awready;
    wire [31:0] wdata;
    wire [3:0] wstrb;
    wire wvalid;
    wire wready;
    wire [1:0] bresp;
    wire bvalid;
    wire bready;
    wire arvalid;
    wire arready;
    wire [31:0] rdata;
    wire [1:0] rresp;
    wire rvalid;
    wire rready;

    wire [127:0] h2c_0_tdata;
    wire [15:0] h2c_0_tkeep;
    wire h2c_0_tvalid;
    wire h2c_0_tready;
    wire h2c_0_tlast;
    wire [127:0] c2h_0_tdata;
    wire [15:0] c2h_0_tkeep;
    wire c2h_0_tvalid;
    wire c2h_0_tready;
    wire c2h_0_tlast;
    wire [127:0] h2c_1_tdata;
    wire [15:0] h2c_1_tkeep;
    wire h2c_1_tvalid;
    wire h2c_1_tready;
    wire h2c_1_tlast;
    wire [127:0] c2h_1_tdata;
    wire [15:0] c2h_1_tkeep;
    wire c2h_1_tvalid;
    wire c2h_1_tready;
    wire c2h_1_tlast;

    xdma_0 xdma (
        .sys_clk(refclk),
        .sys_rst_n(perst_n),
        .pci_exp_rxp(pcie_rx_p),
        .pci_exp_rxn(pcie_rx_n),
        .pci_exp_txp(pcie_tx_p),
        .pci_exp_txn(pcie_tx_n),
        .user_lnk_up(link_up),
        .axi_aclk(aclk),
        .axi_aresetn(aresetn),
        .usr_irq_req(irq),
        .usr_irq_ack(irq_ack),
        .msi_enable(),
        .msi_vector_width(),
        .m_axil_awaddr(awaddr),
        .m_axil_awprot(),
        .m_axil_awvalid(awvalid),
        .m_axil_awready(awready),
        .m_axil_wdata(wdata),
        .m_axil_wstrb(wstrb),
        .m_axil_wvalid(wvalid),
        .m_axil_wready(wready),
        .m_axil_bresp(bresp),
        .m_axil_bvalid(bvalid),
        .m_axil_bready(bready),
        .m_axil_araddr(araddr),
        .m_axil_arprot(),
        .m_axil_arvalid(arvalid),
        .m_axil_arready(arready),
        .m_axil_rdata(rdata),
        .m_axil_rresp(rresp),
        .m_axil_rvalid(rvalid),
        .m_axil_rready(rready),
        .m_axis_h2c_tdata_0(h2c_0_tdata),
        .m_axis_h2c_tkeep_0(h2c_0_tkeep),
        .m_axis_h2c_tvalid_0(h2c_0_tvalid),
        .m_axis_h2c_tready_0(h2c_0_tready),
        .m_axis_h2c_tlast_0(h2c_0_tlast),
        .s_axis_c2h_tdata_0(c2h_0_tdata),
        .s_axis_c2h_tkeep_0(c2h_0_tkeep),
        .s_axis_c2h_tvalid_0(c2h_0_tvalid),
        .s_axis_c2h_tready_0(c2h_0_tready),
        .s_axis_c2h_tlast_0(c2h_0_tlast),
        .m_axis_h2c_tdata_1(h2c_1_tdata),
        .m_axis_h2c_tkeep_1(h2c_1_tkeep),
        .m_axis_h2c_tvalid_1(h2c_1_tvalid),
        .m_axis_h2c_tready_1(h2c_1_tready),
        .m_axis_h2c_tlast_1(h2c_1_tlast),
        .s_axis_c2h_tdata_1(c2h_1_tdata),
        .s_axis_c2h_tkeep_1(c2h_1_tkeep),
        .s_axis_c2h_tvalid_1(c2h_1_tvalid),
        .s_axis_c2h_tready_1(c2h_1_tready),
        .s_axis_c2h_tlast_1(c2h_1_tlast)
    );

    dqa_xdma core (
        .aclk(aclk),
        .aresetn(aresetn),
        .usr_irq_req(irq),
        .usr_irq_ack(irq_ack),
        .s_axil_awaddr(awaddr[11:0]),
        .s_axil_awvalid(awvalid),
        .s_axil_awready(awready),
        .s_axil_wdata(wdata),
        .s_axil_wstrb(wstrb),
        .s_axil_wvalid(wvalid),
        .s_axil_wready(wready),
        .s_axil_bresp(bresp),
        .s_axil_bvalid(bvalid),
        .s_axil_bready(bready),
        .s_axil_araddr(araddr[11:0]),
        .s_axil_arvalid(arvalid),
        .s_axil_arready(arready),
        .s_axil_rdata(rdata),
        .s_axil_rresp(rresp),
        .s_axil_rvalid(rvalid),
        .s_axil_rready(rready),
        .s_axis_h2c_0_tdata(h2c_0_tdata),
        .s_axis_h2c_0_tkeep(h2c_0_tkeep),
        .s_axis_h2c_0_tvalid(h2c_0_tvalid),
        .s_axis_h2c_0_tready(h2c_0_tready),
        .s_axis_h2c_0_tlast(h2c_0_tlast),
        .m_axis_c2h_0_tdata(c2h_0_tdata),
        .m_axis_c2h_0_tkeep(c2h_0_tkeep),
        .m_axis_c2h_0_tvalid(c2h_0_tvalid),
        .m_axis_c2h_0_tready(c2h_0_tready),
        .m_axis_c2h_0_tlast(c2h_0_tlast),
        .s_axis_h2c_1_tdata(h2c_1_tdata),
        .s_axis_h2c_1_tkeep(h2c_1_tkeep),
        .s_axis_h2c_1_tvalid(h2c_1_tvalid),
        .s_axis_h2c_1_tready(h2c_1_tready),
        .s_axis_h2c_1_tlast(h2c_1_tlast),
        .m_axis_c2h_1_tdata(c2h_1_tdata),
        .m_axis_c2h_1_tkeep(c2h_1_tkeep),
        .m_axis_c2h_1_tvalid(c2h_1_tvalid),
        .m_axis_c2h_1_tready(c2h_1_tready),
        .m_axis_c2h_1_tlast(c2h_1_tlast)
    );

    reg [25:0] beats = 0;
    always @(posedge aclk) beats <= beats + 1'b1;
    assign leds_n = ~{irq, aresetn, beats[25], link_up};
endmodule
