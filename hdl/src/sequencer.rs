//! Sequencer: walks a packet's beats, planes, rows and images, and gives each beat its row of the
//! channel table. Both cores use it.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `load`, `load_context`, `load_addr`, `load_data` | in | writes at [`crate::load::PLANE`], [`ROWS`](crate::load::ROWS) and [`CHANNELS`](crate::load::CHANNELS) on; others are ignored |
//! | `start`, `run_context`, `first_channel`, `channels`, `images` | in | begins a packet; only when none runs |
//! | `running`, `refused` | out | 3 clocks after `start` one of them: the packet runs until its last beat is stepped or `stop`; or the command is out of range, for one clock |
//! | `last` | out | the next beat is the packet's last |
//! | `plane_beats`, `plane_lanes` | out | only with [`Sequencer::with_planes`]: beats of a plane less one, lanes of its last, from the clock after `start` on |
//! | `too_long` | in | with it: they are beyond what is built in; 2 clocks after `start` |
//! | `step` | in | takes a beat; only while `running` |
//! | `stop` | in | ends the packet early |
//! | `beat_valid`, `beat_lanes` | out | a beat, 3 clocks after its step; its lanes, none if its plane is not stored |
//! | `beat_context`, `beat_important`, `beat_mantissa`, `beat_shift` | out | its row |
//! | `beat_undefined` | out | its class is undefined; it is treated as Pruned |
//! | `beat_inside`, `beat_ends` | out | only with [`Sequencer::with_ends`]: lanes inside the plane, stored or not; it is the plane's last |
//!
//! Parameters: S lanes, 1 to 8; rows of the channel table. Latency 3, one beat a clock also where a
//! plane has one beat.
//!
//! Counters run down below zero: each holds how many are left less two, and its sign says that this one
//! is the last. So a step needs no comparison. What a counter starts from goes through its subtraction
//! too, so "less one" is what is kept.

use rust_hdl::prelude::*;

use crate::primitives::PipelinedRam;

/// Clocks from a step to its beat.
pub const LATENCY: usize = 3;

/// Sequencer of S lanes.
#[derive(LogicBlock)]
pub struct Sequencer<const S: usize> {
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
    pub load_data: Signal<In, Bits<28>>,
    /// Begin a packet.
    pub start: Signal<In, Bit>,
    /// Context of the packet.
    pub run_context: Signal<In, Bit>,
    /// Row of each image's first plane.
    pub first_channel: Signal<In, Bits<16>>,
    /// Planes of an image.
    pub channels: Signal<In, Bits<16>>,
    /// Images.
    pub images: Signal<In, Bits<16>>,
    /// The packet runs.
    pub running: Signal<Out, Bit>,
    /// The command is out of range.
    pub refused: Signal<Out, Bit>,
    /// The next beat is the last.
    pub last: Signal<Out, Bit>,
    /// Beats of a plane, less one.
    pub plane_beats: Vec<Signal<Out, Bits<20>>>,
    /// Lanes of its last beat.
    pub plane_lanes: Vec<Signal<Out, Bits<S>>>,
    /// The planes do not fit.
    pub too_long: Vec<Signal<In, Bit>>,
    /// Take a beat.
    pub step: Signal<In, Bit>,
    /// End the packet.
    pub stop: Signal<In, Bit>,
    /// There is a beat.
    pub beat_valid: Signal<Out, Bit>,
    /// Lanes that take part.
    pub beat_lanes: Signal<Out, Bits<S>>,
    /// Context of the beat.
    pub beat_context: Signal<Out, Bit>,
    /// The beat's class is Important, else Direct.
    pub beat_important: Signal<Out, Bit>,
    /// Mantissa of the beat.
    pub beat_mantissa: Signal<Out, Bits<17>>,
    /// Shift of the beat.
    pub beat_shift: Signal<Out, Bits<5>>,
    /// The class is undefined.
    pub beat_undefined: Signal<Out, Bit>,
    /// Lanes inside the plane, stored or not.
    pub beat_inside: Vec<Signal<Out, Bits<S>>>,
    /// The beat is its plane's last.
    pub beat_ends: Vec<Signal<Out, Bit>>,

