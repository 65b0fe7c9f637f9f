//! Convolutions 3 x 3 of stride 1, which are most of what a residual network computes.
//!
//! Of two rows that follow each other, a convolution with three rows of weights takes four
//! multiplications where six stand in its definition: minimal filtering F(2, 3) (Lavin and Gray, Fast
//! Algorithms for Convolutional Neural Networks, 2016, section 4.1), here down the columns alone. What
//! is left are four matrix products, one for each *plane* of the transform, of weights
//! `[outputs, 3 * inputs]` and image `[3 * inputs, columns]`, where a column is a place in a pair of rows.
//!
//! The sums of an output are taken in one order on all processors, so that results are equal bit by bit.

use std::cell::RefCell;

use pulp::{Arch, Simd, WithSimd, bytemuck::cast_slice};

/// Planes of the transform: for each pair of output rows.
const PLANES: usize = 4;
/// Columns of weights.
const TAPS: usize = 3;
/// Outputs that are summed up together, in registers.
const BLOCK: usize = 8;
/// Vectors of columns that are summed up together.
const VECTORS: usize = 2;

/// A convolution 3 x 3 of stride 1 whose images are padded with one zero on each side.
pub(crate) struct Convolution {
    /// Channels of an image.
    pub inputs: usize,
    /// Channels of a result.
    pub outputs: usize,
    /// Transformed, by block of outputs, plane, input and tap.
    weights: Vec<[f32; BLOCK]>,
    bias: Vec<f32>,
}

/// What follows the convolution at once.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tail<'a> {
    /// Is added: as many values as the result has.
    pub sum: Option<&'a [f32]>,
    /// Then what is negative becomes 0.
    pub relu: bool,
}

/// What is worked on, kept from call to call.
#[derive(Default)]
struct Scratch {
    /// Transformed rows, by plane, input and row pair, each with a zero on both sides.
    rows: Vec<f32>,
    /// Some columns of the transformed image, by plane, input and tap.
    panel: Vec<f32>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Convolution {
    /// Of weights `[outputs, inputs, 3, 3]`, and a bias for each output or none.
    ///
    /// # Panics
    /// If they are not as many.
    pub fn new(weights: &[f32], bias: &[f32], inputs: usize, outputs: usize) -> Self {
        assert_eq!(weights.len(), outputs * inputs * TAPS * TAPS);
        assert!(bias.is_empty() || bias.len() == outputs);
        let blocks = outputs.div_ceil(BLOCK);
        let mut transformed = vec![[0.0; BLOCK]; blocks * PLANES * inputs * TAPS];
        for (index, weights) in weights.chunks_exact(TAPS * TAPS).enumerate() {
            let (output, input) = (index / inputs, index % inputs);
            for tap in 0..TAPS {
                let [a, b, c] = [0, 1, 2].map(|row| weights[row * TAPS + tap]);
                let planes = [a, (a + b + c) / 2.0, (a - b + c) / 2.0, c];
                for (plane, weight) in planes.into_iter().enumerate() {
                    let at = ((output / BLOCK * PLANES + plane) * inputs + input) * TAPS + tap;
                    transformed[at][output % BLOCK] = weight;
                }
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(outputs, 0.0);
        Self {
            inputs,
            outputs,
            weights: transformed,
            bias,
        }
    }

    /// The results, `[images, outputs, height, width]`, of images `[images, inputs, height, width]`; in the
    /// buffer `results`, whatever is in it.
    ///
    /// # Panics
    /// If `images` are no whole images, or the tail's sum has another length than the results.
    pub fn run(
        &self,
        images: &[f32],
        [height, width]: [usize; 2],
        tail: Tail<'_>,
        mut results: Vec<f32>,
    ) -> Vec<f32> {
        let (read, made) = (self.inputs * height * width, self.outputs * height * width);
        if read == 0 || made == 0 {
            return Vec::new();
        }
        assert!(images.len().is_multiple_of(read));
        results.resize(images.len() / read * made, 0.0);
        if let Some(sum) = tail.sum {
            assert_eq!(sum.len(), results.len());
        }
        let arch = Arch::new();
        SCRATCH.with_borrow_mut(|scratch| {
            let each = images
                .chunks_exact(read)
                .zip(results.chunks_exact_mut(made));
            for (at, (image, result)) in each.enumerate() {
                let sum = tail.sum.map(|sum| &sum[at * made..][..made]);
                arch.dispatch(Run {
                    convolution: self,
                    height,
                    width,
                    image,
                    to: Target {
                        height,
                        width,
                        tail: Tail { sum, ..tail },
                        result,
                    },
                    scratch,
                });
            }
        });
        results
    }
}

/// One image.
struct Run<'a> {
    convolution: &'a Convolution,
    height: usize,
    width: usize,
    image: &'a [f32],
    to: Target<'a>,
    scratch: &'a mut Scratch,
}

/// A place in a pair of rows.
#[derive(Clone, Copy)]
struct Column {
    pair: usize,
    x: usize,
}

/// Where its result goes.
struct Target<'a> {
    height: usize,
    width: usize,
    tail: Tail<'a>,
    result: &'a mut [f32],
}

impl WithSimd for Run<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let fits = |run: usize| {
            self.width.is_multiple_of(run) && (VECTORS * S::F32_LANES).is_multiple_of(run)
        };
        if fits(16) {
            self.in_runs::<S, 16>(simd);
        } else if fits(8) {
            self.in_runs::<S, 8>(simd);
        } else if fits(4) {
            self.in_runs::<S, 4>(simd);
        } else {
            self.in_runs::<S, 1>(simd);
        }
    }
}

