//! Small networks with random weights, and random images to run through them.

// Each test file uses its part.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use dqa_calibrate::dataset::Dataset;
use dqa_calibrate::graph::Reads;
use dqa_calibrate::network::Network;
use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataType, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, ValueInfoProto,
};
use tempfile::TempDir;

/// Classes that all networks here tell apart.
pub const CLASSES: usize = 5;

/// Writes a network node by node.
pub struct Builder {
    rng: fastrand::Rng,
    graph: GraphProto,
}

impl Builder {
    /// A network of one image input, whose weights come from `seed`.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            graph: GraphProto {
                input: vec![port("image")],
                ..GraphProto::default()
            },
        }
    }

    /// `output = kind(inputs)`, with attributes that are lists of integers, or one.
    pub fn node(
        &mut self,
        output: &str,
        kind: &str,
        inputs: &[&str],
        lists: &[(&str, &[i64])],
        ints: &[(&str, i64)],
    ) {
        let lists = lists.iter().map(|(name, list)| AttributeProto {
            name: Some((*name).into()),
            ints: list.to_vec(),
            r#type: Some(AttributeType::INTS),
            ..AttributeProto::default()
        });
        let ints = ints.iter().map(|&(name, int)| AttributeProto {
            name: Some(name.into()),
            i: Some(int),
            r#type: Some(AttributeType::INT),
            ..AttributeProto::default()
        });
        self.graph.node.push(NodeProto {
            op_type: Some(kind.into()),
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.to_owned()],
            attribute: lists.chain(ints).collect(),
            ..NodeProto::default()
        });
    }

    /// A node without attributes.
    pub fn plain(&mut self, output: &str, kind: &str, inputs: &[&str]) {
        self.node(output, kind, inputs, &[], &[]);
    }

    /// Random values of a scale for sums of `fan_in` of them.
    pub fn weights(&mut self, name: &str, dims: &[i64], fan_in: i64) {
        let count = dims.iter().product::<i64>();
        let scale = (3.0 / fan_in as f32).sqrt();
        let data = (0..count).map(|_| (2.0 * self.rng.f32() - 0.9) * scale);
        self.graph.initializer.push(TensorProto {
            dims: dims.to_vec(),
            data_type: Some(DataType::FLOAT),
            float_data: data.collect(),
            name: Some(name.to_owned()),
            ..TensorProto::default()
        });
    }

    /// A convolution 3 x 3 with a bias.
    pub fn conv(&mut self, output: &str, input: &str, (from, to): (i64, i64), stride: i64) {
        let (weight, bias) = (format!("{output}.weight"), format!("{output}.bias"));
        self.weights(&weight, &[to, from, 3, 3], 9 * from);
        self.weights(&bias, &[to], 9);
        self.node(
            output,
            "Conv",
            &[input, &weight, &bias],
            &[
                ("kernel_shape", &[3, 3]),
                ("pads", &[1, 1, 1, 1]),
                ("strides", &[stride, stride]),
            ],
            &[],
        );
    }

    /// A convolution 3 x 3 of each channel alone, without a bias.
    pub fn grouped(&mut self, output: &str, input: &str, channels: i64) {
        let weight = format!("{output}.weight");
        self.weights(&weight, &[channels, 1, 3, 3], 9);
        self.node(
            output,
            "Conv",
            &[input, &weight],
            &[("kernel_shape", &[3, 3]), ("pads", &[1, 1, 1, 1])],
            &[("group", channels)],
        );
    }

    /// A transposed convolution 2 x 2 that doubles height and width.
    pub fn up(&mut self, output: &str, input: &str, (from, to): (i64, i64)) {
        let weight = format!("{output}.weight");
        self.weights(&weight, &[from, to, 2, 2], from);
        self.node(
            output,
            "ConvTranspose",
            &[input, &weight],
            &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])],
            &[],
        );
    }

    /// A linear layer.
    pub fn linear(&mut self, output: &str, input: &str, (from, to): (i64, i64)) {
        let weight = format!("{output}.weight");
        self.weights(&weight, &[to, from], from);
        self.node(output, "Gemm", &[input, &weight], &[], &[("transB", 1)]);
    }

    /// Writes the file; `outputs` are the network's.
    pub fn write(mut self, path: &Path, outputs: &[&str]) {
        self.graph.output = outputs.iter().map(|name| port(name)).collect();
        let model = ModelProto {
            ir_version: Some(8),
            graph: Some(self.graph),
            opset_import: vec![OperatorSetIdProto {
                domain: None,
                version: Some(13),
            }],
            ..ModelProto::default()
        };
        fs::write(path, model.write_buf().unwrap()).unwrap();
    }
}

