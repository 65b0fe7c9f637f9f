//! What a core is generated without: blocks that are left out, and stand-ins whose inputs nobody hears.

/// A block where it is there, as RustHDL takes one that need not be.
pub(crate) fn some<B>(there: bool, block: impl FnOnce() -> B) -> Vec<B> {
    there.then(block).into_iter().collect()
}

/// Verilog that says of inputs that nothing is done with them.
pub(crate) fn unheard(inputs: &[&str]) -> String {
    let inputs = inputs.join(", ");
    format!("(* unused *) wire _unused;\nassign _unused = &{{1'b0, {inputs}}};\n")
}

/// Verilog that keeps outputs at these values.
pub(crate) fn constant(outputs: &[(&str, &str)]) -> String {
    let assignments = outputs
        .iter()
        .map(|(output, value)| format!("assign {output} = {value};\n"));
    assignments.collect()
}
