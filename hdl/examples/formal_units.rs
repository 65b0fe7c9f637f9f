//! Writes the units that `hdl/formal/run` proves, at small widths, into the folder given.

use dqa_hdl::axil_port::AxilPort;
use dqa_hdl::distributor::Distributor;
use dqa_hdl::emit::emit;
use dqa_hdl::fifo::Fifo;
use dqa_hdl::order_fifo::OrderFifo;
use dqa_hdl::skid_buffer::SkidBuffer;
use dqa_hdl::word_feed::WordFeed;
use dqa_hdl::word_fifo::WordFifo;
use rust_hdl::prelude::Block;
use std::path::Path;

fn write(name: &str, unit: impl Block) -> std::io::Result<()> {
    write_as(name, name, unit)
}

fn write_as(file: &str, name: &str, unit: impl Block) -> std::io::Result<()> {
    let folder = std::env::args().nth(1).expect("usage: formal_units FOLDER");
    let verilog = emit(name, "", unit).expect("sound RTL");
    std::fs::write(Path::new(&folder).join(format!("{file}.v")), verilog)
}

fn main() -> std::io::Result<()> {
    write("skid_buffer", SkidBuffer::<2>::default())?;
    write("fifo", Fifo::<2, 2, 3>::default())?;
    write("word_fifo", WordFifo::<1>::default())?;
    write("order_fifo", OrderFifo::<1>::default())?;
    write("distributor", Distributor::<2, 2>::default())?;
    write_as("word_feed_32", "word_feed", WordFeed::<32, 1>::default())?;
    write_as("word_feed_64", "word_feed", WordFeed::<64, 2>::default())?;
    write("axil_port", AxilPort::default())
}
