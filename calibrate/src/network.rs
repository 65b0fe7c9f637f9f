//! A network made ready to run, cut at its taps.
//!
//! Work on a network runs on the network's own threads ([`Network::on_threads`]): they share out the
//! batches, and rten's work within one.

use std::path::Path;
use std::sync::Arc;

use rten::{Value, ValueOrView};
use rten_tensor::{AsView, Layout, Tensor, TensorView};

use crate::cut::{Cut, Part};
use crate::engine::Engine;
use crate::graph::{Graph, GraphError, Reads};

/// Why a network does not run.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum NetworkError {
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error("the engine cannot run this network: {0}")]
    Engine(String),
    #[error(
        "the network takes images of {expected:?} (channels, height, width), the data has {got:?}"
    )]
    ImageShape {
        expected: Vec<usize>,
        got: Vec<usize>,
    },
    #[error(
        "the tensor {name:?} has the shape {shape:?} for {PROBE} images: a tensor to quantize is \
         float32 and has 2 axes ([N, C]) or 4 ([N, C, H, W])"
    )]
    TapShape { name: String, shape: Vec<usize> },
    #[error(
        "the network's output has the shape {0:?} for {PROBE} images: expected are [N, classes] or, \
         one class a pixel, [N, classes, H, W]; a network for one image at a time has to be exported \
         for any number"
    )]
    OutputShape(Vec<usize>),
}

impl NetworkError {
    pub(crate) fn engine(error: impl std::fmt::Display) -> Self {
        Self::Engine(error.to_string())
    }
}

/// Images of the run that finds shapes out.
const PROBE: usize = 2;

/// A tensor that goes through the quantizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tap {
    /// Its name in the graph.
    pub name: String,
    /// Channels C.
    pub channels: usize,
    /// Elements of a channel of one image: H times W.
    pub plane: usize,
    made: usize,
    back: usize,
    /// Lengths of the axes behind the first.
    axes: Vec<usize>,
}

impl Tap {
    /// Elements of one image.
    pub fn elements(&self) -> usize {
        self.channels * self.plane
    }
}

/// A network that stops at every tap.
pub struct Network {
    engine: Engine,
    /// Tensors that go from part to part.
    slots: usize,
    parts: Vec<Part>,
    rests: Vec<Part>,
    taps: Vec<Tap>,
    /// Slots whose tensors no later part reads, by part: they are let go behind it.
    dead: Vec<Vec<usize>>,
    stored: Vec<Vec<usize>>,
    output: usize,
    classes: usize,
    pixels: usize,
    image: Vec<usize>,
}

/// Images on their way through a network: the tensors that are still needed.
#[derive(Clone)]
pub struct Flight {
    images: usize,
    slots: Vec<Option<Arc<Value>>>,
}

impl Network {
    /// Makes a network ready for images of `image` (channels, height, width).
    ///
    /// `names` are the tensors to tap; none of them means all skip connections. `threads` are those
    /// that work on it; 0 is one for each core.
    pub fn open(
        path: &Path,
        names: &[String],
        reads: Reads,
        image: &[usize],
        threads: usize,
    ) -> Result<Self, NetworkError> {
        let graph = Graph::open(path)?;
        let names = graph.taps(names)?;
        if let Some(expected) = graph.image_shape()
            && expected != image
        {
            return Err(NetworkError::ImageShape {
                expected,
                got: image.to_vec(),
            });
        }
        Self::new(graph.cut(&names, reads)?, &names, image, threads)
    }

