//! Output ring: cuts what the core gives into data frames, and keeps them until they are acknowledged.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `registers_*`, `encode_*`, `decode_*` | in | bytes of the channels; after one with last its frame is closed |
//! | `line_free` | in | all complete frames have been sent: close the one that is being made |
//! | `built` | out | number of the frame that is being made |
//! | `oldest`, `moved` | in | number of the oldest frame that is kept; it has changed |
//! | `look`, `look_number` | in | asks for a complete frame, until `found`; its number modulo 16 |
//! | `found` | out | for one clock: its channel from 1 on, its length, where it begins |
//! | `channel`, `length`, `start` | out | with it |
//! | `read`, `read_address` | in | reads a byte |
//! | `read_data` | out | a clock later: the byte |
//!
//! Generics: at most 2^B bytes, B 10 to 13; T = B + 12; how many, a power of two from 1024 on, is given to
//! [`OutputRing::new`]. At most 15 frames of up to 512 bytes. A frame is closed when it is full, at a last byte, and when the line is free while its channel
//! pauses or the ring is full. The register channel goes first, the others in turn. A byte each clock.

use rust_hdl::prelude::*;

use crate::bus::StreamSink;
use crate::primitives::BlockRam;

/// The ring; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct OutputRing<const B: usize, const T: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub registers: StreamSink<8>,
    pub encode: StreamSink<8>,
    pub decode: StreamSink<8>,
    pub line_free: Signal<In, Bit>,
    pub built: Signal<Out, Bits<8>>,
    pub oldest: Signal<In, Bits<8>>,
    pub moved: Signal<In, Bit>,
    pub look: Signal<In, Bit>,
    pub look_number: Signal<In, Bits<4>>,
    pub found: Signal<Out, Bit>,
    pub channel: Signal<Out, Bits<2>>,
    pub length: Signal<Out, Bits<10>>,
    pub start: Signal<Out, Bits<B>>,
    pub read: Signal<In, Bit>,
    pub read_address: Signal<In, Bits<B>>,
    pub read_data: Signal<Out, Bits<8>>,

    memory: BlockRam<8, B>,
    /// Where complete frames are: begin, length, channel.
    rows: BlockRam<T, 4>,
    number: DFF<Bits<8>>,
    open: DFF<Bit>,
    /// The last byte of a packet is in.
    ended: DFF<Bit>,
    from: DFF<Bits<2>>,
    encode_goes_first: DFF<Bit>,
    count: DFF<Bits<10>>,
    begins: DFF<Bits<B>>,
    write_at: DFF<Bits<B>>,
    write_next: Signal<Local, Bits<B>>,
    /// Where the oldest frame begins.
    tail: DFF<Bits<B>>,
    tail_due: DFF<Bit>,
    reads_tail: DFF<Bit>,
    looks: DFF<Bit>,

    kept: Signal<Local, Bits<8>>,
    data: Signal<Local, Bits<8>>,
    valid: Signal<Local, Bit>,
    last: Signal<Local, Bit>,
    crowded: Signal<Local, Bit>,
    ready: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    closes: Signal<Local, Bit>,
    row: Signal<Local, Bits<T>>,
    now_begins: Signal<Local, Bits<B>>,
    now_count: Signal<Local, Bits<10>>,
    now_from: Signal<Local, Bits<2>>,
    asks_tail: Signal<Local, Bit>,
    /// Of an address, what the memory has.
    place: Constant<Bits<B>>,
    full: Constant<Bits<10>>,
    most: Constant<Bits<8>>,
    registers_number: Constant<Bits<2>>,
    encode_number: Constant<Bits<2>>,
    length_at: Constant<Bits<T>>,
    channel_at: Constant<Bits<T>>,
}

