//! Plane buffer: holds beats back until the range of their plane is known, and finds the scale.
//!
//! With dynamic scale a plane can be quantized only when its last sample has come. So its beats wait
//! here, in a ring: while a plane leaves, the next one takes the places that become free. Meanwhile
//! its range is found, and the quantizer's factor divided out. With a fixed scale beats just pass.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `load`, `load_context`, `load_addr`, `load_data` | in | writes at [`crate::load::SCALE`]; others are ignored |
//! | `start`, `run_context` | in | as the sequencer's |
//! | `plane_beats`, `plane_lanes` | in | the sequencer's |
//! | `too_long` | out | planes of dynamic scale do not fit; from the second clock after `start` on |
//! | `running`, `refused` | in | from the sequencer |
//! | `s_tdata`, `s_tvalid`, `s_tlast`, `s_tready` | in, in, in, out | beats; from a start to `s_tlast`; ready is a register |
//! | `m_tdata`, `m_tvalid`, `m_tlast`, `m_tready` | out, out, out, in | the same; ready waits for nothing of this unit |
//! | `dynamic` | out | the packet's scale is dynamic |
//! | `changes`, `mantissa`, `shift` | out | a plane's row, its shift as in [`crate::load`]; with what a beat 2 clocks before the plane's first would be beside at the sequencer |
//! | `important` | in | its class, then |
//! | `writes` | out | then, if the packet runs: the range is to be written in place of that beat and the next |
//! | `range` | out | it, from the clock behind `changes` for 16 clocks at least |
//!
//! Parameters: S lanes; D = 16 S; B = D + 2; the beats of the longest plane of dynamic scale. The
//! memory holds that and [`SLACK`] beats more, rounded up to a power of two.
//!
//! A plane begins once its last beat is in and 50 clocks went by at most, for the range (`range_finder`)
//! and the division (`scale_divider`). So planes of more beats than that leave without a pause between
//! them but the two clocks of the range; of shorter ones one leaves in that time.

use rust_hdl::prelude::*;

use crate::deep_fifo::DeepFifo;
use crate::load::LEAST_SHIFT;
use crate::primitives::LutRam;
use crate::range_finder::RangeFinder;
use crate::scale_divider::ScaleDivider;

/// Beats that come in while a plane's scale is found.
pub const SLACK: usize = 64;

/// What leaves next.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum State {
    /// A plane's first beat, once there is its scale.
    Between,
    /// Nothing: the second half of its range is written.
    Range,
    /// A plane's beats.
    Plane,
}

