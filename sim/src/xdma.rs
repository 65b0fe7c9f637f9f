//! A verilated `dqa_xdma` with what a DMA engine does at its ports.

use dqa_golden::packet::Direction;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::xdma::xdma_core::{self, EngineBits};

use crate::{Axil, Beat, Bench, CoreError, Model, Response, SimError, Stall};

/// Clocks that pass before a register is read, so that a host which only waits for registers sees time
/// pass.
const REGISTER_CLOCKS: u64 = 4;

/// The beats, of `width` bytes, in which an engine brings a transfer: `tlast` with its end and nowhere else,
/// `tkeep` full in all beats but the last, whose other bytes are ones.
pub fn transfer(bytes: &[u8], width: usize) -> impl Iterator<Item = Beat> {
    let count = bytes.len().div_ceil(width);
    bytes.chunks(width).enumerate().map(move |(at, bytes)| {
        let others = std::iter::repeat_n(&u8::MAX, width - bytes.len());
        let word = others.chain(bytes.iter().rev());
        let word = word.fold(0u128, |word, &byte| word << 8 | u128::from(byte));
        let keep = (1u64 << bytes.len()) - 1;
        Beat::from(word).with("tkeep", keep).last(at + 1 == count)
    })
}

/// The bytes of a packet to an engine, whose beats are of `width` bytes.
///
/// # Errors
///
/// What an engine may not be given: a beat that is not full before the last, or one with a gap or without a
/// byte.
pub fn packet(beats: &[Beat], width: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(beats.len() * width);
    for (at, beat) in beats.iter().enumerate() {
        let (word, keep) = (beat.get("tdata"), beat.get("tkeep").to_u64());
        let count = keep.trailing_ones() as usize;
        let last = at + 1 == beats.len();
        if keep >> count != 0 || count == 0 || (count < width && !last) {
            return Err(format!("beat {at} of {} keeps {keep:#x}", beats.len()));
        }
        bytes.extend((0..count).map(|byte| word.field(8 * byte, 8).to_le_bytes()[0]));
    }
    Ok(bytes)
}

/// The core behind an engine, with its clock. Time passes in [`run`](Self::run), and a little with every
/// register.
#[derive(Debug)]
pub struct XdmaBoard {
    bench: Bench,
    master: Axil,
    seed: u64,
    /// Bytes of the engine's beat.
    width: usize,
    stall: Stall,
}

/// Streams to and from a path.
fn streams(path: Direction) -> [&'static str; 2] {
    match path {
        Direction::Write => ["s_axis_h2c_0", "m_axis_c2h_0"],
        Direction::Read => ["s_axis_h2c_1", "m_axis_c2h_1"],
    }
}

impl XdmaBoard {
    /// A board that was reset; its model is built, or taken from the cache.
    ///
    /// # Errors
    ///
    /// When the core cannot be emitted or built.
    pub fn new(parameters: &Parameters, engine: EngineBits, seed: u64) -> Result<Self, CoreError> {
        let verilog = xdma_core::verilog(parameters, engine, "");
        let verilog = verilog.map_err(|error| CoreError::Emit(format!("{error:?}")))?;
        let mut board = Self {
            bench: Bench::new(&Model::build(xdma_core::TOP, &verilog)?, seed)?,
            master: Axil::new("s_axil", Stall::NONE),
            seed,
            width: engine.get() / 8,
            stall: Stall::NONE,
        };
        board.stall(Stall::NONE);
        board.bench.reset();
        Ok(board)
    }

    /// Its clock and ports, for what is not said here.
    pub fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    /// How often the streams pause, from now on.
    pub fn stall(&mut self, stall: Stall) {
        self.stall = stall;
        for [to, from] in [Direction::Write, Direction::Read].map(streams) {
            self.bench.source(to, [] as [Beat; 0], stall);
            self.bench.sink(from, stall);
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

    /// Puts a transfer behind those that wait to go to a path.
    pub fn send(&mut self, path: Direction, bytes: &[u8]) {
        let beats = transfer(bytes, self.width);
        self.bench.source(streams(path)[0], beats, self.stall);
    }

    /// Beats that wait to go to a path.
    pub fn waiting(&self, path: Direction) -> usize {
        self.bench.waiting(streams(path)[0])
    }

    /// Beats that came from a path and were not taken.
    pub fn received(&self, path: Direction) -> usize {
        self.bench.received(streams(path)[1])
    }

    /// The next packet of a path that has come to its end.
    ///
    /// # Errors
    ///
    /// Where its beats are not what an engine may be given.
    pub fn receive(&mut self, path: Direction) -> Result<Option<Vec<u8>>, SimError> {
        let stream = streams(path)[1];
        if self.bench.packets(stream) == 0 {
            return Ok(None);
        }
        let beats = self.bench.take_packet(stream);
        let bytes = packet(&beats, self.width).map_err(|what| SimError::Protocol {
            top: xdma_core::TOP.to_owned(),
            seed: self.seed,
            cycle: self.bench.cycle(),
            stream: stream.to_owned(),
            what,
        })?;
        Ok(Some(bytes))
    }

    /// Clocks so often.
    ///
    /// # Errors
    ///
    /// When an output breaks the handshake.
    pub fn run(&mut self, clocks: u64) -> Result<(), SimError> {
        self.bench.run(clocks)
    }
}
