//! The `.dqa` container: one tensor's packets with everything needed to decode them.
//!
//! A file is an 8-byte signature, a version, and records. Each record is a 4-byte tag, the
//! body's length, the body, and a CRC-32 of all three. The signature's odd bytes show a transfer
//! in text mode at once (the idea is PNG's).
//!
//! | record | body, little-endian |
//! |---|---|
//! | `TNSR`, first | dtype u8, layout u8, axes u8, 0 u8, segment length u32, scale f32, axis lengths u64 each |
//! | `CTXT` | context id u8, [context image](Context::to_bytes) |
//! | `PCKT`, any number | one Decode [packet](crate::packet) |
//! | `TAIL`, last | packets u64, planes u64 |
//!
//! Packets cover the tensor's planes in order: image by image, in an image channel by channel
//! ([`Tiling`]). Each names a context that came before it, and their sequence numbers count up
//! from 0.

use alloc::vec::Vec;

use crate::context::{Context, ContextError, MAX_CHANNELS};
use crate::packet::{
    HEADER_BYTES, Header, MAX_PAYLOAD_BYTES, Operation, Packet, PacketError, TRAILER_BYTES,
};
use crate::payload;
use crate::tensor::{DType, Layout, TensorError, TensorInfo, Tiling};

/// First bytes of a container.
pub const SIGNATURE: [u8; 8] = *b"\x89DQA\r\n\x1a\n";
/// Version of the container format.
pub const VERSION: u16 = 1;
/// Bytes before the first record: signature, version, two zero bytes.
pub const PREAMBLE_BYTES: usize = 12;
/// Bytes of a record before its body.
pub const RECORD_HEADER_BYTES: usize = 8;
/// Bytes of a record after its body.
pub const RECORD_CRC_BYTES: usize = 4;

/// Kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tag {
    /// The tensor's description.
    Tensor,
    /// A context.
    Context,
    /// A packet.
    Packet,
    /// The counts at the end.
    Tail,
}

/// A record's contents.
#[derive(Clone, Debug, PartialEq)]
pub enum Record<'a> {
    /// The tensor's description.
    Tensor(TensorInfo),
    /// A context and its id.
    Context(u8, Context),
    /// The bytes of a packet, not yet looked into.
    Packet(&'a [u8]),
    /// How many packets and planes came before.
    Tail {
        /// Packets.
        packets: u64,
        /// Planes in all packets.
        planes: u64,
    },
}

/// Why a container is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ContainerError {
    #[error("no .dqa container: the signature is missing")]
    Signature,
    #[error("container version {0}: this program knows version {VERSION}; use a newer one")]
    Version(u16),
    #[error("the container ends early: it was truncated")]
    Truncated,
    #[error("unknown record {0:02x?}: the container is damaged")]
    Tag([u8; 4]),
    #[error("a {tag:?} record of {len} bytes cannot be: the container is damaged")]
    RecordLen { tag: Tag, len: u32 },
    #[error("the CRC of a {0:?} record does not match: the container is damaged")]
    Crc(Tag),
    #[error("a {0:?} record is malformed")]
    Malformed(Tag),
    #[error("a {0:?} record stands where none may stand")]
    Order(Tag),
    #[error("{0} bytes follow the end of the container")]
    TooLong(usize),
    #[error(transparent)]
    Tensor(#[from] TensorError),
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error("packet {index}: {error}")]
    Packet { index: u64, error: PacketError },
    #[error("packet {index} does not continue the one before it")]
    Sequence { index: u64 },
    #[error("the context's {context} {what} do not go with the tensor's {tensor}")]
    Mismatch {
        what: &'static str,
        context: usize,
        tensor: usize,
    },
    #[error("the container holds {planes} planes where the tensor has {expected}")]
    Planes { planes: u64, expected: u64 },
}

impl Tag {
    const ALL: [(Self, [u8; 4]); 4] = [
        (Self::Tensor, *b"TNSR"),
        (Self::Context, *b"CTXT"),
        (Self::Packet, *b"PCKT"),
        (Self::Tail, *b"TAIL"),
    ];

    fn bytes(self) -> [u8; 4] {
        let (_, bytes) = Self::ALL[self as usize];
        bytes
    }

    /// The longest body such a record can have: what a reader must be ready to hold.
    pub fn max_len(self) -> u32 {
        let len = match self {
            Self::Tensor => 12 + 4 * 8,
            Self::Context => 1 + 16 + 64 + 6 * MAX_CHANNELS as u64,
            Self::Packet => (HEADER_BYTES + TRAILER_BYTES) as u64 + u64::from(MAX_PAYLOAD_BYTES),
            Self::Tail => 16,
        };
        u32::try_from(len).expect("a few MiB")
    }
}

