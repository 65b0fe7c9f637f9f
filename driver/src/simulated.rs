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
const NO_STALLS: [Stall; 2] = [Stall::NONE, Stall::NONE];

/// Both cores, verilated.
pub struct Simulated {
    capabilities: Capabilities,
    contexts: Vec<Option<Context>>,
    cores: Option<Cores>,
    answers: VecDeque<Result<Vec<u8>, TransportError>>,
}

/// An encoder and a decoder of the same lanes, and which contexts are in their slots.
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
        if header.operation == Operation::Scan {
            return Err(TransportError::Unsupported {
                name: self.capabilities.name.clone(),
                operation: header.operation,
            });
        }
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
        let core = match header.operation {
            Operation::Decode => &mut cores.decoder,
            _ => &mut cores.encoder,
        };
        let answer = core.packet(slot, &header.run, payload, NO_STALLS)?;
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
            encoder: Core::encoder(parameters, 0)?,
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
    use dqa_golden::lanes::LaneShape;
    use dqa_golden::payload::PlaneRun;

    #[test]
    fn a_scan_is_refused() {
        let request = Header {
            operation: Operation::Scan,
            context: 0,
            shape: LaneShape::new(4).unwrap(),
            run: PlaneRun {
                first_channel: 0,
                channels: 1,
                images: 1,
            },
            plane_len: 4,
            sequence: 0,
            payload_len: 0,
        };
        let mut device = Simulated::new();
        device.submit(request.packet(&[0; 8])).unwrap();
        assert!(matches!(
            device.receive(),
            Err(TransportError::Unsupported {
                operation: Operation::Scan,
                ..
            })
        ));
    }
}
