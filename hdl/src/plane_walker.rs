//! Plane walker: the beats of a packet's planes, each with its channel's row and its lanes.
//!
//! | port | meaning |
//! |---|---|
//! | `start`, `bank`, `first_channel`, `channels`, `images` | walk these planes |
//! | `stop` | forget what is left of them |
//! | `load_*` | the core's load port: geometry, row count, channel table (`load`) |
//! | `valid` | there is a beat |
//! | `go`, `waits` | it is taken: `go`, and no bit of `waits`; only with `valid` |
//! | `fault` | not 0: the walk ended instead of a beat, 4 undefined class, 5 command out of range |
//! | `mantissa`, `shift` | the beat's row of the channel table |
//! | `mask` | lanes that have a sample stored: none of a pruned plane |
//! | `last` | the packet's last beat |
//! | `enter`, `enter_class` | at this clock edge a plane of this class (1 Important) is entered |
//!
//! Parameters: `S` lanes (1, 2, 4, 8); rows of the channel table.
//!
//! The encoder's `sequencer` gives a beat its row 3 clocks after it was taken; a decoder has to know
//! the class before.
//!
//! `waits` may come late in the clock: one look-up table is between it and the registers that it enables.
//! Counters count down below zero, so that their top bit says which beat or row is the last.
//!
//! Latency 4 clocks from `start` to the first beat. One beat a clock, planes of one beat included.

use rust_hdl::prelude::*;

use crate::primitives::{BlockRam, Late};

/// The walker; see the module's text.
#[derive(LogicBlock)]
pub struct PlaneWalker<const S: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Walk.
    pub start: Signal<In, Bit>,
    /// The context to use.
    pub bank: Signal<In, Bit>,
    /// Row of the first plane.
    pub first_channel: Signal<In, Bits<16>>,
    /// Planes an image.
    pub channels: Signal<In, Bits<16>>,
    /// Images.
    pub images: Signal<In, Bits<16>>,
    /// Forget the walk.
    pub stop: Signal<In, Bit>,
    /// A write to a context.
    pub load_valid: Signal<In, Bit>,
    /// Which context.
    pub load_context: Signal<In, Bit>,
    /// Its address.
    pub load_addr: Signal<In, Bits<17>>,
    /// Its data.
    pub load_data: Signal<In, Bits<28>>,
    /// There is a beat.
    pub valid: Signal<Out, Bit>,
    /// It is taken, unless a lane waits.
    pub go: Signal<In, Bit>,
    /// Lanes wait.
    pub waits: Signal<In, Bits<2>>,
    /// Error code instead of a beat, or 0.
    pub fault: Signal<Out, Bits<3>>,
    /// The row's mantissa.
    pub mantissa: Signal<Out, Bits<17>>,
    /// The row's shift.
    pub shift: Signal<Out, Bits<5>>,
    /// Lanes of the beat, none where the plane is not stored.
    pub mask: Signal<Out, Bits<S>>,
    /// The packet's last beat.
    pub last: Signal<Out, Bit>,
    /// A plane is entered.
    pub enter: Signal<Out, Bit>,
    /// Its class.
    pub enter_class: Signal<Out, Bit>,
    rows: [DFF<Bits<16>>; 2],
    beats: [DFF<Bits<20>>; 2],
    last_lanes: [DFF<Bits<8>>; 2],
    channel_rows: BlockRam<24, 17>,
    // The command, and the running context's geometry.
    checking: DFF<Bit>,
    of: DFF<Bit>,
    first: DFF<Bits<16>>,
    channels_less_one: DFF<Bits<16>>,
    none: DFF<Bit>,
    row_end: DFF<Bits<17>>,
    my_rows: Signal<Local, Bits<17>>,
    my_beats: Signal<Local, Bits<20>>,
    my_lanes: Signal<Local, Bits<8>>,
    beats_less_one: DFF<Bits<20>>,
    my_last_lanes: DFF<Bits<S>>,
    fits: Signal<Local, Bit>,
    // The row to fetch.
    fetching: DFF<Bit>,
    row: DFF<Bits<16>>,
    rows_left: DFF<Bits<17>>,
    images_left: DFF<Bits<17>>,
    row_next: Signal<Local, Bits<16>>,
    rows_from: Signal<Local, Bits<17>>,
    images_from: Signal<Local, Bits<17>>,
    // The row fetched.
    fetched: DFF<Bit>,
    fetched_last: DFF<Bit>,
    // The plane.
    in_plane: DFF<Bit>,
    plane: DFF<Bits<24>>,
    plane_last: DFF<Bit>,
    bad_command: DFF<Bit>,
    undefined: DFF<Bit>,
    beats_left: DFF<Bits<20>>,
    last_beat: DFF<Bit>,
    lanes: DFF<Bits<S>>,
    beats_from: Signal<Local, Bits<21>>,
    beats_next: Signal<Local, Bits<21>>,
    pruned: Signal<Local, Bit>,
    stays: Signal<Local, Bits<S>>,
    between: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    wants: Signal<Local, Bit>,
    wants_next: Signal<Local, Bit>,
    // What follows from a beat's being taken.
    move_on: Late,
    next_beat: Late,
    next_image: Late,
    next_row: Late,
    fetch: Late,
    next_in_plane: Late,
    write_at: Signal<Local, Bits<17>>,
    read_at: Signal<Local, Bits<17>>,
    all: Constant<Bits<S>>,
    whole_beat: Constant<Bits<8>>,
}

