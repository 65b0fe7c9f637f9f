//! Clock, reset, and the streams of one instance.

use crate::model::{Instance, Model};
use crate::stream::{Sink, Source, Stall};
use crate::{Beat, Mismatch, SimError, Value};

/// Clocks of [`Bench::reset`].
const RESET_CLOCKS: usize = 4;

/// The seeds 0 to `count - 1`; with `DQA_SEED=n` set, n alone, with `DQA_SEED=a..b`, a to b - 1.
///
/// # Panics
///
/// When `DQA_SEED` is neither a number nor a range.
pub fn seeds(count: u64) -> std::ops::Range<u64> {
    match std::env::var("DQA_SEED") {
        Err(_) => 0..count,
        Ok(text) => {
            let (first, end) = text.split_once("..").unwrap_or((&text, ""));
            let [first, end] = [first, end].map(str::parse::<u64>);
            let first = first.expect("DQA_SEED is a number, or two with .. between them");
            first..end.unwrap_or(first + 1)
        }
    }
}

/// Clocks an instance, drives its inputs and collects its outputs.
///
/// Ports and streams that do not exist, and values that do not fit, panic with the names that do:
/// they are mistakes in the test. What the module does wrong is an error.
#[derive(Debug)]
pub struct Bench {
    dut: Instance,
    clock: usize,
    reset: Option<usize>,
    seed: u64,
    cycle: u64,
    sources: Vec<Source>,
    sinks: Vec<Sink>,
}

impl Bench {
    /// A new instance with its clock `aclk` or `clock`; `seed` decides stalls and what begins
    /// undefined.
    ///
    /// # Errors
    ///
    /// When the module has no clock.
    pub fn new(model: &Model, seed: u64) -> Result<Self, SimError> {
        let clock = model.find("aclk").or_else(|| model.find("clock"));
        Ok(Self {
            clock: clock.ok_or_else(|| SimError::NoClock {
                top: model.top().to_owned(),
            })?,
            reset: model.find("aresetn"),
            dut: model.instance(seed),
            seed,
            cycle: 0,
            sources: Vec::new(),
            sinks: Vec::new(),
        })
    }

    /// Holds `aresetn` low for some clocks with nothing offered or taken. Beats that wait, wait
    /// on; one that was offered is offered again.
    pub fn reset(&mut self) {
        self.hold_reset(false);
    }

    /// As [`reset`](Self::reset), and forgets what waits and what was received.
    pub fn restart(&mut self) {
        self.hold_reset(true);
    }

    fn hold_reset(&mut self, forget: bool) {
        self.sources
            .iter_mut()
            .for_each(|source| source.reset(&mut self.dut, forget));
        self.sinks
            .iter_mut()
            .for_each(|sink| sink.reset(&mut self.dut, forget));
        let Some(reset) = self.reset else { return };
        self.dut.set_bit(reset, false);
        for _ in 0..RESET_CLOCKS {
            self.dut.settle();
            self.dut.edge(self.clock);
            self.cycle += 1;
        }
        self.dut.set_bit(reset, true);
    }

    /// Stops a stream where it is: what waits or is offered is taken back, what was received is
    /// forgotten. For a reset that the module does itself, whose peers are reset as well.
    ///
    /// # Panics
    ///
    /// When the bench has no stream of this prefix.
    pub fn clear(&mut self, prefix: &str) {
        let source = self.sources.iter_mut().find(|s| s.ports.prefix == prefix);
        if let Some(source) = source {
            return source.reset(&mut self.dut, true);
        }
        let at = self.sink_at(prefix);
        self.sinks[at].reset(&mut self.dut, true);
    }

    /// Sets an input, to be felt at the next clock.
    pub fn write(&mut self, port: &str, value: impl Into<Value>) {
        self.dut.set(port, value);
    }

    /// A port's value, with the logic settled for the inputs as they are.
    pub fn read(&mut self, port: &str) -> Value {
        self.dut.eval();
        self.dut.get(port)
    }

