//! A network cut at its taps computes what it computes in one piece, bit for bit, and what the engine
//! computes of the whole file, but for rounding.

mod common;

use std::path::Path;

use common::{Builder, Setup, encoder_decoder, residual};
use dqa_calibrate::graph::Reads;
use dqa_calibrate::network::{Network, NetworkError};
use rten::{Model, Value};

/// The outputs of the file as it is, by the engine alone.
fn uncut(path: &Path, pixels: &[f32]) -> Vec<f32> {
    let model = Model::load_file(path).unwrap();
    let image = Value::from_shape([pixels.len() / 3072, 3, 32, 32], pixels.to_vec()).unwrap();
    let output = model.run_one(image.into(), None).unwrap();
    output.into_tensor::<f32>().unwrap().into_data()
}

/// ResNet-32, which the project carries.
fn resnet32() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../tests/data/resnet32-cifar10.onnx"
    ))
}

/// Whether outputs differ by no more than rounding.
fn assert_near(outputs: &[f32], expected: &[f32]) {
    assert_eq!(outputs.len(), expected.len());
    let largest = expected
        .iter()
        .fold(1.0f32, |most, value| most.max(value.abs()));
    let apart = outputs.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let apart = apart.fold(0.0f32, f32::max);
    assert!(apart < 1e-5 * largest, "{apart} apart, of up to {largest}");
}

fn assert_cut_equals_uncut(setup: &Setup, path: &Path, tensors: &[&str], taps: &[&str]) {
    let dataset = setup.dataset();
    let pixels = dataset.pixels(0..3);
    let expected = uncut(path, &pixels);
    for reads in [Reads::Residual, Reads::All] {
        let tensors: Vec<String> = tensors.iter().map(|&name| name.to_owned()).collect();
        let network = Network::open(path, &tensors, reads, &[3, 32, 32], 1).unwrap();
        let names: Vec<&str> = network.taps().iter().map(|tap| &*tap.name).collect();
        assert_eq!(names, taps);
        let mut flight = network.start(&pixels).unwrap();
        let mut rests = Vec::new();
        for tap in 0..names.len() {
            let made = network.made(&flight, tap).to_vec();
            rests.push(network.rest(&flight, tap, &made).unwrap());
            network.resume(&mut flight, tap, made).unwrap();
        }
        let output = network.output(&flight);
        assert!(rests.iter().all(|rest| rest == output));
        assert_near(output, &expected);
    }
}

#[test]
fn a_residual_network() {
    let setup = Setup::new(residual, 3);
    assert_cut_equals_uncut(&setup, &setup.network, &[], &["s0", "s1"]);
    let named = ["cr", "stem", "s1"];
    assert_cut_equals_uncut(&setup, &setup.network, &named, &["stem", "s1", "cr"]);
}

#[test]
fn an_encoder_and_decoder() {
    let setup = Setup::new(encoder_decoder, 3);
    assert_cut_equals_uncut(&setup, &setup.network, &[], &["e1", "e2"]);
}

/// Convolutions with all that keeps what follows them from being done at once with them: results that
/// are read twice, added to themselves, to what is broadcast, to what comes later, or to a constant; and
/// those that are not of stride 1, with padding, in one group.
fn entangled(path: &Path) {
    let mut net = Builder::new(3);
    net.conv("a", "image", (3, 8), 1);
    net.plain("a2", "Add", &["a", "a"]);
    net.conv("b", "a2", (8, 8), 1);
    net.plain("br", "Relu", &["b"]);
    net.plain("b2", "Add", &["b", "br"]);
    net.conv("c", "b2", (8, 8), 1);
    net.plain("pooled", "GlobalAveragePool", &["b2"]);
    net.plain("c2", "Add", &["pooled", "c"]);
    net.plain("c3", "Relu", &["c2"]);
    net.conv("d", "c3", (8, 8), 1);
    net.plain("later", "Sigmoid", &["c3"]);
    net.plain("d2", "Add", &["d", "later"]);
    net.conv("e", "pooled", (8, 8), 1);
    net.plain("e2", "Add", &["e", "d2"]);
    net.plain("e3", "Relu", &["e2"]);
    net.conv("f", "e3", (8, 8), 1);
    net.weights("offset", &[8, 1, 1], 8);
    net.plain("f2", "Add", &["f", "offset"]);
    net.conv("g", "f2", (8, 8), 2);
    net.grouped("h", "g", 8);
    net.conv("i", "h", (8, 8), 1);
    net.plain("i2", "Add", &["i", "g"]);
    net.plain("ends", "GlobalAveragePool", &["i2"]);
    net.plain("flat", "Flatten", &["ends"]);
    net.linear("logits", "flat", (8, common::CLASSES as i64));
    net.write(path, &["logits"]);
}

