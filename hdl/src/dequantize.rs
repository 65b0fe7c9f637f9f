//! De-quantize: `y = rhe((q - z_b) * mantissa / 2^s)`, saturated to 16 bits.
//!
//! | port | meaning |
//! |---|---|
//! | `code` | `q - z_b`, two's complement |
//! | `mantissa` | the channel's 17 bits, with the code |
//! | `shift` | s - 1, with the code. s = 0 gives what s = 1 gives, since the mantissa's top bit is set |
//! | `sample` | y |
//!
//! No parameters. Latency 6 clocks, one sample a clock, two 18 x 18 multipliers.
//!
//! | clock | work |
//! |---|---|
//! | 1, 2 | code times 2^k, k from 0 to 7, so that s + k is 8, 16, 24 or 32 |
//! | 3, 4 | times the mantissa |
//! | 5 | take the result from one of four places, see whether it is too large |
//! | 6 | round |
//!
//! A multiplier is the fine part of the shift. A result that is too large becomes 0 at clock 5, and
//! the adder that rounds adds the largest sample to it, or has its sign below it.

use rust_hdl::prelude::*;

use crate::primitives::PipelinedMultiplier;

/// Clocks from a code to its sample.
pub const LATENCY: usize = 6;

/// One lane's de-quantizer; see the module's text.
#[derive(LogicBlock)]
pub struct Dequantize {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// `q - z_b`.
    pub code: Signal<In, Bits<11>>,
    /// The factor's mantissa.
    pub mantissa: Signal<In, Bits<17>>,
    /// The factor's shift less 1.
    pub shift: Signal<In, Bits<5>>,
    /// The sample.
    pub sample: Signal<Out, Bits<16>>,
    fine: PipelinedMultiplier<11, 9, 20>,
    multiplier: PipelinedMultiplier<18, 18, 36>,
    mantissas: [DFF<Bits<17>>; 2],
    places: [DFF<Bits<2>>; 4],
    /// The result's bits 0 to 14 above the half below them, all 0 if it is too large.
    floor: DFF<Bits<16>>,
    top: DFF<Bit>,
    sticky: DFF<Bit>,
    too_large: DFF<Bit>,
    rounded: DFF<Bits<16>>,
    left: Signal<Local, Bits<3>>,
    power: Signal<Local, Bits<9>>,
    scaled: Signal<Local, Bits<18>>,
    factor: Signal<Local, Bits<18>>,
    product: Signal<Local, Bits<36>>,
    place: Signal<Local, Bits<2>>,
    negative: Signal<Local, Bit>,
    sign: Signal<Local, Bits<17>>,
    at_8: Signal<Local, Bits<17>>,
    at_16: Signal<Local, Bits<17>>,
    at_24: Signal<Local, Bits<17>>,
    at_32: Signal<Local, Bits<17>>,
    taken: Signal<Local, Bits<17>>,
    above_8: Signal<Local, Bits<8>>,
    above_16: Signal<Local, Bits<4>>,
    overflow: Signal<Local, Bit>,
    low: Signal<Local, Bits<15>>,
    whole: Signal<Local, Bits<16>>,
    more: Signal<Local, Bits<16>>,
    one: Constant<Bits<9>>,
    ones: Constant<Bits<17>>,
    top_place: Constant<Bits<16>>,
    largest: Constant<Bits<16>>,
}

impl Default for Dequantize {
    fn default() -> Self {
        Self {
            aclk: Default::default(),
            code: Default::default(),
            mantissa: Default::default(),
            shift: Default::default(),
            sample: Default::default(),
            fine: Default::default(),
            multiplier: Default::default(),
            mantissas: Default::default(),
            places: Default::default(),
            floor: Default::default(),
            top: Default::default(),
            sticky: Default::default(),
            too_large: Default::default(),
            rounded: Default::default(),
            left: Default::default(),
            power: Default::default(),
            scaled: Default::default(),
            factor: Default::default(),
            product: Default::default(),
            place: Default::default(),
            negative: Default::default(),
            sign: Default::default(),
            at_8: Default::default(),
            at_16: Default::default(),
            at_24: Default::default(),
            at_32: Default::default(),
            taken: Default::default(),
            above_8: Default::default(),
            above_16: Default::default(),
            overflow: Default::default(),
            low: Default::default(),
            whole: Default::default(),
            more: Default::default(),
            one: Constant::new(1u64.into()),
            ones: Constant::new(Bits::mask()),
            top_place: Constant::new(0x8000u64.into()),
            largest: Constant::new(0x7fffu64.into()),
        }
    }
}

