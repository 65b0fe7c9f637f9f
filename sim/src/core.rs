//! A verilated core with its load port and commands: contexts in, packets through.

use std::collections::VecDeque;

use dqa_golden::context::Context;
use dqa_golden::payload::PlaneRun;
use dqa_hdl::load::{self, Write};
use dqa_hdl::parameters::{Misfit, Parameters};
use dqa_hdl::{decoder, encoder};

use crate::{Beat, Bench, Model, SimError, Stall};

/// Clocks without a beat in or out after which a core counts as hung; stalls are far shorter.
const PATIENCE: u64 = 10_000;

/// An encoder or decoder core. Packets are sent, any number ahead, and then answered in turn.
pub struct Core {
    model: Model,
    bench: Bench,
    parameters: Parameters,
    writes: fn(&Parameters, &Context) -> Result<Vec<Write>, Misfit>,
    /// Bytes of a beat in and of a beat out.
    beat_bytes: [usize; 2],
    /// When each packet without an answer was sent.
    sent: VecDeque<u64>,
}

/// What a core gave for a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Words or beats, in the order of their bytes in memory.
    pub bytes: Vec<u8>,
    /// Error code, 0 if none.
    pub error: u64,
    /// Clocks to the last beat, from the command or the packet before, whichever was later.
    pub clocks: u64,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum CoreError {
    #[error(transparent)]
    Sim(#[from] SimError),
    #[error(transparent)]
    Misfit(#[from] Misfit),
    #[error("the packet ended with error {got}, {expected} was due")]
    Error { expected: u64, got: u64 },
    #[error("the core cannot be emitted: {0}")]
    Emit(String),
}

fn emit_error(error: impl std::fmt::Debug) -> CoreError {
    CoreError::Emit(format!("{error:?}"))
}

impl Core {
    /// An encoder: samples to code words.
    pub fn encoder(parameters: Parameters, seed: u64) -> Result<Self, CoreError> {
        let verilog = encoder::verilog(&parameters, "").map_err(emit_error)?;
        let model = Model::build(encoder::TOP, &verilog)?;
        let beat_bytes = [2 * parameters.lanes, parameters.word_bits() / 8];
        Self::new(model, parameters, load::encoder, beat_bytes, seed)
    }

    /// An encoder that also scans.
    pub fn scanner(parameters: Parameters, seed: u64) -> Result<Self, CoreError> {
        let verilog = encoder::verilog_with_scanner(&parameters, "").map_err(emit_error)?;
        let model = Model::build(encoder::TOP, &verilog)?;
        let beat_bytes = [2 * parameters.lanes, parameters.word_bits() / 8];
        Self::new(model, parameters, load::encoder, beat_bytes, seed)
    }

    /// A decoder: code words to samples.
    pub fn decoder(parameters: Parameters, seed: u64) -> Result<Self, CoreError> {
        let verilog = decoder::verilog(&parameters, "").map_err(emit_error)?;
        let model = Model::build(decoder::TOP, &verilog)?;
        let beat_bytes = [parameters.word_bits() / 8, 2 * parameters.lanes];
        Self::new(model, parameters, load::decoder, beat_bytes, seed)
    }

    /// Another core of the same kind, just reset.
    pub fn another(&self, seed: u64) -> Result<Self, CoreError> {
        let model = self.model.clone();
        Self::new(model, self.parameters, self.writes, self.beat_bytes, seed)
    }

    fn new(
        model: Model,
        parameters: Parameters,
        writes: fn(&Parameters, &Context) -> Result<Vec<Write>, Misfit>,
        beat_bytes: [usize; 2],
        seed: u64,
    ) -> Result<Self, CoreError> {
        let mut core = Self {
            bench: Bench::new(&model, seed)?,
            model,
            parameters,
            writes,
            beat_bytes,
            sent: VecDeque::new(),
        };
        core.reset()?;
        Ok(core)
    }

    /// The core's clock and ports, for what is not said here.
    pub fn bench(&mut self) -> &mut Bench {
        &mut self.bench
    }

    /// Resets the core, also in the middle of packets, which are forgotten. Contexts stay.
    pub fn reset(&mut self) -> Result<(), CoreError> {
        self.sent.clear();
        self.bench.restart();
        Ok(self.bench.run(2)?)
    }

    /// Loads a context into one of the two slots, while packets of the other may run.
    pub fn load(&mut self, slot: bool, context: &Context) -> Result<(), CoreError> {
        let writes = (self.writes)(&self.parameters, context)?;
        self.write(slot, &writes)
    }

    /// Single writes to a slot.
    pub fn write(&mut self, slot: bool, writes: &[Write]) -> Result<(), CoreError> {
        for write in writes {
            self.bench.write("load_valid", true);
            self.bench.write("load_context", slot);
            self.bench.write("load_addr", write.addr);
            self.bench.write("load_data", write.data);
            self.bench.tick()?;
        }
        self.bench.write("load_valid", false);
        Ok(())
    }

    /// Puts a packet behind those that wait: its command, and its beats as they stand in memory,
    /// with `tlast` on the last. `stall` holds from now on.
    ///
    /// # Panics
    ///
    /// When `input` is not whole beats.
    pub fn send(&mut self, slot: bool, run: &PlaneRun, input: &[u8], stall: Stall) {
        self.command(command(slot, run), input, stall);
    }

    /// As [`send`](Self::send), to a [`scanner`](Self::scanner), for a packet that is to be scanned.
    ///
    /// # Panics
    ///
    /// When `input` is not whole beats.
    pub fn send_scan(&mut self, slot: bool, run: &PlaneRun, input: &[u8], stall: Stall) {
        self.command(command(slot, run).with("scan$0", true), input, stall);
    }

    fn command(&mut self, command: Beat, input: &[u8], stall: Stall) {
        self.bench.source("cmd", [command], Stall::NONE);
        self.bench
            .source("s_axis", beats(input, self.beat_bytes[0], 0), stall);
        self.sent.push_back(self.bench.cycle());
    }

    /// Waits for the end of the oldest packet without an answer.
    ///
    /// # Errors
    ///
    /// When the core hangs or breaks the handshake.
    pub fn answer(&mut self, stall: Stall) -> Result<Answer, CoreError> {
        let clocks = self.wait(stall)?;
        let beats = self.bench.take_packet("m_axis");
        let error = beats.last().map_or(0, |beat| beat.get("tuser").to_u64());
        let bytes = beats.iter().flat_map(|beat| {
            let data = beat.get("tdata");
            (0..self.beat_bytes[1]).map(move |byte| data.field(8 * byte, 8).to_le_bytes()[0])
        });
        Ok(Answer {
            bytes: bytes.collect(),
            error,
            clocks,
        })
    }

    /// Sends a packet and waits for its end.
    ///
    /// # Errors
    ///
    /// As [`answer`](Self::answer).
    pub fn packet(
        &mut self,
        slot: bool,
        run: &PlaneRun,
        input: &[u8],
        [stall_in, stall_out]: [Stall; 2],
    ) -> Result<Answer, CoreError> {
        self.send(slot, run, input, stall_in);
        self.answer(stall_out)
    }

    /// Waits as [`answer`](Self::answer) and compares; the clocks that the packet took.
    ///
    /// # Errors
    ///
    /// The first beat and lane that differ, and as [`answer`](Self::answer).
    pub fn expect(&mut self, bytes: &[u8], error: u8, stall: Stall) -> Result<u64, CoreError> {
        let clocks = self.wait(stall)?;
        self.bench.lanes("m_axis", 16);
        self.bench
            .check_packet("m_axis", beats(bytes, self.beat_bytes[1], error))?;
        Ok(clocks)
    }

    /// Waits as [`answer`](Self::answer) for a packet that ends with this error; its words or
    /// samples are not looked at.
    ///
    /// # Errors
    ///
    /// Another error code, and as [`answer`](Self::answer).
    pub fn expect_error(&mut self, expected: u64, stall: Stall) -> Result<(), CoreError> {
        let got = self.answer(stall)?.error;
        match got == expected {
            true => Ok(()),
            false => Err(CoreError::Error { expected, got }),
        }
    }

    fn wait(&mut self, stall: Stall) -> Result<u64, CoreError> {
        let start = self.sent.pop_front().expect("a packet was sent");
        self.bench.sink("m_axis", stall);
        while self.bench.packets("m_axis") == 0 {
            let before = moved(&self.bench);
            self.bench
                .run_until(|bench| moved(bench) != before, PATIENCE)?;
        }
        let end = self.bench.cycle();
        if let Some(next) = self.sent.front_mut() {
            *next = end.max(*next);
        }
        Ok(end - start)
    }
}

fn command(slot: bool, run: &PlaneRun) -> Beat {
    Beat::new()
        .with("context", slot)
        .with("first_channel", run.first_channel)
        .with("channels", run.channels)
        .with("images", run.images)
}

/// Changes with every beat in or out.
fn moved(bench: &Bench) -> (usize, usize) {
    (bench.waiting("s_axis"), bench.received("m_axis"))
}

/// Beats of a packet, from their bytes in memory; the last has `tlast` and `user`.
fn beats(bytes: &[u8], size: usize, user: u8) -> impl Iterator<Item = Beat> {
    assert!(
        bytes.len().is_multiple_of(size),
        "whole beats of {size} bytes"
    );
    let count = bytes.len() / size;
    bytes.chunks(size).enumerate().map(move |(at, beat)| {
        let value = beat
            .iter()
            .rev()
            .fold(0u128, |x, &byte| x << 8 | u128::from(byte));
        let last = at + 1 == count;
        let beat = Beat::from(value).last(last);
        // Only an output has an error code.
        if user > 0 && last {
            beat.user(user)
        } else {
            beat
        }
    })
}
