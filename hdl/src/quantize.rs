//! Quantize: `q = clamp(rhe(x * mantissa / 2^s) + z_b, lo, hi)`, one lane.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `sample` | in | x, 16 bits, two's complement |
//! | `mantissa`, `shift` | in | the channel's row, the shift as in [`crate::load`] |
//! | `numbers` | in | 4 clocks later: numbers of its class at [`crate::load::QUANTIZE`], 32 bits |
//! | `pattern` | out | the low b bits of q, zeros above |
//!
//! No parameters: every legal format. Latency 6, one sample a clock, never stalls. One 18 x 18
//! multiplier.
//!
//! | clock | work |
//! |---|---|
//! | 1, 2 | product |
//! | 3 | shift right by 16 and 8 |
//! | 4 | shift right by 4, 2 and 1 |
//! | 5 | round and add the offset |
//! | 6 | clamp |
//!
//! Each shift keeps just the bits that can still reach the result. Bits lost below are gathered in
//! `sticky`, bits lost above that are not the sign's in `overflow`.

use rust_hdl::prelude::*;

use crate::primitives::PipelinedMultiplier;

/// Clocks from a sample to its pattern.
pub const LATENCY: usize = 6;
/// Clocks from a sample to its class's numbers.
pub const NUMBERS: usize = 4;

/// Quantizer of one lane.
#[derive(LogicBlock, Default)]
pub struct Quantize {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Sample x.
    pub sample: Signal<In, Bits<16>>,
    /// Mantissa of the channel's factor.
    pub mantissa: Signal<In, Bits<17>>,
    /// Shift of the channel's factor.
    pub shift: Signal<In, Bits<5>>,
    /// Offset, ones and top bit of the class.
    pub numbers: Signal<In, Bits<32>>,
    /// Pattern of q.
    pub pattern: Signal<Out, Bits<10>>,

    multiplier: PipelinedMultiplier<16, 18, 34>,

    factor: Signal<Local, Bits<18>>,
    factor_shift: DFF<Bits<5>>,
    product: Signal<Local, Bits<34>>,
    product_shift: DFF<Bits<5>>,

    /// The product from its bit 5 on, shifted by 16 or not.
    by16: Signal<Local, Bits<27>>,
    /// The bits that come down in a shift by 16, their sign extended.
    from16: Signal<Local, Signed<27>>,
    by8: Signal<Local, Bits<19>>,
    coarse: DFF<Bits<19>>,
    coarse_shift: DFF<Bits<3>>,
    coarse_negative: DFF<Bit>,
    coarse_overflow: DFF<Bit>,
    /// Bits that no shift by 8 brought down.
    coarse_above: DFF<Bits<8>>,
    coarse_by8: DFF<Bit>,
    coarse_by16: DFF<Bit>,
    /// Whether there is a one among the product's bits from here to the next of these: 0 to 4, 5 to
    /// 12, 13 to 20, 21 to 28.
    ones_from0: DFF<Bit>,
    ones_from5: DFF<Bit>,
    ones_from13: DFF<Bit>,
    ones_from21: DFF<Bit>,
    coarse_sticky: Signal<Local, Bit>,

    by4: Signal<Local, Bits<15>>,
    by2: Signal<Local, Bits<13>>,
    by1: Signal<Local, Bits<12>>,
    fine: DFF<Bits<12>>,
    fine_negative: DFF<Bit>,
    fine_overflow: DFF<Bit>,
    fine_sticky: DFF<Bit>,

    halves: Signal<Local, Signed<13>>,
    fine_offset: Signal<Local, Bits<12>>,
    addend: Signal<Local, Bits<13>>,
    total: Signal<Local, Bits<13>>,
    sum: DFF<Bits<12>>,
    sum_numbers: DFF<Bits<20>>,
    sum_negative: DFF<Bit>,
    sum_overflow: DFF<Bit>,

    below: Signal<Local, Bit>,
    outside: Signal<Local, Bit>,
    clamped: Signal<Local, Bits<10>>,
    code: DFF<Bits<10>>,
}

