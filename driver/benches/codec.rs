//! Throughput of the fast codec on real activations, in samples a second on one core.
//!
//! `cargo bench -p dqa-driver` prints criterion's figures for the codec and for copying the same
//! samples, then the comparison with general compressors that [`dqa_driver::bench`] makes.

#[path = "../tests/common/activations.rs"]
mod activations;

use std::hint::black_box;
use std::time::Duration;

use activations::Tensor;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use dqa_driver::bench::measure;
use dqa_driver::codec::Prepared;

/// n, m, S, paper mode.
const SETTINGS: [(u8, u8, u8, bool); 5] = [
    (4, 3, 4, false),
    (3, 1, 4, false),
    (4, 3, 4, true),
    (4, 3, 8, false),
    (4, 3, 1, false),
];
const TENSORS: [&str; 6] = ["00", "04", "07", "09", "11", "14"];

fn label((bits, extra, lanes, paper): (u8, u8, u8, bool)) -> String {
    let mode = if paper { "paper" } else { "joint" };
    format!("n={bits} m={extra} S={lanes} {mode}")
}

fn codec(criterion: &mut Criterion) {
    for name in TENSORS {
        let tensor = Tensor::load(name);
        let run = tensor.run();
        let mut group = criterion.benchmark_group(format!("shortcut{name}"));
        group.throughput(Throughput::Elements(tensor.samples.len() as u64));
        let settings = if name == "00" {
            &SETTINGS[..]
        } else {
            &SETTINGS[..1]
        };
        for &setting in settings {
            let (bits, extra, lanes, paper) = setting;
            let prepared = Prepared::new(tensor.context(bits, extra, lanes, paper));
            let (mut payload, mut samples) = (Vec::new(), Vec::new());
            group.bench_function(BenchmarkId::new("encode", label(setting)), |bencher| {
                bencher.iter(|| {
                    payload.clear();
                    prepared.encode(&run, black_box(&tensor.samples), &mut payload)
                });
            });
            payload.clear();
            prepared
                .encode(&run, &tensor.samples, &mut payload)
                .unwrap();
            group.bench_function(BenchmarkId::new("decode", label(setting)), |bencher| {
                bencher.iter(|| {
                    samples.clear();
                    prepared.decode(&run, black_box(&payload), &mut samples)
                });
            });
        }
        let mut copy = tensor.samples.clone();
        group.bench_function("memcpy", |bencher| {
            bencher.iter(|| {
                copy.copy_from_slice(black_box(&tensor.samples));
                black_box(&mut copy);
            });
        });
        group.finish();
    }
}

fn comparison(_: &mut Criterion) {
    for name in TENSORS {
        let tensor = Tensor::load(name);
        let settings = if name == "00" {
            &SETTINGS[..]
        } else {
            &SETTINGS[..1]
        };
        for &setting in settings {
            let (bits, extra, lanes, paper) = setting;
            let context = tensor.context(bits, extra, lanes, paper);
            let report = measure(
                &context,
                &tensor.run(),
                &tensor.samples,
                Duration::from_millis(300),
            );
            let report = report.expect("the tables hold every symbol of the tensor");
            println!("shortcut{name} {}", label(setting));
            for entry in [&report.dqa, &report.memcpy]
                .into_iter()
                .chain(&report.compressors)
            {
                println!(
                    "  {:30} {:5.2} bits  encode {:6.0} M/s, {:.3} of memcpy  decode {:6.0} M/s, {:.3} of memcpy",
                    entry.name,
                    8.0 * entry.bytes as f64 / report.samples as f64,
                    entry.encode / 1e6,
                    entry.encode_of_memcpy,
                    entry.decode / 1e6,
                    entry.decode_of_memcpy,
                );
            }
        }
    }
}

fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

criterion_group!(name = codec_group; config = short(); targets = codec);
criterion_group!(comparison_group, comparison);
criterion_main!(codec_group, comparison_group);
