//! Generation parameters: what a core is built for, and the widths that follow from it.

use dqa_golden::context::{Context, MAX_CHANNELS, Scale};
use dqa_golden::format::{MAX_BITS, MAX_EXTRA, MAX_WIDTH, MIN_BITS};
use dqa_golden::packet::Direction;
use dqa_golden::symbol::{DEFAULT_SYMBOL_BITS, MAX_SYMBOL_BITS};
use dqa_golden::table::{MAX_LIMIT, MIN_LIMIT};

use crate::paths::Paths;
use crate::plane_buffer::SLACK;

/// The longest plane that a core with dynamic scale can be built for: with [`SLACK`] as many beats as
/// its memory can hold.
pub const MAX_DYNAMIC_BEATS: usize = (1 << 15) - SLACK;
/// Least and most bytes of [`Parameters::link_room`].
pub const LINK_ROOMS: [usize; 2] = [512, 2048];

/// What a core is generated for. A context that stays within them can be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// Lanes S: 1, 2, 4 or 8.
    pub lanes: usize,
    /// Largest n, 2 to 8.
    pub max_bits: u8,
    /// Largest m, 0 to 5 and at most `max_bits`.
    pub max_extra: u8,
    /// Longest code, 4 to 8.
    pub max_code_length: u8,
    /// Most symbol bits t, 5 or 6.
    pub symbol_bits: u8,
    /// Rows of the channel table, 1 to 65535.
    pub channels: usize,
    /// Paths of `dqa_core`.
    pub paths: Paths,
    /// Whether `dqa_core` can scan, which takes the write path.
    pub scan: bool,
    /// Beats of the longest plane of dynamic scale; 0 if there is none, else up to
    /// [`MAX_DYNAMIC_BEATS`].
    pub dynamic_beats: usize,
    /// Bytes of room that a serial port has for the requests of each path, a power of two within
    /// [`LINK_ROOMS`]; it has twice as many for what goes to the host.
    pub link_room: usize,
    /// Whether `dqa_core` counts packets, beats and stalls.
    pub counters: bool,
}

/// Why [`Parameters`] are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // the messages are the documentation
pub enum ParameterError {
    #[error("{0} lanes: choose 1, 2, 4 or 8")]
    Lanes(usize),
    #[error("largest n = {0}: choose {MIN_BITS} to {MAX_BITS}")]
    Bits(u8),
    #[error("largest m = {extra} with largest n = {bits}: choose 0 to {}", MAX_EXTRA.min(*.bits))]
    Extra { bits: u8, extra: u8 },
    #[error("codes of up to {0} bits: choose {MIN_LIMIT} to {MAX_LIMIT}")]
    CodeLength(u8),
    #[error("{0} symbol bits: choose {DEFAULT_SYMBOL_BITS} or {MAX_SYMBOL_BITS}")]
    SymbolBits(u8),
    #[error("a channel table of {0} rows: choose 1 to {MAX_CHANNELS}")]
    Channels(usize),
    #[error(
        "planes of up to {0} beats of dynamic scale: choose up to {MAX_DYNAMIC_BEATS}, or 0 for none"
    )]
    DynamicBeats(usize),
    #[error("the scanner belongs to the write path, which is left out: leave it out as well")]
    ScanWithoutEncode,
    #[error(
        "{0} bytes of room for a path's requests: choose a power of two from {least} to {most}",
        least = LINK_ROOMS[0],
        most = LINK_ROOMS[1]
    )]
    LinkRoom(usize),
}

/// Why a core with given [`Parameters`] cannot take a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum Misfit {
    #[error("the context has {context} lanes, the core {core}: plan the layer for {core}")]
    Lanes { context: usize, core: usize },
    #[error("the context's words have {context} bits, the core's {core}")]
    WordBits { context: usize, core: usize },
    #[error(
        "{name} = {context} exceeds the core's {core}: plan the layer with less, or generate the core with \
         more"
    )]
    TooLarge {
        name: &'static str,
        context: usize,
        core: usize,
    },
    #[error("ranges found on the device are not built in: plan the layer with a fixed scale")]
    DynamicScale,
    #[error(
        "planes of {context} beats, where ranges are found on the device in planes of up to {core}: \
         cut them into segments, or plan the layer with a fixed scale"
    )]
    DynamicPlane { context: usize, core: usize },
}

impl Default for Parameters {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl Parameters {
    /// Four lanes that take every legal context of at most 32 symbols and 1024 channels.
    pub const DEFAULT: Self = Self {
        lanes: 4,
        max_bits: MAX_BITS,
        max_extra: MAX_EXTRA,
        max_code_length: MAX_LIMIT,
        symbol_bits: DEFAULT_SYMBOL_BITS,
        channels: 1024,
        paths: Paths::Both,
        scan: true,
        dynamic_beats: 0,
        link_room: 2048,
        counters: true,
    };

    /// One lane and one path for n up to 4, m up to 3 and 64 channels, without scanner and counters: what
    /// fits into the larger FPGAs of the iCE40 family.
    pub const fn smallest(paths: Paths) -> Self {
        Self {
            lanes: 1,
            max_bits: 4,
            max_extra: 3,
            channels: 64,
            paths,
            scan: false,
            counters: false,
            link_room: 512,
            ..Self::DEFAULT
        }
    }

