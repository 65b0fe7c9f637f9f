//! Layer context: everything that stays the same from packet to packet of one layer.

use alloc::vec::Vec;

use crate::channel::{ChannelEntry, Class, EntryError};
use crate::format::{Format, FormatError};
use crate::lanes::{LaneError, LaneShape};
use crate::multiplier::{Multiplier, MultiplierError};
use crate::policy::DeltaPolicy;
use crate::symbol::{Mode, ModeError, SymbolLayout};
use crate::table::{CodeTable, TableError};

/// Largest plane length in samples; longer planes are sent in segments.
pub const MAX_PLANE_LEN: u32 = 1 << 20;
/// Most rows of a channel table.
pub const MAX_CHANNELS: usize = u16::MAX as usize;

/// Where a channel's Delta comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "lowercase", tag = "name")
)]
pub enum Scale {
    /// From the channel table.
    Fixed,
    /// From each plane's own largest [`DeltaPolicy::magnitude`], found while it is encoded and
    /// sent ahead of it (Algorithm 1 with max taken online).
    Dynamic {
        /// The policy that turns the range into Delta.
        policy: DeltaPolicy,
    },
}

/// The parts of a [`Context`], as given by whoever makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextParts {
    /// Number format.
    pub format: Format,
    /// What the Huffman codes stand for.
    pub mode: Mode,
    /// Lanes and word width.
    pub shape: LaneShape,
    /// Where Delta comes from.
    pub scale: Scale,
    /// Samples of a plane, S to 2^20.
    pub plane_len: u32,
    /// Longest code allowed, 4 to 8.
    pub limit: u8,
    /// Code of Direct channels.
    pub direct: CodeTable,
    /// Code of Important channels.
    pub important: CodeTable,
    /// Channel table, 1 to 65535 rows.
    pub channels: Vec<ChannelEntry>,
}

/// A layer's context, checked: hardware and software can rely on every field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context(ContextParts);

/// Why a context is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ContextError {
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error(transparent)]
    Mode(#[from] ModeError),
    #[error(transparent)]
    Lanes(#[from] LaneError),
    #[error("channel {channel}: {error}")]
    Entry { channel: usize, error: EntryError },
    #[error("channel {channel}: {error}")]
    Multiplier {
        channel: usize,
        error: MultiplierError,
    },
    #[error("channel {channel} has the undefined class {class}")]
    Class { channel: usize, class: u64 },
    #[error("code table of {class:?} channels: {error}")]
    Table { class: Class, error: TableError },
    #[error("the {class:?} code has {got} symbols where the mode asks for {expected}")]
    Alphabet {
        class: Class,
        got: usize,
        expected: usize,
    },
    #[error(
        "planes of {plane_len} samples: with {lanes} lanes a plane holds {lanes} to {MAX_PLANE_LEN}; pad shorter planes with zeros, cut longer ones into segments"
    )]
    PlaneLen { plane_len: u32, lanes: usize },
    #[error("{0} channels: a layer has 1 to {MAX_CHANNELS}")]
    Channels(usize),
    #[error("ranges found on the fly need the format of their policy: {signed} codes, zero point 0", signed = if *.signed { "signed" } else { "unsigned" })]
    DynamicFormat { signed: bool },
    #[error("the context image ends early: {got} bytes of {expected}")]
    Truncated { got: usize, expected: usize },
    #[error("the context image has {0} bytes too many")]
    TooLong(usize),
    #[error("the context image has bits set that this version does not know")]
    Reserved,
}

impl Context {
    /// Checks the parts against each other.
    pub fn new(parts: ContextParts) -> Result<Self, ContextError> {
        let format = &parts.format;
        parts.mode.check(format)?;
        for (class, table) in [
            (Class::Direct, &parts.direct),
            (Class::Important, &parts.important),
        ] {
            CodeTable::from_lengths(table.lengths(), parts.limit)
                .map_err(|error| ContextError::Table { class, error })?;
            let expected = parts.mode.layout(format, class).alphabet();
            if table.alphabet() != expected {
                return Err(ContextError::Alphabet {
                    class,
                    got: table.alphabet(),
                    expected,
                });
            }
        }
        let plane_len = parts.plane_len;
        let lanes = parts.shape.lanes();
        if (plane_len as usize) < lanes || plane_len > MAX_PLANE_LEN {
            return Err(ContextError::PlaneLen { plane_len, lanes });
        }
        if parts.channels.is_empty() || parts.channels.len() > MAX_CHANNELS {
            return Err(ContextError::Channels(parts.channels.len()));
        }
        for (channel, entry) in parts.channels.iter().enumerate() {
            entry
                .check(format)
                .map_err(|error| ContextError::Entry { channel, error })?;
        }
        if let Scale::Dynamic { policy } = parts.scale
            && (format.signed() != policy.signed() || format.zero_point() != 0)
        {
            return Err(ContextError::DynamicFormat {
                signed: policy.signed(),
            });
        }
        Ok(Self(parts))
    }

