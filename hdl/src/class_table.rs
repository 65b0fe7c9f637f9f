//! Class table: what the decoder needs to know of a class, ready when a plane of it is entered.
//!
//! | port | meaning |
//! |---|---|
//! | `load_*` | the core's load port (`load`) |
//! | `enter`, `enter_class`, `bank` | at this clock edge a plane of this class is entered |
//! | `as_range` | only with [`ClassTable::with_ranges`]: with `enter`, the numbers are those of half a range, 8 raw bits |
//! | `limits`, `raw`, `last_start` | as the lane decoder wants them |
//! | `below` | as the symbol lookup wants it |
//! | `important` | the class |
//!
//! Latency 1 clock, one plane a clock.

use rust_hdl::prelude::*;

use crate::load::HALF_RANGE;
use crate::primitives::LutRam;

/// The table; see the module's text.
#[derive(LogicBlock, Default)]
pub struct ClassTable {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// A write to a context.
    pub load_valid: Signal<In, Bit>,
    /// Which context.
    pub load_context: Signal<In, Bit>,
    /// Its address.
    pub load_addr: Signal<In, Bits<17>>,
    /// Its data.
    pub load_data: Signal<In, Bits<32>>,
    /// A plane is entered.
    pub enter: Signal<In, Bit>,
    /// Its class.
    pub enter_class: Signal<In, Bit>,
    /// Half a range comes.
    pub as_range: Vec<Signal<In, Bit>>,
    /// The running context.
    pub bank: Signal<In, Bit>,
    /// Limits of the code lengths.
    pub limits: Signal<Out, Bits<36>>,
    /// Raw bits a sample.
    pub raw: Signal<Out, Bits<4>>,
    /// Last offset at which 16 bits are enough.
    pub last_start: Signal<Out, Bits<4>>,
    /// Low places that raw bits leave alone.
    pub below: Signal<Out, Bits<5>>,
    /// The class.
    pub important: Signal<Out, Bit>,
    short: LutRam<32, 2>,
    long: LutRam<17, 2>,
    short_q: DFF<Bits<32>>,
    long_q: DFF<Bits<17>>,
    class_q: DFF<Bit>,
    load_row: Signal<Local, Bits<2>>,
    row: Signal<Local, Bits<2>>,
    page: Signal<Local, Bits<16>>,
    high: Signal<Local, Bits<36>>,
    range_short: Vec<Constant<Bits<32>>>,
    range_long: Vec<Constant<Bits<17>>>,
}

impl ClassTable {
    /// With the numbers of ranges.
    pub fn with_ranges() -> Self {
        let [short, long] = HALF_RANGE;
        Self {
            as_range: vec![Signal::default()],
            range_short: vec![Constant::new(u64::from(short).into())],
            range_long: vec![Constant::new(u64::from(long).into())],
            ..Self::default()
        }
    }
}

impl Logic for ClassTable {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, short_q, long_q, class_q);
        self.load_row.next = 0.into();
        if self.load_addr.val().get_bit(0) {
            self.load_row.next = 1.into();
        }
        if self.load_context.val() {
            self.load_row.next = 2.into();
            if self.load_addr.val().get_bit(0) {
                self.load_row.next = 3.into();
            }
        }
        self.page.next = self.load_addr.val().get_bits::<16>(1);
        self.short.clock.next = self.aclk.val();
        self.short.write.next = self.load_valid.val() & (self.page.val() == 1);
        self.short.write_address.next = self.load_row.val();
        self.short.write_data.next = self.load_data.val();
        self.long.clock.next = self.aclk.val();
        self.long.write.next = self.load_valid.val() & (self.page.val() == 2);
        self.long.write_address.next = self.load_row.val();
        self.long.write_data.next = self.load_data.val().get_bits::<17>(0);

        self.row.next = 0.into();
        if self.enter_class.val() {
            self.row.next = 1.into();
        }
        if self.bank.val() {
            self.row.next = 2.into();
            if self.enter_class.val() {
                self.row.next = 3.into();
            }
        }
        self.short.read_address.next = self.row.val();
        self.long.read_address.next = self.row.val();
        if self.enter.val() {
            self.short_q.d.next = self.short.read_data.val();
            self.long_q.d.next = self.long.read_data.val();
            self.class_q.d.next = self.enter_class.val();
        }
        for i in 0..self.as_range.len() {
            if self.enter.val() & self.as_range[i].val() {
                self.short_q.d.next = self.range_short[i].val();
                self.long_q.d.next = self.range_long[i].val();
            }
        }
        self.high.next = bit_cast::<36, 4>(self.long_q.q.val().get_bits::<4>(0)) << 32;
        self.limits.next = self.high.val() | bit_cast::<36, 32>(self.short_q.q.val());
        self.raw.next = self.long_q.q.val().get_bits::<4>(4);
        self.below.next = self.long_q.q.val().get_bits::<5>(8);
        self.last_start.next = self.long_q.q.val().get_bits::<4>(13);
        self.important.next = self.class_q.q.val();
    }
}

#[cfg(test)]
mod tests {
    use super::ClassTable;
    use crate::load::{LAYOUT, LIMITS};
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn gives_the_class_that_is_entered() {
        let mut unit = ClassTable::default();
        unit.connect_all();
        unit.load_valid.next = true;
        for bank in [false, true] {
            for class in 0..2 {
                let number = u64::from(bank) * 2 + u64::from(class);
                unit.load_context.next = bank;
                unit.load_addr.next = bits((LIMITS + class).into());
                unit.load_data.next = bits(0x100 + number);
                step(&mut unit, |unit| &mut unit.aclk);
                unit.load_addr.next = bits((LAYOUT + class).into());
                unit.load_data.next = bits(number | (5 + number) << 4 | (10 + number) << 13);
                step(&mut unit, |unit| &mut unit.aclk);
            }
        }
        unit.load_valid.next = false;
        unit.enter.next = true;
        for number in [2, 0, 3, 1] {
            unit.bank.next = number >= 2;
            unit.enter_class.next = number % 2 == 1;
            step(&mut unit, |unit| &mut unit.aclk);
            assert_eq!(unit.limits.val(), bits((number << 32) | (0x100 + number)));
            assert_eq!(unit.raw.val(), bits(5 + number));
            assert_eq!(unit.last_start.val(), bits(10 + number));
            assert_eq!(unit.important.val(), number % 2 == 1);
        }
    }
}
