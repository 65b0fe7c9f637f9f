//! One lane of the histogram: a counter for each pattern of each class, in block RAM.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset; counters stay |
//! | `enable` | in | moves everything |
//! | `count`, `important`, `pattern` | in | a sample is counted: its class and pattern |
//! | `drain`, `drain_bin` | in | a pattern's counter, the class (1 Important) in bit 0, is told and becomes 0; 4 clocks behind a `count` at the earliest |
//! | `sum` | in | 2 clocks behind `drain`: of the lanes in front |
//! | `total`, `total_bin`, `total_valid` | out | 3 clocks behind `drain`: `sum` and the counter |
//!
//! Parameters: the lanes of the histogram and the most bits of a pattern are given to
//! [`HistogramLane::new`]. A counter stays at 2^22 by the lanes: no lane has more samples of a packet. A
//! sample a clock, also of the same bin. Counters are undefined until drained.

use dqa_golden::format::MAX_WIDTH;
use dqa_golden::payload::MAX_PACKET_SAMPLES;
use rust_hdl::prelude::*;

use super::forwarding::Forwarding;
use crate::primitives::{PipelinedRam, Reg};

/// A lane's counters; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct HistogramLane {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub enable: Signal<In, Bit>,
    pub count: Signal<In, Bit>,
    pub important: Signal<In, Bit>,
    pub pattern: Signal<In, Bits<10>>,
    pub drain: Signal<In, Bit>,
    pub drain_bin: Signal<In, Bits<11>>,
    pub sum: Signal<In, Bits<23>>,
    pub total: Signal<Out, Bits<23>>,
    pub total_bin: Signal<Out, Bits<11>>,
    pub total_valid: Signal<Out, Bit>,
    forwarding: Forwarding<11>,
    memory: PipelinedRam<23, 11>,
    address: Signal<Local, Bits<11>>,
    word: DFF<Bits<23>>,
    last: DFF<Bits<23>>,
    kept: DFF<Bits<23>>,
    counter: Signal<Local, Bits<23>>,
    changed: Signal<Local, Bits<23>>,
    full: Signal<Local, Bit>,
    most: Constant<Bits<23>>,
    used: Constant<Bits<23>>,
    step: Signal<Local, Bits<23>>,
    drains: [Reg<Bit>; 3],
    totalled: DFF<Bits<23>>,
}

impl HistogramLane {
    /// One of so many lanes, for patterns of at most `width` bits.
    pub fn new(lanes: usize, width: u8) -> Self {
        assert!(
            (2..=MAX_WIDTH).contains(&width),
            "patterns have 2 to 10 bits"
        );
        let most = MAX_PACKET_SAMPLES / lanes as u64;
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            enable: Signal::default(),
            count: Signal::default(),
            important: Signal::default(),
            pattern: Signal::default(),
            drain: Signal::default(),
            drain_bin: Signal::default(),
            sum: Signal::default(),
            total: Signal::default(),
            total_bin: Signal::default(),
            total_valid: Signal::default(),
            forwarding: Forwarding::default(),
            memory: PipelinedRam::new(2 << width),
            address: Signal::default(),
            word: DFF::default(),
            last: DFF::default(),
            kept: DFF::default(),
            counter: Signal::default(),
            changed: Signal::default(),
            full: Signal::default(),
            most: Constant::new(bits(most)),
            used: Constant::new(bits(2 * most - 1)),
            step: Signal::default(),
            drains: std::array::from_fn(|_| Reg::default()),
            totalled: DFF::default(),
        }
    }
}

impl Logic for HistogramLane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, word, last, kept);
        dff_setup!(self, aclk, totalled);
        clock!(self, aclk, memory);
        for i in 0..3 {
            self.drains[i].clock.next = self.aclk.val();
            self.drains[i].aresetn.next = self.aresetn.val();
            self.drains[i].enable.next = self.enable.val();
        }
        self.drains[0].d.next = self.drain.val();
        for i in 1..3 {
            self.drains[i].d.next = self.drains[i - 1].q.val();
        }

        self.address.next = bit_cast::<11, 10>(self.pattern.val()) << 1;
        if self.important.val() {
            self.address.next = (bit_cast::<11, 10>(self.pattern.val()) << 1) | 1;
        }
        if self.drain.val() {
            self.address.next = self.drain_bin.val();
        }
        self.forwarding.aclk.next = self.aclk.val();
        self.forwarding.aresetn.next = self.aresetn.val();
        self.forwarding.enable.next = self.enable.val();
        self.forwarding.valid.next = self.count.val() | self.drain.val();
        self.forwarding.address.next = self.address.val();
        self.memory.enable.next = self.enable.val();
        self.memory.read_address.next = self.address.val();
        self.memory.write.next = self.forwarding.write.val();
        self.memory.write_address.next = self.forwarding.write_address.val();

        // The counter, 2 clocks later; and what it becomes. A drained one is a word of 0 that stays.
        self.counter.next = self.memory.read_data.val() & self.used.val();
        self.full.next = (self.word.q.val() & self.most.val()).any();
        self.step.next = 1.into();
        if self.full.val() | self.drains[2].q.val() {
            self.step.next = 0.into();
        }
        self.changed.next = (self.word.q.val() + self.step.val()) & self.used.val();
        self.memory.write_data.next = self.changed.val();
        if self.enable.val() {
            self.last.d.next = self.changed.val();
            self.kept.d.next = self.last.q.val();
            if self.forwarding.keeps_changed.val() {
                self.kept.d.next = self.changed.val();
            }
            self.word.d.next = self.counter.val();
            if self.forwarding.takes_kept.val() {
                self.word.d.next = self.kept.q.val();
            }
            if self.forwarding.takes_changed.val() {
                self.word.d.next = self.changed.val();
            }
            if self.drains[1].q.val() {
                self.word.d.next = 0.into();
            }
            self.totalled.d.next = self.sum.val() + self.counter.val();
        }
        self.total.next = self.totalled.q.val();
        self.total_bin.next = self.forwarding.write_address.val();
        self.total_valid.next = self.drains[2].q.val();
    }
}
