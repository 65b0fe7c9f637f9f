//! Plane walker: the beats of a packet's planes, each with its channel's row and its lanes.
//!
//! | port | meaning |
//! |---|---|
//! | `start`, `bank`, `first_channel`, `channels`, `images` | walk these planes |
//! | `stop` | forget what is left of them |
//! | `load_*` | the core's load port: geometry, row count, channel table (`load`) |
//! | `valid`, `take` | there is a beat; it is taken |
//! | `fault` | instead of a beat the walk ended: 4 undefined class, 5 command out of range |
//! | `pruned`, `mantissa`, `shift` | the beat's row of the channel table |
//! | `mask` | lanes that take part |
//! | `last` | the packet's last beat |
//! | `enter`, `enter_class` | at this clock edge a plane of this class (1 Important) is entered |
//!
//! Parameters: `S` lanes (1, 2, 4, 8); rows of the channel table.
//!
//! The encoder's `sequencer` gives a beat its row 3 clocks after it was taken; a decoder has to know
//! the class before.
//!
//! Latency 4 clocks from `start` to the first beat. One beat a clock, planes of one beat included.

use rust_hdl::prelude::*;

use crate::primitives::BlockRam;

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
    pub load_data: Signal<In, Bits<32>>,
    /// There is a beat.
    pub valid: Signal<Out, Bit>,
    /// It is taken.
    pub take: Signal<In, Bit>,
    /// Error code instead of a beat, or 0.
    pub fault: Signal<Out, Bits<3>>,
    /// The plane is not stored.
    pub pruned: Signal<Out, Bit>,
    /// The row's mantissa.
    pub mantissa: Signal<Out, Bits<17>>,
    /// The row's shift.
    pub shift: Signal<Out, Bits<5>>,
    /// Lanes of the beat.
    pub mask: Signal<Out, Bits<S>>,
    /// The packet's last beat.
    pub last: Signal<Out, Bit>,
    /// A plane is entered.
    pub enter: Signal<Out, Bit>,
    /// Its class.
    pub enter_class: Signal<Out, Bit>,
    rows: [DFF<Bits<16>>; 2],
    beats: [DFF<Bits<20>>; 2],
    last_lanes: [DFF<Bits<S>>; 2],
    too_short: [DFF<Bit>; 2],
    channel_rows: BlockRam<24, 17>,
    // The command.
    checking: DFF<Bit>,
    of: DFF<Bit>,
    first: DFF<Bits<16>>,
    per_image: DFF<Bits<16>>,
    images_left: DFF<Bits<16>>,
    // The row to fetch.
    fetching: DFF<Bit>,
    row: DFF<Bits<16>>,
    rows_left: DFF<Bits<16>>,
    // The row fetched.
    fetched: DFF<Bit>,
    fetched_last: DFF<Bit>,
    // The plane.
    my_beats: DFF<Bits<20>>,
    my_last_lanes: DFF<Bits<S>>,
    in_plane: DFF<Bit>,
    plane: DFF<Bits<24>>,
    plane_last: DFF<Bit>,
    bad_command: DFF<Bit>,
    beats_left: DFF<Bits<20>>,
    last_beat: DFF<Bit>,
    my_rows: Signal<Local, Bits<17>>,
    my_too_short: Signal<Local, Bit>,
    load_beats: Signal<Local, Bits<20>>,
    load_lanes: Signal<Local, Bits<S>>,
    load_end: Signal<Local, Bits<12>>,
    load_short: Signal<Local, Bit>,
    end_row: Signal<Local, Bits<17>>,
    fetch: Signal<Local, Bit>,
    move_on: Signal<Local, Bit>,
    undefined: Signal<Local, Bit>,
    write_at: Signal<Local, Bits<17>>,
    read_at: Signal<Local, Bits<17>>,
    all: Constant<Bits<S>>,
    whole_beat: Constant<Bits<12>>,
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
            take: Default::default(),
            fault: Default::default(),
            pruned: Default::default(),
            mantissa: Default::default(),
            shift: Default::default(),
            mask: Default::default(),
            last: Default::default(),
            enter: Default::default(),
            enter_class: Default::default(),
            rows: Default::default(),
            beats: Default::default(),
            last_lanes: Default::default(),
            too_short: Default::default(),
            channel_rows: BlockRam::new(2 * rows),
            checking: Default::default(),
            of: Default::default(),
            first: Default::default(),
            per_image: Default::default(),
            images_left: Default::default(),
            fetching: Default::default(),
            row: Default::default(),
            rows_left: Default::default(),
            fetched: Default::default(),
            fetched_last: Default::default(),
            in_plane: Default::default(),
            plane: Default::default(),
            plane_last: Default::default(),
            bad_command: Default::default(),
            beats_left: Default::default(),
            last_beat: Default::default(),
            my_rows: Default::default(),
            my_beats: Default::default(),
            my_last_lanes: Default::default(),
            my_too_short: Default::default(),
            load_beats: Default::default(),
            load_lanes: Default::default(),
            load_end: Default::default(),
            load_short: Default::default(),
            end_row: Default::default(),
            fetch: Default::default(),
            move_on: Default::default(),
            undefined: Default::default(),
            write_at: Default::default(),
            read_at: Default::default(),
            all: Constant::new(Bits::mask()),
            whole_beat: Constant::new(bits((1 << S) - 1)),
        }
    }
}

