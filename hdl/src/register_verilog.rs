//! From the description of the registers to the Verilog of [`register_file`](crate::register_file).

use crate::absent;
use crate::registers::{ALL, Access, Field, Register, irq_enable, irq_status};

/// The body of the module: `outputs` are the names of its field ports, `constant` gives the values of
/// constant fields, `absent` fields keep nothing.
pub fn body(
    outputs: &[&str],
    constant: impl Fn(&Field) -> u32,
    absent: impl Fn(&Field) -> bool,
) -> String {
    let mut text = String::new();
    let mut unheard = Vec::new();
    for register in ALL {
        text += &byte_enables(register, &absent);
        for field in register.fields {
            if absent(field) && keeps(field) {
                text += &nothing(field);
                if field.access == Access::Sticky {
                    unheard.push(field.signal());
                }
            } else {
                text += &storage(field);
            }
            let port = field.signal();
            if keeps(field) && outputs.contains(&port.as_str()) {
                text += &format!("assign {port} = {port}_q;\n");
            }
        }
    }

    if !unheard.is_empty() {
        let inputs: Vec<_> = unheard.iter().map(String::as_str).collect();
        text += &absent::unheard(&inputs);
    }

    // Each register's word where it is the one that is read, else 0; the counters have one word.
    let is_counter = |register: &&Register| register.fields[0].access == Access::Counter;
    let counters: Vec<_> = ALL.iter().filter(is_counter).collect();
    text += &format!(
        "wire counters_read = {};\n",
        any(counters.iter().map(|r| at("read_address", r)))
    );
    let mut words = vec!["({32{counters_read}} & count)".to_owned()];
    for register in ALL.iter().filter(|register| !is_counter(register)) {
        let (name, word) = (register.name, word(register, &constant));
        text += &format!("wire {name}_read = {};\n", at("read_address", register));
        words.push(format!("({{32{{{name}_read}}}} & {word})"));
    }
    text += &format!("assign read_data = {};\n", any(words));
    text += &format!(
        "assign read_error = !({});\n",
        any(ALL.iter().map(|r| at("read_address", r)))
    );
    let writable = ALL.iter().map(|register| {
        let here = at("write_address", register);
        match register.mask(&[Access::WriteOnly]) {
            0 => here,
            _ => format!("({here} & (&write_strobe))"),
        }
    });
    text += &format!("assign write_error = !({});\n", any(writable));

    let events = counters.iter().rev().map(|r| r.fields[0].signal());
    let events: Vec<_> = events.collect();
    text += &format!("assign events = {{{}}};\n", events.join(", "));
    text += "assign counter = read_address[3:0];\n";
    let interrupts = irq_status::REGISTER
        .fields
        .iter()
        .zip(irq_enable::REGISTER.fields);
    let raised = interrupts.map(|(s, e)| format!("({}_q & {}_q)", s.signal(), e.signal()));
    text + &format!("assign irq = {};\n", any(raised))
}

fn keeps(field: &Field) -> bool {
    let keeping = [Access::ReadWrite, Access::Advance, Access::Sticky];
    keeping.contains(&field.access)
}

fn any(terms: impl IntoIterator<Item = String>) -> String {
    let terms: Vec<_> = terms.into_iter().collect();
    terms.join("\n   | ")
}

/// Whether the address is this register's.
fn at(address: &str, register: &Register) -> String {
    format!("({address} == 10'h{:x})", register.offset / 4)
}

/// What a field is that keeps nothing.
fn nothing(field: &Field) -> String {
    let (port, width) = (field.signal(), field.width());
    format!("wire [{}:0] {port}_q = {width}'h0;\n", width - 1)
}

/// `<register>_write<byte>`, for the bytes that can be written.
fn byte_enables(register: &Register, absent: impl Fn(&Field) -> bool) -> String {
    use Access::{Advance, Pulse, ReadWrite, Sticky, WriteOnly};
    let there = register.fields.iter().filter(|field| !absent(field));
    let writable = there.filter(|field| {
        matches!(
            field.access,
            ReadWrite | Advance | WriteOnly | Pulse | Sticky
        )
    });
    let written = writable.fold(0, |mask, field| mask | field.mask());
    let bytes = (0..4).filter(|byte| written >> (8 * byte) & 0xff != 0);
    let (name, here) = (register.name, at("write_address", register));
    let enable =
        |byte| format!("wire {name}_write{byte} = write & {here} & write_strobe[{byte}];\n");
    bytes.map(enable).collect()
}

/// The parts of a field that lie in one byte of its register, from the highest: byte, most and least
/// significant bit in the register.
fn parts(field: &Field) -> impl Iterator<Item = (u8, u8, u8)> {
    let bytes = (field.low / 8..=field.high / 8).rev();
    bytes.map(|byte| (byte, field.high.min(8 * byte + 7), field.low.max(8 * byte)))
}

/// What a field keeps, `<field>_q`, or the event that a write of it is.
fn storage(field: &Field) -> String {
    let (port, register, width) = (field.signal(), field.register, field.width());
    let ones = parts(field).map(|(byte, high, low)| {
        let size = high - low + 1;
        format!("({{{size}{{{register}_write{byte}}}}} & write_data[{high}:{low}])")
    });
    let ones = format!("{{{}}}", ones.collect::<Vec<_>>().join(", "));
    let writes = parts(field).map(|(byte, high, low)| {
        let (to, from) = (high - field.low, low - field.low);
        format!(
            "      if ({register}_write{byte}) {port}_q[{to}:{from}] <= write_data[{high}:{low}];\n"
        )
    });
    let writes: String = writes.collect();
    let next = match field.access {
        Access::Constant | Access::ReadOnly | Access::Counter => return String::new(),
        Access::Pulse => return format!("assign {port} = {ones};\n"),
        Access::WriteOnly => {
            let enables: Vec<_> = (0..4)
                .map(|byte| format!("{register}_write{byte}"))
                .collect();
            let all = enables.join(" & ");
            return format!("assign {port} = write_data;\nassign {port}_write = {all};\n");
        }
        Access::ReadWrite => writes,
        Access::Advance => {
            format!("      if ({port}_advance) {port}_q <= {port}_q + {width}'h1;\n{writes}")
        }
        Access::Sticky => format!("      {port}_q <= ({port}_q & ~{ones}) | {port};\n"),
    };
    format!(
        "reg [{}:0] {port}_q;\nalways @(posedge clock)\n   \
         if (!aresetn) {port}_q <= {width}'h{:x};\n   else begin\n{next}   end\n",
        width - 1,
        field.reset
    )
}

/// A register's word as a concatenation.
fn word(register: &Register, constant: &impl Fn(&Field) -> u32) -> String {
    let mut parts = Vec::new();
    let mut above = 32;
    let gap = |above: u8, below: u8, parts: &mut Vec<String>| {
        if above > below {
            parts.push(format!("{}'h0", above - below));
        }
    };
    for field in register.fields.iter().rev() {
        let (port, width) = (field.signal(), field.width());
        gap(above, field.high + 1, &mut parts);
        above = field.low;
        parts.push(match field.access {
            Access::Constant => format!("{width}'h{:x}", constant(field)),
            Access::ReadOnly => port,
            Access::ReadWrite | Access::Advance | Access::Sticky => port + "_q",
            Access::WriteOnly | Access::Pulse | Access::Counter => format!("{width}'h0"),
        });
    }
    gap(above, 0, &mut parts);
    format!("{{{}}}", parts.join(", "))
}
