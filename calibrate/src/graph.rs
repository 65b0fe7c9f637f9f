//! An ONNX graph: its tensors, who reads them, and which of them are skip connections.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use rten_onnx::onnx::{ModelProto, NodeProto, ValueInfoProto};

/// Nodes that join two branches.
const MERGES: [&str; 3] = ["Add", "Sum", "Concat"];
/// Nodes that hold weights: a skip connection has fewer of them than the branch that it skips.
const WEIGHTED: [&str; 4] = ["Conv", "ConvTranspose", "Gemm", "MatMul"];

/// Why a graph is refused.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum GraphError {
    #[error("{path}: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("{path} is no ONNX model: {reason}")]
    NotOnnx { path: String, reason: String },
    #[error("the network has {count} {what}: give a network with one image input and one output")]
    Ports { what: &'static str, count: usize },
    #[error(
        "the graph's nodes are not in the order of their data: {0:?} is read before it is made"
    )]
    Order(String),
    #[error("the graph makes the tensor {0:?} twice")]
    Twice(String),
    #[error(
        "no tensor {name:?} in the network; {}",
        if known.is_empty() { "it has no skip connections either".into() }
        else { format!("its skip connections are {}", known.join(", ")) }
    )]
    NoTensor { name: String, known: Vec<String> },
    #[error("the tensor {0:?} is named twice")]
    TapTwice(String),
    #[error("nothing reads the tensor {0:?}: there is no use in quantizing it")]
    Unread(String),
    #[error("the weights lie in files of their own: save the network as one file")]
    External,
    #[error("the network has a {0} node, which holds a graph of its own: export it without")]
    Control(String),
    #[error("the network cannot be written anew: {0}")]
    Write(String),
    #[error("the network has no skip connections: name the tensors to quantize with --tensors")]
    NoSkips,
}

/// Which readers of a tap get what came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reads {
    /// The skip connection alone: the block that it skips reads the tensor as it was made.
    Residual,
    /// Everything.
    All,
}

/// A node's input: (node, position).
pub(crate) type Edge = (usize, usize);

/// A network as its file has it.
pub struct Graph {
    pub(crate) proto: ModelProto,
    pub(crate) input: String,
    pub(crate) output: String,
    /// Node that makes a tensor.
    pub(crate) producer: HashMap<String, usize>,
    /// Who reads a tensor.
    readers: HashMap<String, Vec<Edge>>,
}

impl Graph {
    /// Reads a model.
    pub fn open(path: &Path) -> Result<Self, GraphError> {
        let bytes = std::fs::read(path).map_err(|error| GraphError::Read {
            path: path.display().to_string(),
            error,
        })?;
        let refused = |reason: String| GraphError::NotOnnx {
            path: path.display().to_string(),
            reason,
        };
        let proto = ModelProto::parse_buf(&bytes).map_err(|error| refused(error.to_string()))?;
        match &proto.graph {
            Some(graph) if !graph.node.is_empty() => Self::new(proto),
            _ => Err(refused("it holds no graph".into())),
        }
    }

    /// Looks a model through.
    fn new(proto: ModelProto) -> Result<Self, GraphError> {
        let graph = proto.graph.as_ref().expect("checked by the caller");
        if graph
            .initializer
            .iter()
            .any(|t| !t.external_data.is_empty())
        {
            return Err(GraphError::External);
        }
        let constants: BTreeSet<&str> = (graph.initializer.iter())
            .filter_map(|tensor| tensor.name.as_deref())
            .collect();
        let names = |ports: &[ValueInfoProto]| -> Vec<String> {
            ports.iter().filter_map(|port| port.name.clone()).collect()
        };
        let mut inputs = names(&graph.input);
        inputs.retain(|name| !constants.contains(&**name));
        let one = |what, names: Vec<String>| match <[String; 1]>::try_from(names) {
            Ok([name]) => Ok(name),
            Err(names) => Err(GraphError::Ports {
                what,
                count: names.len(),
            }),
        };
        let input = one("inputs", inputs)?;
        let output = one("outputs", names(&graph.output))?;

        let mut producer = HashMap::new();
        let mut readers: HashMap<String, Vec<Edge>> = HashMap::new();
        for (node, proto) in graph.node.iter().enumerate() {
            if proto
                .attribute
                .iter()
                .any(|attribute| attribute.g.is_some())
            {
                return Err(GraphError::Control(kind(proto).to_owned()));
            }
            for (position, name) in proto.input.iter().enumerate() {
                let known = name.is_empty()
                    || *name == input
                    || constants.contains(&**name)
                    || producer.contains_key(name);
                if !known {
                    return Err(GraphError::Order(name.clone()));
                }
                readers
                    .entry(name.clone())
                    .or_default()
                    .push((node, position));
            }
            for name in proto.output.iter().filter(|name| !name.is_empty()) {
                if producer.insert(name.clone(), node).is_some() {
                    return Err(GraphError::Twice(name.clone()));
                }
            }
        }
        if !producer.contains_key(&output) {
            return Err(GraphError::Order(output));
        }
        Ok(Self {
            input,
            output,
            producer,
            readers,
            proto,
        })
    }

