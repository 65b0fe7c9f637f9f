//! Class numbers: what a lane needs to know of a beat's class, of both contexts.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk` | in | clock |
//! | `load`, `load_context`, `load_addr`, `load_data` | in | writes at [`crate::load::QUANTIZE`] and [`crate::load::ALIGN`]; others are ignored |
//! | `code_table` | in | class in bit 0, context in bit 1, of a beat whose samples reach the quantizers in the next clock |
//! | `quantize` | out | its numbers when the quantizers ask for them, 5 clocks later |
//! | `align`, `pattern_table` | out | its numbers and itself when they have the patterns, 7 clocks later |
//!
//! Parameter: the largest b, 2 to 10. Bits of a code above it are taken as 0 and cost nothing.
//! One class a clock. What waits is the class, which has fewer bits than its numbers. Those are undefined where
//! they are written in the clock in which they are read, one before they come.

use dqa_golden::format::MAX_WIDTH;
use rust_hdl::prelude::*;

use crate::primitives::BlockRam;
use crate::quantize;

/// Clocks from a class to its numbers for the quantizers.
pub const TO_QUANTIZER: usize = quantize::NUMBERS + 1;
/// Clocks from a class to its numbers for the patterns.
pub const TO_PATTERN: usize = quantize::LATENCY + 1;
const _: () = assert!(
    TO_QUANTIZER == 5 && TO_PATTERN == 7,
    "as the places in `past` have it"
);

/// Numbers of two classes in two contexts.
#[derive(LogicBlock)]
pub struct ClassNumbers {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Write.
    pub load: Signal<In, Bit>,
    /// Into this context.
    pub load_context: Signal<In, Bit>,
    /// Where.
    pub load_addr: Signal<In, Bits<17>>,
    /// What.
    pub load_data: Signal<In, Bits<32>>,
    /// Class and context asked for.
    pub code_table: Signal<In, Bits<2>>,
    /// Its numbers for [`Quantize`](crate::quantize::Quantize).
    pub quantize: Signal<Out, Bits<32>>,
    /// Its numbers for [`CodeLookup`](crate::code_lookup::CodeLookup).
    pub align: Signal<Out, Bits<14>>,
    /// Class and context of a pattern.
    pub pattern_table: Signal<Out, Bits<2>>,

    used: Constant<Bits<32>>,
    numbers: BlockRam<32, 2>,
    alignments: BlockRam<14, 2>,
    load_table: Signal<Local, Bits<2>>,
    /// Classes of the beats in the quantizers.
    past: [DFF<Bits<2>>; TO_PATTERN],
}

impl ClassNumbers {
    /// For codes of at most `width` bits.
    pub fn new(width: u8) -> Self {
        assert!((2..=MAX_WIDTH).contains(&width), "codes have 2 to 10 bits");
        let ones = (1u64 << width) - 1;
        Self {
            aclk: Signal::default(),
            load: Signal::default(),
            load_context: Signal::default(),
            load_addr: Signal::default(),
            load_data: Signal::default(),
            code_table: Signal::default(),
            quantize: Signal::default(),
            align: Signal::default(),
            pattern_table: Signal::default(),
            used: Constant::new((ones | ones << 12 | ones << 22).into()),
            numbers: BlockRam::default(),
            alignments: BlockRam::default(),
            load_table: Signal::default(),
            past: Default::default(),
        }
    }
}

impl Logic for ClassNumbers {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, aclk, numbers, alignments);
        self.load_table.next = bit_cast::<2, 1>(self.load_addr.val().get_bits::<1>(0));
        if self.load_context.val() {
            self.load_table.next = bit_cast::<2, 1>(self.load_addr.val().get_bits::<1>(0)) | 2;
        }
        self.numbers.write.next = self.load.val() & (self.load_addr.val().get_bits::<16>(1) == 1);
        self.numbers.write_address.next = self.load_table.val();
        self.numbers.write_data.next = self.load_data.val();
        self.alignments.write.next =
            self.load.val() & (self.load_addr.val().get_bits::<16>(1) == 2);
        self.alignments.write_address.next = self.load_table.val();
        self.alignments.write_data.next = self.load_data.val().get_bits::<14>(0);

        self.numbers.read.next = true;
        self.alignments.read.next = true;
        for i in 0..7 {
            self.past[i].clock.next = self.aclk.val();
        }
        self.past[0].d.next = self.code_table.val();
        for i in 1..7 {
            self.past[i].d.next = self.past[i - 1].q.val();
        }
        self.numbers.read_address.next = self.past[3].q.val();
        self.alignments.read_address.next = self.past[5].q.val();
        self.pattern_table.next = self.past[6].q.val();
        self.quantize.next = self.numbers.read_data.val() & self.used.val();
        self.align.next = self.alignments.read_data.val();
    }
}

#[cfg(test)]
mod tests {
    use super::{ClassNumbers, TO_PATTERN, TO_QUANTIZER};
    use crate::load::{ALIGN, QUANTIZE};
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn gives_the_numbers_of_class_and_context() {
        let mut unit = ClassNumbers::new(10);
        unit.connect_all();
        unit.load.next = true;
        for context in [false, true] {
            for class in 0..2 {
                let table = 2 * u64::from(context) + u64::from(class);
                unit.load_context.next = context;
                for (addr, data) in [(QUANTIZE, 100 + table), (ALIGN, 200 + table)] {
                    unit.load_addr.next = bits((addr + class).into());
                    unit.load_data.next = bits(data);
                    step(&mut unit, |unit| &mut unit.aclk);
                }
            }
        }
        unit.load.next = false;
        let tables = [2, 0, 3, 1, 1, 0, 2, 3, 3, 0, 2, 1];
        for clock in 0..tables.len() {
            unit.code_table.next = bits(tables[clock]);
            step(&mut unit, |unit| &mut unit.aclk);
            if let Some(&table) = (clock + 1).checked_sub(TO_QUANTIZER).map(|at| &tables[at]) {
                assert_eq!(unit.quantize.val(), bits(100 + table));
            }
            if let Some(&table) = (clock + 1).checked_sub(TO_PATTERN).map(|at| &tables[at]) {
                assert_eq!(unit.align.val(), bits(200 + table));
                assert_eq!(unit.pattern_table.val(), bits(table));
            }
        }
    }
}
