//! Length of a canonical code, from the limits of the lengths.

use rust_hdl::prelude::*;

/// How long the canonical code at the head of `code` is: `at_most` bit k (0 to 7) says that it has k
/// bits or less, so its length is the number of bits not set. Combinational.
///
/// `limits` holds eight numbers, that for k of k + 1 bits at bit k (k + 1) / 2: a code is longer
/// than k bits if its first k bits are at least this (`2^k`, the largest: never). `code` are the first
/// 7 bits.
///
/// Each bit is the sign of a difference, which comes out of its carry chain as it is.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct CodeLength {
    /// The first bits.
    pub code: Signal<In, Bits<7>>,
    /// Limits of the lengths.
    pub limits: Signal<In, Bits<36>>,
    /// The length as a thermometer.
    pub at_most: Signal<Out, Bits<8>>,
}

impl Logic for CodeLength {
    fn update(&mut self) {
        let (code, limits) = (self.code.val().to_u64(), self.limits.val().to_u64());
        self.at_most.next = bits((0..8).fold(0, |at_most, k| {
            let limit = limits >> (k * (k + 1) / 2) & ((2 << k) - 1);
            at_most | u64::from(code >> (7 - k) < limit) << k
        }));
    }

    fn connect(&mut self) {
        self.at_most.connect();
    }

    fn hdl(&self) -> Verilog {
        let compare = |k: usize| {
            let at = k * (k + 1) / 2;
            format!(
                "(* maybe_unused *) wire [{}:0] unused{k};\nwire s{k};\n\
                 assign {{s{k}, unused{k}}} = {{1'b0, code[6:{}]}} - limits[{}:{at}];\n",
                k - 1,
                7 - k,
                at + k
            )
        };
        let compares: String = (2..8).map(compare).collect();
        let signs: Vec<_> = (2..8).rev().map(|k| format!("s{k}")).collect();
        Verilog::Custom(format!(
            "{compares}always @(*)\n   at_most = {{{}, limits[2] | (limits[1] & !code[6]), limits[0]}};\n",
            signs.join(", ")
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
        for (code, at_most) in [
            (0x3f, 0xfe),
            (0x40, 0xfc),
            (0x5f, 0xfc),
            (0x60, 0xf8),
            (0x7f, 0xf8),
        ] {
            length.code.next = bits(code);
            simulate(&mut length, 10);
            assert_eq!(length.at_most.val(), bits(at_most), "{code:x}");
        }
    }
}
