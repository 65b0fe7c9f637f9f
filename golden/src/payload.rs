//! The code stream: planes of samples to lane words and back.

use alloc::vec::Vec;

use crate::channel::{ChannelEntry, Class};
use crate::context::{Context, Scale};
use crate::lanes::{LaneReader, LaneWriter};

/// Most samples of a packet, padding included: what bounds a receiver's memory.
pub const MAX_PACKET_SAMPLES: u64 = 1 << 22;

/// Which planes a packet holds: `images` times the channels `first_channel ..` of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PlaneRun {
    /// Row of the channel table that the first plane uses.
    pub first_channel: u16,
    /// Planes of each image, with consecutive rows.
    pub channels: u16,
    /// How many times that sequence of rows is gone through.
    pub images: u16,
}

impl PlaneRun {
    /// Number of planes.
    pub fn planes(&self) -> usize {
        usize::from(self.channels) * usize::from(self.images)
    }

    /// The row of each plane.
    pub fn rows(&self) -> impl Iterator<Item = usize> + use<> {
        let first = usize::from(self.first_channel);
        let channels = usize::from(self.channels);
        (0..self.planes()).map(move |plane| first + plane % channels)
    }

    /// Whether the channel table has these rows, and the planes are at least one sample and at
    /// most [`MAX_PACKET_SAMPLES`].
    pub fn fits(&self, context: &Context) -> bool {
        let planes = u64::from(self.channels) * u64::from(self.images);
        let samples = planes * context.padded_plane() as u64;
        samples > 0
            && samples <= MAX_PACKET_SAMPLES
            && usize::from(self.first_channel) + usize::from(self.channels)
                <= context.channels().len()
    }

    /// Samples of these planes, each padded to whole beats.
    pub fn samples(&self, context: &Context) -> usize {
        self.planes() * context.padded_plane()
    }
}

/// Why planes were not encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum EncodeError {
    #[error(
        "the packet asks for {run:?} of a channel table of {channels} rows: \
         a packet has 1 to {MAX_PACKET_SAMPLES} samples, of rows in the table"
    )]
    Run { run: PlaneRun, channels: usize },
    #[error("{got} samples given where the planes hold {expected}")]
    Samples { got: usize, expected: usize },
    #[error(
        "channel {channel} holds symbol {symbol}, which has no code in the given table: \
         build the tables from data that holds it"
    )]
    NoCode { channel: usize, symbol: usize },
}

/// Why a payload was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum DecodeError {
    #[error(
        "the packet asks for {run:?} of a channel table of {channels} rows: \
         a packet has 1 to {MAX_PACKET_SAMPLES} samples, of rows in the table"
    )]
    Run { run: PlaneRun, channels: usize },
    #[error("the code words end before the planes do")]
    Truncated,
    #[error("{0} bytes of code words are left when the planes are complete")]
    TooLong(usize),
}

/// An encoded payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The lanes' words in their order, each little-endian.
    pub payload: Vec<u8>,
    /// Finished words that the fullest lane had to hold back at worst: the depth an encoder's
    /// lane FIFOs need for these planes, its output never stalled.
    pub fifo_depth: usize,
}

/// The codes q of planes, without coding them: Algorithm 1 up to and without the shift.
///
/// `samples` are padded planes as for [`encode`]; the result has the planes' own lengths, nothing
/// for Pruned ones.
pub fn quantize_planes(
    context: &Context,
    run: &PlaneRun,
    samples: &[i16],
) -> Result<Vec<i32>, EncodeError> {
    let mut codes = Vec::new();
    for (row, plane) in planes(context, run, samples)? {
        let (entry, _) = entry_for(context, row, plane);
        if entry.class != Class::Pruned {
            codes.extend(plane.iter().map(|&x| entry.quantize(context.format(), x)));
        }
    }
    Ok(codes)
}