/// The bytes before the first record.
pub fn preamble() -> [u8; PREAMBLE_BYTES] {
    let mut bytes = [0; PREAMBLE_BYTES];
    bytes[..8].copy_from_slice(&SIGNATURE);
    bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
    bytes
}

/// Checks the bytes before the first record.
pub fn check_preamble(bytes: &[u8; PREAMBLE_BYTES]) -> Result<(), ContainerError> {
    if bytes[..8] != SIGNATURE {
        return Err(ContainerError::Signature);
    }
    match u16::from_le_bytes([bytes[8], bytes[9]]) {
        VERSION if bytes[10..] == [0, 0] => Ok(()),
        VERSION => Err(ContainerError::Signature),
        version => Err(ContainerError::Version(version)),
    }
}

/// Tag and body length from a record's first bytes; refuses lengths that such a record cannot
/// have, so that a reader may hold the body.
pub fn record_header(bytes: [u8; RECORD_HEADER_BYTES]) -> Result<(Tag, u32), ContainerError> {
    let [t0, t1, t2, t3, len @ ..] = bytes;
    let found = Tag::ALL.into_iter().find(|&(_, b)| b == [t0, t1, t2, t3]);
    let (tag, _) = found.ok_or(ContainerError::Tag([t0, t1, t2, t3]))?;
    let len = u32::from_le_bytes(len);
    if len > tag.max_len() {
        return Err(ContainerError::RecordLen { tag, len });
    }
    Ok((tag, len))
}

fn record_crc(tag: Tag, body: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&tag.bytes());
    crc.update(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
    crc.update(body);
    crc.finalize()
}

impl<'a> Record<'a> {
    /// Its kind.
    pub fn tag(&self) -> Tag {
        match self {
            Self::Tensor(_) => Tag::Tensor,
            Self::Context(..) => Tag::Context,
            Self::Packet(_) => Tag::Packet,
            Self::Tail { .. } => Tag::Tail,
        }
    }

    /// The record as bytes.
    ///
    /// # Panics
    /// If a packet is longer than any packet may be.
    pub fn to_bytes(&self) -> Vec<u8> {
        let tag = self.tag();
        let body = match self {
            Self::Tensor(info) => tensor_to_bytes(info),
            Self::Context(id, context) => [&[*id], &context.to_bytes()[..]].concat(),
            Self::Packet(packet) => packet.to_vec(),
            Self::Tail { packets, planes } => {
                [packets.to_le_bytes(), planes.to_le_bytes()].concat()
            }
        };
        let len = u32::try_from(body.len()).expect("records are a few MiB at most");
        assert!(len <= tag.max_len(), "a {tag:?} record of {len} bytes");
        let crc = record_crc(tag, &body);
        [
            &tag.bytes()[..],
            &len.to_le_bytes(),
            &body,
            &crc.to_le_bytes(),
        ]
        .concat()
    }

    /// Reads a record from its tag and the bytes behind its header: body, then CRC.
    pub fn from_body(tag: Tag, body_and_crc: &'a [u8]) -> Result<Self, ContainerError> {
        let (body, crc) = body_and_crc
            .split_last_chunk::<RECORD_CRC_BYTES>()
            .ok_or(ContainerError::Truncated)?;
        if record_crc(tag, body) != u32::from_le_bytes(*crc) {
            return Err(ContainerError::Crc(tag));
        }
        let malformed = ContainerError::Malformed(tag);
        Ok(match tag {
            Tag::Tensor => Self::Tensor(tensor_from_bytes(body).ok_or(malformed)?),
            Tag::Context => {
                let (id, image) = body.split_first().ok_or(malformed)?;
                Self::Context(*id, Context::from_bytes(image)?)
            }
            Tag::Packet => Self::Packet(body),
            Tag::Tail => {
                let (packets, planes) = body.split_first_chunk().ok_or(malformed.clone())?;
                Self::Tail {
                    packets: u64::from_le_bytes(*packets),
                    planes: u64::from_le_bytes(planes.try_into().map_err(|_| malformed)?),
                }
            }
        })
    }
}

fn tensor_to_bytes(info: &TensorInfo) -> Vec<u8> {
    let axes = u8::try_from(info.shape.len()).expect("at most 4 axes");
    let mut body = [info.dtype as u8, info.layout as u8, axes, 0].to_vec();
    body.extend(info.segment_len.to_le_bytes());
    body.extend(info.scale.to_le_bytes());
    body.extend(info.shape.iter().flat_map(|axis| axis.to_le_bytes()));
    body
}

