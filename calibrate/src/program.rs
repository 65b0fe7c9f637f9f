//! A part of a network as steps: convolutions that are run [here](crate::convolution), each with the
//! addition and the rectifier behind it, and what lies between them, which rten runs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rten_onnx::onnx::{DataType, NodeProto, TensorProto};

use crate::convolution::Convolution;
use crate::graph::kind;

/// What is done in one go. Tensors that go from step to step are ports, by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// What is done.
    pub work: Work,
    /// Ports that no later step reads.
    pub ends: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// A convolution, by number.
    Convolution {
        /// Which one.
        which: usize,
        /// Of this port.
        image: usize,
        /// To which this one is added.
        sum: Option<usize>,
        /// What is negative becomes 0 then.
        relu: bool,
        /// Makes this port.
        makes: usize,
    },
    /// What rten runs.
    Rten {
        /// Names under which it reads, and the ports whose tensors are read.
        reads: Vec<(usize, usize)>,
        /// What it makes.
        makes: Vec<usize>,
    },
}

impl Work {
    fn reads(&self) -> Vec<usize> {
        match self {
            Self::Convolution { image, sum, .. } => sum.iter().chain([image]).copied().collect(),
            Self::Rten { reads, .. } => reads.iter().map(|&(_, port)| port).collect(),
        }
    }
}

/// Makes programs of a graph's nodes, which stand in the order of their data.
pub(crate) struct Planner<'a> {
    nodes: &'a [NodeProto],
    maker: HashMap<&'a str, usize>,
    /// By node: the same for every image.
    constant: &'a [bool],
    /// Convolutions by their node.
    own: BTreeMap<usize, usize>,
    /// Names of ports.
    ports: Vec<String>,
}

