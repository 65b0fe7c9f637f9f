//! The documentation's page about the registers, made from their description.

use std::fmt::Write as _;

use crate::registers::{ALL, Access, Register};

/// `docs/src/registers.md`, as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(
        "<!-- Printed by `cargo run -p dqa-hdl --example registers-page`: change hdl/src/registers.rs. -->\n\n\
         # Registers\n\n\
         `dqa_core` has registers of 32 bits behind an AXI4-Lite port with 12-bit byte addresses. What is\n\
         not named reads as 0 and is not written. Rust programs use the constants of\n\
         `dqa_hdl::registers`; this page and the hardware are made from the same description.\n\n\
         | access | reads give | writes |\n|---|---|---|\n\
         | ro | the hardware's value | change nothing |\n\
         | rw | what was written | change it |\n\
         | wo | 0 | are passed on |\n\
         | w1 pulse | 0 | a 1 acts once |\n\
         | w1c | bits that the hardware has set | a 1 clears the bit |\n\n\
         Bytes whose write strobe is off are not written. An address without a register, or not a\n\
         multiple of 4, answers SLVERR. Write address and data may come in either order; one write\n\
         and one read are under way at a time.\n\n\
         Status codes are those of [packets](format.md#packet), addresses and data of LOAD_ADDR and\n\
         LOAD_DATA those of the load map in `hdl/src/load.rs`.\n\n\
         | offset | register | what it is for |\n|---|---|---|\n",
    );
    for register in ALL {
        let name = register.name.to_uppercase();
        let (offset, doc) = (register.offset, register.doc.trim());
        let link = register.name;
        let _ = writeln!(page, "| `0x{offset:03x}` | [{name}](#{link}) | {doc} |");
    }
    ALL.iter().for_each(|register| section(&mut page, register));
    page
}

fn section(page: &mut String, register: &Register) {
    let name = register.name.to_uppercase();
    let (offset, doc) = (register.offset, register.doc.trim());
    let _ = write!(
        page,
        "\n## {name}\n\nOffset `0x{offset:03x}`. {doc}\n\n\
         | bits | field | access | reset | meaning |\n|---|---|---|---|---|\n"
    );
    for field in register.fields {
        let bits = match field.width() {
            1 => field.low.to_string(),
            _ => format!("{}:{}", field.high, field.low),
        };
        let reset = match field.access {
            Access::Constant => "as built".to_owned(),
            Access::ReadOnly | Access::WriteOnly | Access::Pulse => "-".to_owned(),
            _ => field.reset.to_string(),
        };
        let (access, doc) = (field.access.name(), field.doc.trim());
        let name = field.name;
        let _ = writeln!(page, "| {bits} | {name} | {access} | {reset} | {doc} |");
    }
}
