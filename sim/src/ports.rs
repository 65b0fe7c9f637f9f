//! The ports of a verilated module, read from the class that Verilator declares.
//!
//! Verilator has parsed the Verilog, so any style of module header will do.

/// Which way a port goes, seen from the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Driven by the bench.
    In,
    /// Driven by the module.
    Out,
}

/// One port of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name in Verilog.
    pub name: String,
    /// Which way it goes.
    pub direction: Direction,
    /// Bits.
    pub width: usize,
    /// Its name in C++.
    pub(crate) member: String,
}

impl Port {
    /// Bytes that Verilator keeps it in.
    pub(crate) fn bytes(&self) -> usize {
        match self.width {
            0..=8 => 1,
            9..=16 => 2,
            17..=32 => 4,
            33..=64 => 8,
            wide => wide.div_ceil(32) * 4,
        }
    }
}

/// The ports that `header`, the model's class declaration, declares.
pub(crate) fn parse(header: &str) -> Vec<Port> {
    header
        .lines()
        .filter_map(|line| port(line.trim()))
        .collect()
}

/// From a line such as `VL_INW(&name,99,0,4);`.
fn port(line: &str) -> Option<Port> {
    let (kind, arguments) = line.strip_prefix("VL_")?.split_once("(&")?;
    let direction = match kind.trim_end_matches(|c: char| c.is_ascii_digit() || c == 'W') {
        "IN" => Direction::In,
        "OUT" => Direction::Out,
        _ => return None,
    };
    let mut arguments = arguments.split([',', ')']);
    let member = arguments.next()?;
    let high: usize = arguments.next()?.parse().ok()?;
    let low: usize = arguments.next()?.parse().ok()?;
    Some(Port {
        name: decode(member),
        direction,
        width: high - low + 1,
        member: member.to_owned(),
    })
}

/// Undoes Verilator's `__024` for a character, here `$`, that C++ names cannot have.
fn decode(member: &str) -> String {
    let mut name = String::new();
    let mut rest = member;
    while let Some((before, after)) = rest.split_once("__0") {
        let code = after
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        name.push_str(before);
        match code {
            Some(code) => {
                name.push(char::from(code));
                rest = &after[2..];
            }
            None => {
                name.push_str("__0");
                rest = after;
            }
        }
    }
    name + rest
}

#[cfg(test)]
mod tests {
    use super::{Direction, parse};

    #[test]
    fn ports_of_all_widths_are_found() {
        let ports = parse(
            "    VL_IN8(&aclk,0,0);\n    VL_OUTW(&m_axis_tdata,127,0,4);\n    VL_IN64(&bus__024x,39,0);\n    void eval();\n",
        );
        let found: Vec<_> = ports
            .iter()
            .map(|p| (p.name.as_str(), p.direction, p.width, p.bytes()))
            .collect();
        assert_eq!(
            found,
            [
                ("aclk", Direction::In, 1, 1),
                ("m_axis_tdata", Direction::Out, 128, 16),
                ("bus$x", Direction::In, 40, 8),
            ]
        );
    }
}