fn tensor_from_bytes(body: &[u8]) -> Option<TensorInfo> {
    let (&[dtype, layout, axes, zero], rest) = body.split_first_chunk()?;
    let (segment_len, rest) = rest.split_first_chunk()?;
    let (scale, rest) = rest.split_first_chunk()?;
    let axis_lengths = rest.chunks_exact(8);
    if zero != 0 || rest.len() != 8 * usize::from(axes) {
        return None;
    }
    Some(TensorInfo {
        dtype: *DType::ALL.get(usize::from(dtype))?,
        layout: match layout {
            0 => Layout::Nchw,
            1 => Layout::Nhwc,
            _ => return None,
        },
        shape: axis_lengths
            .map(|axis| u64::from_le_bytes(axis.try_into().expect("chunks of 8")))
            .collect(),
        scale: f32::from_le_bytes(*scale),
        segment_len: u32::from_le_bytes(*segment_len),
    })
}

/// Follows a container's records and refuses those that do not go together.
///
/// A reader passes each record in turn; what it returns can be decoded at once, so a container
/// of any size is read in bounded memory.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    tensor: Option<(TensorInfo, Tiling)>,
    contexts: Vec<Option<Context>>,
    packets: u64,
    planes: u64,
    ended: bool,
}

/// What a reader makes of a record.
#[derive(Debug)]
pub enum Event<'a> {
    /// The tensor is known.
    Tensor(&'a TensorInfo, &'a Tiling),
    /// A context with this id was set.
    Context(u8, &'a Context),
    /// A packet, checked against its context. `first_plane` is the index of its first plane:
    /// image times channels plus channel.
    Packet {
        /// Index of the packet's first plane in the tensor.
        first_plane: u64,
        /// The packet.
        packet: Packet<'a>,
        /// Its context.
        context: &'a Context,
    },
    /// The container is complete.
    End,
}

impl Reader {
    /// Takes the next record.
    pub fn record<'a>(&'a mut self, record: Record<'a>) -> Result<Event<'a>, ContainerError> {
        let order = ContainerError::Order(record.tag());
        if self.ended || self.tensor.is_none() != matches!(record, Record::Tensor(_)) {
            return Err(order);
        }
        match record {
            Record::Tensor(info) => {
                let tiling = info.tiling()?;
                let (info, tiling) = self.tensor.insert((info, tiling));
                Ok(Event::Tensor(info, tiling))
            }
            Record::Context(id, context) => self.context(id, context),
            Record::Packet(bytes) => self.packet(bytes),
            Record::Tail { packets, planes } => {
                if (packets, planes) != (self.packets, self.planes) {
                    return Err(ContainerError::Malformed(Tag::Tail));
                }
                let expected = self.expected_planes().ok_or(order)?;
                if planes != expected {
                    return Err(ContainerError::Planes { planes, expected });
                }
                self.ended = true;
                Ok(Event::End)
            }
        }
    }

    /// Whether the end was seen; a container that ends before is truncated.
    pub fn ended(&self) -> bool {
        self.ended
    }

    fn expected_planes(&self) -> Option<u64> {
        let (_, tiling) = self.tensor.as_ref()?;
        Some(tiling.images() * tiling.channels() as u64)
    }

    fn context(&mut self, id: u8, context: Context) -> Result<Event<'_>, ContainerError> {
        let (_, tiling) = self
            .tensor
            .as_ref()
            .ok_or(ContainerError::Order(Tag::Context))?;
        let plane_len = (tiling.segment_len() as usize).max(context.shape().lanes());
        for (what, context, tensor) in [
            ("channels", context.channels().len(), tiling.channels()),
            ("samples a plane", context.plane_len(), plane_len),
        ] {
            if context != tensor {
                return Err(ContainerError::Mismatch {
                    what,
                    context,
                    tensor,
                });
            }
        }
        let slot = usize::from(id);
        if self.contexts.len() <= slot {
            self.contexts.resize(slot + 1, None);
        }
        Ok(Event::Context(id, self.contexts[slot].insert(context)))
    }

    fn packet<'a>(&'a mut self, bytes: &'a [u8]) -> Result<Event<'a>, ContainerError> {
        let index = self.packets;
        let refuse = |error| ContainerError::Packet { index, error };
        let packet = Packet::parse(bytes).map_err(refuse)?;
        let header = packet.header;
        let context = self
            .contexts
            .get(usize::from(header.context))
            .and_then(Option::as_ref)
            .ok_or(refuse(PacketError::NoContext(header.context)))?;
        header.check(context).map_err(refuse)?;
        let channels = context.channels().len() as u64;
        let whole_images = u64::from(header.run.channels) == channels;
        if header.operation != Operation::Decode
            || u64::from(header.sequence) != index & u64::from(u32::MAX)
            || u64::from(header.run.first_channel) != self.planes % channels
            || !(whole_images || header.run.images == 1)
        {
            return Err(ContainerError::Sequence { index });
        }
        let first_plane = self.planes;
        let planes = first_plane + header.run.planes() as u64;
        if let Some(expected) = self.expected_planes().filter(|&expected| planes > expected) {
            return Err(ContainerError::Planes { planes, expected });
        }
        self.packets += 1;
        self.planes = planes;
        Ok(Event::Packet {
            first_plane,
            packet,
            context,
        })
    }
}

