//! Packs an array of signals into one, which RustHDL has no expression for.

use rust_hdl::prelude::*;

/// Packenation of `L` parts of `N` bits, part 0 lowest.
#[derive(LogicBlock)]
pub struct Pack<const L: usize, const N: usize, const LN: usize> {
    /// The parts.
    pub parts: [Signal<In, Bits<N>>; L],
    /// All of them.
    pub joined: Signal<Out, Bits<LN>>,
}

impl<const L: usize, const N: usize, const LN: usize> Default for Pack<L, N, LN> {
    fn default() -> Self {
        assert_eq!(L * N, LN, "the joined value has the bits of all parts");
        Self {
            parts: std::array::from_fn(|_| Default::default()),
            joined: Default::default(),
        }
    }
}

impl<const L: usize, const N: usize, const LN: usize> Logic for Pack<L, N, LN> {
    fn update(&mut self) {
        let mut joined = Bits::<LN>::default();
        for (i, part) in self.parts.iter().enumerate() {
            joined.set_bits::<N>(i * N, part.val());
        }
        self.joined.next = joined;
    }

    fn connect(&mut self) {
        self.joined.connect();
    }

    fn hdl(&self) -> Verilog {
        let parts: Vec<String> = (0..L).rev().map(|i| format!("parts${i}")).collect();
        Verilog::Custom(format!("always @(*) joined = {{{}}};", parts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::Pack;
    use rust_hdl::prelude::*;

    #[test]
    fn part_0_is_lowest() {
        let mut pack = Pack::<3, 24, 72>::default();
        for (part, value) in pack.parts.iter_mut().zip([0x123_456, 0, 0xabc_def]) {
            part.next = bits(value);
        }
        simulate(&mut pack, 10);
        assert_eq!(pack.joined.val().to_u128(), 0x00ab_cdef_0000_0012_3456);
    }
}