    /// Beats to send into `<prefix>_tdata` and so on, behind those that wait; `stall` holds from
    /// now on.
    pub fn source<B: Into<Beat>>(
        &mut self,
        prefix: &str,
        beats: impl IntoIterator<Item = B>,
        stall: Stall,
    ) {
        let at = match self.sources.iter().position(|s| s.ports.prefix == prefix) {
            Some(at) => at,
            None => {
                let seed = self.stream_seed();
                self.sources
                    .push(Source::new(self.dut.model(), prefix, seed));
                self.sources.len() - 1
            }
        };
        let source = &mut self.sources[at];
        source.stall = stall;
        for beat in beats {
            source.push(&beat.into());
        }
    }

    /// Takes what comes out of `<prefix>_tdata` and so on; called again, changes the stall.
    pub fn sink(&mut self, prefix: &str, stall: Stall) {
        match self.sinks.iter_mut().find(|s| s.ports.prefix == prefix) {
            Some(sink) => sink.stall = stall,
            None => {
                let seed = self.stream_seed();
                let mut sink = Sink::new(self.dut.model(), prefix, seed);
                sink.stall = stall;
                self.sinks.push(sink);
            }
        }
    }

    fn stream_seed(&self) -> u64 {
        let streams = (self.sources.len() + self.sinks.len()) as u64 + 1;
        self.seed ^ streams.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// Tells reports how many bits a lane of `<prefix>_tdata` has.
    pub fn lanes(&mut self, prefix: &str, width: usize) {
        let at = self.sink_at(prefix);
        self.sinks[at].lane = Some(width);
    }

    /// One clock: drives, settles, takes the handshakes, rises.
    ///
    /// # Errors
    ///
    /// When an output breaks the handshake.
    pub fn tick(&mut self) -> Result<(), SimError> {
        self.sources
            .iter_mut()
            .for_each(|source| source.drive(&mut self.dut));
        self.sinks
            .iter_mut()
            .for_each(|sink| sink.drive(&mut self.dut));
        self.dut.settle();
        self.sources
            .iter_mut()
            .for_each(|source| source.sample(&self.dut));
        for sink in &mut self.sinks {
            sink.sample(&self.dut).map_err(|what| SimError::Protocol {
                top: self.dut.model().top().to_owned(),
                seed: self.seed,
                cycle: self.cycle,
                stream: sink.ports.prefix.clone(),
                what,
            })?;
        }
        self.dut.edge(self.clock);
        self.cycle += 1;
        Ok(())
    }

    /// Clocks until `done`, which is asked before each clock.
    ///
    /// # Errors
    ///
    /// When `max_cycles` clocks have not been enough, with the state of each stream; and as
    /// [`tick`](Self::tick).
    pub fn run_until(
        &mut self,
        mut done: impl FnMut(&mut Self) -> bool,
        max_cycles: u64,
    ) -> Result<(), SimError> {
        for _ in 0..max_cycles {
            if done(self) {
                return Ok(());
            }
            self.tick()?;
        }
        if done(self) {
            return Ok(());
        }
        let sources = self.sources.iter().map(|source| source.state(&self.dut));
        let sinks = self.sinks.iter().map(|sink| sink.state(&self.dut));
        let streams: Vec<_> = sources.chain(sinks).collect();
        Err(SimError::Timeout {
            top: self.dut.model().top().to_owned(),
            seed: self.seed,
            cycles: max_cycles,
            streams: streams.join("\n"),
        })
    }

    /// Clocks `cycles` times, for what comes too much.
    ///
    /// # Errors
    ///
    /// As [`tick`](Self::tick).
    pub fn run(&mut self, cycles: u64) -> Result<(), SimError> {
        (0..cycles).try_for_each(|_| self.tick())
    }

    /// Clocks since the bench began.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// Beats that wait to be sent.
    pub fn waiting(&self, prefix: &str) -> usize {
        let source = self.sources.iter().find(|s| s.ports.prefix == prefix);
        source
            .unwrap_or_else(|| panic!("{prefix} is not a source of this bench"))
            .waiting()
    }

    /// Beats received so far.
    pub fn received(&self, prefix: &str) -> usize {
        self.sinks[self.sink_at(prefix)].count
    }

    /// The beats received so far, with all ports of the stream.
    pub fn beats(&self, prefix: &str) -> Vec<Beat> {
        let sink = &self.sinks[self.sink_at(prefix)];
        (0..sink.count)
            .map(|beat| sink.ports.decode(sink.words(beat)))
            .collect()
    }

    /// Packets received so far to their `tlast`.
    pub fn packets(&self, prefix: &str) -> usize {
        self.sinks[self.sink_at(prefix)].ends.len()
    }

    /// The beats received so far, which are then forgotten.
    pub fn take(&mut self, prefix: &str) -> Vec<Beat> {
        self.take_to(prefix, self.received(prefix))
    }

    /// The beats of the first packet received, which are then forgotten; none if it has not ended.
    pub fn take_packet(&mut self, prefix: &str) -> Vec<Beat> {
        let ends = &self.sinks[self.sink_at(prefix)].ends;
        self.take_to(prefix, ends.front().copied().unwrap_or(0))
    }

    fn take_to(&mut self, prefix: &str, end: usize) -> Vec<Beat> {
        let at = self.sink_at(prefix);
        let sink = &mut self.sinks[at];
        let beats = (0..end).map(|beat| sink.ports.decode(sink.words(beat)));
        let beats = beats.collect();
        sink.forget(end);
        beats
    }

    /// Compares the first packet received as [`check`](Self::check) does, and forgets it.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn check_packet<B: Into<Beat>>(
        &mut self,
        prefix: &str,
        expected: impl IntoIterator<Item = B>,
    ) -> Result<(), SimError> {
        let at = self.sink_at(prefix);
        let end = self.sinks[at].ends.front().copied().unwrap_or(0);
        self.compare(at, end, expected)?;
        self.sinks[at].forget(end);
        Ok(())
    }