impl<const B: usize, const T: usize> OutputRing<B, T> {
    /// A ring of so many bytes.
    pub fn new(bytes: usize) -> Self {
        assert!((10..=13).contains(&B), "1024 to 8192 bytes");
        assert!(
            bytes.is_power_of_two() && (1024..=1 << B).contains(&bytes),
            "a power of two from 1024 to 2^{B} bytes"
        );
        assert_eq!(T, B + 12);
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            registers: StreamSink::default(),
            encode: StreamSink::default(),
            decode: StreamSink::default(),
            line_free: Signal::default(),
            built: Signal::default(),
            oldest: Signal::default(),
            moved: Signal::default(),
            look: Signal::default(),
            look_number: Signal::default(),
            found: Signal::default(),
            channel: Signal::default(),
            length: Signal::default(),
            start: Signal::default(),
            read: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            memory: BlockRam::new(bytes),
            rows: BlockRam::default(),
            number: DFF::default(),
            open: DFF::default(),
            ended: DFF::default(),
            from: DFF::default(),
            encode_goes_first: DFF::default(),
            count: DFF::default(),
            begins: DFF::default(),
            write_at: DFF::default(),
            write_next: Signal::default(),
            tail: DFF::default(),
            tail_due: DFF::default(),
            reads_tail: DFF::default(),
            looks: DFF::default(),
            kept: Signal::default(),
            data: Signal::default(),
            valid: Signal::default(),
            last: Signal::default(),
            crowded: Signal::default(),
            ready: Signal::default(),
            taken: Signal::default(),
            closes: Signal::default(),
            row: Signal::default(),
            now_begins: Signal::default(),
            now_count: Signal::default(),
            now_from: Signal::default(),
            asks_tail: Signal::default(),
            place: Constant::new(bits(bytes as u64 - 1)),
            full: Constant::new(bits(dqa_golden::link::MAX_DATA as u64)),
            most: Constant::new(bits(15)),
            registers_number: Constant::new(bits(1)),
            encode_number: Constant::new(bits(2)),
            length_at: Constant::new(bits(B as u64)),
            channel_at: Constant::new(bits(B as u64 + 10)),
        }
    }
}