    fn new(
        cut: Cut,
        names: &[String],
        image: &[usize],
        threads: usize,
    ) -> Result<Self, NetworkError> {
        let (dead, stored) = (dead(&cut), stored(&cut));
        let engine = Engine::new(cut.model, &cut.ports, cut.convolutions, threads)?;
        let mut network = Self {
            engine,
            slots: cut.slots,
            parts: cut.parts,
            rests: cut.rests,
            taps: Vec::new(),
            dead,
            stored,
            output: cut.output,
            classes: 0,
            pixels: 0,
            image: image.to_vec(),
        };

        // What shapes its tensors have shows when it runs.
        let mut flight = network.start(&vec![0.0; PROBE * image.iter().product::<usize>()])?;
        for (tap, name) in names.iter().enumerate() {
            let (made, back) = (cut.taps[tap], cut.backs[tap]);
            let value = flight.slots[made].as_deref().expect("made by now");
            let shape = value.shape().to_vec();
            let (channels, plane) = match (&shape[..], value) {
                (&[PROBE, channels], Value::FloatTensor(_)) => (channels, 1),
                (&[PROBE, channels, height, width], Value::FloatTensor(_)) => {
                    (channels, height * width)
                }
                _ => {
                    let name = name.clone();
                    return Err(NetworkError::TapShape { name, shape });
                }
            };
            network.taps.push(Tap {
                name: name.clone(),
                channels,
                plane,
                made,
                back,
                axes: shape[1..].to_vec(),
            });
            network.pass(&mut flight, tap)?;
        }
        let output = flight.slots[network.output].as_deref().expect("the end");
        (network.classes, network.pixels) = match (&output.shape()[..], output) {
            (&[PROBE, classes], Value::FloatTensor(_)) => (classes, 1),
            (&[PROBE, classes, height, width], Value::FloatTensor(_)) => (classes, height * width),
            (shape, _) => return Err(NetworkError::OutputShape(shape.to_vec())),
        };
        Ok(network)
    }

    /// The taps, in the order in which they are made.
    pub fn taps(&self) -> &[Tap] {
        &self.taps
    }

    /// For each tap: the taps that are stored at the time when the network has run up to it and
    /// goes on, itself among them.
    pub fn stored(&self) -> &[Vec<usize>] {
        &self.stored
    }

    /// Classes that the output tells apart.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Pixels of the output that each have a class; 1 where the image has one.
    pub fn pixels(&self) -> usize {
        self.pixels
    }

    /// Runs work on the network's threads, which rayon's parallel iterators in it share.
    pub fn on_threads<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.engine.on_threads(work)
    }

    /// Runs images up to the first tap.
    ///
    /// # Panics
    /// If `pixels` are no whole images.
    pub fn start(&self, pixels: &[f32]) -> Result<Flight, NetworkError> {
        let images = pixels.len() / self.image.iter().product::<usize>();
        let mut flight = Flight {
            images,
            slots: vec![None; self.slots],
        };
        let shape = [&[images], &self.image[..]].concat();
        let image = Tensor::from_data(&shape[..], pixels.to_vec());
        flight.slots[0] = Some(Arc::new(image.into()));
        self.run_part(0, &mut flight)?;
        Ok(flight)
    }

    /// What a tap holds, `[images, C, H, W]`, once the network has run up to it.
    ///
    /// # Panics
    /// If it has not.
    pub fn made<'a>(&self, flight: &'a Flight, tap: usize) -> &'a [f32] {
        let made = flight.slots[self.taps[tap].made].as_deref();
        floats(made.expect("the network has run up to it"))
    }

    /// Gives back what became of a tap, and runs up to the next one or the end.
    ///
    /// # Panics
    /// If the values are not as many as the tap had.
    pub fn resume(
        &self,
        flight: &mut Flight,
        tap: usize,
        values: Vec<f32>,
    ) -> Result<(), NetworkError> {
        let Tap { axes, back, .. } = &self.taps[tap];
        let shape = [&[flight.images], &axes[..]].concat();
        let values = Tensor::from_data(&shape[..], values);
        flight.slots[*back] = Some(Arc::new(values.into()));
        self.run_part(tap + 1, flight)
    }

    /// Gives a tap back as it was made, and runs on.
    pub fn pass(&self, flight: &mut Flight, tap: usize) -> Result<(), NetworkError> {
        let Tap { made, back, .. } = self.taps[tap];
        flight.slots[back] = flight.slots[made].clone();
        self.run_part(tap + 1, flight)
    }

    /// The output if `values` became of a tap and later taps pass as they are made,
    /// `[images, classes, pixels]`; the flight stays where it is.
    ///
    /// # Panics
    /// If the network has not run up to the tap, or the values are not as many as the tap had.
    pub fn rest(
        &self,
        flight: &Flight,
        tap: usize,
        values: &[f32],
    ) -> Result<Vec<f32>, NetworkError> {
        let Tap { axes, back, .. } = &self.taps[tap];
        let shape = [&[flight.images], &axes[..]].concat();
        let values = TensorView::from_data(&shape[..], values);
        let outputs = self
            .engine
            .run(&self.rests[tap], |slot| match slot == *back {
                true => values.clone().into(),
                false => flight.view(slot),
            })?;
        let [output] = <[Value; 1]>::try_from(outputs).expect("asked for one");
        Ok(output
            .into_tensor::<f32>()
            .expect("checked when opened")
            .into_data())
    }

    /// The output, `[images, classes, pixels]`.
    ///
    /// # Panics
    /// If the network has not run to its end.
    pub fn output<'a>(&self, flight: &'a Flight) -> &'a [f32] {
        let output = flight.slots[self.output].as_deref();
        floats(output.expect("the network has run to its end"))
    }

    fn run_part(&self, part: usize, flight: &mut Flight) -> Result<(), NetworkError> {
        let outputs = &self.parts[part].outputs;
        if !outputs.is_empty() {
            let made = self
                .engine
                .run(&self.parts[part], |slot| flight.view(slot))?;
            for (&slot, value) in outputs.iter().zip(made) {
                flight.slots[slot] = Some(Arc::new(contiguous(value)));
            }
        }
        for &slot in &self.dead[part] {
            flight.slots[slot] = None;
        }
        Ok(())
    }
}

