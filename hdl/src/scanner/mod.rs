//! Scanner: ranges of channels and histograms of codes, in one pass over the planes.
//!
//! ```text
//! samples ---> channel ranges -\
//!                              report -> m_axis
//! patterns --> histogram -----/
//! ```
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `begin_run`, `channels` | in | a scan begins: planes of each image; only while not `busy` |
//! | `beat`, `lanes`, `samples`, `ends` | in | a beat: lanes inside the plane, samples of 16 bits each, whether it is the plane's last |
//! | `count_lanes`, `count_important`, `patterns` | in | its codes, at the same clock or later: lanes that store one, their class, their patterns of 10 bits |
//! | `finish`, `error` | in | for one clock: the scan has ended, with this error code; 4 clocks behind the last samples and 1 behind the last codes at the earliest |
//! | `m_axis_*` | out, out, in, out, out | W bits: `dqa_golden::scan::Scan` as bytes; last with the last, and with it the error code. With an error one beat of zeros |
//! | `busy` | out | between `finish` and the end of its report; 1300 clocks after a reset |
//!
//! Generics: S lanes; D = 16 S; W = 32 up to 4 lanes, 64 for 8; K = 10 S. A beat a clock; the report costs 1300 clocks
//! and those of the ranges' beats. A lane's counters stay at `2^22 / S`, so a packet, which has at most
//! 2^22 samples, is counted rightly. Block RAM: 32 bits a channel, and 23 less the binary logarithm of S
//! a pattern, class and lane.
//!
//! The samples' codes come from outside: [`ScanPath`] takes them from the encoder.

mod channel_ranges;
mod extremes;
mod forwarding;
mod histogram;
mod histogram_lane;
mod report;
mod scan_path;

pub use channel_ranges::ChannelRanges;
pub use extremes::{Extremes, Wider};
pub use forwarding::Forwarding;
pub use histogram::Histogram;
pub use histogram_lane::HistogramLane;
pub use report::Report;
pub use scan_path::ScanPath;

use rust_hdl::prelude::*;

use crate::parameters::Parameters;

/// The scanner; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct Scanner<const S: usize, const D: usize, const W: usize, const K: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub begin_run: Signal<In, Bit>,
    pub channels: Signal<In, Bits<16>>,
    pub beat: Signal<In, Bit>,
    pub lanes: Signal<In, Bits<S>>,
    pub samples: Signal<In, Bits<D>>,
    pub ends: Signal<In, Bit>,
    pub count_lanes: Signal<In, Bits<S>>,
    pub count_important: Signal<In, Bit>,
    pub patterns: Signal<In, Bits<K>>,
    pub finish: Signal<In, Bit>,
    pub error: Signal<In, Bits<3>>,
    pub m_axis_tdata: Signal<Out, Bits<W>>,
    pub m_axis_tvalid: Signal<Out, Bit>,
    pub m_axis_tready: Signal<In, Bit>,
    pub m_axis_tlast: Signal<Out, Bit>,
    pub m_axis_tuser: Signal<Out, Bits<3>>,
    pub busy: Signal<Out, Bit>,
    ranges: ChannelRanges<S, D>,
    histogram: Histogram<S, K>,
    report: Report<W>,
}

impl<const S: usize, const D: usize, const W: usize, const K: usize> Scanner<S, D, W, K> {
    /// A scanner for these parameters, whose lanes are S.
    pub fn new(parameters: &Parameters) -> Self {
        assert_eq!(parameters.check(), Ok(()));
        assert_eq!((parameters.lanes, parameters.word_bits()), (S, W));
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            begin_run: Signal::default(),
            channels: Signal::default(),
            beat: Signal::default(),
            lanes: Signal::default(),
            samples: Signal::default(),
            ends: Signal::default(),
            count_lanes: Signal::default(),
            count_important: Signal::default(),
            patterns: Signal::default(),
            finish: Signal::default(),
            error: Signal::default(),
            m_axis_tdata: Signal::default(),
            m_axis_tvalid: Signal::default(),
            m_axis_tready: Signal::default(),
            m_axis_tlast: Signal::default(),
            m_axis_tuser: Signal::default(),
            busy: Signal::default(),
            ranges: ChannelRanges::new(parameters.channels),
            histogram: Histogram::new(parameters.width()),
            report: Report::default(),
        }
    }
}

impl<const S: usize, const D: usize, const W: usize, const K: usize> Logic for Scanner<S, D, W, K> {
    #[hdl_gen]
    fn update(&mut self) {
        self.ranges.aclk.next = self.aclk.val();
        self.ranges.aresetn.next = self.aresetn.val();
        self.ranges.enable.next = self.report.enable.val();
        self.ranges.begin_run.next = self.begin_run.val();
        self.ranges.channels.next = self.channels.val();
        self.ranges.beat.next = self.beat.val();
        self.ranges.lanes.next = self.lanes.val();
        self.ranges.samples.next = self.samples.val();
        self.ranges.ends.next = self.ends.val();
        self.ranges.ask.next = self.report.ask.val();
        self.ranges.asked_channel.next = self.report.asked_channel.val();
        self.ranges.asked_half.next = self.report.asked_half.val();

        self.histogram.aclk.next = self.aclk.val();
        self.histogram.aresetn.next = self.aresetn.val();
        self.histogram.enable.next = self.report.enable.val();
        self.histogram.lanes.next = self.count_lanes.val();
        self.histogram.important.next = self.count_important.val();
        self.histogram.patterns.next = self.patterns.val();
        self.histogram.drain.next = self.report.drain.val();
        self.histogram.drain_bin.next = self.report.drain_bin.val();

        self.report.aclk.next = self.aclk.val();
        self.report.aresetn.next = self.aresetn.val();
        self.report.finish.next = self.finish.val();
        self.report.error.next = self.error.val();
        self.report.last_channel.next = self.ranges.last_channel.val();
        self.report.low.next = self.ranges.low.val();
        self.report.high.next = self.ranges.high.val();
        self.report.told.next = self.ranges.told.val();
        self.report.told_half.next = self.ranges.told_half.val();
        self.report.total.next = self.histogram.total.val();
        self.report.total_bin.next = self.histogram.total_bin.val();
        self.report.total_valid.next = self.histogram.total_valid.val();

        self.m_axis_tdata.next = self.report.m_axis_tdata.val();
        self.m_axis_tvalid.next = self.report.m_axis_tvalid.val();
        self.m_axis_tlast.next = self.report.m_axis_tlast.val();
        self.m_axis_tuser.next = self.report.m_axis_tuser.val();
        self.report.m_axis_tready.next = self.m_axis_tready.val();
        self.busy.next = self.report.busy.val();
    }
}
