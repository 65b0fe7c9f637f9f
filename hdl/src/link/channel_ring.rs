//! Channel ring: data of a channel from the host, kept only once its frame is found good.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `write`, `write_data` | in | a byte of the frame that comes, the 4 bytes of its CRC among them |
//! | `has_room` | out | so far all have found room |
//! | `keep` | in | the frame's end: its bytes but the last 4 are kept; only with room |
//! | `forget` | in | the frame's end: its bytes are forgotten |
//! | `m_tdata`, `m_tvalid`, `m_tready` | out, out, in | bytes that are kept |
//! | `limit` | out | how far the data may go, in 64 bytes |
//!
//! Generics: at most 2^A bytes, A 8 to 13; how many, a power of two from 256 on, is given to
//! [`ChannelRing::new`]. A byte each clock in and out; a byte is there 2 clocks after `keep`.

use rust_hdl::prelude::*;

use crate::primitives::BlockRam;

/// The ring; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct ChannelRing<const A: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub write: Signal<In, Bit>,
    pub write_data: Signal<In, Bits<8>>,
    pub has_room: Signal<Out, Bit>,
    pub keep: Signal<In, Bit>,
    pub forget: Signal<In, Bit>,
    pub m_tdata: Signal<Out, Bits<8>>,
    pub m_tvalid: Signal<Out, Bit>,
    pub m_tready: Signal<In, Bit>,
    pub limit: Signal<Out, Bits<8>>,

    memory: BlockRam<8, A>,
    /// Behind the last byte that is kept, and behind the last that came.
    kept: DFF<Bits<A>>,
    write_at: DFF<Bits<A>>,
    write_next: Signal<Local, Bits<A>>,
    crowded: DFF<Bit>,
    /// Bytes taken; its low bits are the place of the next.
    taken: DFF<Bits<14>>,
    read_at: Signal<Local, Bits<A>>,
    reads: Signal<Local, Bit>,
    waits: Signal<Local, Bit>,
    valid: DFF<Bit>,
    /// Of an address, what the memory has.
    place: Constant<Bits<A>>,
    room: Constant<Bits<8>>,
}

impl<const A: usize> ChannelRing<A> {
    /// A ring of so many bytes.
    pub fn new(bytes: usize) -> Self {
        assert!((8..=13).contains(&A), "256 to 8192 bytes");
        assert!(
            bytes.is_power_of_two() && (256..=1 << A).contains(&bytes),
            "a power of two from 256 to 2^{A} bytes"
        );
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            write: Signal::default(),
            write_data: Signal::default(),
            has_room: Signal::default(),
            keep: Signal::default(),
            forget: Signal::default(),
            m_tdata: Signal::default(),
            m_tvalid: Signal::default(),
            m_tready: Signal::default(),
            limit: Signal::default(),
            memory: BlockRam::new(bytes),
            kept: DFF::default(),
            write_at: DFF::default(),
            write_next: Signal::default(),
            crowded: DFF::default(),
            taken: DFF::default(),
            read_at: Signal::default(),
            reads: Signal::default(),
            waits: Signal::default(),
            valid: DFF::default(),
            place: Constant::new(bits(bytes as u64 - 1)),
            room: Constant::new(bits(bytes as u64 / 64 - 1)),
        }
    }
}

impl<const A: usize> Logic for ChannelRing<A> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, kept, write_at, crowded, taken, valid);
        clock!(self, aclk, memory);
        self.read_at.next = self.taken.q.val().get_bits::<A>(0);
        self.write_next.next = self.write_at.q.val() + 1;
        self.memory.write.next = false;
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.write_data.val();
        if self.write.val() {
            if (self.write_next.val() & self.place.val()) == (self.read_at.val() & self.place.val())
            {
                self.crowded.d.next = true;
            } else {
                self.memory.write.next = true;
                self.write_at.d.next = self.write_next.val();
            }
        }
        self.has_room.next = !self.crowded.q.val();
        if self.keep.val() {
            self.kept.d.next = self.write_at.q.val() - 4;
            self.write_at.d.next = self.write_at.q.val() - 4;
            self.crowded.d.next = false;
        }
        if self.forget.val() {
            self.write_at.d.next = self.kept.q.val();
            self.crowded.d.next = false;
        }

        self.waits.next = self.read_at.val() != self.kept.q.val();
        self.reads.next = self.waits.val() & ((!self.valid.q.val()) | self.m_tready.val());
        self.memory.read.next = self.reads.val();
        self.memory.read_address.next = self.read_at.val();
        self.valid.d.next = self.reads.val() | (self.valid.q.val() & (!self.m_tready.val()));
        if self.reads.val() {
            self.taken.d.next = self.taken.q.val() + 1;
        }
        self.m_tvalid.next = self.valid.q.val();
        self.m_tdata.next = self.memory.read_data.val();
        self.limit.next = self.taken.q.val().get_bits::<8>(6) + self.room.val();
        if !self.aresetn.val() {
            self.kept.d.next = 0.into();
            self.write_at.d.next = 0.into();
            self.crowded.d.next = false;
            self.taken.d.next = 0.into();
            self.valid.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ChannelRing;
    use crate::step::step;
    use rust_hdl::prelude::*;

    fn clock<const A: usize>(unit: &mut ChannelRing<A>) {
        step(unit, |unit| &mut unit.aclk);
    }

    /// A frame of `bytes` bytes with its CRC; whether it had room.
    fn frame<const A: usize>(unit: &mut ChannelRing<A>, bytes: u64, good: bool) -> bool {
        for byte in 0..bytes + 4 {
            unit.write.next = true;
            unit.write_data.next = byte.into();
            clock(unit);
        }
        unit.write.next = false;
        let room = unit.has_room.val();
        unit.keep.next = good && room;
        unit.forget.next = !(good && room);
        clock(unit);
        unit.keep.next = false;
        unit.forget.next = false;
        clock(unit);
        clock(unit);
        room
    }

    fn take<const A: usize>(unit: &mut ChannelRing<A>) -> u64 {
        let mut taken = 0;
        unit.m_tready.next = true;
        for _ in 0..400 {
            if unit.m_tvalid.val() {
                assert_eq!(unit.m_tdata.val(), bits(taken & 0xff));
                taken += 1;
            }
            clock(unit);
        }
        unit.m_tready.next = false;
        taken
    }

    /// As large as its addresses, and smaller.
    #[test]
    fn only_good_frames_are_kept() {
        keeps_good_frames(ChannelRing::<8>::new(256));
        keeps_good_frames(ChannelRing::<10>::new(256));
    }

    fn keeps_good_frames<const A: usize>(mut unit: ChannelRing<A>) {
        let unit = &mut unit;
        unit.connect_all();
        clock(unit);
        unit.aresetn.next = true;
        clock(unit);
        assert_eq!(unit.limit.val(), bits(3));
        assert!(frame(unit, 100, false) && !unit.m_tvalid.val());
        assert!(frame(unit, 192, true) && unit.m_tvalid.val());
        // There is no room for this one.
        assert!(!frame(unit, 70, true));
        assert_eq!(take(unit), 192);
        assert_eq!(unit.limit.val(), bits(6));
        assert!(frame(unit, 192, true));
        assert_eq!(take(unit), 192);
        assert!(!unit.m_tvalid.val());
    }
}
