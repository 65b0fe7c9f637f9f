//! How fast the software codec is, beside copying memory and general compressors.
//!
//! Everything runs on one core over the same samples, in turns, so that a disturbance of the
//! machine meets all alike; each figure is the median of its rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bitvec::prelude::*;
use dqa_golden::channel::Class;
use dqa_golden::context::Context;
use dqa_golden::payload::{EncodeError, PlaneRun, quantize_planes};

use crate::codec::Prepared;

/// What was measured of one way to store the samples.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Entry {
    /// What was measured.
    pub name: &'static str,
    /// Bytes that the samples took.
    pub bytes: usize,
    /// Samples a second on the way in.
    pub encode: f64,
    /// Samples a second on the way back.
    pub decode: f64,
    /// `encode` over the samples a second that copying them takes.
    pub encode_of_memcpy: f64,
    /// `decode` over the samples a second that copying them takes.
    pub decode_of_memcpy: f64,
}

/// Figures of one set of planes.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Report {
    /// Samples that went through in each round, padding included.
    pub samples: usize,
    /// Rounds that were measured.
    pub rounds: usize,
    /// The codec: 16-bit samples to code words and back.
    pub dqa: Entry,
    /// Copying the samples.
    pub memcpy: Entry,
    /// General compressors on the packed codes: what is left to them once the samples are
    /// quantized, so quantizing is not in their time.
    pub compressors: Vec<Entry>,
}

/// One way to store the samples.
struct Contender<'a> {
    name: &'static str,
    bytes: usize,
    encode: Box<dyn FnMut() + 'a>,
    decode: Box<dyn FnMut() + 'a>,
    encode_times: Vec<Duration>,
    decode_times: Vec<Duration>,
}

/// Measures for about `time`, at least three rounds.
///
/// `samples` are padded planes as for [`Prepared::encode`], whose errors are this function's.
pub fn measure(
    context: &Context,
    run: &PlaneRun,
    samples: &[i16],
    time: Duration,
) -> Result<Report, EncodeError> {
    let packed = packed_codes(context, run, samples)?;
    let prepared = Prepared::new(context.clone());
    let mut contenders = [
        dqa(&prepared, run, samples)?,
        memcpy(samples),
        zstd(&packed),
        lz4(&packed),
    ];
    let start = Instant::now();
    let mut rounds = 0;
    while rounds < 3 || start.elapsed() < time {
        for contender in &mut contenders {
            contender.round();
        }
        rounds += 1;
    }
    let medians = contenders.map(Contender::medians);
    let rate = |time: Duration| samples.len() as f64 / time.as_secs_f64();
    let [_, (_, _, copy_in, copy_back), ..] = medians;
    let [dqa, memcpy, compressors @ ..] = medians.map(|(name, bytes, encode, decode)| Entry {
        name,
        bytes,
        encode: rate(encode),
        decode: rate(decode),
        encode_of_memcpy: rate(encode) / rate(copy_in),
        decode_of_memcpy: rate(decode) / rate(copy_back),
    });
    Ok(Report {
        samples: samples.len(),
        rounds,
        dqa,
        memcpy,
        compressors: compressors.into(),
    })
}

impl Contender<'_> {
    fn round(&mut self) {
        let start = Instant::now();
        (self.encode)();
        let turn = Instant::now();
        (self.decode)();
        self.decode_times.push(turn.elapsed());
        self.encode_times.push(turn - start);
    }

    fn medians(self) -> (&'static str, usize, Duration, Duration) {
        let median = |mut times: Vec<Duration>| {
            times.sort_unstable();
            times[times.len() / 2]
        };
        let (encode, decode) = (median(self.encode_times), median(self.decode_times));
        (self.name, self.bytes, encode, decode)
    }
}

fn contender<'a>(
    name: &'static str,
    bytes: usize,
    encode: impl FnMut() + 'a,
    decode: impl FnMut() + 'a,
) -> Contender<'a> {
    Contender {
        name,
        bytes,
        encode: Box::new(encode),
        decode: Box::new(decode),
        encode_times: Vec::new(),
        decode_times: Vec::new(),
    }
}

fn dqa<'a>(
    prepared: &'a Prepared,
    run: &'a PlaneRun,
    samples: &'a [i16],
) -> Result<Contender<'a>, EncodeError> {
    let mut payload = Vec::new();
    prepared.encode(run, samples, &mut payload)?;
    let (mut encoded, mut decoded) = (payload.clone(), Vec::new());
    Ok(contender(
        "dqa",
        payload.len(),
        move || {
            encoded.clear();
            let result = prepared.encode(run, black_box(samples), &mut encoded);
            result.expect("encoded before");
            black_box(&encoded);
        },
        move || {
            decoded.clear();
            let result = prepared.decode(run, black_box(&payload), &mut decoded);
            result.expect("just encoded");
            black_box(&decoded);
        },
    ))
}

fn memcpy(samples: &[i16]) -> Contender<'_> {
    let [mut there, mut back] = [samples.to_vec(), samples.to_vec()];
    let copy = move |to: &mut Vec<i16>| {
        to.copy_from_slice(black_box(samples));
        black_box(to);
    };
    contender(
        "memcpy",
        size_of_val(samples),
        move || copy(&mut there),
        move || copy(&mut back),
    )
}

fn zstd(packed: &[u8]) -> Contender<'_> {
    let mut compressor = zstd::bulk::Compressor::new(1).expect("level 1 is known");
    let compressed = compressor.compress(packed).expect("fits in memory");
    let mut there = vec![0; zstd::zstd_safe::compress_bound(packed.len())];
    let mut back = vec![0; packed.len()];
    let mut decompressor = zstd::bulk::Decompressor::new().expect("no dictionary");
    contender(
        "zstd level 1 on packed codes",
        compressed.len(),
        move || {
            let result = compressor.compress_to_buffer(black_box(packed), &mut there);
            black_box(result.expect("fits the bound"));
        },
        move || {
            let result = decompressor.decompress_to_buffer(black_box(&compressed), &mut back);
            black_box(result.expect("just compressed"));
        },
    )
}

fn lz4(packed: &[u8]) -> Contender<'_> {
    use lz4_flex::block::{compress_into, decompress_into, get_maximum_output_size};
    let mut there = vec![0; get_maximum_output_size(packed.len())];
    let mut back = vec![0; packed.len()];
    let len = compress_into(packed, &mut there).expect("fits the bound");
    let compressed = there[..len].to_vec();
    contender(
        "lz4 on packed codes",
        len,
        move || {
            let result = compress_into(black_box(packed), &mut there);
            black_box(result.expect("fits the bound"));
        },
        move || {
            let result = decompress_into(black_box(&compressed), &mut back);
            black_box(result.expect("just compressed"));
        },
    )
}

/// The codes q of the planes, each in its class's n or n + m bits, without gaps.
fn packed_codes(
    context: &Context,
    run: &PlaneRun,
    samples: &[i16],
) -> Result<Vec<u8>, EncodeError> {
    let codes = quantize_planes(context, run, samples)?;
    let classes = run.rows().map(|row| context.channels()[row].class);
    let stored = classes.filter(|&class| class != Class::Pruned);
    let mut packed = BitVec::<u8, Msb0>::new();
    for (class, plane) in stored.zip(codes.chunks(context.plane_len())) {
        let unused = (u32::BITS - context.format().width(class)) as usize;
        for &q in plane {
            let pattern = context.format().pattern(class, q).to_be_bytes();
            packed.extend_from_bitslice(&pattern.view_bits::<Msb0>()[unused..]);
        }
    }
    Ok(packed.into_vec())
}
