//! An AXI4-Lite master on a bench.

use crate::{Beat, Bench, SimError, Stall};

/// Clocks without an answer after which the slave counts as hung.
const PATIENCE: u64 = 10_000;

/// How a slave answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Response {
    /// Done.
    Okay,
    /// Refused.
    SlaveError,
}

impl Response {
    /// From `bresp` or `rresp`.
    ///
    /// # Panics
    ///
    /// For a response that AXI4-Lite slaves do not give.
    pub fn of(beat: &Beat) -> Self {
        match beat.get("resp").to_u64() {
            0 => Self::Okay,
            2 => Self::SlaveError,
            other => panic!("response {other} is not for a slave"),
        }
    }
}

/// The master's end of the port with a prefix: one read or write at a time.
///
/// The bench must not have other sources or sinks on the port.
#[derive(Clone, Debug)]
pub struct Axil {
    channels: [String; 5],
    stall: Stall,
}

impl Axil {
    /// Of the port `<prefix>_awaddr` and so on; each of its channels pauses by `stall`.
    pub fn new(prefix: &str, stall: Stall) -> Self {
        let channels = ["aw", "w", "b", "ar", "r"];
        Self {
            channels: channels.map(|channel| format!("{prefix}_{channel}")),
            stall,
        }
    }

    /// Writes the bytes of a word whose bits of `strobe` are set.
    ///
    /// # Errors
    ///
    /// When there is no answer, or the slave breaks the handshake.
    pub fn write(
        &self,
        bench: &mut Bench,
        address: u16,
        data: u32,
        strobe: u8,
    ) -> Result<Response, SimError> {
        let [aw, w, b, ..] = &self.channels;
        bench.source(aw, [Beat::new().with("addr", address)], self.stall);
        let word = Beat::new().with("data", data).with("strb", strobe);
        bench.source(w, [word], self.stall);
        Ok(Response::of(&self.answer(bench, b)?))
    }

    /// Reads a word.
    ///
    /// # Errors
    ///
    /// When there is no answer, or the slave breaks the handshake.
    pub fn read(&self, bench: &mut Bench, address: u16) -> Result<(u32, Response), SimError> {
        let [.., ar, r] = &self.channels;
        bench.source(ar, [Beat::new().with("addr", address)], self.stall);
        let beat = self.answer(bench, r)?;
        let data = beat.get("data").field(0, 32);
        Ok((data as u32, Response::of(&beat)))
    }

    fn answer(&self, bench: &mut Bench, channel: &str) -> Result<Beat, SimError> {
        bench.sink(channel, self.stall);
        bench.run_until(|bench| bench.received(channel) > 0, PATIENCE)?;
        let mut beats = bench.take(channel);
        assert_eq!(beats.len(), 1, "{channel} answers once");
        Ok(beats.remove(0))
    }
}
