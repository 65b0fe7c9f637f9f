//! Scale divider: `mantissa / 2^shift` nearest to a ratio, as golden's `Multiplier::from_ratio`.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `start`, `numerator`, `denominator` | in | begins a division; only while not `busy` |
//! | `busy` | out | one is under way |
//! | `mantissa`, `shift` | out | the last one's result while not `busy`; mantissa 0 where a factor was 0; the shift's lower 5 bits |
//!
//! No parameters: any factors of 16 bits. Latency [`LEAST_CLOCKS`] to [`MOST_CLOCKS`] from `start` to
//! not `busy`, one division at a time.
//!
//! Long division, a bit a clock. First both factors are shifted up to their top bits; that changes
//! their ratio by a power of two, which `shift` keeps. Then the quotient's first bit is 1, or its
//! second is and `shift` is one more; its 17 bits are complete when the first stands on top. Last it
//! is rounded. It never gets an 18th bit by that: the ratio is below 2 by at least `2^-16`.

use rust_hdl::prelude::*;

/// The fewest clocks from a start to the result.
pub const LEAST_CLOCKS: usize = 20;
/// The most.
pub const MOST_CLOCKS: usize = 36;

/// What the divider does.
#[derive(Copy, Clone, PartialEq, Debug, LogicState)]
pub enum State {
    /// Nothing: the result stands.
    Idle,
    /// Brings both factors to their top bits.
    Align,
    /// Finds a bit of the quotient.
    Divide,
}

/// Divider of two factors of 16 bits.
#[derive(LogicBlock)]
pub struct ScaleDivider {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Begin.
    pub start: Signal<In, Bit>,
    /// Divide this.
    pub numerator: Signal<In, Bits<16>>,
    /// By this.
    pub denominator: Signal<In, Bits<16>>,
    /// A division is under way.
    pub busy: Signal<Out, Bit>,
    /// The quotient's 17 bits, or 0.
    pub mantissa: Signal<Out, Bits<17>>,
    /// The power of two that it is divided by.
    pub shift: Signal<Out, Bits<5>>,

    state: DFF<State>,
    zero: DFF<Bit>,
    remainder: DFF<Bits<17>>,
    divisor: DFF<Bits<16>>,
    quotient: DFF<Bits<17>>,
    power: DFF<Bits<5>>,
    first_power: Constant<Bits<5>>,
    all: Constant<Bits<5>>,
    up: Signal<Local, Bit>,
    down: Signal<Local, Bit>,
    change: Signal<Local, Bits<5>>,
    /// The remainder less the divisor; bit 17 is set if that is below 0.
    difference: Signal<Local, Bits<18>>,
    fits: Signal<Local, Bit>,
    rest: Signal<Local, Bits<17>>,
    more: Signal<Local, Bits<17>>,
}

impl Default for ScaleDivider {
    fn default() -> Self {
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            start: Signal::default(),
            numerator: Signal::default(),
            denominator: Signal::default(),
            busy: Signal::default(),
            mantissa: Signal::default(),
            shift: Signal::default(),
            state: DFF::default(),
            zero: DFF::default(),
            remainder: DFF::default(),
            divisor: DFF::default(),
            quotient: DFF::default(),
            power: DFF::default(),
            first_power: Constant::new(16.into()),
            all: Constant::new(Bits::mask()),
            up: Signal::default(),
            down: Signal::default(),
            change: Signal::default(),
            difference: Signal::default(),
            fits: Signal::default(),
            rest: Signal::default(),
            more: Signal::default(),
        }
    }
}

impl Logic for ScaleDivider {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, state, zero, remainder, divisor, quotient, power);
        self.busy.next = self.state.q.val() != State::Idle;
        self.mantissa.next = self.quotient.q.val();
        self.shift.next = self.power.q.val();

        self.up.next = !self.remainder.q.val().get_bit(15);
        self.down.next = !self.divisor.q.val().get_bit(15);
        self.difference.next =
            bit_cast::<18, 17>(self.remainder.q.val()) - bit_cast::<18, 16>(self.divisor.q.val());
        self.fits.next = self.zero.q.val() | (!self.difference.val().get_bit(17));
        self.rest.next = self.remainder.q.val();
        self.more.next = 0.into();
        if self.fits.val() {
            self.rest.next = self.difference.val().get_bits::<17>(0);
            self.more.next = 1.into();
        }
        self.change.next = 0.into();
        match self.state.q.val() {
            State::Idle => {
                if self.start.val() {
                    self.remainder.d.next = bit_cast::<17, 16>(self.numerator.val());
                    self.divisor.d.next = self.denominator.val();
                    self.quotient.d.next = 0.into();
                    self.zero.d.next =
                        (!self.numerator.val().any()) | (!self.denominator.val().any());
                    self.state.d.next = State::Align;
                }
            }
            State::Align => {
                if self.up.val() {
                    self.remainder.d.next = self.remainder.q.val() << 1;
                }
                if self.down.val() {
                    self.divisor.d.next = self.divisor.q.val() << 1;
                }
                if self.up.val() & (!self.down.val()) {
                    self.change.next = 1.into();
                }
                if self.down.val() & (!self.up.val()) {
                    self.change.next = self.all.val();
                }
                if self.zero.q.val() | (!(self.up.val() | self.down.val())) {
                    self.state.d.next = State::Divide;
                }
            }
            State::Divide => {
                self.remainder.d.next = self.rest.val() << 1;
                self.quotient.d.next = (self.quotient.q.val() << 1) | self.more.val();
                if !(self.fits.val() | self.quotient.q.val().any()) {
                    self.change.next = 1.into();
                }
                if self.quotient.q.val().get_bit(16) {
                    self.quotient.d.next = self.quotient.q.val() + self.more.val();
                    if self.zero.q.val() {
                        self.quotient.d.next = 0.into();
                    }
                    self.state.d.next = State::Idle;
                }
            }
        }
        self.power.d.next = self.power.q.val() + self.change.val();
        if self.start.val() & (self.state.q.val() == State::Idle) {
            self.power.d.next = self.first_power.val();
        }
        if !self.aresetn.val() {
            self.state.d.next = State::Idle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LEAST_CLOCKS, MOST_CLOCKS, ScaleDivider};
    use crate::step::step;
    use dqa_golden::multiplier::Multiplier;
    use rust_hdl::prelude::*;

    #[test]
    fn divides_as_golden() {
        let mut unit = ScaleDivider::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        for [numerator, denominator] in [
            [7, 300],
            [255, 1],
            [2, 65535],
            [65535, 255],
            [1, 128],
            [0, 7],
            [31, 0],
            [32768, 4],
        ] {
            unit.numerator.next = bits(numerator.into());
            unit.denominator.next = bits(denominator.into());
            unit.start.next = true;
            step(&mut unit, |unit| &mut unit.aclk);
            unit.start.next = false;
            let mut clocks = 1;
            while unit.busy.val() {
                step(&mut unit, |unit| &mut unit.aclk);
                clocks += 1;
            }
            assert!((LEAST_CLOCKS..=MOST_CLOCKS).contains(&clocks), "{clocks}");
            match Multiplier::from_ratio(numerator, denominator) {
                Ok(factor) => {
                    assert_eq!(unit.mantissa.val(), bits(factor.mantissa().into()));
                    assert_eq!(unit.shift.val(), bits(factor.shift().into()));
                }
                Err(_) => assert_eq!(unit.mantissa.val(), bits(0)),
            }
        }
    }
}
