//! From a RustHDL block to Verilog text with a named top module and flat ports.

use std::collections::HashSet;

use rust_hdl::core::check_error::CheckError;
use rust_hdl::prelude::*;

use crate::settle::{settled, words};

/// The Verilog of `block` with its top module named `top` and everything below it
/// `top$...`, under a comment of the lines of `header`. A signal of a [bus](crate::bus) is a port
/// `bus_signal`.
///
/// `block` is connected here, so a freshly built one will do.
///
/// # Errors
///
/// What RustHDL finds wrong: undriven signals, loops, writes to inputs.
pub fn emit(top: &str, header: &str, mut block: impl Block) -> Result<String, CheckError> {
    block.connect_all();
    check_all(&block)?;
    let mut modules = ModuleDefines::default();
    block.accept(top, &mut modules);
    let comment: String = header
        .lines()
        .map(|line| format!("// {line}").trim_end().to_owned() + "\n")
        .collect();
    Ok(comment + &flat_ports(&settled(modules.defines().trim_start())))
}

/// The same Verilog with ports `bus_signal` where RustHDL names them `bus$signal`.
fn flat_ports(verilog: &str) -> String {
    let ports: HashSet<_> = verilog
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("input ") || line.starts_with("output "))
        .filter_map(|line| line.trim_end_matches(';').rsplit(' ').next())
        .filter(|port| port.contains('$'))
        .collect();
    words(verilog)
        .map(|word| match ports.contains(word) {
            true => word.replace('$', "_"),
            false => word.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{CheckError, emit};
    use rust_hdl::prelude::*;

    #[derive(LogicBlock, Default)]
    struct Wire {
        pub from: Signal<In, Bit>,
        pub to: Signal<Out, Bit>,
    }

    impl Logic for Wire {
        #[hdl_gen]
        fn update(&mut self) {
            self.to.next = self.from.val();
        }
    }

    #[derive(LogicBlock, Default)]
    struct Open {
        pub to: Signal<Out, Bit>,
    }

    impl Logic for Open {
        #[hdl_gen]
        fn update(&mut self) {}
    }

    #[test]
    fn top_and_header_are_as_asked() {
        let text = emit("wire_top", "lanes 4\n\nseed 1", Wire::default()).expect("sound");
        assert!(text.starts_with("// lanes 4\n//\n// seed 1\n"));
        assert!(text.contains("module wire_top(from,to);"), "{text}");
    }

    #[test]
    fn undriven_outputs_are_refused() {
        let refused = emit("open", "", Open::default());
        assert!(matches!(refused, Err(CheckError::OpenSignal(_))));
    }
}