impl<const S: usize> Logic for PlaneWalker<S> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            aclk,
            checking,
            of,
            first,
            per_image,
            images_left,
            fetching,
            row
        );
        dff_setup!(
            self,
            aclk,
            rows_left,
            fetched,
            fetched_last,
            in_plane,
            plane,
            plane_last
        );
        dff_setup!(
            self,
            aclk,
            bad_command,
            beats_left,
            last_beat,
            my_beats,
            my_last_lanes
        );
        for i in 0..2 {
            self.rows[i].clock.next = self.aclk.val();
            self.rows[i].d.next = self.rows[i].q.val();
            self.beats[i].clock.next = self.aclk.val();
            self.beats[i].d.next = self.beats[i].q.val();
            self.last_lanes[i].clock.next = self.aclk.val();
            self.last_lanes[i].d.next = self.last_lanes[i].q.val();
            self.too_short[i].clock.next = self.aclk.val();
            self.too_short[i].d.next = self.too_short[i].q.val();
        }

        // Loading.
        self.load_beats.next = self.load_data.val().get_bits::<20>(0);
        self.load_lanes.next = self.load_data.val().get_bits::<S>(20);
        self.load_end.next = self.load_data.val().get_bits::<12>(20);
        self.load_short.next =
            !self.load_beats.val().any() & (self.load_end.val() != self.whole_beat.val());
        if self.load_valid.val() & (self.load_addr.val() == 0) {
            if self.load_context.val() {
                self.beats[1].d.next = self.load_beats.val();
                self.last_lanes[1].d.next = self.load_lanes.val();
                self.too_short[1].d.next = self.load_short.val();
            } else {
                self.beats[0].d.next = self.load_beats.val();
                self.last_lanes[0].d.next = self.load_lanes.val();
                self.too_short[0].d.next = self.load_short.val();
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
        self.channel_rows.clock.next = self.aclk.val();
        self.channel_rows.write.next = self.load_valid.val() & self.load_addr.val().get_bit(16);
        self.channel_rows.write_address.next = self.write_at.val();
        self.channel_rows.write_data.next = self.load_data.val().get_bits::<24>(0);

        // The running context's geometry.
        self.my_rows.next = bit_cast::<17, 16>(self.rows[0].q.val());
        self.my_beats.d.next = self.beats[0].q.val();
        self.my_last_lanes.d.next = self.last_lanes[0].q.val();
        self.my_too_short.next = self.too_short[0].q.val();
        if self.of.q.val() {
            self.my_rows.next = bit_cast::<17, 16>(self.rows[1].q.val());
            self.my_beats.d.next = self.beats[1].q.val();
            self.my_last_lanes.d.next = self.last_lanes[1].q.val();
            self.my_too_short.next = self.too_short[1].q.val();
        }

        // Beats of the plane.
        self.undefined.next = self.plane.q.val().get_bit(22) & self.plane.q.val().get_bit(23);
        self.fault.next = 0.into();
        if self.bad_command.q.val() {
            self.fault.next = 5.into();
        } else {
            if self.undefined.val() {
                self.fault.next = 4.into();
            }
        }
        self.valid.next = self.in_plane.q.val();
        self.pruned.next = self.plane.q.val().get_bit(23);
        self.mantissa.next = self.plane.q.val().get_bits::<17>(0);
        self.shift.next = self.plane.q.val().get_bits::<5>(17);
        self.last.next = self.plane_last.q.val() & self.last_beat.q.val();
        self.mask.next = self.all.val();
        if self.last_beat.q.val() {
            self.mask.next = self.my_last_lanes.q.val();
        }
        if self.take.val() {
            self.beats_left.d.next = self.beats_left.q.val() - 1;
            self.last_beat.d.next = self.beats_left.q.val() == 1;
            if self.last_beat.q.val() {
                self.in_plane.d.next = false;
            }
        }

        // The next plane, when this one ends.
        self.move_on.next = self.fetched.q.val()
            & (!self.in_plane.q.val() | (self.take.val() & self.last_beat.q.val()));
        self.enter.next = self.move_on.val();
        self.enter_class.next = self.channel_rows.read_data.val().get_bit(22);
        if self.move_on.val() {
            self.in_plane.d.next = true;
            self.plane.d.next = self.channel_rows.read_data.val();
            self.plane_last.d.next = self.fetched_last.q.val();
            self.beats_left.d.next = self.my_beats.q.val();
            self.last_beat.d.next = !self.my_beats.q.val().any();
            self.fetched.d.next = false;
        }

        // The row after that.
        self.fetch.next = self.fetching.q.val() & (!self.fetched.q.val() | self.move_on.val());
        self.channel_rows.read.next = self.fetch.val();
        self.read_at.next = bit_cast::<17, 16>(self.row.q.val()) << 1;
        if self.of.q.val() {
            self.read_at.next = (bit_cast::<17, 16>(self.row.q.val()) << 1) | 1;
        }
        self.channel_rows.read_address.next = self.read_at.val();
        if self.fetch.val() {
            self.fetched.d.next = true;
            self.fetched_last.d.next = false;
            self.row.d.next = self.row.q.val() + 1;
            self.rows_left.d.next = self.rows_left.q.val() - 1;
            if self.rows_left.q.val() == 1 {
                self.row.d.next = self.first.q.val();
                self.rows_left.d.next = self.per_image.q.val();
                self.images_left.d.next = self.images_left.q.val() - 1;
                if self.images_left.q.val() == 1 {
                    self.fetching.d.next = false;
                    self.fetched_last.d.next = true;
                }
            }
        }

        // The command.
        self.end_row.next =
            bit_cast::<17, 16>(self.first.q.val()) + bit_cast::<17, 16>(self.per_image.q.val());
        if self.checking.q.val() {
            self.checking.d.next = false;
            if !self.per_image.q.val().any()
                | !self.images_left.q.val().any()
                | (self.end_row.val() > self.my_rows.val())
                | self.my_too_short.val()
            {
                self.bad_command.d.next = true;
                self.in_plane.d.next = true;
            } else {
                self.fetching.d.next = true;
            }
        }
        if self.stop.val() {
            self.fetching.d.next = false;
            self.fetched.d.next = false;
            self.in_plane.d.next = false;
            self.bad_command.d.next = false;
        }
        if self.start.val() {
            self.checking.d.next = true;
            self.of.d.next = self.bank.val();
            self.first.d.next = self.first_channel.val();
            self.per_image.d.next = self.channels.val();
            self.images_left.d.next = self.images.val();
            self.row.d.next = self.first_channel.val();
            self.rows_left.d.next = self.channels.val();
        }
        if !self.aresetn.val() {
            self.checking.d.next = false;
            self.fetching.d.next = false;
            self.fetched.d.next = false;
            self.in_plane.d.next = false;
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
                unit.take.next = unit.valid.val() && fault == 0;
                if unit.valid.val() {
                    assert_eq!(unit.fault.val(), bits(fault));
                    walked.push((unit.mantissa.val().to_u64(), unit.mask.val().to_u64()));
                }
                step(&mut unit, |unit| &mut unit.aclk);
            }
            if fault == 0 {
                let image = [(100, 15), (100, 3), (200, 15), (200, 3)];
                assert_eq!(walked, [image, image].concat());
            }
        }
    }
}
