//! Request cutter: requests out of a DMA engine's transfers, with `tlast` at each request's end.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset: the next byte begins a request |
//! | `s_axis_*` | in | transfers, which end anywhere; ready is a register |
//! | `m_axis_*` | out | requests in beats of their own, first byte lowest |
//!
//! A request that begins with `DQAP` and whose header tells a payload of whole beats, of at most 2^24 + 256
//! bytes, is as long as that says, across any ends of transfers. Whatever else comes ends with its transfer; its
//! last beat is filled up with zeros where it is not full. This is what
//! [`Cutter`](dqa_golden::packet::Cutter) does, byte for byte.
//!
//! Generics: X, K, T of the [splitter](super::beat_splitter); N, bits of a core's beat, 32 to X; M = 2 N;
//! P = N + 1. A core's beat a clock; latency 4. A transfer that ends in a part of a beat costs two clocks more.

use dqa_golden::packet::{HEADER_BYTES, MAGIC, MAX_PAYLOAD_BYTES, TRAILER_BYTES};
use rust_hdl::prelude::*;

use crate::bus::{DmaSink, StreamSource};
use crate::request_header::from_bytes;
use crate::skid_buffer::SkidBuffer;
use crate::xdma::beat_splitter::BeatSplitter;

/// Where a header has its payload's length.
const LENGTH_AT: usize = 24;

/// The cutter; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct RequestCutter<
    const X: usize,
    const K: usize,
    const T: usize,
    const N: usize,
    const M: usize,
    const P: usize,
> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axis: DmaSink<X, K>,
    pub m_axis: StreamSource<N>,

    splitter: BeatSplitter<X, K, T, N>,
    slice: SkidBuffer<P>,

    // Bytes of a beat that is not full, and whether their transfer has ended.
    held: DFF<Bits<N>>,
    held_bytes: DFF<Bits<5>>,
    ended: DFF<Bit>,
    shift: Signal<Local, Bits<8>>,
    shifted: Signal<Local, Bits<M>>,
    merged: Signal<Local, Bits<N>>,
    bytes: Signal<Local, Bits<6>>,
    full: Signal<Local, Bit>,
    exact: Signal<Local, Bit>,
    held_differs: Signal<Local, Bit>,
    flushes: Signal<Local, Bit>,
    ready: Signal<Local, Bit>,
    takes: Signal<Local, Bit>,

    // A whole beat, and whether its transfer ends with it.
    beat: DFF<Bits<N>>,
    beat_ends: DFF<Bit>,
    beat_valid: DFF<Bit>,
    room: Signal<Local, Bit>,

    // Where it is: in a request behind its header, in what is none, else in a header.
    body: DFF<Bit>,
    foreign: DFF<Bit>,
    index: DFF<Bits<3>>,
    begins: Signal<Local, Bit>,
    differs: Signal<Local, Bit>,
    /// Beats of the request behind its header that have not come.
    left: DFF<Bits<24>>,
    length: Signal<Local, Bits<32>>,
    has_length: Signal<Local, Bit>,
    lies: DFF<Bit>,
    lies_now: Signal<Local, Bit>,
    head_ends: Signal<Local, Bit>,
    foreign_now: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    moves: Signal<Local, Bit>,

    beat_bits: Constant<Bits<8>>,
    beat_bytes: Constant<Bits<6>>,
    magic: Constant<Bits<32>>,
    length_shift: Constant<Bits<8>>,
    length_index: Constant<Bits<3>>,
    head_last: Constant<Bits<3>>,
    most: Constant<Bits<32>>,
    part: Constant<Bits<32>>,
    beat_shift: Constant<Bits<3>>,
    trailer: Constant<Bits<24>>,
    one: Constant<Bits<24>>,
    last_bit: Constant<Bits<P>>,
}

