//! Makes RustHDL's combinational blocks settle in event-driven simulators.
//!
//! RustHDL writes all logic of a block as one `always @(*)`, in which a signal gets its default first
//! and its value later. A simulator such as Icarus Verilog takes that for two events, also where
//! nothing changes in the end. Two blocks that read each other's signals then wake each other
//! without end. Here a signal that other blocks see and that is assigned more than once is worked out
//! in a variable of its own, `name$settling`, and assigned once at the block's end.

use std::collections::HashMap;
use std::fmt::Write as _;

const BEGIN: &str = "    always @(*) begin";
const END: &str = "    end";

/// The same Verilog, in which every combinational block assigns once each signal that others see.
pub fn settled(verilog: &str) -> String {
    let mut text = String::with_capacity(2 * verilog.len());
    let mut seen = HashMap::new();
    let mut lines = verilog.lines();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with("module ") {
            seen = seen_outside(lines.clone());
        }
        if line == BEGIN {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != END).collect();
            text += &once_each(&block, &seen);
        } else {
            text += line;
            text.push('\n');
        }
    }
    text
}

/// The variables of the module that begins here which are outputs, or inputs of the modules inside;
/// with their ranges.
fn seen_outside<'a>(lines: impl Iterator<Item = &'a str>) -> HashMap<&'a str, &'a str> {
    let mut declared = HashMap::new();
    let mut seen = HashMap::new();
    for line in lines
        .map(str::trim)
        .take_while(|line| !line.starts_with("endmodule"))
    {
        let variable = line.strip_prefix("output ").unwrap_or(line);
        let variable = variable.strip_prefix("reg ");
        if let Some((range, name)) = variable
            .and_then(|variable| variable.strip_suffix(';'))
            .and_then(|variable| variable.rsplit_once(' '))
        {
            declared.insert(name, range.trim());
            if line.starts_with("output ") {
                seen.insert(name, range.trim());
            }
        }
        let connected = line.strip_prefix('.').and_then(|line| line.split_once('('));
        if let Some((_, signal)) = connected {
            let name = signal.trim_end_matches([')', ',', ';']);
            if let Some(range) = declared.get(name) {
                seen.insert(name, range);
            }
        }
    }
    seen
}

/// The block of these lines.
fn once_each(block: &[&str], seen: &HashMap<&str, &str>) -> String {
    let mut count: HashMap<_, usize> = HashMap::new();
    let mut often = Vec::new();
    for name in block.iter().filter_map(|line| assigned(line)) {
        let count = count.entry(name).or_default();
        *count += 1;
        if *count == 2 && seen.contains_key(name) {
            often.push(name);
        }
    }
    let mut text = String::new();
    for name in &often {
        let _ = writeln!(text, "    reg {} {name}$settling;", seen[name]);
    }
    text += BEGIN;
    text.push('\n');
    for line in block {
        for word in words(line) {
            text += word;
            if often.contains(&word) {
                text += "$settling";
            }
        }
        text.push('\n');
    }
    for name in &often {
        let _ = writeln!(text, "        {name} = {name}$settling;");
    }
    text + END + "\n"
}

/// The signal that a line assigns.
fn assigned(line: &str) -> Option<&str> {
    let (name, _) = line.trim_start().split_once(" = ")?;
    name.chars().all(in_name).then_some(name)
}

fn in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// Names, and what is between them.
pub(crate) fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let inside = in_name(rest.chars().next()?);
        let end = rest.find(|c| in_name(c) != inside).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        rest = behind;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::settled;

    #[test]
    fn what_is_assigned_twice_is_assigned_at_the_end() {
        let before = "\
module m(a,b,d);
    output reg  [3:0] b;
    reg  c;
    reg  u$d;
    n u(
        .d(u$d)
    );
    always @(*) begin
        b = 4'h0;
        u$d = b == 4'h2;
        c = 1'h0;
        if (a) begin
            c = 1'h1;
            b = b$x + 4'h1;
        end
    end
endmodule
";
        let after = before
            .replace("    always", "    reg [3:0] b$settling;\n    always")
            .replace(" b = ", " b$settling = ")
            .replace("b ==", "b$settling ==")
            .replace("    end\nend", "        b = b$settling;\n    end\nend");
        assert_eq!(settled(before), after);
    }
}
