//! A container through a device back into a tensor, packet by packet.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::Read;

use dqa_golden::container::{
    ContainerError, Event, PREAMBLE_BYTES, RECORD_CRC_BYTES, RECORD_HEADER_BYTES, Reader, Record,
    Tag, check_preamble, record_header,
};
use dqa_golden::context::Context;
use dqa_golden::packet::{HEADER_BYTES, Operation, TRAILER_BYTES, samples_from_bytes};
use dqa_golden::tensor::{TensorInfo, Tiling};

use crate::compress::{Sizes, check_answer};
use crate::error::Error;
use crate::observer::{Observer, advance};
use crate::tensor::TensorFileError;
use crate::transport::{Pipeline, Transport, TransportError};

/// Where a tensor's elements go.
pub trait TensorSink {
    /// Writes consecutive elements from element `start` on, in row-major order.
    fn write(&mut self, start: u64, values: &[f32]) -> Result<(), TensorFileError>;
}

/// A container being read, its tensor's description known.
pub struct Decompressor<R> {
    input: R,
    records: Reader,
    tensor: TensorInfo,
    tiling: Tiling,
    bytes: u64,
}

/// One image of a decoded tensor.
#[derive(Clone, Copy, Debug)]
pub struct DecodedImage<'a> {
    /// Its index.
    pub image: u64,
    /// Samples of its planes, channel by channel, each `len` long.
    pub samples: &'a [i16],
    /// Samples of each plane.
    pub len: usize,
    /// The context it was decoded with.
    pub context: &'a Context,
}

impl<R: Read> Decompressor<R> {
    /// Reads the beginning of a container.
    pub fn new(mut input: R) -> Result<Self, Error> {
        let mut head = [0; PREAMBLE_BYTES];
        read_exact(&mut input, &mut head)?;
        check_preamble(&head)?;
        let mut records = Reader::default();
        let (tag, body) = read_record(&mut input)?;
        let bytes = (PREAMBLE_BYTES + RECORD_HEADER_BYTES + body.len()) as u64;
        let (tensor, tiling) = match records.record(Record::from_body(tag, &body)?)? {
            Event::Tensor(tensor, tiling) => (tensor.clone(), *tiling),
            _ => return Err(ContainerError::Order(tag).into()),
        };
        Ok(Self {
            input,
            records,
            tensor,
            tiling,
            bytes,
        })
    }

    /// The tensor's description.
    pub fn tensor(&self) -> &TensorInfo {
        &self.tensor
    }

    /// How the tensor's planes are sent.
    pub fn tiling(&self) -> &Tiling {
        &self.tiling
    }

    /// Bytes of the container read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// Hands on the records that follow, each checked against those before it, up to the end.
    pub fn for_each_record(
        &mut self,
        mut f: impl FnMut(Event<'_>, &[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        while !self.records.ended() {
            let (tag, body) = read_record(&mut self.input)?;
            self.bytes += (RECORD_HEADER_BYTES + body.len()) as u64;
            let event = self.records.record(Record::from_body(tag, &body)?)?;
            f(event, &body[..body.len() - RECORD_CRC_BYTES])?;
        }
        let mut behind = [0];
        match self.input.read(&mut behind).map_err(Error::Read)? {
            0 => Ok(()),
            more => Err(ContainerError::TooLong(more).into()),
        }
    }