impl<const X: usize, const K: usize, const T: usize, const N: usize, const M: usize, const P: usize>
    Default for RequestCutter<X, K, T, N, M, P>
{
    fn default() -> Self {
        assert!([32, 64, 128].contains(&N), "beats of 32 to 128 bits");
        assert_eq!((M, P), (2 * N, N + 1));
        let bytes = N / 8;
        let number = |x: usize| x as u64;
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_axis: DmaSink::default(),
            m_axis: StreamSource::default(),
            splitter: BeatSplitter::default(),
            slice: SkidBuffer::default(),
            held: DFF::default(),
            held_bytes: DFF::default(),
            ended: DFF::default(),
            shift: Signal::default(),
            shifted: Signal::default(),
            merged: Signal::default(),
            bytes: Signal::default(),
            full: Signal::default(),
            exact: Signal::default(),
            held_differs: Signal::default(),
            flushes: Signal::default(),
            ready: Signal::default(),
            takes: Signal::default(),
            beat: DFF::default(),
            beat_ends: DFF::default(),
            beat_valid: DFF::default(),
            room: Signal::default(),
            body: DFF::default(),
            foreign: DFF::default(),
            index: DFF::default(),
            begins: Signal::default(),
            differs: Signal::default(),
            left: DFF::default(),
            length: Signal::default(),
            has_length: Signal::default(),
            lies: DFF::default(),
            lies_now: Signal::default(),
            head_ends: Signal::default(),
            foreign_now: Signal::default(),
            last: Signal::default(),
            moves: Signal::default(),
            beat_bits: Constant::new(bits(number(N))),
            beat_bytes: Constant::new(bits(number(bytes))),
            magic: Constant::new(from_bytes(&MAGIC)),
            length_shift: Constant::new(bits(number(8 * (LENGTH_AT % bytes)))),
            length_index: Constant::new(bits(number(LENGTH_AT / bytes))),
            head_last: Constant::new(bits(number(HEADER_BYTES / bytes - 1))),
            most: Constant::new(bits(u64::from(MAX_PAYLOAD_BYTES))),
            part: Constant::new(bits(number(bytes - 1))),
            beat_shift: Constant::new(bits(u64::from(bytes.trailing_zeros()))),
            trailer: Constant::new(bits(number(TRAILER_BYTES / bytes))),
            one: Constant::new(bits(1)),
            last_bit: Constant::new(Bits::<P>::default().replace_bit(N, true)),
        }
    }
}

