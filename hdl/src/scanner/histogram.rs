//! Histogram: how often each pattern of each class occurs, S samples a clock.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset; counters stay |
//! | `enable` | in | moves everything |
//! | `lanes`, `important`, `patterns` | in | a beat: lanes that are counted, their class, their patterns of 10 bits |
//! | `drain`, `drain_bin` | in | a count is told and becomes 0; 3 clocks behind a beat at the earliest |
//! | `total`, `total_bin`, `total_valid` | out | S + 3 clocks later: it, over all lanes |
//!
//! Parameters: S lanes; K = 10 S; the most bits of a pattern are given to [`Histogram::new`]. A beat or a count
//! each clock. A count passes the lanes one a clock, each adding its own.

use rust_hdl::prelude::*;

use super::histogram_lane::HistogramLane;
use crate::primitives::Reg;

/// The counters of all lanes; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct Histogram<const S: usize, const K: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub enable: Signal<In, Bit>,
    pub lanes: Signal<In, Bits<S>>,
    pub important: Signal<In, Bit>,
    pub patterns: Signal<In, Bits<K>>,
    pub drain: Signal<In, Bit>,
    pub drain_bin: Signal<In, Bits<11>>,
    pub total: Signal<Out, Bits<23>>,
    pub total_bin: Signal<Out, Bits<11>>,
    pub total_valid: Signal<Out, Bit>,
    drains: [Reg<Bit>; S],
    drain_bins: [Reg<Bits<11>>; S],
    lane: [HistogramLane; S],
}

impl<const S: usize, const K: usize> Histogram<S, K> {
    /// For patterns of at most `width` bits.
    pub fn new(width: u8) -> Self {
        assert!(matches!(S, 1 | 2 | 4 | 8), "1, 2, 4 or 8 lanes");
        assert_eq!(K, 10 * S);
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            enable: Signal::default(),
            lanes: Signal::default(),
            important: Signal::default(),
            patterns: Signal::default(),
            drain: Signal::default(),
            drain_bin: Signal::default(),
            total: Signal::default(),
            total_bin: Signal::default(),
            total_valid: Signal::default(),
            drains: std::array::from_fn(|_| Reg::default()),
            drain_bins: std::array::from_fn(|_| Reg::default()),
            lane: std::array::from_fn(|_| HistogramLane::new(S, width)),
        }
    }
}

impl<const S: usize, const K: usize> Logic for Histogram<S, K> {
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..S {
            self.lane[i].aclk.next = self.aclk.val();
            self.lane[i].aresetn.next = self.aresetn.val();
            self.lane[i].enable.next = self.enable.val();
            self.drains[i].clock.next = self.aclk.val();
            self.drains[i].aresetn.next = self.aresetn.val();
            self.drains[i].enable.next = self.enable.val();
            self.drain_bins[i].clock.next = self.aclk.val();
            self.drain_bins[i].aresetn.next = true;
            self.drain_bins[i].enable.next = self.enable.val();
            self.lane[i].drain.next = self.drains[i].q.val();
            self.lane[i].drain_bin.next = self.drain_bins[i].q.val();
            self.lane[i].count.next = ((self.lanes.val() >> i.to_bits::<4>()) & 1).any();
            self.lane[i].important.next = self.important.val();
            self.lane[i].pattern.next = self.patterns.val().get_bits::<10>(i * 10);
        }
        self.drains[0].d.next = self.drain.val();
        self.drain_bins[0].d.next = self.drain_bin.val();
        self.lane[0].sum.next = 0.into();
        for i in 1..S {
            self.drains[i].d.next = self.drains[i - 1].q.val();
            self.drain_bins[i].d.next = self.drain_bins[i - 1].q.val();
            self.lane[i].sum.next = self.lane[i - 1].total.val();
        }
        for i in 0..S {
            self.total.next = self.lane[i].total.val();
            self.total_bin.next = self.lane[i].total_bin.val();
            self.total_valid.next = self.lane[i].total_valid.val();
        }
    }
}
