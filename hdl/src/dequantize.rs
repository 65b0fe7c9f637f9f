//! De-quantize: `y = rhe((q - z_b) * mantissa / 2^s)`, saturated to 16 bits.
//!
//! | port | meaning |
//! |---|---|
//! | `advance` | the pipeline moves |
//! | `code` | `q - z_b`, two's complement |
//! | `mantissa` | the channel's 17 bits, with the code |
//! | `shift` | s - 1, with the code. s = 0 gives what s = 1 gives, since the mantissa's top bit is set |
//! | `sample` | y |
//!
//! Latency 3 clocks of `advance`: product, shift, round. One sample a clock, one 18 x 18 multiplier.

use rust_hdl::prelude::*;

use crate::primitives::Multiplier;

/// One lane's de-quantizer; see the module's text.
#[derive(LogicBlock)]
pub struct Dequantize {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// The pipeline moves.
    pub advance: Signal<In, Bit>,
    /// `q - z_b`.
    pub code: Signal<In, Bits<11>>,
    /// The factor's mantissa.
    pub mantissa: Signal<In, Bits<17>>,
    /// The factor's shift less 1.
    pub shift: Signal<In, Bits<5>>,
    /// The sample.
    pub sample: Signal<Out, Bits<16>>,
    multiplier: Multiplier<11, 18, 29>,
    product: DFF<Bits<29>>,
    shift_1: DFF<Bits<5>>,
    floor: DFF<Bits<17>>,
    sticky: DFF<Bit>,
    overflow: DFF<Bit>,
    negative: DFF<Bit>,
    rounded: DFF<Bits<16>>,
    factor: Signal<Local, Bits<18>>,
    extended: Signal<Local, Bits<48>>,
    by_16: Signal<Local, Bits<32>>,
    by_8: Signal<Local, Bits<24>>,
    by_4: Signal<Local, Bits<20>>,
    by_2: Signal<Local, Bits<18>>,
    shifted: Signal<Local, Bits<17>>,
    sign: Signal<Local, Bits<8>>,
    above_8: Signal<Local, Bits<8>>,
    above_4: Signal<Local, Bits<4>>,
    above_2: Signal<Local, Bits<2>>,
    above_1: Signal<Local, Bit>,
    is_negative: Signal<Local, Bit>,
    whole: Signal<Local, Bits<16>>,
    up: Signal<Local, Bits<16>>,
    sum: Signal<Local, Bits<16>>,
    ones: Constant<Bits<8>>,
    sign_extension: Constant<Bits<48>>,
    largest: Constant<Bits<16>>,
    smallest: Constant<Bits<16>>,
}

impl Default for Dequantize {
    fn default() -> Self {
        Self {
            aclk: Default::default(),
            advance: Default::default(),
            code: Default::default(),
            mantissa: Default::default(),
            shift: Default::default(),
            sample: Default::default(),
            multiplier: Default::default(),
            product: Default::default(),
            shift_1: Default::default(),
            floor: Default::default(),
            sticky: Default::default(),
            overflow: Default::default(),
            negative: Default::default(),
            rounded: Default::default(),
            factor: Default::default(),
            extended: Default::default(),
            by_16: Default::default(),
            by_8: Default::default(),
            by_4: Default::default(),
            by_2: Default::default(),
            shifted: Default::default(),
            sign: Default::default(),
            above_8: Default::default(),
            above_4: Default::default(),
            above_2: Default::default(),
            above_1: Default::default(),
            is_negative: Default::default(),
            whole: Default::default(),
            up: Default::default(),
            sum: Default::default(),
            ones: Constant::new(bits(0xff)),
            sign_extension: Constant::new(0xffff_e000_0000u64.into()),
            largest: Constant::new(0x7fffu64.into()),
            smallest: Constant::new(0x8000u64.into()),
        }
    }
}

