//! One lane of the encoder behind its quantizer: code lookup, lane packer, word FIFO.
//!
//! Ports are those of the units, which see; `present` comes with a sample at the
//! quantizer, `pattern`, `align` and `code_table` when that is done, `flush` 11 clocks behind them, when the beat is at the packer; `range` and
//! `range_valid` one clock before it.
//! Parameters: W, the word's bits; P = W / 16. Latency 12 to `crossed` and 15 to the word's write.

use rust_hdl::prelude::*;

use crate::code_lookup::{self, CodeLookup};
use crate::delay::Delay;
use crate::lane_packer::LanePacker;
use crate::quantize;
use crate::word_fifo::WordFifo;

/// Clocks from a sample to the packer.
pub const PACKER: usize = quantize::LATENCY + code_lookup::LATENCY;

/// Lane of the encoder.
#[derive(LogicBlock, Default)]
pub struct EncoderLane<const W: usize, const P: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Write a code entry.
    pub load: Signal<In, Bit>,
    /// Into this table.
    pub load_table: Signal<In, Bits<2>>,
    /// At this index.
    pub load_index: Signal<In, Bits<6>>,
    /// The entry.
    pub load_entry: Signal<In, Bits<16>>,
    /// The lane takes part in the beat.
    pub present: Signal<In, Bit>,
    /// Numbers of the beat's class.
    pub align: Signal<In, Bits<14>>,
    /// Class and context.
    pub code_table: Signal<In, Bits<2>>,
    /// What the quantizer gives.
    pub pattern: Signal<In, Bits<10>>,
    /// Bits of a range, in place of a sample.
    pub range: Signal<In, Bits<8>>,
    /// They are due.
    pub range_valid: Signal<In, Bit>,
    /// Give the part word.
    pub flush: Signal<In, Bit>,
    /// A symbol has no code; as old as `flush`.
    pub no_code: Signal<Out, Bit>,
    /// The end of a word was reached; 1 clock behind `flush`.
    pub crossed: Signal<Out, Bit>,
    /// There is a word.
    pub some: Signal<Out, Bit>,
    /// Take a word.
    pub take: Signal<In, Bit>,
    /// The reading side moves.
    pub advance: Signal<In, Bit>,
    /// The word taken.
    pub word: Signal<Out, Bits<W>>,

    quantized: Signal<Local, Bits<1>>,
    past_quantizer: Delay<1, { quantize::LATENCY }>,
    lookup: CodeLookup,
    packer: LanePacker<W, P>,
    fifo: WordFifo<W>,
}

impl<const W: usize, const P: usize> Logic for EncoderLane<W, P> {
    #[hdl_gen]
    fn update(&mut self) {
        self.quantized.next = 0.into();
        if self.present.val() {
            self.quantized.next = 1.into();
        }
        self.past_quantizer.aclk.next = self.aclk.val();
        self.past_quantizer.aresetn.next = self.aresetn.val();
        self.past_quantizer.d.next = self.quantized.val();

        self.lookup.aclk.next = self.aclk.val();
        self.lookup.aresetn.next = self.aresetn.val();
        self.lookup.present.next = self.past_quantizer.q.val().any();
        self.lookup.pattern.next = self.pattern.val();
        self.lookup.code_table.next = self.code_table.val();
        self.lookup.numbers.next = self.align.val();
        self.lookup.load.next = self.load.val();
        self.lookup.load_table.next = self.load_table.val();
        self.lookup.load_index.next = self.load_index.val();
        self.lookup.load_entry.next = self.load_entry.val();
        self.lookup.range.next = self.range.val();
        self.lookup.range_valid.next = self.range_valid.val();
        self.no_code.next = self.lookup.no_code.val();

        self.packer.aclk.next = self.aclk.val();
        self.packer.aresetn.next = self.aresetn.val();
        self.packer.value.next = self.lookup.value.val();
        self.packer.count.next = self.lookup.count.val();
        self.packer.flush.next = self.flush.val();
        self.crossed.next = self.packer.crossed.val();

        self.fifo.aclk.next = self.aclk.val();
        self.fifo.aresetn.next = self.aresetn.val();
        self.fifo.write.next = self.packer.full.val();
        self.fifo.s_word.next = self.packer.word.val();
        self.fifo.take.next = self.take.val();
        self.fifo.advance.next = self.advance.val();
        self.some.next = self.fifo.some.val();
        self.word.next = self.fifo.m_word.val();
    }
}