impl<const X: usize, const K: usize, const T: usize, const N: usize, const M: usize, const P: usize>
    Logic for RequestCutter<X, K, T, N, M, P>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, aclk, held, held_bytes, ended, beat, beat_ends, beat_valid, body, foreign, index,
            left, lies
        );
        self.splitter.aclk.next = self.aclk.val();
        self.slice.aclk.next = self.aclk.val();
        self.splitter.aresetn.next = self.aresetn.val();
        self.slice.aresetn.next = self.aresetn.val();
        DmaSink::<X, K>::link(&mut self.s_axis, &mut self.splitter.s_axis);

        // The piece behind the bytes that are held.
        self.shift.next = bit_cast::<8, 5>(self.held_bytes.q.val()) << 3;
        self.shifted.next = bit_cast::<M, N>(self.splitter.m.tdata.val()) << self.shift.val();
        self.merged.next = self.held.q.val() | self.shifted.val().get_bits::<N>(0);
        self.bytes.next = bit_cast::<6, 5>(self.held_bytes.q.val())
            + bit_cast::<6, 5>(self.splitter.m.bytes.val());
        self.full.next = self.bytes.val() >= self.beat_bytes.val();
        self.exact.next = self.bytes.val() == self.beat_bytes.val();

        self.room.next = !self.beat_valid.q.val() | self.slice.s_tready.val();
        self.ready.next = (!self.ended.q.val()) & (self.room.val() | (!self.full.val()));
        self.splitter.m.tready.next = self.ready.val();
        self.takes.next = self.splitter.m.tvalid.val() & self.ready.val();

        self.slice.s_tvalid.next = self.beat_valid.q.val();
        self.moves.next = self.beat_valid.q.val() & self.slice.s_tready.val();
        if self.slice.s_tready.val() {
            self.beat_valid.d.next = false;
        }
        if self.room.val() {
            self.beat.d.next = self.merged.val();
            self.beat_ends.d.next = self.splitter.m.ends.val() & self.exact.val();
        }
        if self.takes.val() {
            self.ended.d.next = self.splitter.m.ends.val() & (!self.exact.val());
            self.held.d.next = self.merged.val();
            self.held_bytes.d.next = self.bytes.val().get_bits::<5>(0);
            if self.full.val() {
                self.beat_valid.d.next = true;
                self.held.d.next = self
                    .shifted
                    .val()
                    .get_bits::<N>(self.beat_bits.val().index());
                self.held_bytes.d.next =
                    self.bytes.val().get_bits::<5>(0) - self.beat_bytes.val().get_bits::<5>(0);
            }
        }

        // Held bytes whose transfer has ended wait until it is known where they are. What is no request ends in
        // them; those of a request wait for the next transfer.
        self.begins.next = !(self.body.q.val() | self.foreign.q.val() | self.index.q.val().any());
        self.held_differs.next = false;
        for i in 0..4 {
            if (self.held_bytes.q.val() > i.to_bits())
                & (self.held.q.val().get_bits::<8>(i * 8) != self.magic.val().get_bits::<8>(i * 8))
            {
                self.held_differs.next = true;
            }
        }
        self.flushes.next = self.ended.q.val()
            & (!self.beat_valid.q.val())
            & (self.foreign.q.val() | (self.begins.val() & self.held_differs.val()));
        if self.ended.q.val() {
            self.ended.d.next = self.beat_valid.q.val();
        }
        if self.flushes.val() {
            self.beat.d.next = self.held.q.val();
            self.beat_ends.d.next = true;
            self.beat_valid.d.next = true;
            self.held.d.next = 0.into();
            self.held_bytes.d.next = 0.into();
        }

        // What the beat tells.
        self.differs.next = self.beat.q.val().get_bits::<32>(0) != self.magic.val();
        self.length.next = self
            .beat
            .q
            .val()
            .get_bits::<32>(self.length_shift.val().index());
        self.has_length.next = self.index.q.val() == self.length_index.val();
        self.head_ends.next = self.index.q.val() == self.head_last.val();
        self.lies_now.next = self.lies.q.val();
        if self.has_length.val() {
            self.lies_now.next =
                (self.length.val() > self.most.val()) | (self.length.val() & self.part.val()).any();
        }
        self.foreign_now.next = self.foreign.q.val()
            | (self.begins.val() & self.differs.val())
            | ((!self.body.q.val()) & self.head_ends.val() & self.lies_now.val());
        self.last.next = self.foreign_now.val() & self.beat_ends.q.val();
        if self.body.q.val() {
            self.last.next = self.left.q.val() == self.one.val();
        }
        self.slice.s_tdata.next = bit_cast::<P, N>(self.beat.q.val());
        if self.last.val() {
            self.slice.s_tdata.next = bit_cast::<P, N>(self.beat.q.val()) | self.last_bit.val();
        }
        if self.moves.val() {
            if self.body.q.val() {
                self.left.d.next = self.left.q.val() - 1;
            } else {
                self.index.d.next = self.index.q.val() + 1;
                self.lies.d.next = self.lies_now.val();
                self.foreign.d.next = self.foreign_now.val();
                self.body.d.next = self.head_ends.val() & (!self.foreign_now.val());
                if self.has_length.val() {
                    self.left.d.next = self
                        .length
                        .val()
                        .get_bits::<24>(self.beat_shift.val().index())
                        + self.trailer.val();
                }
            }
            if self.last.val() {
                self.body.d.next = false;
                self.foreign.d.next = false;
                self.index.d.next = 0.into();
            }
        }

        self.slice.m_tready.next = self.m_axis.tready.val();
        self.m_axis.tvalid.next = self.slice.m_tvalid.val();
        self.m_axis.tdata.next = self.slice.m_tdata.val().get_bits::<N>(0);
        self.m_axis.tlast.next = (self.slice.m_tdata.val() & self.last_bit.val()).any();

        if !self.aresetn.val() {
            self.held.d.next = 0.into();
            self.held_bytes.d.next = 0.into();
            self.ended.d.next = false;
            self.beat_valid.d.next = false;
            self.body.d.next = false;
            self.foreign.d.next = false;
            self.index.d.next = 0.into();
            self.left.d.next = 0.into();
            self.lies.d.next = false;
        }
    }
}
