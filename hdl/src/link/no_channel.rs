//! No channel: what stands between link and core where a path is left out, and in the link.
//!
//! [`NoChannel`] is in place of [`PacketInput`](super::packet_input) and [`PacketOutput`](super::packet_output):
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `from_host_*`, `to_host_*` | in, out | the link's bytes: none are taken, none given |
//! | `m_axis_*`, `s_axis_*` | out, in | the core's beats: none are given, none taken |
//!
//! Generics: N bits of a beat to the core, M of one from it. [`NoRing`] hears what a
//! [`ChannelRing`](super::channel_ring) would: the link itself says that there is no room. No registers.

use rust_hdl::prelude::*;

use crate::absent::{constant, unheard};
use crate::bus::{ByteSink, StreamSink, StreamSource};

/// Stands between link and core; see the module's text.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct NoChannel<const N: usize, const M: usize> {
    pub from_host: ByteSink,
    pub to_host: StreamSource<8>,
    pub m_axis: StreamSource<N>,
    pub s_axis: StreamSink<M>,
}

impl<const N: usize, const M: usize> Logic for NoChannel<N, M> {
    fn update(&mut self) {
        self.from_host.tready.next = false;
        self.to_host.tvalid.next = false;
        self.to_host.tdata.next = bits(0);
        self.to_host.tlast.next = false;
        self.m_axis.tvalid.next = false;
        self.m_axis.tdata.next = bits(0);
        self.m_axis.tlast.next = false;
        self.s_axis.tready.next = false;
    }

    fn connect(&mut self) {
        self.from_host.tready.connect();
        self.to_host.tvalid.connect();
        self.to_host.tdata.connect();
        self.to_host.tlast.connect();
        self.m_axis.tvalid.connect();
        self.m_axis.tdata.connect();
        self.m_axis.tlast.connect();
        self.s_axis.tready.connect();
    }

    fn hdl(&self) -> Verilog {
        let nothing = format!("{N}'h0");
        let code = constant(&[
            ("from_host$tready", "1'b0"),
            ("to_host$tvalid", "1'b0"),
            ("to_host$tdata", "8'h0"),
            ("to_host$tlast", "1'b0"),
            ("m_axis$tvalid", "1'b0"),
            ("m_axis$tdata", &nothing),
            ("m_axis$tlast", "1'b0"),
            ("s_axis$tready", "1'b0"),
        ]) + &unheard(&[
            "from_host$tdata",
            "from_host$tvalid",
            "to_host$tready",
            "m_axis$tready",
            "s_axis$tdata",
            "s_axis$tvalid",
            "s_axis$tlast",
        ]);
        Verilog::Wrapper(Wrapper {
            code,
            cores: String::new(),
        })
    }
}

/// Hears in the link what a channel's ring and slice would; see the module's text.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct NoRing {
    pub keep: Signal<In, Bit>,
    pub m_tready: Signal<In, Bit>,
    pub s_tdata: Signal<In, Bits<8>>,
    pub s_tvalid: Signal<In, Bit>,
    pub s_tlast: Signal<In, Bit>,
    pub ring_tready: Signal<In, Bit>,
}

impl Logic for NoRing {
    fn update(&mut self) {}

    fn hdl(&self) -> Verilog {
        let inputs = [
            "keep",
            "m_tready",
            "s_tdata",
            "s_tvalid",
            "s_tlast",
            "ring_tready",
        ];
        Verilog::Wrapper(Wrapper {
            code: unheard(&inputs),
            cores: String::new(),
        })
    }
}
