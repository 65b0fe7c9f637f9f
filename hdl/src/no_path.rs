//! No path: what stands in a core where a path is left out.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `control_*` | | hears nothing, and is never busy: [`PathSlave`] |
//! | `load_*` | in | writes are dropped |
//! | `s_axis_*` | in | requests are taken and dropped: a bus that sends one does not hang |
//! | `m_axis_*` | out | nothing comes |
//!
//! Generics: N bits of a request's beat, M of an answer's. No registers, so no clock. Paths that work:
//! [`WritePath`](crate::write_path), [`ReadPath`](crate::read_path).

use rust_hdl::prelude::*;

use crate::absent::{constant, unheard};
use crate::bus::{LoadSink, PathSlave, StreamSink, StreamSource};

/// The stand-in; see the module's text.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct NoPath<const N: usize, const M: usize> {
    pub control: PathSlave,
    pub load: LoadSink,
    pub s_axis: StreamSink<N>,
    pub m_axis: StreamSource<M>,
}

impl<const N: usize, const M: usize> Logic for NoPath<N, M> {
    fn update(&mut self) {
        self.control.busy.next = false;
        self.control.contexts_busy.next = bits(0);
        self.control.done.next = false;
        self.control.status.next = bits(0);
        self.control.beat_in.next = false;
        self.control.beat_out.next = false;
        self.control.stall_in.next = false;
        self.control.stall_out.next = false;
        self.s_axis.tready.next = true;
        self.m_axis.tvalid.next = false;
        self.m_axis.tdata.next = bits(0);
        self.m_axis.tlast.next = false;
    }

    fn connect(&mut self) {
        self.control.busy.connect();
        self.control.contexts_busy.connect();
        self.control.done.connect();
        self.control.status.connect();
        self.control.beat_in.connect();
        self.control.beat_out.connect();
        self.control.stall_in.connect();
        self.control.stall_out.connect();
        self.s_axis.tready.connect();
        self.m_axis.tvalid.connect();
        self.m_axis.tdata.connect();
        self.m_axis.tlast.connect();
    }

    fn hdl(&self) -> Verilog {
        let nothing = format!("{M}'h0");
        let code = constant(&[
            ("control$busy", "1'b0"),
            ("control$contexts_busy", "2'h0"),
            ("control$done", "1'b0"),
            ("control$status", "4'h0"),
            ("control$beat_in", "1'b0"),
            ("control$beat_out", "1'b0"),
            ("control$stall_in", "1'b0"),
            ("control$stall_out", "1'b0"),
            ("s_axis$tready", "1'b1"),
            ("m_axis$tvalid", "1'b0"),
            ("m_axis$tdata", &nothing),
            ("m_axis$tlast", "1'b0"),
        ]) + &unheard(&[
            "control$check_sequence",
            "control$valid",
            "control$plane_len0",
            "control$plane_len1",
            "load$valid",
            "load$context",
            "load$addr",
            "load$data",
            "s_axis$tdata",
            "s_axis$tvalid",
            "s_axis$tlast",
            "m_axis$tready",
        ]);
        Verilog::Wrapper(Wrapper {
            code,
            cores: String::new(),
        })
    }
}
