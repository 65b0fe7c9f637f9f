//! The ports of an emitted module, read from its text.

/// A port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port<'a> {
    /// Its name.
    pub name: &'a str,
    /// Whether the module drives it.
    pub output: bool,
    /// Bits.
    pub bits: usize,
}

/// The ports of the module `top` of this Verilog, in the order of their declarations; none if there
/// is no such module.
pub fn ports<'a>(verilog: &'a str, top: &str) -> Vec<Port<'a>> {
    let begin = format!("module {top}(");
    verilog
        .lines()
        .skip_while(|line| !line.starts_with(&begin))
        .take_while(|line| !line.starts_with("endmodule"))
        .filter_map(|line| port(line.trim()))
        .collect()
}

/// From a line such as `output reg  [3:0] name;`, or `wire` for `reg`.
fn port(line: &str) -> Option<Port<'_>> {
    let declared = line.strip_suffix(';')?;
    let (direction, declared) = declared.split_once(' ')?;
    let output = match direction {
        "input" => false,
        "output" => true,
        _ => return None,
    };
    let (_net, declared) = declared.split_once(' ')?;
    let (range, name) = match declared.trim_start().rsplit_once(' ') {
        Some((range, name)) => (Some(range), name),
        None => (None, declared.trim_start()),
    };
    let bits = match range {
        Some(range) => {
            1 + range
                .strip_prefix('[')?
                .split(':')
                .next()?
                .parse::<usize>()
                .ok()?
        }
        None => 1,
    };
    Some(Port { name, output, bits })
}

#[cfg(test)]
mod tests {
    use super::{Port, ports};
    use crate::emit::emit;
    use crate::skid_buffer::SkidBuffer;

    #[test]
    fn those_of_the_top_alone_with_their_widths() {
        let text = emit("slice", "module slice(", SkidBuffer::<9>::default()).expect("sound RTL");
        let found = ports(&text, "slice");
        let listed = text.split("module slice(").nth(2).expect("the module");
        let listed: Vec<_> = listed
            .split(')')
            .next()
            .expect("its end")
            .split(',')
            .collect();
        assert_eq!(
            found.iter().map(|port| port.name).collect::<Vec<_>>(),
            listed
        );
        let wide: Vec<_> = found.iter().filter(|port| port.bits == 9).collect();
        assert_eq!(wide.len(), 2, "{found:?}");
        assert_ne!(wide[0].output, wide[1].output);
        let clock = Port {
            name: found[0].name,
            output: false,
            bits: 1,
        };
        assert_eq!(found[0], clock);
        assert!(ports(&text, "slic").is_empty());
    }
}