    pub(crate) fn nodes(&self) -> &[NodeProto] {
        &self.proto.graph.as_ref().expect("checked when made").node
    }

    pub(crate) fn readers_of(&self, name: &str) -> &[Edge] {
        self.readers.get(name).map_or(&[], |edges| edges)
    }

    /// Names of the skip connections, in the order in which they are made.
    ///
    /// A tensor is one where two ways from it meet again in a node that adds or concatenates, and
    /// one way has fewer nodes with weights than the other.
    pub fn skips(&self) -> Vec<String> {
        let outputs = self.nodes().iter().flat_map(|node| &node.output);
        outputs
            .filter(|name| !self.skip_edges(name).is_empty())
            .cloned()
            .collect()
    }

    /// The readers of a tensor that begin a skip connection; none where the tensor is no skip.
    pub(crate) fn skip_edges(&self, name: &str) -> Vec<Edge> {
        let first = self.readers_of(name);
        if first.len() < 2 {
            return Vec::new();
        }
        // For each tensor that descends from `name`: the least weighted nodes on the way, and the
        // readers of `name` that lead to it.
        let mut ways: HashMap<&str, (usize, BTreeSet<Edge>)> = HashMap::new();
        let start = self.producer.get(name).map_or(0, |node| node + 1);
        for (node, proto) in self.nodes().iter().enumerate().skip(start) {
            let mut least: Option<usize> = None;
            let mut edges = BTreeSet::new();
            let mut arms: Vec<(usize, BTreeSet<Edge>)> = Vec::new();
            for (position, input) in proto.input.iter().enumerate() {
                let arm = if input == name {
                    (0, BTreeSet::from([(node, position)]))
                } else if let Some(way) = ways.get(&**input) {
                    way.clone()
                } else {
                    continue;
                };
                least = Some(least.map_or(arm.0, |least| least.min(arm.0)));
                edges.extend(&arm.1);
                arms.push(arm);
            }
            let Some(least) = least else {
                continue;
            };
            if MERGES.contains(&kind(proto))
                && let [a, b] = &arms[..]
                && a.0 != b.0
                && a.1 != b.1
            {
                let (skip, branch) = if a.0 < b.0 { (a, b) } else { (b, a) };
                return skip.1.difference(&branch.1).copied().collect();
            }
            let weights = least + usize::from(WEIGHTED.contains(&kind(proto)));
            for output in &proto.output {
                ways.insert(output, (weights, edges.clone()));
            }
        }
        Vec::new()
    }

    /// The tensors of these names in the order in which they are made; without names, the skip
    /// connections.
    pub fn taps(&self, names: &[String]) -> Result<Vec<String>, GraphError> {
        let skips = self.skips();
        if names.is_empty() {
            return match skips.is_empty() {
                true => Err(GraphError::NoSkips),
                false => Ok(skips),
            };
        }
        let mut taps = BTreeMap::new();
        for name in names {
            let Some(&node) = self.producer.get(name) else {
                return Err(GraphError::NoTensor {
                    name: name.clone(),
                    known: skips,
                });
            };
            if self.readers_of(name).is_empty() {
                return Err(GraphError::Unread(name.clone()));
            }
            let position = self.nodes()[node].output.iter().position(|o| o == name);
            if taps.insert((node, position), name.clone()).is_some() {
                return Err(GraphError::TapTwice(name.clone()));
            }
        }
        Ok(taps.into_values().collect())
    }

