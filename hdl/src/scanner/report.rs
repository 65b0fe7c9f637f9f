//! Report: asks for what a scan has found and sends it, or the scan's error.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset: then all counters are made 0 |
//! | `finish`, `error` | in | for one clock: a scan has ended, with this error code |
//! | `last_channel` | in | the last of its channels, from 0 |
//! | `enable` | out | moves channel ranges and histogram |
//! | `ask`, `asked_channel`, `asked_half` | out | to the channel ranges |
//! | `low`, `high`, `told`, `told_half` | in | its answer |
//! | `drain`, `drain_bin` | out | to the histogram |
//! | `total`, `total_bin`, `total_valid` | in | its answer |
//! | `m_axis_*` | out, out, in, out, out | W bits: `dqa_golden::scan::Scan` as bytes; last with the last, and with it the error code. With an error one beat of zeros |
//! | `busy` | out | from a reset or `finish` on until the counters are 0 and all is sent |
//!
//! Parameter: W, 32 or 64. While the output takes all, a scan costs a beat of ranges a clock, then a
//! count a clock, 1280 in all, and 20 clocks; with an error or after a reset the counters are made 0 at
//! the same rate. Ready goes to `enable` within the clock, so put a register before it.

use dqa_golden::scan::{DIRECT_PATTERNS, IMPORTANT_PATTERNS};
use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Idle,
    Error,
    Ranges,
    Direct,
    Important,
    Rest,
}

/// A scan's report; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct Report<const W: usize> {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub finish: Signal<In, Bit>,
    pub error: Signal<In, Bits<3>>,
    pub last_channel: Signal<In, Bits<16>>,
    pub enable: Signal<Out, Bit>,
    pub ask: Signal<Out, Bit>,
    pub asked_channel: Signal<Out, Bits<16>>,
    pub asked_half: Signal<Out, Bit>,
    pub low: Signal<In, Bits<16>>,
    pub high: Signal<In, Bits<16>>,
    pub told: Signal<In, Bit>,
    pub told_half: Signal<In, Bit>,
    pub drain: Signal<Out, Bit>,
    pub drain_bin: Signal<Out, Bits<11>>,
    pub total: Signal<In, Bits<23>>,
    pub total_bin: Signal<In, Bits<11>>,
    pub total_valid: Signal<In, Bit>,
    pub m_axis_tdata: Signal<Out, Bits<W>>,
    pub m_axis_tvalid: Signal<Out, Bit>,
    pub m_axis_tready: Signal<In, Bit>,
    pub m_axis_tlast: Signal<Out, Bit>,
    pub m_axis_tuser: Signal<Out, Bits<3>>,
    pub busy: Signal<Out, Bit>,

    /// The output takes 64 bits.
    wide: Constant<Bit>,
    high_place: Constant<Bits<7>>,
    sign: Constant<Bits<16>>,
    last_direct: Constant<Bits<16>>,
    last_important: Constant<Bits<16>>,
    last_bin: Constant<Bits<11>>,

    state: DFF<State>,
    at: DFF<Bits<16>>,
    next: Signal<Local, Bits<16>>,
    half: DFF<Bit>,
    /// Counters become 0, and nothing is sent.
    silent: DFF<Bit>,
    code: DFF<Bits<3>>,
    moves: Signal<Local, Bit>,

    smallest: Signal<Local, Bits<16>>,
    largest: Signal<Local, Bits<16>>,
    mirrored: Signal<Local, Bits<16>>,
    negated: Signal<Local, Bits<16>>,
    magnitude: Signal<Local, Bits<16>>,
    range: Signal<Local, Bits<W>>,
    even: DFF<Bits<23>>,
    counts: Signal<Local, Bits<W>>,
    ends: Signal<Local, Bit>,

    data: DFF<Bits<W>>,
    valid: DFF<Bit>,
    last: DFF<Bit>,
    user: DFF<Bits<3>>,
}

impl<const W: usize> Default for Report<W> {
    fn default() -> Self {
        assert!(W == 32 || W == 64, "words have 32 or 64 bits");
        let last = |patterns: usize| bits::<16>(patterns as u64 - 1);
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            finish: Signal::default(),
            error: Signal::default(),
            last_channel: Signal::default(),
            enable: Signal::default(),
            ask: Signal::default(),
            asked_channel: Signal::default(),
            asked_half: Signal::default(),
            low: Signal::default(),
            high: Signal::default(),
            told: Signal::default(),
            told_half: Signal::default(),
            drain: Signal::default(),
            drain_bin: Signal::default(),
            total: Signal::default(),
            total_bin: Signal::default(),
            total_valid: Signal::default(),
            m_axis_tdata: Signal::default(),
            m_axis_tvalid: Signal::default(),
            m_axis_tready: Signal::default(),
            m_axis_tlast: Signal::default(),
            m_axis_tuser: Signal::default(),
            busy: Signal::default(),
            wide: Constant::new(W == 64),
            high_place: Constant::new(bits(W as u64 - 32)),
            sign: Constant::new(bits(1 << 15)),
            last_direct: Constant::new(last(DIRECT_PATTERNS)),
            last_important: Constant::new(last(IMPORTANT_PATTERNS)),
            last_bin: Constant::new(bits(2 * IMPORTANT_PATTERNS as u64 - 1)),
            state: DFF::default(),
            at: DFF::default(),
            next: Signal::default(),
            half: DFF::default(),
            silent: DFF::default(),
            code: DFF::default(),
            moves: Signal::default(),
            smallest: Signal::default(),
            largest: Signal::default(),
            mirrored: Signal::default(),
            negated: Signal::default(),
            magnitude: Signal::default(),
            range: Signal::default(),
            even: DFF::default(),
            counts: Signal::default(),
            ends: Signal::default(),
            data: DFF::default(),
            valid: DFF::default(),
            last: DFF::default(),
            user: DFF::default(),
        }
    }
}

