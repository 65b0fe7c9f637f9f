//! Channel ranges: the smallest and largest sample of each channel, S samples a clock.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `enable` | in | moves everything but what takes a beat in; always high while beats come |
//! | `begin_run`, `channels` | in | a run begins: planes of each image |
//! | `beat`, `lanes`, `samples`, `ends` | in | a beat: lanes inside the plane, samples of 16 bits each, whether it is the plane's last |
//! | `last_channel` | out | the last of the run's channels, from 0 |
//! | `ask`, `asked_channel`, `asked_half` | in | a channel's range is told; at the earliest 4 clocks behind the last beat |
//! | `low`, `high` | out | 3 clocks later: smallest and largest sample + 2^15 |
//! | `told`, `told_half` | out | with them: `ask`, `asked_half` |
//!
//! Parameters: S lanes; D = 16 S; the channels that ranges are kept of are given to
//! [`ChannelRanges::new`]. A beat a clock, also where each is a
//! plane. The channel is counted here, from 0.

use rust_hdl::prelude::*;

use super::extremes::Extremes;
use super::forwarding::Forwarding;
use crate::primitives::{PipelinedRam, Reg};

/// Ranges by channel; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct ChannelRanges<const S: usize, const D: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub enable: Signal<In, Bit>,
    pub begin_run: Signal<In, Bit>,
    pub channels: Signal<In, Bits<16>>,
    pub beat: Signal<In, Bit>,
    pub lanes: Signal<In, Bits<S>>,
    pub samples: Signal<In, Bits<D>>,
    pub ends: Signal<In, Bit>,
    pub last_channel: Signal<Out, Bits<16>>,
    pub ask: Signal<In, Bit>,
    pub asked_channel: Signal<In, Bits<16>>,
    pub asked_half: Signal<In, Bit>,
    pub low: Signal<Out, Bits<16>>,
    pub high: Signal<Out, Bits<16>>,
    pub told: Signal<Out, Bit>,
    pub told_half: Signal<Out, Bit>,

    used: Constant<Bits<16>>,
    channels_less_one: DFF<Bits<16>>,
    channel: DFF<Bits<16>>,
    /// The beat is the first of its channel.
    first_beat: DFF<Bit>,
    first_image: DFF<Bit>,

    extremes: Extremes<S, D>,
    /// Beat, first of its channel, channel.
    place: Signal<Local, Bits<18>>,
    /// As many as [`Extremes`] takes clocks.
    past_tree: Vec<DFF<Bits<18>>>,
    place_now: Signal<Local, Bits<18>>,
    lows: [DFF<Bits<16>>; 3],
    highs: [DFF<Bits<16>>; 3],
    firsts: [DFF<Bit>; 3],
    tells: [Reg<Bit>; 3],
    halves: [DFF<Bit>; 3],

    forwarding: Forwarding<16>,
    memory: PipelinedRam<32, 16>,
    address: Signal<Local, Bits<16>>,
    word: DFF<Bits<32>>,
    last: DFF<Bits<32>>,
    kept: DFF<Bits<32>>,
    low_now: Signal<Local, Bits<16>>,
    high_now: Signal<Local, Bits<16>>,
    changed: Signal<Local, Bits<32>>,
}

impl<const S: usize, const D: usize> ChannelRanges<S, D> {
    /// For runs of up to `channels` channels.
    pub fn new(channels: usize) -> Self {
        assert!((1..=1 << 16).contains(&channels), "1 to 65536 channels");
        let words = channels.next_power_of_two().max(2);
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            enable: Signal::default(),
            begin_run: Signal::default(),
            channels: Signal::default(),
            beat: Signal::default(),
            lanes: Signal::default(),
            samples: Signal::default(),
            ends: Signal::default(),
            last_channel: Signal::default(),
            ask: Signal::default(),
            asked_channel: Signal::default(),
            asked_half: Signal::default(),
            low: Signal::default(),
            high: Signal::default(),
            told: Signal::default(),
            told_half: Signal::default(),
            used: Constant::new(bits(words as u64 - 1)),
            channels_less_one: DFF::default(),
            channel: DFF::default(),
            first_beat: DFF::default(),
            first_image: DFF::default(),
            extremes: Extremes::default(),
            place: Signal::default(),
            past_tree: (0..=S.ilog2()).map(|_| DFF::default()).collect(),
            place_now: Signal::default(),
            lows: std::array::from_fn(|_| DFF::default()),
            highs: std::array::from_fn(|_| DFF::default()),
            firsts: std::array::from_fn(|_| DFF::default()),
            tells: std::array::from_fn(|_| Reg::default()),
            halves: std::array::from_fn(|_| DFF::default()),
            forwarding: Forwarding::default(),
            memory: PipelinedRam::new(words),
            address: Signal::default(),
            word: DFF::default(),
            last: DFF::default(),
            kept: DFF::default(),
            low_now: Signal::default(),
            high_now: Signal::default(),
            changed: Signal::default(),
        }
    }
}

