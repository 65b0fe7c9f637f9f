//! The two ends of a stream: a source that offers beats and a sink that takes them.

use crate::model::{Instance, Model};
use crate::{Beat, Direction, Value};
use std::collections::VecDeque;

/// How often an end of a stream pauses, at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall(u8);

impl Stall {
    /// Never.
    pub const NONE: Self = Self(0);
    /// From none to nearly always; a stream unit is tested with each on each side.
    pub const SWEEP: [Self; 4] = [Self(0), Self(10), Self(50), Self(90)];

    /// In so many of a hundred clocks.
    ///
    /// # Panics
    ///
    /// Over 99: nothing would ever move.
    pub const fn percent(percent: u8) -> Self {
        assert!(percent < 100, "a stream that always stalls never moves");
        Self(percent)
    }

    fn pauses(self, random: &mut fastrand::Rng) -> bool {
        self.0 > 0 && random.u8(0..100) < self.0
    }
}

/// One payload port.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its name behind the prefix.
    pub(crate) name: String,
    port: usize,
    pub(crate) width: usize,
    /// Its words in a beat's.
    words: std::ops::Range<usize>,
}

/// The ports of a stream.
#[derive(Debug)]
pub(crate) struct Ports {
    pub(crate) prefix: String,
    valid: usize,
    /// A stream without it is always taken.
    ready: Option<usize>,
    pub(crate) fields: Vec<Field>,
    /// Words of a beat.
    words: usize,
}

impl Ports {
    /// `<prefix>_tvalid` or `<prefix>_valid`, the ready of the same kind if there is one, and as
    /// payload every other `<prefix>_` port of the same direction. A channel of AXI has no
    /// underscore: of `s_axil_aw`, `s_axil_awvalid` is the valid and `s_axil_awaddr` the port `addr`.
    ///
    /// # Panics
    ///
    /// When there is no valid of this direction.
    fn find(model: &Model, prefix: &str, direction: Direction) -> Self {
        let top = model.top();
        let (joint, valid, ready) = [("_", "t"), ("_", ""), ("", "")]
            .iter()
            .find_map(|(joint, t)| {
                let valid = model.find(&format!("{prefix}{joint}{t}valid"))?;
                Some((
                    *joint,
                    valid,
                    model.find(&format!("{prefix}{joint}{t}ready")),
                ))
            })
            .unwrap_or_else(|| {
                panic!("{top} has no port {prefix}_tvalid, {prefix}_valid or {prefix}valid")
            });
        assert!(
            model.ports()[valid].direction == direction,
            "{prefix} of {top} is a stream of the other direction"
        );
        let mut words = 0;
        let mut fields = Vec::new();
        for (port, p) in model.ports().iter().enumerate() {
            let name = p
                .name
                .strip_prefix(prefix)
                .and_then(|name| name.strip_prefix(joint));
            let Some(name) = name else { continue };
            if port != valid && Some(port) != ready && p.direction == direction {
                let start = words;
                words += p.width.div_ceil(32);
                fields.push(Field {
                    name: name.to_owned(),
                    port,
                    width: p.width,
                    words: start..words,
                });
            }
        }
        Self {
            prefix: prefix.to_owned(),
            valid,
            ready,
            fields,
            words,
        }
    }

    /// A beat's words.
    ///
    /// # Panics
    ///
    /// When the stream lacks a port that the beat names, or a value does not fit.
    pub(crate) fn encode(&self, beat: &Beat) -> Vec<u32> {
        let mut words = vec![0; self.words];
        for (name, value) in beat.fields() {
            let prefix = &self.prefix;
            let field = self
                .fields
                .iter()
                .find(|field| field.name == name)
                .unwrap_or_else(|| panic!("there is no port {prefix}_{name}"));
            assert!(
                value.bit_len() <= field.width,
                "{value} does not fit in the {} bits of {prefix}_{name}",
                field.width
            );
            let (first, count) = (field.words.start, value.words().len());
            words[first..first + count].copy_from_slice(value.words());
        }
        words
    }

    pub(crate) fn decode(&self, words: &[u32]) -> Beat {
        self.fields.iter().fold(Beat::new(), |beat, field| {
            beat.with(&field.name, self.value(field, words))
        })
    }

    pub(crate) fn value(&self, field: &Field, words: &[u32]) -> Value {
        Value::from_words(&words[field.words.clone()])
    }

    fn handshake(&self, dut: &Instance) -> bool {
        dut.bit(self.valid) && self.ready.is_none_or(|ready| dut.bit(ready))
    }

    fn signals(&self, dut: &Instance) -> String {
        let ready = self
            .ready
            .map_or("none".to_owned(), |r| u8::from(dut.bit(r)).to_string());
        format!("valid {} ready {ready}", u8::from(dut.bit(self.valid)))
    }
}

/// Drives a stream into the module.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) ports: Ports,
    pub(crate) stall: Stall,
    random: fastrand::Rng,
    queue: VecDeque<Vec<u32>>,
    pub(crate) sent: usize,
    offering: bool,
}

impl Source {
    pub(crate) fn new(model: &Model, prefix: &str, seed: u64) -> Self {
        Self {
            ports: Ports::find(model, prefix, Direction::In),
            stall: Stall::NONE,
            random: fastrand::Rng::with_seed(seed),
            queue: VecDeque::new(),
            sent: 0,
            offering: false,
        }
    }

