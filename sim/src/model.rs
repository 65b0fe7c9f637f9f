//! A built model, and its instances.

use crate::library::{Raw, Verilated};
use crate::{Direction, Port, SimError, Value, cache};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How to build a model.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Folder for waveforms, one FST file an instance; none are written without. A model that can
    /// write them is built apart and is slower.
    pub trace: Option<PathBuf>,
    /// Folder of built models, instead of the workspace's `target/verilated`.
    pub cache: Option<PathBuf>,
}

/// A verilated module; cheap to clone.
#[derive(Clone, Debug)]
pub struct Model(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    top: String,
    ports: Vec<Port>,
    by_name: HashMap<String, usize>,
    library: Verilated,
    trace: Option<PathBuf>,
}

impl Model {
    /// Builds the module `top` of `verilog`, or takes it from the cache. With `DQA_TRACE=dir` set,
    /// instances write waveforms there.
    ///
    /// # Errors
    ///
    /// When Verilator or the C++ compiler is missing, or refuses the text.
    pub fn build(top: &str, verilog: &str) -> Result<Self, SimError> {
        let options = Options {
            trace: std::env::var_os("DQA_TRACE").map(PathBuf::from),
            cache: None,
        };
        Self::build_with(top, verilog, options)
    }

    /// As [`Model::build`], by `options` alone.
    ///
    /// # Errors
    ///
    /// As [`Model::build`], and when the folder for waveforms cannot be made.
    pub fn build_with(top: &str, verilog: &str, options: Options) -> Result<Self, SimError> {
        if let Some(path) = &options.trace {
            std::fs::create_dir_all(path).map_err(|source| SimError::File {
                path: path.clone(),
                source,
            })?;
        }
        let (path, ports) = cache::build(top, verilog, &options)?;
        let by_name = ports
            .iter()
            .enumerate()
            .map(|(at, port)| (port.name.clone(), at))
            .collect();
        Ok(Self(Arc::new(Inner {
            top: top.to_owned(),
            by_name,
            ports,
            library: Verilated::open(&path)?,
            trace: options.trace,
        })))
    }

    /// The module's name.
    pub fn top(&self) -> &str {
        &self.0.top
    }

    /// The module's ports.
    pub fn ports(&self) -> &[Port] {
        &self.0.ports
    }

    /// A new instance with all inputs 0. What the Verilog does not initialize begins at random, by
    /// `seed`.
    pub fn instance(&self, seed: u64) -> Instance {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let trace = self.0.trace.as_ref().map(|folder| {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            folder.join(format!("{}-{seed}-{number}.fst", self.0.top))
        });
        let raw = self
            .0
            .library
            .instantiate(&self.0.ports, seed, trace.as_deref());
        let mut instance = Instance {
            model: self.clone(),
            raw,
        };
        for (at, port) in self.0.ports.iter().enumerate() {
            if port.direction == Direction::In {
                instance.raw.get_mut(at).fill(0);
            }
        }
        instance.eval();
        instance
    }

    /// A port's number, if there is one of this name.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.0.by_name.get(name).copied()
    }

    /// A port's number.
    ///
    /// # Panics
    ///
    /// When there is none of this name.
    fn index(&self, name: &str) -> usize {
        self.find(name).unwrap_or_else(|| {
            let names: Vec<_> = self.0.ports.iter().map(|port| port.name.as_str()).collect();
            panic!(
                "{} has no port {name}; it has {}",
                self.0.top,
                names.join(", ")
            )
        })
    }
}

/// A running copy of a model.
#[derive(Debug)]
pub struct Instance {
    model: Model,
    raw: Raw,
}

impl Instance {
    /// The model that this runs.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Sets an input; [`eval`](Self::eval) or [`tick`](Self::tick) makes it felt.
    ///
    /// # Panics
    ///
    /// When there is no such input, or `value` does not fit.
    pub fn set(&mut self, port: &str, value: impl Into<Value>) {
        let index = self.model.index(port);
        self.set_words(index, value.into().words());
    }

    /// A port's value.
    ///
    /// # Panics
    ///
    /// When there is no such port.
    pub fn get(&self, port: &str) -> Value {
        let index = self.model.index(port);
        let mut words = vec![0; self.model.ports()[index].width.div_ceil(32)];
        self.get_words(index, &mut words);
        Value::from_words(&words)
    }

    /// A port's value as a number.
    ///
    /// # Panics
    ///
    /// When there is no such port, or its value has more than 64 bits.
    pub fn get_u64(&self, port: &str) -> u64 {
        self.get(port).to_u64()
    }

    /// Settles the combinational logic.
    pub fn eval(&mut self) {
        self.raw.eval();
    }

    /// One period of the clock `clock`: settles, rises, falls.
    ///
    /// # Panics
    ///
    /// When there is no such input.
    pub fn tick(&mut self, clock: &str) {
        let clock = self.model.index(clock);
        self.settle();
        self.edge(clock);
    }

    /// Settles the logic ahead of a rising edge.
    pub(crate) fn settle(&mut self) {
        self.raw.eval();
        self.raw.advance();
    }

    /// A rising edge; the falling one is felt with the next evaluation.
    pub(crate) fn edge(&mut self, clock: usize) {
        self.raw.get_mut(clock)[0] = 1;
        self.raw.eval();
        self.raw.advance();
        self.raw.get_mut(clock)[0] = 0;
    }

    /// A port of one bit.
    pub(crate) fn bit(&self, port: usize) -> bool {
        self.raw.get(port)[0] != 0
    }

    pub(crate) fn set_bit(&mut self, port: usize, value: bool) {
        self.raw.get_mut(port)[0] = u8::from(value);
    }

    /// Reads a port into as many words as it has.
    pub(crate) fn get_words(&self, port: usize, words: &mut [u32]) {
        let (whole, rest) = self.raw.get(port).as_chunks::<4>();
        for (word, bytes) in words.iter_mut().zip(whole) {
            *word = u32::from_le_bytes(*bytes);
        }
        if !rest.is_empty() {
            words[0] = rest
                .iter()
                .rev()
                .fold(0, |x, &byte| x << 8 | u32::from(byte));
        }
    }

    /// Writes an input; words that are missing are 0.
    pub(crate) fn set_words(&mut self, port: usize, words: &[u32]) {
        let Port {
            name,
            direction,
            width,
            ..
        } = &self.model.ports()[port];
        assert!(*direction == Direction::In, "{name} is an output");
        let bits = words
            .iter()
            .rposition(|&w| w != 0)
            .map_or(0, |at| at * 32 + 32 - words[at].leading_zeros() as usize);
        assert!(
            bits <= *width,
            "{} does not fit in the {width} bits of {name}",
            Value::from_words(words)
        );
        for (at, byte) in self.raw.get_mut(port).iter_mut().enumerate() {
            *byte = words
                .get(at / 4)
                .map_or(0, |word| word.to_le_bytes()[at % 4]);
        }
    }
}