    /// Checks every parameter's range.
    pub fn check(&self) -> Result<(), ParameterError> {
        if !matches!(self.lanes, 1 | 2 | 4 | 8) {
            return Err(ParameterError::Lanes(self.lanes));
        }
        let bits = self.max_bits;
        if !(MIN_BITS..=MAX_BITS).contains(&bits) {
            return Err(ParameterError::Bits(bits));
        }
        let extra = self.max_extra;
        if extra > MAX_EXTRA.min(bits) {
            return Err(ParameterError::Extra { bits, extra });
        }
        if !(MIN_LIMIT..=MAX_LIMIT).contains(&self.max_code_length) {
            return Err(ParameterError::CodeLength(self.max_code_length));
        }
        if !matches!(self.symbol_bits, DEFAULT_SYMBOL_BITS | MAX_SYMBOL_BITS) {
            return Err(ParameterError::SymbolBits(self.symbol_bits));
        }
        if !(1..=MAX_CHANNELS).contains(&self.channels) {
            return Err(ParameterError::Channels(self.channels));
        }
        if self.dynamic_beats > MAX_DYNAMIC_BEATS {
            return Err(ParameterError::DynamicBeats(self.dynamic_beats));
        }
        if self.scan && !self.paths.has(Direction::Write) {
            return Err(ParameterError::ScanWithoutEncode);
        }
        let [least, most] = LINK_ROOMS;
        if !self.link_room.is_power_of_two() || !(least..=most).contains(&self.link_room) {
            return Err(ParameterError::LinkRoom(self.link_room));
        }
        Ok(())
    }

    /// Word width W: 32 bits up to 4 lanes, 64 for 8.
    pub fn word_bits(&self) -> usize {
        if self.lanes <= 4 { 32 } else { 64 }
    }

    /// Largest width b = n + m of a code q, at most 10.
    pub fn width(&self) -> u8 {
        MAX_WIDTH.min(self.max_bits + self.max_extra)
    }

    /// Address bits of the channel table, at least 1.
    pub fn row_bits(&self) -> usize {
        (self.channels.next_power_of_two().trailing_zeros() as usize).max(1)
    }

    /// Whether the core can run this context.
    pub fn admit(&self, context: &Context) -> Result<(), Misfit> {
        let shape = context.shape();
        if shape.lanes() != self.lanes {
            return Err(Misfit::Lanes {
                context: shape.lanes(),
                core: self.lanes,
            });
        }
        if shape.word_bits() != self.word_bits() {
            return Err(Misfit::WordBits {
                context: shape.word_bits(),
                core: self.word_bits(),
            });
        }
        if context.parts().scale != Scale::Fixed {
            if self.dynamic_beats == 0 {
                return Err(Misfit::DynamicScale);
            }
            let beats = shape.beats(context.plane_len());
            if beats > self.dynamic_beats {
                return Err(Misfit::DynamicPlane {
                    context: beats,
                    core: self.dynamic_beats,
                });
            }
        }
        let (direct, important) = (&context.parts().direct, &context.parts().important);
        let longest = direct.longest().max(important.longest());
        let symbol_bits = direct.symbol_bits().max(important.symbol_bits());
        for (name, context, core) in [
            ("n", context.format().bits() as usize, self.max_bits.into()),
            (
                "m",
                context.format().extra() as usize,
                self.max_extra.into(),
            ),
            (
                "the longest code",
                longest.into(),
                self.max_code_length.into(),
            ),
            (
                "the symbol bits",
                symbol_bits as usize,
                self.symbol_bits.into(),
            ),
            (
                "the number of channels",
                context.channels().len(),
                self.channels,
            ),
        ] {
            if context > core {
                return Err(Misfit::TooLarge {
                    name,
                    context,
                    core,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_checked() {
        let default = Parameters::default();
        assert_eq!(default.check(), Ok(()));
        for (parameters, error) in [
            (
                Parameters {
                    lanes: 16,
                    ..default
                },
                ParameterError::Lanes(16),
            ),
            (
                Parameters {
                    max_bits: 9,
                    ..default
                },
                ParameterError::Bits(9),
            ),
            (
                Parameters {
                    max_bits: 3,
                    max_extra: 4,
                    ..default
                },
                ParameterError::Extra { bits: 3, extra: 4 },
            ),
            (
                Parameters {
                    max_code_length: 3,
                    ..default
                },
                ParameterError::CodeLength(3),
            ),
            (
                Parameters {
                    symbol_bits: 4,
                    ..default
                },
                ParameterError::SymbolBits(4),
            ),
            (
                Parameters {
                    channels: 0,
                    ..default
                },
                ParameterError::Channels(0),
            ),
            (
                Parameters {
                    dynamic_beats: MAX_DYNAMIC_BEATS + 1,
                    ..default
                },
                ParameterError::DynamicBeats(MAX_DYNAMIC_BEATS + 1),
            ),
            (
                Parameters {
                    paths: Paths::Decode,
                    ..default
                },
                ParameterError::ScanWithoutEncode,
            ),
            (
                Parameters {
                    link_room: 1536,
                    ..default
                },
                ParameterError::LinkRoom(1536),
            ),
        ] {
            assert_eq!(parameters.check(), Err(error));
        }
    }

    #[test]
    fn derived_widths() {
        let of = |lanes, max_bits, max_extra, channels| {
            let parameters = Parameters {
                lanes,
                max_bits,
                max_extra,
                channels,
                ..Parameters::default()
            };
            (
                parameters.word_bits(),
                parameters.width(),
                parameters.row_bits(),
            )
        };
        assert_eq!(of(4, 3, 1, 64), (32, 4, 6));
        assert_eq!(of(8, 8, 5, 65535), (64, 10, 16));
        assert_eq!(of(1, 5, 5, 1), (32, 10, 1));
    }
}