    all: Constant<Bits<S>>,
    whole_beat: Constant<Bits<8>>,

    planes: [DFF<Bits<28>>; 2],
    rows: [DFF<Bits<16>>; 2],
    channel_rows: PipelinedRam<24, 17>,

    checking: DFF<Bit>,
    judging: DFF<Bit>,
    runs: DFF<Bit>,
    active_context: DFF<Bit>,
    beats_less_one: DFF<Bits<20>>,
    last_lanes: DFF<Bits<8>>,
    row_limit: DFF<Bits<16>>,
    row_end: DFF<Bits<17>>,
    first_row: DFF<Bits<16>>,
    channels_less_one: DFF<Bits<16>>,
    none: DFF<Bit>,
    plane: Signal<Local, Bits<28>>,
    /// The rows go beyond the table; the plane is below a beat.
    beyond: DFF<Bit>,
    short: DFF<Bit>,
    fits: Signal<Local, Bit>,
    next_plane: Signal<Local, Bit>,
    next_image: Signal<Local, Bit>,
    row_now: Signal<Local, Bits<16>>,

    beats_left: DFF<Bits<21>>,
    beats_from: Signal<Local, Bits<21>>,
    last_beat: Signal<Local, Bit>,
    channels_left: DFF<Bits<17>>,
    channels_from: Signal<Local, Bits<17>>,
    last_channel: Signal<Local, Bit>,
    images_left: DFF<Bits<17>>,
    images_from: Signal<Local, Bits<17>>,
    last_image: Signal<Local, Bit>,
    row: DFF<Bits<16>>,

    read_valid: DFF<Bit>,
    read_lanes: DFF<Bits<S>>,
    entry: Signal<Local, Bits<24>>,
    entry_valid: DFF<Bit>,
    entry_lanes: DFF<Bits<S>>,
    stored: Signal<Local, Bit>,
    valid: DFF<Bit>,
    lanes: DFF<Bits<S>>,
    content: DFF<Bits<23>>,
    undefined: DFF<Bit>,
    inside: Vec<DFF<Bits<S>>>,
    read_ends: Vec<DFF<Bit>>,
    entry_ends: Vec<DFF<Bit>>,
    ends: Vec<DFF<Bit>>,
}

impl<const S: usize> Sequencer<S> {
    /// With a channel table of `rows` rows.
    pub fn new(rows: usize) -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            load: Signal::default(),
            load_context: Signal::default(),
            load_addr: Signal::default(),
            load_data: Signal::default(),
            start: Signal::default(),
            run_context: Signal::default(),
            first_channel: Signal::default(),
            channels: Signal::default(),
            images: Signal::default(),
            running: Signal::default(),
            refused: Signal::default(),
            last: Signal::default(),
            plane_beats: Vec::new(),
            plane_lanes: Vec::new(),
            too_long: Vec::new(),
            step: Signal::default(),
            stop: Signal::default(),
            beat_valid: Signal::default(),
            beat_lanes: Signal::default(),
            beat_context: Signal::default(),
            beat_important: Signal::default(),
            beat_mantissa: Signal::default(),
            beat_shift: Signal::default(),
            beat_undefined: Signal::default(),
            beat_inside: Vec::new(),
            beat_ends: Vec::new(),
            all: Constant::new(Bits::mask()),
            whole_beat: Constant::new(((1u64 << S) - 1).into()),
            planes: std::array::from_fn(|_| DFF::default()),
            rows: std::array::from_fn(|_| DFF::default()),
            channel_rows: PipelinedRam::new(2 * rows),
            checking: DFF::default(),
            judging: DFF::default(),
            runs: DFF::default(),
            active_context: DFF::default(),
            beats_less_one: DFF::default(),
            last_lanes: DFF::default(),
            row_limit: DFF::default(),
            row_end: DFF::default(),
            first_row: DFF::default(),
            channels_less_one: DFF::default(),
            none: DFF::default(),
            plane: Signal::default(),
            beyond: DFF::default(),
            short: DFF::default(),
            fits: Signal::default(),
            next_plane: Signal::default(),
            next_image: Signal::default(),
            row_now: Signal::default(),
            beats_left: DFF::default(),
            beats_from: Signal::default(),
            last_beat: Signal::default(),
            channels_left: DFF::default(),
            channels_from: Signal::default(),
            last_channel: Signal::default(),
            images_left: DFF::default(),
            images_from: Signal::default(),
            last_image: Signal::default(),
            row: DFF::default(),
            read_valid: DFF::default(),
            read_lanes: DFF::default(),
            entry: Signal::default(),
            entry_valid: DFF::default(),
            entry_lanes: DFF::default(),
            stored: Signal::default(),
            valid: DFF::default(),
            lanes: DFF::default(),
            content: DFF::default(),
            undefined: DFF::default(),
            inside: Vec::new(),
            read_ends: Vec::new(),
            entry_ends: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The same; and it tells where planes end, also those that are not stored.
    pub fn with_ends(self) -> Self {
        Self {
            beat_inside: vec![Signal::default()],
            beat_ends: vec![Signal::default()],
            inside: vec![DFF::default()],
            read_ends: vec![DFF::default()],
            entry_ends: vec![DFF::default()],
            ends: vec![DFF::default()],
            ..self
        }
    }