/// What is to be planned.
struct Plan<'a> {
    given: &'a BTreeSet<&'a str>,
    wanted: &'a BTreeSet<&'a str>,
    /// Nodes that are run, in their order.
    needed: Vec<usize>,
    /// Which of those read a tensor, under whatever name.
    readers: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Planner<'a> {
    /// A planner, and the convolutions that are run here. `ports` are the names that have numbers already.
    pub fn new(
        nodes: &'a [NodeProto],
        constant: &'a [bool],
        initializers: &[TensorProto],
        ports: Vec<String>,
    ) -> (Self, Vec<Convolution>) {
        let maker = nodes.iter().enumerate().flat_map(|(node, proto)| {
            let names = proto.output.iter();
            names.map(move |name| (&**name, node))
        });
        let (mut own, mut convolutions) = (BTreeMap::new(), Vec::new());
        for (node, proto) in nodes.iter().enumerate() {
            if !constant[node]
                && let Some(convolution) = convolution(proto, initializers)
            {
                own.insert(node, convolutions.len());
                convolutions.push(convolution);
            }
        }
        let planner = Self {
            nodes,
            maker: maker.collect(),
            constant,
            own,
            ports,
        };
        (planner, convolutions)
    }

    /// Names of all ports there are by now.
    pub fn into_ports(self) -> Vec<String> {
        self.ports
    }

    /// The number of a tensor.
    fn port(&mut self, name: &str) -> usize {
        match self.ports.iter().position(|port| port == name) {
            Some(port) => port,
            None => {
                self.ports.push(name.to_owned());
                self.ports.len() - 1
            }
        }
    }

    /// What makes a tensor, where it is not the same for every image.
    fn maker(&self, name: &str) -> Option<usize> {
        let maker = self.maker.get(name).copied();
        maker.filter(|&node| !self.constant[node])
    }

    /// The steps that make the tensors `wanted` of those `given`.
    pub fn program(&mut self, given: &[String], wanted: &[String]) -> Vec<Step> {
        let given: BTreeSet<&str> = given.iter().map(|name| &**name).collect();
        let wanted: BTreeSet<&str> = wanted.iter().map(|name| &**name).collect();
        let plan = self.plan(&given, &wanted);
        let (mut steps, mut together) = (Vec::new(), Vec::new());
        let mut done = HashSet::new();
        for &node in &plan.needed {
            if done.contains(&node) {
                continue;
            }
            let Some(&which) = self.own.get(&node) else {
                together.push(node);
                continue;
            };
            steps.extend(self.together(&plan, &std::mem::take(&mut together), &done));
            steps.push(self.convolution(&plan, node, which, &mut done));
        }
        steps.extend(self.together(&plan, &together, &done));
        let wanted: Vec<usize> = wanted.iter().map(|name| self.port(name)).collect();
        let mut read: HashSet<usize> = wanted.into_iter().collect();
        let mut program: Vec<Step> = (steps.into_iter().rev())
            .map(|work| {
                let mut ends = work.reads();
                ends.retain(|&port| read.insert(port));
                Step { work, ends }
            })
            .collect();
        program.reverse();
        program
    }

    fn plan<'p>(&self, given: &'p BTreeSet<&'p str>, wanted: &'p BTreeSet<&'p str>) -> Plan<'p>
    where
        'a: 'p,
    {
        let mut needed = BTreeSet::new();
        let mut names: Vec<&str> = wanted.iter().copied().collect();
        while let Some(name) = names.pop() {
            if !given.contains(name)
                && let Some(node) = self.maker(name)
                && needed.insert(node)
            {
                names.extend(self.nodes[node].input.iter().map(|name| &**name));
            }
        }
        let mut plan = Plan {
            given,
            wanted,
            needed: Vec::new(),
            readers: HashMap::new(),
        };
        // What another name stands for is read under its own.
        needed.retain(|&node| !self.is_alias(&plan, node));
        for &node in &needed {
            for name in &self.nodes[node].input {
                let name = self.source(&plan, name);
                plan.readers.entry(name).or_default().push(node);
            }
        }
        plan.needed = needed.into_iter().collect();
        plan
    }

    /// Whether a node gives a tensor another name and nothing more.
    fn is_alias(&self, plan: &Plan<'_>, node: usize) -> bool {
        let NodeProto { output, .. } = &self.nodes[node];
        kind(&self.nodes[node]) == "Identity" && !plan.wanted.contains(&*output[0])
    }

    /// The tensor that a name stands for.
    fn source<'p>(&self, plan: &Plan<'p>, mut name: &'p str) -> &'p str
    where
        'a: 'p,
    {
        while !plan.given.contains(name)
            && let Some(node) = self.maker(name)
            && self.is_alias(plan, node)
        {
            name = &self.nodes[node].input[0];
        }
        name
    }

    /// A convolution with what follows it and reads nothing that comes later.
    fn convolution(
        &mut self,
        plan: &Plan<'_>,
        node: usize,
        which: usize,
        done: &mut HashSet<usize>,
    ) -> Work {
        let mut makes = &*self.nodes[node].output[0];
        let (mut sum, mut relu) = (None, false);
        while let Some(&[next]) = plan.readers.get(makes).map(|readers| &readers[..])
            && !plan.wanted.contains(makes)
            && !relu
        {
            let proto = &self.nodes[next];
            match kind(proto) {
                "Relu" => relu = true,
                "Add" if sum.is_none() => {
                    let mut others = proto.input.iter().map(|name| self.source(plan, name));
                    let Some(other) = others.find(|&name| name != makes) else {
                        break;
                    };
                    let there = match self.maker(other) {
                        _ if plan.given.contains(other) => true,
                        Some(maker) => maker < node,
                        None => false,
                    };
                    if !there {
                        break;
                    }
                    sum = Some(other);
                }
                _ => break,
            }
            done.insert(next);
            makes = &proto.output[0];
        }
        let image = self.source(plan, &self.nodes[node].input[0]);
        done.insert(node);
        Work::Convolution {
            which,
            image: self.port(image),
            sum: sum.map(|name| self.port(name)),
            relu,
            makes: self.port(makes),
        }
    }

    /// Nodes that rten runs together, if there are any.
    fn together(
        &mut self,
        plan: &Plan<'_>,
        nodes: &[usize],
        done: &HashSet<usize>,
    ) -> Option<Work> {
        let inside: HashSet<usize> = nodes.iter().copied().collect();
        let (mut reads, mut makes) = (BTreeMap::new(), BTreeSet::new());
        for &node in nodes {
            for name in &self.nodes[node].input {
                let source = self.source(plan, name);
                let maker = self.maker(source);
                let given = plan.given.contains(source);
                if given || maker.is_some_and(|maker| !inside.contains(&maker)) {
                    reads.insert(&**name, source);
                }
            }
            for name in &self.nodes[node].output {
                let mut readers = plan.readers.get(&**name).into_iter().flatten();
                let read = readers.any(|reader| !inside.contains(reader) && !done.contains(reader));
                if read || plan.wanted.contains(&**name) {
                    makes.insert(&**name);
                }
            }
        }
        let read = |(name, source)| (self.port(name), self.port(source));
        let reads: Vec<_> = reads.into_iter().map(read).collect();
        let makes: Vec<_> = makes.into_iter().map(|name| self.port(name)).collect();
        (!makes.is_empty()).then_some(Work::Rten { reads, makes })
    }
}

