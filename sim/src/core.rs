//! A verilated core with its load port and commands: contexts in, packets through.

use dqa_golden::context::Context;
use dqa_golden::payload::PlaneRun;
use dqa_hdl::load::{self, Write};
use dqa_hdl::parameters::{Misfit, Parameters};
use dqa_hdl::{decoder, encoder};

use crate::{Beat, Bench, Model, SimError, Stall, Value};

/// Clocks that a core may take beyond what the input asks for before it counts as hung.
const PATIENCE: u64 = 100_000;

/// An encoder or decoder core.
pub struct Core {
    bench: Bench,
    parameters: Parameters,
    writes: fn(&Parameters, &Context) -> Result<Vec<Write>, Misfit>,
}

/// What a core gave for a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Words or beats, in the order of their bytes in memory.
    pub bytes: Vec<u8>,
    /// Error code, 0 if none.
    pub error: u64,
    /// Clocks from the command to the last beat.
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
        Self::new(encoder::TOP, &verilog, parameters, load::encoder, seed)
    }

    /// A decoder: code words to samples.
    pub fn decoder(parameters: Parameters, seed: u64) -> Result<Self, CoreError> {
        let verilog = decoder::verilog(&parameters, "").map_err(emit_error)?;
        Self::new(decoder::TOP, &verilog, parameters, load::decoder, seed)
    }

    fn new(
        top: &str,
        verilog: &str,
        parameters: Parameters,
        writes: fn(&Parameters, &Context) -> Result<Vec<Write>, Misfit>,
        seed: u64,
    ) -> Result<Self, CoreError> {
        let mut bench = Bench::new(&Model::build(top, verilog)?, seed)?;
        bench.reset();
        bench.run(2)?;
        Ok(Self {
            bench,
            parameters,
            writes,
        })
    }

    /// Loads a context into one of the two slots.
    pub fn load(&mut self, slot: bool, context: &Context) -> Result<(), CoreError> {
        for write in (self.writes)(&self.parameters, context)? {
            self.bench.write("load_valid", true);
            self.bench.write("load_context", slot);
            self.bench.write("load_addr", write.addr);
            self.bench.write("load_data", write.data);
            self.bench.tick()?;
        }
        self.bench.write("load_valid", false);
        Ok(())
    }

    /// Encodes padded planes as for [`dqa_golden::payload::encode`].
    pub fn encode(
        &mut self,
        slot: bool,
        run: &PlaneRun,
        samples: &[i16],
        stalls: [Stall; 2],
    ) -> Result<Answer, CoreError> {
        let beats = samples.chunks(self.parameters.lanes).map(|beat| {
            let lanes: Vec<i64> = beat.iter().map(|&x| i64::from(x)).collect();
            Value::lanes(&lanes, 16)
        });
        let word_bytes = self.parameters.word_bits() / 8;
        self.packet(slot, run, beats.collect(), word_bytes, stalls)
    }

    /// Decodes code words to padded planes, little-endian.
    pub fn decode(
        &mut self,
        slot: bool,
        run: &PlaneRun,
        payload: &[u8],
        stalls: [Stall; 2],
    ) -> Result<Answer, CoreError> {
        let words = payload.chunks(self.parameters.word_bits() / 8).map(|word| {
            let bytes = word.iter().rev();
            Value::from(bytes.fold(0u64, |value, &byte| value << 8 | u64::from(byte)))
        });
        self.packet(
            slot,
            run,
            words.collect(),
            2 * self.parameters.lanes,
            stalls,
        )
    }

    fn packet(
        &mut self,
        slot: bool,
        run: &PlaneRun,
        input: Vec<Value>,
        beat_bytes: usize,
        [stall_in, stall_out]: [Stall; 2],
    ) -> Result<Answer, CoreError> {
        let command = Beat::new()
            .with("context", slot)
            .with("first_channel", run.first_channel)
            .with("channels", run.channels)
            .with("images", run.images);
        let last = input.len() - 1;
        let beats_in = 16 * input.len() as u64;
        let start = self.bench.cycle();
        self.bench.sink("m_axis", stall_out);
        self.bench.source("cmd", [command], Stall::NONE);
        let beats = input.into_iter().enumerate();
        let beats = beats.map(|(at, value)| Beat::from(value).last(at == last));
        self.bench.source("s_axis", beats, stall_in);
        let ended = |bench: &mut Bench| {
            let last = bench.last("m_axis");
            last.is_some_and(|beat| beat.get("tlast").to_u64() == 1)
        };
        // Each beat may stall a hundred times on either side.
        self.bench.run_until(ended, PATIENCE + 200 * beats_in)?;
        let clocks = self.bench.cycle() - start;
        let beats = self.bench.take("m_axis");
        let error = beats.last().map_or(0, |beat| beat.get("tuser").to_u64());
        let bytes = beats.iter().flat_map(|beat| {
            let data = beat.get("tdata");
            (0..beat_bytes).map(move |byte| data.field(8 * byte, 8).to_le_bytes()[0])
        });
        Ok(Answer {
            bytes: bytes.collect(),
            error,
            clocks,
        })
    }
}
