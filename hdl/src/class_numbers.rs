//! Class numbers: what a lane needs to know of a beat's class, of both contexts.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk` | in | clock |
//! | `load`, `load_context`, `load_addr`, `load_data` | in | writes at [`crate::load::QUANTIZE`] and [`crate::load::ALIGN`]; others are ignored |
//! | `code_table` | in | class in bit 0, context in bit 1 |
//! | `quantize`, `align` | out | the numbers; 1 clock later |
//!
//! Parameter: the largest b, 2 to 10. Bits of a code above it are taken as 0 and cost nothing.
//! Latency 1, one class a clock. A class's numbers are undefined in the clock after they are written.

use dqa_golden::format::MAX_WIDTH;
use rust_hdl::prelude::*;

use crate::primitives::BlockRam;

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

    used: Constant<Bits<32>>,
    numbers: BlockRam<32, 2>,
    alignments: BlockRam<14, 2>,
    load_table: Signal<Local, Bits<2>>,
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
            used: Constant::new((ones | ones << 12 | ones << 22).into()),
            numbers: BlockRam::default(),
            alignments: BlockRam::default(),
            load_table: Signal::default(),
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
        self.numbers.read_address.next = self.code_table.val();
        self.alignments.read_address.next = self.code_table.val();
        self.quantize.next = self.numbers.read_data.val() & self.used.val();
        self.align.next = self.alignments.read_data.val();
    }
}

#[cfg(test)]
mod tests {
    use super::ClassNumbers;
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
        for table in [2, 0, 3, 1] {
            unit.code_table.next = bits(table);
            step(&mut unit, |unit| &mut unit.aclk);
            assert_eq!(unit.quantize.val(), bits(100 + table));
            assert_eq!(unit.align.val(), bits(200 + table));
        }
    }
}
