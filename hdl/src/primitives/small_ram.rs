//! Memory of a few words: synchronous write, synchronous read.

use rust_hdl::prelude::*;

/// `2^A` words of `W` bits; `read_data` is the word of the last clock's `read_address`.
///
/// Distributed RAM and a register on ECP5 and 7-series, which have it. iCE40 has none: with `DQA_ICE40` defined
/// it is block RAM there, which would else be as many registers as it has bits. What
/// [`BlockRam`](super::BlockRam) says of contents and collisions holds here too. `W` is at least 1, `A` 1
/// to 8; for a read within the clock use [`LutRam`](super::LutRam).
#[derive(Clone, Debug, LogicBlock)]
pub struct SmallRam<const W: usize, const A: usize> {
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
    /// The word read at the last clock.
    pub read_data: Signal<Out, Bits<W>>,
    _words: Vec<Bits<W>>,
}

impl<const W: usize, const A: usize> Default for SmallRam<W, A> {
    fn default() -> Self {
        assert!((1..=8).contains(&A), "the address has 1 to 8 bits");
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

impl<const W: usize, const A: usize> Logic for SmallRam<W, A> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let at = self.read_address.val().index();
            let word = self._words[at];
            let collides = self.write.val() && self.write_address.val().index() == at;
            self.read_data.next = if collides { !word } else { word };
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
            "`ifdef DQA_ICE40\n(* ram_style = \"block\" *)\n`endif\n\
             reg [{high}:0] words [0:{last}];\n\
             wire collides = write && write_address == read_address;\n\
             always @(posedge clock) begin\n   \
                read_data <= collides ? {{{W}{{1'bx}}}} : words[read_address];\n   \
                if (write) words[write_address] <= write_data;\n\
             end\n",
            high = W - 1,
            last = self._words.len() - 1
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::SmallRam;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn reads_a_clock_later_and_not_what_is_being_written() {
        let mut ram = SmallRam::<9, 2>::default();
        let mut after = |write: Option<u64>| {
            ram.write.next = write.is_some();
            ram.write_address.next = bits(2);
            ram.write_data.next = bits(write.unwrap_or(0));
            ram.read_address.next = bits(2);
            step(&mut ram, |ram| &mut ram.clock);
            ram.read_data.val().to_u64()
        };
        after(Some(400));
        assert_eq!(after(None), 400);
        let collided = after(Some(7));
        assert!(collided != 400 && collided != 7);
        assert_eq!(after(None), 7);
    }
}