#[test]
fn convolutions_whose_results_are_needed_elsewhere() {
    let setup = Setup::new(entangled, 3);
    let skips = ["b2", "pooled", "c3", "g"];
    assert_cut_equals_uncut(&setup, &setup.network, &[], &skips);
    let all = [
        "a", "a2", "b", "br", "b2", "c", "pooled", "c2", "c3", "d", "later", "d2", "e", "e2", "e3",
        "f", "f2", "g", "h", "i", "i2",
    ];
    for tap in all {
        assert_cut_equals_uncut(&setup, &setup.network, &[tap], &[tap]);
    }
    assert_cut_equals_uncut(&setup, &setup.network, &all, &all);
}

#[test]
fn resnet_32() {
    let setup = Setup::new(residual, 3);
    let taps: Vec<String> = (0..15).map(|tap| format!("shortcut{tap:02}")).collect();
    let taps: Vec<&str> = taps.iter().map(|name| &**name).collect();
    assert_cut_equals_uncut(&setup, resnet32(), &[], &taps);
}

/// What is given back goes to the skip connection alone, or to all readers, and what follows sees
/// it, whether it runs part by part or in one go.
#[test]
fn what_comes_back_is_read_by_those_who_should() {
    let setup = Setup::new(residual, 2);
    let pixels = setup.dataset().pixels(0..2);
    let mut outputs = Vec::new();
    for reads in [Reads::Residual, Reads::All] {
        let network = setup.open(&[], reads);
        let mut flight = network.start(&pixels).unwrap();
        let halved: Vec<f32> = network.made(&flight, 0).iter().map(|x| x / 2.0).collect();
        let rest = network.rest(&flight, 0, &halved).unwrap();
        network.resume(&mut flight, 0, halved.clone()).unwrap();
        // s1 = b(s0) + s0 / 2 where the branch b reads s0 as it was made.
        let s1 = network.made(&flight, 1).to_vec();
        network.pass(&mut flight, 1).unwrap();
        assert_eq!(network.output(&flight), rest);
        let whole = setup.open(&["b", "s1"], Reads::All);
        let mut flight = whole.start(&pixels).unwrap();
        let branch = whole.made(&flight, 0).to_vec();
        whole.pass(&mut flight, 0).unwrap();
        let sums = branch.iter().zip(&halved).zip(&s1);
        let residual = sums.into_iter().all(|((b, half), s1)| b + half == *s1);
        assert_eq!(residual, reads == Reads::Residual);
        outputs.push(rest);
    }
    assert_ne!(outputs[0], outputs[1]);
}

fn refusal(write: impl FnOnce(&Path), tensors: &[&str], image: &[usize]) -> String {
    let setup = Setup::new(write, 1);
    let tensors: Vec<String> = tensors.iter().map(|&name| name.to_owned()).collect();
    let opened = Network::open(&setup.network, &tensors, Reads::Residual, image, 1);
    let error: NetworkError = opened.err().expect("refused");
    error.to_string()
}

#[test]
fn networks_that_do_not_fit_are_refused() {
    const IMAGE: [usize; 3] = [3, 32, 32];
    let two_outputs = |path: &Path| {
        let mut net = Builder::new(1);
        net.conv("a", "image", (3, 4), 1);
        net.conv("b", "a", (4, 4), 1);
        net.write(path, &["a", "b"]);
    };
    let plain = |path: &Path| {
        let mut net = Builder::new(1);
        net.conv("a", "image", (3, 4), 1);
        net.plain("b", "Relu", &["a"]);
        net.write(path, &["b"]);
    };
    let unknown = |path: &Path| {
        let mut net = Builder::new(1);
        net.conv("a", "image", (3, 4), 1);
        net.plain("b", "Frobnicate", &["a"]);
        net.write(path, &["b"]);
    };
    let no_planes = |path: &Path| {
        let mut net = Builder::new(1);
        net.plain("a", "Relu", &["image"]);
        net.plain("shape", "Shape", &["a"]);
        net.plain("b", "Relu", &["a"]);
        net.plain("c", "Reshape", &["b", "shape"]);
        net.write(path, &["c"]);
    };
    for (told, refusal) in [
        ("2 outputs", refusal(two_outputs, &[], &IMAGE)),
        ("no skip connections", refusal(plain, &[], &IMAGE)),
        ("no tensor \"x\"", refusal(plain, &["x"], &IMAGE)),
        ("nothing reads", refusal(plain, &["b"], &IMAGE)),
        ("Frobnicate", refusal(unknown, &["a"], &IMAGE)),
        (
            "skip connections are s0, s1",
            refusal(residual, &["x"], &IMAGE),
        ),
        ("float32", refusal(no_planes, &["shape"], &IMAGE)),
        ("engine", refusal(residual, &[], &[1, 32, 32])),
    ] {
        assert!(refusal.contains(told), "{refusal:?} does not tell {told:?}");
    }
    let not_onnx = |path: &Path| std::fs::write(path, b"no network").unwrap();
    let told = refusal(not_onnx, &[], &IMAGE);
    assert!(told.contains("net.onnx is no ONNX model"), "{told}");
    let opened = Network::open(resnet32(), &[], Reads::Residual, &[3, 64, 64], 1);
    let told = opened.err().expect("refused").to_string();
    assert!(
        told.contains("[3, 32, 32]") && told.contains("[3, 64, 64]"),
        "{told}"
    );
}
