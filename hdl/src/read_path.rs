//! Read path: requests to decode, from their packets to their answers'.
//!
//! ```text
//! s_axis -> packet port <-> decoder -> m_axis
//! ```
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `control_*` | | settings in, what happens out: [`PathSlave`] |
//! | `load_*` | in | writes of its load map |
//! | `s_axis_*` | in | requests, W bits a beat |
//! | `m_axis_*` | out | answers, 16 S bits a beat |
//!
//! Generics: those of the [decoder](crate::decoder) and of a [packet port](crate::packet_port) from W to D bits.
//! Where there is no read path: [`NoPath`](crate::no_path).

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::bus::{CommandSource, LoadSink, PathSlave, StreamSink, StreamSource};
use crate::decoder::Decoder;
use crate::packet_port::PacketPort;
use crate::parameters::Parameters;

/// The path; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct ReadPath<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const P: usize,
    const F: usize,
    const O: usize,
    const C: usize,
    const CE: usize,
    const A: usize,
    const L: usize,
    const N: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub control: PathSlave,
    pub load: LoadSink,
    pub s_axis: StreamSink<W>,
    pub m_axis: StreamSource<D>,
    port: PacketPort<W, V, D, Q, A, L, N>,
    decoder: Decoder<S, W, P, F, D, V, O, C, CE>,
}

impl<
    const S: usize,
    const D: usize,
    const Q: usize,
    const W: usize,
    const V: usize,
    const P: usize,
    const F: usize,
    const O: usize,
    const C: usize,
    const CE: usize,
    const A: usize,
    const L: usize,
    const N: usize,
> ReadPath<S, D, Q, W, V, P, F, O, C, CE, A, L, N>
{
    /// The read path of a core for these parameters, whose lanes are S.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            control: PathSlave::default(),
            load: LoadSink::default(),
            s_axis: StreamSink::default(),
            m_axis: StreamSource::default(),
            port: PacketPort::new(parameters, Direction::Read, false),
            decoder: Decoder::new(parameters),
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
    const P: usize,
    const F: usize,
    const O: usize,
    const C: usize,
    const CE: usize,
    const A: usize,
    const L: usize,
    const N: usize,
> Logic for ReadPath<S, D, Q, W, V, P, F, O, C, CE, A, L, N>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.port.aclk.next = self.aclk.val();
        self.decoder.aclk.next = self.aclk.val();
        self.port.aresetn.next = self.aresetn.val();
        self.decoder.aresetn.next = self.aresetn.val();
        PathSlave::link(&mut self.control, &mut self.port.control);
        LoadSink::link(&mut self.load, &mut self.decoder.load);
        StreamSink::<W>::link(&mut self.s_axis, &mut self.port.s_axis);
        CommandSource::join(&mut self.port.cmd, &mut self.decoder.cmd);
        StreamSource::<W>::join(&mut self.port.payload, &mut self.decoder.s_axis);
        StreamSource::<D>::join(&mut self.decoder.m_axis, &mut self.port.result);
        self.port.result_tuser.next = self.decoder.m_axis_tuser.val();
        StreamSource::<D>::link(&mut self.m_axis, &mut self.port.m_axis);
    }
}
