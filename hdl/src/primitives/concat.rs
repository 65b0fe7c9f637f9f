//! Two values side by side.

use rust_hdl::prelude::*;

/// `joined = {high, low}`, combinational. `N` is `H + L`.
///
/// RustHDL's own slices (`get_bits`) take it apart again.
#[derive(Clone, Debug, LogicBlock)]
pub struct Concat<const H: usize, const L: usize, const N: usize> {
    /// The upper `H` bits.
    pub high: Signal<In, Bits<H>>,
    /// The lower `L` bits.
    pub low: Signal<In, Bits<L>>,
    /// Both.
    pub joined: Signal<Out, Bits<N>>,
}

impl<const H: usize, const L: usize, const N: usize> Default for Concat<H, L, N> {
    fn default() -> Self {
        assert_eq!(H + L, N, "the joined value has the bits of both");
        Self {
            high: Signal::default(),
            low: Signal::default(),
            joined: Signal::default(),
        }
    }
}

impl<const H: usize, const L: usize, const N: usize> Logic for Concat<H, L, N> {
    fn update(&mut self) {
        let high = bit_cast::<N, H>(self.high.val());
        self.joined.next = (high << L as u64) | bit_cast::<N, L>(self.low.val());
    }

    fn connect(&mut self) {
        self.joined.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom("always @(*) joined = {high, low};\n".into())
    }
}

#[cfg(test)]
mod tests {
    use super::Concat;
    use rust_hdl::prelude::*;

    #[test]
    fn high_stands_above_low() {
        let mut concat = Concat::<5, 30, 35>::default();
        concat.high.next = bits(0x11);
        concat.low.next = bits(0x2000_0003);
        simulate(&mut concat, 10);
        assert_eq!(concat.joined.val(), bits((0x11 << 30) | 0x2000_0003));
    }
}