    /// Compares all that was received with `expected`, in all ports of the stream.
    ///
    /// # Errors
    ///
    /// The first difference: beat, port, lane, and both values; or another number of beats.
    pub fn check<B: Into<Beat>>(
        &self,
        prefix: &str,
        expected: impl IntoIterator<Item = B>,
    ) -> Result<(), SimError> {
        let at = self.sink_at(prefix);
        self.compare(at, self.sinks[at].count, expected)
    }

    /// The first `received` beats of a sink against all that is expected.
    fn compare<B: Into<Beat>>(
        &self,
        sink: usize,
        received: usize,
        expected: impl IntoIterator<Item = B>,
    ) -> Result<(), SimError> {
        let sink = &self.sinks[sink];
        let (top, seed, stream) = (self.dut.model().top(), self.seed, sink.ports.prefix.clone());
        let mut count = 0;
        for beat in expected {
            let (at, words) = (count, sink.ports.encode(&beat.into()));
            count += 1;
            if at >= received || words == sink.words(at) {
                continue;
            }
            let values = sink.ports.fields.iter().map(|field| {
                let expected = sink.ports.value(field, &words);
                (field, expected, sink.ports.value(field, sink.words(at)))
            });
            let differs = values
                .into_iter()
                .find(|(_, expected, got)| expected != got);
            let (field, expected, got) = differs.expect("a port differs");
            let width = match sink.lane {
                Some(width) if field.name == "tdata" => width,
                _ => field.width,
            };
            let bit = (0..field.width).find(|&bit| expected.field(bit, 1) != got.field(bit, 1));
            let lane = bit.expect("a bit differs") / width;
            return Err(SimError::Mismatch(Box::new(Mismatch {
                top: top.to_owned(),
                seed,
                stream,
                beat: at,
                field: field.name.clone(),
                lane,
                expected: expected.slice(lane * width, width),
                got: got.slice(lane * width, width),
            })));
        }
        if count != received {
            return Err(SimError::Count {
                top: top.to_owned(),
                seed,
                stream,
                expected: count,
                got: received,
            });
        }
        Ok(())
    }

    fn sink_at(&self, prefix: &str) -> usize {
        let at = self.sinks.iter().position(|s| s.ports.prefix == prefix);
        at.unwrap_or_else(|| panic!("{prefix} is not a sink of this bench"))
    }
}