/// Buffer of planes, S lanes.
#[derive(LogicBlock)]
pub struct PlaneBuffer<const S: usize, const D: usize, const B: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Write.
    pub load: Signal<In, Bit>,
    /// Into this context.
    pub load_context: Signal<In, Bit>,
    /// Where.
    pub load_addr: Signal<In, Bits<17>>,
    /// What.
    pub load_data: Signal<In, Bits<13>>,
    /// A packet begins.
    pub start: Signal<In, Bit>,
    /// Context of the packet.
    pub run_context: Signal<In, Bit>,
    /// Beats of a plane, less one.
    pub plane_beats: Signal<In, Bits<20>>,
    /// Lanes of its last beat.
    pub plane_lanes: Signal<In, Bits<S>>,
    /// A plane does not fit.
    pub too_long: Signal<Out, Bit>,
    /// The packet takes beats.
    pub running: Signal<In, Bit>,
    /// Its beats are dropped.
    pub refused: Signal<In, Bit>,
    /// Samples.
    pub s_tdata: Signal<In, Bits<D>>,
    /// There are samples.
    pub s_tvalid: Signal<In, Bit>,
    /// They are the packet's last.
    pub s_tlast: Signal<In, Bit>,
    /// They are taken.
    pub s_tready: Signal<Out, Bit>,
    /// Samples.
    pub m_tdata: Signal<Out, Bits<D>>,
    /// There are samples.
    pub m_tvalid: Signal<Out, Bit>,
    /// They are the packet's last.
    pub m_tlast: Signal<Out, Bit>,
    /// They are taken.
    pub m_tready: Signal<In, Bit>,
    /// The packet's scale is dynamic.
    pub dynamic: Signal<Out, Bit>,
    /// A plane's row is due.
    pub changes: Signal<Out, Bit>,
    /// Its range is due.
    pub writes: Signal<Out, Bit>,
    /// Its class is Important.
    pub important: Signal<In, Bit>,
    /// Mantissa of its factor.
    pub mantissa: Signal<Out, Bits<17>>,
    /// Shift of its factor.
    pub shift: Signal<Out, Bits<5>>,
    /// Its range.
    pub range: Signal<Out, Bits<16>>,

    scales: [DFF<Bits<13>>; 2],
    scale: DFF<Bits<13>>,
    all: Constant<Bits<S>>,
    fits: Constant<Bits<20>>,
    beyond: DFF<Bit>,

    // In.
    judging: DFF<Bits<2>>,
    open: DFF<Bit>,
    ready: DFF<Bit>,
    takes: Signal<Local, Bit>,
    beats_left: DFF<Bits<16>>,
    beats_from: Signal<Local, Bits<16>>,
    plane_ends: Signal<Local, Bit>,
    beats: DeepFifo<B>,
    last_of_packet: Constant<Bits<B>>,
    last_of_plane: Constant<Bits<B>>,
    plane_bit: Signal<Local, Bits<B>>,
    packet_bit: Signal<Local, Bits<B>>,

    // Scales.
    finder: RangeFinder<S>,
    /// Ranges that wait, fewer than 16, as `waiting` has it.
    ranges: LutRam<16, 4>,
    range_to: DFF<Bits<4>>,
    range_from: DFF<Bits<4>>,
    /// Planes whose last beat is in and whose division has not begun.
    waiting: DFF<Bits<4>>,
    divider: ScaleDivider,
    divides: Signal<Local, Bit>,
    /// There is a scale that no plane has taken, or a division.
    occupied: DFF<Bit>,
    /// The scale there is has been given to a plane that begins.
    given: DFF<Bit>,
    divided_range: DFF<Bits<16>>,
    range_now: DFF<Bits<16>>,
    steps: Signal<Local, Bits<8>>,
    extra: Signal<Local, Bits<5>>,
    least_shift: Constant<Bits<5>>,

    // Out.
    state: DFF<State>,
    begins: Signal<Local, Bit>,
    past_begins: DFF<Bits<3>>,
    past_running: DFF<Bits<3>>,
    offers: Signal<Local, Bit>,
    ends_plane: Signal<Local, Bit>,
}

impl<const S: usize, const D: usize, const B: usize> PlaneBuffer<S, D, B> {
    /// For planes of up to `longest` beats.
    pub fn new(longest: usize) -> Self {
        assert_eq!((D, B), (16 * S, D + 2));
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            load: Signal::default(),
            load_context: Signal::default(),
            load_addr: Signal::default(),
            load_data: Signal::default(),
            start: Signal::default(),
            run_context: Signal::default(),
            plane_beats: Signal::default(),
            plane_lanes: Signal::default(),
            too_long: Signal::default(),
            running: Signal::default(),
            refused: Signal::default(),
            s_tdata: Signal::default(),
            s_tvalid: Signal::default(),
            s_tlast: Signal::default(),
            s_tready: Signal::default(),
            m_tdata: Signal::default(),
            m_tvalid: Signal::default(),
            m_tlast: Signal::default(),
            m_tready: Signal::default(),
            dynamic: Signal::default(),
            changes: Signal::default(),
            writes: Signal::default(),
            important: Signal::default(),
            mantissa: Signal::default(),
            shift: Signal::default(),
            range: Signal::default(),
            scales: std::array::from_fn(|_| DFF::default()),
            scale: DFF::default(),
            all: Constant::new(Bits::mask()),
            fits: Constant::new((longest as u64 - 1).into()),
            beyond: DFF::default(),
            judging: DFF::default(),
            open: DFF::default(),
            ready: DFF::default(),
            takes: Signal::default(),
            beats_left: DFF::default(),
            beats_from: Signal::default(),
            plane_ends: Signal::default(),
            beats: DeepFifo::new((longest + SLACK).next_power_of_two()),
            last_of_packet: Constant::new(bits(1) << D as u64),
            last_of_plane: Constant::new(bits(2) << D as u64),
            plane_bit: Signal::default(),
            packet_bit: Signal::default(),
            finder: RangeFinder::default(),
            ranges: LutRam::default(),
            range_to: DFF::default(),
            range_from: DFF::default(),
            waiting: DFF::default(),
            divider: ScaleDivider::default(),
            divides: Signal::default(),
            occupied: DFF::default(),
            given: DFF::default(),
            divided_range: DFF::default(),
            range_now: DFF::default(),
            steps: Signal::default(),
            extra: Signal::default(),
            least_shift: Constant::new(u64::from(LEAST_SHIFT).into()),
            state: DFF::default(),
            begins: Signal::default(),
            past_begins: DFF::default(),
            past_running: DFF::default(),
            offers: Signal::default(),
            ends_plane: Signal::default(),
        }
    }
}

