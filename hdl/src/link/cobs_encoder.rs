//! COBS encoder: frames to bytes of the wire, each with its end 0x00.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `s_tdata`, `s_tvalid`, `s_tready`, `s_tlast` | in, in, out, in | a frame's bytes |
//! | `m_tdata`, `m_tvalid`, `m_tready` | out, out, in | bytes of the wire; after a reset a 0x00 ahead of all |
//! | `low` | out | fewer than 16 bytes wait to go out |
//!
//! No parameters. A memory of 512 bytes holds what waits; a byte is given once the group of up to
//! 254 that it is in has ended. Bytes go in at one a clock, and a clock more for each group, those
//! out at one in two clocks.

use rust_hdl::prelude::*;

use crate::primitives::BlockRam;

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    /// Takes bytes of a group.
    Take,
    /// Writes a group's code in front of it.
    Code,
    /// Writes the frame's end.
    Finish,
}

/// The encoder; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct CobsEncoder {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s_tdata: Signal<In, Bits<8>>,
    pub s_tvalid: Signal<In, Bit>,
    pub s_tready: Signal<Out, Bit>,
    pub s_tlast: Signal<In, Bit>,
    pub m_tdata: Signal<Out, Bits<8>>,
    pub m_tvalid: Signal<Out, Bit>,
    pub m_tready: Signal<In, Bit>,
    pub low: Signal<Out, Bit>,

    state: DFF<State>,
    memory: BlockRam<8, 9>,
    /// Where the group's code goes; all before it may be read.
    group: DFF<Bits<9>>,
    write_at: DFF<Bits<9>>,
    read_at: DFF<Bits<9>>,
    /// The group's bytes and its code: one more.
    code: DFF<Bits<8>>,
    /// It is the frame's last, it is of 254 bytes, or a zero stands behind it.
    last: DFF<Bit>,
    /// After a zero that is a frame's last one more group follows.
    empty_follows: DFF<Bit>,
    taken: Signal<Local, Bit>,
    ready: DFF<Bit>,
    room: Signal<Local, Bit>,
    used: Signal<Local, Bits<9>>,
    committed: Signal<Local, Bits<9>>,
    first: DFF<Bit>,
    valid: DFF<Bit>,
    reads: Signal<Local, Bit>,
    longest: Constant<Bits<8>>,
    full: Constant<Bits<9>>,
    few: Constant<Bits<9>>,
}

impl Default for CobsEncoder {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s_tdata: Signal::default(),
            s_tvalid: Signal::default(),
            s_tready: Signal::default(),
            s_tlast: Signal::default(),
            m_tdata: Signal::default(),
            m_tvalid: Signal::default(),
            m_tready: Signal::default(),
            low: Signal::default(),
            state: DFF::default(),
            memory: BlockRam::default(),
            group: DFF::default(),
            write_at: DFF::default(),
            read_at: DFF::default(),
            code: DFF::default(),
            last: DFF::default(),
            empty_follows: DFF::default(),
            taken: Signal::default(),
            ready: DFF::default(),
            room: Signal::default(),
            used: Signal::default(),
            committed: Signal::default(),
            first: DFF::default(),
            valid: DFF::default(),
            reads: Signal::default(),
            longest: Constant::new(bits(254)),
            full: Constant::new(bits(504)),
            few: Constant::new(bits(16)),
        }
    }
}