    /// The parts.
    pub fn parts(&self) -> &ContextParts {
        &self.0
    }

    /// Number format.
    pub fn format(&self) -> &Format {
        &self.0.format
    }

    /// Lanes and word width.
    pub fn shape(&self) -> LaneShape {
        self.0.shape
    }

    /// Samples of a plane.
    pub fn plane_len(&self) -> usize {
        self.0.plane_len as usize
    }

    /// Samples of a plane padded to whole beats.
    pub fn padded_plane(&self) -> usize {
        self.0.shape.padded(self.plane_len())
    }

    /// The channel table.
    pub fn channels(&self) -> &[ChannelEntry] {
        &self.0.channels
    }

    /// Symbol layout of a class.
    pub fn layout(&self, class: Class) -> SymbolLayout {
        self.0.mode.layout(&self.0.format, class)
    }

    /// Code table of a class. Pruned channels have none and are answered as Direct.
    pub fn table(&self, class: Class) -> &CodeTable {
        match class {
            Class::Important => &self.0.important,
            Class::Direct | Class::Pruned => &self.0.direct,
        }
    }

    /// Most bits one sample can take: longest code plus raw bits, over both classes.
    pub fn max_sample_bits(&self) -> u32 {
        [Class::Direct, Class::Important]
            .map(|class| u32::from(self.table(class).longest()) + self.layout(class).raw_bits)
            .into_iter()
            .max()
            .unwrap_or(0)
    }

