//! Scan path: the scanner beside the encoder, whose sequencer and quantizers it shares.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `cmd_scan`, `admits` | in, out | the next packet is to be scanned; it may begin |
//! | `start`, `channels` | in | a clock later, while `cmd_scan` stands: it begins, of so many channels |
//! | `done` | in | the last beat of a packet has left the core |
//! | `scanning` | out | the packet under way is scanned, from the clock after `start` to `done` |
//! | `beat_*` | in | the sequencer's |
//! | `samples`, `patterns` | in | the beat's samples and codes, 1 and 7 clocks later |
//! | `ending`, `error` | in | the packet's end, 10 clocks behind its last beat at the earliest, and its error code |
//! | `m_axis_*` | out, out, in, out, out | as from the [`Scanner`] |
//!
//! Generics: S lanes; D = 16 S; W = 32 up to 4 lanes, 64 for 8; K = 10 S. A scan waits until what was encoded
//! before it has left the core, and the other way round, so that answers keep their order.

use rust_hdl::prelude::*;

use super::Scanner;
use crate::delay::Delay;
use crate::parameters::Parameters;
use crate::quantize;

/// Clocks from the sequencer to the codes.
const CODES: usize = quantize::LATENCY + 1;

/// The path; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct ScanPath<const S: usize, const D: usize, const W: usize, const K: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub cmd_scan: Signal<In, Bit>,
    pub admits: Signal<Out, Bit>,
    pub start: Signal<In, Bit>,
    pub done: Signal<In, Bit>,
    pub scanning: Signal<Out, Bit>,
    pub channels: Signal<In, Bits<16>>,
    pub beat_valid: Signal<In, Bit>,
    pub beat_inside: Signal<In, Bits<S>>,
    pub beat_ends: Signal<In, Bit>,
    pub beat_lanes: Signal<In, Bits<S>>,
    pub beat_important: Signal<In, Bit>,
    pub samples: Signal<In, Bits<D>>,
    pub patterns: Signal<In, Bits<K>>,
    pub ending: Signal<In, Bit>,
    pub error: Signal<In, Bits<3>>,
    pub m_axis_tdata: Signal<Out, Bits<W>>,
    pub m_axis_tvalid: Signal<Out, Bit>,
    pub m_axis_tready: Signal<In, Bit>,
    pub m_axis_tlast: Signal<Out, Bit>,
    pub m_axis_tuser: Signal<Out, Bits<3>>,
    scans: DFF<Bit>,
    /// Packets that have begun and not left: the encoder's FIFOs hold less than 512.
    under_way: DFF<Bits<10>>,
    beat: DFF<Bit>,
    inside_now: DFF<Bits<S>>,
    ends: DFF<Bit>,
    counted: Signal<Local, Bits<S>>,
    past_lanes: Delay<S, CODES>,
    important: Signal<Local, Bits<1>>,
    past_important: Delay<1, CODES>,
    scanner: Scanner<S, D, W, K>,
}

impl<const S: usize, const D: usize, const W: usize, const K: usize> ScanPath<S, D, W, K> {
    /// A path for these parameters, whose lanes are S.
    pub fn new(parameters: &Parameters) -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            cmd_scan: Signal::default(),
            admits: Signal::default(),
            start: Signal::default(),
            done: Signal::default(),
            scanning: Signal::default(),
            channels: Signal::default(),
            beat_valid: Signal::default(),
            beat_inside: Signal::default(),
            beat_ends: Signal::default(),
            beat_lanes: Signal::default(),
            beat_important: Signal::default(),
            samples: Signal::default(),
            patterns: Signal::default(),
            ending: Signal::default(),
            error: Signal::default(),
            m_axis_tdata: Signal::default(),
            m_axis_tvalid: Signal::default(),
            m_axis_tready: Signal::default(),
            m_axis_tlast: Signal::default(),
            m_axis_tuser: Signal::default(),
            scans: DFF::default(),
            under_way: DFF::default(),
            beat: DFF::default(),
            inside_now: DFF::default(),
            ends: DFF::default(),
            counted: Signal::default(),
            past_lanes: Delay::default(),
            important: Signal::default(),
            past_important: Delay::default(),
            scanner: Scanner::new(parameters),
        }
    }
}

impl<const S: usize, const D: usize, const W: usize, const K: usize> Logic
    for ScanPath<S, D, W, K>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, scans, under_way);
        clock!(self, aclk, beat, inside_now, ends);
        self.past_lanes.aclk.next = self.aclk.val();
        self.past_lanes.aresetn.next = self.aresetn.val();
        self.past_important.aclk.next = self.aclk.val();
        self.past_important.aresetn.next = self.aresetn.val();
        self.scanner.aclk.next = self.aclk.val();
        self.scanner.aresetn.next = self.aresetn.val();

        // Who may begin.
        self.admits.next = !self.scans.q.val();
        if self.cmd_scan.val() {
            self.admits.next = !(self.under_way.q.val().any() | self.scanner.busy.val());
        }
        if self.start.val() & !self.done.val() {
            self.under_way.d.next = self.under_way.q.val() + 1;
        }
        if self.done.val() & !self.start.val() {
            self.under_way.d.next = self.under_way.q.val() - 1;
        }
        if self.done.val() {
            self.scans.d.next = false;
        }
        if self.start.val() {
            self.scans.d.next = self.cmd_scan.val();
        }
        self.scanning.next = self.scans.q.val();

        self.scanner.begin_run.next = self.start.val() & self.cmd_scan.val();
        self.scanner.channels.next = self.channels.val();
        self.beat.d.next = self.beat_valid.val() & self.scans.q.val();
        self.inside_now.d.next = self.beat_inside.val();
        self.ends.d.next = self.beat_ends.val();
        self.scanner.beat.next = self.beat.q.val();
        self.scanner.lanes.next = self.inside_now.q.val();
        self.scanner.ends.next = self.ends.q.val();
        self.scanner.samples.next = self.samples.val();
        self.counted.next = 0.into();
        if self.beat_valid.val() & self.scans.q.val() {
            self.counted.next = self.beat_lanes.val();
        }
        self.important.next = 0.into();
        if self.beat_important.val() {
            self.important.next = 1.into();
        }
        self.past_lanes.d.next = self.counted.val();
        self.past_important.d.next = self.important.val();
        self.scanner.count_lanes.next = self.past_lanes.q.val();
        self.scanner.count_important.next = self.past_important.q.val().any();
        self.scanner.patterns.next = self.patterns.val();
        self.scanner.finish.next = self.ending.val() & self.scans.q.val();
        self.scanner.error.next = self.error.val();

        self.m_axis_tdata.next = self.scanner.m_axis_tdata.val();
        self.m_axis_tvalid.next = self.scanner.m_axis_tvalid.val();
        self.m_axis_tlast.next = self.scanner.m_axis_tlast.val();
        self.m_axis_tuser.next = self.scanner.m_axis_tuser.val();
        self.scanner.m_axis_tready.next = self.m_axis_tready.val();

        if !self.aresetn.val() {
            self.scans.d.next = false;
            self.under_way.d.next = 0.into();
            self.beat.d.next = false;
        }
    }
}
