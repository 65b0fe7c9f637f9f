//! Cutting a graph at its taps.
//!
//! A tensor that is cut is a *tap*: the network runs up to it, the tap is quantized and
//! de-quantized outside, and the network goes on with what came back. The nodes fall into parts:
//! part p needs the taps 0 to p - 1 back and no other, so whatever a tap does not change lies in an
//! earlier part and is computed once.
//!
//! The graph stays one model. Each tap gets a second name, `tap#back`, under which its readers get
//! what came back; a node `Identity` makes it of the tap, so that a run that is not given it goes
//! on with the tap as it was made.

use std::collections::{BTreeSet, HashMap, HashSet};

use rten_onnx::onnx::{Dimension, ModelProto, NodeProto, ValueInfoProto};

use crate::convolution::Convolution;
use crate::graph::{Edge, Graph, GraphError, Reads};
use crate::program::{Planner, Step};

/// Ends the name under which the network reads a tap that came back.
const BACK: &str = "#back";

/// Tensors that a run of a part of the network is given, and those that it makes: slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    /// Slots that it reads.
    pub inputs: Vec<usize>,
    /// Slots that it makes.
    pub outputs: Vec<usize>,
    /// How it makes them.
    pub steps: Vec<Step>,
}

/// A network cut at its taps.
pub(crate) struct Cut {
    /// The model, in ONNX, which makes every port but the image.
    pub model: Vec<u8>,
    /// Names of the tensors that go from step to step. The first are the slots, which go from part to part:
    /// slot 0 is the image.
    pub ports: Vec<String>,
    /// How many of them are slots.
    pub slots: usize,
    /// What is run without rten.
    pub convolutions: Vec<Convolution>,
    /// Parts in their order, one more than there are taps. A part without outputs does nothing.
    pub parts: Vec<Part>,
    /// For each tap: all that follows it, to the network's output, where later taps pass as they
    /// are made.
    pub rests: Vec<Part>,
    /// Slot of each tap as it is made.
    pub taps: Vec<usize>,
    /// Slot of each tap as it comes back.
    pub backs: Vec<usize>,
    /// Slot of the network's output.
    pub output: usize,
}

impl Graph {
    /// Cuts the graph at these taps, given in the order in which they are made.
    pub(crate) fn cut(self, taps: &[String], reads: Reads) -> Result<Cut, GraphError> {
        let back = self.back_edges(taps, reads);
        let part_of = self.parts(&back);
        let constant = constants(self.nodes(), &self.input);

        let mut slots = vec![self.input.clone()];
        let mut slot = |name: &str| match slots.iter().position(|known| known == name) {
            Some(slot) => slot,
            None => {
                slots.push(name.to_owned());
                slots.len() - 1
            }
        };
        let backs: Vec<usize> = taps.iter().map(|tap| slot(&back_name(tap))).collect();
        let mut inputs = vec![BTreeSet::new(); taps.len() + 1];
        let mut outputs = vec![BTreeSet::new(); taps.len() + 1];
        for (node, proto) in self.nodes().iter().enumerate() {
            if constant[node] {
                continue;
            }
            let part = part_of[node];
            for (position, input) in proto.input.iter().enumerate() {
                if let Some(&tap) = back.get(&(node, position)) {
                    inputs[part].insert(backs[tap]);
                } else if *input == self.input {
                    inputs[part].insert(0);
                } else if let Some(&maker) = self.producer.get(input)
                    && part_of[maker] != part
                    && !constant[maker]
                {
                    let slot = slot(input);
                    inputs[part].insert(slot);
                    outputs[part_of[maker]].insert(slot);
                }
            }
        }
        let output = slot(&self.output);
        let tap_slots: Vec<usize> = taps.iter().map(|tap| slot(tap)).collect();
        for (&slot, name) in tap_slots.iter().zip(taps).chain([(&output, &self.output)]) {
            outputs[part_of[self.producer[name]]].insert(slot);
        }

        // What is there once the network has run up to a tap, and what follows it reads.
        let mut rests: Vec<Part> = (0..taps.len())
            .map(|tap| {
                let later = inputs[tap + 1..].iter().flatten().copied();
                let through = tap_slots[tap + 1..].iter().copied(); // read by the Identity behind them
                let made: BTreeSet<usize> = outputs[tap + 1..].iter().flatten().copied().collect();
                let rest: BTreeSet<usize> = (later.chain(through))
                    .filter(|slot| !made.contains(slot) && !backs[tap + 1..].contains(slot))
                    .collect();
                Part {
                    inputs: rest.into_iter().collect(),
                    outputs: vec![output],
                    steps: Vec::new(),
                }
            })
            .collect();
        let mut parts: Vec<Part> = inputs
            .into_iter()
            .zip(outputs)
            .map(|(inputs, outputs)| Part {
                inputs: inputs.into_iter().collect(),
                outputs: outputs.into_iter().collect(),
                steps: Vec::new(),
            })
            .collect();

        let mut model = self.into_model(taps, &back);
        let graph = model.graph.as_mut().expect("checked when opened");
        let constant = constants(&graph.node, &slots[0]);
        let (mut planner, convolutions) =
            Planner::new(&graph.node, &constant, &graph.initializer, slots.clone());
        for part in parts.iter_mut().chain(&mut rests) {
            let names = |numbers: &[usize]| -> Vec<String> {
                numbers.iter().map(|&slot| slots[slot].clone()).collect()
            };
            part.steps = planner.program(&names(&part.inputs), &names(&part.outputs));
        }
        let ports = planner.into_ports();
        let outputs = ports[1..].iter().map(|name| ValueInfoProto {
            name: Some(name.clone()),
            ..ValueInfoProto::default()
        });
        graph.output = outputs.collect();
        let model = model.write_buf();
        Ok(Cut {
            model: model.map_err(|error| GraphError::Write(error.to_string()))?,
            ports,
            slots: slots.len(),
            convolutions,
            parts,
            rests,
            taps: tap_slots,
            backs,
            output,
        })
    }

