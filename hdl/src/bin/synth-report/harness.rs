//! A frame around a module with more ports than a package has pins.
//!
//! Every input is a flip-flop of one long shift register and every output goes into a flip-flop,
//! so that all paths within the module, from its inputs and to its outputs, run between
//! flip-flops and are timed. What the outputs caught is folded into a second shift register and
//! leaves by one pin, so that nothing is optimized away.

/// A port of a module.
pub struct Port {
    /// Its name.
    pub name: String,
    /// Whether it is an input.
    pub is_input: bool,
    /// Its width.
    pub width: usize,
}

/// Verilog of the module `harness` around `top`. The clock port is `aclk` or, in what is memory or
/// registers alone, `clock`.
pub fn harness(top: &str, ports: &[Port]) -> String {
    let mut widths = [0, 0];
    let is_clock = |port: &&Port| ["aclk", "clock"].contains(&port.name.as_str());
    let clocks = ports.iter().filter(is_clock);
    let mut connections: Vec<_> = clocks.map(|port| format!(".{}(aclk)", port.name)).collect();
    for port in ports.iter().filter(|port| !is_clock(port)) {
        let (bus, at) = match port.is_input {
            true => ("feed", &mut widths[0]),
            false => ("result", &mut widths[1]),
        };
        connections.push(format!(
            ".{}({bus}[{}:{at}])",
            port.name,
            *at + port.width - 1
        ));
        *at += port.width;
    }
    let [feed, result] = widths.map(|width| width.max(1) - 1);
    let connections = connections.join(",\n    ");
    format!(
        "module harness(input aclk, input in, output reg out);
  reg [{feed}:0] feed;
  wire [{result}:0] result;
  reg [{result}:0] caught, folded;
  always @(posedge aclk) begin
    feed <= {{feed, in}};
    caught <= result;
    folded <= caught ^ (folded >> 1);
    out <= folded[0];
  end
  {top} dut(
    {connections});
endmodule
"
    )
}
