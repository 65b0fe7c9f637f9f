// Stand-ins with the ports of what comes from Vivado: the engine as build.tcl asks for it (XDMA 4.1, PG195) and the
// buffer of the reference clock (UG482).
/* verilator lint_off UNUSEDSIGNAL */
/* verilator lint_off UNDRIVEN */
module xdma_0(
    input wire sys_clk,
    input wire sys_rst_n,
    input wire [3:0] pci_exp_rxp,
    input wire [3:0] pci_exp_rxn,
    output wire [3:0] pci_exp_txp,
    output wire [3:0] pci_exp_txn,
    output wire user_lnk_up,
    output wire axi_aclk,
    output wire axi_aresetn,
    input wire [0:0] usr_irq_req,
    output wire [0:0] usr_irq_ack,
    output wire msi_enable,
    output wire [2:0] msi_vector_width,
    output wire [31:0] m_axil_awaddr,
    output wire [2:0] m_axil_awprot,
    output wire m_axil_awvalid,
    input wire m_axil_awready,
    output wire [31:0] m_axil_wdata,
    output wire [3:0] m_axil_wstrb,
    output wire m_axil_wvalid,
    input wire m_axil_wready,
    input wire m_axil_bvalid,
    input wire [1:0] m_axil_bresp,
    output wire m_axil_bready,
    output wire [31:0] m_axil_araddr,
    output wire [2:0] m_axil_arprot,
    output wire m_axil_arvalid,
    input wire m_axil_arready,
    input wire [31:0] m_axil_rdata,
    input wire [1:0] m_axil_rresp,
    input wire m_axil_rvalid,
    output wire m_axil_rready,
    input wire [127:0] s_axis_c2h_tdata_0,
    input wire s_axis_c2h_tlast_0,
    input wire s_axis_c2h_tvalid_0,
    output wire s_axis_c2h_tready_0,
    input wire [15:0] s_axis_c2h_tkeep_0,
    output wire [127:0] m_axis_h2c_tdata_0,
    output wire m_axis_h2c_tlast_0,
    output wire m_axis_h2c_tvalid_0,
    input wire m_axis_h2c_tready_0,
    output wire [15:0] m_axis_h2c_tkeep_0,
    input wire [127:0] s_axis_c2h_tdata_1,
    input wire s_axis_c2h_tlast_1,
    input wire s_axis_c2h_tvalid_1,
    output wire s_axis_c2h_tready_1,
    input wire [15:0] s_axis_c2h_tkeep_1,
    output wire [127:0] m_axis_h2c_tdata_1,
    output wire m_axis_h2c_tlast_1,
    output wire m_axis_h2c_tvalid_1,
    input wire m_axis_h2c_tready_1,
    output wire [15:0] m_axis_h2c_tkeep_1
);
endmodule

module IBUFDS_GTE2(
    input wire I,
    input wire IB,
    input wire CEB,
    output wire O,
    output wire ODIV2
);
endmodule
/* verilator lint_on UNUSEDSIGNAL */
/* verilator lint_on UNDRIVEN */