    /// The same; and it tells the packet's planes.
    pub fn with_planes(self) -> Self {
        Self {
            plane_beats: vec![Signal::default()],
            plane_lanes: vec![Signal::default()],
            too_long: vec![Signal::default()],
            ..self
        }
    }
}

impl<const S: usize> Logic for Sequencer<S> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, runs, active_context, beats_less_one, last_lanes);
        dff_setup!(self, aclk, row_limit, row_end, first_row, channels_less_one);
        dff_setup!(self, aclk, none);
        dff_setup!(self, aclk, beats_left, channels_left, images_left, row);
        clock!(
            self,
            aclk,
            channel_rows,
            checking,
            judging,
            beyond,
            short,
            read_valid,
            read_lanes
        );
        clock!(
            self,
            aclk,
            entry_valid,
            entry_lanes,
            valid,
            lanes,
            content,
            undefined
        );

        // Loading. The context is the table's lowest address bit, so any number of rows fits.
        for i in 0..2 {
            self.planes[i].clock.next = self.aclk.val();
            self.rows[i].clock.next = self.aclk.val();
            self.planes[i].d.next = self.planes[i].q.val();
            self.rows[i].d.next = self.rows[i].q.val();
        }
        if self.load.val() & (self.load_addr.val() == 0) {
            if self.load_context.val() {
                self.planes[1].d.next = self.load_data.val();
            } else {
                self.planes[0].d.next = self.load_data.val();
            }
        }
        if self.load.val() & (self.load_addr.val() == 1) {
            if self.load_context.val() {
                self.rows[1].d.next = self.load_data.val().get_bits::<16>(0);
            } else {
                self.rows[0].d.next = self.load_data.val().get_bits::<16>(0);
            }
        }
        self.channel_rows.write.next = self.load.val() & self.load_addr.val().get_bit(16);
        self.channel_rows.write_address.next =
            bit_cast::<17, 16>(self.load_addr.val().get_bits::<16>(0)) << 1;
        if self.load_context.val() {
            self.channel_rows.write_address.next =
                (bit_cast::<17, 16>(self.load_addr.val().get_bits::<16>(0)) << 1) | 1;
        }
        self.channel_rows.write_data.next = self.load_data.val().get_bits::<24>(0);

        // A command: take it, add up, judge.
        self.checking.d.next = self.start.val();
        self.judging.d.next = self.checking.q.val();
        self.plane.next = self.planes[0].q.val();
        if self.run_context.val() {
            self.plane.next = self.planes[1].q.val();
        }
        if self.start.val() {
            self.active_context.d.next = self.run_context.val();
            self.beats_less_one.d.next = self.plane.val().get_bits::<20>(0);
            self.last_lanes.d.next = self.plane.val().get_bits::<8>(20);
            self.row_limit.d.next = self.rows[0].q.val();
            if self.run_context.val() {
                self.row_limit.d.next = self.rows[1].q.val();
            }
            self.row_end.d.next = bit_cast::<17, 16>(self.first_channel.val())
                + bit_cast::<17, 16>(self.channels.val());
            self.first_row.d.next = self.first_channel.val();
            self.channels_less_one.d.next = self.channels.val() - 1;
            self.none.d.next = (!self.channels.val().any()) | (!self.images.val().any());
        }
        self.last_beat.next = self.beats_left.q.val().get_bit(20);
        self.last_channel.next = self.channels_left.q.val().get_bit(16);
        self.last_image.next = self.images_left.q.val().get_bit(16);
        self.beyond.d.next = self.row_end.q.val() > bit_cast::<17, 16>(self.row_limit.q.val());
        self.short.d.next = (!self.beats_less_one.q.val().any())
            & (self.last_lanes.q.val() != self.whole_beat.val());
        self.fits.next = !(self.none.q.val() | self.beyond.q.val() | self.short.q.val());
        for i in 0..self.too_long.len() {
            if self.too_long[i].val() {
                self.fits.next = false;
            }
        }
        for i in 0..self.plane_beats.len() {
            self.plane_beats[i].next = self.beats_less_one.q.val();
            self.plane_lanes[i].next = self.last_lanes.q.val().get_bits::<S>(0);
        }
        self.refused.next = self.judging.q.val() & (!self.fits.val());
        self.running.next = self.runs.q.val();
        self.last.next = self.last_beat.val() & self.last_channel.val() & self.last_image.val();

        // A step, or the first values. The images are counted down twice before the first.
        self.next_plane.next = self.step.val() & self.last_beat.val();
        self.next_image.next = self.next_plane.val() & self.last_channel.val();
        self.beats_from.next = self.beats_left.q.val();
        if self.judging.q.val() | self.last_beat.val() {
            self.beats_from.next = bit_cast::<21, 20>(self.beats_less_one.q.val());
        }
        if self.judging.q.val() | self.step.val() {
            self.beats_left.d.next = self.beats_from.val() - 1;
        }
        self.channels_from.next = self.channels_left.q.val();
        if self.judging.q.val() | self.last_channel.val() {
            self.channels_from.next = bit_cast::<17, 16>(self.channels_less_one.q.val());
        }
        if self.judging.q.val() | self.next_plane.val() {
            self.channels_left.d.next = self.channels_from.val() - 1;
        }
        self.images_from.next = self.images_left.q.val();
        if self.start.val() {
            self.images_from.next = bit_cast::<17, 16>(self.images.val());
        }
        if self.start.val() | self.judging.q.val() | self.next_image.val() {
            self.images_left.d.next = self.images_from.val() - 1;
        }
        self.row_now.next = self.row.q.val() + 1;
        if self.judging.q.val() | self.last_channel.val() {
            self.row_now.next = self.first_row.q.val();
        }
        if self.judging.q.val() | self.next_plane.val() {
            self.row.d.next = self.row_now.val();
        }
        if self.next_image.val() & self.last_image.val() {
            self.runs.d.next = false;
        }
        if self.judging.q.val() {
            self.runs.d.next = self.fits.val();
        }
        if self.stop.val() {
            self.runs.d.next = false;
        }

        // Its row.
        self.channel_rows.enable.next = true;
        self.channel_rows.read_address.next = bit_cast::<17, 16>(self.row.q.val()) << 1;
        if self.active_context.q.val() {
            self.channel_rows.read_address.next = (bit_cast::<17, 16>(self.row.q.val()) << 1) | 1;
        }
        self.read_valid.d.next = self.step.val();
        self.read_lanes.d.next = self.all.val();
        if self.last_beat.val() {
            self.read_lanes.d.next = self.last_lanes.q.val().get_bits::<S>(0);
        }
        self.entry.next = self.channel_rows.read_data.val();
        self.entry_valid.d.next = self.read_valid.q.val();
        self.entry_lanes.d.next = self.read_lanes.q.val();
        self.stored.next = !self.entry.val().get_bit(23);
        self.valid.d.next = self.entry_valid.q.val();
        self.lanes.d.next = 0.into();
        if self.stored.val() {
            self.lanes.d.next = self.entry_lanes.q.val();
        }
        self.content.d.next = self.entry.val().get_bits::<23>(0);
        self.undefined.d.next =
            self.entry_valid.q.val() & self.entry.val().get_bit(23) & self.entry.val().get_bit(22);

        self.beat_valid.next = self.valid.q.val();
        self.beat_lanes.next = self.lanes.q.val();
        self.beat_context.next = self.active_context.q.val();
        self.beat_important.next = self.content.q.val().get_bit(22);
        self.beat_mantissa.next = self.content.q.val().get_bits::<17>(0);
        self.beat_shift.next = self.content.q.val().get_bits::<5>(17);
        self.beat_undefined.next = self.undefined.q.val();
        for i in 0..self.ends.len() {
            self.inside[i].clock.next = self.aclk.val();
            self.read_ends[i].clock.next = self.aclk.val();
            self.entry_ends[i].clock.next = self.aclk.val();
            self.ends[i].clock.next = self.aclk.val();
            self.inside[i].d.next = self.entry_lanes.q.val();
            self.read_ends[i].d.next = self.last_beat.val();
            self.entry_ends[i].d.next = self.read_ends[i].q.val();
            self.ends[i].d.next = self.entry_ends[i].q.val();
            self.beat_inside[i].next = self.inside[i].q.val();
            self.beat_ends[i].next = self.ends[i].q.val();
        }

        if !self.aresetn.val() {
            self.checking.d.next = false;
            self.judging.d.next = false;
            self.runs.d.next = false;
            self.read_valid.d.next = false;
            self.entry_valid.d.next = false;
            self.valid.d.next = false;
            self.lanes.d.next = 0.into();
            self.undefined.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LATENCY, Sequencer};
    use crate::load;
    use crate::step::step;
    use rust_hdl::prelude::*;

    /// Planes of 3 samples on 2 lanes, rows Direct and Pruned, two images.
    #[test]
    fn walks_planes_rows_and_images() {
        let mut unit = Sequencer::<2>::new(4);
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.load.next = true;
        let rows = [(load::CHANNELS, 7), (load::CHANNELS + 1, 2 << 22)];
        for (addr, data) in [(load::PLANE, 1 | 1 << 20), (load::ROWS, 2)]
            .into_iter()
            .chain(rows)
        {
            unit.load_addr.next = bits(u64::from(addr));
            unit.load_data.next = bits(data);
            step(&mut unit, |unit| &mut unit.aclk);
        }
        unit.load.next = false;
        unit.channels.next = bits(2);
        unit.images.next = bits(2);
        unit.start.next = true;
        step(&mut unit, |unit| &mut unit.aclk);
        unit.start.next = false;
        step(&mut unit, |unit| &mut unit.aclk);
        step(&mut unit, |unit| &mut unit.aclk);
        let mut lanes = Vec::new();
        for clock in 0..8 + LATENCY {
            assert_eq!(unit.running.val(), clock < 8);
            assert_eq!(unit.last.val() && unit.running.val(), clock == 7);
            unit.step.next = clock < 8;
            step(&mut unit, |unit| &mut unit.aclk);
            if unit.beat_valid.val() {
                lanes.push(unit.beat_lanes.val().to_u64());
            }
        }
        assert_eq!(lanes, [3, 1, 0, 0, 3, 1, 0, 0]);
    }
}
