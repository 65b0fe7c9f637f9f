//! The context that a driver has loaded, from the words of the [load map](dqa_hdl::load).
//!
//! A load has less in it than a context: what a path does not need is left out, and what it needs is
//! worked out. So this looks for a context whose load is these words; its answers on this path are those
//! of the one that was loaded.

use std::collections::BTreeMap;

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::format::{Format, MAX_BITS, MAX_WIDTH, MIN_BITS, max_extra};
use dqa_golden::lanes::LaneShape;
use dqa_golden::multiplier::Multiplier;
use dqa_golden::packet::Direction;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::{MAX_SYMBOL_BITS, Mode};
use dqa_golden::table::CodeTable;
use dqa_hdl::load::{
    ALIGN, CHANNELS, CODES, LAYOUT, LEAST_SHIFT, LIMITS, NO_CODE, PLANE, QUANTIZE, ROWS, SCALE,
    SYMBOLS, decoder, encoder,
};
use dqa_hdl::parameters::Parameters;

/// What was written, by address.
pub(super) type Words = BTreeMap<u32, u32>;

const WIDTH: u32 = MAX_WIDTH as u32;

/// A context whose load into this path is these words; `None` where there is none.
pub(super) fn context(path: Direction, parameters: &Parameters, words: &Words) -> Option<Context> {
    let load = Load { parameters, words };
    let same = |context: &Context| {
        let writes = match path {
            Direction::Write => encoder(parameters, context),
            Direction::Read => decoder(parameters, context),
        };
        writes.is_ok_and(|writes| {
            let mut writes = writes.iter();
            writes.all(|write| words.get(&write.addr) == Some(&write.data))
        })
    };
    match path {
        Direction::Write => load.encoders()?.into_iter().flatten().find(same),
        Direction::Read => load.decoders()?.find(same),
    }
}

fn ones(count: u32) -> u32 {
    (1 << count) - 1
}

struct Load<'a> {
    parameters: &'a Parameters,
    words: &'a Words,
}