    /// The context as bytes: what a container stores and a device loads.
    ///
    /// | offset | bytes | content, little-endian |
    /// |---|---|---|
    /// | 0 | 1 | n |
    /// | 1 | 1 | m |
    /// | 2 | 1 | flags: bit 0 signed, 1 joint mode, 2 dynamic scale, 3 its policy is full-range |
    /// | 3 | 1 | lanes S |
    /// | 4 | 1 | word bits W |
    /// | 5 | 1 | symbol bits t of Direct |
    /// | 6 | 1 | symbol bits t of Important |
    /// | 7 | 1 | code length limit |
    /// | 8 | 2 | zero point, two's complement |
    /// | 10 | 2 | channels C |
    /// | 12 | 4 | plane length |
    /// | 16 | ⌈2^t / 2⌉ | Direct code lengths, 4 bits each, low nibble first |
    /// | | ⌈2^t / 2⌉ | Important code lengths, likewise |
    /// | | 6 C | channel rows of 48 bits: 17 quantizer mantissa, 5 shift, 17 de-quantizer mantissa, 5 shift, 2 class (0 Direct, 1 Important, 2 Pruned), 2 zero |
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = &self.0;
        let format = &parts.format;
        let (joint, direct, important) = match parts.mode {
            Mode::Paper => (false, 0, parts.format.extra().to_le_bytes()[0]),
            Mode::Joint { direct, important } => (true, direct, important),
        };
        let (dynamic, full_range) = match parts.scale {
            Scale::Fixed => (false, false),
            Scale::Dynamic { policy } => (true, policy == DeltaPolicy::FullRange),
        };
        let flags = [format.signed(), joint, dynamic, full_range]
            .iter()
            .enumerate()
            .fold(0, |flags, (bit, &set)| flags | u8::from(set) << bit);
        let mut image = Vec::with_capacity(16 + 64 + ROW_BYTES * parts.channels.len());
        image.extend([
            format.bits().to_le_bytes()[0],
            format.extra().to_le_bytes()[0],
            flags,
            parts.shape.lanes().to_le_bytes()[0],
            parts.shape.word_bits().to_le_bytes()[0],
            direct,
            important,
            parts.limit,
        ]);
        image.extend(format.zero_point().to_le_bytes());
        image.extend(
            u16::try_from(parts.channels.len())
                .expect("checked")
                .to_le_bytes(),
        );
        image.extend(parts.plane_len.to_le_bytes());
        for table in [&parts.direct, &parts.important] {
            let nibbles = table.lengths().chunks(2);
            image.extend(nibbles.map(|pair| pair[0] | pair.get(1).unwrap_or(&0) << 4));
        }
        for entry in &parts.channels {
            image.extend_from_slice(&row_from_entry(entry).to_le_bytes()[..ROW_BYTES]);
        }
        image
    }

    /// Reads [`to_bytes`](Self::to_bytes) back, checking everything.
    pub fn from_bytes(image: &[u8]) -> Result<Self, ContextError> {
        let truncated = |expected| ContextError::Truncated {
            got: image.len(),
            expected,
        };
        let head: &[u8; 16] = image.first_chunk().ok_or(truncated(16))?;
        let [
            bits,
            extra,
            flags,
            lanes,
            word_bits,
            direct,
            important,
            limit,
            ..,
        ] = *head;
        if flags >> 4 != 0 {
            return Err(ContextError::Reserved);
        }
        let flag = |bit: u8| flags >> bit & 1 == 1;
        let zero_point = i16::from_le_bytes([head[8], head[9]]);
        let format = Format::new(bits, extra, flag(0), zero_point)?;
        let mode = if flag(1) {
            Mode::Joint { direct, important }
        } else if (direct, u32::from(important)) == (0, format.extra()) {
            Mode::Paper
        } else {
            return Err(ContextError::Reserved);
        };
        mode.check(&format)?;
        let scale = match (flag(2), flag(3)) {
            (false, false) => Scale::Fixed,
            (false, true) => return Err(ContextError::Reserved),
            (true, full_range) => Scale::Dynamic {
                policy: if full_range {
                    DeltaPolicy::FullRange
                } else {
                    DeltaPolicy::Paper
                },
            },
        };
        let alphabets =
            [Class::Direct, Class::Important].map(|c| mode.layout(&format, c).alphabet());
        let channels = usize::from(u16::from_le_bytes([head[10], head[11]]));
        let tables_at = 16;
        let rows_at = tables_at + alphabets.map(|a| a.div_ceil(2)).iter().sum::<usize>();
        let expected = rows_at + ROW_BYTES * channels;
        if image.len() < expected {
            return Err(truncated(expected));
        }
        if image.len() > expected {
            return Err(ContextError::TooLong(image.len() - expected));
        }
        let table = |class, at: usize, alphabet: usize| {
            let nibbles = image[at..].iter().flat_map(|byte| [byte & 15, byte >> 4]);
            let lengths: Vec<u8> = nibbles.take(alphabet).collect();
            if alphabet == 1 && image[at] >> 4 != 0 {
                return Err(ContextError::Reserved);
            }
            CodeTable::from_lengths(&lengths, limit)
                .map_err(|error| ContextError::Table { class, error })
        };
        let direct = table(Class::Direct, tables_at, alphabets[0])?;
        let important_at = tables_at + alphabets[0].div_ceil(2);
        let important = table(Class::Important, important_at, alphabets[1])?;
        let rows = image[rows_at..].chunks_exact(ROW_BYTES).enumerate();
        let channels = rows
            .map(|(channel, row)| {
                let mut bytes = [0; 8];
                bytes[..ROW_BYTES].copy_from_slice(row);
                entry_from_row(channel, u64::from_le_bytes(bytes))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(ContextParts {
            format,
            mode,
            shape: LaneShape::with_word_bits(lanes, word_bits)?,
            scale,
            plane_len: u32::from_le_bytes([head[12], head[13], head[14], head[15]]),
            limit,
            direct,
            important,
            channels,
        })
    }
}

const ROW_BYTES: usize = 6;
const CLASSES: [Class; 3] = [Class::Direct, Class::Important, Class::Pruned];

fn row_from_entry(entry: &ChannelEntry) -> u64 {
    let factor = |f: Multiplier| u64::from(f.mantissa()) | u64::from(f.shift()) << 17;
    let class = CLASSES.iter().position(|&c| c == entry.class);
    let class = class.expect("all classes are listed") as u64;
    factor(entry.quantizer) | factor(entry.dequantizer) << 22 | class << 44
}

fn entry_from_row(channel: usize, row: u64) -> Result<ChannelEntry, ContextError> {
    let factor = |row: u64| {
        let [mantissa, shift] = [row & 0x1_ffff, row >> 17 & 31];
        let mantissa = u32::try_from(mantissa).expect("17 bits");
        Multiplier::new(mantissa, u8::try_from(shift).expect("5 bits"))
            .map_err(|error| ContextError::Multiplier { channel, error })
    };
    let class = row >> 44;
    Ok(ChannelEntry {
        class: *usize::try_from(class)
            .ok()
            .and_then(|class| CLASSES.get(class))
            .ok_or(ContextError::Class { channel, class })?,
        quantizer: factor(row)?,
        dequantizer: factor(row >> 22)?,
    })
}
