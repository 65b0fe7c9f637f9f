//! A verilated `dqa_core` as a board has it: registers behind AXI4-Lite, a stream of requests and
//! one of answers for each path.

use dqa_golden::packet::Direction;
use dqa_hdl::core;
use dqa_hdl::parameters::Parameters;

use crate::{Axil, Beat, Bench, CoreError, Model, Response, SimError, Stall};

/// Clocks that a path is given after what was sent to it before a register is read or written, so
/// that a host which only waits for registers sees time pass.
const REGISTER_CLOCKS: u64 = 4;

/// The core with its clock. Time passes in [`run`](Self::run), and a little with every register.
#[derive(Debug)]
pub struct Device {
    bench: Bench,
    master: Axil,
    parameters: Parameters,
    stall: Stall,
}

/// Streams in and out of a path.
fn streams(path: Direction) -> [&'static str; 2] {
    match path {
        Direction::Write => ["s_axis_enc", "m_axis_enc"],
        Direction::Read => ["s_axis_dec", "m_axis_dec"],
    }
}

impl Device {
    /// A core that was reset; its model is built, or taken from the cache.
    ///
    /// # Errors
    ///
    /// When the core cannot be emitted or built.
    pub fn new(parameters: Parameters, seed: u64) -> Result<Self, CoreError> {
        let verilog = core::verilog(&parameters, "");
        let verilog = verilog.map_err(|error| CoreError::Emit(format!("{error:?}")))?;
        let mut device = Self {
            bench: Bench::new(&Model::build(core::TOP, &verilog)?, seed)?,
            master: Axil::new("s_axil", Stall::NONE),
            parameters,
            stall: Stall::NONE,
        };
        for [requests, answers] in [Direction::Write, Direction::Read].map(streams) {
            device.bench.source(requests, [] as [Beat; 0], Stall::NONE);
            device.bench.sink(answers, Stall::NONE);
        }
        device.bench.reset();
        Ok(device)
    }

    /// What the core was generated for.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// How often the streams pause, from now on.
    pub fn stall(&mut self, stall: Stall) {
        self.stall = stall;
        for [requests, answers] in [Direction::Write, Direction::Read].map(streams) {
            self.bench.source(requests, [] as [Beat; 0], stall);
            self.bench.sink(answers, stall);
        }
    }

    /// Reads a register; `None` where the core answers SLVERR.
    ///
    /// # Errors
    ///
    /// When the core hangs or breaks a handshake.
    pub fn read(&mut self, offset: u16) -> Result<Option<u32>, SimError> {
        self.run(REGISTER_CLOCKS)?;
        let (word, response) = self.master.read(&mut self.bench, offset)?;
        Ok((response == Response::Okay).then_some(word))
    }

    /// Writes a register; `None` where the core answers SLVERR.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn write(&mut self, offset: u16, word: u32) -> Result<Option<()>, SimError> {
        let response = self.master.write(&mut self.bench, offset, word, 0xf)?;
        Ok((response == Response::Okay).then_some(()))
    }

    /// Bytes of a beat of a path's requests, and of its answers.
    pub fn beat_bytes(&self, path: Direction) -> [usize; 2] {
        let samples = 2 * self.parameters.lanes;
        let word = self.parameters.word_bits() / 8;
        match path {
            Direction::Write => [samples, word],
            Direction::Read => [word, samples],
        }
    }

    /// Puts bytes behind those that wait to go into a path, whole beats; `last` where a request ends.
    ///
    /// # Panics
    ///
    /// When they are not whole beats.
    pub fn send(&mut self, path: Direction, bytes: &[u8], last: bool) {
        let [beat, _] = self.beat_bytes(path);
        assert!(bytes.len().is_multiple_of(beat), "beats of {beat} bytes");
        let count = bytes.len() / beat;
        let beats = bytes.chunks(beat).enumerate().map(|(at, bytes)| {
            let bytes = bytes.iter().rev();
            let value = bytes.fold(0u128, |x, &byte| x << 8 | u128::from(byte));
            Beat::from(value).last(last && at + 1 == count)
        });
        let [requests, _] = streams(path);
        self.bench.source(requests, beats, self.stall);
    }

    /// Beats that wait to go in, and that came out and were not taken, of each path: changes with every
    /// beat that moves.
    pub fn beats(&self) -> [usize; 4] {
        let [[write_in, write_out], [read_in, read_out]] =
            [Direction::Write, Direction::Read].map(streams);
        let (waiting, received) = (Bench::waiting, Bench::received);
        [
            waiting(&self.bench, write_in),
            received(&self.bench, write_out),
            waiting(&self.bench, read_in),
            received(&self.bench, read_out),
        ]
    }

    /// The next answer of a path that has come to its end.
    pub fn answer(&mut self, path: Direction) -> Option<Vec<u8>> {
        let ([_, answers], [_, beat]) = (streams(path), self.beat_bytes(path));
        if self.bench.packets(answers) == 0 {
            return None;
        }
        let beats = self.bench.take_packet(answers);
        let bytes = beats.iter().flat_map(|beats| {
            let word = beats.get("tdata");
            (0..beat).map(move |byte| word.field(8 * byte, 8).to_le_bytes()[0])
        });
        Some(bytes.collect())
    }

    /// Clocks so often.
    ///
    /// # Errors
    ///
    /// When an output breaks the handshake.
    pub fn run(&mut self, clocks: u64) -> Result<(), SimError> {
        self.bench.run(clocks)
    }

    /// Drops what waits at both paths and what came out: what is to be done to the peers of a core
    /// that is soft-reset.
    pub fn clear(&mut self) {
        for stream in [Direction::Write, Direction::Read].map(streams).concat() {
            self.bench.clear(stream);
        }
    }

    /// Resets the core; contexts are to be loaded again.
    pub fn reset(&mut self) {
        self.bench.restart();
    }
}
