//! Arithmetic shift right by a variable amount.

use super::{from_i128, to_i128};
use rust_hdl::prelude::*;

/// `shifted = x >>> amount`, combinational: floor of `x / 2^amount`, for any amount.
///
/// `N` is the width of `x`, 1 to 128; `K` that of the amount, 1 to 7. For unsigned values RustHDL's
/// own `>>` does.
#[derive(Clone, Debug, LogicBlock)]
pub struct ShiftRight<const N: usize, const K: usize> {
    /// What is shifted.
    pub x: Signal<In, Signed<N>>,
    /// By how many bits.
    pub amount: Signal<In, Bits<K>>,
    /// The result.
    pub shifted: Signal<Out, Signed<N>>,
}

impl<const N: usize, const K: usize> Default for ShiftRight<N, K> {
    fn default() -> Self {
        assert!((1..=128).contains(&N), "what is shifted has 1 to 128 bits");
        assert!((1..=7).contains(&K), "the amount has 1 to 7 bits");
        Self {
            x: Signal::default(),
            amount: Signal::default(),
            shifted: Signal::default(),
        }
    }
}

impl<const N: usize, const K: usize> Logic for ShiftRight<N, K> {
    fn update(&mut self) {
        self.shifted.next = from_i128(to_i128(self.x.val()) >> self.amount.val().to_u64());
    }

    fn connect(&mut self) {
        self.shifted.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom("always @(*) shifted = x >>> amount;\n".into())
    }
}

#[cfg(test)]
mod tests {
    use super::ShiftRight;
    use rust_hdl::prelude::*;

    #[test]
    fn shifts_round_down() {
        let mut shift = ShiftRight::<12, 4>::default();
        for (x, amount) in [
            (-2048, 11),
            (-2048, 15),
            (-1, 3),
            (2047, 10),
            (-7, 1),
            (5, 0),
        ] {
            shift.x.next = signed(x);
            shift.amount.next = bits(amount);
            simulate(&mut shift, 10);
            assert_eq!(shift.shifted.val(), signed(x >> amount), "{x} >> {amount}");
        }
    }
}