impl Logic for Quantize {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, aclk, multiplier, factor_shift, product_shift);
        clock!(self, aclk, coarse, coarse_shift);
        clock!(self, aclk, coarse_negative, coarse_overflow);
        clock!(self, aclk, coarse_above, coarse_by8, coarse_by16);
        clock!(self, aclk, ones_from0, ones_from5, ones_from13, ones_from21);
        clock!(self, aclk, fine, fine_negative, fine_overflow, fine_sticky);
        clock!(
            self,
            aclk,
            sum,
            sum_numbers,
            sum_negative,
            sum_overflow,
            code
        );

        self.multiplier.a.next = signed_cast(self.sample.val());
        self.factor.next = bit_cast::<18, 17>(self.mantissa.val());
        self.multiplier.b.next = signed_cast(self.factor.val());
        self.multiplier.enable.next = true;
        self.product.next = unsigned_cast(self.multiplier.p.val());
        self.factor_shift.d.next = self.shift.val();
        self.product_shift.d.next = self.factor_shift.q.val();

        // Bit 0 of what is shifted has the weight 1/2 of the result.
        self.from16.next =
            signed_bit_cast::<27, 12>(signed_cast(self.product.val().get_bits::<12>(21)));
        self.coarse_negative.d.next = self.product.val().get_bit(33);
        if self.product_shift.q.val().get_bit(4) {
            self.by16.next = unsigned_cast(self.from16.val());
        } else {
            self.by16.next = self.product.val().get_bits::<27>(5);
        }
        if self.product_shift.q.val().get_bit(3) {
            self.by8.next = self.by16.val().get_bits::<19>(8);
        } else {
            self.by8.next = self.by16.val().get_bits::<19>(0);
        }
        self.coarse.d.next = self.by8.val();
        self.coarse_shift.d.next = self.product_shift.q.val().get_bits::<3>(0);
        self.coarse_overflow.d.next = !self.product_shift.q.val().get_bit(4)
            & (self.product.val().get_bit(33) ^ self.product.val().get_bit(31));
        self.coarse_above.d.next = self.by16.val().get_bits::<8>(19);
        self.coarse_by8.d.next = self.product_shift.q.val().get_bit(3);
        self.coarse_by16.d.next = self.product_shift.q.val().get_bit(4);
        self.ones_from0.d.next = self.product.val().get_bits::<5>(0).any();
        self.ones_from5.d.next = self.product.val().get_bits::<8>(5).any();
        self.ones_from13.d.next = self.product.val().get_bits::<8>(13).any();
        self.ones_from21.d.next = self.product.val().get_bits::<8>(21).any();

        self.coarse_sticky.next = self.ones_from0.q.val()
            | (self.ones_from5.q.val() & (self.coarse_by8.q.val() | self.coarse_by16.q.val()))
            | (self.ones_from13.q.val() & self.coarse_by16.q.val())
            | (self.ones_from21.q.val() & self.coarse_by8.q.val() & self.coarse_by16.q.val());
        if self.coarse_shift.q.val().get_bit(2) {
            self.by4.next = self.coarse.q.val().get_bits::<15>(4);
        } else {
            self.by4.next = self.coarse.q.val().get_bits::<15>(0);
        }
        if self.coarse_shift.q.val().get_bit(1) {
            self.by2.next = self.by4.val().get_bits::<13>(2);
        } else {
            self.by2.next = self.by4.val().get_bits::<13>(0);
        }
        if self.coarse_shift.q.val().get_bit(0) {
            self.by1.next = self.by2.val().get_bits::<12>(1);
        } else {
            self.by1.next = self.by2.val().get_bits::<12>(0);
        }
        self.fine.d.next = self.by1.val();
        self.fine_negative.d.next = self.coarse_negative.q.val();
        self.fine_overflow.d.next = self.coarse_overflow.q.val()
            | (!self.coarse_by8.q.val()
                & ((self.coarse_above.q.val().any() & (!self.coarse_negative.q.val()))
                    | ((!self.coarse_above.q.val().all()) & self.coarse_negative.q.val())))
            | (!self.coarse_shift.q.val().get_bit(2)
                & ((self.coarse.q.val().get_bits::<4>(15).any()
                    & (!self.coarse_negative.q.val()))
                    | ((!self.coarse.q.val().get_bits::<4>(15).all())
                        & self.coarse_negative.q.val())))
            | (!self.coarse_shift.q.val().get_bit(1)
                & ((self.by4.val().get_bit(14) ^ self.coarse_negative.q.val())
                    | (self.by4.val().get_bit(13) ^ self.coarse_negative.q.val())))
            | (!self.coarse_shift.q.val().get_bit(0)
                & (self.by2.val().get_bit(12) ^ self.coarse_negative.q.val()));
        self.fine_sticky.d.next = self.coarse_sticky.val()
            | (self.coarse_shift.q.val().get_bit(2) & self.coarse.q.val().get_bits::<4>(0).any())
            | (self.coarse_shift.q.val().get_bit(1) & self.by4.val().get_bits::<2>(0).any())
            | (self.coarse_shift.q.val().get_bit(0) & self.by2.val().get_bit(0));

        // The bit of weight 1/2 and what decides whether it rounds up are added in front of the
        // sum, so that their carry is the rounding.
        self.halves.next = signed_bit_cast::<13, 12>(signed_cast(self.fine.q.val()));
        self.fine_offset.next = self.numbers.val().get_bits::<12>(0);
        self.addend.next = bit_cast::<13, 12>(self.fine_offset.val()) << 1;
        if self.fine_sticky.q.val() | self.fine.q.val().get_bit(1) {
            self.addend.next = (bit_cast::<13, 12>(self.fine_offset.val()) << 1) | 1;
        }
        self.total.next = unsigned_cast(self.halves.val()) + self.addend.val();
        self.sum.d.next = bit_cast::<12, 13>(self.total.val() >> 1);
        self.sum_numbers.d.next = self.numbers.val().get_bits::<20>(12);
        self.sum_negative.d.next = self.fine_negative.q.val();
        self.sum_overflow.d.next = self.fine_overflow.q.val()
            | (self.fine.q.val().get_bit(11) ^ self.fine_negative.q.val());

        self.below.next = (self.sum_overflow.q.val() & self.sum_negative.q.val())
            | ((!self.sum_overflow.q.val()) & self.sum.q.val().get_bit(11));
        self.outside.next = self.sum_overflow.q.val()
            | self.sum.q.val().get_bits::<2>(10).any()
            | (self.sum.q.val().get_bits::<10>(0) & (!self.sum_numbers.q.val().get_bits::<10>(0)))
                .any();
        self.clamped.next = self.sum.q.val().get_bits::<10>(0);
        if self.outside.val() {
            if self.below.val() {
                self.clamped.next = 0.into();
            } else {
                self.clamped.next = self.sum_numbers.q.val().get_bits::<10>(0);
            }
        }
        self.code.d.next = self.clamped.val() ^ self.sum_numbers.q.val().get_bits::<10>(10);
        self.pattern.next = self.code.q.val();
    }
}

#[cfg(test)]
mod tests {
    use super::{LATENCY, Quantize};
    use crate::step::step;
    use rust_hdl::prelude::*;

    /// n = 4, unsigned, no zero point: x * 1.0 / 2^6, halves to even, clamped to 0 to 15.
    #[test]
    fn rounds_half_to_even_and_clamps() {
        let mut unit = Quantize::default();
        unit.connect_all();
        unit.mantissa.next = bits(1 << 16);
        unit.shift.next = bits(16);
        unit.numbers.next = bits(0b1111 << 12);
        for (sample, pattern) in [(32, 0), (33, 1), (96, 2), (160, 2), (992, 15), (0x8000, 0)] {
            unit.sample.next = bits(sample);
            for _ in 0..LATENCY {
                step(&mut unit, |unit| &mut unit.aclk);
            }
            assert_eq!(unit.pattern.val(), bits(pattern), "{sample}");
        }
    }
}
