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
//! Compiled for the machine's baseline, and for AVX2 and BMI2 or AVX-512 where the machine is found to
//! have them when the program runs.

mod decode;
mod encode;
mod scale;
mod scan;
mod tables;

use dqa_golden::channel::Class;
use dqa_golden::context::Context;
use dqa_golden::packet::{HEADER_BYTES, Header, Operation, Packet, PacketError, TRAILER_BYTES};
use dqa_golden::payload::{DecodeError, EncodeError, PlaneRun};

use decode::Decode;
use encode::Encode;
use scale::Sample;
use tables::ClassTables;

/// Samples of a block, a multiple of every lane count.
const BLOCK: usize = 1024;

/// A context made ready for coding: its look-up tables, and what the machine can do.
pub struct Prepared {
    context: Context,
    direct: ClassTables,
    important: ClassTables,
    machine: pulp::Arch,
}

/// Makes a pass for the context's lane count and bytes of a word, and runs it compiled for the
/// machine.
macro_rules! with_shape {
    ($self:ident, $pass:ident $fields:tt) => {
        match ($self.context.shape().lanes(), $self.context.shape().word_bytes()) {
            (1, 4) => $self.machine.dispatch($pass::<_, 1, 4> $fields),
            (2, 4) => $self.machine.dispatch($pass::<_, 2, 4> $fields),
            (4, 4) => $self.machine.dispatch($pass::<_, 4, 4> $fields),
            (8, 4) => $self.machine.dispatch($pass::<_, 8, 4> $fields),
            (16, 4) => $self.machine.dispatch($pass::<_, 16, 4> $fields),
            (1, 8) => $self.machine.dispatch($pass::<_, 1, 8> $fields),
            (2, 8) => $self.machine.dispatch($pass::<_, 2, 8> $fields),
            (4, 8) => $self.machine.dispatch($pass::<_, 4, 8> $fields),
            (8, 8) => $self.machine.dispatch($pass::<_, 8, 8> $fields),
            (16, 8) => $self.machine.dispatch($pass::<_, 16, 8> $fields),
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
        match header.operation {
            Operation::Encode => {
                // An odd last byte is dropped, as in golden.
                let (samples, _) = payload.as_chunks::<2>();
                self.encode_samples(run, samples, &mut answer)?;
            }
            Operation::Scan => {
                let (samples, _) = payload.as_chunks::<2>();
                self.check_encode(run, samples.len())?;
                answer.extend(scan::scan(self, run, samples).to_bytes());
            }
            Operation::Decode => {
                let end = HEADER_BYTES + 2 * run.samples(&self.context);
                answer.reserve_exact(end + TRAILER_BYTES - HEADER_BYTES);
                answer.resize(end, 0);
                let (samples, _) = answer[HEADER_BYTES..].as_chunks_mut::<2>();
                self.decode_samples(run, payload, samples)?;
            }
        }
        let payload = &answer[HEADER_BYTES..];
        let header = Header {
            operation: header.operation.answer(),
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
        self.check_encode(run, samples.len())?;
        let start = out.len();
        let encoded = with_shape!(
            self,
            Encode {
                prepared: self,
                run,
                samples,
                out
            }
        );
        if encoded.is_err() {
            out.truncate(start);
        }
        encoded
    }

    fn check_encode(&self, run: &PlaneRun, samples: usize) -> Result<(), EncodeError> {
        if !run.fits(&self.context) {
            return Err(EncodeError::Run {
                run: *run,
                channels: self.context.channels().len(),
            });
        }
        let expected = run.samples(&self.context);
        if samples != expected {
            return Err(EncodeError::Samples {
                got: samples,
                expected,
            });
        }
        Ok(())
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
        with_shape!(
            self,
            Decode {
                prepared: self,
                run,
                payload,
                samples
            }
        )
    }

    fn tables(&self, class: Class) -> &ClassTables {
        match class {
            Class::Important => &self.important,
            Class::Direct | Class::Pruned => &self.direct,
        }
    }
}
