//! Memory in look-up tables: synchronous write, asynchronous read.

use rust_hdl::prelude::*;

/// `2^A` words of `W` bits; `read_data` follows `read_address` without a clock.
///
/// Infers distributed RAM on ECP5 and 7-series; iCE40 has none and makes registers of it, so keep it
/// small there. Contents are undefined until written. A word that is being written reads as the old
/// one until the clock. `W` is at least 1, `A` 1 to 16; use [`BlockRam`](super::BlockRam) from some
/// hundred words on.
#[derive(Clone, Debug, LogicBlock)]
pub struct LutRam<const W: usize, const A: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Write at this clock.
    pub write: Signal<In, Bit>,
    /// Where.
    pub write_address: Signal<In, Bits<A>>,
    /// What.
    pub write_data: Signal<In, Bits<W>>,
    /// Which word to read.
    pub read_address: Signal<In, Bits<A>>,
    /// It.
    pub read_data: Signal<Out, Bits<W>>,
    _words: Vec<Bits<W>>,
}

impl<const W: usize, const A: usize> Default for LutRam<W, A> {
    fn default() -> Self {
        assert!((1..=16).contains(&A), "the address has 1 to 16 bits");
        Self {
            clock: Signal::default(),
            write: Signal::default(),
            write_address: Signal::default(),
            write_data: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            _words: vec![bits(0); 1 << A],
        }
    }
}

impl<const W: usize, const A: usize> Logic for LutRam<W, A> {
    fn update(&mut self) {
        if self.clock.pos_edge() && self.write.val() {
            self._words[self.write_address.val().index()] = self.write_data.val();
        }
        self.read_data.next = self._words[self.read_address.val().index()];
    }

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        // A wrapper's outputs are nets: an `always @(*)` would be sensitive to every word.
        Verilog::Wrapper(Wrapper {
            code: format!(
                "reg [{}:0] words [0:{}];\n\
                 always @(posedge clock)\n   if (write) words[write_address] <= write_data;\n\
                 assign read_data = words[read_address];\n",
                W - 1,
                (1 << A) - 1
            ),
            cores: String::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::LutRam;
    use crate::step::{settle, step};
    use rust_hdl::prelude::*;

    #[test]
    fn reads_what_was_written_without_a_clock() {
        let mut ram = LutRam::<40, 3>::default();
        for address in 0..8 {
            ram.write.next = true;
            ram.write_address.next = bits(address);
            ram.write_data.next = bits(address << 33 | 5);
            step(&mut ram, |ram| &mut ram.clock);
        }
        ram.write.next = false;
        for address in [3, 7, 0] {
            ram.read_address.next = bits(address);
            settle(&mut ram, |ram| &mut ram.clock);
            assert_eq!(ram.read_data.val(), bits(address << 33 | 5));
        }
    }
}
