//! Memory in block RAM with a register at its output.

use std::fmt::Write;

use rust_hdl::prelude::*;

/// Words of `W` bits, `2^A` of them or as many as [`PipelinedRam::new`] is asked for; `read_data` is
/// the word of the `read_address` of two enabled clocks ago.
///
/// What [`BlockRam`](super::BlockRam) says holds here too, with `enable` for its `read`; `enable` moves
/// the register as well. A block RAM alone takes most of a fast clock to give its word. ECP5's has the
/// register inside, but yosys does not use it: with `DQA_ECP5` defined, up to 16384 words are DP16KD
/// by name.
#[derive(Clone, Debug, LogicBlock)]
pub struct PipelinedRam<const W: usize, const A: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Write at this clock.
    pub write: Signal<In, Bit>,
    /// Where.
    pub write_address: Signal<In, Bits<A>>,
    /// What.
    pub write_data: Signal<In, Bits<W>>,
    /// Read at this clock, and move the register.
    pub enable: Signal<In, Bit>,
    /// Which word.
    pub read_address: Signal<In, Bits<A>>,
    /// The word read before the last.
    pub read_data: Signal<Out, Bits<W>>,
    _words: Vec<Bits<W>>,
    _read: Bits<W>,
}

impl<const W: usize, const A: usize> Default for PipelinedRam<W, A> {
    fn default() -> Self {
        Self::new(1 << A)
    }
}

impl<const W: usize, const A: usize> PipelinedRam<W, A> {
    /// At least `words` words, 2 to `2^A`: the next power of two.
    pub fn new(words: usize) -> Self {
        assert!((1..=20).contains(&A), "the address has 1 to 20 bits");
        assert!((2..=1 << A).contains(&words), "2 to 2^{A} words");
        Self {
            clock: Signal::default(),
            write: Signal::default(),
            write_address: Signal::default(),
            write_data: Signal::default(),
            enable: Signal::default(),
            read_address: Signal::default(),
            read_data: Signal::default(),
            _words: vec![bits(0); words.next_power_of_two()],
            _read: bits(0),
        }
    }

    fn plain(&self) -> String {
        format!(
            "reg [{high}:0] words [0:{last}];\n\
             reg [{high}:0] word;\n\
             wire collides = write && (write_address & {last}) == (read_address & {last});\n\
             always @(posedge clock) begin\n   \
                if (enable) begin\n      \
                   word <= collides ? {{{W}{{1'bx}}}} : words[read_address & {last}];\n      \
                   read_data <= word;\n   \
                end\n   \
                if (write) words[write_address & {last}] <= write_data;\n\
             end\n",
            high = W - 1,
            last = self._words.len() - 1
        )
    }

    /// Port A writes, port B reads; 36 bits come out by both. A word of `width` bits begins at the
    /// address `word * 2^low`; from 18 bits on the lowest address bits of port A enable its bytes.
    fn ecp5(&self, (width, low): (usize, usize)) -> String {
        let address_bits = self._words.len().trailing_zeros() as usize;
        let bit = |bus: &str, at: usize, bits: usize| match at < bits {
            true => format!("{bus}[{at}]"),
            false => "1'b0".to_owned(),
        };
        let mut text = format!("wire [{}:0] q;\n", W.next_multiple_of(width) - 1);
        for (number, first) in (0..W).step_by(width).enumerate() {
            let mut ports = String::new();
            let mut connect = |port: &str, at: usize, to: String| {
                write!(ports, ", .{port}{at}({to})").expect("a string takes all");
            };
            for at in 0..14 {
                let enables = at < width / 9 && width >= 18;
                let of = |bus: &str| match at.checked_sub(low) {
                    Some(at) => bit(bus, at, address_bits),
                    None => "1'b0".to_owned(),
                };
                connect(
                    "ADA",
                    at,
                    if enables {
                        "1'b1".to_owned()
                    } else {
                        of("write_address")
                    },
                );
                connect("ADB", at, of("read_address"));
            }
            for at in 0..width {
                let (write_port, read_port) = match (at < 18, width) {
                    (true, 36) => ("DIA", "DOA"),
                    (true, _) => ("DIA", "DOB"),
                    (false, _) => ("DIB", "DOB"),
                };
                connect(write_port, at % 18, bit("write_data", first + at, W));
                connect(read_port, at % 18, format!("q[{}]", first + at));
            }
            write!(
                text,
                "DP16KD #(.DATA_WIDTH_A({width}), .DATA_WIDTH_B({width}), .REGMODE_A(\"OUTREG\"), \
                 .REGMODE_B(\"OUTREG\"), .CLKAMUX(\"CLKA\"), .CLKBMUX(\"CLKB\"), .GSR(\"AUTO\"))\n   \
                 ram{number} (.CLKA(clock), .CLKB(clock), .CEA(1'b1), .WEA(write), .CEB(enable), \
                 .WEB(1'b0), .OCEA(enable), .OCEB(enable), .RSTA(1'b0), .RSTB(1'b0), \
                 .CSA0(1'b0), .CSA1(1'b0), .CSA2(1'b0), .CSB0(1'b0), .CSB1(1'b0), .CSB2(1'b0){ports});\n"
            )
            .expect("a string takes all");
        }
        text + &format!("always @(*) read_data = q[{}:0];\n", W - 1)
    }
}

impl<const W: usize, const A: usize> Logic for PipelinedRam<W, A> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            let last = self._words.len() - 1;
            if self.enable.val() {
                let at = self.read_address.val().index() & last;
                let collides = self.write.val() && self.write_address.val().index() & last == at;
                self.read_data.next = self._read;
                self._read = self._words[at];
                if collides {
                    self._read = !self._read;
                }
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
        let shape = match self._words.len() {
            0..=512 => (36, 5),
            513..=1024 => (18, 4),
            1025..=2048 => (9, 3),
            2049..=4096 => (4, 2),
            4097..=8192 => (2, 1),
            8193..=16384 => (1, 0),
            _ => return Verilog::Custom(self.plain()),
        };
        Verilog::Custom(format!(
            "`ifdef DQA_ECP5\n{}`else\n{}`endif\n",
            self.ecp5(shape),
            self.plain()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::PipelinedRam;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn a_word_comes_two_enabled_clocks_later() {
        let mut ram = PipelinedRam::<9, 4>::default();
        let mut after = |write: Option<u64>, enable: bool| {
            ram.write.next = write.is_some();
            ram.write_address.next = bits(6);
            ram.write_data.next = bits(write.unwrap_or(0));
            ram.enable.next = enable;
            ram.read_address.next = bits(6);
            step(&mut ram, |ram| &mut ram.clock);
            ram.read_data.val().to_u64()
        };
        after(Some(400), false);
        after(None, true);
        after(Some(3), false);
        assert_eq!(after(None, true), 400);
        assert_eq!(after(None, false), 400);
        assert_eq!(after(None, true), 3);
    }
}
