//! Extremes of a beat: its smallest and largest sample.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk` | in | clock |
//! | `lanes`, `samples` | in | lanes that hold one, lane 0 always; the samples, 16 bits each |
//! | `low`, `high` | out | smallest and largest, 1 clock and one for each halving of the lanes later |
//!
//! Numbers are sample + 2^15 throughout, so that they compare without a sign. Parameters: S lanes;
//! D = 16 S. A beat a clock. What has no sample counts as lane 0's.

use rust_hdl::prelude::*;

/// Smallest and largest of two pairs, a clock later.
#[derive(LogicBlock, Default)]
#[allow(missing_docs)]
pub struct Wider {
    pub aclk: Signal<In, Clock>,
    pub low_a: Signal<In, Bits<16>>,
    pub high_a: Signal<In, Bits<16>>,
    pub low_b: Signal<In, Bits<16>>,
    pub high_b: Signal<In, Bits<16>>,
    pub low: Signal<Out, Bits<16>>,
    pub high: Signal<Out, Bits<16>>,
    low_now: DFF<Bits<16>>,
    high_now: DFF<Bits<16>>,
}

impl Logic for Wider {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, low_now, high_now);
        self.low_now.d.next = self.low_b.val();
        if self.low_a.val() < self.low_b.val() {
            self.low_now.d.next = self.low_a.val();
        }
        self.high_now.d.next = self.high_a.val();
        if self.high_a.val() < self.high_b.val() {
            self.high_now.d.next = self.high_b.val();
        }
        self.low.next = self.low_now.q.val();
        self.high.next = self.high_now.q.val();
    }
}

/// Extremes of S samples; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct Extremes<const S: usize, const D: usize> {
    pub aclk: Signal<In, Clock>,
    pub lanes: Signal<In, Bits<S>>,
    pub samples: Signal<In, Bits<D>>,
    pub low: Signal<Out, Bits<16>>,
    pub high: Signal<Out, Bits<16>>,
    sign: Constant<Bits<16>>,
    first: Signal<Local, Bits<16>>,
    sample: [DFF<Bits<16>>; S],
    of_2: Vec<Wider>,
    of_4: Vec<Wider>,
    of_8: Vec<Wider>,
}

impl<const S: usize, const D: usize> Default for Extremes<S, D> {
    fn default() -> Self {
        assert!(matches!(S, 1 | 2 | 4 | 8), "1, 2, 4 or 8 lanes");
        assert_eq!(D, 16 * S);
        let pairs = |number| (0..number).map(|_| Wider::default()).collect();
        Self {
            aclk: Signal::default(),
            lanes: Signal::default(),
            samples: Signal::default(),
            low: Signal::default(),
            high: Signal::default(),
            sign: Constant::new(bits(1 << 15)),
            first: Signal::default(),
            sample: std::array::from_fn(|_| DFF::default()),
            of_2: pairs(S / 2),
            of_4: pairs(S / 4),
            of_8: pairs(S / 8),
        }
    }
}

impl<const S: usize, const D: usize> Logic for Extremes<S, D> {
    #[hdl_gen]
    fn update(&mut self) {
        self.first.next = self.samples.val().get_bits::<16>(0) ^ self.sign.val();
        for i in 0..S {
            self.sample[i].clock.next = self.aclk.val();
            self.sample[i].d.next = self.first.val();
            if ((self.lanes.val() >> i.to_bits::<4>()) & 1).any() {
                self.sample[i].d.next = self.samples.val().get_bits::<16>(i * 16) ^ self.sign.val();
            }
        }
        self.low.next = self.sample[0].q.val();
        self.high.next = self.sample[0].q.val();
        for i in 0..self.of_2.len() {
            self.of_2[i].aclk.next = self.aclk.val();
            self.of_2[i].low_a.next = self.sample[2 * i].q.val();
            self.of_2[i].high_a.next = self.sample[2 * i].q.val();
            self.of_2[i].low_b.next = self.sample[2 * i + 1].q.val();
            self.of_2[i].high_b.next = self.sample[2 * i + 1].q.val();
            self.low.next = self.of_2[i].low.val();
            self.high.next = self.of_2[i].high.val();
        }
        for i in 0..self.of_4.len() {
            self.of_4[i].aclk.next = self.aclk.val();
            self.of_4[i].low_a.next = self.of_2[2 * i].low.val();
            self.of_4[i].high_a.next = self.of_2[2 * i].high.val();
            self.of_4[i].low_b.next = self.of_2[2 * i + 1].low.val();
            self.of_4[i].high_b.next = self.of_2[2 * i + 1].high.val();
            self.low.next = self.of_4[i].low.val();
            self.high.next = self.of_4[i].high.val();
        }
        for i in 0..self.of_8.len() {
            self.of_8[i].aclk.next = self.aclk.val();
            self.of_8[i].low_a.next = self.of_4[2 * i].low.val();
            self.of_8[i].high_a.next = self.of_4[2 * i].high.val();
            self.of_8[i].low_b.next = self.of_4[2 * i + 1].low.val();
            self.of_8[i].high_b.next = self.of_4[2 * i + 1].high.val();
            self.low.next = self.of_8[i].low.val();
            self.high.next = self.of_8[i].high.val();
        }
    }
}
