//! Block FIFO: cuts a payload into blocks and keeps one block's worth of beats, of two blocks at most.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `s_axis_*`, `s_axis_tuser` | in | payloads; with a payload's last beat the core's error code. Ready comes from registers |
//! | `there` | out | there is a complete block |
//! | `beats`, `error`, `last` | out | its beats; the error code; it is its payload's last |
//! | `take` | in | the block is taken on: the next one's numbers stand here |
//! | `read` | in | its next beat, while `advance` |
//! | `advance` | in | `data` moves on |
//! | `data` | out | the beat, one `advance` after its `read` |
//!
//! Generics: N, the beat's bits; a block of 4096 bytes is 2^A beats; L = A + 1; E = L + 4. A block is there
//! 2 clocks after its last beat came. A beat in and a beat out each clock.

use rust_hdl::prelude::*;

use crate::bus::StreamSink;
use crate::primitives::BlockRam;
use crate::skid_buffer::SkidBuffer;

/// The FIFO; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct BlockFifo<const N: usize, const A: usize, const L: usize, const E: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_axis: StreamSink<N>,
    pub s_axis_tuser: Signal<In, Bits<3>>,
    pub there: Signal<Out, Bit>,
    pub beats: Signal<Out, Bits<L>>,
    pub error: Signal<Out, Bits<3>>,
    pub last: Signal<Out, Bit>,
    pub take: Signal<In, Bit>,
    pub read: Signal<In, Bit>,
    pub advance: Signal<In, Bit>,
    pub data: Signal<Out, Bits<N>>,

    full: Constant<Bits<L>>,
    full_less_one: Constant<Bits<L>>,
    memory: BlockRam<N, A>,
    write_at: DFF<Bits<A>>,
    read_at: DFF<Bits<A>>,
    level: DFF<Bits<L>>,
    level_next: Signal<Local, Bits<L>>,
    ready: DFF<Bit>,
    taken: Signal<Local, Bit>,
    /// Complete blocks: beats, error code, whether it is the payload's last.
    entries: SkidBuffer<E>,
    filled: DFF<Bits<L>>,
    filled_now: Signal<Local, Bits<L>>,
    closes: Signal<Local, Bit>,
}

impl<const N: usize, const A: usize, const L: usize, const E: usize> Default
    for BlockFifo<N, A, L, E>
{
    fn default() -> Self {
        assert_eq!((8 * 4096) >> A, N, "a block has 4096 bytes");
        assert_eq!((L, E), (A + 1, A + 5));
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_axis: StreamSink::default(),
            s_axis_tuser: Signal::default(),
            there: Signal::default(),
            beats: Signal::default(),
            error: Signal::default(),
            last: Signal::default(),
            take: Signal::default(),
            read: Signal::default(),
            advance: Signal::default(),
            data: Signal::default(),
            full: Constant::new(bits(1 << A)),
            full_less_one: Constant::new(bits((1 << A) - 1)),
            memory: BlockRam::default(),
            write_at: DFF::default(),
            read_at: DFF::default(),
            level: DFF::default(),
            level_next: Signal::default(),
            ready: DFF::default(),
            taken: Signal::default(),
            entries: SkidBuffer::default(),
            filled: DFF::default(),
            filled_now: Signal::default(),
            closes: Signal::default(),
        }
    }
}

impl<const N: usize, const A: usize, const L: usize, const E: usize> Logic
    for BlockFifo<N, A, L, E>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, write_at, read_at, filled);
        clock!(self, aclk, memory, level, ready);
        self.entries.aclk.next = self.aclk.val();
        self.entries.aresetn.next = self.aresetn.val();

        self.taken.next =
            self.s_axis.tvalid.val() & self.ready.q.val() & self.entries.s_tready.val();
        self.memory.write.next = self.taken.val();
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.s_axis.tdata.val();
        self.filled_now.next = self.filled.q.val() + 1;
        self.closes.next =
            self.s_axis.tlast.val() | (self.filled.q.val() == self.full_less_one.val());
        if self.taken.val() {
            self.write_at.d.next = self.write_at.q.val() + 1;
            self.filled.d.next = self.filled_now.val();
            if self.closes.val() {
                self.filled.d.next = 0.into();
            }
        }
        self.entries.s_tvalid.next = self.taken.val() & self.closes.val();
        self.entries.s_tdata.next = (bit_cast::<E, L>(self.filled_now.val()) << 4)
            | (bit_cast::<E, 3>(self.s_axis_tuser.val()) << 1);
        if self.s_axis.tlast.val() {
            self.entries.s_tdata.next = (bit_cast::<E, L>(self.filled_now.val()) << 4)
                | (bit_cast::<E, 3>(self.s_axis_tuser.val()) << 1)
                | 1;
        }
        self.s_axis.tready.next = self.ready.q.val() & self.entries.s_tready.val();

        self.there.next = self.entries.m_tvalid.val();
        self.beats.next = self.entries.m_tdata.val().get_bits::<L>(4);
        self.error.next = self.entries.m_tdata.val().get_bits::<3>(1);
        self.last.next = self.entries.m_tdata.val().get_bit(0);
        self.entries.m_tready.next = self.take.val();
        self.memory.read.next = self.advance.val();
        self.memory.read_address.next = self.read_at.q.val();
        self.data.next = self.memory.read_data.val();
        if self.read.val() {
            self.read_at.d.next = self.read_at.q.val() + 1;
        }
        self.level_next.next = self.level.q.val();
        if self.taken.val() & (!self.read.val()) {
            self.level_next.next = self.level.q.val() + 1;
        }
        if self.read.val() & (!self.taken.val()) {
            self.level_next.next = self.level.q.val() - 1;
        }
        self.level.d.next = self.level_next.val();
        self.ready.d.next = self.level_next.val() != self.full.val();

        if !self.aresetn.val() {
            self.write_at.d.next = 0.into();
            self.read_at.d.next = 0.into();
            self.level.d.next = 0.into();
            self.ready.d.next = false;
            self.filled.d.next = 0.into();
        }
    }
}
