//! The scanner against golden's scan: random layers and stalls, errors, resets, full counters.

use std::collections::VecDeque;

use dqa_golden::channel::Class;
use dqa_golden::context::Context;
use dqa_golden::payload::PlaneRun;
use dqa_golden::scan::{DIRECT_PATTERNS, IMPORTANT_PATTERNS, scan};
use dqa_hdl::designs::units;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::quantize;
use dqa_sim::{Instance, Model, SimError, layers, seeds};
use fastrand::Rng;

const LANES: [usize; 4] = [1, 2, 4, 8];
/// Clocks in which a report comes, many times over.
const PATIENCE: usize = 200_000;
/// Clocks from samples to their codes in the encoder, and to the end of a run at the earliest.
const CODES: usize = quantize::LATENCY + 1;

fn model(lanes: usize) -> Result<Model, SimError> {
    let units = units();
    let mut scanners = units.iter().filter(|unit| unit.top == "scanner");
    let design = scanners.find(|unit| unit.lanes == Some(lanes));
    Model::build("scanner", &design.expect("listed").verilog)
}

/// A beat: lanes inside the plane, samples, whether it ends the plane; lanes that are counted, class,
/// patterns.
#[derive(Clone, Copy, Default)]
struct Beat {
    lanes: u64,
    samples: u128,
    ends: bool,
    count_lanes: u64,
    important: bool,
    patterns: [u16; 8],
}

/// The beats of a run, padding and what is not counted at random.
fn beats(random: &mut Rng, context: &Context, run: &PlaneRun, samples: &[i16]) -> Vec<Beat> {
    let lanes = context.shape().lanes();
    let planes = samples.chunks(context.padded_plane());
    let mut beats = Vec::new();
    for (row, plane) in run.rows().zip(planes) {
        let entry = context.channels()[row];
        let number = plane.len() / lanes;
        for (at, chunk) in plane.chunks(lanes).enumerate() {
            let inside = lanes.min(context.plane_len() - at * lanes);
            let mut beat = Beat {
                lanes: (1 << inside) - 1,
                ends: at + 1 == number,
                important: entry.class == Class::Important,
                patterns: std::array::from_fn(|_| random.u16(0..1024)),
                ..Beat::default()
            };
            if entry.class != Class::Pruned {
                beat.count_lanes = beat.lanes;
            }
            for (lane, &x) in chunk.iter().enumerate() {
                beat.samples |= u128::from(x.cast_unsigned()) << (16 * lane);
                if beat.count_lanes >> lane & 1 == 1 {
                    let q = entry.quantize(context.format(), x);
                    beat.patterns[lane] = context.format().pattern(entry.class, q) as u16;
                }
            }
            beats.push(beat);
        }
    }
    beats
}

/// A scanner, and what came out of it.
struct Device {
    unit: Instance,
    random: Rng,
    lanes: usize,
    word_bytes: usize,
    under_way: VecDeque<Option<Beat>>,
    /// Percent of the clocks in which there is no beat, and in which none is taken.
    stalls: [u8; 2],
    bytes: Vec<u8>,
    ended: Option<u64>,
}

impl Device {
    fn new(model: &Model, lanes: usize, seed: u64) -> Self {
        let parameters = Parameters {
            lanes,
            ..Parameters::default()
        };
        let mut device = Self {
            unit: model.instance(seed),
            random: Rng::with_seed(seed),
            lanes,
            word_bytes: parameters.word_bits() / 8,
            under_way: VecDeque::new(),
            stalls: [0; 2],
            bytes: Vec::new(),
            ended: None,
        };
        device.reset();
        device
    }

    fn reset(&mut self) {
        self.unit.set("aresetn", false);
        self.under_way = VecDeque::from([None; CODES]);
        self.unit.set("finish", false);
        self.tick(None);
        self.unit.set("aresetn", true);
        self.bytes.clear();
        self.ended = None;
        for _ in 0..PATIENCE {
            self.tick(None);
            if self.unit.get_u64("busy") == 0 {
                break;
            }
        }
        assert_eq!(self.unit.get_u64("busy"), 0);
        assert_eq!((self.bytes.len(), self.ended), (0, None));
    }