fn port(name: &str) -> ValueInfoProto {
    ValueInfoProto {
        name: Some(name.to_owned()),
        ..ValueInfoProto::default()
    }
}

/// Two residual blocks, the second one with a projection: skip connections s0 (6 x 16 x 16) and
/// s1, which is signed.
pub fn residual(path: &Path) {
    let mut net = Builder::new(1);
    net.conv("stem", "image", (3, 6), 2);
    net.plain("s0", "Relu", &["stem"]);
    net.conv("a", "s0", (6, 6), 1);
    net.plain("ar", "Relu", &["a"]);
    net.conv("b", "ar", (6, 6), 1);
    net.plain("s1", "Add", &["b", "s0"]);
    net.conv("c", "s1", (6, 8), 2);
    net.plain("cr", "Relu", &["c"]);
    net.conv("d", "cr", (8, 8), 1);
    net.conv("project", "s1", (6, 8), 2);
    net.plain("sum", "Add", &["project", "d"]);
    net.plain("last", "Relu", &["sum"]);
    net.plain("pooled", "GlobalAveragePool", &["last"]);
    net.plain("flat", "Flatten", &["pooled"]);
    net.linear("logits", "flat", (8, CLASSES as i64));
    net.write(path, &["logits"]);
}

/// A U-Net of two levels, with a class for each pixel: skip connections e1 (4 x 32 x 32) and
/// e2 (6 x 16 x 16).
pub fn encoder_decoder(path: &Path) {
    let pool: [(&str, &[i64]); 2] = [("kernel_shape", &[2, 2]), ("strides", &[2, 2])];
    let mut net = Builder::new(2);
    net.conv("e1c", "image", (3, 4), 1);
    net.plain("e1", "Relu", &["e1c"]);
    net.node("p1", "MaxPool", &["e1"], &pool, &[]);
    net.conv("e2c", "p1", (4, 6), 1);
    net.plain("e2", "Relu", &["e2c"]);
    net.node("p2", "MaxPool", &["e2"], &pool, &[]);
    net.conv("low", "p2", (6, 8), 1);
    net.up("u2", "low", (8, 6));
    net.node("c2", "Concat", &["u2", "e2"], &[], &[("axis", 1)]);
    net.conv("d2", "c2", (12, 6), 1);
    net.up("u1", "d2", (6, 4));
    net.node("c1", "Concat", &["e1", "u1"], &[], &[("axis", 1)]);
    net.conv("logits", "c1", (8, CLASSES as i64), 1);
    net.write(path, &["logits"]);
}

/// Images of soft blobs, in the binary format of CIFAR-10.
pub fn images(path: &Path, count: usize, seed: u64) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut bytes = Vec::new();
    for _ in 0..count {
        bytes.push(rng.u8(..CLASSES as u8));
        for _ in 0..3 {
            let (x, y, size) = (rng.f32() * 32.0, rng.f32() * 32.0, 3.0 + 9.0 * rng.f32());
            let plane = (0..1024).map(|at| {
                let far = ((at % 32) as f32 - x).hypot((at / 32) as f32 - y);
                (200.0 * (-far / size).exp() + 40.0 * rng.f32()) as u8
            });
            bytes.extend(plane);
        }
    }
    fs::write(path, bytes).unwrap();
}

/// A folder with a network and images.
pub struct Setup {
    pub folder: TempDir,
    pub network: PathBuf,
    pub images: PathBuf,
}

impl Setup {
    /// Some images for a network that `write` writes.
    pub fn new(write: impl FnOnce(&Path), count: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let network = folder.path().join("net.onnx");
        let images_path = folder.path().join("images.bin");
        write(&network);
        images(&images_path, count, 5);
        Self {
            folder,
            network,
            images: images_path,
        }
    }

    pub fn dataset(&self) -> Dataset {
        Dataset::cifar10(&self.images).unwrap()
    }

    pub fn open(&self, tensors: &[&str], reads: Reads) -> Network {
        let tensors: Vec<String> = tensors.iter().map(|&name| name.to_owned()).collect();
        Network::open(&self.network, &tensors, reads, &[3, 32, 32], 2).unwrap()
    }
}
