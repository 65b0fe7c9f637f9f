//! Range finder: the largest magnitude of a plane, while its beats pass.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset: what was under way is forgotten |
//! | `sample`, `lanes`, `valid` | in | a beat's samples; the lanes that take part |
//! | `last` | in | it is the plane's last |
//! | `absolute` | in | magnitudes are absolute values; else those of negative samples are 0 |
//! | `range`, `found` | out | the range of a plane, for one clock, [`latency`] clocks behind its last beat |
//!
//! Parameter: S lanes, 1, 2, 4 or 8. One beat a clock, never stalls.
//!
//! A magnitude is `u + s` of a sample's sign s and its other bits u, which are inverted if it is
//! negative. Such pairs are in the order of their sums when read as one number, u above s. So the
//! only sum is the range's.
//!
//! | clock | work |
//! |---|---|
//! | 1 | the lanes' pairs |
//! | 2, 3, 4 | the larger of two, in as many clocks as there are pairs of lanes to go through |
//! | next | the larger of those and of the plane so far |
//! | last | add the sign |

use rust_hdl::prelude::*;

/// Clocks from a plane's last beat to its range.
pub const fn latency(lanes: usize) -> usize {
    3 + lanes.trailing_zeros() as usize
}

/// Range finder of S lanes.
#[derive(LogicBlock)]
pub struct RangeFinder<const S: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Samples.
    pub sample: [Signal<In, Bits<16>>; S],
    /// Lanes that have one.
    pub lanes: Signal<In, Bits<S>>,
    /// There is a beat.
    pub valid: Signal<In, Bit>,
    /// It is the plane's last.
    pub last: Signal<In, Bit>,
    /// Negative samples count.
    pub absolute: Signal<In, Bit>,
    /// Largest magnitude.
    pub range: Signal<Out, Bits<16>>,
    /// A plane's.
    pub found: Signal<Out, Bit>,

    magnitude: [Signal<Local, Bits<16>>; S],
    of_one: [DFF<Bits<16>>; S],
    of_two: Vec<DFF<Bits<16>>>,
    of_four: Vec<DFF<Bits<16>>>,
    of_eight: Vec<DFF<Bits<16>>>,
    of_all: Signal<Local, Bits<16>>,
    /// Beside them: a beat; the plane's last.
    beside: Vec<DFF<Bits<2>>>,
    beat: Signal<Local, Bits<2>>,
    so_far: DFF<Bits<16>>,
    ended: DFF<Bit>,
    best: Signal<Local, Bits<16>>,
    sum: DFF<Bits<16>>,
    sum_found: DFF<Bit>,
}

impl<const S: usize> Default for RangeFinder<S> {
    fn default() -> Self {
        assert!(matches!(S, 1 | 2 | 4 | 8), "1, 2, 4 or 8 lanes");
        let registers = |count: usize| (0..count).map(|_| DFF::default()).collect();
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            sample: std::array::from_fn(|_| Signal::default()),
            lanes: Signal::default(),
            valid: Signal::default(),
            last: Signal::default(),
            absolute: Signal::default(),
            range: Signal::default(),
            found: Signal::default(),
            magnitude: std::array::from_fn(|_| Signal::default()),
            of_one: std::array::from_fn(|_| DFF::default()),
            of_two: registers(S / 2),
            of_four: registers(S / 4),
            of_eight: registers(S / 8),
            of_all: Signal::default(),
            beside: (2..latency(S)).map(|_| DFF::default()).collect(),
            beat: Signal::default(),
            so_far: DFF::default(),
            ended: DFF::default(),
            best: Signal::default(),
            sum: DFF::default(),
            sum_found: DFF::default(),
        }
    }
}