impl Logic for CobsEncoder {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            aclk,
            state,
            group,
            write_at,
            read_at,
            code,
            last,
            empty_follows,
            ready,
            first,
            valid
        );
        clock!(self, aclk, memory);
        self.used.next = self.write_at.q.val() - self.read_at.q.val();
        self.committed.next = self.group.q.val() - self.read_at.q.val();
        self.low.next = self.committed.val() < self.few.val();
        self.s_tready.next = self.ready.q.val();
        self.taken.next = self.ready.q.val() & self.s_tvalid.val();
        self.room.next = self.used.val() < self.full.val();
        self.ready.d.next = self.room.val();

        self.memory.write.next = false;
        self.memory.write_address.next = self.write_at.q.val();
        self.memory.write_data.next = self.s_tdata.val();
        match self.state.q.val() {
            State::Take => {
                if self.taken.val() {
                    self.last.d.next = self.s_tlast.val();
                    self.empty_follows.d.next = false;
                    if self.s_tdata.val().any() {
                        self.memory.write.next = true;
                        self.write_at.d.next = self.write_at.q.val() + 1;
                        self.code.d.next = self.code.q.val() + 1;
                        if self.s_tlast.val() | (self.code.q.val() == self.longest.val()) {
                            self.ready.d.next = false;
                            self.state.d.next = State::Code;
                        }
                    } else {
                        self.empty_follows.d.next = self.s_tlast.val();
                        self.ready.d.next = false;
                        self.state.d.next = State::Code;
                    }
                }
            }
            State::Code => {
                self.memory.write.next = true;
                self.memory.write_address.next = self.group.q.val();
                self.memory.write_data.next = self.code.q.val();
                self.group.d.next = self.write_at.q.val();
                self.write_at.d.next = self.write_at.q.val() + 1;
                self.code.d.next = 1.into();
                self.empty_follows.d.next = false;
                self.state.d.next = State::Take;
                if self.empty_follows.q.val() {
                    self.ready.d.next = false;
                    self.state.d.next = State::Code;
                } else {
                    if self.last.q.val() {
                        self.ready.d.next = false;
                        self.state.d.next = State::Finish;
                    }
                }
            }
            State::Finish => {
                self.memory.write.next = true;
                self.memory.write_address.next = self.group.q.val();
                self.memory.write_data.next = 0.into();
                self.group.d.next = self.write_at.q.val();
                self.write_at.d.next = self.write_at.q.val() + 1;
                self.state.d.next = State::Take;
            }
        }

        self.reads.next = (self.read_at.q.val() != self.group.q.val())
            & ((!self.valid.q.val()) | self.m_tready.val())
            & (!self.first.q.val());
        self.memory.read.next = self.reads.val();
        self.memory.read_address.next = self.read_at.q.val();
        self.valid.d.next = self.reads.val() | (self.valid.q.val() & (!self.m_tready.val()));
        if self.reads.val() {
            self.read_at.d.next = self.read_at.q.val() + 1;
        }
        self.m_tvalid.next = self.valid.q.val() | self.first.q.val();
        self.m_tdata.next = self.memory.read_data.val();
        if self.first.q.val() {
            self.m_tdata.next = 0.into();
            self.first.d.next = !self.m_tready.val();
        }
        if !self.aresetn.val() {
            self.state.d.next = State::Take;
            self.group.d.next = 0.into();
            self.write_at.d.next = 1.into();
            self.read_at.d.next = 0.into();
            self.code.d.next = 1.into();
            self.ready.d.next = false;
            self.first.d.next = true;
            self.valid.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CobsEncoder;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    /// What comes out for frames, with pauses on both sides.
    fn encode(frames: &[&[u64]]) -> Vec<u64> {
        let mut unit = CobsEncoder::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let mut bytes: Vec<_> = frames
            .iter()
            .flat_map(|frame| {
                let last = frame.len() - 1;
                frame
                    .iter()
                    .enumerate()
                    .map(move |(at, &b)| (b, at == last))
            })
            .rev()
            .collect();
        let mut wire = Vec::new();
        for clock in 0..3000 {
            let offered = bytes.last().filter(|_| clock % 7 != 0);
            unit.s_tvalid.next = offered.is_some();
            unit.s_tdata.next = bits(offered.map_or(0, |b| b.0));
            unit.s_tlast.next = offered.is_some_and(|b| b.1);
            unit.m_tready.next = clock % 5 != 0;
            settle(&mut unit, |unit| &mut unit.aclk);
            if unit.m_tvalid.val() && unit.m_tready.val() {
                wire.push(unit.m_tdata.val().to_u64());
            }
            if unit.s_tvalid.val() && unit.s_tready.val() {
                bytes.pop();
            }
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert!(unit.low.val() && bytes.is_empty());
        wire
    }

    #[test]
    fn frames_of_all_kinds() {
        assert_eq!(
            encode(&[&[7, 8, 0, 9], &[0]]),
            [0, 3, 7, 8, 2, 9, 0, 1, 1, 0]
        );
        let long: Vec<u64> = (1..255).collect();
        assert_eq!(encode(&[&long]), [&[0, 255], &long[..], &[0]].concat());
        let longer = [&long[..], &[0, 5]].concat();
        assert_eq!(
            encode(&[&longer]),
            [&[0, 255], &long[..], &[1, 2, 5, 0]].concat()
        );
    }
}
