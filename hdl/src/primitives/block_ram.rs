//! Memory in block RAM: synchronous write, synchronous read.

use rust_hdl::prelude::*;

/// Words of `W` bits, `2^A` of them or as many as [`BlockRam::new`] is asked for; `read_data` is the
/// word of the last clock's `read_address`.
///
/// While `read` is low, `read_data` stays. Infers block RAM and nothing beside it; few words may become
/// distributed RAM where there is any. iCE40 has none: with `DQA_ICE40` defined, block RAM is asked for.
/// Contents are undefined until written. A word that is read at the very clock at which it is written
/// reads as undefined (the vendors' memories differ), in simulation at random. Address bits that the
/// words do not need are ignored. `W` is at least 1, `A` 1 to 20; for a read within the clock use
/// [`LutRam`](super::LutRam).
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
        Self::new(1 << A)
    }
}

impl<const W: usize, const A: usize> BlockRam<W, A> {
    /// At least `words` words, 2 to `2^A`: the next power of two.
    pub fn new(words: usize) -> Self {
        assert!((1..=20).contains(&A), "the address has 1 to 20 bits");
        assert!((2..=1 << A).contains(&words), "2 to 2^{A} words");
        Self {
            clock: Signal::default(),
            write: Signal::default(),
            write_address: Signal::default(),
            write_data: Signal::default(),
            read: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            _words: vec![bits(0); words.next_power_of_two()],
        }
    }
}

impl<const W: usize, const A: usize> Logic for BlockRam<W, A> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let last = self._words.len() - 1;
            if self.read.val() {
                let at = self.read_address.val().index() & last;
                let word = self._words[at];
                let collides = self.write.val() && self.write_address.val().index() & last == at;
                self.read_data.next = if collides { !word } else { word };
            }
            if self.write.val() {
                self._words[self.write_address.val().index() & last] = self.write_data.val();
            }
        }
    }

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let words = self._words.len();
        Verilog::Custom(format!(
            "`ifdef DQA_ICE40\n(* ram_style = \"block\" *)\n`endif\n\
             reg [{high}:0] words [0:{last}];\n\
             wire collides = write && (write_address & {last}) == (read_address & {last});\n\
             always @(posedge clock) begin\n   \
                if (read) read_data <= collides ? {{{W}{{1'bx}}}} : words[read_address & {last}];\n   \
                if (write) words[write_address & {last}] <= write_data;\n\
             end\n",
            high = W - 1,
            last = words - 1
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::BlockRam;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn reads_a_clock_later_and_not_what_is_being_written() {
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
        assert_eq!(after(Some(3), false), 400);
        assert_eq!(after(None, true), 3);
        let collided = after(Some(7), true);
        assert!(collided != 3 && collided != 7);
    }
}