impl Run<'_> {
    /// Moves columns in runs of `RUN`, which neither a row nor a panel cuts.
    #[inline(always)]
    fn in_runs<S: Simd, const RUN: usize>(mut self, simd: S) {
        let Convolution { inputs, .. } = *self.convolution;
        let panel = VECTORS * S::F32_LANES;
        let depth = inputs * TAPS;
        let columns = self.height.div_ceil(2) * self.width;
        let line = (panel.div_ceil(self.width) + 1) * (self.width + 2);
        let grow = |buffer: &mut Vec<f32>, len: usize| buffer.resize(buffer.len().max(len), 0.0);
        grow(&mut self.scratch.rows, PLANES * inputs * line);
        grow(&mut self.scratch.panel, PLANES * depth * panel);
        for first in (0..columns).step_by(panel) {
            let last = columns.min(first + panel);
            let column = Column {
                pair: first / self.width,
                x: first % self.width,
            };
            self.transform::<RUN>(first, last);
            self.fill::<RUN>(first, last, panel);
            let (vectors, _) = S::as_simd_f32s(&self.scratch.panel[..PLANES * depth * panel]);
            let (vectors, _) = vectors.as_chunks::<VECTORS>();
            let blocks = self.convolution.weights.chunks_exact(PLANES * depth);
            for (block, weights) in blocks.enumerate() {
                let mut sums = [[[simd.splat_f32s(0.0); VECTORS]; PLANES]; BLOCK];
                let planes = weights.chunks_exact(depth).zip(vectors.chunks_exact(depth));
                for (plane, (weights, vectors)) in planes.enumerate() {
                    products(simd, weights, vectors, plane, &mut sums);
                }
                let outputs = self.convolution.outputs - block * BLOCK;
                for (output, sums) in sums.iter().enumerate().take(outputs) {
                    let channel = block * BLOCK + output;
                    let bias = simd.splat_f32s(self.convolution.bias[channel]);
                    let mut pair = [[bias; VECTORS]; 2];
                    let [a, b, c, d] = sums;
                    for at in 0..VECTORS {
                        let (a, b, c, d) = (a[at], b[at], c[at], d[at]);
                        let upper = simd.add_f32s(a, simd.add_f32s(b, c));
                        let lower = simd.sub_f32s(simd.sub_f32s(b, c), d);
                        pair[0][at] = simd.add_f32s(upper, bias);
                        pair[1][at] = simd.add_f32s(lower, bias);
                    }
                    let pair = [cast_slice(&pair[0]), cast_slice(&pair[1])];
                    self.to.store::<RUN>(channel, column, last - first, pair);
                }
            }
        }
    }

    /// Transforms the rows that columns `first` to `last` are made of.
    #[inline(always)]
    fn transform<const RUN: usize>(&mut self, first: usize, last: usize) {
        let (height, width) = (self.height, self.width);
        let pairs = first / width..(last - 1) / width + 1;
        let (pitch, line) = (width + 2, pairs.len() * (width + 2));
        let inputs = self.convolution.inputs;
        let rows = &mut self.scratch.rows[..PLANES * inputs * line];
        for (input, image) in self.image.chunks_exact(height * width).enumerate() {
            for (at, pair) in pairs.clone().enumerate() {
                // Four rows of the image, from the one above the pair on.
                let row = |row: usize, x: usize| -> [f32; RUN] {
                    match (1..=height).contains(&(2 * pair + row)) {
                        true => run(&image[(2 * pair + row - 1) * width + x..]),
                        false => [0.0; RUN],
                    }
                };
                let to: [usize; PLANES] =
                    std::array::from_fn(|plane| (plane * inputs + input) * line + at * pitch);
                for x in (0..width).step_by(RUN) {
                    let [a, b, c, d] = [row(0, x), row(1, x), row(2, x), row(3, x)];
                    let planes: [[f32; RUN]; PLANES] = [
                        std::array::from_fn(|i| a[i] - c[i]),
                        std::array::from_fn(|i| b[i] + c[i]),
                        std::array::from_fn(|i| c[i] - b[i]),
                        std::array::from_fn(|i| b[i] - d[i]),
                    ];
                    for (to, plane) in to.iter().zip(planes) {
                        rows[to + 1 + x..][..RUN].copy_from_slice(&plane);
                    }
                }
                for to in to {
                    rows[to] = 0.0;
                    rows[to + pitch - 1] = 0.0;
                }
            }
        }
    }

    /// Puts the columns `first` to `last` into the panel, once for each tap.
    #[inline(always)]
    fn fill<const RUN: usize>(&mut self, first: usize, last: usize, panel: usize) {
        let width = self.width;
        let line = ((last - 1) / width + 1 - first / width) * (width + 2);
        let rows = self.scratch.rows.chunks_exact(line);
        let panels = self.scratch.panel.chunks_exact_mut(TAPS * panel);
        let planes = PLANES * self.convolution.inputs;
        for (row, taps) in rows.zip(panels).take(planes) {
            for (tap, to) in taps.chunks_exact_mut(panel).enumerate() {
                let (mut x, mut from) = (first % width, first % width + tap);
                let (to, _) = to[..last - first].as_chunks_mut::<RUN>();
                for to in to {
                    *to = run(&row[from..]);
                    (x, from) = (x + RUN, from + RUN);
                    if x == width {
                        (x, from) = (0, from + 2);
                    }
                }
            }
        }
    }
}

