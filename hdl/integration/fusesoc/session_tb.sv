// A small session with dqa_core: identify it, try the bus, send a request that it must refuse, see the
// interrupt and the reason. Shows that the core is alive in a tool's flow; what verifies its arithmetic
// is the project's cosimulation with its reference model.
`timescale 1ns / 1ps

module session_tb;
  localparam S = `DQA_LANES;
  localparam W = S <= 4 ? 32 : 64;

  // Registers, from docs/src/registers.md.
  localparam ID = 12'h000, BUILD0 = 12'h008, SCRATCH = 12'h014;
  localparam ENC_ERRORS = 12'h050, IRQ_ENABLE = 12'h058, IRQ_STATUS = 12'h05c, ENC_FAILED = 12'h088;
  localparam ENCODER_ERROR = 32'h4;

  // Header 32 bytes; an answer without payload: header, block head, trailer.
  localparam BEATS_IN = 32 * 8 / (16 * S);
  localparam BEATS_OUT = 64 * 8 / W;
  localparam BAD_HEADER = 6;

  reg aclk = 0, aresetn = 0;
  always #5 aclk = !aclk;

  reg [11:0] awaddr, araddr;
  reg [31:0] wdata;
  reg awvalid = 0, wvalid = 0, bready = 0, arvalid = 0, rready = 0;
  wire awready, wready, bvalid, arready, rvalid;
  wire [1:0] bresp, rresp;
  wire [31:0] rdata;
  wire irq;
  reg [16 * S - 1:0] request = 0;
  reg request_valid = 0, request_last = 0;
  wire request_ready;
  wire [W - 1:0] answer;
  wire answer_valid, answer_last;
  reg answer_ready = 0;

  dqa_core dut (
    .aclk(aclk), .aresetn(aresetn), .irq(irq),
    .s_axil_awaddr(awaddr), .s_axil_awvalid(awvalid), .s_axil_awready(awready),
    .s_axil_wdata(wdata), .s_axil_wstrb(4'hf), .s_axil_wvalid(wvalid), .s_axil_wready(wready),
    .s_axil_bresp(bresp), .s_axil_bvalid(bvalid), .s_axil_bready(bready),
    .s_axil_araddr(araddr), .s_axil_arvalid(arvalid), .s_axil_arready(arready),
    .s_axil_rdata(rdata), .s_axil_rresp(rresp), .s_axil_rvalid(rvalid), .s_axil_rready(rready),
    .s_axis_enc_tdata(request), .s_axis_enc_tvalid(request_valid),
    .s_axis_enc_tready(request_ready), .s_axis_enc_tlast(request_last),
    .m_axis_enc_tdata(answer), .m_axis_enc_tvalid(answer_valid),
    .m_axis_enc_tready(answer_ready), .m_axis_enc_tlast(answer_last),
    .s_axis_dec_tdata({W{1'b0}}), .s_axis_dec_tvalid(1'b0), .s_axis_dec_tready(), .s_axis_dec_tlast(1'b0),
    .m_axis_dec_tdata(), .m_axis_dec_tvalid(), .m_axis_dec_tready(1'b1), .m_axis_dec_tlast()
  );

  // All tasks begin and end a little after a clock: what they drive does not race with it.
  task clocks(input integer count);
    begin
      repeat (count) @(posedge aclk);
      #1;
    end
  endtask

  task write(input [11:0] address, input [31:0] word);
    begin
      awaddr = address; wdata = word;
      awvalid = 1; wvalid = 1; bready = 1;
      while (awvalid || wvalid || bready) begin
        @(posedge aclk);
        if (awready) awvalid <= 0;
        if (wready) wvalid <= 0;
        if (bvalid) begin
          bready <= 0;
          if (bresp != 0) $fatal(1, "write of %h refused", address);
        end
        #1;
      end
    end
  endtask

  task expect_word(input [11:0] address, input [31:0] expected);
    expect_masked(address, 32'hffffffff, expected);
  endtask

  task expect_masked(input [11:0] address, input [31:0] mask, input [31:0] expected);
    begin
      araddr = address;
      arvalid = 1; rready = 1;
      while (arvalid || rready) begin
        @(posedge aclk);
        if (arready) arvalid <= 0;
        if (rvalid) begin
          rready <= 0;
          if (rresp != 0 || (rdata & mask) != expected)
            $fatal(1, "register %h: %h, expected %h, response %0d", address, rdata, expected, rresp);
        end
        #1;
      end
    end
  endtask

  // A request whose header is all zeros, so not even its magic is right.
  integer sent;
  task send_request;
    begin
      sent = 0;
      request_valid = 1;
      while (sent < BEATS_IN) begin
        @(posedge aclk);
        if (request_ready) begin
          sent = sent + 1;
          request_last <= sent == BEATS_IN - 1;
          request_valid <= sent < BEATS_IN;
        end
        #1;
      end
    end
  endtask

  // The answer, its first byte in the low bits.
  integer beats;
  reg [64 * 8 - 1:0] told;
  task take_answer;
    begin
      beats = 0;
      answer_ready = 1;
      while (answer_ready) begin
        @(posedge aclk);
        if (answer_valid) begin
          if (beats < BEATS_OUT) told[beats * W +: W] = answer;
          beats = beats + 1;
          if (answer_last) answer_ready <= 0;
        end
        #1;
      end
    end
  endtask

  initial begin
    clocks(4);
    aresetn = 1;
    expect_word(ID, "1AQD");
    expect_masked(BUILD0, 32'hff, S);
    expect_word(SCRATCH, 0);
    write(SCRATCH, 32'h89abcdef);
    expect_word(SCRATCH, 32'h89abcdef);
    write(IRQ_ENABLE, ENCODER_ERROR);
    if (irq) $fatal(1, "interrupt without a cause");
    send_request;
    take_answer;
    if (beats != BEATS_OUT) $fatal(1, "an answer of %0d beats, expected %0d", beats, BEATS_OUT);
    if (told[31:0] != "PAQD") $fatal(1, "the answer begins with %h", told[31:0]);
    if (told[56 * 8 +: 32] != BAD_HEADER) $fatal(1, "status %0d", told[56 * 8 +: 32]);
    clocks(20);
    if (!irq) $fatal(1, "no interrupt");
    expect_word(ENC_ERRORS, 1 << BAD_HEADER);
    expect_word(ENC_FAILED, 1);
    write(IRQ_STATUS, ENCODER_ERROR);
    clocks(2);
    if (irq) $fatal(1, "the interrupt stays");
    $display("session_tb: all as expected; lanes: %0d", S);
    $finish;
  end

  initial begin
    #20000 $fatal(1, "no answer");
  end
endmodule