/// The convolution that a node is, if it is one that is run here.
fn convolution(node: &NodeProto, initializers: &[TensorProto]) -> Option<Convolution> {
    let attribute = |name: &str| {
        let mut attributes = node.attribute.iter();
        attributes.find(|attribute| attribute.name.as_deref() == Some(name))
    };
    let ones = |name| attribute(name).is_none_or(|list| list.ints.iter().all(|&int| int == 1));
    let plain = attribute("pads").is_some_and(|pads| pads.ints == [1; 4])
        && ones("strides")
        && ones("dilations")
        && attribute("group").is_none_or(|group| group.i == Some(1))
        && attribute("auto_pad").is_none_or(|pad| pad.s.as_deref() == Some("NOTSET"));
    if kind(node) != "Conv" || !plain {
        return None;
    }
    let weights = |at: usize| {
        let name = node.input.get(at).filter(|name| !name.is_empty())?;
        let tensor = initializers
            .iter()
            .find(|tensor| tensor.name.as_ref() == Some(name))?;
        let shape = tensor.dims.iter().map(|&len| usize::try_from(len).ok());
        Some((shape.collect::<Option<Vec<_>>>()?, floats(tensor)?))
    };
    let (shape, values) = weights(1)?;
    let &[outputs, inputs, 3, 3] = &shape[..] else {
        return None;
    };
    let biased = node.input.get(2).is_some_and(|name| !name.is_empty());
    let bias = match biased {
        true => weights(2)?.1,
        false => Vec::new(),
    };
    // What a file says of its tensors' lengths need not be so.
    let weights = inputs.checked_mul(outputs)?.checked_mul(9)?;
    let right = values.len() == weights && (!biased || bias.len() == outputs);
    (right && weights > 0).then(|| Convolution::new(&values, &bias, inputs, outputs))
}

/// The values of a tensor of f32.
fn floats(tensor: &TensorProto) -> Option<Vec<f32>> {
    if tensor.data_type != Some(DataType::FLOAT) {
        return None;
    }
    Some(match &tensor.raw_data {
        Some(raw) => {
            let raw = raw.borrow();
            let (values, _) = raw.as_chunks();
            values
                .iter()
                .map(|&value| f32::from_le_bytes(value))
                .collect()
        }
        None => tensor.float_data.clone(),
    })
}

#[cfg(test)]
mod tests {
    use rten_onnx::onnx::{AttributeProto, AttributeType};

    use super::*;