    /// Lengths of the input's axes behind the first; `None` where the file leaves one open.
    pub(crate) fn image_shape(&self) -> Option<Vec<usize>> {
        let graph = self.proto.graph.as_ref()?;
        let name = Some(&self.input);
        let input = (graph.input.iter()).find(|input| input.name.as_ref() == name)?;
        let tensor = input.r#type.as_ref()?.tensor_type.as_ref()?;
        let axes = tensor.shape.as_ref()?.dim.iter().skip(1);
        axes.map(|axis| usize::try_from(axis.dim_value?).ok())
            .collect()
    }
}

/// What a node does.
pub(crate) fn kind(node: &NodeProto) -> &str {
    node.op_type.as_deref().unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests {
    use rten_onnx::onnx::GraphProto;

    use super::*;

    /// A graph of lines "output = Op a b".
    pub(crate) fn graph(lines: &[&str]) -> Result<Graph, GraphError> {
        let port = |name: &str| ValueInfoProto {
            name: Some(name.into()),
            ..ValueInfoProto::default()
        };
        let nodes = lines.iter().map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let output = words.next().unwrap();
            assert_eq!(words.next().as_deref(), Some("="));
            NodeProto {
                op_type: words.next(),
                input: words.collect(),
                output: vec![output],
                ..NodeProto::default()
            }
        });
        Graph::new(ModelProto {
            graph: Some(GraphProto {
                node: nodes.collect(),
                input: vec![port("image")],
                output: vec![port("out")],
                ..GraphProto::default()
            }),
            ..ModelProto::default()
        })
    }

    pub(crate) const RESIDUAL: [&str; 11] = [
        "a = Conv image",
        "s0 = Relu a",
        "b = Conv s0",
        "c = Add b s0",
        "s1 = Relu c",
        "d = Conv s1",
        "e = Relu d",
        "f = Conv e",
        "p = Conv s1", // a projection, with fewer weights than the branch
        "g = Add f p",
        "out = Relu g",
    ];

    const ENCODER_DECODER: [&str; 9] = [
        "e1 = Conv image",
        "p1 = MaxPool e1",
        "e2 = Conv p1",
        "p2 = MaxPool e2",
        "low = Conv p2",
        "u2 = ConvTranspose low",
        "c2 = Concat u2 e2",
        "u1 = ConvTranspose c2",
        "out = Concat e1 u1",
    ];

    #[test]
    fn skips_are_found() {
        assert_eq!(graph(&RESIDUAL).unwrap().skips(), ["s0", "s1"]);
        assert_eq!(graph(&ENCODER_DECODER).unwrap().skips(), ["e1", "e2"]);
        let plain = graph(&["a = Conv image", "out = Relu a"]).unwrap();
        assert!(plain.skips().is_empty());
        assert!(matches!(plain.taps(&[]), Err(GraphError::NoSkips)));
    }

    #[test]
    fn wrong_names_and_graphs_are_told() {
        let graph_of = graph;
        let graph = graph_of(&RESIDUAL).unwrap();
        let error = graph.taps(&["s7".into()]).unwrap_err().to_string();
        assert!(error.contains("s7") && error.contains("s0, s1"), "{error}");
        let twice = graph.taps(&["b".into(), "b".into()]);
        assert!(matches!(twice, Err(GraphError::TapTwice(_))));
        assert!(matches!(
            graph.taps(&["out".into()]),
            Err(GraphError::Unread(_))
        ));
        let names = graph.taps(&["s1".into(), "b".into()]).unwrap();
        assert_eq!(names, ["b", "s1"]);
        assert!(matches!(
            graph_of(&["out = Relu x"]),
            Err(GraphError::Order(_))
        ));
        let twice = graph_of(&["out = Relu image", "out = Relu image"]);
        assert!(matches!(twice, Err(GraphError::Twice(_))));
    }
}