impl<const S: usize, const D: usize, const B: usize> Logic for PlaneBuffer<S, D, B> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, aclk, scale, open, beats_left, waiting, range_to, range_from
        );
        clock!(self, aclk, ranges);
        dff_setup!(self, aclk, occupied, given, divided_range, range_now, state);
        clock!(
            self,
            aclk,
            beyond,
            judging,
            ready,
            past_begins,
            past_running
        );
        self.beats.aclk.next = self.aclk.val();
        self.beats.aresetn.next = self.aresetn.val();
        self.finder.aclk.next = self.aclk.val();
        self.finder.aresetn.next = self.aresetn.val();
        self.divider.aclk.next = self.aclk.val();
        self.divider.aresetn.next = self.aresetn.val();

        // Loading; the context that runs.
        for i in 0..2 {
            self.scales[i].clock.next = self.aclk.val();
            self.scales[i].d.next = self.scales[i].q.val();
        }
        if self.load.val() & (self.load_addr.val() == 6) {
            if self.load_context.val() {
                self.scales[1].d.next = self.load_data.val();
            } else {
                self.scales[0].d.next = self.load_data.val();
            }
        }
        if self.start.val() {
            self.scale.d.next = self.scales[0].q.val();
            if self.run_context.val() {
                self.scale.d.next = self.scales[1].q.val();
            }
        }
        self.steps.next = self.scale.q.val().get_bits::<8>(0);
        self.extra.next = bit_cast::<5, 3>(self.scale.q.val().get_bits::<3>(8));
        self.dynamic.next = self.scale.q.val().get_bit(12);
        self.beyond.d.next =
            self.scale.q.val().get_bit(12) & (self.plane_beats.val() > self.fits.val());
        self.too_long.next = self.beyond.q.val();

        // Beats in. Counted as in the sequencer: the sign says that this one is the plane's last.
        self.judging.d.next = self.judging.q.val() << 1;
        if self.start.val() {
            self.judging.d.next = (self.judging.q.val() << 1) | 1;
        }
        self.takes.next = self.ready.q.val() & self.s_tvalid.val();
        self.plane_ends.next =
            self.takes.val() & (self.beats_left.q.val().get_bit(15) | self.s_tlast.val());
        self.beats_from.next = self.beats_left.q.val();
        if self.judging.q.val().get_bit(1) | self.beats_left.q.val().get_bit(15) {
            self.beats_from.next = bit_cast::<16, 15>(self.plane_beats.val().get_bits::<15>(0));
        }
        if self.judging.q.val().get_bit(1) | self.takes.val() {
            self.beats_left.d.next = self.beats_from.val() - 1;
        }
        if self.judging.q.val().get_bit(1) {
            self.open.d.next = true;
            // What is dropped needs no range.
            if self.refused.val() {
                self.scale.d.next = 0.into();
            }
        }
        self.ready.d.next =
            self.open.q.val() & (!self.beats.crowded.val()) & (!self.waiting.q.val().get_bit(3));
        if self.takes.val() & self.s_tlast.val() {
            self.open.d.next = false;
            self.ready.d.next = false;
        }
        self.s_tready.next = self.ready.q.val();
        self.packet_bit.next = 0.into();
        if self.s_tlast.val() {
            self.packet_bit.next = self.last_of_packet.val();
        }
        self.plane_bit.next = 0.into();
        if self.plane_ends.val() {
            self.plane_bit.next = self.last_of_plane.val();
        }
        self.beats.write.next = self.takes.val();
        self.beats.s_data.next =
            bit_cast::<B, D>(self.s_tdata.val()) | self.packet_bit.val() | self.plane_bit.val();

        // Ranges, one division after the other.
        for i in 0..S {
            self.finder.sample[i].next = self.s_tdata.val().get_bits::<16>(i * 16);
        }
        self.finder.lanes.next = self.all.val();
        if self.beats_left.q.val().get_bit(15) {
            self.finder.lanes.next = self.plane_lanes.val();
        }
        self.finder.valid.next = self.takes.val() & self.scale.q.val().get_bit(12);
        self.finder.last.next = self.plane_ends.val();
        self.finder.absolute.next = self.scale.q.val().get_bit(11);
        self.ranges.write.next = self.finder.found.val();
        self.ranges.write_address.next = self.range_to.q.val();
        self.ranges.write_data.next = self.finder.range.val();
        self.ranges.read_address.next = self.range_from.q.val();
        if self.finder.found.val() {
            self.range_to.d.next = self.range_to.q.val() + 1;
        }
        self.divides.next =
            (self.range_to.q.val() != self.range_from.q.val()) & (!self.occupied.q.val());
        self.divider.start.next = self.divides.val();
        self.divider.numerator.next = bit_cast::<16, 8>(self.steps.val());
        self.divider.denominator.next = self.ranges.read_data.val();
        if self.divides.val() {
            self.range_from.d.next = self.range_from.q.val() + 1;
            self.occupied.d.next = true;
            self.divided_range.d.next = self.ranges.read_data.val();
        }
        if self.scale.q.val().get_bit(12) & self.plane_ends.val() & (!self.divides.val()) {
            self.waiting.d.next = self.waiting.q.val() + 1;
        }
        if self.divides.val() & (!self.plane_ends.val()) {
            self.waiting.d.next = self.waiting.q.val() - 1;
        }

        // Beats out.
        self.begins.next = false;
        self.offers.next = false;
        self.ends_plane.next = (self.beats.m_data.val() & self.last_of_plane.val()).any();
        match self.state.q.val() {
            State::Between => {
                if !self.scale.q.val().get_bit(12) {
                    self.offers.next = true;
                } else {
                    if self.occupied.q.val()
                        & (!self.divider.busy.val())
                        & (!self.given.q.val())
                        & self.m_tready.val()
                    {
                        self.begins.next = true;
                        self.state.d.next = State::Range;
                    }
                }
            }
            State::Range => {
                self.state.d.next = State::Plane;
            }
            State::Plane => {
                self.offers.next = true;
                if self.beats.m_valid.val() & self.m_tready.val() & self.ends_plane.val() {
                    self.state.d.next = State::Between;
                }
            }
        }
        self.beats.m_ready.next = self.offers.val() & self.m_tready.val();
        self.m_tvalid.next = self.offers.val() & self.beats.m_valid.val();
        self.m_tdata.next = self.beats.m_data.val().get_bits::<D>(0);
        self.m_tlast.next = (self.beats.m_data.val() & self.last_of_packet.val()).any();

        // The scale leaves when the plane's row does.
        self.past_begins.d.next = self.past_begins.q.val() << 1;
        if self.begins.val() {
            self.past_begins.d.next = (self.past_begins.q.val() << 1) | 1;
            self.given.d.next = true;
        }
        self.past_running.d.next = self.past_running.q.val() << 1;
        if self.running.val() {
            self.past_running.d.next = (self.past_running.q.val() << 1) | 1;
        }
        self.writes.next =
            self.past_begins.q.val().get_bit(2) & self.past_running.q.val().get_bit(2);
        self.changes.next = self.past_begins.q.val().get_bit(2);
        if self.past_begins.q.val().get_bit(2) {
            self.occupied.d.next = false;
            self.given.d.next = false;
            self.range_now.d.next = self.divided_range.q.val();
        }
        self.mantissa.next = self.divider.mantissa.val();
        self.shift.next = self.divider.shift.val() - self.least_shift.val();
        if self.important.val() {
            self.shift.next = self.divider.shift.val() - self.least_shift.val() - self.extra.val();
        }
        self.range.next = self.range_now.q.val();

        if !self.aresetn.val() {
            self.scale.d.next = 0.into();
            self.judging.d.next = 0.into();
            self.open.d.next = false;
            self.ready.d.next = false;
            self.waiting.d.next = 0.into();
            self.range_to.d.next = 0.into();
            self.range_from.d.next = 0.into();
            self.occupied.d.next = false;
            self.given.d.next = false;
            self.state.d.next = State::Between;
            self.past_begins.d.next = 0.into();
        }
    }
}
