//! The fast software codec: golden's code stream, byte for byte, at hundreds of millions of
//! samples a second and core.
//!
//! Planes go through in blocks that stay in the first-level cache, two passes over each:
//!
//! | module | pass | limits |
//! |---|---|---|
//! | `scale` | samples to codes and back | vector arithmetic in `f64`, exact |
//! | `tables` | code to bits, bits to code | one look-up a sample, tables made once a context |
//! | `encode`, `decode` | bits to words in the lanes' order, and back | no branch on data |
//!
//! Compiled for the machine's baseline, and for AVX2 and BMI2 where the machine is found to have
//! them when the program runs.

mod decode;
mod encode;
mod scale;
mod tables;

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, Scale};
use dqa_golden::packet::{HEADER_BYTES, Header, Operation, Packet, PacketError, TRAILER_BYTES};
use dqa_golden::payload::{DecodeError, EncodeError, PlaneRun};

use decode::LaneReader;
use encode::LaneWriter;
use scale::{Sample, Scaler, extremes};
use tables::{Bits, ClassTables, Found};

/// Samples of a block, a multiple of every lane count.
const BLOCK: usize = 2048;

/// A context made ready for coding: its look-up tables, and what the machine can do.
pub struct Prepared {
    context: Context,
    direct: ClassTables,
    important: ClassTables,
    machine: pulp::Arch,
}

/// Calls a method with the context's lane count and bytes of a word as constants.
macro_rules! with_shape {
    ($context:expr, $self:ident.$method:ident($($argument:expr),*)) => {
        match ($context.shape().lanes(), $context.shape().word_bytes()) {
            (1, 4) => $self.$method::<_, 1, 4>($($argument),*),
            (2, 4) => $self.$method::<_, 2, 4>($($argument),*),
            (4, 4) => $self.$method::<_, 4, 4>($($argument),*),
            (8, 4) => $self.$method::<_, 8, 4>($($argument),*),
            (16, 4) => $self.$method::<_, 16, 4>($($argument),*),
            (1, 8) => $self.$method::<_, 1, 8>($($argument),*),
            (2, 8) => $self.$method::<_, 2, 8>($($argument),*),
            (4, 8) => $self.$method::<_, 4, 8>($($argument),*),
            (8, 8) => $self.$method::<_, 8, 8>($($argument),*),
            (16, 8) => $self.$method::<_, 16, 8>($($argument),*),
            shape => unreachable!("no lane shape has {shape:?} lanes and bytes"),
        }
    };
}

impl Prepared {
    /// Makes the tables of a context.
    pub fn new(context: Context) -> Self {
        Self {
            direct: ClassTables::new(&context, Class::Direct),
            important: ClassTables::new(&context, Class::Important),
            machine: pulp::Arch::new(),
            context,
        }
    }

    /// The context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Algorithm 1: appends the payload of these planes to `out`; equals
    /// [`dqa_golden::payload::encode`].
    ///
    /// `samples` holds the planes one after another, each padded to whole beats
    /// ([`Context::padded_plane`]); the padding is ignored. On an error `out` is as it was.
    pub fn encode(
        &self,
        run: &PlaneRun,
        samples: &[i16],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.encode_samples(run, samples, out)
    }

    /// Algorithm 2: appends the samples of a payload to `out`; equals
    /// [`dqa_golden::payload::decode`].
    ///
    /// The planes stand one after another, each padded with zeros to whole beats. On an error
    /// `out` is as it was.
    pub fn decode(
        &self,
        run: &PlaneRun,
        payload: &[u8],
        out: &mut Vec<i16>,
    ) -> Result<(), DecodeError> {
        self.check_decode(run)?;
        let start = out.len();
        out.resize(start + run.samples(&self.context), 0);
        let decoded = self.decode_samples(run, payload, &mut out[start..]);
        if decoded.is_err() {
            out.truncate(start);
        }
        decoded
    }