impl Load<'_> {
    fn word(&self, address: u32) -> Option<u32> {
        self.words.get(&address).copied()
    }

    /// A context of this format and mode, with a table's lengths by class and symbol, and rows' shifts as
    /// a path has them.
    fn context(
        &self,
        format: Format,
        mode: Mode,
        tables: [Vec<u8>; 2],
        entry: impl Fn(Multiplier) -> (Multiplier, Multiplier),
        shift: impl Fn(u32, u32) -> Option<u32>,
    ) -> Option<Context> {
        let plane = self.word(PLANE)?;
        let (beats, lanes) = ((plane & ones(20)) + 1, (plane >> 20).count_ones());
        let all = u32::try_from(self.parameters.lanes).ok()?;
        let channels = (0..self.word(ROWS)?).map(|row| {
            let row = self.word(CHANNELS.checked_add(row)?)?;
            let class = [Class::Direct, Class::Important, Class::Pruned];
            let class = *class.get((row >> 22) as usize)?;
            let shift = shift(row >> 17 & ones(5), format.extra_of(class))?;
            let factor = Multiplier::new(row & ones(17), u8::try_from(shift).ok()?).ok()?;
            let (quantizer, dequantizer) = entry(factor);
            Some(ChannelEntry {
                class,
                quantizer,
                dequantizer,
            })
        });
        let limit = self.parameters.max_code_length;
        let [direct, important] =
            tables.map(|lengths| CodeTable::from_lengths(&lengths, limit).ok());
        let parts = ContextParts {
            format,
            mode,
            shape: LaneShape::new(u8::try_from(all).ok()?).ok()?,
            scale: self.scale()?,
            plane_len: (beats - 1) * all + lanes,
            limit,
            direct: direct?,
            important: important?,
            channels: channels.collect::<Option<_>>()?,
        };
        Context::new(parts).ok()
    }

    fn scale(&self) -> Option<Scale> {
        if self.parameters.dynamic_beats == 0 {
            return Some(Scale::Fixed);
        }
        let word = self.word(SCALE)?;
        let policy = [DeltaPolicy::FullRange, DeltaPolicy::Paper][(word >> 11 & 1) as usize];
        Some(match word >> 12 & 1 {
            0 => Scale::Fixed,
            _ => Scale::Dynamic { policy },
        })
    }

    /// What an encoder's load may be of: it has all but whether the symbol is the low end of a pattern
    /// that is all symbol.
    fn encoders(&self) -> Option<[Option<Context>; 2]> {
        let class = |number| {
            let word = self.word(QUANTIZE + number)?;
            let (width, half) = ((word >> 12 & ones(10)).count_ones(), word >> 22);
            let zero = (word & ones(12)).checked_signed_diff(half)?;
            let below = (self.word(ALIGN + number)? & ones(WIDTH)).count_ones();
            Some((width, half != 0, zero, WIDTH - below))
        };
        let [(n, signed, zero, direct), (width, _, _, important)] = [class(0)?, class(1)?];
        let byte = |number: u32| u8::try_from(number).ok();
        let extra = byte(width.checked_sub(n)?)?;
        let format = Format::new(byte(n)?, extra, signed, i16::try_from(zero).ok()?).ok()?;
        let lengths = |number: u32, width: u32, symbol_bits: u32| {
            let step = u32::from(MAX_SYMBOL_BITS).checked_sub(symbol_bits)?;
            let symbols = (0..1 << symbol_bits).map(|symbol| {
                let place = (number << MAX_SYMBOL_BITS) + (symbol << step);
                match self.word(CODES + place)? {
                    NO_CODE => Some(0),
                    code => byte((code >> 8 & 15).checked_sub(width - symbol_bits)?),
                }
            });
            symbols.collect::<Option<Vec<_>>>()
        };
        let tables = [lengths(0, n, direct)?, lengths(1, width, important)?];
        let joint = Mode::Joint {
            direct: byte(direct)?,
            important: byte(important)?,
        };
        Some([Mode::Paper, joint].map(|mode| {
            let quantizer = |factor| (factor, Multiplier::ZERO);
            let shift = |shift, extra| Some(shift + LEAST_SHIFT + extra);
            self.context(format, mode, tables.clone(), quantizer, shift)
        }))
    }

    /// What a decoder's load may be of, by all formats: it has values and not their codes.
    fn decoders(&self) -> Option<impl Iterator<Item = Context>> {
        let [direct, important] = [self.values(0)?, self.values(1)?];
        let formats = (MIN_BITS..=MAX_BITS).flat_map(|bits| {
            let widths = (0..=max_extra(bits)).map(move |extra| (bits, extra));
            widths.flat_map(|(bits, extra)| [false, true].map(|signed| (bits, extra, signed)))
        });
        Some(formats.flat_map(move |(bits, extra, signed)| {
            let half = i16::from(signed) << (bits - 1);
            let zeros = -half..(1 << bits) - half;
            let formats = zeros.filter_map(move |zero| Format::new(bits, extra, signed, zero).ok());
            let (direct, important) = (direct.clone(), important.clone());
            formats.flat_map(move |format| {
                let symbol_bits = |values: &Values, class| {
                    let bits = format.width(class).checked_sub(values.raw_bits)?;
                    u8::try_from(bits)
                        .ok()
                        .filter(|&bits| bits <= MAX_SYMBOL_BITS)
                };
                let joint = symbol_bits(&direct, Class::Direct)
                    .zip(symbol_bits(&important, Class::Important))
                    .map(|(direct, important)| Mode::Joint { direct, important });
                let modes = [Some(Mode::Paper), joint].into_iter().flatten();
                let found = modes.filter_map(|mode| {
                    let lengths = |values: &Values, class| values.lengths(&format, mode, class);
                    let tables = [
                        lengths(&direct, Class::Direct)?,
                        lengths(&important, Class::Important)?,
                    ];
                    let dequantizer = |factor| (Multiplier::ZERO, factor);
                    let shift = |shift: u32, extra| (shift + 1).checked_sub(extra);
                    self.context(format, mode, tables, dequantizer, shift)
                });
                found.collect::<Vec<_>>()
            })
        }))
    }

    /// A class's values and code lengths by the eight bits that a code begins with.
    fn values(&self, number: u32) -> Option<Values> {
        let layout = self.word(LAYOUT + number)?;
        let limits = u64::from(self.word(LIMITS + number)?) | u64::from(layout & 15) << 32;
        let length = |index: u32| {
            let shorter = (0..8).find(|&k| {
                let limit = limits >> (k * (k + 1) / 2) & u64::from(ones(k + 1));
                u64::from(index >> (8 - k)) < limit
            });
            shorter.unwrap_or(8)
        };
        let entries = (0..1 << 8).map(|index| {
            let word = self.word(SYMBOLS + (number << 8) + index)?;
            // 11 bits in two's complement.
            let value = (word << 21).cast_signed() >> 21;
            Some((value, word >> 15 & 1 == 1, length(index)))
        });
        let empty = u32::from(length(0) == 0);
        Some(Values {
            raw_bits: (layout >> 4 & 15) + empty,
            entries: entries.collect::<Option<_>>()?,
        })
    }
}

