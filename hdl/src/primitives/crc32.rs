//! CRC-32 over a beat a clock.

use rust_hdl::prelude::*;

/// The polynomial, bit-reversed.
const POLYNOMIAL: u32 = 0xedb8_8320;
/// Exclusive ors in a row that shared terms may have behind each other: more would save few
/// look-up tables and cost clock rate.
const SHARED_LEVELS: u32 = 3;

/// CRC-32 of packets (zlib's and Ethernet's) over beats of `N` bits, first byte lowest.
///
/// | port | direction | meaning |
/// |---|---|---|
/// | `clock` | in | clock |
/// | `clear` | in | begin anew; wins over `enable`. There is no reset beside it |
/// | `enable`, `data` | in | take a beat |
/// | `crc` | out | CRC of the beats taken so far, a register; 0 if none |
///
/// `N` is 8, 16, 32, 64 or 128. Latency 1 clock, a beat each clock. Bytes followed by their own CRC
/// have the CRC [`RESIDUE`](Self::RESIDUE).
///
/// Each next bit is the exclusive or of some bits of `crc` and `data`; which, is found by shifting
/// `N` times. Terms that several of them have in common are made once.
#[derive(Clone, Debug, LogicBlock)]
pub struct Crc32<const N: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Begin anew.
    pub clear: Signal<In, Bit>,
    /// Take a beat.
    pub enable: Signal<In, Bit>,
    /// The beat.
    pub data: Signal<In, Bits<N>>,
    /// CRC so far.
    pub crc: Signal<Out, Bits<32>>,
}

impl<const N: usize> Crc32<N> {
    /// CRC of any bytes followed by their CRC.
    pub const RESIDUE: u32 = 0x2144_df1c;
}

impl<const N: usize> Default for Crc32<N> {
    fn default() -> Self {
        assert!([8, 16, 32, 64, 128].contains(&N), "beats of 8 to 128 bits");
        Self {
            clock: Signal::default(),
            clear: Signal::default(),
            enable: Signal::default(),
            data: Signal::default(),
            crc: Signal::default(),
        }
    }
}

/// Exclusive ors of the 32 next bits. Term k below 32 is `mixed[k]`, the state's bit with the
/// data's; from 32 on `data[k]`, and from max(N, 32) on a pair.
struct Equations {
    /// Which next bits each term goes into.
    columns: Vec<u32>,
    /// Terms made of two others.
    pairs: Vec<(usize, usize)>,
}

impl Equations {
    fn new(beat_bits: usize) -> Self {
        // What each bit of the shift register is made of.
        let mut rows: [u128; 32] = std::array::from_fn(|bit| 1 << bit);
        for shift in 0..beat_bits {
            let entering = if shift < 32 { 0 } else { 1 << shift };
            let feedback = rows[0] ^ entering;
            rows.rotate_left(1);
            rows[31] = 0;
            for (bit, row) in rows.iter_mut().enumerate() {
                if POLYNOMIAL >> bit & 1 == 1 {
                    *row ^= feedback;
                }
            }
        }
        let column =
            |term| (0..32).fold(0, |all, bit| all | ((rows[bit] >> term & 1) as u32) << bit);
        Self {
            columns: (0..beat_bits.max(32)).map(column).collect(),
            pairs: Vec::new(),
        }
    }

    /// As long as two terms go together into several bits, makes a term of the two that do so
    /// most often.
    fn share(mut self) -> Self {
        let mut levels: Vec<u32> = (0..self.columns.len())
            .map(|term| u32::from(term < 32))
            .collect();
        loop {
            let mut best = (1, 0, 0, 0);
            for a in 0..self.columns.len() {
                for b in 0..a {
                    let uses = (self.columns[a] & self.columns[b]).count_ones();
                    let level = levels[a].max(levels[b]) + 1;
                    if uses > best.0 && level <= SHARED_LEVELS {
                        best = (uses, a, b, level);
                    }
                }
            }
            let (uses, a, b, level) = best;
            if uses == 1 {
                return self;
            }
            let both = self.columns[a] & self.columns[b];
            self.columns[a] &= !both;
            self.columns[b] &= !both;
            self.columns.push(both);
            self.pairs.push((a, b));
            levels.push(level);
        }
    }

    /// The terms of a next bit.
    fn terms(&self, bit: usize) -> impl Iterator<Item = usize> {
        let columns = self.columns.iter().enumerate();
        columns.filter_map(move |(term, column)| (column >> bit & 1 == 1).then_some(term))
    }
}

impl<const N: usize> Logic for Crc32<N> {
    fn update(&mut self) {
        if !self.clock.pos_edge() {
            return;
        }
        if self.clear.val() {
            self.crc.next = bits(0);
        } else if self.enable.val() {
            let data = self.data.val().to_u128();
            let state = (0..N).fold(!self.crc.val().to_u64() as u32, |state, bit| {
                let feedback = (state ^ (data >> bit) as u32) & 1;
                (state >> 1) ^ (feedback * POLYNOMIAL)
            });
            self.crc.next = bits(u64::from(!state));
        }
    }

    fn connect(&mut self) {
        self.crc.connect();
    }

    fn hdl(&self) -> Verilog {
        let equations = Equations::new(N).share();
        let bits = N.min(32);
        let first = N.max(32);
        let name = |term: usize| match term {
            0..32 => format!("mixed[{term}]"),
            _ if term < first => format!("data[{term}]"),
            _ => format!("pair{}", term - first),
        };
        let mut text = format!(
            "wire [31:0] mixed = ~crc ^ {};\n",
            match N {
                8 => "{24'h0, data}".to_owned(),
                16 => "{16'h0, data}".to_owned(),
                _ => format!("data[{}:0]", bits - 1),
            }
        );
        for (at, &(a, b)) in equations.pairs.iter().enumerate() {
            text += &format!("wire pair{at} = {} ^ {};\n", name(a), name(b));
        }
        text += "wire [31:0] next;\n";
        for bit in 0..32 {
            let terms: Vec<_> = equations.terms(bit).map(name).collect();
            text += &format!("assign next[{bit}] = {};\n", terms.join(" ^ "));
        }
        text += "always @(posedge clock)\n   if (clear) crc <= 32'h0;\n   \
                 else if (enable) crc <= ~next;\n";
        Verilog::Custom(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Crc32;
    use crate::step::step;
    use rust_hdl::prelude::*;

    #[test]
    fn check_value_and_residue() {
        let mut unit = Crc32::<16>::default();
        unit.connect_all();
        unit.clear.next = true;
        step(&mut unit, |unit| &mut unit.clock);
        unit.clear.next = false;
        unit.enable.next = true;
        // CRC-32 of "12345678" is 0x9ae0daaf.
        for pair in [0x3231, 0x3433, 0x3635, 0x3837] {
            unit.data.next = bits(pair);
            step(&mut unit, |unit| &mut unit.clock);
        }
        assert_eq!(unit.crc.val(), bits(0x9ae0_daaf));
        for half in [0xdaaf, 0x9ae0] {
            unit.data.next = bits(half);
            step(&mut unit, |unit| &mut unit.clock);
        }
        assert_eq!(unit.crc.val(), bits(u64::from(Crc32::<16>::RESIDUE)));
    }
}
