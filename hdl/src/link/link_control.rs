//! Link control: sessions, sequence numbers and acknowledgements, and what goes out next.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `done`, `intact`, `bare` | in | a frame has come |
//! | `kind`, `serial`, `acknowledge`, `session` | in | its header |
//! | `room_*` | in | its data has found room, by channel |
//! | `keep`, `forget` | out | with `done`: its channel keeps the data, the others do not |
//! | `restart` | out | a session begins: reset all that belongs to one; 32 clocks |
//! | `open` | out | there is a session |
//! | `built` | in | number of the data frame that is being made: those before it are complete |
//! | `oldest`, `moved` | out | number of the oldest data frame not acknowledged; it has changed |
//! | `limits` | in | how far data may go, by channel, channel 1 lowest |
//! | `idle` | in | the frame sender takes a frame |
//! | `send` | out | to it, for one clock: this frame |
//! | `send_kind` to `send_session` | out | its header |
//! | `send_data` | out | it has data |
//! | `caught_up` | out | no complete data frame waits to be sent |
//!
//! No parameters. The rules are those of `docs/src/link.md`, and `dqa_golden::link::Board` states them
//! again. Frames come at least 64 clocks apart.

use rust_hdl::prelude::*;

/// The control; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct LinkControl {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub done: Signal<In, Bit>,
    pub intact: Signal<In, Bit>,
    pub bare: Signal<In, Bit>,
    pub kind: Signal<In, Bits<8>>,
    pub serial: Signal<In, Bits<8>>,
    pub acknowledge: Signal<In, Bits<8>>,
    pub session: Signal<In, Bits<16>>,
    pub room_registers: Signal<In, Bit>,
    pub room_encode: Signal<In, Bit>,
    pub room_decode: Signal<In, Bit>,
    pub keep: Signal<Out, Bits<3>>,
    pub forget: Signal<Out, Bit>,
    pub restart: Signal<Out, Bit>,
    pub open: Signal<Out, Bit>,
    pub built: Signal<In, Bits<8>>,
    pub oldest: Signal<Out, Bits<8>>,
    pub moved: Signal<Out, Bit>,
    pub limits: Signal<In, Bits<24>>,
    pub idle: Signal<In, Bit>,
    pub send: Signal<Out, Bit>,
    pub send_kind: Signal<Out, Bits<8>>,
    pub send_serial: Signal<Out, Bits<8>>,
    pub send_acknowledge: Signal<Out, Bits<8>>,
    pub send_session: Signal<Out, Bits<16>>,
    pub send_data: Signal<Out, Bit>,
    pub caught_up: Signal<Out, Bit>,

    current: DFF<Bits<16>>,
    expected: DFF<Bits<8>>,
    unacknowledged: DFF<Bits<8>>,
    /// The data frame that goes out next.
    next: DFF<Bits<8>>,
    told: DFF<Bits<24>>,
    answer_due: DFF<Bit>,
    opened_due: DFF<Bit>,
    again_due: DFF<Bit>,
    asked_again: DFF<Bit>,
    restart_clocks: DFF<Bits<5>>,
    has_moved: DFF<Bit>,

    what: Signal<Local, Bits<4>>,
    is_open: Signal<Local, Bit>,
    from_host: Signal<Local, Bit>,
    from_board: Signal<Local, Bit>,
    is_data: Signal<Local, Bit>,
    is_bare: Signal<Local, Bit>,
    is_opening: Signal<Local, Bit>,
    known: Signal<Local, Bit>,
    wanted: Signal<Local, Bit>,
    channel: Signal<Local, Bits<3>>,
    fits: Signal<Local, Bit>,
    take: Signal<Local, Bit>,
    asks: Signal<Local, Bit>,
    ahead: Signal<Local, Bits<8>>,
    acknowledged: Signal<Local, Bits<8>>,
    in_flight: Signal<Local, Bits<8>>,
    sent: Signal<Local, Bits<8>>,
    waits: Signal<Local, Bit>,
    restarting: Signal<Local, Bit>,
    sends: Signal<Local, Bit>,
    sends_data: Signal<Local, Bit>,
    version: Constant<Bits<8>>,
    host: Constant<Bits<2>>,
    board: Constant<Bits<2>>,
    opening: Constant<Bits<4>>,
    numbers: [Constant<Bits<4>>; 3],
}