impl<const W: usize> Logic for Report<W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, state, at, half, silent, code, even);
        dff_setup!(self, aclk, data, valid, last, user);
        self.moves.next = self.m_axis_tready.val() | (!self.valid.q.val());
        self.enable.next = self.moves.val();

        // What is asked for.
        self.ask.next = false;
        self.drain.next = false;
        self.drain_bin.next = self.at.q.val().get_bits::<11>(0) << 1;
        self.next.next = self.at.q.val() + 1;
        self.ends.next = self.total_valid.val() & (self.total_bin.val() == self.last_bin.val());
        self.busy.next = true;
        if self.moves.val() {
            match self.state.q.val() {
                State::Idle => {
                    self.busy.next = self.valid.q.val();
                    self.code.d.next = self.error.val();
                    self.silent.d.next = self.error.val().any();
                    if self.finish.val() {
                        self.state.d.next = State::Ranges;
                        if self.error.val().any() {
                            self.state.d.next = State::Error;
                        }
                    }
                }
                State::Error => {
                    self.state.d.next = State::Direct;
                }
                State::Ranges => {
                    self.ask.next = true;
                    self.half.d.next = !(self.half.q.val() | self.wide.val());
                    if self.half.q.val() | self.wide.val() {
                        self.at.d.next = self.next.val();
                        if self.at.q.val() == self.last_channel.val() {
                            self.at.d.next = 0.into();
                            self.state.d.next = State::Direct;
                        }
                    }
                }
                State::Direct => {
                    self.drain.next = true;
                    self.at.d.next = self.next.val();
                    if self.at.q.val() == self.last_direct.val() {
                        self.at.d.next = 0.into();
                        self.state.d.next = State::Important;
                    }
                }
                State::Important => {
                    self.drain.next = true;
                    self.drain_bin.next = (self.at.q.val().get_bits::<11>(0) << 1) | 1;
                    self.at.d.next = self.next.val();
                    if self.at.q.val() == self.last_important.val() {
                        self.at.d.next = 0.into();
                        self.state.d.next = State::Rest;
                    }
                }
                State::Rest => {
                    if self.ends.val() {
                        self.state.d.next = State::Idle;
                    }
                }
            }
        }
        self.asked_channel.next = self.at.q.val();
        self.asked_half.next = self.half.q.val();

        // A range: the largest magnitude is that of the extreme further from 0.
        self.smallest.next = self.low.val() ^ self.sign.val();
        self.largest.next = self.high.val() ^ self.sign.val();
        self.mirrored.next = !self.low.val();
        self.negated.next = self.sign.val() - self.low.val();
        self.magnitude.next = self.negated.val();
        if self.high.val() > self.mirrored.val() {
            self.magnitude.next = self.largest.val();
        }
        self.range.next =
            bit_cast::<W, 16>(self.smallest.val()) | (bit_cast::<W, 16>(self.largest.val()) << 16);
        if self.wide.val() {
            self.range.next = bit_cast::<W, 16>(self.smallest.val())
                | (bit_cast::<W, 16>(self.largest.val()) << 16)
                | (bit_cast::<W, 16>(self.magnitude.val()) << self.high_place.val());
        }

        // A count, or two of them.
        self.counts.next = (bit_cast::<W, 23>(self.total.val()) << self.high_place.val())
            | bit_cast::<W, 23>(self.even.q.val());
        if self.moves.val() {
            self.valid.d.next = false;
            self.last.d.next = false;
            self.user.d.next = 0.into();
            self.data.d.next = 0.into();
            if self.told.val() {
                self.valid.d.next = true;
                self.data.d.next = self.range.val();
                if self.told_half.val() {
                    self.data.d.next = bit_cast::<W, 16>(self.magnitude.val());
                }
            }
            if self.total_valid.val() & (!self.silent.q.val()) {
                self.data.d.next = self.counts.val();
                self.last.d.next = self.ends.val();
                if self.wide.val() & (!self.total_bin.val().get_bit(1)) {
                    self.even.d.next = self.total.val();
                } else {
                    self.valid.d.next = true;
                }
            }
            if self.state.q.val() == State::Error {
                self.valid.d.next = true;
                self.last.d.next = true;
                self.user.d.next = self.code.q.val();
            }
        }
        self.m_axis_tdata.next = self.data.q.val();
        self.m_axis_tvalid.next = self.valid.q.val();
        self.m_axis_tlast.next = self.last.q.val();
        self.m_axis_tuser.next = self.user.q.val();

        if !self.aresetn.val() {
            self.state.d.next = State::Direct;
            self.at.d.next = 0.into();
            self.half.d.next = false;
            self.silent.d.next = true;
            self.even.d.next = 0.into();
            self.valid.d.next = false;
            self.last.d.next = false;
        }
    }
}