impl<const S: usize> Logic for RangeFinder<S> {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, aclk, ended, sum, sum_found);
        dff_setup!(self, aclk, so_far);
        for i in 0..S {
            self.magnitude[i].next = self.sample[i].val() << 1;
            if self.sample[i].val().get_bit(15) {
                self.magnitude[i].next = 0.into();
                if self.absolute.val() {
                    self.magnitude[i].next = !(self.sample[i].val() << 1);
                }
            }
            self.of_one[i].clock.next = self.aclk.val();
            self.of_one[i].d.next = 0.into();
            // By a shift, since a vector of one bit has no bit to pick.
            if ((self.lanes.val() >> i.to_bits::<4>()) & 1).any() {
                self.of_one[i].d.next = self.magnitude[i].val();
            }
            self.of_all.next = self.of_one[i].q.val();
        }
        for i in 0..self.of_two.len() {
            self.of_two[i].clock.next = self.aclk.val();
            self.of_two[i].d.next = self.of_one[2 * i].q.val();
            if self.of_one[2 * i + 1].q.val() > self.of_one[2 * i].q.val() {
                self.of_two[i].d.next = self.of_one[2 * i + 1].q.val();
            }
            self.of_all.next = self.of_two[i].q.val();
        }
        for i in 0..self.of_four.len() {
            self.of_four[i].clock.next = self.aclk.val();
            self.of_four[i].d.next = self.of_two[2 * i].q.val();
            if self.of_two[2 * i + 1].q.val() > self.of_two[2 * i].q.val() {
                self.of_four[i].d.next = self.of_two[2 * i + 1].q.val();
            }
            self.of_all.next = self.of_four[i].q.val();
        }
        for i in 0..self.of_eight.len() {
            self.of_eight[i].clock.next = self.aclk.val();
            self.of_eight[i].d.next = self.of_four[2 * i].q.val();
            if self.of_four[2 * i + 1].q.val() > self.of_four[2 * i].q.val() {
                self.of_eight[i].d.next = self.of_four[2 * i + 1].q.val();
            }
            self.of_all.next = self.of_eight[i].q.val();
        }
        self.beat.next = 0.into();
        if self.valid.val() {
            self.beat.next = 1.into();
            if self.last.val() {
                self.beat.next = 3.into();
            }
        }
        for i in 0..self.beside.len() {
            self.beside[i].clock.next = self.aclk.val();
            self.beside[i].d.next = self.beat.val();
        }
        for i in 1..self.beside.len() {
            self.beside[i].d.next = self.beside[i - 1].q.val();
        }
        for i in 0..self.beside.len() {
            self.beat.next = self.beside[i].q.val();
        }

        self.best.next = self.so_far.q.val();
        if self.ended.q.val() {
            self.best.next = 0.into();
            self.so_far.d.next = 0.into();
        }
        if self.beat.val().get_bit(0) & (self.of_all.val() >= self.best.val()) {
            self.so_far.d.next = self.of_all.val();
        }
        self.ended.d.next = self.beat.val().get_bit(1);
        self.sum.d.next = self.so_far.q.val() >> 1;
        if self.so_far.q.val().get_bit(0) {
            self.sum.d.next = (self.so_far.q.val() >> 1) + 1;
        }
        self.sum_found.d.next = self.ended.q.val();
        self.range.next = self.sum.q.val();
        self.found.next = self.sum_found.q.val();
        if !self.aresetn.val() {
            for i in 0..self.beside.len() {
                self.beside[i].d.next = 0.into();
            }
            self.so_far.d.next = 0.into();
            self.ended.d.next = false;
            self.sum_found.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{RangeFinder, latency};
    use crate::step::step;
    use rust_hdl::prelude::*;

    /// Two planes of two beats, the second beat without its second lane; one plane of one beat.
    #[test]
    fn the_largest_magnitude_of_each_plane() {
        for (absolute, first) in [(true, 32768), (false, 300)] {
            let mut unit = RangeFinder::<2>::default();
            unit.connect_all();
            step(&mut unit, |unit| &mut unit.aclk);
            unit.aresetn.next = true;
            unit.absolute.next = absolute;
            let beats = [
                ([-32768, 300], 3, false),
                ([-301, 999], 1, true),
                ([7, -7], 3, false),
                ([-2, 999], 1, true),
                ([0, 0], 3, true),
            ];
            let mut ranges = Vec::new();
            for clock in 0..beats.len() + latency(2) {
                let (samples, lanes, last) = beats.get(clock).copied().unwrap_or_default();
                for (port, sample) in unit.sample.iter_mut().zip::<[i64; 2]>(samples) {
                    port.next = bits(sample.cast_unsigned() & 0xffff);
                }
                unit.lanes.next = bits(lanes);
                unit.valid.next = clock < beats.len();
                unit.last.next = last;
                step(&mut unit, |unit| &mut unit.aclk);
                if unit.found.val() {
                    ranges.push((clock + 1 - latency(2), unit.range.val().to_u64()));
                }
            }
            assert_eq!(ranges, [(1, first), (3, 7), (4, 0)]);
        }
    }
}
