//! A core that is the software codec.

use std::collections::VecDeque;

use dqa_golden::lanes::LaneShape;
use dqa_golden::packet::{Direction, Operation, Packet, Path};
use dqa_hdl::parameters::{ParameterError, Parameters};
use dqa_hdl::registers::{contexts, control, load_addr, load_data};
use dqa_sim::SimError;

use super::core::{Core, beat, index};
use super::loaded::{self, Words};
use super::register_file::RegisterFile;
use crate::codec::Prepared;

/// Contexts of a path.
const CONTEXTS: usize = 2;

/// A core whose answers the software codec makes, as fast as it does: registers, contexts and answers
/// are those of `dqa_core`, but for counters, interrupts and statuses seen, which stay 0. What golden
/// refuses is answered in golden's words.
pub struct SoftwareCore {
    parameters: Parameters,
    registers: RegisterFile,
    streams: [CoreStream; 2],
}

/// A path with what is loaded into it.
struct CoreStream {
    /// Sequence numbers and contexts, for requests that are refused.
    path: Path,
    loads: [Words; CONTEXTS],
    /// Those of loads that have been asked for since they changed.
    prepared: [Option<Prepared>; CONTEXTS],
    request: Vec<u8>,
    answers: VecDeque<Vec<u8>>,
}

impl CoreStream {
    fn new(direction: Direction, shape: LaneShape, parameters: &Parameters) -> Self {
        Self {
            path: Path {
                direction,
                shape,
                contexts: vec![None; CONTEXTS],
                scan: parameters.scan,
                counts: parameters.scan,
                check_sequence: false,
                last_sequence: None,
            },
            loads: Default::default(),
            prepared: Default::default(),
            request: Vec::new(),
            answers: VecDeque::new(),
        }
    }

    /// Makes the contexts ready that are valid and were loaded since.
    fn prepare(&mut self, parameters: &Parameters, valid: u32) {
        for slot in 0..CONTEXTS {
            if valid >> slot & 1 == 0 {
                self.path.contexts[slot] = None;
                continue;
            }
            if self.prepared[slot].is_none() {
                let found = loaded::context(self.path.direction, parameters, &self.loads[slot]);
                self.prepared[slot] = found.map(Prepared::new);
            }
            if self.path.contexts[slot].is_none() {
                let prepared = self.prepared[slot].as_ref();
                self.path.contexts[slot] = prepared.map(|p| p.context().clone());
            }
        }
    }

    /// The answer of the codec, where it is one that a core gives too.
    fn fast(&self, request: &[u8]) -> Option<(u32, Vec<u8>)> {
        let packet = Packet::parse(request).ok()?;
        let header = packet.header;
        let goes = match header.operation {
            Operation::Encode => self.path.direction == Direction::Write,
            Operation::Decode => self.path.direction == Direction::Read,
            Operation::Scan => false,
        };
        let last = self.path.last_sequence;
        let continues = last.is_none_or(|last| header.sequence.wrapping_sub(last) <= 1);
        if !goes || self.path.check_sequence && !continues || header.shape != self.path.shape {
            return None;
        }
        let slot = usize::from(header.context);
        self.path.contexts.get(slot)?.as_ref()?;
        let answer = self.prepared[slot].as_ref()?.answer(&packet).ok()?;
        Some((header.sequence, answer))
    }

    fn answer(&mut self, request: &[u8]) -> Vec<u8> {
        match self.fast(request) {
            Some((sequence, answer)) => {
                self.path.last_sequence = Some(sequence);
                answer
            }
            None => self.path.reply(request).shortest(),
        }
    }
}

impl SoftwareCore {
    /// One with these parameters.
    ///
    /// # Errors
    ///
    /// Those of [`Parameters::check`].
    pub fn new(parameters: Parameters) -> Result<Self, ParameterError> {
        parameters.check()?;
        let lanes = parameters.lanes.to_le_bytes()[0];
        let shape = LaneShape::new(lanes).expect("checked");
        let stream = |direction| CoreStream::new(direction, shape, &parameters);
        let streams = [Direction::Write, Direction::Read].map(stream);
        Ok(Self {
            registers: RegisterFile::new(&parameters),
            streams,
            parameters,
        })
    }

    /// A write to the load port, and the address behind it.
    fn load(&mut self, word: u32) {
        let address = self.registers.get(load_addr::ADDRESS);
        let path = self.registers.get(load_addr::PATH) as usize;
        let slot = self.registers.get(load_addr::CONTEXT) as usize;
        let stream = &mut self.streams[path];
        stream.loads[slot].insert(address, word);
        stream.prepared[slot] = None;
        stream.path.contexts[slot] = None;
        let here = self.registers.read(load_addr::REGISTER.offset);
        let last = load_addr::ADDRESS.get(u32::MAX);
        let others = here & !load_addr::ADDRESS.put(last);
        let next = load_addr::ADDRESS.put((address + 1) & last);
        self.registers
            .write(load_addr::REGISTER.offset, others | next);
    }
}

impl Core for SoftwareCore {
    fn beat(&self, path: Direction) -> usize {
        beat(&self.parameters, path)
    }

    fn read(&mut self, offset: u16) -> Result<u32, SimError> {
        Ok(self.registers.read(offset))
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError> {
        match offset == load_data::REGISTER.offset {
            true => self.load(word),
            false => self.registers.write(offset, word),
        }
        let valid = [contexts::ENCODER_VALID, contexts::DECODER_VALID];
        let check_sequence = self.registers.get(control::CHECK_SEQUENCE) == 1;
        for (stream, valid) in self.streams.iter_mut().zip(valid) {
            stream.path.check_sequence = check_sequence;
            if offset == contexts::REGISTER.offset {
                stream.prepare(&self.parameters, self.registers.get(valid));
            }
        }
        Ok(())
    }

    fn send(&mut self, path: Direction, bytes: &[u8], last: bool) {
        let stream = &mut self.streams[index(path)];
        stream.request.extend_from_slice(bytes);
        if last {
            let mut request = std::mem::take(&mut stream.request);
            let answer = stream.answer(&request);
            stream.answers.push_back(answer);
            request.clear();
            stream.request = request;
        }
    }

    fn waiting(&self, _path: Direction) -> usize {
        0
    }

    fn answer(&mut self, path: Direction) -> Option<Vec<u8>> {
        self.streams[index(path)].answers.pop_front()
    }

    fn run(&mut self) -> Result<bool, SimError> {
        Ok(false)
    }

    fn clear(&mut self) {
        for stream in &mut self.streams {
            stream.request.clear();
            stream.answers.clear();
            stream.path.last_sequence = None;
        }
    }
}
