//! What is behind a simulated card's streams.

use dqa_golden::lanes::LaneShape;
use dqa_golden::packet::{self, Direction, HEADER_BYTES, Header, Reply};
use dqa_hdl::core::identification;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::registers::{ALL, Access};
use dqa_sim::{Device, SimError};

/// Clocks between looks at what came out.
const CLOCKS: u64 = 500;

/// A core: registers, whole beats of requests in, answers out.
pub trait Core: Send {
    /// Bytes of a beat of a path's requests.
    fn beat(&self, path: Direction) -> usize;

    /// Reads a register; all ones where there is none, as on PCIe.
    fn read(&mut self, offset: u16) -> Result<u32, SimError>;

    /// Writes a register.
    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError>;

    /// Takes beats of a request; `last` with its end.
    fn send(&mut self, path: Direction, bytes: &[u8], last: bool);

    /// Bytes that wait to go in.
    fn waiting(&self, path: Direction) -> usize;

    /// The next answer that is complete.
    fn answer(&mut self, path: Direction) -> Option<Vec<u8>>;

    /// Lets time pass; whether anything moved.
    fn run(&mut self) -> Result<bool, SimError>;

    /// Forgets what waits: it has been soft-reset.
    fn clear(&mut self);
}

impl Core for Device {
    fn beat(&self, path: Direction) -> usize {
        self.beat_bytes(path)[0]
    }

    fn read(&mut self, offset: u16) -> Result<u32, SimError> {
        Ok(Device::read(self, offset)?.unwrap_or(u32::MAX))
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError> {
        Device::write(self, offset, word).map(|_| ())
    }

    fn send(&mut self, path: Direction, bytes: &[u8], last: bool) {
        Device::send(self, path, bytes, last);
    }

    fn waiting(&self, path: Direction) -> usize {
        let [write, _, read, _] = self.beats();
        self.beat(path)
            * match path {
                Direction::Write => write,
                Direction::Read => read,
            }
    }

    fn answer(&mut self, path: Direction) -> Option<Vec<u8>> {
        Device::answer(self, path)
    }

    fn run(&mut self) -> Result<bool, SimError> {
        let before = self.beats();
        Device::run(self, CLOCKS)?;
        Ok(self.beats() != before)
    }

    fn clear(&mut self) {
        Device::clear(self);
    }
}

/// A core that copies: the answer to a request has the request's own payload. For measuring what the
/// host does, with nothing behind it.
#[derive(Debug)]
pub struct Loopback {
    parameters: Parameters,
    /// By offset divided by 4.
    registers: Vec<u32>,
    requests: [Vec<u8>; 2],
    answers: [std::collections::VecDeque<Vec<u8>>; 2],
}

impl Loopback {
    /// One that says it has these parameters.
    pub fn new(parameters: Parameters) -> Self {
        let mut registers = vec![0; usize::from(dqa_hdl::registers::BYTES / 4)];
        for register in ALL {
            registers[usize::from(register.offset / 4)] = register.reset();
        }
        for (field, value) in identification(&parameters).constants() {
            registers[usize::from(field.offset / 4)] |= field.put(value);
        }
        Self {
            parameters,
            registers,
            requests: Default::default(),
            answers: Default::default(),
        }
    }
}

/// What a core answers to what is no request.
fn refuse(direction: Direction, bytes: &[u8], lanes: usize) -> Option<Vec<u8>> {
    let mut path = packet::Path {
        direction,
        shape: LaneShape::new(u8::try_from(lanes).ok()?).ok()?,
        contexts: Vec::new(),
        scan: false,
        counts: false,
        check_sequence: false,
        last_sequence: None,
    };
    match path.reply(bytes) {
        Reply::Exact(refused) => Some(refused),
        Reply::Broken { .. } => None,
    }
}

fn index(path: Direction) -> usize {
    match path {
        Direction::Write => 0,
        Direction::Read => 1,
    }
}

impl Core for Loopback {
    fn beat(&self, path: Direction) -> usize {
        match path {
            Direction::Write => 2 * self.parameters.lanes,
            Direction::Read => self.parameters.word_bits() / 8,
        }
    }

    fn read(&mut self, offset: u16) -> Result<u32, SimError> {
        let word = self.registers.get(usize::from(offset / 4));
        Ok(word.copied().unwrap_or(u32::MAX))
    }

    fn write(&mut self, offset: u16, word: u32) -> Result<(), SimError> {
        if let Some(register) = ALL.iter().find(|register| register.offset == offset) {
            let keeps = register.mask(&[Access::ReadWrite, Access::Advance]);
            let kept = &mut self.registers[usize::from(offset / 4)];
            *kept = *kept & !keeps | word & keeps;
        }
        Ok(())
    }

    fn send(&mut self, path: Direction, bytes: &[u8], last: bool) {
        let request = &mut self.requests[index(path)];
        request.extend_from_slice(bytes);
        if !last {
            return;
        }
        let mut answer = std::mem::take(request);
        let head = answer.first_chunk_mut::<HEADER_BYTES>();
        let Some((head, Ok(header))) = head.map(|head| {
            let header = Header::from_bytes(head);
            (head, header)
        }) else {
            // What is no request is refused, as by a core.
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

    fn run(&mut self) -> Result<bool, SimError> {
        Ok(false)
    }

    fn clear(&mut self) {
        self.requests.iter_mut().for_each(Vec::clear);
    }
}