impl<const B: usize, const T: usize> Logic for OutputRing<B, T> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            aclk,
            number,
            open,
            ended,
            from,
            encode_goes_first,
            count,
            begins,
            write_at,
            tail,
            tail_due,
            reads_tail,
            looks
        );
        clock!(self, aclk, memory, rows);
        self.built.next = self.number.q.val();

        // The frame that is being made.
        self.data.next = self.decode.tdata.val();
        self.valid.next = self.decode.tvalid.val();
        self.last.next = self.decode.tlast.val();
        if self.from.q.val() == self.registers_number.val() {
            self.data.next = self.registers.tdata.val();
            self.valid.next = self.registers.tvalid.val();
            self.last.next = self.registers.tlast.val();
        }
        if self.from.q.val() == self.encode_number.val() {
            self.data.next = self.encode.tdata.val();
            self.valid.next = self.encode.tvalid.val();
            self.last.next = self.encode.tlast.val();
        }
        self.write_next.next = self.write_at.q.val() + 1;
        self.crowded.next =
            (self.write_next.val() & self.place.val()) == (self.tail.q.val() & self.place.val());
        self.ready.next = self.open.q.val()
            & (!self.crowded.val())
            & (!self.ended.q.val())
            & (self.count.q.val() != self.full.val());
        self.registers.tready.next =
            self.ready.val() & (self.from.q.val() == self.registers_number.val());
        self.encode.tready.next =
            self.ready.val() & (self.from.q.val() == self.encode_number.val());
        self.decode.tready.next =
            self.ready.val() & self.from.q.val().get_bit(0) & self.from.q.val().get_bit(1);
        self.taken.next = self.ready.val() & self.valid.val();
        self.memory.write.next = self.taken.val();
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.data.val();
        if self.taken.val() {
            self.write_at.d.next = self.write_next.val();
            self.count.d.next = self.count.q.val() + 1;
            self.ended.d.next = self.last.val();
        }
        self.closes.next = self.open.q.val()
            & self.count.q.val().any()
            & (self.ended.q.val()
                | (self.count.q.val() == self.full.val())
                | (self.line_free.val() & (self.crowded.val() | (!self.valid.val()))));
        self.now_begins.next = self.begins.q.val();
        self.now_count.next = self.count.q.val();
        self.now_from.next = self.from.q.val();
        self.row.next = bit_cast::<T, B>(self.now_begins.val())
            | (bit_cast::<T, 10>(self.now_count.val()) << self.length_at.val())
            | (bit_cast::<T, 2>(self.now_from.val()) << self.channel_at.val());
        self.rows.write.next = self.closes.val();
        self.rows.write_address.next = self.number.q.val().get_bits::<4>(0);
        self.rows.write_data.next = self.row.val();
        if self.closes.val() {
            self.number.d.next = self.number.q.val() + 1;
            self.begins.d.next = self.write_at.q.val();
            self.open.d.next = false;
            self.ended.d.next = false;
            self.count.d.next = 0.into();
        }
        self.kept.next = self.number.q.val() - self.oldest.val();
        if (!self.open.q.val()) & (self.kept.val() < self.most.val()) {
            if self.decode.tvalid.val() {
                self.open.d.next = true;
                self.from.d.next = 3.into();
                self.encode_goes_first.d.next = true;
            }
            if self.encode.tvalid.val()
                & (self.encode_goes_first.q.val() | (!self.decode.tvalid.val()))
            {
                self.open.d.next = true;
                self.from.d.next = 2.into();
                self.encode_goes_first.d.next = false;
            }
            if self.registers.tvalid.val() {
                self.open.d.next = true;
                self.from.d.next = 1.into();
            }
        }

        // The table: where the oldest frame begins, and what is asked for.
        self.tail_due.d.next = self.moved.val() | self.tail_due.q.val();
        self.asks_tail.next = self.tail_due.q.val() & self.kept.val().any();
        self.reads_tail.d.next = self.asks_tail.val();
        self.looks.d.next = false;
        self.rows.read.next = false;
        self.rows.read_address.next = self.oldest.val().get_bits::<4>(0);
        if self.tail_due.q.val() {
            self.tail_due.d.next = self.moved.val();
            self.rows.read.next = self.asks_tail.val();
            if !self.asks_tail.val() {
                self.tail.d.next = self.begins.q.val();
            }
        } else {
            if self.look.val() & (!self.looks.q.val()) {
                self.rows.read.next = true;
                self.rows.read_address.next = self.look_number.val();
                self.looks.d.next = true;
            }
        }
        if self.reads_tail.q.val() {
            self.tail.d.next = self.rows.read_data.val().get_bits::<B>(0);
        }
        self.found.next = self.looks.q.val();
        self.start.next = self.rows.read_data.val().get_bits::<B>(0);
        self.length.next = bit_cast::<10, T>(self.rows.read_data.val() >> self.length_at.val());
        self.channel.next = bit_cast::<2, T>(self.rows.read_data.val() >> self.channel_at.val());

        self.memory.read.next = self.read.val();
        self.memory.read_address.next = self.read_address.val();
        self.read_data.next = self.memory.read_data.val();
        if !self.aresetn.val() {
            self.number.d.next = 0.into();
            self.open.d.next = false;
            self.ended.d.next = false;
            self.encode_goes_first.d.next = false;
            self.count.d.next = 0.into();
            self.begins.d.next = 0.into();
            self.write_at.d.next = 0.into();
            self.tail.d.next = 0.into();
            self.tail_due.d.next = false;
            self.reads_tail.d.next = false;
            self.looks.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::OutputRing;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    type Unit = OutputRing<10, 22>;

    fn clock(unit: &mut Unit) {
        step(unit, |unit| &mut unit.aclk);
    }

    fn unit() -> Unit {
        let mut unit = Unit::new(1024);
        unit.connect_all();
        clock(&mut unit);
        unit.aresetn.next = true;
        unit
    }

    /// Gives so many bytes, counted up from `from`, to channel 2, or 3, in as many clocks; how many it took.
    fn give(unit: &mut Unit, channel: usize, from: u64, count: u64, last: bool) -> u64 {
        let mut taken = 0;
        for _ in 0..count + 20 {
            let port = match channel {
                2 => &mut unit.encode,
                _ => &mut unit.decode,
            };
            port.tvalid.next = taken < count;
            port.tdata.next = bits((from + taken) & 0xff);
            port.tlast.next = last && taken + 1 == count;
            settle(unit, |unit| &mut unit.aclk);
            let ready = match channel {
                2 => unit.encode.tready.val(),
                _ => unit.decode.tready.val(),
            };
            taken += u64::from(ready && taken < count);
            clock(unit);
        }
        unit.encode.tvalid.next = false;
        unit.decode.tvalid.next = false;
        taken
    }

    /// Channel and bytes of a complete frame.
    fn frame(unit: &mut Unit, number: u64) -> (u64, Vec<u64>) {
        unit.look.next = true;
        unit.look_number.next = bits(number);
        for _ in 0..10 {
            clock(unit);
            if unit.found.val() {
                break;
            }
        }
        assert!(unit.found.val());
        unit.look.next = false;
        let (channel, start) = (unit.channel.val().to_u64(), unit.start.val().to_u64());
        let length = unit.length.val().to_u64();
        unit.read.next = true;
        let bytes = (0..length).map(|at| {
            unit.read_address.next = bits((start + at) % 1024);
            clock(unit);
            unit.read_data.val().to_u64()
        });
        let bytes = bytes.collect();
        unit.read.next = false;
        clock(unit);
        (channel, bytes)
    }

    fn counted(from: u64, count: u64) -> Vec<u64> {
        (from..from + count).map(|byte| byte & 0xff).collect()
    }

    #[test]
    fn frames_are_closed_at_a_last_byte_when_full_and_when_the_line_is_free() {
        let mut unit = unit();
        assert_eq!(give(&mut unit, 2, 7, 5, true), 5);
        assert_eq!(unit.built.val(), bits(1));
        assert_eq!(frame(&mut unit, 0), (2, counted(7, 5)));
        assert_eq!(give(&mut unit, 3, 50, 512, false), 512);
        assert_eq!(unit.built.val(), bits(2));
        assert_eq!(frame(&mut unit, 1), (3, counted(50, 512)));
        assert_eq!(give(&mut unit, 2, 90, 9, false), 9);
        assert_eq!(unit.built.val(), bits(2));
        unit.line_free.next = true;
        clock(&mut unit);
        clock(&mut unit);
        assert_eq!(unit.built.val(), bits(3));
        assert_eq!(frame(&mut unit, 2), (2, counted(90, 9)));
    }

    #[test]
    fn what_is_not_acknowledged_stays() {
        let mut unit = unit();
        assert_eq!(give(&mut unit, 2, 0, 512, false), 512);
        // There are 1023 places.
        assert_eq!(give(&mut unit, 2, 1, 512, false), 511);
        assert_eq!(frame(&mut unit, 0), (2, counted(0, 512)));
        unit.oldest.next = bits(1);
        unit.moved.next = true;
        clock(&mut unit);
        unit.moved.next = false;
        unit.line_free.next = true;
        (0..6).for_each(|_| clock(&mut unit));
        unit.line_free.next = false;
        assert_eq!(frame(&mut unit, 1), (2, counted(1, 511)));
        assert_eq!(give(&mut unit, 3, 2, 512, false), 512);
        assert_eq!(frame(&mut unit, 2), (3, counted(2, 512)));
    }

    #[test]
    fn at_most_15_frames_are_kept() {
        let mut unit = unit();
        let taken: Vec<_> = (0..16)
            .map(|from| give(&mut unit, 2, from, 1, true))
            .collect();
        assert_eq!(taken, [&[1; 15][..], &[0]].concat());
        assert_eq!(frame(&mut unit, 14), (2, vec![14]));
    }
}
