//! A core that copies.

use std::collections::VecDeque;

use dqa_golden::lanes::LaneShape;
use dqa_golden::packet::{Direction, HEADER_BYTES, Header, Path};
use dqa_hdl::parameters::Parameters;
use dqa_sim::SimError;

use super::core::{Core, beat, index};
use super::register_file::RegisterFile;

/// A core that copies: the answer to a request has the request's own payload. For measuring what the
/// host does, with nothing behind it.
#[derive(Debug)]
pub struct Loopback {
    parameters: Parameters,
    registers: RegisterFile,
    requests: [Vec<u8>; 2],
    answers: [VecDeque<Vec<u8>>; 2],
    /// Buffers to be used again.
    spares: Vec<Vec<u8>>,
}

/// Spares that are kept, at most.
const SPARES: usize = 32;

impl Loopback {
    /// One that says it has these parameters.
    pub fn new(parameters: Parameters) -> Self {
        Self {
            registers: RegisterFile::new(&parameters),
            parameters,
            requests: Default::default(),
            answers: Default::default(),
            spares: Vec::new(),
        }
    }
}

/// What a core without contexts answers to what is no request.
fn refuse(direction: Direction, bytes: &[u8], lanes: usize) -> Option<Vec<u8>> {
    let mut path = Path {
        direction,
        shape: LaneShape::new(u8::try_from(lanes).ok()?).ok()?,
        contexts: Vec::new(),
        scan: false,
        counts: false,
        check_sequence: false,
        last_sequence: None,
    };
    Some(path.reply(bytes).shortest())
}

impl Core for Loopback {
    fn beat(&self, path: Direction) -> usize {
        beat(&self.parameters, path)
    }

    fn read(&mut self, offset: u16) -> Result<u32, SimError> {
        Ok(self.registers.read(offset))
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError> {
        self.registers.write(offset, word);
        Ok(())
    }

    fn send(&mut self, path: Direction, bytes: &[u8], last: bool) {
        let request = &mut self.requests[index(path)];
        request.extend_from_slice(bytes);
        if !last {
            return;
        }
        let next = self.spares.pop().unwrap_or_default();
        let mut answer = std::mem::replace(request, next);
        let head = answer.first_chunk_mut::<HEADER_BYTES>();
        let Some((head, Ok(header))) = head.map(|head| {
            let header = Header::from_bytes(head);
            (head, header)
        }) else {
            let refused = refuse(path, &answer, self.parameters.lanes);
            return self.answers[index(path)].extend(refused);
        };
        let operation = header.operation.answer();
        *head = Header {
            operation,
            ..header
        }
        .to_bytes();
        self.answers[index(path)].push_back(answer);
    }

    fn waiting(&self, _path: Direction) -> usize {
        0
    }

    fn answer(&mut self, path: Direction) -> Option<Vec<u8>> {
        self.answers[index(path)].pop_front()
    }

    fn reuse(&mut self, mut answer: Vec<u8>) {
        if self.spares.len() < SPARES {
            answer.clear();
            self.spares.push(answer);
        }
    }

    fn run(&mut self) -> Result<bool, SimError> {
        Ok(false)
    }

    fn clear(&mut self) {
        self.requests.iter_mut().for_each(Vec::clear);
    }
}
