//! A tensor through a device into a container, packet by packet.

use std::io::Write;

use dqa_golden::container::{Record, preamble};
use dqa_golden::packet::{HEADER_BYTES, Header, Operation, Packet, TRAILER_BYTES};
use dqa_golden::payload::PlaneRun;

use crate::encoding::Encoding;
use crate::error::Error;
use crate::observer::{Observer, advance};
use crate::source::{ImageReader, TensorSource};
use crate::survey::to_sample;
use crate::transport::{Pipeline, Transport, TransportError};

/// Sizes of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Sizes {
    /// Elements of the tensor.
    pub elements: u64,
    /// Packets.
    pub packets: u64,
    /// Planes.
    pub planes: u64,
    /// Code words.
    pub payload_bytes: u64,
    /// The context: channel table and code tables.
    pub context_bytes: u64,
    /// Everything else: signatures, headers, trailers, checksums.
    pub framing_bytes: u64,
    /// The whole container.
    pub container_bytes: u64,
}

impl Sizes {
    /// Bits of the container for each element of the tensor.
    pub fn bits_per_element(&self) -> f64 {
        8.0 * self.container_bytes as f64 / self.elements as f64
    }
}

/// Encodes a tensor as said and writes the container.
///
/// Holds one image, one packet and what the device has in flight, whatever the tensor's size.
pub fn compress(
    source: &dyn TensorSource,
    encoding: &Encoding,
    transport: &mut dyn Transport,
    out: &mut dyn Write,
    observer: &dyn Observer,
) -> Result<Sizes, Error> {
    observer.stage("compressing", encoding.tiling.elements());
    transport.load_context(0, &encoding.context)?;
    let mut container = ContainerWriter {
        out,
        sizes: Sizes {
            elements: encoding.tiling.elements(),
            ..Sizes::default()
        },
    };
    container.framing(&preamble())?;
    container.record(&Record::Tensor(encoding.tensor.clone()))?;
    container.record(&Record::Context(0, encoding.context.clone()))?;

    let mut sequence = 0;
    let mut pipeline = Pipeline::new(transport, observer, |answer| {
        let header = check_answer(&answer, Operation::Decode, sequence)?;
        sequence = sequence.wrapping_add(1);
        container.sizes.planes += header.run.planes() as u64;
        container.record(&Record::Packet(&answer))
    });
    let mut requests = Requests::new(encoding);
    let mut reader = ImageReader::new(source, encoding.tiling);
    for image in 0..encoding.tiling.images() {
        let planes = reader.read(image)?;
        for (channel, plane) in planes.iter().enumerate() {
            if let Some(request) = requests.plane(image, channel, plane) {
                pipeline.push(request)?;
            }
        }
        advance(observer, planes.elements())?;
    }
    pipeline.finish()?;
    let Sizes {
        packets, planes, ..
    } = container.sizes;
    container.record(&Record::Tail { packets, planes })?;
    Ok(container.sizes)
}

/// The header of an answer, checked as a packet and against what was asked.
pub(crate) fn check_answer(
    answer: &[u8],
    operation: Operation,
    sequence: u32,
) -> Result<Header, TransportError> {
    let header = Packet::parse(answer)?.header;
    if (header.operation, header.sequence) == (operation, sequence) {
        Ok(header)
    } else {
        Err(TransportError::WrongAnswer)
    }
}

/// Gathers planes into Encode packets: whole images while they fit, else some channels of one.
pub(crate) struct Requests<'a> {
    encoding: &'a Encoding,
    inverse_scale: f32,
    channels: usize,
    images: u64,
    run: PlaneRun,
    /// The next request as far as it is: room for its header, then samples. Empty before the first ones.
    request: Vec<u8>,
    sequence: u32,
}

impl<'a> Requests<'a> {
    pub(crate) fn new(encoding: &'a Encoding) -> Self {
        let padded = encoding.context.padded_plane();
        let all = encoding.tiling.channels();
        let planes = (encoding.packet_samples / padded).max(1);
        let images = (planes / all).clamp(1, usize::from(u16::MAX));
        Self {
            encoding,
            inverse_scale: encoding.tensor.scale.recip(),
            channels: planes.min(all),
            images: images as u64,
            run: PlaneRun {
                first_channel: 0,
                channels: 0,
                images: 0,
            },
            request: Vec::new(),
            sequence: 0,
        }
    }

    /// Takes the next plane; gives a request when it is complete.
    pub(crate) fn plane(&mut self, image: u64, channel: usize, plane: &[f32]) -> Option<Vec<u8>> {
        if self.request.is_empty() {
            let first_channel = u16::try_from(channel).expect("at most 65535 channels");
            self.run = PlaneRun {
                first_channel,
                channels: 0,
                images: 0,
            };
            self.request.resize(HEADER_BYTES, 0);
        }
        let inverse_scale = self.inverse_scale;
        let at = self.request.len();
        let padded = self.encoding.context.padded_plane();
        self.request.resize(at + 2 * padded, 0);
        for (bytes, &value) in self.request[at..].chunks_exact_mut(2).zip(plane) {
            bytes.copy_from_slice(&to_sample(value, inverse_scale).to_le_bytes());
        }

        let tiling = &self.encoding.tiling;
        let channel_count = channel + 1 - usize::from(self.run.first_channel);
        let end_of_image = channel + 1 == tiling.channels();
        if end_of_image {
            self.run.images += 1;
        }
        let full = if self.channels < tiling.channels() {
            self.run.images = 1;
            channel_count == self.channels || end_of_image
        } else {
            end_of_image
                && (u64::from(self.run.images) == self.images || image + 1 == tiling.images())
        };
        full.then(|| {
            self.run.channels = u16::try_from(channel_count).expect("at most 65535 channels");
            self.request()
        })
    }

    fn request(&mut self) -> Vec<u8> {
        let context = &self.encoding.context;
        let header = Header {
            operation: Operation::Encode,
            context: 0,
            shape: context.shape(),
            run: self.run,
            plane_len: context.parts().plane_len,
            sequence: self.sequence,
            payload_len: 0,
        };
        self.sequence = self.sequence.wrapping_add(1);
        // The next one will be as large, mostly.
        let next = Vec::with_capacity(self.request.len() + TRAILER_BYTES);
        let mut request = std::mem::replace(&mut self.request, next);
        header.complete(&mut request);
        request
    }
}

struct ContainerWriter<'a> {
    out: &'a mut dyn Write,
    sizes: Sizes,
}

impl ContainerWriter<'_> {
    fn framing(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(Error::Write)?;
        self.sizes.framing_bytes += bytes.len() as u64;
        self.sizes.container_bytes += bytes.len() as u64;
        Ok(())
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), Error> {
        let before = self.sizes;
        self.framing(&record.to_bytes())?;
        match record {
            Record::Context(_, context) => {
                self.sizes.context_bytes += context.to_bytes().len() as u64;
            }
            Record::Packet(packet) => {
                self.sizes.packets += 1;
                self.sizes.payload_bytes += (packet.len() - HEADER_BYTES - TRAILER_BYTES) as u64;
            }
            Record::Tensor(_) | Record::Tail { .. } => {}
        }
        let other = self.sizes.context_bytes - before.context_bytes + self.sizes.payload_bytes
            - before.payload_bytes;
        self.sizes.framing_bytes -= other;
        Ok(())
    }
}
