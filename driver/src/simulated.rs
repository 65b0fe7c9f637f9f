//! The device without a board: the emitted Verilog of both cores, under Verilator, in process.
//!
//! Bits are the hardware's own, and so are limits: two contexts, 1 to 8 lanes. It is some
//! thousand times slower than [`Software`](crate::software::Software); for real work use that.

use std::collections::VecDeque;

use dqa_golden::context::Context;
use dqa_golden::packet::{Header, Operation, Packet, PacketError, Status};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Core, CoreError, Stall};

use crate::transport::{Capabilities, Transport, TransportError};

const CONTEXTS: u16 = 256;

/// Both cores, verilated.
pub struct Simulated {
    capabilities: Capabilities,
    contexts: Vec<Option<Context>>,
    cores: Option<Cores>,
    answers: VecDeque<Result<Vec<u8>, TransportError>>,
}

/// An encoder with its scanner and a decoder of the same lanes, and which contexts are in their slots.
struct Cores {
    lanes: usize,
    encoder: Core,
    decoder: Core,
    slots: [Option<u8>; 2],
    oldest: usize,
}

impl Default for Simulated {
    fn default() -> Self {
        Self::new()
    }
}

impl Simulated {
    /// A device whose cores are built, or taken from the cache, with the first context.
    pub fn new() -> Self {
        Self {
            capabilities: Capabilities {
                name: "simulated".into(),
                lanes: vec![1, 2, 4, 8],
                contexts: CONTEXTS,
                channels: u32::try_from(Parameters::default().channels).unwrap_or(u32::MAX),
                window: 2,
            },
            contexts: vec![None; CONTEXTS.into()],
            cores: None,
            answers: VecDeque::new(),
        }
    }

    fn answer(&mut self, request: &[u8]) -> Result<Vec<u8>, TransportError> {
        let Packet { header, payload } = Packet::parse(request)?;
        let id = header.context;
        let context = self.contexts[usize::from(id)].as_ref();
        let context = context.ok_or(PacketError::NoContext(id))?;
        header.check(context)?;
        let lanes = context.shape().lanes();
        if self.cores.as_ref().is_none_or(|cores| cores.lanes != lanes) {
            self.cores = Some(Cores::new(lanes)?);
        }
        let cores = self.cores.as_mut().expect("just made");
        let slot = cores.slot(id, context)?;
        let (run, stall) = (&header.run, Stall::NONE);
        let core = match header.operation {
            Operation::Decode => &mut cores.decoder,
            Operation::Encode | Operation::Scan => &mut cores.encoder,
        };
        match header.operation {
            Operation::Scan => core.send_scan(slot, run, payload, stall),
            Operation::Encode | Operation::Decode => core.send(slot, run, payload, stall),
        }
        let answer = core.answer(stall)?;
        Status::check(u32::try_from(answer.error).unwrap_or(u32::MAX))?;
        let operation = header.operation.answer();
        Ok(Header {
            operation,
            ..header
        }
        .packet(&answer.bytes))
    }
}

impl Cores {
    fn new(lanes: usize) -> Result<Self, CoreError> {
        let parameters = Parameters {
            lanes,
            ..Parameters::default()
        };
        Ok(Self {
            lanes,
            encoder: Core::scanner(parameters, 0)?,
            decoder: Core::decoder(parameters, 0)?,
            slots: [None; 2],
            oldest: 0,
        })
    }

    /// The slot that holds a context; loads it in place of the older one where none does.
    fn slot(&mut self, id: u8, context: &Context) -> Result<bool, CoreError> {
        if let Some(slot) = self.slots.iter().position(|&held| held == Some(id)) {
            return Ok(slot == 1);
        }
        let slot = self.oldest;
        self.encoder.load(slot == 1, context)?;
        self.decoder.load(slot == 1, context)?;
        self.slots[slot] = Some(id);
        self.oldest = 1 - slot;
        Ok(slot == 1)
    }
}

impl From<CoreError> for TransportError {
    fn from(error: CoreError) -> Self {
        Self::Device(error.to_string())
    }
}

impl Transport for Simulated {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError> {
        self.contexts[usize::from(id)] = Some(context.clone());
        if let Some(cores) = &mut self.cores {
            for slot in cores.slots.iter_mut().filter(|slot| **slot == Some(id)) {
                *slot = None;
            }
        }
        Ok(())
    }

    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError> {
        if self.answers.len() >= self.capabilities.window {
            return Err(TransportError::WindowFull(self.capabilities.window));
        }
        let answer = self.answer(&request);
        self.answers.push_back(answer);
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let answer = self.answers.pop_front();
        answer.ok_or(TransportError::NothingInFlight)?
    }

    fn in_flight(&self) -> usize {
        self.answers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dqa_golden::packet::{answer, samples_to_bytes};
    use dqa_golden::payload::PlaneRun;
    use dqa_sim::layers;

    #[test]
    fn a_scan_is_goldens() {
        let context = layers::length_by_sample(4, 10);
        let run = PlaneRun {
            first_channel: 0,
            channels: 1,
            images: 3,
        };
        let samples: Vec<i16> = (-18..18).collect();
        let request = Header {
            operation: Operation::Scan,
            context: 7,
            shape: context.shape(),
            run,
            plane_len: 10,
            sequence: 0,
            payload_len: 0,
        };
        let request = request.packet(&samples_to_bytes(&samples));
        let mut contexts = vec![None; 8];
        contexts[7] = Some(context.clone());
        let mut device = Simulated::new();
        device.load_context(7, &context).unwrap();
        device.submit(request.clone()).unwrap();
        assert_eq!(
            device.receive().unwrap(),
            answer(&contexts, &request).unwrap()
        );
    }
}