/// What a decoder knows of a class.
#[derive(Clone)]
struct Values {
    raw_bits: u32,
    /// Value with the raw bits beyond as 0, whether its sign is beyond, length of its code.
    entries: Vec<(i32, bool, u32)>,
}

impl Values {
    /// Code lengths by symbol, if the codes are of this format.
    fn lengths(&self, format: &Format, mode: Mode, class: Class) -> Option<Vec<u8>> {
        let layout = mode.layout(format, class);
        let (lo, hi) = format.code_range(class);
        if layout.raw_bits != self.raw_bits || layout.symbol_bits > MAX_SYMBOL_BITS.into() {
            return None;
        }
        let mut lengths = vec![0; layout.alphabet()];
        for &(value, sign_beyond, length) in &self.entries {
            let code = value + format.zero_code(class);
            let pattern = match sign_beyond {
                true => u32::try_from(code + (1 << (format.width(class) - 1))).ok()?,
                false if (lo..=hi).contains(&code) => format.pattern(class, code),
                false => return None,
            };
            let (symbol, _) = layout.split(pattern);
            *lengths.get_mut(symbol)? = u8::try_from(length).ok()?;
        }
        Some(lengths)
    }
}

#[cfg(test)]
mod tests {
    use dqa_golden::payload::{decode, encode};
    use dqa_sim::layers;

    use super::*;

    #[test]
    fn a_loaded_context_codes_as_the_one_that_was_loaded() {
        let mut random = fastrand::Rng::with_seed(1);
        for round in 0..200 {
            let parameters = Parameters {
                lanes: [1, 2, 4, 8][round % 4],
                channels: 16,
                dynamic_beats: [0, 64][round / 4 % 2],
                ..Parameters::default()
            };
            let context = layers::context(&mut random, &parameters);
            let words = |writes: Result<Vec<dqa_hdl::load::Write>, _>| -> Words {
                let writes = writes.expect("it fits").into_iter();
                writes.map(|write| (write.addr, write.data)).collect()
            };
            let (to_write, to_read) = (
                words(encoder(&parameters, &context)),
                words(decoder(&parameters, &context)),
            );
            let found = |path, words| super::context(path, &parameters, words);
            let writes = found(Direction::Write, &to_write).expect("one was loaded");
            let reads = found(Direction::Read, &to_read).expect("one was loaded");
            let run = layers::run(&mut random, &context);
            let samples = layers::samples(&mut random, &context, &run);
            let encoded = encode(&context, &run, &samples);
            assert_eq!(encode(&writes, &run, &samples).is_ok(), encoded.is_ok());
            if let Ok(encoded) = encoded {
                let again = encode(&writes, &run, &samples).expect("as the first");
                assert!(again.payload == encoded.payload);
                let payload = &encoded.payload;
                assert!(decode(&reads, &run, payload) == decode(&context, &run, payload));
            }
            let mut damaged = to_read.clone();
            damaged.remove(&PLANE);
            assert_eq!(found(Direction::Read, &damaged), None);
        }
    }
}
