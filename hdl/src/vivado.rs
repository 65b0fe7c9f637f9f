//! A shell around a core that tells Vivado which ports make up which interface.
//!
//! Vivado's block designs join interfaces, not ports, and know them by attributes of a module's
//! ports. RustHDL writes no attributes, so a core gets a shell: a module `<core>_vivado` with the core's
//! own ports, read from its Verilog, and nothing inside but the core.
//!
//! | ports | interface |
//! |---|---|
//! | `aclk`, `aresetn`, `irq` | clock of all interfaces, reset active low, interrupt active high |
//! | `s_axil_*` | AXI4-Lite |
//! | `s_axis_*_t*`, `m_axis_*_t*` | AXI4-Stream, with what there is of `tlast` and `tuser` |
//! | others | none: plain ports, which Vivado is told not to guess about |

use crate::ports::{Port, ports};

/// Name of the shell of a core.
pub fn name(top: &str) -> String {
    format!("{top}_vivado")
}

/// The Verilog of the shell of the core `top`, whose Verilog is given; under a comment of the lines of
/// `header`.
pub fn shell(top: &str, verilog: &str, header: &str) -> String {
    let ports = ports(verilog, top);
    let comment = header
        .lines()
        .map(|line| format!("// {line}").trim_end().to_owned() + "\n");
    let declared = ports.iter().map(|port| declaration(port, &ports));
    let connected = ports
        .iter()
        .map(|port| format!("        .{0}({0})", port.name));
    format!(
        "{}module {} (\n{}\n);\n\n    {top} core (\n{}\n    );\n\nendmodule\n",
        comment.collect::<String>(),
        name(top),
        declared.collect::<Vec<_>>().join(",\n"),
        connected.collect::<Vec<_>>().join(",\n"),
    )
}

fn declaration(port: &Port, ports: &[Port]) -> String {
    let direction = if port.output { "output" } else { "input" };
    let range = match port.bits {
        1 => String::new(),
        bits => format!("[{}:0] ", bits - 1),
    };
    let name = port.name;
    let Some(interface) = Interface::of(name) else {
        return format!(
            "    (* X_INTERFACE_IGNORE = \"true\" *)\n    {direction} wire {range}{name}"
        );
    };
    let parameters = match interface.parameters(port, ports) {
        text if text.is_empty() => text,
        text => format!(
            "    (* X_INTERFACE_PARAMETER = \"XIL_INTERFACENAME {}, {text}\" *)\n",
            interface.name
        ),
    };
    format!(
        "    (* X_INTERFACE_INFO = \"xilinx.com:{}:1.0 {} {}\" *)\n{parameters}    {direction} wire {range}{name}",
        interface.kind, interface.name, interface.signal
    )
}

/// What a port is part of.
struct Interface<'a> {
    kind: &'static str,
    name: &'a str,
    /// What the port is in it.
    signal: String,
}

impl<'a> Interface<'a> {
    /// The interface of the port of this name.
    fn of(name: &'a str) -> Option<Self> {
        let (kind, name, signal) = match (name, name.rsplit_once('_')) {
            ("aclk", _) => ("signal:clock", name, "CLK"),
            ("aresetn", _) => ("signal:reset", name, "RST"),
            ("irq", _) => ("signal:interrupt", name, "INTERRUPT"),
            (_, Some((bus @ "s_axil", signal))) => ("interface:aximm", bus, signal),
            (_, Some((bus, signal))) if is_stream(bus) => ("interface:axis", bus, signal),
            _ => return None,
        };
        Some(Self {
            kind,
            name,
            signal: signal.to_uppercase(),
        })
    }

    /// What the interface's parameters are; told at one of its ports.
    fn parameters(&self, port: &Port, ports: &[Port]) -> String {
        match (self.kind, self.signal.as_str()) {
            ("signal:clock", _) => {
                let mut buses: Vec<_> = ports
                    .iter()
                    .filter_map(|port| Interface::of(port.name))
                    .collect();
                buses.retain(|bus| bus.kind.starts_with("interface:"));
                buses.dedup_by_key(|bus| bus.name);
                let buses: Vec<_> = buses.iter().map(|bus| bus.name).collect();
                format!(
                    "ASSOCIATED_BUSIF {}, ASSOCIATED_RESET aresetn",
                    buses.join(":")
                )
            }
            ("signal:reset", _) => "POLARITY ACTIVE_LOW".to_owned(),
            ("signal:interrupt", _) => "SENSITIVITY LEVEL_HIGH".to_owned(),
            ("interface:aximm", "AWADDR") => {
                format!("PROTOCOL AXI4LITE, ADDR_WIDTH {}, DATA_WIDTH 32", port.bits)
            }
            _ => String::new(),
        }
    }
}

fn is_stream(bus: &str) -> bool {
    ["s_axis", "m_axis"].iter().any(|prefix| {
        let behind = bus.strip_prefix(prefix);
        behind.is_some_and(|behind| behind.is_empty() || behind.starts_with('_'))
    })
}
