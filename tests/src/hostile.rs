//! Containers damaged on purpose, their CRCs made right again so that deeper checks are reached.

use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::container::{Container, PREAMBLE_BYTES, RECORD_CRC_BYTES};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::lanes::LaneShape;
use dqa_golden::packet::{HEADER_BYTES, Header, Operation, TRAILER_BYTES};
use dqa_golden::payload::{PlaneRun, encode};
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::Mode;
use dqa_golden::table::CodeTable;
use dqa_golden::tensor::{DType, Layout, TensorInfo};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A record without its CRC.
#[derive(Clone, Debug)]
struct RawRecord {
    tag: [u8; 4],
    body: Vec<u8>,
}

/// One act of damage.
#[derive(Clone, Debug)]
pub enum Damage {
    /// Sets a byte of a record's body.
    Byte(Index, Index, u8),
    /// Sets four bytes of a record's body.
    Field(Index, Index, u32),
    /// Sets one of a packet header's fields from first channel to sequence number.
    Header(Index, Index, u16),
    /// Cuts a record's body short.
    Cut(Index, Index),
    /// Makes a record's body longer.
    Extend(Index, Vec<u8>),
    /// Leaves a record out.
    Drop(Index),
    /// Puts a copy of a record behind another one.
    Copy(Index, Index),
    /// Swaps two records.
    Swap(Index, Index),
    /// Claims planes of another length, and another number of images, in every record alike.
    Claim(u32, u16),
}

/// Damage of every kind, one to four acts of it.
pub fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let index = any::<Index>;
    let telling = select(
        &[
            0,
            1,
            2,
            0x7f,
            0x80,
            0xff,
            0x7fff,
            0xffff,
            1 << 20,
            1 << 22,
            1 << 31,
            !0,
        ][..],
    );
    let act = prop_oneof![
        4 => (index(), index(), any::<u8>()).prop_map(|(r, at, v)| Damage::Byte(r, at, v)),
        3 => (index(), index(), telling).prop_map(|(r, at, v)| Damage::Field(r, at, v)),
        2 => (index(), index(), any::<u16>()).prop_map(|(r, at, v)| Damage::Header(r, at, v % 9)),
        1 => (index(), index()).prop_map(|(r, len)| Damage::Cut(r, len)),
        1 => (index(), vec(any::<u8>(), 1..20)).prop_map(|(r, more)| Damage::Extend(r, more)),
        1 => index().prop_map(Damage::Drop),
        1 => (index(), index()).prop_map(|(r, to)| Damage::Copy(r, to)),
        1 => (index(), index()).prop_map(|(a, b)| Damage::Swap(a, b)),
        1 => (1..=1u32 << 20, any::<u16>()).prop_map(|(len, images)| Damage::Claim(len, images)),
    ];
    vec(act, 1..=4)
}

/// The container with this damage done to it and all CRCs and lengths right again.
pub fn damaged(container: &[u8], damage: &[Damage]) -> Vec<u8> {
    let mut records = records(container);
    for act in damage {
        apply(act, &mut records);
    }
    let mut bytes = container[..PREAMBLE_BYTES].to_vec();
    for record in &mut records {
        if record.tag == *b"PCKT" {
            seal_packet(&mut record.body);
        }
        let first = bytes.len();
        bytes.extend(record.tag);
        bytes.extend(
            u32::try_from(record.body.len())
                .expect("small")
                .to_le_bytes(),
        );
        bytes.extend(&record.body);
        let crc = crc32fast::hash(&bytes[first..]);
        bytes.extend(crc.to_le_bytes());
    }
    bytes
}