impl<const S: usize, const D: usize> Logic for ChannelRanges<S, D> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            aclk,
            channels_less_one,
            channel,
            first_beat,
            first_image
        );
        dff_setup!(self, aclk, word, last, kept);
        clock!(self, aclk, memory);

        // The beat's channel.
        if self.beat.val() {
            self.first_beat.d.next = self.ends.val();
            if self.ends.val() {
                self.channel.d.next = self.channel.q.val() + 1;
                if self.channel.q.val() == self.channels_less_one.q.val() {
                    self.channel.d.next = 0.into();
                    self.first_image.d.next = false;
                }
            }
        }
        if self.begin_run.val() {
            self.channels_less_one.d.next = self.channels.val() - 1;
            self.channel.d.next = 0.into();
            self.first_beat.d.next = true;
            self.first_image.d.next = true;
        }
        self.extremes.aclk.next = self.aclk.val();
        self.extremes.lanes.next = self.lanes.val();
        self.extremes.samples.next = self.samples.val();
        self.place.next = 0.into();
        if self.beat.val() {
            self.place.next = bit_cast::<18, 16>(self.channel.q.val()) | 0x20000;
            if self.first_beat.q.val() & self.first_image.q.val() {
                self.place.next = bit_cast::<18, 16>(self.channel.q.val()) | 0x30000;
            }
        }
        self.past_tree[0].d.next = self.place.val();
        for i in 1..self.past_tree.len() {
            self.past_tree[i].d.next = self.past_tree[i - 1].q.val();
        }
        for i in 0..self.past_tree.len() {
            self.past_tree[i].clock.next = self.aclk.val();
            self.place_now.next = self.past_tree[i].q.val();
        }

        // Its channel's range so far, or one that is asked for.
        self.address.next = self.place_now.val().get_bits::<16>(0) & self.used.val();
        if self.ask.val() {
            self.address.next = self.asked_channel.val() & self.used.val();
        }
        self.forwarding.aclk.next = self.aclk.val();
        self.forwarding.aresetn.next = self.aresetn.val();
        self.forwarding.enable.next = self.enable.val();
        self.forwarding.valid.next = self.place_now.val().get_bit(17) | self.ask.val();
        self.forwarding.address.next = self.address.val();
        self.memory.enable.next = self.enable.val();
        self.memory.read_address.next = self.address.val();
        self.memory.write.next = self.forwarding.write.val();
        self.memory.write_address.next = self.forwarding.write_address.val();
        for i in 0..3 {
            self.lows[i].clock.next = self.aclk.val();
            self.highs[i].clock.next = self.aclk.val();
            self.firsts[i].clock.next = self.aclk.val();
            self.halves[i].clock.next = self.aclk.val();
            self.lows[i].d.next = self.lows[i].q.val();
            self.highs[i].d.next = self.highs[i].q.val();
            self.firsts[i].d.next = self.firsts[i].q.val();
            self.halves[i].d.next = self.halves[i].q.val();
            self.tells[i].clock.next = self.aclk.val();
            self.tells[i].aresetn.next = self.aresetn.val();
            self.tells[i].enable.next = self.enable.val();
        }
        self.tells[0].d.next = self.ask.val();
        for i in 1..3 {
            self.tells[i].d.next = self.tells[i - 1].q.val();
        }
        if self.enable.val() {
            self.lows[0].d.next = self.extremes.low.val();
            self.highs[0].d.next = self.extremes.high.val();
            self.firsts[0].d.next = self.place_now.val().get_bit(16);
            self.halves[0].d.next = self.asked_half.val();
            for i in 1..3 {
                self.lows[i].d.next = self.lows[i - 1].q.val();
                self.highs[i].d.next = self.highs[i - 1].q.val();
                self.firsts[i].d.next = self.firsts[i - 1].q.val();
                self.halves[i].d.next = self.halves[i - 1].q.val();
            }
        }

        // The range with the beat in it; what is asked for stays.
        self.low_now.next = self.word.q.val().get_bits::<16>(0);
        self.high_now.next = self.word.q.val().get_bits::<16>(16);
        if !self.tells[2].q.val() {
            if self.firsts[2].q.val() | (self.lows[2].q.val() < self.word.q.val().get_bits::<16>(0))
            {
                self.low_now.next = self.lows[2].q.val();
            }
            if self.firsts[2].q.val()
                | (self.highs[2].q.val() > self.word.q.val().get_bits::<16>(16))
            {
                self.high_now.next = self.highs[2].q.val();
            }
        }
        self.changed.next = bit_cast::<32, 16>(self.low_now.val())
            | (bit_cast::<32, 16>(self.high_now.val()) << 16);
        self.memory.write_data.next = self.changed.val();
        if self.enable.val() {
            self.last.d.next = self.changed.val();
            self.kept.d.next = self.last.q.val();
            if self.forwarding.keeps_changed.val() {
                self.kept.d.next = self.changed.val();
            }
            self.word.d.next = self.memory.read_data.val();
            if self.forwarding.takes_kept.val() {
                self.word.d.next = self.kept.q.val();
            }
            if self.forwarding.takes_changed.val() {
                self.word.d.next = self.changed.val();
            }
        }
        self.last_channel.next = self.channels_less_one.q.val();
        self.low.next = self.word.q.val().get_bits::<16>(0);
        self.high.next = self.word.q.val().get_bits::<16>(16);
        self.told.next = self.tells[2].q.val();
        self.told_half.next = self.halves[2].q.val();
    }
}
