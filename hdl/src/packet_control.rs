//! Packet control: begins and ends packets, and keeps the input in step with them.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `cmd_tvalid` | in | a command |
//! | `start` | out | take the command on: no packet runs |
//! | `running`, `refused`, `last` | in | from the sequencer, which answers 2 clocks after `start` or later |
//! | `admit` | in | there is room for a beat behind |
//! | `s_tvalid`, `s_tlast`, `s_tready` | in, in, out | the input beat; ready is a register |
//! | `step` | out | the beat is the packet's next |
//! | `stop` | out | the packet ends early |
//! | `flush`, `error` | out | two clocks of `flush` end a packet, the first with its error code |
//! | `ending` | out | the first of them |
//! | `opening` | out | two clocks begin a packet: each asks for a word of every lane |
//!
//! No parameters. Latency 0 from a beat to `step`; a packet costs 8 clocks beside its beats in the encoder.
//!
//! Each command belongs to one run of beats up to `s_tlast`, of at least one beat. Where they do not
//! fit each other, the run is taken in to its end or the packet is ended at once, so the next packet
//! starts clean.

use rust_hdl::prelude::*;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Idle,
    Open,
    Check,
    Run,
    Drop,
    Flush,
    FlushAgain,
}

/// Packet control.
#[derive(LogicBlock, Default)]
pub struct PacketControl {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// There is a command.
    pub cmd_tvalid: Signal<In, Bit>,
    /// Take the command on.
    pub start: Signal<Out, Bit>,
    /// The command is good.
    pub running: Signal<In, Bit>,
    /// It is out of range.
    pub refused: Signal<In, Bit>,
    /// The next beat is the packet's last.
    pub last: Signal<In, Bit>,
    /// There is room for a beat.
    pub admit: Signal<In, Bit>,
    /// There is a beat.
    pub s_tvalid: Signal<In, Bit>,
    /// It is the last of the input's packet.
    pub s_tlast: Signal<In, Bit>,
    /// It is taken.
    pub s_tready: Signal<Out, Bit>,
    /// It goes into the packet.
    pub step: Signal<Out, Bit>,
    /// End the packet early.
    pub stop: Signal<Out, Bit>,
    /// Lanes give their part words.
    pub flush: Signal<Out, Bit>,
    /// The first flush of two.
    pub ending: Signal<Out, Bit>,
    /// A packet begins.
    pub opening: Signal<Out, Bit>,
    /// Error code of the packet.
    pub error: Signal<Out, Bits<3>>,

    state: DFF<State>,
    code: DFF<Bits<3>>,
    ready: DFF<Bit>,
}

impl Logic for PacketControl {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, state, code);
        clock!(self, aclk, ready);
        self.ready.d.next = false;
        self.s_tready.next = self.ready.q.val();
        self.start.next = false;
        self.step.next = false;
        self.stop.next = false;
        self.flush.next = false;
        self.ending.next = false;
        self.opening.next = false;
        self.error.next = self.code.q.val();
        match self.state.q.val() {
            State::Idle => {
                self.code.d.next = 0.into();
                if self.cmd_tvalid.val() & self.aresetn.val() {
                    self.start.next = true;
                    self.opening.next = true;
                    self.state.d.next = State::Open;
                }
            }
            State::Open => {
                self.opening.next = true;
                self.state.d.next = State::Check;
            }
            State::Check => {
                if self.running.val() {
                    self.ready.d.next = self.admit.val();
                    self.state.d.next = State::Run;
                }
                if self.refused.val() {
                    self.code.d.next = 5.into();
                    self.ready.d.next = true;
                    self.state.d.next = State::Drop;
                }
            }
            State::Run => {
                self.ready.d.next = self.admit.val();
                if self.ready.q.val() & self.s_tvalid.val() {
                    self.step.next = true;
                    if self.s_tlast.val() {
                        self.stop.next = true;
                        self.ready.d.next = false;
                        self.state.d.next = State::Flush;
                        if !self.last.val() {
                            self.code.d.next = 1.into();
                        }
                    } else {
                        if self.last.val() {
                            self.code.d.next = 2.into();
                            self.ready.d.next = true;
                            self.state.d.next = State::Drop;
                        }
                    }
                }
            }
            State::Drop => {
                self.ready.d.next = true;
                if self.s_tvalid.val() & self.s_tlast.val() {
                    self.ready.d.next = false;
                    self.state.d.next = State::Flush;
                }
            }
            State::Flush => {
                if self.admit.val() {
                    self.flush.next = true;
                    self.ending.next = true;
                    self.state.d.next = State::FlushAgain;
                }
            }
            State::FlushAgain => {
                self.flush.next = true;
                self.state.d.next = State::Idle;
            }
        }
        if !self.aresetn.val() {
            self.state.d.next = State::Idle;
            self.code.d.next = 0.into();
            self.ready.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::PacketControl;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    /// Steps and error code of a packet that wants 3 beats and gets `beats`.
    fn packet(unit: &mut PacketControl, beats: u64) -> (u64, u64) {
        let (mut steps, mut taken, mut error) = (0, 0, None);
        unit.cmd_tvalid.next = true;
        step(unit, |unit| &mut unit.aclk);
        unit.cmd_tvalid.next = false;
        unit.running.next = true;
        unit.admit.next = true;
        for _ in 0..20 {
            unit.last.next = steps == 2;
            unit.s_tvalid.next = taken < beats;
            unit.s_tlast.next = taken + 1 == beats;
            settle(unit, |unit| &mut unit.aclk);
            steps += u64::from(unit.step.val());
            taken += u64::from(unit.s_tready.val() && unit.s_tvalid.val());
            if unit.ending.val() {
                error = Some(unit.error.val().to_u64());
            }
            step(unit, |unit| &mut unit.aclk);
        }
        (steps, error.expect("the packet ends"))
    }

    #[test]
    fn counts_what_is_short_and_what_is_too_long() {
        let mut unit = PacketControl::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        assert_eq!(packet(&mut unit, 3), (3, 0));
        assert_eq!(packet(&mut unit, 2), (2, 1));
        assert_eq!(packet(&mut unit, 5), (3, 2));
        assert_eq!(packet(&mut unit, 3), (3, 0));
    }
}
