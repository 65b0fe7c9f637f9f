//! Measures the word scheme of the code stream, as the tables of
//! `docs/src/design/lane-buffers.md`: overhead, lane FIFO depth and skew on real tensors, and the
//! depth that a search for the worst lanes finds, beside its bound.

use dqa_golden::channel::Class;
use dqa_golden::context::Context;
use dqa_golden::lanes::LaneShape;
use dqa_golden::payload::{PlaneRun, encode, quantize_planes};
use dqa_tests::activations::{self, Activations};
use dqa_tests::layer::{Choice, fit, run_of};
use dqa_tests::skew::{Skew, depth_bound};

fn main() {
    real_tensors();
    println!();
    searched_skew();
}

fn real_tensors() {
    println!(
        "| n, m | S | W | overhead, 1 image a packet | 8 images a packet | lanes differ by, 1 image | FIFO depth |"
    );
    println!("|---|---|---|---|---|---|---|");
    let tensors = activations::all();
    for (n, m) in [(3, 1), (4, 3)] {
        for lanes in [1, 2, 4, 8, 16] {
            for word_bits in [32, 64] {
                let shape = LaneShape::with_word_bits(lanes, word_bits).expect("legal");
                let choice = Choice::full_range(n, m);
                let mut single = Measured::default();
                let mut eight = Measured::default();
                for tensor in &tensors {
                    let context = fit(tensor, &choice, choice.joint(), shape);
                    for image in 0..tensor.images {
                        single.add(&context, tensor, &[image]);
                    }
                    eight.add(&context, tensor, &(0..tensor.images).collect::<Vec<_>>());
                }
                println!(
                    "| {n}, {m} | {lanes} | {word_bits} | {} | {} | {} | {} |",
                    percent(&single.overheads),
                    percent(&eight.overheads),
                    percent(&single.spreads),
                    single.depth.max(eight.depth),
                );
            }
        }
    }
}

/// What packets showed.
#[derive(Default)]
struct Measured {
    overheads: Vec<f64>,
    spreads: Vec<f64>,
    depth: usize,
}

impl Measured {
    fn add(&mut self, context: &Context, tensor: &Activations, images: &[usize]) {
        let (run, samples) = run_of(tensor, context.shape(), images);
        let encoded = encode(context, &run, &samples).expect("fitted tables");
        let lanes = lane_bits(context, &run, &samples);
        let bits: f64 = lanes.iter().sum();
        let words = encoded.payload.len() / context.shape().word_bytes();
        let sent = (words * context.shape().word_bits()) as f64;
        let longest = lanes.iter().copied().fold(0.0, f64::max);
        let shortest = lanes.iter().copied().fold(f64::INFINITY, f64::min);
        self.overheads.push(sent / bits - 1.0);
        self.spreads.push(longest / shortest - 1.0);
        self.depth = self.depth.max(encoded.fifo_depth);
    }
}

/// Bits that each lane carries.
fn lane_bits(context: &Context, run: &PlaneRun, samples: &[i16]) -> Vec<f64> {
    let mut bits = vec![0.0; context.shape().lanes()];
    let codes = quantize_planes(context, run, samples).expect("a sound run");
    for (row, plane) in run.rows().zip(codes.chunks(context.plane_len())) {
        let class: Class = context.channels()[row].class;
        let layout = context.layout(class);
        for (i, &q) in plane.iter().enumerate() {
            let (symbol, _) = layout.split(context.format().pattern(class, q));
            let length = u32::from(context.table(class).lengths()[symbol]);
            bits[i % context.shape().lanes()] += f64::from(length + layout.raw_bits);
        }
    }
    bits
}

/// Smallest and largest, in percent.
fn percent(values: &[f64]) -> String {
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(0.0, f64::max);
    format!("{:.1} to {:.1} %", 100.0 * smallest, 100.0 * largest)
}

fn searched_skew() {
    println!("| S | W | plane | range sent | bits a sample | depth found | bound |");
    println!("|---|---|---|---|---|---|---|");
    for (lanes, word_bits) in [(2, 32), (4, 32), (8, 64), (16, 64)] {
        let s = u32::from(lanes);
        for plane_len in [s, s + 1, 2 * s - 1, 3 * s, 3 * s + 1, 49.max(s + 1), 1024] {
            for dynamic in [false, true] {
                row(&Skew {
                    lanes,
                    word_bits,
                    plane_len,
                    raw_bits: 0,
                    dynamic,
                });
            }
        }
    }
    for raw_bits in [1, 2, 3] {
        row(&Skew {
            lanes: 4,
            word_bits: 32,
            plane_len: 5,
            raw_bits,
            dynamic: false,
        });
    }
}

fn row(skew: &Skew) {
    let (min, max) = skew.sample_bits();
    println!(
        "| {} | {} | {} | {} | {min} to {max} | {} | {} |",
        skew.lanes,
        skew.word_bits,
        skew.plane_len,
        if skew.dynamic { "yes" } else { "no" },
        skew.search(),
        depth_bound(skew)
    );
}