    pub(crate) fn push(&mut self, beat: &Beat) {
        self.queue.push_back(self.ports.encode(beat));
    }

    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Stops offering, at a reset; `forget` drops what waits too.
    pub(crate) fn reset(&mut self, dut: &mut Instance, forget: bool) {
        self.offering = false;
        dut.set_bit(self.ports.valid, false);
        if forget {
            self.queue.clear();
        }
    }

    /// Ahead of the clock: what is offered stays, or perhaps the next beat is offered. Between
    /// beats the payload is random, so that a unit that looks at it without valid is found out.
    pub(crate) fn drive(&mut self, dut: &mut Instance) {
        if self.offering {
            return;
        }
        self.offering = !self.queue.is_empty() && !self.stall.pauses(&mut self.random);
        dut.set_bit(self.ports.valid, self.offering);
        for field in &self.ports.fields {
            if self.offering {
                dut.set_words(field.port, &self.queue[0][field.words.clone()]);
            } else {
                let mut noise: Vec<u32> =
                    field.words.clone().map(|_| self.random.u32(..)).collect();
                let top = noise.last_mut().expect("a port has a bit");
                *top >>= (32 - field.width % 32) % 32;
                dut.set_words(field.port, &noise);
            }
        }
    }

    /// With the logic settled.
    pub(crate) fn sample(&mut self, dut: &Instance) {
        if self.ports.handshake(dut) {
            self.queue.pop_front();
            self.sent += 1;
            self.offering = false;
        }
    }

    pub(crate) fn state(&self, dut: &Instance) -> String {
        format!(
            "  {}: {} beats sent, {} wait, {}",
            self.ports.prefix,
            self.sent,
            self.waiting(),
            self.ports.signals(dut)
        )
    }
}

/// Takes a stream out of the module.
#[derive(Debug)]
pub(crate) struct Sink {
    pub(crate) ports: Ports,
    pub(crate) stall: Stall,
    random: fastrand::Rng,
    received: Vec<u32>,
    pub(crate) count: usize,
    /// Word of `tlast`, if there is one, and how many beats there were at each that came.
    last: Option<usize>,
    pub(crate) ends: VecDeque<usize>,
    /// What was offered and not taken at the last clock.
    pending: Option<Vec<u32>>,
    /// Bits of a lane of `tdata`, for reports.
    pub(crate) lane: Option<usize>,
}

impl Sink {
    /// Forgets the first beats received.
    pub(crate) fn forget(&mut self, beats: usize) {
        self.received.drain(..beats * self.ports.words);
        self.count -= beats;
        self.ends.retain(|&end| end > beats);
        self.ends.iter_mut().for_each(|end| *end -= beats);
    }

    pub(crate) fn new(model: &Model, prefix: &str, seed: u64) -> Self {
        let ports = Ports::find(model, prefix, Direction::Out);
        let last = ports.fields.iter().find(|field| field.name == "tlast");
        Self {
            last: last.map(|field| field.words.start),
            ends: VecDeque::new(),
            ports,
            stall: Stall::NONE,
            random: fastrand::Rng::with_seed(seed),
            received: Vec::new(),
            count: 0,
            pending: None,
            lane: None,
        }
    }

    pub(crate) fn reset(&mut self, dut: &mut Instance, forget: bool) {
        self.pending = None;
        if let Some(ready) = self.ports.ready {
            dut.set_bit(ready, false);
        }
        if forget {
            self.forget(self.count);
        }
    }

    pub(crate) fn drive(&mut self, dut: &mut Instance) {
        if let Some(ready) = self.ports.ready {
            let pause = self.stall.pauses(&mut self.random);
            dut.set_bit(ready, !pause);
        }
    }

    /// With the logic settled; says what the module did wrong.
    pub(crate) fn sample(&mut self, dut: &Instance) -> Result<(), String> {
        if !dut.bit(self.ports.valid) {
            return match self.pending {
                Some(_) => Err("dropped valid".to_owned()),
                None => Ok(()),
            };
        }
        let start = self.received.len();
        self.received.resize(start + self.ports.words, 0);
        for field in &self.ports.fields {
            let words = field.words.start + start..field.words.end + start;
            dut.get_words(field.port, &mut self.received[words]);
        }
        let now = &self.received[start..];
        if let Some(before) = self.pending.take()
            && before != now
        {
            let (before, now) = (self.ports.decode(&before), self.ports.decode(now));
            let changed = now
                .fields()
                .find(|&(name, value)| before.get(name) != *value);
            let (name, value) = changed.expect("a port differs");
            return Err(format!(
                "changed {name} from {} to {value}",
                before.get(name)
            ));
        }
        if self.ports.handshake(dut) {
            self.count += 1;
            if self.last.is_some_and(|last| now[last] != 0) {
                self.ends.push_back(self.count);
            }
        } else {
            self.pending = Some(now.to_vec());
            self.received.truncate(start);
        }
        Ok(())
    }

    /// A received beat's words.
    pub(crate) fn words(&self, beat: usize) -> &[u32] {
        &self.received[beat * self.ports.words..][..self.ports.words]
    }

    pub(crate) fn state(&self, dut: &Instance) -> String {
        format!(
            "  {}: {} beats received, {}",
            self.ports.prefix,
            self.count,
            self.ports.signals(dut)
        )
    }
}