/// The first values.
#[inline(always)]
fn run<const RUN: usize>(values: &[f32]) -> [f32; RUN] {
    *values.first_chunk().expect("whole runs")
}

/// Matrix product of a plane and a block of outputs: of weights and columns, both by input and tap.
#[inline(always)]
fn products<S: Simd>(
    simd: S,
    weights: &[[f32; BLOCK]],
    columns: &[[S::f32s; VECTORS]],
    plane: usize,
    to: &mut [[[S::f32s; VECTORS]; PLANES]; BLOCK],
) {
    let mut sums = [[simd.splat_f32s(0.0); VECTORS]; BLOCK];
    for (weights, columns) in weights.iter().zip(columns) {
        for (sums, &weight) in sums.iter_mut().zip(weights) {
            let weight = simd.splat_f32s(weight);
            for (sum, &column) in sums.iter_mut().zip(columns) {
                *sum = simd.mul_add_f32s(weight, column, *sum);
            }
        }
    }
    for (to, sums) in to.iter_mut().zip(sums) {
        to[plane] = sums;
    }
}

impl Target<'_> {
    /// Stores `len` columns of both rows of a pair, from column `first` on, with what follows the convolution.
    #[inline(always)]
    fn store<const RUN: usize>(
        &mut self,
        channel: usize,
        first: Column,
        len: usize,
        pair: [&[f32]; 2],
    ) {
        let plane = self.height * self.width;
        let Column {
            pair: mut upper,
            mut x,
        } = first;
        for at in (0..len).step_by(RUN) {
            for (row, values) in pair.iter().enumerate() {
                let y = upper * 2 + row;
                if y < self.height {
                    let place = channel * plane + y * self.width + x;
                    self.put::<RUN>(place, run(&values[at..]));
                }
            }
            x += RUN;
            if x == self.width {
                (x, upper) = (0, upper + 1);
            }
        }
    }

    #[inline(always)]
    fn put<const RUN: usize>(&mut self, place: usize, mut values: [f32; RUN]) {
        if let Some(sum) = self.tail.sum {
            let sum: [f32; RUN] = run(&sum[place..]);
            values = std::array::from_fn(|i| values[i] + sum[i]);
        }
        if self.tail.relu {
            // Not `max`, which would make a number of what is none.
            values = values.map(|value| if value < 0.0 { 0.0 } else { value });
        }
        self.result[place..][..RUN].copy_from_slice(&values);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it is defined, in f64.
    fn defined(
        weights: &[f32],
        bias: &[f32],
        inputs: usize,
        image: &[f32],
        shape: [usize; 2],
    ) -> Vec<f64> {
        let [height, width] = shape;
        let mut result = Vec::new();
        for (output, weights) in weights.chunks_exact(inputs * 9).enumerate() {
            for y in 0..height {
                for x in 0..width {
                    let mut sum = f64::from(bias[output]);
                    for (at, weight) in weights.iter().enumerate() {
                        let (row, column) = (y + at / 3 % 3, x + at % 3);
                        if (1..=height).contains(&row) && (1..=width).contains(&column) {
                            let pixel = (at / 9 * height + row - 1) * width + column - 1;
                            sum += f64::from(*weight) * f64::from(image[pixel]);
                        }
                    }
                    result.push(sum);
                }
            }
        }
        result
    }

    #[test]
    fn is_the_convolution_as_it_is_defined_whatever_the_shape() {
        let mut random = fastrand::Rng::with_seed(1);
        let shapes = [
            (16, 16, [32, 32]),
            (32, 32, [16, 16]),
            (64, 64, [8, 8]),
            (3, 16, [32, 32]),
            (5, 9, [7, 7]),
            (5, 9, [1, 1]),
            (2, 3, [5, 40]),
            (1, 8, [3, 12]),
            (2, 17, [2, 1300]),
        ];
        for (inputs, outputs, shape) in shapes {
            let mut values =
                |count| -> Vec<f32> { (0..count).map(|_| random.f32() * 2.0 - 1.0).collect() };
            let (weights, bias) = (values(outputs * inputs * 9), values(outputs));
            let pixels = shape[0] * shape[1];
            let images = values(2 * inputs * pixels);
            let sum = values(2 * outputs * pixels);
            let convolution = Convolution::new(&weights, &bias, inputs, outputs);
            let expected: Vec<f64> = (images.chunks_exact(inputs * pixels))
                .flat_map(|image| defined(&weights, &bias, inputs, image, shape))
                .collect();
            for (summed, relu) in [(false, false), (false, true), (true, false), (true, true)] {
                let tail = Tail {
                    sum: summed.then_some(&sum[..]),
                    relu,
                };
                let got = convolution.run(&images, shape, tail, vec![f32::NAN; 100]);
                assert_eq!(got.len(), expected.len());
                for (at, (got, expected)) in got.iter().zip(&expected).enumerate() {
                    let mut expected = *expected;
                    if summed {
                        expected += f64::from(sum[at]);
                    }
                    if relu {
                        expected = expected.max(0.0);
                    }
                    let error = (f64::from(*got) - expected).abs();
                    assert!(
                        error < 1e-6 * (9 * inputs) as f64,
                        "{inputs} {shape:?} {at}: {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn vectors_of_any_length_give_the_same_bits() {
        let mut random = fastrand::Rng::with_seed(2);
        for (inputs, outputs, height, width) in [(16, 16, 8, 16), (5, 9, 7, 12), (3, 10, 5, 7)] {
            let mut values =
                |count| -> Vec<f32> { (0..count).map(|_| random.f32() * 2.0 - 1.0).collect() };
            let weights = values(outputs * inputs * 9);
            let image = values(inputs * height * width);
            let convolution = Convolution::new(&weights, &[], inputs, outputs);
            let mut result = vec![0.0; outputs * height * width];
            let to = Target {
                height,
                width,
                tail: Tail::default(),
                result: &mut result,
            };
            let one_by_one = Run {
                convolution: &convolution,
                height,
                width,
                image: &image,
                to,
                scratch: &mut Scratch::default(),
            };
            one_by_one.with_simd(pulp::Scalar::new());
            let shape = [height, width];
            let vectors = convolution.run(&image, shape, Tail::default(), Vec::new());
            assert_eq!(result, vectors);
        }
    }

    #[test]
    fn what_is_no_number_stays_none() {
        let convolution = Convolution::new(&[1.0; 9], &[], 1, 1);
        let tail = Tail {
            relu: true,
            ..Tail::default()
        };
        let result = convolution.run(&[f32::NAN; 4], [2, 2], tail, Vec::new());
        assert!(result.iter().all(|value| value.is_nan()));
        let none = convolution.run(&[], [0, 5], tail, Vec::new());
        assert!(none.is_empty());
    }
}
