//! Register bridge: does the operations of the register channel.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `s_*` | in | bytes of operations (`docs/src/link.md`) |
//! | `m_axis_*` | out | bytes of their answers, last with the last of an answer behind which no operation waits |
//! | `m_axil_*` | out | AXI4-Lite |
//! | `busy` | out | an operation is being read or done |
//!
//! No parameters. One read or write at a time.

use rust_hdl::prelude::*;

use crate::bus::{AxilMaster, ByteSink, StreamSource};

#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
enum State {
    Operation,
    Address,
    Count,
    Word,
    Write,
    Written,
    Read,
    Reads,
    Answer,
}

/// The bridge; see the module's text.
#[derive(LogicBlock)]
#[allow(missing_docs)]
pub struct RegisterBridge {
    pub aclk: Signal<In, Clock>,
    pub aresetn: Signal<In, Bit>,
    pub s: ByteSink,
    pub m_axis: StreamSource<8>,
    pub m_axil: AxilMaster,
    pub busy: Signal<Out, Bit>,

    state: DFF<State>,
    writes: DFF<Bit>,
    high: DFF<Bits<4>>,
    high_now: Signal<Local, Bits<4>>,
    low: DFF<Bits<8>>,
    low_now: Signal<Local, Bits<8>>,
    octet: Signal<Local, Bits<8>>,
    words_left: DFF<Bits<8>>,
    word: DFF<Bits<32>>,
    /// Bytes of a word that have not come, or of an answer that have not gone.
    left: DFF<Bits<3>>,
    last_left: Signal<Local, Bit>,
    address_taken: DFF<Bit>,
    word_taken: DFF<Bit>,
    response: DFF<Bits<2>>,
    /// No operation waits behind this one.
    alone: DFF<Bit>,
    response_now: Signal<Local, Bits<2>>,
    answer: DFF<Bits<40>>,
    answer_word: Signal<Local, Bits<32>>,
    response_byte: Signal<Local, Bits<40>>,
    one: Constant<Bits<3>>,
    all_bytes: Constant<Bits<4>>,
}

impl Default for RegisterBridge {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            s: ByteSink::default(),
            m_axis: StreamSource::default(),
            m_axil: AxilMaster::default(),
            busy: Signal::default(),
            state: DFF::default(),
            writes: DFF::default(),
            high: DFF::default(),
            high_now: Signal::default(),
            low: DFF::default(),
            low_now: Signal::default(),
            octet: Signal::default(),
            words_left: DFF::default(),
            word: DFF::default(),
            left: DFF::default(),
            last_left: Signal::default(),
            address_taken: DFF::default(),
            word_taken: DFF::default(),
            response: DFF::default(),
            alone: DFF::default(),
            response_now: Signal::default(),
            answer: DFF::default(),
            answer_word: Signal::default(),
            response_byte: Signal::default(),
            one: Constant::new(bits(1)),
            all_bytes: Constant::new(bits(15)),
        }
    }
}

