//! Code lookup: the code of a pattern's symbol, its raw bits behind it, one lane.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset: no beat that was under way comes out |
//! | `present` | in | the lane takes part in this beat |
//! | `pattern` | in | the low b bits of q |
//! | `code_table` | in | which table: class in bit 0, context in bit 1 |
//! | `numbers` | in | numbers of the class at [`crate::load::ALIGN`], 14 bits |
//! | `load`, `load_table`, `load_index`, `load_entry` | in | writes a code entry of [`crate::load`] |
//! | `range`, `range_valid` | in | 8 bits of a range, which `value` has in the next clock, where the lane is not present |
//! | `value`, `count` | out | up to 14 bits, left-aligned, zeros behind; how many. 0 if not present |
//! | `no_code` | out | the symbol has no code |
//!
//! No parameters: every legal table. Latency 5, one sample a clock, never stalls. One block RAM of
//! 256 words of 16 bits.
//!
//! | clock | work |
//! |---|---|
//! | 1 | rotate the symbol to the top |
//! | 2 | read its entry |
//! | 3 | the entry leaves the memory; mask the raw bits |
//! | 4 | shift them left by 0, 4, 8 or 12 |
//! | 5 | by 0 to 3, so that they stand behind the code |

use rust_hdl::prelude::*;

use crate::primitives::PipelinedRam;

/// Clocks from a pattern to its bits.
pub const LATENCY: usize = 5;

/// Code lookup of one lane.
#[derive(LogicBlock, Default)]
pub struct CodeLookup {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Whether the lane takes part.
    pub present: Signal<In, Bit>,
    /// Pattern of q.
    pub pattern: Signal<In, Bits<10>>,
    /// Class and context.
    pub code_table: Signal<In, Bits<2>>,
    /// Raw mask and alignment of the class.
    pub numbers: Signal<In, Bits<14>>,
    /// Write an entry.
    pub load: Signal<In, Bit>,
    /// Into this table.
    pub load_table: Signal<In, Bits<2>>,
    /// At this index.
    pub load_index: Signal<In, Bits<6>>,
    /// The entry.
    pub load_entry: Signal<In, Bits<16>>,
    /// Bits of a range.
    pub range: Signal<In, Bits<8>>,
    /// They are due.
    pub range_valid: Signal<In, Bit>,
    /// Code and raw bits.
    pub value: Signal<Out, Bits<14>>,
    /// How many bits.
    pub count: Signal<Out, Bits<4>>,
    /// The symbol has no code.
    pub no_code: Signal<Out, Bit>,

    by8: Signal<Local, Bits<10>>,
    by4: Signal<Local, Bits<10>>,
    by2: Signal<Local, Bits<10>>,
    by1: Signal<Local, Bits<10>>,
    aligned: DFF<Bits<10>>,
    aligned_present: DFF<Bit>,
    aligned_table: DFF<Bits<2>>,
    aligned_mask: DFF<Bits<10>>,

    codes: PipelinedRam<16, 8>,
    raw: DFF<Bits<10>>,
    raw_mask: DFF<Bits<10>>,
    raw_present: DFF<Bit>,

    entry: Signal<Local, Bits<16>>,
    entry_raw: DFF<Bits<10>>,
    entry_present: DFF<Bit>,

    up8: Signal<Local, Bits<14>>,
    up4: DFF<Bits<14>>,
    code: DFF<Bits<14>>,
    code_present: DFF<Bit>,
    code_missing: DFF<Bit>,

    up2: Signal<Local, Bits<14>>,
    up1: Signal<Local, Bits<14>>,
    bits: DFF<Bits<14>>,
    bit_count: DFF<Bits<4>>,
    missing: DFF<Bit>,
}

impl Logic for CodeLookup {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(
            self,
            aclk,
            aligned,
            aligned_present,
            aligned_table,
            aligned_mask
        );
        clock!(self, aclk, codes, raw, raw_mask, raw_present);
        clock!(
            self,
            aclk,
            entry_raw,
            entry_present,
            up4,
            code,
            code_present,
            code_missing,
            bits,
            bit_count,
            missing
        );

