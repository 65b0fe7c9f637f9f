//! XDMA port: what goes between the streams of a DMA engine and the ports of `dqa_core`.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `s_axis_h2c_0_*`, `m_axis_c2h_0_*` | in, out | transfers to the write path, its answers |
//! | `s_axis_h2c_1_*`, `m_axis_c2h_1_*` | in, out | transfers to the read path, its answers |
//! | `usr_irq_req`, `usr_irq_ack` | out, in | [interrupt](super::interrupt_request) |
//! | `streams_aresetn` | in | the core's: low while its paths are in reset |
//! | `m_axis_enc_*`, `s_axis_enc_*` | out, in | requests to encode and scan, answers |
//! | `m_axis_dec_*`, `s_axis_dec_*` | out, in | requests to decode, answers |
//! | `irq` | in | the core's |
//!
//! Generics: X, K, T of the [splitter](super::beat_splitter); D and W, bits of the core's beats of samples and of
//! words, 32 to X; D2, W2 twice that, DP, WP one more. Throughput and latencies are the units'.

use rust_hdl::prelude::*;

use crate::bus::{DmaSink, DmaSource, StreamSink, StreamSource};
use crate::xdma::answer_packer::AnswerPacker;
use crate::xdma::interrupt_request::InterruptRequest;
use crate::xdma::request_cutter::RequestCutter;

/// The port; see the module's text.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct XdmaPort<
    const X: usize,
    const K: usize,
    const T: usize,
    const D: usize,
    const D2: usize,
    const DP: usize,
    const W: usize,
    const W2: usize,
    const WP: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axis_h2c_0: DmaSink<X, K>,
    pub m_axis_c2h_0: DmaSource<X, K>,
    pub s_axis_h2c_1: DmaSink<X, K>,
    pub m_axis_c2h_1: DmaSource<X, K>,
    pub usr_irq_req: Signal<Out, Bit>,
    pub usr_irq_ack: Signal<In, Bit>,
    pub streams_aresetn: Signal<In, Bit>,
    pub m_axis_enc: StreamSource<D>,
    pub s_axis_enc: StreamSink<W>,
    pub m_axis_dec: StreamSource<W>,
    pub s_axis_dec: StreamSink<D>,
    pub irq: Signal<In, Bit>,
    encode_cutter: RequestCutter<X, K, T, D, D2, DP>,
    encode_packer: AnswerPacker<W, X, K, T>,
    decode_cutter: RequestCutter<X, K, T, W, W2, WP>,
    decode_packer: AnswerPacker<D, X, K, T>,
    interrupt: InterruptRequest,
}

impl<
    const X: usize,
    const K: usize,
    const T: usize,
    const D: usize,
    const D2: usize,
    const DP: usize,
    const W: usize,
    const W2: usize,
    const WP: usize,
> Logic for XdmaPort<X, K, T, D, D2, DP, W, W2, WP>
{
    #[hdl_gen]
    fn update(&mut self) {
        self.encode_cutter.aclk.next = self.aclk.val();
        self.encode_packer.aclk.next = self.aclk.val();
        self.decode_cutter.aclk.next = self.aclk.val();
        self.decode_packer.aclk.next = self.aclk.val();
        self.interrupt.aclk.next = self.aclk.val();
        self.encode_cutter.aresetn.next = self.streams_aresetn.val();
        self.decode_cutter.aresetn.next = self.streams_aresetn.val();
        self.encode_packer.aresetn.next = self.aresetn.val();
        self.decode_packer.aresetn.next = self.aresetn.val();
        self.encode_packer.clear.next = !self.streams_aresetn.val();
        self.decode_packer.clear.next = !self.streams_aresetn.val();
        self.interrupt.aresetn.next = self.aresetn.val();

        DmaSink::<X, K>::link(&mut self.s_axis_h2c_0, &mut self.encode_cutter.s_axis);
        StreamSource::<D>::link(&mut self.m_axis_enc, &mut self.encode_cutter.m_axis);
        StreamSink::<W>::link(&mut self.s_axis_enc, &mut self.encode_packer.s_axis);
        DmaSource::<X, K>::link(&mut self.m_axis_c2h_0, &mut self.encode_packer.m_axis);

        DmaSink::<X, K>::link(&mut self.s_axis_h2c_1, &mut self.decode_cutter.s_axis);
        StreamSource::<W>::link(&mut self.m_axis_dec, &mut self.decode_cutter.m_axis);
        StreamSink::<D>::link(&mut self.s_axis_dec, &mut self.decode_packer.s_axis);
        DmaSource::<X, K>::link(&mut self.m_axis_c2h_1, &mut self.decode_packer.m_axis);

        self.interrupt.irq.next = self.irq.val();
        self.usr_irq_req.next = self.interrupt.request.val();
        self.interrupt.ack.next = self.usr_irq_ack.val();
    }
}