impl Flight {
    fn view(&self, slot: usize) -> ValueOrView<'_> {
        let value = self.slots[slot].as_deref();
        value.expect("earlier parts have run").as_view().into()
    }
}

/// Slots that no part reads behind this one.
fn dead(cut: &Cut) -> Vec<Vec<usize>> {
    let mut dead = vec![Vec::new(); cut.parts.len()];
    for slot in 0..cut.slots {
        let mut parts = cut.parts.iter();
        let read = parts.rposition(|part| part.inputs.contains(&slot));
        let tapped = cut.taps.iter().position(|&tap| tap == slot);
        // A tap is looked at until the part behind it runs.
        if let Some(last) = read.max(tapped.map(|tap| tap + 1))
            && slot != cut.output
        {
            dead[last].push(slot);
        }
    }
    dead
}

/// Taps made by a part up to each tap's, and read back behind it.
fn stored(cut: &Cut) -> Vec<Vec<usize>> {
    let lives = cut.taps.iter().zip(&cut.backs).map(|(tap, back)| {
        let made = (cut.parts.iter()).position(|part| part.outputs.contains(tap));
        let read = (cut.parts.iter()).rposition(|part| part.inputs.contains(back));
        made.zip(read).expect("taps are made, and read")
    });
    let lives: Vec<(usize, usize)> = lives.collect();
    let at = |part: usize| {
        let taps = (0..lives.len()).filter(|&tap| lives[tap].0 <= part && part < lives[tap].1);
        taps.collect()
    };
    (0..lives.len()).map(at).collect()
}

/// A tensor whose elements lie in memory in the order of its axes.
fn contiguous(value: Value) -> Value {
    match value {
        Value::FloatTensor(tensor) if tensor.data().is_none() => {
            let shape = tensor.shape().to_vec();
            Tensor::from_data(&shape[..], tensor.into_data()).into()
        }
        other => other,
    }
}

fn floats(value: &Value) -> &[f32] {
    match value {
        Value::FloatTensor(tensor) => tensor.data().expect("made contiguous"),
        _ => unreachable!("checked when opened"),
    }
}
