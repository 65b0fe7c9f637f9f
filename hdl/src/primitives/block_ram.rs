//! Memory in block RAM: synchronous write, synchronous read.

use rust_hdl::prelude::*;

/// `2^A` words of `W` bits; `read_data` is the word of the last clock's `read_address`.
///
/// While `read` is low, `read_data` stays. Infers block RAM everywhere. Contents are undefined until
/// written; a word that is read and written at the same clock reads as the old one. `W` is at least
/// 1, `A` 1 to 20; for a read within the clock use [`LutRam`](super::LutRam).
#[derive(Clone, Debug, LogicBlock)]
pub struct BlockRam<const W: usize, const A: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Write at this clock.
    pub write: Signal<In, Bit>,
    /// Where.
    pub write_address: Signal<In, Bits<A>>,
    /// What.
    pub write_data: Signal<In, Bits<W>>,
    /// Read at this clock.
    pub read: Signal<In, Bit>,
    /// Which word.
    pub read_address: Signal<In, Bits<A>>,
    /// The word last read.
    pub read_data: Signal<Out, Bits<W>>,
    _words: Vec<Bits<W>>,
}

impl<const W: usize, const A: usize> Default for BlockRam<W, A> {
    fn default() -> Self {
        assert!((1..=20).contains(&A), "the address has 1 to 20 bits");
        Self {
            clock: Signal::default(),
            write: Signal::default(),
            write_address: Signal::default(),
            write_data: Signal::default(),
            read: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            _words: vec![bits(0); 1 << A],
        }
    }
}

impl<const W: usize, const A: usize> Logic for BlockRam<W, A> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            if self.read.val() {
                self.read_data.next = self._words[self.read_address.val().index()];
            }
            if self.write.val() {
                self._words[self.write_address.val().index()] = self.write_data.val();
            }
        }
    }

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(format!(
            "reg [{}:0] words [0:{}];\n\
             always @(posedge clock) begin\n   if (read) read_data <= words[read_address];\n   \
             if (write) words[write_address] <= write_data;\nend\n",
            W - 1,
            (1 << A) - 1
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::BlockRam;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn reads_the_old_word_a_clock_later() {
        let mut ram = BlockRam::<9, 4>::default();
        let mut after = |write: Option<u64>, read: bool| {
            ram.write.next = write.is_some();
            ram.write_address.next = bits(6);
            ram.write_data.next = bits(write.unwrap_or(0));
            ram.read.next = read;
            ram.read_address.next = bits(6);
            step(&mut ram, |ram| &mut ram.clock);
            ram.read_data.val().to_u64()
        };
        after(Some(400), false);
        assert_eq!(after(None, true), 400);
        assert_eq!(after(Some(3), true), 400);
        assert_eq!(after(None, false), 400);
        assert_eq!(after(None, true), 3);
    }
}