/// A whole container in memory: the plain way to write and read one.
///
/// For files larger than memory, use [`Record`] and [`Reader`].
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// The tensor's description.
    pub tensor: TensorInfo,
    /// Its context, with id 0.
    pub context: Context,
    /// Decode packets, in order.
    pub packets: Vec<Vec<u8>>,
}

impl Container {
    /// The container as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut planes = 0;
        let mut bytes = preamble().to_vec();
        bytes.extend(Record::Tensor(self.tensor.clone()).to_bytes());
        bytes.extend(Record::Context(0, self.context.clone()).to_bytes());
        for packet in &self.packets {
            let header = packet
                .first_chunk()
                .and_then(|b| Header::from_bytes(b).ok());
            planes += header.map_or(0, |header| header.run.planes() as u64);
            bytes.extend(Record::Packet(packet).to_bytes());
        }
        let packets = self.packets.len() as u64;
        bytes.extend(Record::Tail { packets, planes }.to_bytes());
        bytes
    }

    /// Decodes a container to its samples: all elements of the tensor in their order, in units
    /// of the tensor's scale.
    ///
    /// Allocates as the container's packets come, never by what its header claims. Planes that
    /// are not Pruned take at least one bit a sample, so only Pruned planes, which take none,
    /// can make a small file a large tensor; whoever reads files from strangers looks at
    /// [`TensorInfo::shape`] first.
    pub fn decode(bytes: &[u8]) -> Result<(TensorInfo, Vec<i16>), ContainerError> {
        let (head, mut rest) = bytes.split_first_chunk().ok_or(ContainerError::Truncated)?;
        check_preamble(head)?;
        let mut reader = Reader::default();
        let mut found = None;
        let mut segment_len = 0;
        let mut planes = Vec::new();
        while !reader.ended() {
            let (head, body) = rest.split_first_chunk().ok_or(ContainerError::Truncated)?;
            let (tag, len) = record_header(*head)?;
            let (body, behind) = body
                .split_at_checked(len as usize + RECORD_CRC_BYTES)
                .ok_or(ContainerError::Truncated)?;
            rest = behind;
            match reader.record(Record::from_body(tag, body)?)? {
                Event::Tensor(info, tiling) => {
                    found = Some((info.clone(), *tiling));
                    segment_len = tiling.segment_len() as usize;
                }
                Event::Packet {
                    packet, context, ..
                } => {
                    let samples = payload::decode(context, &packet.header.run, packet.payload)
                        .map_err(|error| ContainerError::Packet {
                            index: u64::from(packet.header.sequence),
                            error: error.into(),
                        })?;
                    for padded in samples.chunks_exact(context.padded_plane()) {
                        planes.extend_from_slice(&padded[..segment_len]);
                    }
                }
                Event::Context(..) | Event::End => {}
            }
        }
        if !rest.is_empty() {
            return Err(ContainerError::TooLong(rest.len()));
        }
        let (info, tiling) = found.ok_or(ContainerError::Order(Tag::Tail))?;
        let mut elements = alloc::vec![0; usize::try_from(tiling.elements()).unwrap_or(0)];
        let channels = tiling.channels();
        for (index, plane) in planes.chunks_exact(segment_len).enumerate() {
            let span = tiling.span((index / channels) as u64, index % channels);
            for (i, &sample) in plane[..span.len].iter().enumerate() {
                let at = span.start + i as u64 * span.stride;
                elements[usize::try_from(at).expect("within the tensor")] = sample;
            }
        }
        Ok((info, elements))
    }
}
