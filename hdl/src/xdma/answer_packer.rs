//! Answer packer: a core's answers in the beats of a DMA engine.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `clear` | in | the core is soft-reset: what it has given of an answer is dropped |
//! | `s_axis_*` | in | answers |
//! | `m_axis_*` | out | the same; all outputs are registers |
//!
//! Where the engine has a part of an answer already, a soft reset ends it with a beat of zeros, `tlast` and as many
//! bytes as the core's beat has: an engine gives a transfer up by its end alone, and a beat once offered stays.
//! That beat goes ahead of all that comes after.
//!
//! Generics: A, bits of the core's beat, 32 to X; X, bits of the engine's, 64 or 128; K = X / 8;
//! T = X + K + 1. A core's beat a clock; latency 1 behind the last that a beat takes.

use rust_hdl::prelude::*;

use crate::bus::{DmaSource, StreamSink};
use crate::skid_buffer::SkidBuffer;

/// The packer; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct AnswerPacker<const A: usize, const X: usize, const K: usize, const T: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub clear: Signal<In, Bit>,
    pub s_axis: StreamSink<A>,
    pub m_axis: DmaSource<X, K>,

    /// Beats of the core that are in it, and their number.
    part: DFF<Bits<X>>,
    place: DFF<Bits<2>>,
    shift: Signal<Local, Bits<8>>,
    merged: Signal<Local, Bits<X>>,
    /// Places behind this one, and their bytes.
    free: Signal<Local, Bits<2>>,
    lacks: Signal<Local, Bits<5>>,
    keep: Signal<Local, Bits<K>>,
    /// The engine has a part of an answer.
    open: DFF<Bit>,
    closes: DFF<Bit>,
    ready: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    gives: Signal<Local, Bit>,
    moves: Signal<Local, Bit>,
    /// Data lowest, then last, then keep.
    slice: SkidBuffer<T>,

    beat_shift: Constant<Bits<4>>,
    byte_shift: Constant<Bits<3>>,
    last_place: Constant<Bits<2>>,
    all: Constant<Bits<K>>,
    keep_at: Constant<Bits<8>>,
    last_bit: Constant<Bits<T>>,
}

impl<const A: usize, const X: usize, const K: usize, const T: usize> Default
    for AnswerPacker<A, X, K, T>
{
    fn default() -> Self {
        assert!([32, 64, 128].contains(&A), "beats of 32 to 128 bits");
        assert!(
            [64, 128].contains(&X) && A <= X,
            "an engine's beats of 64 or 128 bits hold whole beats of the core"
        );
        assert_eq!((K, T), (X / 8, X + X / 8 + 1));
        let log = u64::from(A.trailing_zeros());
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            clear: Signal::default(),
            s_axis: StreamSink::default(),
            m_axis: DmaSource::default(),
            part: DFF::default(),
            place: DFF::default(),
            shift: Signal::default(),
            merged: Signal::default(),
            free: Signal::default(),
            lacks: Signal::default(),
            keep: Signal::default(),
            open: DFF::default(),
            closes: DFF::default(),
            ready: Signal::default(),
            taken: Signal::default(),
            last: Signal::default(),
            gives: Signal::default(),
            moves: Signal::default(),
            slice: SkidBuffer::default(),
            beat_shift: Constant::new(bits(log)),
            byte_shift: Constant::new(bits(log - 3)),
            last_place: Constant::new(bits((X / A - 1) as u64)),
            all: Constant::new((0..K).fold(Bits::default(), |all: Bits<K>, at| {
                all.replace_bit(at, true)
            })),
            keep_at: Constant::new(bits(X as u64 + 1)),
            last_bit: Constant::new(Bits::<T>::default().replace_bit(X, true)),
        }
    }
}

impl<const A: usize, const X: usize, const K: usize, const T: usize> Logic
    for AnswerPacker<A, X, K, T>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, part, place, open, closes);
        self.slice.aclk.next = self.aclk.val();
        self.slice.aresetn.next = self.aresetn.val();

        self.ready.next = self.slice.s_tready.val() & (!self.closes.q.val()) & (!self.clear.val());
        self.s_axis.tready.next = self.ready.val();
        self.taken.next = self.s_axis.tvalid.val() & self.ready.val();
        self.shift.next = bit_cast::<8, 2>(self.place.q.val()) << self.beat_shift.val();
        self.merged.next =
            self.part.q.val() | (bit_cast::<X, A>(self.s_axis.tdata.val()) << self.shift.val());
        self.last.next = self.s_axis.tlast.val();
        self.gives.next = self.taken.val()
            & (self.s_axis.tlast.val() | (self.place.q.val() == self.last_place.val()));
        if self.closes.q.val() {
            self.merged.next = 0.into();
            self.last.next = true;
            self.gives.next = true;
        }
        self.free.next = self.last_place.val() - self.place.q.val();
        self.lacks.next = bit_cast::<5, 2>(self.free.val()) << self.byte_shift.val();
        self.keep.next = self.all.val() >> self.lacks.val();
        self.slice.s_tvalid.next = self.gives.val();
        self.slice.s_tdata.next = bit_cast::<T, X>(self.merged.val())
            | (bit_cast::<T, K>(self.keep.val()) << self.keep_at.val());
        if self.last.val() {
            self.slice.s_tdata.next = bit_cast::<T, X>(self.merged.val())
                | (bit_cast::<T, K>(self.keep.val()) << self.keep_at.val())
                | self.last_bit.val();
        }
        self.moves.next = self.gives.val() & self.slice.s_tready.val();

        if self.taken.val() {
            self.part.d.next = self.merged.val();
            self.place.d.next = self.place.q.val() + 1;
        }
        if self.clear.val() {
            self.closes.d.next = self.open.q.val();
        }
        if self.moves.val() {
            self.open.d.next = !self.last.val();
            self.closes.d.next = false;
        }
        if self.moves.val() | self.clear.val() {
            self.part.d.next = 0.into();
            self.place.d.next = 0.into();
        }
        if !self.aresetn.val() {
            self.part.d.next = 0.into();
            self.place.d.next = 0.into();
            self.open.d.next = false;
            self.closes.d.next = false;
        }

        self.slice.m_tready.next = self.m_axis.tready.val();
        self.m_axis.tvalid.next = self.slice.m_tvalid.val();
        self.m_axis.tdata.next = self.slice.m_tdata.val().get_bits::<X>(0);
        self.m_axis.tlast.next = (self.slice.m_tdata.val() & self.last_bit.val()).any();
        self.m_axis.tkeep.next = self
            .slice
            .m_tdata
            .val()
            .get_bits::<K>(self.keep_at.val().index());
    }
}