impl Default for LinkControl {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            done: Signal::default(),
            intact: Signal::default(),
            bare: Signal::default(),
            kind: Signal::default(),
            serial: Signal::default(),
            acknowledge: Signal::default(),
            session: Signal::default(),
            room_registers: Signal::default(),
            room_encode: Signal::default(),
            room_decode: Signal::default(),
            keep: Signal::default(),
            forget: Signal::default(),
            restart: Signal::default(),
            open: Signal::default(),
            built: Signal::default(),
            oldest: Signal::default(),
            moved: Signal::default(),
            limits: Signal::default(),
            idle: Signal::default(),
            send: Signal::default(),
            send_kind: Signal::default(),
            send_serial: Signal::default(),
            send_acknowledge: Signal::default(),
            send_session: Signal::default(),
            send_data: Signal::default(),
            caught_up: Signal::default(),
            current: DFF::default(),
            expected: DFF::default(),
            unacknowledged: DFF::default(),
            next: DFF::default(),
            told: DFF::default(),
            answer_due: DFF::default(),
            opened_due: DFF::default(),
            again_due: DFF::default(),
            asked_again: DFF::default(),
            restart_clocks: DFF::default(),
            has_moved: DFF::default(),
            what: Signal::default(),
            is_open: Signal::default(),
            from_host: Signal::default(),
            from_board: Signal::default(),
            is_data: Signal::default(),
            is_bare: Signal::default(),
            is_opening: Signal::default(),
            known: Signal::default(),
            wanted: Signal::default(),
            channel: Signal::default(),
            fits: Signal::default(),
            take: Signal::default(),
            asks: Signal::default(),
            ahead: Signal::default(),
            acknowledged: Signal::default(),
            in_flight: Signal::default(),
            sent: Signal::default(),
            waits: Signal::default(),
            restarting: Signal::default(),
            sends: Signal::default(),
            sends_data: Signal::default(),
            version: Constant::new(bits(u64::from(dqa_golden::link::VERSION))),
            host: Constant::new(bits(1)),
            board: Constant::new(bits(2)),
            opening: Constant::new(bits(8)),
            numbers: [1, 2, 3].map(|number| Constant::new(bits(number))),
        }
    }
}