    /// A clock, with this beat if there is one.
    fn tick(&mut self, beat: Option<Beat>) {
        self.under_way.push_back(beat);
        let codes = self.under_way.pop_front().flatten();
        let (unit, lanes) = (&mut self.unit, self.lanes);
        unit.set("beat", beat.is_some());
        let noise = Beat {
            lanes: 1,
            samples: self.random.u128(..),
            ends: self.random.bool(),
            ..Beat::default()
        };
        let beat = beat.unwrap_or(noise);
        unit.set("lanes", beat.lanes);
        unit.set("samples", beat.samples & (u128::MAX >> (128 - 16 * lanes)));
        unit.set("ends", beat.ends);
        let codes = codes.unwrap_or_default();
        unit.set("count_lanes", codes.count_lanes);
        unit.set("count_important", codes.important);
        let patterns = codes.patterns.iter().take(lanes).rev();
        let patterns = patterns.fold(0u128, |all, &pattern| all << 10 | u128::from(pattern));
        unit.set("patterns", patterns);
        let ready = self.random.u8(0..100) >= self.stalls[1];
        unit.set("m_axis_tready", ready);
        unit.eval();
        if unit.get_u64("m_axis_tvalid") == 1 && ready {
            let data = unit.get_u64("m_axis_tdata").to_le_bytes();
            self.bytes.extend(&data[..self.word_bytes]);
            if unit.get_u64("m_axis_tlast") == 1 {
                assert_eq!(self.ended, None, "two ends");
                self.ended = Some(unit.get_u64("m_axis_tuser"));
            }
        }
        unit.tick("aclk");
        unit.eval();
    }

    /// The report of these beats, ended with this error code; and the clocks it took.
    fn scan(&mut self, channels: u16, beats: &[Beat], error: u64) -> (Vec<u8>, usize) {
        self.unit.set("begin_run", true);
        self.unit.set("channels", channels);
        self.tick(None);
        self.unit.set("begin_run", false);
        self.unit.set("channels", self.random.u16(..));
        for &beat in beats {
            while self.random.u8(0..100) < self.stalls[0] {
                self.tick(None);
            }
            self.tick(Some(beat));
        }
        for _ in 0..CODES {
            self.tick(None);
        }
        assert_eq!(self.unit.get_u64("busy"), 0);
        self.unit.set("finish", true);
        self.unit.set("error", error);
        self.tick(None);
        self.unit.set("finish", false);
        let mut clocks = 1;
        while clocks < PATIENCE && self.unit.get_u64("busy") == 1 {
            self.tick(None);
            clocks += 1;
        }
        assert_eq!(self.ended.take(), Some(error));
        (std::mem::take(&mut self.bytes), clocks)
    }
}

fn agrees_with_golden(lanes: usize) -> Result<(), SimError> {
    let parameters = Parameters {
        lanes,
        ..Parameters::default()
    };
    let model = model(lanes)?;
    for seed in seeds(6) {
        let mut device = Device::new(&model, lanes, seed);
        let mut random = Rng::with_seed(seed);
        for number in 0..25 {
            let context = layers::context(&mut random, &parameters);
            let run = layers::run(&mut random, &context);
            let samples = layers::samples(&mut random, &context, &run);
            let beats = beats(&mut random, &context, &run, &samples);
            device.stalls = [(); 2].map(|()| [0, 0, 10, 50, 90][random.usize(0..5)]);
            // What is broken off leaves nothing behind.
            let broken = &beats[..random.usize(0..=beats.len())];
            match random.u8(0..4) {
                0 => {
                    let error = random.u64(1..6);
                    let (bytes, _) = device.scan(run.channels, broken, error);
                    assert_eq!(bytes, vec![0; device.word_bytes]);
                }
                1 => {
                    for &beat in broken {
                        device.tick(Some(beat));
                    }
                    device.reset();
                }
                _ => {}
            }
            let (bytes, clocks) = device.scan(run.channels, &beats, 0);
            let expected = scan(&context, &run, &samples).expect("legal").to_bytes();
            let differs = bytes.iter().zip(&expected).position(|(a, b)| a != b);
            assert_eq!(
                (bytes.len(), differs),
                (expected.len(), None),
                "seed {seed}, scan {number}: {run:?}"
            );
            if device.stalls[1] == 0 {
                let ranges = 8 * usize::from(run.channels) / device.word_bytes;
                let due = ranges + DIRECT_PATTERNS + IMPORTANT_PATTERNS;
                assert!(clocks <= due + 20, "{clocks} clocks where {due} are due");
            }
        }
    }
    Ok(())
}

