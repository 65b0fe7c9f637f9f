//! Code buffer: holds a plane's codes back until the factor that de-quantizes them is divided out.
//!
//! With dynamic scale a plane's range comes right ahead of its codes, and a division takes longer than
//! a beat. So codes wait here, while those of the plane before are de-quantized. With a fixed scale
//! they just pass, and their plane's row beside them.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `aclk`, `aresetn` | in | clock, synchronous reset |
//! | `load`, `load_context`, `load_addr`, `load_data` | in | writes at [`crate::load::SCALE`]; others are ignored |
//! | `start` | in | a packet begins; only when no codes are left. What planes are left is forgotten |
//! | `run_context` | in | its context, from the next clock on |
//! | `dynamic` | out | its scale is dynamic; from the second clock behind `start` on |
//! | `half`, `window` | in | 8 bits of a range of dynamic scale, the upper half first |
//! | `important` | in | its plane's class, with the second half |
//! | `s_valid`, `s_first`, `s_last`, `s_codes`, `s_factor` | in | a beat's codes; the plane's first beat, behind its range if it has one; the packet's last; the plane's row: mantissa, shift above, as in [`crate::load`] |
//! | `crowded` | out | let no more beats in than 100, of no more than 12 planes |
//! | `room` | in | a beat can be taken |
//! | `m_valid`, `m_last`, `m_codes`, `m_factor` | out | a beat, always taken, and its plane's factor, as `s_factor` |
//!
//! Parameters: S lanes; C = 11 S; E = C + 2. One beat a clock, also where planes have one beat and a
//! fixed scale; a plane of dynamic scale leaves 45 clocks behind its range. Latency 6.

use rust_hdl::prelude::*;

use crate::order_fifo::OrderFifo;
use crate::primitives::LutRam;
use crate::scale_divider::ScaleDivider;

/// Buffer of codes, S lanes.
#[derive(LogicBlock)]
pub struct CodeBuffer<const C: usize, const E: usize> {
    /// Clock.
    pub aclk: Signal<In, Clock>,
    /// Synchronous reset, active low.
    pub aresetn: Signal<In, Bit>,
    /// Write.
    pub load: Signal<In, Bit>,
    /// Into this context.
    pub load_context: Signal<In, Bit>,
    /// Where.
    pub load_addr: Signal<In, Bits<17>>,
    /// What.
    pub load_data: Signal<In, Bits<13>>,
    /// A packet begins.
    pub start: Signal<In, Bit>,
    /// Its context.
    pub run_context: Signal<In, Bit>,
    /// Its scale is dynamic.
    pub dynamic: Signal<Out, Bit>,
    /// Half a range comes.
    pub half: Signal<In, Bit>,
    /// The half.
    pub window: Signal<In, Bits<8>>,
    /// Its class is Important.
    pub important: Signal<In, Bit>,
    /// There is a beat.
    pub s_valid: Signal<In, Bit>,
    /// It is the plane's first.
    pub s_first: Signal<In, Bit>,
    /// It is the packet's last.
    pub s_last: Signal<In, Bit>,
    /// Its codes.
    pub s_codes: Signal<In, Bits<C>>,
    /// Its plane's row.
    pub s_factor: Signal<In, Bits<22>>,
    /// There are many.
    pub crowded: Signal<Out, Bit>,
    /// There is room for a beat.
    pub room: Signal<In, Bit>,
    /// There is a beat.
    pub m_valid: Signal<Out, Bit>,
    /// It is the packet's last.
    pub m_last: Signal<Out, Bit>,
    /// Its codes.
    pub m_codes: Signal<Out, Bits<C>>,
    /// Its plane's factor.
    pub m_factor: Signal<Out, Bits<22>>,

    scales: [DFF<Bits<13>>; 2],
    scale: DFF<Bits<13>>,
    started: DFF<Bit>,
    steps: Signal<Local, Bits<8>>,
    extra: Signal<Local, Bits<5>>,