impl<const S: usize> PlaneWalker<S> {
    /// With a channel table of `rows` rows for each context.
    pub fn new(rows: usize) -> Self {
        Self {
            aclk: Default::default(),
            aresetn: Default::default(),
            start: Default::default(),
            bank: Default::default(),
            first_channel: Default::default(),
            channels: Default::default(),
            images: Default::default(),
            stop: Default::default(),
            load_valid: Default::default(),
            load_context: Default::default(),
            load_addr: Default::default(),
            load_data: Default::default(),
            valid: Default::default(),
            go: Default::default(),
            waits: Default::default(),
            fault: Default::default(),
            mantissa: Default::default(),
            shift: Default::default(),
            mask: Default::default(),
            last: Default::default(),
            enter: Default::default(),
            enter_class: Default::default(),
            rows: Default::default(),
            beats: Default::default(),
            last_lanes: Default::default(),
            channel_rows: BlockRam::new(2 * rows),
            checking: Default::default(),
            of: Default::default(),
            first: Default::default(),
            channels_less_one: Default::default(),
            none: Default::default(),
            row_end: Default::default(),
            my_rows: Default::default(),
            my_beats: Default::default(),
            my_lanes: Default::default(),
            beats_less_one: Default::default(),
            my_last_lanes: Default::default(),
            fits: Default::default(),
            fetching: Default::default(),
            row: Default::default(),
            rows_left: Default::default(),
            images_left: Default::default(),
            row_next: Default::default(),
            rows_from: Default::default(),
            images_from: Default::default(),
            fetched: Default::default(),
            fetched_last: Default::default(),
            in_plane: Default::default(),
            plane: Default::default(),
            plane_last: Default::default(),
            bad_command: Default::default(),
            undefined: Default::default(),
            beats_left: Default::default(),
            last_beat: Default::default(),
            lanes: Default::default(),
            beats_from: Default::default(),
            beats_next: Default::default(),
            pruned: Default::default(),
            stays: Default::default(),
            between: Default::default(),
            ends: Default::default(),
            wants: Default::default(),
            wants_next: Default::default(),
            move_on: Default::default(),
            next_beat: Default::default(),
            next_image: Default::default(),
            next_row: Default::default(),
            fetch: Default::default(),
            next_in_plane: Default::default(),
            write_at: Default::default(),
            read_at: Default::default(),
            all: Constant::new(Bits::mask()),
            whole_beat: Constant::new(((1u64 << S) - 1).into()),
        }
    }
}