impl Logic for RegisterBridge {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            aclk,
            state,
            writes,
            high,
            low,
            words_left,
            word,
            left,
            address_taken,
            word_taken,
            response,
            alone,
            answer
        );
        self.octet.next = self.s.tdata.val();
        self.high_now.next = self.high.q.val();
        self.low_now.next = self.low.q.val();
        self.m_axil.awaddr.next =
            (bit_cast::<12, 4>(self.high_now.val()) << 8) | bit_cast::<12, 8>(self.low_now.val());
        self.m_axil.araddr.next =
            (bit_cast::<12, 4>(self.high_now.val()) << 8) | bit_cast::<12, 8>(self.low_now.val());
        self.m_axil.awvalid.next =
            (self.state.q.val() == State::Write) & (!self.address_taken.q.val());
        self.m_axil.wvalid.next = (self.state.q.val() == State::Write) & (!self.word_taken.q.val());
        self.m_axil.wdata.next = self.word.q.val();
        self.m_axil.wstrb.next = self.all_bytes.val();
        self.m_axil.bready.next = self.state.q.val() == State::Written;
        self.m_axil.arvalid.next = self.state.q.val() == State::Read;
        self.m_axil.rready.next = self.state.q.val() == State::Reads;
        self.busy.next = self.state.q.val() != State::Operation;
        self.s.tready.next = (self.state.q.val() == State::Operation)
            | (self.state.q.val() == State::Address)
            | (self.state.q.val() == State::Count)
            | (self.state.q.val() == State::Word);
        self.last_left.next = self.left.q.val() == self.one.val();
        self.m_axis.tvalid.next = self.state.q.val() == State::Answer;
        self.m_axis.tdata.next = self.answer.q.val().get_bits::<8>(0);
        self.m_axis.tlast.next = self.last_left.val() & self.alone.q.val();
        self.response_now.next = self.response.q.val() | self.m_axil.bresp.val();
        if self.state.q.val() == State::Reads {
            self.response_now.next = self.m_axil.rresp.val();
        }
        self.answer_word.next = self.m_axil.rdata.val();
        self.response_byte.next = bit_cast::<40, 2>(self.response_now.val());
        self.alone.d.next = !self.s.tvalid.val();
        match self.state.q.val() {
            State::Operation => {
                self.writes.d.next = self.s.tdata.val().get_bit(7);
                self.high.d.next = self.s.tdata.val().get_bits::<4>(0);
                self.response.d.next = 0.into();
                if self.s.tvalid.val() {
                    self.state.d.next = State::Address;
                }
            }
            State::Address => {
                self.low.d.next = self.s.tdata.val();
                if self.s.tvalid.val() {
                    self.state.d.next = State::Read;
                    if self.writes.q.val() {
                        self.state.d.next = State::Count;
                    }
                }
            }
            State::Count => {
                self.words_left.d.next = self.s.tdata.val();
                self.left.d.next = 4.into();
                if self.s.tvalid.val() {
                    self.state.d.next = State::Word;
                }
            }
            State::Word => {
                self.address_taken.d.next = false;
                self.word_taken.d.next = false;
                if self.s.tvalid.val() {
                    self.word.d.next =
                        (self.word.q.val() >> 8) | (bit_cast::<32, 8>(self.octet.val()) << 24);
                    self.left.d.next = self.left.q.val() - 1;
                    if self.last_left.val() {
                        self.state.d.next = State::Write;
                    }
                }
            }
            State::Write => {
                if self.m_axil.awready.val() {
                    self.address_taken.d.next = true;
                }
                if self.m_axil.wready.val() {
                    self.word_taken.d.next = true;
                }
                if (self.m_axil.awready.val() | self.address_taken.q.val())
                    & (self.m_axil.wready.val() | self.word_taken.q.val())
                {
                    self.state.d.next = State::Written;
                }
            }
            State::Written => {
                if self.m_axil.bvalid.val() {
                    self.response.d.next = self.response_now.val();
                    self.words_left.d.next = self.words_left.q.val() - 1;
                    self.left.d.next = 4.into();
                    self.state.d.next = State::Word;
                    if !self.words_left.q.val().any() {
                        self.left.d.next = 1.into();
                        self.answer.d.next = self.response_byte.val();
                        self.state.d.next = State::Answer;
                    }
                }
            }
            State::Read => {
                if self.m_axil.arready.val() {
                    self.state.d.next = State::Reads;
                }
            }
            State::Reads => {
                if self.m_axil.rvalid.val() {
                    self.answer.d.next = self.response_byte.val()
                        | (bit_cast::<40, 32>(self.answer_word.val()) << 8);
                    self.left.d.next = 5.into();
                    self.state.d.next = State::Answer;
                }
            }
            State::Answer => {
                self.alone.d.next = self.alone.q.val();
                if self.m_axis.tready.val() {
                    self.answer.d.next = self.answer.q.val() >> 8;
                    self.left.d.next = self.left.q.val() - 1;
                    if self.last_left.val() {
                        self.state.d.next = State::Operation;
                    }
                }
            }
        }
        if !self.aresetn.val() {
            self.state.d.next = State::Operation;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RegisterBridge;
    use crate::step::{settle, step};
    use dqa_golden::link::Operation;
    use rust_hdl::prelude::*;

    /// What came out of the bridge.
    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        writes: Vec<(u64, u64)>,
        reads: Vec<u64>,
        /// Bytes of answers, with their `tlast`.
        answers: Vec<(u64, bool)>,
    }

    /// Does operations on a bus that reads addresses as words, inverted, and answers odd words with SLVERR.
    fn run(operations: &[Operation]) -> Seen {
        let bytes: Vec<u8> = operations.iter().flat_map(Operation::to_bytes).collect();
        let mut unit = RegisterBridge::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        let (mut at, mut seen) = (0, Seen::default());
        // An address and a word that wait for each other, and the answers that are due.
        let (mut address, mut word) = (None, None);
        let (mut written, mut read) = (None, None);
        for clock in 0..300u32 {
            unit.s.tvalid.next = at < bytes.len();
            unit.s.tdata.next = bits(u64::from(bytes.get(at).copied().unwrap_or(0)));
            // Address and word are taken at clocks of their own.
            unit.m_axil.awready.next = address.is_none() && clock % 5 == 1;
            unit.m_axil.wready.next = word.is_none() && clock % 3 == 1;
            unit.m_axil.arready.next = clock % 2 == 1;
            unit.m_axil.bvalid.next = written.is_some();
            unit.m_axil.bresp.next = bits(written.unwrap_or(0));
            unit.m_axil.rvalid.next = read.is_some();
            unit.m_axil.rdata.next = bits(!read.unwrap_or(0) & 0xffff_ffff);
            unit.m_axil.rresp.next = bits(0);
            unit.m_axis.tready.next = clock % 4 != 2;
            settle(&mut unit, |unit| &mut unit.aclk);
            if unit.s.tready.val() && at < bytes.len() {
                at += 1;
            }
            if unit.m_axil.bready.val() {
                written = None;
            }
            if unit.m_axil.rready.val() {
                read = None;
            }
            if unit.m_axil.awvalid.val() && unit.m_axil.awready.val() {
                address = Some(unit.m_axil.awaddr.val().to_u64());
            }
            if unit.m_axil.wvalid.val() && unit.m_axil.wready.val() {
                word = Some(unit.m_axil.wdata.val().to_u64());
                assert_eq!(unit.m_axil.wstrb.val(), bits(15));
            }
            if unit.m_axil.arvalid.val() && unit.m_axil.arready.val() {
                read = Some(unit.m_axil.araddr.val().to_u64());
                seen.reads.extend(read);
            }
            if let (Some(to), Some(with)) = (address, word) {
                seen.writes.push((to, with));
                written = Some(2 * (with & 1));
                (address, word) = (None, None);
            }
            if unit.m_axis.tvalid.val() && unit.m_axis.tready.val() {
                let last = unit.m_axis.tlast.val();
                seen.answers.push((unit.m_axis.tdata.val().to_u64(), last));
            }
            step(&mut unit, |unit| &mut unit.aclk);
        }
        assert!(at == bytes.len() && !unit.busy.val());
        seen
    }

    #[test]
    fn operations_in_turn() {
        let read = |address| Operation::Read { address };
        let write = |address, words: &[u32]| Operation::Write {
            address,
            words: words.to_vec(),
        };
        let seen = run(&[
            read(0x104),
            write(0x20c, &[2, 4, 0x0102_0304]),
            write(0xff8, &[6, 7, 8]),
            read(8),
        ]);
        assert_eq!(seen.reads, [0x104, 8]);
        let writes = [
            (0x20c, 2),
            (0x20c, 4),
            (0x20c, 0x0102_0304),
            (0xff8, 6),
            (0xff8, 7),
            (0xff8, 8),
        ];
        assert_eq!(seen.writes, writes);
        let bytes: Vec<_> = seen.answers.iter().map(|&(byte, _)| byte).collect();
        let expected = [0, 0xfb, 0xfe, 0xff, 0xff, 0, 2, 0, 0xf7, 0xff, 0xff, 0xff];
        assert_eq!(bytes, expected);
        // Only behind the last no other operation waits.
        let lasts: Vec<_> = seen.answers.iter().map(|&(_, last)| last).collect();
        assert_eq!(lasts.iter().filter(|&&last| last).count(), 1);
        assert_eq!(lasts.last(), Some(&true));
    }
}