    /// The answer to a request that names this context; equals [`dqa_golden::packet::answer`].
    pub fn answer(&self, request: &Packet<'_>) -> Result<Vec<u8>, PacketError> {
        let Packet { header, payload } = *request;
        header.check(&self.context)?;
        let run = &header.run;
        let mut answer = vec![0; HEADER_BYTES];
        let operation = match header.operation {
            Operation::Encode => {
                // An odd last byte is dropped, as in golden.
                let (samples, _) = payload.as_chunks::<2>();
                self.encode_samples(run, samples, &mut answer)?;
                Operation::Decode
            }
            Operation::Decode => {
                let end = HEADER_BYTES + 2 * run.samples(&self.context);
                answer.reserve_exact(end + TRAILER_BYTES - HEADER_BYTES);
                answer.resize(end, 0);
                let (samples, _) = answer[HEADER_BYTES..].as_chunks_mut::<2>();
                self.decode_samples(run, payload, samples)?;
                Operation::Encode
            }
        };
        let payload = &answer[HEADER_BYTES..];
        let header = Header {
            operation,
            payload_len: u32::try_from(payload.len()).expect("at most 2^22 samples"),
            ..header
        };
        let trailer = header.trailer(payload);
        answer[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        answer.extend(trailer);
        Ok(answer)
    }

    fn encode_samples<T: Sample>(
        &self,
        run: &PlaneRun,
        samples: &[T],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        if !run.fits(&self.context) {
            return Err(EncodeError::Run {
                run: *run,
                channels: self.context.channels().len(),
            });
        }
        let expected = run.samples(&self.context);
        if samples.len() != expected {
            return Err(EncodeError::Samples {
                got: samples.len(),
                expected,
            });
        }
        let start = out.len();
        let encoded = with_shape!(self.context, self.encode_lanes(run, samples, out));
        if encoded.is_err() {
            out.truncate(start);
        }
        encoded
    }

    fn encode_lanes<T: Sample, const LANES: usize, const BYTES: usize>(
        &self,
        run: &PlaneRun,
        samples: &[T],
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        let format = self.context.format();
        let start = out.len();
        let mut lanes = LaneWriter::<LANES, BYTES>::new();
        let mut indices = [0; BLOCK];
        out.resize(start + lanes.words_after(0) * BYTES, 0);
        let planes = samples.chunks_exact(self.context.padded_plane());
        for (row, plane) in run.rows().zip(planes) {
            let mut entry = self.context.channels()[row];
            if entry.class == Class::Pruned {
                continue;
            }
            let plane = &plane[..self.context.plane_len()];
            if let Scale::Dynamic { policy } = self.context.parts().scale {
                let (min, max) = self.machine.dispatch(
                    #[inline(always)]
                    || extremes(plane),
                );
                // A magnitude grows with the distance from 0, so the extremes have the largest.
                let range = policy.magnitude(min).max(policy.magnitude(max));
                entry = policy.entry(entry.class, format.bits(), range);
                let mut beat = [Bits::NONE; LANES];
                beat[0] = Bits::new(u32::from(range), u16::BITS);
                lanes.put_beat(beat, grow(out, start, lanes.words_after(1)));
            }
            let quantizer = Scaler::quantizer(format, &entry);
            let tables = self.tables(entry.class);
            for block in plane.chunks(BLOCK) {
                let indices = &mut indices[..block.len().next_multiple_of(LANES)];
                indices[block.len()..].fill(tables.none());
                let beats = block.len().div_ceil(LANES);
                let payload = grow(out, start, lanes.words_after(beats));
                let noted = self.machine.dispatch(
                    #[inline(always)]
                    || {
                        for (index, x) in indices.iter_mut().zip(block) {
                            *index = quantizer.scale(x.value()).cast_unsigned();
                        }
                        lanes.put_block(&tables.bits, indices.as_chunks().0, payload)
                    },
                );
                if noted.is_missing() {
                    return Err(self.no_code(row, &entry, block));
                }
            }
        }
        let (payload, _) = out[start..].as_chunks_mut();
        let words = lanes.finish(payload);
        out.truncate(start + words * BYTES);
        Ok(())
    }

    /// The error of the first sample without a code.
    fn no_code<T: Sample>(&self, row: usize, entry: &ChannelEntry, block: &[T]) -> EncodeError {
        let (format, class) = (self.context.format(), entry.class);
        let symbols = block.iter().map(|x| {
            let q = entry.quantize(format, x.value());
            let layout = self.context.layout(class);
            layout.split(format.pattern(class, q)).0
        });
        let table = self.context.table(class);
        EncodeError::NoCode {
            channel: row,
            symbol: symbols
                .into_iter()
                .find(|&symbol| table.code(symbol).is_none())
                .expect("a missing code was noted"),
        }
    }

    fn check_decode(&self, run: &PlaneRun) -> Result<(), DecodeError> {
        if run.fits(&self.context) {
            return Ok(());
        }
        Err(DecodeError::Run {
            run: *run,
            channels: self.context.channels().len(),
        })
    }

    /// Decodes into `samples`, which are all 0.
    fn decode_samples<T: Sample>(
        &self,
        run: &PlaneRun,
        payload: &[u8],
        samples: &mut [T],
    ) -> Result<(), DecodeError> {
        with_shape!(self.context, self.decode_lanes(run, payload, samples))
    }

    fn decode_lanes<T: Sample, const LANES: usize, const BYTES: usize>(
        &self,
        run: &PlaneRun,
        payload: &[u8],
        samples: &mut [T],
    ) -> Result<(), DecodeError> {
        let format = self.context.format();
        let (words, []) = payload.as_chunks::<BYTES>() else {
            return Err(DecodeError::Truncated);
        };
        let mut lanes = LaneReader::<LANES, BYTES>::new(words);
        let mut found = [Found::default(); BLOCK];
        let planes = samples.chunks_exact_mut(self.context.padded_plane());
        for (row, plane) in run.rows().zip(planes) {
            let mut entry = self.context.channels()[row];
            if entry.class == Class::Pruned {
                continue;
            }
            if let Scale::Dynamic { policy } = self.context.parts().scale {
                let range = lanes.take(0, u16::BITS, words);
                let range = u16::try_from(range).expect("16 bits");
                entry = policy.entry(entry.class, format.bits(), range);
            }
            let dequantizer = Scaler::dequantizer(format, &entry);
            let tables = self.tables(entry.class);
            for block in plane[..self.context.plane_len()].chunks_mut(BLOCK) {
                self.machine.dispatch(
                    #[inline(always)]
                    || {
                        let found = &mut found[..block.len()];
                        lanes.take_block(&tables.found, tables.peek, words, found);
                        for (sample, found) in block.iter_mut().zip(found) {
                            *sample = T::from_value(dequantizer.scale(found.code()));
                        }
                    },
                );
                if lanes.words() > words.len() {
                    return Err(DecodeError::Truncated);
                }
            }
        }
        match words.len().checked_sub(lanes.words()) {
            Some(0) => Ok(()),
            Some(left) => Err(DecodeError::TooLong(left * BYTES)),
            None => Err(DecodeError::Truncated),
        }
    }

    fn tables(&self, class: Class) -> &ClassTables {
        match class {
            Class::Important => &self.important,
            Class::Direct | Class::Pruned => &self.direct,
        }
    }
}

/// The payload that begins at `start`, with at least `words` words.
fn grow<const BYTES: usize>(out: &mut Vec<u8>, start: usize, words: usize) -> &mut [[u8; BYTES]] {
    let len = start + words * BYTES;
    if out.len() < len {
        out.resize(len, 0);
    }
    out[start..].as_chunks_mut().0
}
