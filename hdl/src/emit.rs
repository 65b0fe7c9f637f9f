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
    Ok(comment + &settled(&flat_ports(modules.defines().trim_start())))
}

/// The same Verilog with ports `bus_signal` where RustHDL names them `bus$signal`. Those of an array stay
/// `array$0`.
fn flat_ports(verilog: &str) -> String {
    let ports: HashSet<_> = verilog
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("input ") || line.starts_with("output "))
        .filter_map(|line| line.trim_end_matches(';').rsplit(' ').next())
        .filter(|port| {
            let signal = port.rsplit_once('$').map(|(_, signal)| signal);
            signal.is_some_and(|signal| signal.starts_with(|c: char| !c.is_ascii_digit()))
        })
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
    use crate::bus::{CommandSink, PathSlave};
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

    #[derive(LogicBlock, Default)]
    struct Slice {
        pub cmd: CommandSink,
        pub path: PathSlave,
        pub row: Signal<Out, Bits<16>>,
        pub bits: [Signal<In, Bit>; 2],
        pub both: Signal<Out, Bit>,
    }

    impl Logic for Slice {
        #[hdl_gen]
        fn update(&mut self) {
            self.cmd.tready.next = self.cmd.tvalid.val() & self.cmd.context.val();
            self.row.next =
                self.cmd.first_channel.val() + self.cmd.channels.val() + self.cmd.images.val();
            self.both.next = self.bits[0].val() & self.bits[1].val();
            self.path.busy.next = self.path.check_sequence.val();
            self.path.contexts_busy.next = self.path.valid.val();
            self.path.done.next = self.path.plane_len0.val() == self.path.plane_len1.val();
            self.path.status.next = 0.into();
            self.path.beat_in.next = false;
            self.path.beat_out.next = false;
            self.path.stall_in.next = false;
            self.path.stall_out.next = false;
        }
    }

    #[test]
    fn buses_are_flat_and_arrays_are_not() {
        let text = emit("slice", "", Slice::default()).expect("sound");
        for port in ["cmd_tvalid", "path_plane_len0", "bits$0"] {
            assert!(text.contains(&format!(" {port};")), "{port} in {text}");
        }
        assert!(!text.contains("cmd$") && !text.contains("path$"), "{text}");
    }

    #[test]
    fn undriven_outputs_are_refused() {
        let refused = emit("open", "", Open::default());
        assert!(matches!(refused, Err(CheckError::OpenSignal(_))));
    }
}
