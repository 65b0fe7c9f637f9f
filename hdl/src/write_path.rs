//! Write path: requests to encode or to scan, from their packets to their answers'.
//!
//! ```text
//! s_axis -> packet port <-> encoder, scanner -> m_axis
//! ```
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `control_*` | | settings in, what happens out: [`PathSlave`] |
//! | `load_*` | in | writes of its load map |
//! | `s_axis_*` | in | requests, 16 S bits a beat |
//! | `m_axis_*` | out | answers, W bits a beat |
//!
//! Generics: those of the [encoder](crate::encoder) and of a [packet port](crate::packet_port) from D to W bits.
//! Where there is no write path: [`NoPath`](crate::no_path).

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::bus::{CommandSource, LoadSink, PathSlave, StreamSink, StreamSource};
use crate::encoder::Encoder;
use crate::packet_port::PacketPort;
use crate::parameters::Parameters;

/// The path; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct WritePath<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const P: usize,
    const K: usize,
    const B: usize,
    const A: usize,
    const L: usize,
    const N: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub control: PathSlave,
    pub load: LoadSink,
    pub s_axis: StreamSink<D>,
    pub m_axis: StreamSource<W>,
    port: PacketPort<D, Q, W, V, A, L, N>,
    encoder: Encoder<S, D, W, OUT, E, T, P, K, B>,
}

impl<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const P: usize,
    const K: usize,
    const B: usize,
    const A: usize,
    const L: usize,
    const N: usize,
> WritePath<S, D, Q, W, V, OUT, E, T, P, K, B, A, L, N>
{
    /// The write path of a core for these parameters, whose lanes are S.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            control: PathSlave::default(),
            load: LoadSink::default(),
            s_axis: StreamSink::default(),
            m_axis: StreamSource::default(),
            port: PacketPort::new(parameters, Direction::Write, parameters.scan),
            encoder: match parameters.scan {
                true => Encoder::with_scanner(parameters),
                false => Encoder::new(parameters),
            }
            .without_sink(),
        }
    }

    /// The same without register slices at its streams: at their other ends are registers.
    pub fn without_slices(self) -> Self {
        let port = self.port.without_slices();
        Self { port, ..self }
    }
}

impl<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const OUT: usize,
    const E: usize,
    const T: usize,
    const P: usize,
    const K: usize,
    const B: usize,
    const A: usize,
    const L: usize,
    const N: usize,
> Logic for WritePath<S, D, Q, W, V, OUT, E, T, P, K, B, A, L, N>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.port.aclk.next = self.aclk.val();
        self.encoder.aclk.next = self.aclk.val();
        self.port.aresetn.next = self.aresetn.val();
        self.encoder.aresetn.next = self.aresetn.val();
        PathSlave::link(&mut self.control, &mut self.port.control);
        LoadSink::link(&mut self.load, &mut self.encoder.load);
        StreamSink::<D>::link(&mut self.s_axis, &mut self.port.s_axis);
        CommandSource::join(&mut self.port.cmd, &mut self.encoder.cmd);
        for i in 0..self.encoder.cmd_scan.len() {
            self.encoder.cmd_scan[i].next = self.port.cmd_scan[i].val();
        }
        StreamSource::<D>::join(&mut self.port.payload, &mut self.encoder.s_axis);
        StreamSource::<W>::join(&mut self.encoder.m_axis, &mut self.port.result);
        self.port.result_tuser.next = self.encoder.m_axis_tuser.val();
        StreamSource::<W>::link(&mut self.m_axis, &mut self.port.m_axis);
    }
}
