//! Beat splitter: a DMA engine's beats in pieces as wide as a core's.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `s_axis_*` | in | transfers; ready is a register |
//! | `m_*` | out | their pieces, first bytes first: [`PieceSource`] |
//!
//! Generics: X, bits of the engine's beat, 32 to 128, in whole pieces; K = X / 8; T = X + K + 1; N, bits of a
//! piece. A piece a clock; latency 2. A beat without a byte makes a piece without one.

use rust_hdl::prelude::*;

use crate::bus::{DmaSink, PieceSource};
use crate::pack::Pack;
use crate::skid_buffer::SkidBuffer;

/// The splitter; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct BeatSplitter<const X: usize, const K: usize, const T: usize, const N: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axis: DmaSink<X, K>,
    pub m: PieceSource<N>,

    /// Data lowest, then last, then keep.
    slice: SkidBuffer<T>,
    last: Constant<Bits<T>>,
    keep_at: Constant<Bits<8>>,
    beat: Signal<Local, Bits<X>>,
    keep: Signal<Local, Bits<K>>,
    /// Bytes that are not kept are 0 from here on.
    kept: Pack<K, 8, X>,
    counted: Signal<Local, Bits<K>>,
    count: Signal<Local, Bits<5>>,

    data: DFF<Bits<X>>,
    /// Bytes of it; those of its first piece, and whether that is its last.
    left: DFF<Bits<5>>,
    piece: DFF<Bits<5>>,
    is_last: DFF<Bit>,
    /// The same of what is left behind that piece.
    rest: Signal<Local, Bits<5>>,
    rest_is_last: Signal<Local, Bit>,
    count_is_last: Signal<Local, Bit>,
    ends: DFF<Bit>,
    valid: DFF<Bit>,
    takes: Signal<Local, Bit>,
    piece_bits: Constant<Bits<8>>,
    piece_bytes: Constant<Bits<5>>,
}

impl<const X: usize, const K: usize, const T: usize, const N: usize> Default
    for BeatSplitter<X, K, T, N>
{
    fn default() -> Self {
        assert!(
            X <= 128 && X.is_multiple_of(N),
            "beats of whole pieces, up to 128 bits"
        );
        assert_eq!((K, T), (X / 8, X + X / 8 + 1));
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_axis: DmaSink::default(),
            m: PieceSource::default(),
            slice: SkidBuffer::default(),
            last: Constant::new(Bits::<T>::default().replace_bit(X, true)),
            keep_at: Constant::new(bits(X as u64 + 1)),
            beat: Signal::default(),
            keep: Signal::default(),
            kept: Pack::default(),
            counted: Signal::default(),
            count: Signal::default(),
            data: DFF::default(),
            left: DFF::default(),
            piece: DFF::default(),
            is_last: DFF::default(),
            rest: Signal::default(),
            rest_is_last: Signal::default(),
            count_is_last: Signal::default(),
            ends: DFF::default(),
            valid: DFF::default(),
            takes: Signal::default(),
            piece_bits: Constant::new(bits(N as u64)),
            piece_bytes: Constant::new(bits(N as u64 / 8)),
        }
    }
}

impl<const X: usize, const K: usize, const T: usize, const N: usize> Logic
    for BeatSplitter<X, K, T, N>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, data, left, piece, is_last, ends, valid);
        self.slice.aclk.next = self.aclk.val();
        self.slice.aresetn.next = self.aresetn.val();
        self.slice.s_tvalid.next = self.s_axis.tvalid.val();
        self.s_axis.tready.next = self.slice.s_tready.val();
        self.slice.s_tdata.next = bit_cast::<T, X>(self.s_axis.tdata.val())
            | (bit_cast::<T, K>(self.s_axis.tkeep.val()) << self.keep_at.val());
        if self.s_axis.tlast.val() {
            self.slice.s_tdata.next = bit_cast::<T, X>(self.s_axis.tdata.val())
                | (bit_cast::<T, K>(self.s_axis.tkeep.val()) << self.keep_at.val())
                | self.last.val();
        }

        self.beat.next = self.slice.m_tdata.val().get_bits::<X>(0);
        self.keep.next = self
            .slice
            .m_tdata
            .val()
            .get_bits::<K>(self.keep_at.val().index());
        for i in 0..K {
            self.kept.parts[i].next = 0.into();
            if self.keep.val().get_bit(i) {
                self.kept.parts[i].next = self.beat.val().get_bits::<8>(i * 8);
            }
        }
        // Of signals of its own, as what the next unit says moves on: no loop for tools that look at blocks.
        self.counted.next = self
            .slice
            .m_tdata
            .val()
            .get_bits::<K>(self.keep_at.val().index());
        self.count.next = 0.into();
        for i in 0..K {
            if self.counted.val().get_bit(i) {
                self.count.next = (i + 1).to_bits();
            }
        }

        self.count_is_last.next = self.count.val() <= self.piece_bytes.val();
        self.rest.next = self.left.q.val() - self.piece_bytes.val();
        self.rest_is_last.next = self.rest.val() <= self.piece_bytes.val();

        self.m.tvalid.next = self.valid.q.val();
        self.m.tdata.next = self.data.q.val().get_bits::<N>(0);
        self.m.bytes.next = self.piece.q.val();
        self.m.ends.next = self.ends.q.val() & self.is_last.q.val();
        self.takes.next = !self.valid.q.val() | (self.m.tready.val() & self.is_last.q.val());
        self.slice.m_tready.next = self.takes.val();
        if self.m.tready.val() {
            self.data.d.next = self.data.q.val() >> self.piece_bits.val();
            self.left.d.next = self.rest.val();
            self.is_last.d.next = self.rest_is_last.val();
            self.piece.d.next = self.piece_bytes.val();
            if self.rest_is_last.val() {
                self.piece.d.next = self.rest.val();
            }
        }
        if self.takes.val() {
            self.valid.d.next = self.slice.m_tvalid.val();
            self.data.d.next = self.kept.joined.val();
            self.left.d.next = self.count.val();
            self.is_last.d.next = self.count_is_last.val();
            self.piece.d.next = self.piece_bytes.val();
            if self.count_is_last.val() {
                self.piece.d.next = self.count.val();
            }
            self.ends.d.next = (self.slice.m_tdata.val() & self.last.val()).any();
        }
        if !self.aresetn.val() {
            self.valid.d.next = false;
            self.left.d.next = 0.into();
            self.piece.d.next = 0.into();
            self.is_last.d.next = false;
            self.ends.d.next = false;
        }
    }
}