/// Algorithm 1: quantizes, shifts and codes planes.
///
/// `samples` holds the planes one after another, each padded to whole beats
/// ([`Context::padded_plane`]); the padding is ignored.
pub fn encode(context: &Context, run: &PlaneRun, samples: &[i16]) -> Result<Encoded, EncodeError> {
    let mut lanes = LaneWriter::new(context.shape());
    for (row, plane) in planes(context, run, samples)? {
        let (entry, range) = entry_for(context, row, plane);
        let class = entry.class;
        if class == Class::Pruned {
            continue;
        }
        if let Some(range) = range {
            lanes.put(0, u32::from(range), u16::BITS);
            lanes.end_beat();
        }
        let layout = context.layout(class);
        for beat in plane.chunks(context.shape().lanes()) {
            for (lane, &x) in beat.iter().enumerate() {
                let q = entry.quantize(context.format(), x);
                let (symbol, raw) = layout.split(context.format().pattern(class, q));
                let Some((code, length)) = context.table(class).code(symbol) else {
                    return Err(EncodeError::NoCode {
                        channel: row,
                        symbol,
                    });
                };
                lanes.put(lane, u32::from(code), u32::from(length));
                lanes.put(lane, raw, layout.raw_bits);
            }
            lanes.end_beat();
        }
    }
    let (payload, fifo_depth) = lanes.finish();
    Ok(Encoded {
        payload,
        fifo_depth,
    })
}

/// Algorithm 2: decodes planes, adds the shifting errors back and de-quantizes.
///
/// The result holds the planes one after another, each padded with zeros to whole beats.
pub fn decode(context: &Context, run: &PlaneRun, payload: &[u8]) -> Result<Vec<i16>, DecodeError> {
    if !run.fits(context) {
        return Err(DecodeError::Run {
            run: *run,
            channels: context.channels().len(),
        });
    }
    let mut lanes = LaneReader::new(context.shape(), payload).ok_or(DecodeError::Truncated)?;
    let mut samples = Vec::new();
    for (plane, row) in run.rows().enumerate() {
        let class = context.channels()[row].class;
        if class != Class::Pruned {
            let entry = match context.parts().scale {
                Scale::Fixed => context.channels()[row],
                Scale::Dynamic { policy } => {
                    let range = u16::try_from(lanes.take(0, u16::BITS)).expect("16 bits");
                    lanes.end_beat().ok_or(DecodeError::Truncated)?;
                    policy.entry(class, context.format().bits(), range)
                }
            };
            let layout = context.layout(class);
            for beat in 0..context.shape().beats(context.plane_len()) {
                let first = beat * context.shape().lanes();
                let in_beat = (context.plane_len() - first).min(context.shape().lanes());
                for lane in 0..in_beat {
                    let symbol = context.table(class).decode(&mut lanes.bits(lane));
                    let symbol = symbol.ok_or(DecodeError::Truncated)?;
                    let raw = lanes.take(lane, layout.raw_bits);
                    let q = context.format().code(class, layout.join(symbol, raw));
                    samples.push(entry.dequantize(context.format(), q));
                }
                lanes.end_beat().ok_or(DecodeError::Truncated)?;
            }
        }
        samples.resize((plane + 1) * context.padded_plane(), 0);
    }
    match lanes.left() {
        0 => Ok(samples),
        left => Err(DecodeError::TooLong(left)),
    }
}

/// The row and the samples of each plane, its padding cut off.
pub(crate) fn planes<'a>(
    context: &Context,
    run: &PlaneRun,
    samples: &'a [i16],
) -> Result<impl Iterator<Item = (usize, &'a [i16])> + use<'a>, EncodeError> {
    if !run.fits(context) {
        return Err(EncodeError::Run {
            run: *run,
            channels: context.channels().len(),
        });
    }
    let expected = run.samples(context);
    if samples.len() != expected {
        return Err(EncodeError::Samples {
            got: samples.len(),
            expected,
        });
    }
    let plane_len = context.plane_len();
    let planes = samples.chunks_exact(context.padded_plane());
    Ok(run.rows().zip(planes.map(move |plane| &plane[..plane_len])))
}

/// The entry that quantizes a plane, and the range to send ahead of it where that was found here.
pub(crate) fn entry_for(
    context: &Context,
    row: usize,
    plane: &[i16],
) -> (ChannelEntry, Option<u16>) {
    let entry = context.channels()[row];
    match context.parts().scale {
        Scale::Fixed => (entry, None),
        Scale::Dynamic { policy } => {
            let range = plane
                .iter()
                .map(|&x| policy.magnitude(x))
                .max()
                .unwrap_or(0);
            let entry = policy.entry(entry.class, context.format().bits(), range);
            (entry, Some(range))
        }
    }
}