#[test]
fn one_lane_agrees_with_golden() -> Result<(), SimError> {
    agrees_with_golden(LANES[0])
}

#[test]
fn two_lanes_agree_with_golden() -> Result<(), SimError> {
    agrees_with_golden(LANES[1])
}

#[test]
fn four_lanes_agree_with_golden() -> Result<(), SimError> {
    agrees_with_golden(LANES[2])
}

#[test]
fn eight_lanes_agree_with_golden() -> Result<(), SimError> {
    agrees_with_golden(LANES[3])
}

/// Bins and channels that come again after 1 to 5 clocks.
#[test]
fn every_distance_of_the_same_bin_and_channel() -> Result<(), SimError> {
    let lanes = 2;
    let model = model(lanes)?;
    let mut device = Device::new(&model, lanes, 1);
    let mut random = Rng::with_seed(1);
    for distance in 1..=5u16 {
        let mut expected = vec![[i16::MAX, i16::MIN]; distance.into()];
        let mut counts = vec![0u32; 256];
        let images = 400;
        let mut beats = Vec::new();
        for plane in 0..images * usize::from(distance) {
            let channel = plane % usize::from(distance);
            let samples: [i16; 2] = [random.i16(..), random.i16(..)];
            let range = &mut expected[channel];
            range[0] = range[0].min(samples[0]).min(samples[1]);
            range[1] = range[1].max(samples[0]).max(samples[1]);
            counts[channel] += 2;
            beats.push(Beat {
                lanes: 3,
                samples: samples
                    .iter()
                    .rev()
                    .fold(0, |all, &x| all << 16 | u128::from(x.cast_unsigned())),
                ends: true,
                count_lanes: 3,
                important: false,
                patterns: [channel as u16; 8],
            });
        }
        let (bytes, _) = device.scan(distance, &beats, 0);
        for (range, bytes) in expected.iter().zip(bytes.chunks(8)) {
            let got = [0, 2].map(|at| i16::from_le_bytes([bytes[at], bytes[at + 1]]));
            assert_eq!(got, *range, "distance {distance}");
        }
        let direct = &bytes[8 * usize::from(distance)..][..1024];
        let direct = direct.chunks(4).map(|bytes| bytes.iter().rev());
        let direct: Vec<u32> = direct
            .map(|bytes| bytes.fold(0, |all, &byte| all << 8 | u32::from(byte)))
            .collect();
        assert_eq!(direct, counts, "distance {distance}");
    }
    Ok(())
}

/// A packet as large as packets get in one pattern, and one that is larger.
#[test]
fn counters_hold_a_packet_and_then_stay() -> Result<(), SimError> {
    let lanes = 8;
    let model = model(lanes)?;
    let mut device = Device::new(&model, lanes, 0);
    let most = (1usize << 22) / lanes;
    let beat = Beat {
        lanes: 0xff,
        ends: true,
        count_lanes: 0xff,
        important: true,
        patterns: [1023; 8],
        ..Beat::default()
    };
    for beats in [most, most + 3] {
        let (bytes, _) = device.scan(1, &vec![beat; beats], 0);
        let (others, last) = bytes.split_last_chunk().expect("they are there");
        assert_eq!(u32::from_le_bytes(*last), 1 << 22);
        assert!(others.iter().all(|&byte| byte == 0));
    }
    Ok(())
}
