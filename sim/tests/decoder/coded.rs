//! A packet's code words and the samples that golden decodes from them.

use dqa_golden::context::Context;
use dqa_golden::packet::samples_to_bytes;
use dqa_golden::payload::{self, PlaneRun};
use dqa_hdl::parameters::Parameters;
use dqa_sim::layers;
use fastrand::Rng;

pub struct Coded {
    pub context: Context,
    pub run: PlaneRun,
    pub words: Vec<u8>,
    pub samples: Vec<u8>,
}

impl Coded {
    /// Nothing where a sample's symbol has no code.
    pub fn new(context: Context, run: PlaneRun, samples: &[i16]) -> Option<Self> {
        let words = payload::encode(&context, &run, samples).ok()?.payload;
        let decoded = payload::decode(&context, &run, &words).expect("it was just encoded");
        Some(Self {
            context,
            run,
            words,
            samples: samples_to_bytes(&decoded),
        })
    }

    /// Of a random layer.
    pub fn random(random: &mut Rng, parameters: &Parameters) -> Self {
        loop {
            let context = layers::context(random, parameters);
            let run = layers::run(random, &context);
            let samples = layers::samples(random, &context, &run);
            if let Some(coded) = Self::new(context, run, &samples) {
                return coded;
            }
        }
    }
    /// Of a random layer, with at most so many samples.
    pub fn small(random: &mut Rng, parameters: &Parameters, most: usize) -> Self {
        let coded = std::iter::repeat_with(|| Self::random(random, parameters));
        let mut small = coded.filter(|coded| coded.samples.len() <= 2 * most);
        small.next().expect("there are small ones")
    }
}