impl Logic for Dequantize {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, aclk, fine, multiplier);
        dff_setup!(self, aclk, floor, top, sticky, too_large, rounded);
        for i in 0..2 {
            self.mantissas[i].clock.next = self.aclk.val();
        }
        self.mantissas[0].d.next = self.mantissa.val();
        self.mantissas[1].d.next = self.mantissas[0].q.val();
        for i in 0..4 {
            self.places[i].clock.next = self.aclk.val();
        }
        self.places[0].d.next = self.shift.val().get_bits::<2>(3);
        for i in 1..4 {
            self.places[i].d.next = self.places[i - 1].q.val();
        }

        // The product, k places up.
        self.left.next = !self.shift.val().get_bits::<3>(0);
        self.power.next = self.one.val() << self.left.val();
        self.fine.enable.next = true;
        self.fine.a.next = signed_cast(self.code.val());
        self.fine.b.next = signed_cast(self.power.val());
        self.scaled.next = bit_cast::<18, 20>(unsigned_cast(self.fine.p.val()));
        self.factor.next = bit_cast::<18, 17>(self.mantissas[1].q.val());
        self.multiplier.enable.next = true;
        self.multiplier.a.next = signed_cast(self.scaled.val());
        self.multiplier.b.next = signed_cast(self.factor.val());
        self.product.next = unsigned_cast(self.multiplier.p.val());

        // Seventeen bits from its place on: the result's sixteen, and the half below them.
        self.place.next = self.places[3].q.val();
        self.negative.next = self.product.val().get_bit(35);
        self.sign.next = 0.into();
        if self.negative.val() {
            self.sign.next = self.ones.val();
        }
        self.at_8.next = 0.into();
        self.at_16.next = 0.into();
        self.at_24.next = 0.into();
        self.at_32.next = 0.into();
        if self.place.val() == 0 {
            self.at_8.next = self.product.val().get_bits::<17>(7);
        }
        if self.place.val() == 1 {
            self.at_16.next = self.product.val().get_bits::<17>(15);
        }
        if self.place.val() == 2 {
            self.at_24.next =
                (self.sign.val() << 13) | bit_cast::<17, 13>(self.product.val().get_bits::<13>(23));
        }
        if self.place.val() == 3 {
            self.at_32.next =
                (self.sign.val() << 5) | bit_cast::<17, 5>(self.product.val().get_bits::<5>(31));
        }
        self.taken.next = self.at_8.val() | self.at_16.val() | self.at_24.val() | self.at_32.val();
        // Bits above that differ from the sign; there are such only at the lower two places.
        self.above_8.next = self.product.val().get_bits::<8>(23) ^ self.sign.val().get_bits::<8>(0);
        self.above_16.next =
            self.product.val().get_bits::<4>(31) ^ self.sign.val().get_bits::<4>(0);
        self.overflow.next = !self.place.val().get_bit(1)
            & (self.above_16.val().any()
                | (!self.place.val().get_bit(0) & self.above_8.val().any()));

        // Round half to even, but not up from the largest.
        self.low.next = self.floor.q.val().get_bits::<15>(1);
        self.whole.next = bit_cast::<16, 15>(self.low.val());
        if self.top.q.val() {
            self.whole.next = bit_cast::<16, 15>(self.low.val()) | self.top_place.val();
        }
        self.more.next = 0.into();
        if self.floor.q.val().get_bit(0)
            & (self.sticky.q.val() | self.floor.q.val().get_bit(1))
            & (self.top.q.val() | !self.low.val().all())
        {
            self.more.next = 1.into();
        }
        if self.too_large.q.val() {
            self.more.next = self.largest.val();
        }
        self.floor.d.next = self.taken.val().get_bits::<16>(0);
        self.top.d.next = self.taken.val().get_bit(16);
        self.sticky.d.next = self.product.val().get_bits::<7>(0).any()
            | (self.place.val().any() & self.product.val().get_bits::<8>(7).any())
            | (self.place.val().get_bit(1) & self.product.val().get_bits::<8>(15).any())
            | (self.place.val().all() & self.product.val().get_bits::<8>(23).any());
        self.too_large.d.next = self.overflow.val() & !self.negative.val();
        if self.overflow.val() {
            self.floor.d.next = 0.into();
            self.top.d.next = self.negative.val();
        }
        self.rounded.d.next = self.whole.val() + self.more.val();
        self.sample.next = self.rounded.q.val();
    }
}

#[cfg(test)]
mod tests {
    use super::{Dequantize, LATENCY};
    use crate::step::step;
    use dqa_golden::multiplier::round_half_even;
    use rust_hdl::prelude::*;

    #[test]
    fn rounds_half_to_even_and_saturates() {
        let mut unit = Dequantize::default();
        unit.connect_all();
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
            for _ in 0..LATENCY {
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
