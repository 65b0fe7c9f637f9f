//! Runs the steps of a network's parts: with rten, and [convolutions 3 x 3](crate::convolution) without it.

use std::sync::Arc;

use rten::{
    Model, ModelOptions, NodeId, OpRegistry, RunOptions, ThreadPool, Value, ValueOrView, ValueView,
};
use rten_tensor::{AsView, Contiguous, Layout, Tensor, TensorView};

use crate::convolution::{Convolution, Tail};
use crate::cut::Part;
use crate::network::NetworkError;
use crate::program::{Step, Work};

/// What runs.
pub(crate) struct Engine {
    model: Model,
    convolutions: Vec<Convolution>,
    /// rten's name for each port.
    nodes: Vec<NodeId>,
    threads: Arc<ThreadPool>,
}

impl Engine {
    /// An engine for a model, in ONNX, that makes all `ports`, on so many threads; 0 is one for each core.
    pub fn new(
        model: Vec<u8>,
        ports: &[String],
        convolutions: Vec<Convolution>,
        threads: usize,
    ) -> Result<Self, NetworkError> {
        let mut options = ModelOptions::with_ops(OpRegistry::with_all_ops());
        options.prepack_weights(true);
        let model = options.load(model).map_err(NetworkError::engine)?;
        let nodes = ports.iter().map(|name| model.node_id(name));
        let nodes: Result<_, _> = nodes.collect();
        Ok(Self {
            nodes: nodes.map_err(NetworkError::engine)?,
            model,
            convolutions,
            threads: Arc::new(ThreadPool::with_num_threads(threads)),
        })
    }

    /// Runs work on the threads.
    pub fn on_threads<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.threads.run(work)
    }

    /// What a part makes of the slots that it reads.
    pub fn run<'a>(
        &self,
        part: &Part,
        value: impl Fn(usize) -> ValueOrView<'a>,
    ) -> Result<Vec<Value>, NetworkError> {
        let mut ports: Vec<Option<ValueOrView<'_>>> = self.nodes.iter().map(|_| None).collect();
        for &slot in &part.inputs {
            ports[slot] = Some(value(slot));
        }
        let mut spares: Vec<Vec<f32>> = Vec::new();
        for Step { work, ends } in &part.steps {
            let view = |port: usize| ports[port].as_ref().expect("made by now").as_view();
            match work {
                Work::Rten { reads, makes } => {
                    let reads = reads
                        .iter()
                        .map(|&(name, port)| (self.nodes[name], view(port).into()));
                    let outputs: Vec<NodeId> = makes.iter().map(|&port| self.nodes[port]).collect();
                    let threads = Some(Arc::clone(&self.threads));
                    let options = RunOptions::default().with_thread_pool(threads);
                    let made = self.model.run(reads.collect(), &outputs, Some(options));
                    let made = made.map_err(NetworkError::engine)?;
                    for (&port, value) in makes.iter().zip(made) {
                        ports[port] = Some(value.into());
                    }
                }
                &Work::Convolution {
                    which,
                    image,
                    sum,
                    relu,
                    makes,
                } => {
                    let convolution = &self.convolutions[which];
                    let made =
                        convolved(convolution, view(image), sum.map(view), relu, spares.pop())?;
                    ports[makes] = Some(made.into());
                }
            }
            for &port in ends {
                if let Some(ValueOrView::Value(Value::FloatTensor(tensor))) = ports[port].take() {
                    spares.push(tensor.into_data());
                }
            }
        }
        let made = part.outputs.iter().map(|&slot| ports[slot].take());
        Ok(made
            .map(|made| made.expect("made by now").into_owned())
            .collect())
    }
}

/// A convolution of `[images, inputs, height, width]`, to which a tensor is added, and of which what is
/// negative becomes 0; in a buffer, if there is one.
fn convolved(
    convolution: &Convolution,
    image: ValueView<'_>,
    sum: Option<ValueView<'_>>,
    relu: bool,
    spare: Option<Vec<f32>>,
) -> Result<Tensor<f32>, NetworkError> {
    let image = floating(image)?;
    let &[images, inputs, height, width] = image.shape() else {
        return Err(NetworkError::engine("a convolution of no image"));
    };
    if inputs != convolution.inputs {
        let what = format!(
            "{inputs} channels for a convolution of {}",
            convolution.inputs
        );
        return Err(NetworkError::engine(what));
    }
    let shape = [images, convolution.outputs, height, width];
    let sum = sum.map(floating).transpose()?;
    let alike = sum.as_ref().is_none_or(|sum| sum.shape()[..] == shape);
    let contiguous = sum
        .as_ref()
        .filter(|_| alike)
        .map(TensorView::to_contiguous);
    let tail = Tail {
        sum: contiguous.as_ref().map(Contiguous::data),
        relu: relu && alike,
    };
    let image = image.to_contiguous();
    let spare = spare.unwrap_or_default();
    let made = convolution.run(image.data(), [height, width], tail, spare);
    let made = Tensor::from_data(&shape[..], made);
    match sum {
        Some(sum) if !alike => added(&made, &sum, relu),
        _ => Ok(made),
    }
}

/// The sum of tensors of which one or both are broadcast.
fn added(
    a: &Tensor<f32>,
    b: &TensorView<'_, f32>,
    relu: bool,
) -> Result<Tensor<f32>, NetworkError> {
    let rank = a.ndim().max(b.ndim());
    let length = |shape: &[usize], axis: usize| {
        (axis + shape.len())
            .checked_sub(rank)
            .map_or(1, |axis| shape[axis])
    };
    let shape: Vec<usize> = (0..rank)
        .map(
            |axis| match (length(a.shape(), axis), length(b.shape(), axis)) {
                (1, length) | (length, _) => length,
            },
        )
        .collect();
    let (a, b) = (a.try_broadcast(&shape[..]), b.try_broadcast(&shape[..]));
    let (a, b) = (
        a.map_err(NetworkError::engine)?,
        b.map_err(NetworkError::engine)?,
    );
    let sums = a.iter().zip(b.iter()).map(|(a, b)| match a + b {
        sum if relu && sum < 0.0 => 0.0,
        sum => sum,
    });
    Ok(Tensor::from_data(&shape[..], sums.collect::<Vec<_>>()))
}

fn floating(value: ValueView<'_>) -> Result<TensorView<'_, f32>, NetworkError> {
    value.try_into().map_err(NetworkError::engine)
}