    beats: OrderFifo<E>,
    first_bit: Signal<Local, Bits<E>>,
    last_bit: Signal<Local, Bits<E>>,
    first: Constant<Bits<E>>,
    last: Constant<Bits<E>>,

    /// Planes that wait, fewer than 32: a row, or a range and a class.
    planes: LutRam<23, 5>,
    plane: Signal<Local, Bit>,
    upper: DFF<Bits<8>>,
    upper_there: DFF<Bit>,
    row: Signal<Local, Bits<23>>,
    oldest: Signal<Local, Bits<23>>,
    plane_to: DFF<Bits<5>>,
    plane_from: DFF<Bits<5>>,
    waiting: DFF<Bits<5>>,
    many_wait: DFF<Bit>,
    some: Signal<Local, Bit>,
    next: Signal<Local, Bit>,

    divider: ScaleDivider,
    divides: Signal<Local, Bit>,
    occupied: DFF<Bit>,
    occupied_important: DFF<Bit>,
    divided_shift: Signal<Local, Bits<5>>,

    known: Signal<Local, Bit>,
    enters: Signal<Local, Bit>,
    goes: Signal<Local, Bit>,
    out_valid: DFF<Bit>,
    out_last: DFF<Bit>,
    out_codes: DFF<Bits<C>>,
    out_factor: DFF<Bits<22>>,
}

impl<const C: usize, const E: usize> Default for CodeBuffer<C, E> {
    fn default() -> Self {
        assert_eq!(E, C + 2);
        Self {
            aclk: Signal::default(),
            aresetn: Signal::default(),
            load: Signal::default(),
            load_context: Signal::default(),
            load_addr: Signal::default(),
            load_data: Signal::default(),
            start: Signal::default(),
            run_context: Signal::default(),
            dynamic: Signal::default(),
            half: Signal::default(),
            window: Signal::default(),
            important: Signal::default(),
            s_valid: Signal::default(),
            s_first: Signal::default(),
            s_last: Signal::default(),
            s_codes: Signal::default(),
            s_factor: Signal::default(),
            crowded: Signal::default(),
            room: Signal::default(),
            m_valid: Signal::default(),
            m_last: Signal::default(),
            m_codes: Signal::default(),
            m_factor: Signal::default(),
            scales: std::array::from_fn(|_| DFF::default()),
            scale: DFF::default(),
            started: DFF::default(),
            steps: Signal::default(),
            extra: Signal::default(),
            beats: OrderFifo::default(),
            first_bit: Signal::default(),
            last_bit: Signal::default(),
            first: Constant::new(bits(1) << C as u64),
            last: Constant::new(bits(2) << C as u64),
            planes: LutRam::default(),
            plane: Signal::default(),
            upper: DFF::default(),
            upper_there: DFF::default(),
            row: Signal::default(),
            oldest: Signal::default(),
            plane_to: DFF::default(),
            plane_from: DFF::default(),
            waiting: DFF::default(),
            many_wait: DFF::default(),
            some: Signal::default(),
            next: Signal::default(),
            divider: ScaleDivider::default(),
            divides: Signal::default(),
            occupied: DFF::default(),
            occupied_important: DFF::default(),
            divided_shift: Signal::default(),
            known: Signal::default(),
            enters: Signal::default(),
            goes: Signal::default(),
            out_valid: DFF::default(),
            out_last: DFF::default(),
            out_codes: DFF::default(),
            out_factor: DFF::default(),
        }
    }
}