    /// Decodes the tensor and hands on its images in order.
    ///
    /// Holds one image and what the device has in flight, whatever the tensor's size.
    pub fn for_each_image(
        &mut self,
        transport: &mut dyn Transport,
        observer: &dyn Observer,
        mut on_image: impl FnMut(DecodedImage<'_>) -> Result<(), Error>,
    ) -> Result<Sizes, Error> {
        observer.stage("decompressing", self.tiling.elements());
        let mut sizes = Sizes {
            elements: self.tiling.elements(),
            ..Sizes::default()
        };
        let tiling = self.tiling;
        // What the answers need to know of their requests.
        let asked: RefCell<VecDeque<Request>> = RefCell::default();
        let mut images = ImageAssembler::new(tiling);
        let mut pipeline = Pipeline::new(transport, observer, |answer: Vec<u8>| {
            let wrong = || Error::from(TransportError::WrongAnswer);
            let request = asked.borrow_mut().pop_front().ok_or_else(wrong)?;
            check_answer(&answer, Operation::Encode, request.sequence)?;
            let payload = &answer[HEADER_BYTES..answer.len() - TRAILER_BYTES];
            let samples = samples_from_bytes(payload);
            let padded = request.context.padded_plane();
            if samples.len() != request.planes * padded {
                return Err(wrong());
            }
            for (plane, samples) in (request.first_plane..).zip(samples.chunks_exact(padded)) {
                if let Some((image, len)) = images.plane(plane, samples) {
                    on_image(DecodedImage {
                        image,
                        samples: &images.samples,
                        len,
                        context: &request.context,
                    })?;
                    advance(observer, images.samples.len() as u64)?;
                }
            }
            Ok(())
        });
        let mut current: Vec<Option<std::rc::Rc<Context>>> = Vec::new();
        self.for_each_record(|event, body| {
            match event {
                Event::Context(id, context) => {
                    sizes.context_bytes += body.len() as u64 - 1;
                    pipeline.load_context(id, context)?;
                    let slot = usize::from(id);
                    current.resize(current.len().max(slot + 1), None);
                    current[slot] = Some(std::rc::Rc::new(context.clone()));
                }
                Event::Packet {
                    first_plane,
                    packet,
                    ..
                } => {
                    let header = packet.header;
                    let context = current[usize::from(header.context)].clone();
                    sizes.packets += 1;
                    sizes.planes += header.run.planes() as u64;
                    sizes.payload_bytes += packet.payload.len() as u64;
                    asked.borrow_mut().push_back(Request {
                        first_plane,
                        planes: header.run.planes(),
                        sequence: header.sequence,
                        context: context.expect("the reader has seen it"),
                    });
                    pipeline.push(body.to_vec())?;
                }
                Event::Tensor(..) | Event::End => {}
            }
            Ok(())
        })?;
        pipeline.finish()?;
        sizes.container_bytes = self.bytes;
        sizes.framing_bytes = self.bytes - sizes.payload_bytes - sizes.context_bytes;
        Ok(sizes)
    }

    /// Decodes the tensor into a sink.
    pub fn run(
        &mut self,
        transport: &mut dyn Transport,
        sink: &mut dyn TensorSink,
        observer: &dyn Observer,
    ) -> Result<Sizes, Error> {
        let (tiling, scale) = (self.tiling, self.tensor.scale);
        let mut values = Vec::new();
        self.for_each_image(transport, observer, |decoded| {
            let value = |x: i16| f32::from(x) * scale;
            let first = tiling.span(decoded.image, 0);
            values.clear();
            if first.stride > 1 {
                let channels = tiling.channels();
                values.resize(decoded.samples.len(), 0.0);
                for (channel, plane) in decoded.samples.chunks_exact(decoded.len).enumerate() {
                    for (position, &x) in plane.iter().enumerate() {
                        values[position * channels + channel] = value(x);
                    }
                }
                sink.write(first.start, &values)?;
            } else if tiling.is_contiguous() {
                values.extend(decoded.samples.iter().copied().map(value));
                sink.write(first.start, &values)?;
            } else {
                for (channel, plane) in decoded.samples.chunks_exact(decoded.len).enumerate() {
                    values.clear();
                    values.extend(plane.iter().copied().map(value));
                    sink.write(tiling.span(decoded.image, channel).start, &values)?;
                }
            }
            Ok(())
        })
    }
}

struct Request {
    first_plane: u64,
    planes: usize,
    sequence: u32,
    context: std::rc::Rc<Context>,
}

/// Collects planes until an image is complete.
struct ImageAssembler {
    tiling: Tiling,
    samples: Vec<i16>,
}

impl ImageAssembler {
    fn new(tiling: Tiling) -> Self {
        Self {
            tiling,
            samples: Vec::new(),
        }
    }

    /// Takes a padded plane; gives image and plane length when it was the image's last.
    fn plane(&mut self, plane: u64, padded: &[i16]) -> Option<(u64, usize)> {
        let channels = self.tiling.channels();
        let image = plane / channels as u64;
        let channel = plane % channels as u64;
        let len = self.tiling.span(image, 0).len;
        if channel == 0 {
            self.samples.clear();
        }
        self.samples.extend_from_slice(&padded[..len]);
        (channel + 1 == channels as u64).then_some((image, len))
    }
}

fn read_record(input: &mut impl Read) -> Result<(Tag, Vec<u8>), Error> {
    let mut head = [0; RECORD_HEADER_BYTES];
    read_exact(input, &mut head)?;
    let (tag, len) = record_header(head)?;
    let len = u64::from(len) + RECORD_CRC_BYTES as u64;
    // Grows with what is there, not with what the length claims.
    let mut body = Vec::new();
    input
        .take(len)
        .read_to_end(&mut body)
        .map_err(Error::Read)?;
    if (body.len() as u64) < len {
        return Err(ContainerError::Truncated.into());
    }
    Ok((tag, body))
}

fn read_exact(input: &mut impl Read, bytes: &mut [u8]) -> Result<(), Error> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => ContainerError::Truncated.into(),
        _ => Error::Read(error),
    })
}
