//! Models of ECP5's cells that have registers of their own.

/// ECP5's multiplier and block RAM, as far as they are used, with `DQA_ECP5` defined. The RAM has
/// 1024 words of 18 bits, or twice as many halves and so on; 36 bits are two words side by side.
pub fn cells() -> String {
    let pins = |bus: &str, count: usize| -> Vec<String> {
        (0..count).map(|at| format!("{bus}{at}")).collect()
    };
    let list = |bus: &str, count: usize| pins(bus, count).join(", ");
    let joined = |bus: &str, count: usize| {
        let reversed: Vec<_> = pins(bus, count).into_iter().rev().collect();
        format!("{{{}}}", reversed.join(", "))
    };
    format!(
        "`define DQA_ECP5
module MULT18X18D #(parameter REG_INPUTA_CLK = \"NONE\", parameter REG_INPUTB_CLK = \"NONE\",
    parameter REG_OUTPUT_CLK = \"NONE\")
    (input CLK0, CE0, RST0, SIGNEDA, SIGNEDB, SOURCEA, SOURCEB, {a_pins}, {b_pins},
     output {p_pins});
  wire signed [17:0] a = {a};
  wire signed [17:0] b = {b};
  reg signed [17:0] a_q, b_q;
  reg signed [35:0] p;
  always @(posedge CLK0) if (CE0) begin
    a_q <= a;
    b_q <= b;
    p <= a_q * b_q;
  end
  assign {p} = p;
endmodule
module DP16KD #(parameter DATA_WIDTH_A = 18, parameter DATA_WIDTH_B = 18,
    parameter REGMODE_A = \"NOREG\", parameter REGMODE_B = \"NOREG\",
    parameter CLKAMUX = \"CLKA\", parameter CLKBMUX = \"CLKB\", parameter GSR = \"ENABLED\")
    (input CLKA, CLKB, CEA, WEA, CEB, WEB, OCEA, OCEB, RSTA, RSTB,
     CSA0, CSA1, CSA2, CSB0, CSB1, CSB2, {ada_pins}, {adb_pins}, {dia_pins}, {dib_pins},
     output {doa_pins}, output {dob_pins});
  reg [18431:0] bits;
  wire [13:0] write_at = {ada};
  wire [13:0] read_at = {adb};
  wire [35:0] write_data = {{{dib}, {dia}}};
  function [14:0] place(input [13:0] at, input integer width);
    place = width == 36 ? at[13:5] * 36 : width == 18 ? at[13:4] * 18 : width == 9 ? at[13:3] * 9
        : (at >> 3) * 9 + at[2:0];
  endfunction
  wire enabled = DATA_WIDTH_A == 36 ? &write_at[3:0] : DATA_WIDTH_A != 18 || &write_at[1:0];
  reg [35:0] word, out;
  always @(posedge CLKA) if (CEA && WEA && enabled)
    bits[place(write_at, DATA_WIDTH_A) +: DATA_WIDTH_A] <= write_data[DATA_WIDTH_A-1:0];
  always @(posedge CLKB) if (CEB) word <= {{36'b0, bits[place(read_at, DATA_WIDTH_B) +: DATA_WIDTH_B]}};
  always @(posedge CLKB) if (OCEB) out <= word;
  assign {doa} = DATA_WIDTH_B == 36 ? out[17:0] : 18'bx;
  assign {dob} = DATA_WIDTH_B == 36 ? out[35:18] : out[17:0];
endmodule
",
        a_pins = list("A", 18),
        b_pins = list("B", 18),
        p_pins = list("P", 36),
        a = joined("A", 18),
        b = joined("B", 18),
        p = joined("P", 36),
        ada_pins = list("ADA", 14),
        adb_pins = list("ADB", 14),
        dia_pins = list("DIA", 18),
        dib_pins = list("DIB", 18),
        doa_pins = list("DOA", 18),
        dob_pins = list("DOB", 18),
        ada = joined("ADA", 14),
        adb = joined("ADB", 14),
        dia = joined("DIA", 18),
        dib = joined("DIB", 18),
        doa = joined("DOA", 18),
        dob = joined("DOB", 18),
    )
}