impl<const S: usize> Logic for PlaneWalker<S> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, of, first, channels_less_one, none, row_end);
        dff_setup!(self, aclk, fetching, row, rows_left, images_left);
        dff_setup!(self, aclk, fetched, fetched_last, in_plane);
        dff_setup!(self, aclk, plane, plane_last, bad_command, undefined);
        dff_setup!(self, aclk, beats_left, last_beat, lanes);
        clock!(
            self,
            aclk,
            checking,
            channel_rows,
            beats_less_one,
            my_last_lanes
        );
        for i in 0..2 {
            self.rows[i].clock.next = self.aclk.val();
            self.rows[i].d.next = self.rows[i].q.val();
            self.beats[i].clock.next = self.aclk.val();
            self.beats[i].d.next = self.beats[i].q.val();
            self.last_lanes[i].clock.next = self.aclk.val();
            self.last_lanes[i].d.next = self.last_lanes[i].q.val();
        }

        // Loading.
        if self.load_valid.val() & (self.load_addr.val() == 0) {
            if self.load_context.val() {
                self.beats[1].d.next = self.load_data.val().get_bits::<20>(0);
                self.last_lanes[1].d.next = self.load_data.val().get_bits::<8>(20);
            } else {
                self.beats[0].d.next = self.load_data.val().get_bits::<20>(0);
                self.last_lanes[0].d.next = self.load_data.val().get_bits::<8>(20);
            }
        }
        if self.load_valid.val() & (self.load_addr.val() == 1) {
            if self.load_context.val() {
                self.rows[1].d.next = self.load_data.val().get_bits::<16>(0);
            } else {
                self.rows[0].d.next = self.load_data.val().get_bits::<16>(0);
            }
        }
        self.write_at.next = bit_cast::<17, 16>(self.load_addr.val().get_bits::<16>(0)) << 1;
        if self.load_context.val() {
            self.write_at.next =
                (bit_cast::<17, 16>(self.load_addr.val().get_bits::<16>(0)) << 1) | 1;
        }
        self.channel_rows.write.next = self.load_valid.val() & self.load_addr.val().get_bit(16);
        self.channel_rows.write_address.next = self.write_at.val();
        self.channel_rows.write_data.next = self.load_data.val().get_bits::<24>(0);

        // A command: take it, judge it.
        self.checking.d.next = self.start.val();
        self.my_rows.next = bit_cast::<17, 16>(self.rows[0].q.val());
        self.my_beats.next = self.beats[0].q.val();
        self.my_lanes.next = self.last_lanes[0].q.val();
        if self.of.q.val() {
            self.my_rows.next = bit_cast::<17, 16>(self.rows[1].q.val());
            self.my_beats.next = self.beats[1].q.val();
            self.my_lanes.next = self.last_lanes[1].q.val();
        }
        self.beats_less_one.d.next = self.my_beats.val();
        self.my_last_lanes.d.next = self.my_lanes.val().get_bits::<S>(0);
        self.fits.next = !self.none.q.val()
            & (self.row_end.q.val() <= self.my_rows.val())
            & (self.my_beats.val().any() | (self.my_lanes.val() == self.whole_beat.val()));

        // Beats of the plane. Between planes the last beat stays, so the next one is a first.
        self.fault.next = 0.into();
        if self.undefined.q.val() {
            self.fault.next = 4.into();
        }
        if self.bad_command.q.val() {
            self.fault.next = 5.into();
        }
        self.valid.next = self.in_plane.q.val() & !self.undefined.q.val();
        self.mantissa.next = self.plane.q.val().get_bits::<17>(0);
        self.shift.next = self.plane.q.val().get_bits::<5>(17);
        self.last.next = self.plane_last.q.val() & self.last_beat.q.val();
        self.mask.next = self.lanes.q.val();
        // A new plane is entered between planes, or when this one ends.
        self.between.next = self.fetched.q.val() & !self.in_plane.q.val();
        self.ends.next = self.fetched.q.val() & self.last_beat.q.val();
        self.move_on.go.next = self.go.val();
        self.move_on.waits.next = self.waits.val();
        self.move_on.if_so.next = self.ends.val();
        self.move_on.if_not.next = self.between.val();
        self.next_beat.go.next = self.go.val();
        self.next_beat.waits.next = self.waits.val();
        self.next_beat.if_so.next = self.ends.val() | !self.last_beat.q.val();
        self.next_beat.if_not.next = self.between.val();
        self.next_in_plane.go.next = self.go.val();
        self.next_in_plane.waits.next = self.waits.val();
        self.next_in_plane.if_so.next = self.ends.val() | !self.last_beat.q.val();
        self.next_in_plane.if_not.next = self.in_plane.q.val() | self.fetched.q.val();
        self.beats_from.next = bit_cast::<21, 20>(self.beats_left.q.val());
        self.pruned.next = self.plane.q.val().get_bit(23);
        if self.last_beat.q.val() {
            self.beats_from.next = bit_cast::<21, 20>(self.beats_less_one.q.val());
            self.pruned.next = self.channel_rows.read_data.val().get_bit(23);
        }
        self.beats_next.next = self.beats_from.val() - 1;
        self.stays.next = self.all.val();
        if self.pruned.val() {
            self.stays.next = 0.into();
        }
        if self.next_beat.y.val() {
            self.beats_left.d.next = self.beats_next.val().get_bits::<20>(0);
            self.last_beat.d.next = self.beats_next.val().get_bit(20);
            self.lanes.d.next = self.stays.val();
            if self.beats_next.val().get_bit(20) {
                self.lanes.d.next = self.stays.val() & self.my_last_lanes.q.val();
            }
        }

        // The next plane, when this one ends.
        self.enter.next = self.move_on.y.val();
        self.enter_class.next = self.channel_rows.read_data.val().get_bit(22);
        self.in_plane.d.next = self.next_in_plane.y.val();
        if self.move_on.y.val() {
            self.undefined.d.next = self.channel_rows.read_data.val().get_bits::<2>(22).all();
            self.plane.d.next = self.channel_rows.read_data.val();
            self.plane_last.d.next = self.fetched_last.q.val();
        }

        // The row after that. Images are counted down twice before the first.
        self.wants.next = self.fetching.q.val() & (!self.fetched.q.val() | self.between.val());
        self.wants_next.next =
            self.fetching.q.val() & (!self.fetched.q.val() | self.last_beat.q.val());
        self.fetch.go.next = self.go.val();
        self.fetch.waits.next = self.waits.val();
        self.fetch.if_so.next = self.wants_next.val();
        self.fetch.if_not.next = self.wants.val();
        self.next_row.go.next = self.go.val();
        self.next_row.waits.next = self.waits.val();
        self.next_row.if_so.next = self.wants_next.val();
        self.next_row.if_not.next = self.checking.q.val() | self.wants.val();
        self.next_image.go.next = self.go.val();
        self.next_image.waits.next = self.waits.val();
        self.next_image.if_so.next = self.wants_next.val() & self.rows_left.q.val().get_bit(16);
        self.next_image.if_not.next = self.start.val()
            | self.checking.q.val()
            | (self.wants.val() & self.rows_left.q.val().get_bit(16));
        self.fetched.d.next = self.fetch.y.val() | (self.fetched.q.val() & !self.move_on.y.val());
        self.channel_rows.read.next = self.fetch.y.val();
        self.read_at.next = bit_cast::<17, 16>(self.row.q.val()) << 1;
        if self.of.q.val() {
            self.read_at.next = (bit_cast::<17, 16>(self.row.q.val()) << 1) | 1;
        }
        self.channel_rows.read_address.next = self.read_at.val();
        self.row_next.next = self.row.q.val() + 1;
        self.rows_from.next = self.rows_left.q.val();
        if self.checking.q.val() | self.rows_left.q.val().get_bit(16) {
            self.row_next.next = self.first.q.val();
            self.rows_from.next = bit_cast::<17, 16>(self.channels_less_one.q.val());
        }
        if self.next_row.y.val() {
            self.row.d.next = self.row_next.val();
            self.rows_left.d.next = self.rows_from.val() - 1;
        }
        self.images_from.next = self.images_left.q.val();
        if self.start.val() {
            self.images_from.next = bit_cast::<17, 16>(self.images.val());
        }
        if self.next_image.y.val() {
            self.images_left.d.next = self.images_from.val() - 1;
        }
        if self.fetch.y.val() {
            self.fetched_last.d.next =
                self.rows_left.q.val().get_bit(16) & self.images_left.q.val().get_bit(16);
        }
        if self.next_image.y.val() & self.images_left.q.val().get_bit(16) {
            self.fetching.d.next = false;
        }

        if self.checking.q.val() {
            self.fetching.d.next = self.fits.val();
            self.bad_command.d.next = !self.fits.val();
        }
        if self.stop.val() {
            self.fetching.d.next = false;
            self.fetched.d.next = false;
            self.in_plane.d.next = false;
            self.undefined.d.next = false;
            self.bad_command.d.next = false;
        }
        if self.start.val() {
            self.of.d.next = self.bank.val();
            self.first.d.next = self.first_channel.val();
            self.channels_less_one.d.next = self.channels.val() - 1;
            self.none.d.next = !self.channels.val().any() | !self.images.val().any();
            self.row_end.d.next = bit_cast::<17, 16>(self.first_channel.val())
                + bit_cast::<17, 16>(self.channels.val());
            self.last_beat.d.next = true;
        }
        if !self.aresetn.val() {
            self.checking.d.next = false;
            self.fetching.d.next = false;
            self.fetched.d.next = false;
            self.in_plane.d.next = false;
            self.undefined.d.next = false;
            self.bad_command.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PlaneWalker;
    use crate::load::{CHANNELS, PLANE, ROWS};
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    #[test]
    fn walks_two_images_of_two_planes() {
        let mut unit = PlaneWalker::<4>::new(8);
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.load_valid.next = true;
        let rows = [0, 100, 200 | 2 << 22].map(|row: u32| row);
        let writes = [(PLANE, 1 | 0b11 << 20), (ROWS, 3)];
        for (addr, data) in writes.into_iter().chain((CHANNELS..).zip(rows)) {
            unit.load_addr.next = bits(addr.into());
            unit.load_data.next = bits(data.into());
            step(&mut unit, |unit| &mut unit.aclk);
        }
        unit.load_valid.next = false;
        unit.first_channel.next = bits(1);
        unit.images.next = bits(2);
        for (channels, fault) in [(2, 0), (3, 5)] {
            unit.channels.next = bits(channels);
            unit.start.next = true;
            step(&mut unit, |unit| &mut unit.aclk);
            unit.start.next = false;
            let mut walked = Vec::new();
            for _ in 0..20 {
                settle(&mut unit, |unit| &mut unit.aclk);
                unit.go.next = unit.valid.val();
                if unit.valid.val() {
                    walked.push((unit.mantissa.val().to_u64(), unit.mask.val().to_u64()));
                }
                step(&mut unit, |unit| &mut unit.aclk);
            }
            assert_eq!(unit.fault.val(), bits(fault));
            let image = [(100, 15), (100, 3), (200, 0), (200, 0)];
            let images = if fault == 0 { 2 } else { 0 };
            assert_eq!(walked, image.repeat(images));
        }
    }
}
