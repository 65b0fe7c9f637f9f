//! Length of a canonical code, from the limits of the lengths.

use rust_hdl::prelude::*;

/// How long the canonical code at the head of `code` is: `longer` bit k (0 to 7) says that it has
/// more than k bits, so its length is the number of bits set. Combinational.
///
/// `limits` holds eight numbers, that for k of k + 1 bits at bit k (k + 1) / 2: a code is longer
/// than k bits if its first k bits are at least this (`2^k`: never). `code` are the first 7 bits.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct CodeLength {
    /// The first bits.
    pub code: Signal<In, Bits<7>>,
    /// Limits of the lengths.
    pub limits: Signal<In, Bits<36>>,
    /// The length as a thermometer.
    pub longer: Signal<Out, Bits<8>>,
}

impl Logic for CodeLength {
    fn update(&mut self) {
        let (code, limits) = (self.code.val().to_u64(), self.limits.val().to_u64());
        self.longer.next = bits((0..8).fold(0, |longer, k| {
            let limit = limits >> (k * (k + 1) / 2) & ((2 << k) - 1);
            longer | u64::from(code >> (7 - k) >= limit) << k
        }));
    }

    fn connect(&mut self) {
        self.longer.connect();
    }

    fn hdl(&self) -> Verilog {
        let compare = |k: usize| {
            let at = k * (k + 1) / 2;
            format!(
                "   longer[{k}] = {{1'b0, code[6:{}]}} >= limits[{}:{at}];\n",
                7 - k,
                at + k
            )
        };
        let compares: String = (1..8).map(compare).collect();
        Verilog::Custom(format!(
            "always @(*) begin\n   longer[0] = !limits[0];\n{compares}end\n"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::CodeLength;
    use rust_hdl::prelude::*;

    #[test]
    fn lengths_of_a_small_code() {
        // Codes 0, 10, 110, 111: the limits for k = 0 to 7 are 0, 1, 3, then never.
        let limit = [0, 1, 3, 8, 16, 32, 64, 128];
        let limits = (0..8).fold(0, |all, k| all | limit[k] << (k * (k + 1) / 2));
        let mut length = CodeLength::default();
        length.limits.next = bits(limits);
        for (code, longer) in [(0x3f, 1), (0x40, 3), (0x5f, 3), (0x60, 7), (0x7f, 7)] {
            length.code.next = bits(code);
            simulate(&mut length, 10);
            assert_eq!(length.longer.val(), bits(longer), "{code:x}");
        }
    }
}