    /// Nodes of lines "output = Kind a b"; convolutions are padded, and of one channel.
    fn nodes(lines: &[&str]) -> Vec<NodeProto> {
        let pads = AttributeProto {
            name: Some("pads".into()),
            ints: vec![1; 4],
            r#type: Some(AttributeType::INTS),
            ..AttributeProto::default()
        };
        let node = |line: &&str| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let output = words.next().unwrap();
            let kind = words.nth(1);
            NodeProto {
                attribute: match kind.as_deref() {
                    Some("Conv") => vec![pads.clone()],
                    _ => Vec::new(),
                },
                op_type: kind,
                input: words.collect(),
                output: vec![output],
                ..NodeProto::default()
            }
        };
        lines.iter().map(node).collect()
    }

    /// Nine weights, whatever their shape.
    fn weight(shape: &[i64]) -> TensorProto {
        TensorProto {
            dims: shape.to_vec(),
            data_type: Some(DataType::FLOAT),
            float_data: vec![1.0; 9],
            name: Some("weight".into()),
            ..TensorProto::default()
        }
    }

    #[test]
    fn what_a_file_says_of_its_weights_need_not_be_so() {
        let node = &nodes(&["a = Conv image weight"])[0];
        assert!(convolution(node, &[weight(&[1, 1, 3, 3])]).is_some());
        for shape in [
            [1 << 40, 1 << 40, 3, 3],
            [-1, 1, 3, 3],
            [2, 1, 3, 3],
            [0, 1, 3, 3],
            [1, 1, 1, 9],
        ] {
            assert!(convolution(node, &[weight(&shape)]).is_none(), "{shape:?}");
        }
        let integers = TensorProto {
            data_type: Some(DataType::INT8),
            ..weight(&[1, 1, 3, 3])
        };
        assert!(convolution(node, &[integers]).is_none());
        let mut attribute = node.attribute[0].clone();
        let mut node_with = |change: &dyn Fn(&mut AttributeProto)| {
            change(&mut attribute);
            let attribute = vec![attribute.clone()];
            NodeProto {
                attribute,
                ..node.clone()
            }
        };
        for pads in [vec![], vec![1, 1], vec![1, 1, 1, 0], vec![0; 4], vec![2; 4]] {
            let other = node_with(&|attribute| attribute.ints.clone_from(&pads));
            assert!(
                convolution(&other, &[weight(&[1, 1, 3, 3])]).is_none(),
                "{pads:?}"
            );
        }
        assert!(convolution(node, &[]).is_none());
    }

    /// A program as lines, of a block that has a skip connection under a second name.
    fn program(given: &[&str]) -> Vec<String> {
        let nodes = nodes(&[
            "a = Conv s0 weight",
            "ar = Relu a",
            "b = Conv ar weight",
            "s0#back = Identity s0",
            "sum = Add b s0#back",
            "s1 = Relu sum",
            "pooled = GlobalAveragePool s1",
            "out = Flatten pooled",
        ]);
        let weight = weight(&[1, 1, 3, 3]);
        let (mut planner, convolutions) = Planner::new(&nodes, &[false; 8], &[weight], Vec::new());
        assert_eq!(convolutions.len(), 2);
        let given: Vec<String> = given.iter().map(|&name| name.to_owned()).collect();
        let steps = planner.program(&given, &["out".to_owned()]);
        let ports = planner.into_ports();
        let list = |of: &mut dyn Iterator<Item = &usize>| {
            of.map(|&port| &*ports[port]).collect::<Vec<_>>().join(" ")
        };
        let lines = steps.iter().map(|Step { work, ends }| {
            let ends = list(&mut ends.iter());
            match work {
                Work::Convolution {
                    image,
                    sum,
                    relu,
                    makes,
                    ..
                } => {
                    let (reads, makes) =
                        (list(&mut [image].into_iter().chain(sum)), &ports[*makes]);
                    format!("conv {reads} > {makes}, {relu}; ends {ends}")
                }
                Work::Rten { reads, makes } => {
                    let reads = list(&mut reads.iter().map(|(_, port)| port));
                    format!("rten {reads} > {}; ends {ends}", list(&mut makes.iter()))
                }
            }
        });
        lines.collect()
    }

    #[test]
    fn a_block_is_two_steps_and_what_was_read_last_ends() {
        let pooled = "rten s1 > out; ends s1";
        let block = [
            "conv s0 > ar, true; ends ",
            "conv ar s0 > s1, true; ends s0 ar",
            pooled,
        ];
        assert_eq!(program(&["s0"]), block);
        let back = [
            "conv s0 > ar, true; ends s0",
            "conv ar s0#back > s1, true; ends s0#back ar",
            pooled,
        ];
        assert_eq!(program(&["s0", "s0#back"]), back);
        assert_eq!(program(&["s1"]), [pooled]);
    }
}