        self.by8.next = self.pattern.val();
        if self.numbers.val().get_bit(13) {
            self.by8.next = (self.pattern.val() << 8) | (self.pattern.val() >> 2);
        }
        self.by4.next = self.by8.val();
        if self.numbers.val().get_bit(12) {
            self.by4.next = (self.by8.val() << 4) | (self.by8.val() >> 6);
        }
        self.by2.next = self.by4.val();
        if self.numbers.val().get_bit(11) {
            self.by2.next = (self.by4.val() << 2) | (self.by4.val() >> 8);
        }
        self.by1.next = self.by2.val();
        if self.numbers.val().get_bit(10) {
            self.by1.next = (self.by2.val() << 1) | (self.by2.val() >> 9);
        }
        self.aligned.d.next = self.by1.val();
        self.aligned_present.d.next = self.present.val();
        self.aligned_table.d.next = self.code_table.val();
        self.aligned_mask.d.next = self.numbers.val().get_bits::<10>(0);

        self.codes.write.next = self.load.val();
        self.codes.write_address.next = (bit_cast::<8, 2>(self.load_table.val()) << 6)
            | bit_cast::<8, 6>(self.load_index.val());
        self.codes.write_data.next = self.load_entry.val();
        self.codes.enable.next = true;
        self.codes.read_address.next = (bit_cast::<8, 2>(self.aligned_table.q.val()) << 6)
            | bit_cast::<8, 6>(self.aligned.q.val().get_bits::<6>(4));
        self.raw.d.next = self.aligned.q.val();
        self.raw_mask.d.next = self.aligned_mask.q.val();
        self.raw_present.d.next = self.aligned_present.q.val();

        self.entry.next = self.codes.read_data.val();
        self.entry_raw.d.next = self.raw.q.val() & self.raw_mask.q.val();
        self.entry_present.d.next = self.raw_present.q.val();

        self.up8.next = bit_cast::<14, 10>(self.entry_raw.q.val());
        if self.entry.val().get_bit(15) {
            self.up8.next = bit_cast::<14, 10>(self.entry_raw.q.val()) << 8;
        }
        self.up4.d.next = self.up8.val();
        if self.entry.val().get_bit(14) {
            self.up4.d.next = self.up8.val() << 4;
        }
        // Code, count, and the rest of the raw shift.
        self.code.d.next = self.entry.val().get_bits::<14>(0);
        self.code_missing.d.next = self.entry.val().get_bits::<4>(12) == 15;
        self.code_present.d.next = self.entry_present.q.val();

        self.up2.next = self.up4.q.val();
        if self.code.q.val().get_bit(13) {
            self.up2.next = self.up4.q.val() << 2;
        }
        self.up1.next = self.up2.val();
        if self.code.q.val().get_bit(12) {
            self.up1.next = self.up2.val() << 1;
        }
        self.bits.d.next =
            self.up1.val() | (bit_cast::<14, 8>(self.code.q.val().get_bits::<8>(0)) << 6);
        self.bit_count.d.next = self.code.q.val().get_bits::<4>(8);
        self.missing.d.next = self.code_missing.q.val();
        if !self.code_present.q.val() {
            self.bits.d.next = 0.into();
            self.bit_count.d.next = 0.into();
            self.missing.d.next = false;
            if self.range_valid.val() {
                self.bits.d.next = bit_cast::<14, 8>(self.range.val()) << 6;
                self.bit_count.d.next = 8.into();
            }
        }

        self.value.next = self.bits.q.val();
        self.count.next = self.bit_count.q.val();
        self.no_code.next = self.missing.q.val();
        if !self.aresetn.val() {
            self.aligned_present.d.next = false;
            self.raw_present.d.next = false;
            self.entry_present.d.next = false;
            self.code_present.d.next = false;
            self.bits.d.next = 0.into();
            self.bit_count.d.next = 0.into();
            self.missing.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CodeLookup, LATENCY};
    use crate::step::step;
    use rust_hdl::prelude::*;

    /// b = 4, t = 2: symbol 2 has the code 110, the two raw bits stand behind it.
    #[test]
    fn raw_bits_follow_the_code() {
        let mut unit = CodeLookup::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.load.next = true;
        for index in 32..48 {
            unit.load_index.next = bits(index);
            unit.load_entry.next = bits(0b1100_0000 | 5 << 8 | 3 << 12);
            step(&mut unit, |unit| &mut unit.aclk);
        }
        unit.load.next = false;
        unit.numbers.next = bits(0xff | 6 << 10);
        unit.pattern.next = bits(0b1001);
        for (present, value, count) in [(true, 0b11001 << 9, 5), (false, 0, 0)] {
            unit.present.next = present;
            for _ in 0..LATENCY {
                step(&mut unit, |unit| &mut unit.aclk);
            }
            assert_eq!(unit.value.val(), bits(value));
            assert_eq!(unit.count.val(), bits(count));
        }
    }
}
