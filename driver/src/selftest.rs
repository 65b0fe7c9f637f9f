//! Holds a device against the reference model: `dqa_golden::packet::answer`, packet by packet.

use std::collections::VecDeque;
use std::time::Duration;

use dqa_golden::context::Context;
use dqa_golden::packet::{self, Packet};

use crate::compress::compress;
use crate::decompress::Decompressor;
use crate::error::Error;
use crate::observer::{Observer, advance};
use crate::plan::Plan;
use crate::settings::{ModeChoice, Policy, Settings};
use crate::software::Inline;
use crate::source::{TensorSlice, TensorSource};
use crate::transport::{Capabilities, Transport, TransportError};
use crate::verify::verify;

/// What was tested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tested {
    /// Requests whose answers are the reference model's.
    pub packets: u64,
    /// Samples in them.
    pub samples: u64,
}

/// Shape of the tensors: odd planes, which end in the middle of a beat.
const SHAPE: [u64; 4] = [2, 6, 7, 9];

/// Sends made-up tensors through the device, there and back, each with other settings, all of them such
/// that the device can do it. The half of the way that it does not have goes through the software codec.
///
/// # Errors
///
/// [`TransportError::WrongAnswer`] where an answer is not the reference model's.
pub fn selftest(
    device: &mut dyn Transport,
    rounds: u32,
    seed: u64,
    observer: &dyn Observer,
) -> Result<Tested, Error> {
    let Capabilities {
        lanes,
        operations,
        largest,
        ..
    } = device.capabilities().clone();
    let lanes = lanes
        .iter()
        .copied()
        .find(|&lanes| lanes == 4)
        .or(lanes.first().copied());
    let mut checked = Checked::new(device);
    observer.stage("testing", rounds.into());
    let mut random = seed;
    for round in 0..rounds {
        let values: Vec<f32> = (0..SHAPE.iter().product())
            .map(|_| sample(&mut random))
            .collect();
        let tensor = TensorSlice::new(&SHAPE, &values).expect("as many as the shape says");
        let settings = Settings {
            bits: largest.bits.min(2 + (round % 4) as u8),
            extra: largest.extra.min((round % 3) as u8),
            limit: largest.code_length,
            lanes: lanes.unwrap_or(1),
            mode: [ModeChoice::Joint, ModeChoice::Paper][round as usize / 2 % 2],
            policy: [Policy::Auto, Policy::Paper][round as usize % 2],
            packet_samples: [200, 1000][round as usize % 2],
            ..Settings::default()
        };
        let source: &dyn TensorSource = &tensor;
        let plan = Plan::new(source, &settings, &())?;
        let mut container = Vec::new();
        let mut software = Inline::default();
        let encoder: &mut dyn Transport = match operations.encode {
            true => &mut checked,
            false => &mut software,
        };
        compress(source, &plan.encoding, encoder, &mut container, &())?;
        if operations.decode {
            let mut decompressor = Decompressor::new(&container[..])?;
            verify(&mut decompressor, Some(source), &mut checked, &())?;
        }
        advance(observer, 1)?;
    }
    Ok(checked.tested)
}

/// Like an activation after ReLU: half of them 0, most small.
fn sample(random: &mut u64) -> f32 {
    // Knuth's MMIX generator; its upper bits are the good ones.
    *random = random
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    let uniform = (*random >> 40) as f32 / (1u64 << 24) as f32;
    let signed = 2.0 * uniform - 1.0;
    (signed * signed * signed).max(0.0)
}

/// A device whose every answer is held against the reference model's: another one is
/// [`TransportError::WrongAnswer`].
pub struct Checked<'a> {
    device: &'a mut dyn Transport,
    contexts: Vec<Option<Context>>,
    answers: VecDeque<Vec<u8>>,
    tested: Tested,
}

impl<'a> Checked<'a> {
    /// This device, with nothing in flight.
    pub fn new(device: &'a mut dyn Transport) -> Self {
        Self {
            contexts: vec![None; device.capabilities().contexts.into()],
            device,
            answers: VecDeque::new(),
            tested: Tested::default(),
        }
    }

    /// What was right so far.
    pub fn tested(&self) -> Tested {
        self.tested
    }
}

impl Transport for Checked<'_> {
    fn capabilities(&self) -> &Capabilities {
        self.device.capabilities()
    }

    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError> {
        self.device.load_context(id, context)?;
        if let Some(place) = self.contexts.get_mut(usize::from(id)) {
            *place = Some(context.clone());
        }
        Ok(())
    }

    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError> {
        self.device.submit(request.clone())?;
        self.answers
            .push_back(packet::answer(&self.contexts, &request)?);
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let answer = packet::plain(self.device.receive()?)?;
        let expected = self.answers.pop_front();
        if expected.as_ref() != Some(&answer) {
            return Err(TransportError::WrongAnswer);
        }
        let header = Packet::parse(&answer)?.header;
        let samples = header.run.planes() as u64 * u64::from(header.plane_len);
        self.tested.packets += 1;
        self.tested.samples += samples;
        Ok(answer)
    }

    fn wait(&mut self, patience: Duration) -> bool {
        self.device.wait(patience)
    }

    fn in_flight(&self) -> usize {
        self.device.in_flight()
    }

    fn abandon(&mut self) {
        self.device.abandon();
        self.answers.clear();
    }
}