fn apply(act: &Damage, records: &mut Vec<RawRecord>) {
    if records.is_empty() {
        return;
    }
    let count = records.len();
    match act {
        Damage::Byte(record, at, value) => {
            let body = &mut records[record.index(count)].body;
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = *value;
            }
        }
        Damage::Field(record, at, value) => {
            let body = &mut records[record.index(count)].body;
            if body.len() >= 4 {
                let at = at.index(body.len() - 3);
                body[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
        }
        Damage::Header(record, field, value) => {
            let body = &mut records[record.index(count)].body;
            let at = field.get(&[8, 10, 12, 16, 20]);
            if let Some(field) = body.get_mut(*at..at + 2) {
                field.copy_from_slice(&value.to_le_bytes());
            }
        }
        Damage::Cut(record, len) => {
            let body = &mut records[record.index(count)].body;
            body.truncate(len.index(body.len() + 1));
        }
        Damage::Extend(record, more) => records[record.index(count)].body.extend(more),
        Damage::Drop(record) => {
            records.remove(record.index(count));
        }
        Damage::Copy(record, to) => {
            let copy = records[record.index(count)].clone();
            records.insert(to.index(count + 1), copy);
        }
        Damage::Swap(a, b) => records.swap(a.index(count), b.index(count)),
        Damage::Claim(plane_len, images) => claim(*plane_len, *images, records),
    }
}

fn claim(plane_len: u32, images: u16, records: &mut [RawRecord]) {
    let mut set = |tag: &[u8; 4], at: usize, bytes: &[u8]| {
        for record in records.iter_mut().filter(|record| record.tag == *tag) {
            if let Some(field) = record.body.get_mut(at..at + bytes.len()) {
                field.copy_from_slice(bytes);
            }
        }
    };
    set(b"TNSR", 4, &plane_len.to_le_bytes());
    set(b"TNSR", 12, &u64::from(images).to_le_bytes());
    set(b"TNSR", 28, &1u64.to_le_bytes());
    set(b"TNSR", 36, &u64::from(plane_len).to_le_bytes());
    set(b"CTXT", 13, &plane_len.to_le_bytes());
    set(b"PCKT", 12, &images.to_le_bytes());
    set(b"PCKT", 16, &plane_len.to_le_bytes());
}

/// Makes lengths, counts and CRCs of a packet agree with its header and size.
fn seal_packet(packet: &mut [u8]) {
    let Some(payload_len) = packet.len().checked_sub(HEADER_BYTES + TRAILER_BYTES) else {
        return;
    };
    let u16_at = |at: usize| u64::from(u16::from_le_bytes([packet[at], packet[at + 1]]));
    let plane_len = u64::from(u32::from_le_bytes([
        packet[16], packet[17], packet[18], packet[19],
    ]));
    let padded = plane_len.next_multiple_of(u64::from(packet[7]).max(1));
    let samples = u16_at(10).wrapping_mul(u16_at(12)).wrapping_mul(padded);
    let [s0, s1, s2, s3, ..] = samples.to_le_bytes();
    let payload_len = u32::try_from(payload_len).expect("small").to_le_bytes();
    packet[24..28].copy_from_slice(&payload_len);
    let crc = crc32fast::hash(&packet[..28]);
    packet[28..32].copy_from_slice(&crc.to_le_bytes());
    let (payload, trailer) = packet[HEADER_BYTES..]
        .split_last_chunk_mut()
        .expect("16 bytes");
    let crc = crc32fast::hash(payload);
    let trailer: &mut [u8; TRAILER_BYTES] = trailer;
    trailer[..4].copy_from_slice(&[s0, s1, s2, s3]);
    trailer[4..8].copy_from_slice(&payload_len);
    trailer[12..].copy_from_slice(&crc.to_le_bytes());
}

fn records(container: &[u8]) -> Vec<RawRecord> {
    let mut records = Vec::new();
    let mut rest = &container[PREAMBLE_BYTES..];
    while let Some((tag, behind)) = rest.split_first_chunk::<4>() {
        let (len, behind) = behind.split_first_chunk::<4>().expect("a whole record");
        let (body, behind) = behind.split_at(u32::from_le_bytes(*len) as usize);
        records.push(RawRecord {
            tag: *tag,
            body: body.to_vec(),
        });
        rest = &behind[RECORD_CRC_BYTES..];
    }
    records
}

/// Whether a context of the container has a Pruned row: such planes cost no bits, so the size of
/// the file does not bound that of the tensor.
pub fn has_pruned_row(container: &[u8]) -> bool {
    let contexts = records(container)
        .into_iter()
        .filter(|record| record.tag == *b"CTXT");
    contexts
        .filter_map(|record| Context::from_bytes(record.body.get(1..)?).ok())
        .any(|context| {
            context
                .channels()
                .iter()
                .any(|row| row.class == Class::Pruned)
        })
}

/// A small sound container: 2 images of 3 channels (Direct, Important, and Pruned if asked for)
/// of 5 x 7 samples, one packet an image.
pub fn small_container(lanes: u8, mode: Mode, scale: Scale, pruned: bool) -> Container {
    let (policy, n, m) = (DeltaPolicy::FullRange, 3, 2);
    let format = policy.format(n, m).expect("legal");
    let entry = |class| policy.entry(class, n.into(), 700);
    let last = if pruned {
        ChannelEntry::PRUNED
    } else {
        entry(Class::Direct)
    };
    let code = |class| {
        let symbols = mode.layout(&format, class).alphabet();
        let counts: Vec<u64> = (0..symbols).map(|symbol| 1 << (symbols - symbol)).collect();
        CodeTable::from_counts(&counts, 8).expect("at most 32 symbols")
    };
    let shape = LaneShape::new(lanes).expect("legal");
    let context = Context::new(ContextParts {
        format,
        mode,
        shape,
        scale,
        plane_len: 35,
        limit: 8,
        direct: code(Class::Direct),
        important: code(Class::Important),
        channels: vec![entry(Class::Direct), entry(Class::Important), last],
    })
    .expect("legal");
    let run = PlaneRun {
        first_channel: 0,
        channels: 3,
        images: 1,
    };
    let packet = |sequence: u32| {
        let samples = (0..3 * context.padded_plane()).map(|i| (i * i % 801) as i16 - 50);
        let samples: Vec<i16> = samples.collect();
        let encoded = encode(&context, &run, &samples).expect("complete tables");
        Header {
            operation: Operation::Decode,
            context: 0,
            shape,
            run,
            plane_len: 35,
            sequence,
            payload_len: 0,
        }
        .packet(&encoded.payload)
    };
    let packets = vec![packet(0), packet(1)];
    Container {
        tensor: TensorInfo {
            dtype: DType::F32,
            layout: Layout::Nchw,
            shape: vec![2, 3, 5, 7],
            scale: 0.125,
            segment_len: 35,
        },
        context,
        packets,
    }
}

/// Sound containers of every kind.
pub fn small_containers() -> Vec<Container> {
    let joint = Mode::Joint {
        direct: 3,
        important: 5,
    };
    let dynamic = Scale::Dynamic {
        policy: DeltaPolicy::FullRange,
    };
    vec![
        small_container(1, joint, Scale::Fixed, false),
        small_container(2, Mode::Paper, Scale::Fixed, true),
        small_container(4, joint, dynamic, true),
        small_container(8, joint, Scale::Fixed, true),
    ]
}

/// Peak memory, in bytes, that decoding a container may take beside the container itself.
///
/// A sample costs at least one bit unless its channel is Pruned, so a byte of payload gives at
/// most 8 samples of 2 bytes, or 16 with the padding of planes just over one beat; they are held
/// as a packet's samples, as planes and as elements, each vector with up to three times its
/// length while it grows. Contexts and code tables add a constant. A Pruned plane costs nothing
/// and a packet of them up to 2^22 samples.
pub fn justified_peak(container: &[u8]) -> usize {
    let pruned = if has_pruned_row(container) {
        64 << 20
    } else {
        0
    };
    64 * 1024 + 128 * container.len() + pruned
}
