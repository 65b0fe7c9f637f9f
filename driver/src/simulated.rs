//! The device without a board: the emitted Verilog of `dqa_core`, under Verilator, in process.
//!
//! Bits are the hardware's own, and so are limits: registers, two contexts a path, 1 to 8 lanes. It is
//! some thousand times slower than [`Software`](crate::software::Software); for real work use that.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dqa_golden::context::Context;
use dqa_golden::packet::{Direction, PacketError};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{CoreError, Device, SimError};

use crate::card::{Card, Limits, Link, LinkError, Piece};
use crate::registers::RegisterBus;
use crate::transport::{Capabilities, Largest, Operations, Transport, TransportError};

const NAME: &str = "sim:";
const CONTEXTS: u16 = 256;
/// Where a request's header has its context.
const CONTEXT_BYTE: usize = 6;
const LANES: [u8; 4] = [1, 2, 4, 8];
const LIMITS: Limits = Limits {
    window: 4,
    answer: Duration::from_secs(10),
};
/// Clocks between looks at what came out.
const CLOCKS: u64 = 500;
/// A link to a verilated core: it is the clock, too.
#[derive(Debug)]
pub struct SimulatedLink {
    device: Device,
}

impl SimulatedLink {
    /// A core that was reset.
    pub fn new(parameters: Parameters, seed: u64) -> Result<Self, CoreError> {
        let device = Device::new(parameters, seed)?;
        Ok(Self { device })
    }

    /// The core.
    pub fn device(&mut self) -> &mut Device {
        &mut self.device
    }
}

impl From<SimError> for LinkError {
    fn from(error: SimError) -> Self {
        Self::Failed {
            name: NAME.into(),
            what: "the simulation".into(),
            reason: error.to_string(),
            remedy: "this is a bug of the core: please report it".into(),
        }
    }
}

fn refused(offset: u16) -> LinkError {
    let name = NAME.into();
    LinkError::Register { name, offset }
}

impl RegisterBus for SimulatedLink {
    type Error = LinkError;

    fn read(&mut self, offset: u16) -> Result<u32, LinkError> {
        self.device.read(offset)?.ok_or_else(|| refused(offset))
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), LinkError> {
        let written = self.device.write(offset, word)?;
        written.ok_or_else(|| refused(offset))
    }
}

impl Link for SimulatedLink {
    fn name(&self) -> &str {
        NAME
    }

    fn limits(&self) -> Limits {
        LIMITS
    }

    fn send(
        &mut self,
        path: Direction,
        request: &Arc<Vec<u8>>,
        at: usize,
    ) -> Result<usize, LinkError> {
        self.device.send(path, &request[at..], true);
        Ok(request.len() - at)
    }

    fn receive(
        &mut self,
        wait: Duration,
        take: &mut dyn FnMut(Direction, Piece) -> Vec<u8>,
    ) -> Result<bool, LinkError> {
        let (start, before) = (Instant::now(), self.device.beats());
        loop {
            self.device.run(CLOCKS)?;
            let mut came = false;
            for path in [Direction::Write, Direction::Read] {
                while let Some(answer) = self.device.answer(path) {
                    take(path, Piece::Bytes(answer));
                    came = true;
                }
            }
            if came || start.elapsed() >= wait {
                return Ok(came || self.device.beats() != before);
            }
        }
    }

    fn reset(&mut self) -> Result<(), LinkError> {
        self.device.clear();
        Ok(())
    }
}

/// Verilated cores, one for each number of lanes that contexts ask for.
#[derive(Debug)]
pub struct Simulated {
    capabilities: Capabilities,
    /// By their place in [`LANES`]; built, or taken from the cache, with the first context.
    cards: [Option<Card<SimulatedLink>>; LANES.len()],
    /// Which card has the context of an id.
    contexts: Vec<Option<usize>>,
    /// The cards of the requests in flight, or why there is none.
    in_flight: VecDeque<Result<usize, PacketError>>,
}

impl Default for Simulated {
    fn default() -> Self {
        Self::new()
    }
}

impl Simulated {
    /// A device without cores yet.
    pub fn new() -> Self {
        Self {
            capabilities: Capabilities {
                name: "simulated".into(),
                lanes: LANES.to_vec(),
                contexts: CONTEXTS,
                channels: u32::try_from(Parameters::default().channels).unwrap_or(u32::MAX),
                window: LIMITS.window,
                operations: Operations::ALL,
                largest: Largest::LEGAL,
            },
            cards: [const { None }; LANES.len()],
            contexts: vec![None; CONTEXTS.into()],
            in_flight: VecDeque::new(),
        }
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
        let lanes = context.shape().lanes();
        let parameters = Parameters {
            lanes,
            ..Parameters::default()
        };
        parameters.admit(context)?;
        let at = LANES.iter().position(|&known| usize::from(known) == lanes);
        let at = at.ok_or_else(|| TransportError::Device(format!("it has no {lanes} lanes")))?;
        let card = match &mut self.cards[at] {
            Some(card) => card,
            none => none.insert(Card::open(SimulatedLink::new(parameters, 0)?)?),
        };
        card.load_context(id, context)?;
        self.contexts[usize::from(id)] = Some(at);
        Ok(())
    }

    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError> {
        if self.in_flight() >= LIMITS.window {
            return Err(TransportError::WindowFull(LIMITS.window));
        }
        let id = request.get(CONTEXT_BYTE).copied().unwrap_or(0);
        let card = match self.contexts[usize::from(id)] {
            Some(at) => {
                let card = self.cards[at].as_mut().expect("it has a context");
                card.submit(request)?;
                Ok(at)
            }
            None => Err(PacketError::NoContext(id)),
        };
        self.in_flight.push_back(card);
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let card = self.in_flight.pop_front();
        let at = card.ok_or(TransportError::NothingInFlight)??;
        self.cards[at].as_mut().expect("it has a request").receive()
    }

    fn wait(&mut self, patience: Duration) -> bool {
        match self.in_flight.front() {
            Some(&Ok(at)) => self.cards[at]
                .as_mut()
                .expect("it has a request")
                .wait(patience),
            _ => true,
        }
    }

    fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    fn abandon(&mut self) {
        self.in_flight.clear();
        self.cards.iter_mut().flatten().for_each(Card::abandon);
    }
}