impl Logic for Dequantize {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, aclk, product, shift_1, floor, sticky, overflow, negative, rounded
        );
        self.multiplier.a.next = signed_cast(self.code.val());
        self.factor.next = bit_cast::<18, 17>(self.mantissa.val());
        self.multiplier.b.next = signed_cast(self.factor.val());
        // Seventeen bits from the shift on: the result's sixteen, and the half below them.
        self.extended.next = bit_cast::<48, 29>(self.product.q.val());
        self.sign.next = 0.into();
        if self.product.q.val().get_bit(28) {
            self.extended.next =
                bit_cast::<48, 29>(self.product.q.val()) | self.sign_extension.val();
            self.sign.next = self.ones.val();
        }
        self.by_16.next = self.extended.val().get_bits::<32>(0);
        if self.shift_1.q.val().get_bit(4) {
            self.by_16.next = self.extended.val().get_bits::<32>(16);
        }
        self.by_8.next = self.by_16.val().get_bits::<24>(0);
        if self.shift_1.q.val().get_bit(3) {
            self.by_8.next = self.by_16.val().get_bits::<24>(8);
        }
        self.by_4.next = self.by_8.val().get_bits::<20>(0);
        if self.shift_1.q.val().get_bit(2) {
            self.by_4.next = self.by_8.val().get_bits::<20>(4);
        }
        self.by_2.next = self.by_4.val().get_bits::<18>(0);
        if self.shift_1.q.val().get_bit(1) {
            self.by_2.next = self.by_4.val().get_bits::<18>(2);
        }
        self.shifted.next = self.by_2.val().get_bits::<17>(0);
        if self.shift_1.q.val().get_bit(0) {
            self.shifted.next = self.by_2.val().get_bits::<17>(1);
        }
        // What each stage leaves above differs from the sign only if the result has over 16 bits.
        self.is_negative.next = self.product.q.val().get_bit(28);
        self.above_8.next = self.by_16.val().get_bits::<8>(24) ^ self.sign.val();
        self.above_4.next = self.by_8.val().get_bits::<4>(20) ^ self.sign.val().get_bits::<4>(0);
        self.above_2.next = self.by_4.val().get_bits::<2>(18) ^ self.sign.val().get_bits::<2>(0);
        self.above_1.next = self.by_2.val().get_bit(17) ^ self.is_negative.val();
        self.whole.next = self.floor.q.val().get_bits::<16>(1);
        self.up.next = 0.into();
        if self.floor.q.val().get_bit(0) & (self.sticky.q.val() | self.floor.q.val().get_bit(1)) {
            self.up.next = 1.into();
        }
        self.sum.next = self.whole.val() + self.up.val();
        if self.advance.val() {
            self.product.d.next = unsigned_cast(self.multiplier.p.val());
            self.shift_1.d.next = self.shift.val();
            self.floor.d.next = self.shifted.val();
            self.sticky.d.next = (self.shift_1.q.val().get_bit(4)
                & self.product.q.val().get_bits::<16>(0).any())
                | (self.shift_1.q.val().get_bit(3) & self.by_16.val().get_bits::<8>(0).any())
                | (self.shift_1.q.val().get_bit(2) & self.by_8.val().get_bits::<4>(0).any())
                | (self.shift_1.q.val().get_bit(1) & self.by_4.val().get_bits::<2>(0).any())
                | (self.shift_1.q.val().get_bit(0) & self.by_2.val().get_bit(0));
            self.overflow.d.next = (!self.shift_1.q.val().get_bit(3) & self.above_8.val().any())
                | (!self.shift_1.q.val().get_bit(2) & self.above_4.val().any())
                | (!self.shift_1.q.val().get_bit(1) & self.above_2.val().any())
                | (!self.shift_1.q.val().get_bit(0) & self.above_1.val())
                | (self.shifted.val().get_bit(16) ^ self.is_negative.val());
            self.negative.d.next = self.is_negative.val();
            self.rounded.d.next = self.sum.val();
            if self.negative.q.val() {
                if self.overflow.q.val() {
                    self.rounded.d.next = self.smallest.val();
                }
            } else {
                if self.overflow.q.val() | self.sum.val().get_bit(15) {
                    self.rounded.d.next = self.largest.val();
                }
            }
        }
        self.sample.next = self.rounded.q.val();
    }
}

#[cfg(test)]
mod tests {
    use super::Dequantize;
    use crate::step::step;
    use dqa_golden::multiplier::round_half_even;
    use rust_hdl::prelude::*;

    #[test]
    fn rounds_half_to_even_and_saturates() {
        let mut unit = Dequantize::default();
        unit.connect_all();
        unit.advance.next = true;
        for (code, mantissa, shift) in [
            (1i64, 65536u64, 17u64),
            (3, 65536, 17),
            (-1, 65536, 17),
            (-3, 65536, 17),
            (1, 65537, 17),
            (7, 100_000, 12),
            (-1023, 131_071, 1),
            (1023, 131_071, 3),
            (-1, 65536, 1),
            (5, 0, 9),
            (-1023, 131_071, 31),
        ] {
            unit.code.next = bits(code.cast_unsigned() & 0x7ff);
            unit.mantissa.next = bits(mantissa);
            unit.shift.next = bits(shift - 1);
            for _ in 0..3 {
                step(&mut unit, |unit| &mut unit.aclk);
            }
            let y = round_half_even(code * mantissa.cast_signed(), shift as u32);
            let y = y.clamp(-32768, 32767).cast_unsigned() & 0xffff;
            assert_eq!(
                unit.sample.val(),
                bits(y),
                "{code} * {mantissa} / 2^{shift}"
            );
        }
    }
}