impl<const C: usize, const E: usize> Logic for CodeBuffer<C, E> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, aclk, scale, plane_to, plane_from, waiting, occupied);
        dff_setup!(
            self,
            aclk,
            occupied_important,
            out_factor,
            upper,
            upper_there
        );
        clock!(
            self, aclk, planes, many_wait, out_valid, out_last, out_codes
        );
        clock!(self, aclk, started);
        self.beats.aclk.next = self.aclk.val();
        self.beats.aresetn.next = self.aresetn.val();
        self.divider.aclk.next = self.aclk.val();
        self.divider.aresetn.next = self.aresetn.val();

        // Loading; the context that runs.
        for i in 0..2 {
            self.scales[i].clock.next = self.aclk.val();
            self.scales[i].d.next = self.scales[i].q.val();
        }
        if self.load.val() & (self.load_addr.val() == 6) {
            if self.load_context.val() {
                self.scales[1].d.next = self.load_data.val();
            } else {
                self.scales[0].d.next = self.load_data.val();
            }
        }
        self.started.d.next = self.start.val();
        if self.started.q.val() {
            self.scale.d.next = self.scales[0].q.val();
            if self.run_context.val() {
                self.scale.d.next = self.scales[1].q.val();
            }
        }
        self.steps.next = self.scale.q.val().get_bits::<8>(0);
        self.extra.next = bit_cast::<5, 3>(self.scale.q.val().get_bits::<3>(8));
        self.dynamic.next = self.scale.q.val().get_bit(12);

        // Beats in.
        self.first_bit.next = 0.into();
        if self.s_first.val() {
            self.first_bit.next = self.first.val();
        }
        self.last_bit.next = 0.into();
        if self.s_last.val() {
            self.last_bit.next = self.last.val();
        }
        self.beats.write.next = self.s_valid.val();
        self.beats.s_entry.next =
            bit_cast::<E, C>(self.s_codes.val()) | self.first_bit.val() | self.last_bit.val();
        self.many_wait.d.next = self.waiting.q.val().get_bit(4);
        self.crowded.next = self.beats.crowded.val() | self.many_wait.q.val();

        // Planes in, by their ranges or by their first beats.
        self.row.next = bit_cast::<23, 22>(self.s_factor.val());
        self.plane.next = self.s_valid.val() & self.s_first.val();
        if self.scale.q.val().get_bit(12) {
            self.row.next =
                (bit_cast::<23, 8>(self.upper.q.val()) << 8) | bit_cast::<23, 8>(self.window.val());
            if self.important.val() {
                self.row.next = (bit_cast::<23, 8>(self.upper.q.val()) << 8)
                    | bit_cast::<23, 8>(self.window.val())
                    | 0x40_0000;
            }
            self.plane.next = self.half.val() & self.upper_there.q.val();
        }
        if self.half.val() {
            self.upper.d.next = self.window.val();
            self.upper_there.d.next = !self.upper_there.q.val();
        }
        self.planes.write.next = self.plane.val();
        self.planes.write_address.next = self.plane_to.q.val();
        self.planes.write_data.next = self.row.val();
        self.planes.read_address.next = self.plane_from.q.val();
        self.oldest.next = self.planes.read_data.val();
        self.some.next = self.plane_to.q.val() != self.plane_from.q.val();

        // Its factor: a division's, or as it came.
        self.divides.next = self.scale.q.val().get_bit(12)
            & self.some.val()
            & (!self.occupied.q.val())
            & (!self.divider.busy.val());
        self.divider.start.next = self.divides.val();
        self.divider.numerator.next = self.oldest.val().get_bits::<16>(0);
        self.divider.denominator.next = bit_cast::<16, 8>(self.steps.val());
        self.divided_shift.next = self.divider.shift.val() - 1;
        if self.occupied_important.q.val() {
            self.divided_shift.next = (self.divider.shift.val() - 1) + self.extra.val();
        }
        self.known.next = self.some.val();
        if self.scale.q.val().get_bit(12) {
            self.known.next = self.occupied.q.val() & (!self.divider.busy.val());
        }

        // Beats out, each plane's first with its factor.
        self.enters.next = (self.beats.m_entry.val() & self.first.val()).any();
        self.goes.next =
            self.beats.m_valid.val() & self.room.val() & (self.known.val() | (!self.enters.val()));
        self.beats.m_ready.next = self.goes.val();
        self.out_valid.d.next = self.goes.val();
        self.out_last.d.next = (self.beats.m_entry.val() & self.last.val()).any();
        self.out_codes.d.next = self.beats.m_entry.val().get_bits::<C>(0);
        self.next.next = self.divides.val();
        if self.goes.val() & self.enters.val() {
            if self.scale.q.val().get_bit(12) {
                self.occupied.d.next = false;
                self.out_factor.d.next = bit_cast::<22, 17>(self.divider.mantissa.val())
                    | (bit_cast::<22, 5>(self.divided_shift.val()) << 17);
            } else {
                self.next.next = true;
                self.out_factor.d.next = self.oldest.val().get_bits::<22>(0);
            }
        }
        if self.divides.val() {
            self.occupied.d.next = true;
            self.occupied_important.d.next = self.oldest.val().get_bit(22);
        }
        self.m_valid.next = self.out_valid.q.val();
        self.m_last.next = self.out_last.q.val();
        self.m_codes.next = self.out_codes.q.val();
        self.m_factor.next = self.out_factor.q.val();

        if self.plane.val() {
            self.plane_to.d.next = self.plane_to.q.val() + 1;
        }
        if self.next.val() {
            self.plane_from.d.next = self.plane_from.q.val() + 1;
        }
        if self.plane.val() & (!self.next.val()) {
            self.waiting.d.next = self.waiting.q.val() + 1;
        }
        if self.next.val() & (!self.plane.val()) {
            self.waiting.d.next = self.waiting.q.val() - 1;
        }
        if self.start.val() | (!self.aresetn.val()) {
            self.plane_to.d.next = 0.into();
            self.plane_from.d.next = 0.into();
            self.waiting.d.next = 0.into();
            self.occupied.d.next = false;
            self.upper_there.d.next = false;
        }
        if !self.aresetn.val() {
            self.scale.d.next = 0.into();
            self.started.d.next = false;
            self.many_wait.d.next = false;
            self.out_valid.d.next = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CodeBuffer;
    use crate::load::SCALE;
    use crate::step::step;
    use dqa_golden::multiplier::Multiplier;
    use rust_hdl::prelude::*;

    /// Two planes of one beat, ranges 300 and 7 of 15 steps, the second one Important with m = 2.
    #[test]
    fn each_plane_has_its_factor() {
        let mut unit = CodeBuffer::<11, 13>::default();
        unit.connect_all();
        step(&mut unit, |unit| &mut unit.aclk);
        unit.aresetn.next = true;
        unit.load.next = true;
        unit.load_addr.next = bits(SCALE.into());
        unit.load_data.next = bits(15 | 2 << 8 | 1 << 12);
        unit.start.next = true;
        step(&mut unit, |unit| &mut unit.aclk);
        unit.load.next = false;
        unit.start.next = false;
        step(&mut unit, |unit| &mut unit.aclk);
        unit.room.next = true;
        let mut beats = Vec::new();
        for clock in 0..100 {
            unit.half.next = clock < 4;
            unit.window.next = bits([1, 300 - 256, 0, 7].get(clock).copied().unwrap_or(9));
            unit.important.next = clock == 3;
            unit.s_valid.next = clock == 6 || clock == 7;
            unit.s_first.next = true;
            unit.s_last.next = clock == 7;
            unit.s_codes.next = bits(clock as u64);
            step(&mut unit, |unit| &mut unit.aclk);
            if unit.m_valid.val() {
                beats.push((unit.m_codes.val().to_u64(), unit.m_factor.val().to_u64()));
                assert_eq!(unit.m_last.val(), beats.len() == 2);
            }
        }
        let factor = |range, extra| {
            let factor = Multiplier::from_ratio(range, 15).expect("legal");
            u64::from(factor.mantissa()) | (u64::from(factor.shift()) + extra - 1) << 17
        };
        assert_eq!(beats, [(6, factor(300, 0)), (7, factor(7, 2))]);
    }
}
