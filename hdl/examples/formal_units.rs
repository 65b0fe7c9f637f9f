//! Writes the units that `hdl/formal/run` proves, at small widths, into the folder given.

use dqa_hdl::{emit::emit, fifo::Fifo, skid_buffer::SkidBuffer};
use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).expect("usage: formal_units FOLDER");
    let write = |top: &str, verilog: String| {
        std::fs::write(Path::new(&folder).join(format!("{top}.v")), verilog)
    };
    let skid = emit("skid_buffer", "", SkidBuffer::<2>::default());
    write("skid_buffer", skid.expect("sound RTL"))?;
    let fifo = emit("fifo", "", Fifo::<2, 2, 3>::default());
    write("fifo", fifo.expect("sound RTL"))
}