impl Logic for LinkControl {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            aclk,
            current,
            expected,
            unacknowledged,
            next,
            told,
            answer_due,
            opened_due,
            again_due,
            asked_again,
            restart_clocks,
            has_moved
        );
        self.restarting.next = self.restart_clocks.q.val().any();
        self.is_open.next = self.current.q.val().any() & (!self.restarting.val());
        if self.restarting.val() {
            self.restart_clocks.d.next = self.restart_clocks.q.val() - 1;
        }

        // What has come.
        self.what.next = self.kind.val().get_bits::<4>(0);
        self.from_host.next =
            self.intact.val() & (self.kind.val().get_bits::<2>(6) == self.host.val());
        self.from_board.next =
            self.intact.val() & (self.kind.val().get_bits::<2>(6) == self.board.val());
        self.channel.next = 0.into();
        if self.what.val() == self.numbers[0].val() {
            self.channel.next = 1.into();
        }
        if self.what.val() == self.numbers[1].val() {
            self.channel.next = 2.into();
        }
        if self.what.val() == self.numbers[2].val() {
            self.channel.next = 4.into();
        }
        self.is_data.next = self.from_host.val() & self.channel.val().any();
        self.is_bare.next = self.from_host.val() & self.bare.val() & (!self.what.val().any());
        self.is_opening.next =
            self.from_host.val() & self.bare.val() & (self.what.val() == self.opening.val());
        self.known.next = self.session.val() == self.current.q.val();
        self.ahead.next = self.serial.val() - self.expected.q.val();
        self.wanted.next = !self.ahead.val().any();
        self.fits.next = (self.room_registers.val() & self.channel.val().get_bit(0))
            | (self.room_encode.val() & self.channel.val().get_bit(1))
            | (self.room_decode.val() & self.channel.val().get_bit(2));
        self.take.next = self.done.val()
            & self.is_data.val()
            & self.known.val()
            & self.is_open.val()
            & self.wanted.val()
            & self.fits.val();
        self.keep.next = 0.into();
        if self.take.val() {
            self.keep.next = self.channel.val();
        }
        self.forget.next = self.done.val();
        self.asks.next = false;

        // How far the host has got.
        self.acknowledged.next = self.acknowledge.val() - self.unacknowledged.q.val();
        self.in_flight.next = self.built.val() - self.unacknowledged.q.val();
        self.sent.next = self.next.q.val() - self.unacknowledged.q.val();
        self.has_moved.d.next = false;

        // What goes out.
        self.waits.next = self.built.val() != self.next.q.val();
        self.caught_up.next = !self.waits.val();
        self.sends_data.next = self.waits.val() & self.is_open.val() & (!self.opened_due.q.val());
        self.sends.next = self.idle.val()
            & (!self.restarting.val())
            & (!self.done.val())
            & (self.opened_due.q.val()
                | self.sends_data.val()
                | self.answer_due.q.val()
                | (self.is_open.val() & (self.told.q.val() != self.limits.val())));
        self.send.next = self.sends.val();
        self.send_data.next = self.sends_data.val();
        self.send_serial.next = self.next.q.val();
        self.send_acknowledge.next = self.expected.q.val();
        self.send_session.next = self.current.q.val();
        self.send_kind.next = 0x80.into();
        if self.again_due.q.val() {
            self.send_kind.next = 0xa0.into();
        }
        if self.opened_due.q.val() {
            self.send_serial.next = self.version.val();
            self.send_kind.next = 0x88.into();
        }
        if self.sends.val() {
            self.told.d.next = self.limits.val();
            self.opened_due.d.next = false;
            self.answer_due.d.next = false;
            self.again_due.d.next = false;
            if self.sends_data.val() {
                self.next.d.next = self.next.q.val() + 1;
            }
        }

        if self.done.val() {
            if self.is_opening.val() {
                self.opened_due.d.next = true;
                if (self.serial.val() == self.version.val())
                    & self.session.val().any()
                    & (!self.known.val())
                {
                    self.current.d.next = self.session.val();
                    self.expected.d.next = 0.into();
                    self.unacknowledged.d.next = 0.into();
                    self.next.d.next = 0.into();
                    self.answer_due.d.next = false;
                    self.again_due.d.next = false;
                    self.asked_again.d.next = false;
                    self.restart_clocks.d.next = 31.into();
                }
            } else {
                if self.is_data.val() | self.is_bare.val() {
                    if self.known.val() & self.is_open.val() {
                        if self.acknowledged.val() <= self.in_flight.val() {
                            self.unacknowledged.d.next = self.acknowledge.val();
                            self.has_moved.d.next = self.acknowledged.val().any();
                            if self.acknowledged.val() > self.sent.val() {
                                self.next.d.next = self.acknowledge.val();
                            }
                            if self.kind.val().get_bit(5) {
                                self.next.d.next = self.acknowledge.val();
                            }
                        } else {
                            if self.kind.val().get_bit(5) {
                                self.next.d.next = self.unacknowledged.q.val();
                            }
                        }
                        if self.take.val() {
                            self.expected.d.next = self.expected.q.val() + 1;
                        }
                        self.asks.next = self.is_data.val()
                            & (!self.take.val())
                            & (!self.ahead.val().get_bit(7));
                        if self.is_data.val() & (!self.asks.val()) {
                            self.answer_due.d.next = true;
                        }
                        if self.take.val() | self.kind.val().get_bit(4) {
                            self.asked_again.d.next = false;
                        }
                        if self.kind.val().get_bit(4) {
                            self.answer_due.d.next = true;
                        }
                    } else {
                        self.answer_due.d.next = true;
                    }
                } else {
                    self.asks.next = self.is_open.val() & (!self.from_board.val());
                }
            }
        }
        if self.asks.val() & (!self.asked_again.q.val()) {
            self.asked_again.d.next = true;
            self.again_due.d.next = true;
            self.answer_due.d.next = true;
        }

        self.restart.next = self.restarting.val() | (!self.aresetn.val());
        self.open.next = self.is_open.val();
        self.oldest.next = self.unacknowledged.q.val();
        self.moved.next = self.has_moved.q.val();
        if !self.aresetn.val() {
            self.current.d.next = 0.into();
            self.expected.d.next = 0.into();
            self.unacknowledged.d.next = 0.into();
            self.next.d.next = 0.into();
            self.answer_due.d.next = false;
            self.opened_due.d.next = false;
            self.again_due.d.next = false;
            self.asked_again.d.next = false;
            self.restart_clocks.d.next = 31.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LinkControl;
    use crate::step::{settle, step};
    use dqa_golden::link::VERSION;
    use rust_hdl::prelude::*;

    const OPEN: u64 = 0x48;
    const BARE: u64 = 0x40;
    const DATA_2: u64 = 0x42;
    const POLL: u64 = 0x10;
    const RESEND: u64 = 0x20;

    /// What goes out: kind, number, acknowledgement, session, with data.
    type Sent = (u64, u64, u64, u64, bool);

    struct Bench(LinkControl);

    impl Bench {
        fn new() -> Self {
            let mut unit = LinkControl::default();
            unit.connect_all();
            step(&mut unit, |unit| &mut unit.aclk);
            unit.aresetn.next = true;
            unit.room_encode.next = true;
            unit.idle.next = true;
            let mut bench = Self(unit);
            bench.quiet(40);
            bench
        }

        fn clock(&mut self) -> Option<Sent> {
            let Self(unit) = self;
            settle(unit, |unit| &mut unit.aclk);
            let sent = unit.send.val().then(|| {
                (
                    unit.send_kind.val().to_u64(),
                    unit.send_serial.val().to_u64(),
                    unit.send_acknowledge.val().to_u64(),
                    unit.send_session.val().to_u64(),
                    unit.send_data.val(),
                )
            });
            step(unit, |unit| &mut unit.aclk);
            sent
        }

        fn quiet(&mut self, clocks: usize) -> Vec<Sent> {
            (0..clocks).filter_map(|_| self.clock()).collect()
        }

        /// A frame comes; which channels keep it, and what goes out for it.
        fn frame(
            &mut self,
            kind: u64,
            serial: u64,
            acknowledge: u64,
            session: u64,
        ) -> (u64, Vec<Sent>) {
            let Self(unit) = self;
            unit.done.next = true;
            unit.intact.next = kind != 0;
            unit.bare.next = kind & 15 == 0 || kind == OPEN;
            unit.kind.next = bits(kind);
            unit.serial.next = bits(serial);
            unit.acknowledge.next = bits(acknowledge);
            unit.session.next = bits(session);
            settle(unit, |unit| &mut unit.aclk);
            let keep = unit.keep.val().to_u64();
            assert!(unit.forget.val());
            let mut sent: Vec<_> = self.clock().into_iter().collect();
            self.0.done.next = false;
            sent.extend(self.quiet(64));
            (keep, sent)
        }

        fn open(&mut self, session: u64) {
            let version = u64::from(VERSION);
            let (_, sent) = self.frame(OPEN, version, 0, session);
            assert_eq!(sent, [(0x88, version, 0, session, false)]);
            assert!(self.0.open.val());
        }
    }

    #[test]
    fn a_session_begins_with_a_reset() {
        let mut bench = Bench::new();
        assert!(!bench.0.open.val());
        // No session yet, no session, another version.
        assert_eq!(
            bench.frame(DATA_2, 0, 0, 5),
            (0, vec![(0x80, 0, 0, 0, false)])
        );
        assert_eq!(bench.frame(0, 0, 0, 5), (0, vec![]));
        let version = u64::from(VERSION);
        for (serial, session) in [(version, 0), (version + 1, 5)] {
            let (_, sent) = bench.frame(OPEN, serial, 0, session);
            assert_eq!(sent, [(0x88, version, 0, 0, false)]);
            assert!(!bench.0.open.val());
        }
        bench.open(5);
        // The same again resets nothing; another one does.
        assert_eq!(bench.frame(DATA_2, 0, 0, 5).0, 2);
        let (_, sent) = bench.frame(OPEN, version, 0, 5);
        assert_eq!(sent, [(0x88, version, 1, 5, false)]);
        bench.open(6);
    }

    #[test]
    fn data_is_taken_in_order_and_acknowledged() {
        let mut bench = Bench::new();
        bench.open(5);
        assert_eq!(
            bench.frame(DATA_2, 0, 0, 5),
            (2, vec![(0x80, 0, 1, 5, false)])
        );
        // Ahead: a NAK, once; behind: an acknowledgement; of another session: who it is in.
        assert_eq!(
            bench.frame(DATA_2, 2, 0, 5),
            (0, vec![(0xa0, 0, 1, 5, false)])
        );
        assert_eq!(bench.frame(DATA_2, 3, 0, 5), (0, vec![]));
        assert_eq!(
            bench.frame(DATA_2, 0, 0, 5),
            (0, vec![(0x80, 0, 1, 5, false)])
        );
        assert_eq!(
            bench.frame(DATA_2, 1, 0, 9),
            (0, vec![(0x80, 0, 1, 5, false)])
        );
        // After a POLL, or a frame that is taken, it asks anew; where there is no room, too.
        assert_eq!(
            bench.frame(BARE | POLL, 1, 0, 5),
            (0, vec![(0x80, 0, 1, 5, false)])
        );
        assert_eq!(bench.frame(0, 1, 0, 5), (0, vec![(0xa0, 0, 1, 5, false)]));
        assert_eq!(
            bench.frame(DATA_2, 1, 0, 5),
            (2, vec![(0x80, 0, 2, 5, false)])
        );
        bench.0.room_encode.next = false;
        assert_eq!(
            bench.frame(DATA_2, 2, 0, 5),
            (0, vec![(0xa0, 0, 2, 5, false)])
        );
        // A frame of a board is nobody's.
        assert_eq!(bench.frame(0x82, 2, 0, 5), (0, vec![]));
    }

    #[test]
    fn data_goes_out_until_it_is_acknowledged() {
        let mut bench = Bench::new();
        bench.open(5);
        bench.0.built.next = bits(3);
        let data = |number, acknowledge| (0x80, number, acknowledge, 5, true);
        assert_eq!(bench.quiet(20), [data(0, 0), data(1, 0), data(2, 0)]);
        assert!(bench.0.caught_up.val());
        assert_eq!(bench.frame(BARE, 0, 1, 5), (0, vec![]));
        assert_eq!(bench.0.oldest.val(), bits(1));
        // From the oldest on; an acknowledgement of what was not sent is none.
        assert_eq!(
            bench.frame(BARE | RESEND, 0, 1, 5),
            (0, vec![data(1, 0), data(2, 0)])
        );
        assert_eq!(
            bench.frame(BARE | RESEND, 0, 4, 5),
            (0, vec![data(1, 0), data(2, 0)])
        );
        assert_eq!(bench.frame(BARE, 0, 3, 5), (0, vec![]));
        assert_eq!(bench.0.oldest.val(), bits(3));
        // Limits are told when they change.
        bench.0.limits.next = bits(0x01_0203);
        assert_eq!(bench.quiet(9), [(0x80, 3, 0, 5, false)]);
    }
}