    /// Which reader reads which tap as it comes back.
    fn back_edges(&self, taps: &[String], reads: Reads) -> HashMap<Edge, usize> {
        let mut back = HashMap::new();
        for (tap, name) in taps.iter().enumerate() {
            let skip = self.skip_edges(name);
            let edges = match reads {
                Reads::Residual if !skip.is_empty() => &skip[..],
                _ => self.readers_of(name),
            };
            back.extend(edges.iter().map(|&edge| (edge, tap)));
        }
        back
    }

    /// The part of each node: one behind the last tap that it hangs on.
    fn parts(&self, back: &HashMap<Edge, usize>) -> Vec<usize> {
        let mut part_of: Vec<usize> = Vec::new();
        for (node, proto) in self.nodes().iter().enumerate() {
            let parts = proto.input.iter().enumerate().map(|(position, input)| {
                let tap = back.get(&(node, position)).map_or(0, |tap| tap + 1);
                let made = self.producer.get(input).map_or(0, |&node| part_of[node]);
                tap.max(made)
            });
            part_of.push(parts.max().unwrap_or(0));
        }
        part_of
    }

    /// The model with the taps' second names, for any number of images.
    fn into_model(self, taps: &[String], back: &HashMap<Edge, usize>) -> ModelProto {
        let mut proto: ModelProto = self.proto;
        let graph = proto.graph.as_mut().expect("checked when opened");
        let mut nodes = Vec::new();
        for (node, mut proto) in std::mem::take(&mut graph.node).into_iter().enumerate() {
            for (position, input) in proto.input.iter_mut().enumerate() {
                if let Some(&tap) = back.get(&(node, position)) {
                    *input = back_name(&taps[tap]);
                }
            }
            let made = proto.output.iter().filter(|name| taps.contains(name));
            let identities: Vec<NodeProto> = made.map(|name| identity(name)).collect();
            nodes.push(proto);
            nodes.extend(identities);
        }
        graph.node = nodes;
        for input in &mut graph.input {
            let shape = (input.r#type.as_mut())
                .and_then(|kind| kind.tensor_type.as_mut())
                .and_then(|tensor| tensor.shape.as_mut());
            if let Some(axis) = shape.and_then(|shape| shape.dim.first_mut())
                && input.name.as_deref() == Some(&*self.input)
            {
                *axis = Dimension {
                    dim_value: None,
                    dim_param: Some("images".into()),
                };
            }
        }
        // Shapes that the file tells may be those of one image.
        graph.value_info.clear();
        proto
    }
}

/// Whether each node is the same for every image: such nodes belong to all parts.
fn constants(nodes: &[NodeProto], image: &str) -> Vec<bool> {
    let mut varying = HashSet::from([image]);
    let nodes = nodes.iter().map(|node| {
        let varies = node.input.iter().any(|name| varying.contains(&**name));
        if varies {
            varying.extend(node.output.iter().map(|name| &**name));
        }
        !varies
    });
    nodes.collect()
}

fn back_name(tap: &str) -> String {
    format!("{tap}{BACK}")
}

fn identity(tap: &str) -> NodeProto {
    NodeProto {
        op_type: Some("Identity".into()),
        input: vec![tap.to_owned()],
        output: vec![back_name(tap)],
        ..NodeProto::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::{RESIDUAL, graph};

    fn cut(reads: Reads) -> Cut {
        let graph = graph(&RESIDUAL).unwrap();
        let taps = graph.taps(&[]).unwrap();
        graph.cut(&taps, reads).unwrap()
    }

    /// Names of what each part reads and makes.
    fn names(cut: &Cut, parts: &[Part]) -> Vec<String> {
        let list = |slots: &[usize]| -> String {
            let mut names: Vec<&str> = slots.iter().map(|&slot| &*cut.ports[slot]).collect();
            names.sort_unstable();
            names.join(" ")
        };
        let parts = parts.iter();
        parts
            .map(|part| format!("{} > {}", list(&part.inputs), list(&part.outputs)))
            .collect()
    }

    #[test]
    fn parts_hold_what_their_tap_changes_and_no_more() {
        let residual = cut(Reads::Residual);
        assert_eq!(
            names(&residual, &residual.parts),
            ["image > b s0", "b s0#back > f s1", "f s1#back > out"]
        );
        let all = cut(Reads::All);
        assert_eq!(
            names(&all, &all.parts),
            ["image > s0", "s0#back > s1", "s1#back > out"]
        );
    }

    #[test]
    fn what_follows_a_tap_reads_what_is_there_by_then() {
        let residual = cut(Reads::Residual);
        assert_eq!(
            names(&residual, &residual.rests),
            ["b s0#back > out", "f s1#back > out"]
        );
    }
}
