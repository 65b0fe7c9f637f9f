//! Faults of a line, by a seed: bytes flipped, dropped, doubled, inserted, and worse.

use std::str::FromStr;

/// What can happen to a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A bit changes.
    Flip,
    /// It does not come.
    Drop,
    /// It comes twice.
    Double,
    /// Another comes ahead of it.
    Insert,
    /// The line pauses ahead of it.
    Stall,
    /// The line is low ahead of it for longer than a byte: a break.
    Break,
    /// The board is reset ahead of it.
    Reset,
}

impl Fault {
    /// All.
    pub const ALL: [Self; 7] = [
        Self::Flip,
        Self::Drop,
        Self::Double,
        Self::Insert,
        Self::Stall,
        Self::Break,
        Self::Reset,
    ];

    /// Its name in a [`Rates`]' text.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Flip => "flip",
            Self::Drop => "drop",
            Self::Double => "double",
            Self::Insert => "insert",
            Self::Stall => "stall",
            Self::Break => "break",
            Self::Reset => "reset",
        }
    }
}

/// What comes out of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A byte.
    Byte(u8),
    /// A pause.
    Stall,
    /// A low that is no byte.
    Break,
    /// Nothing, but the board is reset.
    Reset,
}

/// How often each fault happens, as a part of all bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates([f64; Fault::ALL.len()]);

impl Rates {
    /// Flips, drops, doubles and inserts that happen together to this part of the bytes.
    pub fn bytes(rate: f64) -> Self {
        let mut rates = Self::default();
        rates.0[..4].fill(rate / 4.0);
        rates
    }

    /// The same with another rate of one fault.
    #[must_use]
    pub fn with(mut self, fault: Fault, rate: f64) -> Self {
        self.0[fault as usize] = rate;
        self
    }
}

/// Why a text is no [`Rates`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no rate of faults: give name=part, with the names flip, drop, double, insert, stall, break, \
     reset and parts from 0 to 0.5, such as flip=1e-4,reset=1e-6"
)]
pub struct RatesError(String);

impl FromStr for Rates {
    type Err = RatesError;

    fn from_str(text: &str) -> Result<Self, RatesError> {
        let rate = |text: &str| {
            let (name, rate) = text.split_once('=')?;
            let fault = Fault::ALL.into_iter().find(|fault| fault.name() == name)?;
            let rate = rate.parse().ok()?;
            (0.0..=0.5).contains(&rate).then_some((fault, rate))
        };
        text.split(',').try_fold(Self::default(), |rates, text| {
            let (fault, rate) = rate(text).ok_or_else(|| RatesError(text.to_owned()))?;
            Ok(rates.with(fault, rate))
        })
    }
}

/// A line with faults.
#[derive(Clone, Debug)]
pub struct Faults {
    rates: Rates,
    /// Faults that are to happen whatever the rates, by the number of the byte, last first.
    planned: Vec<(u64, Fault)>,
    bytes: u64,
    random: fastrand::Rng,
    counts: [u64; Fault::ALL.len()],
}

impl Faults {
    /// Faults at these rates; the seed decides which bytes they happen to.
    pub fn new(rates: Rates, seed: u64) -> Self {
        Self {
            rates,
            planned: Vec::new(),
            bytes: 0,
            random: fastrand::Rng::with_seed(seed),
            counts: [0; Fault::ALL.len()],
        }
    }

    /// Other rates from now on.
    pub fn set(&mut self, rates: Rates) {
        self.rates = rates;
    }

    /// Has faults happen to bytes of these numbers, whatever the rates.
    pub fn plan(&mut self, faults: impl IntoIterator<Item = (u64, Fault)>) {
        self.planned.extend(faults);
        self.planned
            .sort_by_key(|&(byte, _)| std::cmp::Reverse(byte));
    }

    /// Passes a byte on: what comes out instead, in order. Says which fault happened.
    pub fn pass(&mut self, byte: u8, mut out: impl FnMut(Event)) -> Option<Fault> {
        let mut draw = self.random.f64();
        let rates = Fault::ALL.into_iter().zip(self.rates.0);
        let by_rate = rates.into_iter().find_map(|(fault, rate)| {
            draw -= rate;
            (draw < 0.0).then_some(fault)
        });
        let planned = self.planned.pop_if(|&mut (byte, _)| byte <= self.bytes);
        let fault = planned.map(|(_, fault)| fault).or(by_rate);
        self.bytes += 1;
        match fault {
            None | Some(Fault::Flip | Fault::Drop) => {}
            Some(Fault::Double) => out(Event::Byte(byte)),
            Some(Fault::Insert) => out(Event::Byte(self.random.u8(..))),
            Some(Fault::Stall) => out(Event::Stall),
            Some(Fault::Break) => out(Event::Break),
            Some(Fault::Reset) => out(Event::Reset),
        }
        match fault {
            Some(Fault::Flip) => out(Event::Byte(byte ^ 1 << self.random.u8(0..8))),
            Some(Fault::Drop) => {}
            _ => out(Event::Byte(byte)),
        }
        if let Some(fault) = fault {
            self.counts[fault as usize] += 1;
        }
        fault
    }

    /// How often a fault happened.
    pub fn count(&self, fault: Fault) -> u64 {
        self.counts[fault as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_happen_as_often_as_asked() {
        let rates = "flip=0.1,drop=0.1,double=0.1,insert=0.1".parse().unwrap();
        assert_eq!(rates, Rates::bytes(0.4));
        let mut faults = Faults::new(rates, 1);
        let mut got = 0;
        for _ in 0..10_000 {
            faults.pass(0, |_| got += 1);
        }
        for fault in &Fault::ALL[..4] {
            assert!((800..1200).contains(&faults.count(*fault)), "{faults:?}");
        }
        let count = |fault| faults.count(fault);
        assert_eq!(
            got,
            10_000 + count(Fault::Double) + count(Fault::Insert) - count(Fault::Drop)
        );
    }

    #[test]
    fn what_happens_ahead_of_a_byte_comes_ahead_of_it() {
        for (fault, event) in [
            (Fault::Stall, Event::Stall),
            (Fault::Break, Event::Break),
            (Fault::Reset, Event::Reset),
        ] {
            let mut faults = Faults::new(Rates::default(), 1);
            faults.plan([(1, fault)]);
            let mut out = Vec::new();
            let happened = [7, 8].map(|byte| faults.pass(byte, |event| out.push(event)));
            assert_eq!(happened, [None, Some(fault)]);
            assert_eq!(out, [Event::Byte(7), event, Event::Byte(8)]);
        }
    }

    #[test]
    fn what_is_no_rate_is_told() {
        for text in ["", "flip", "flip=2", "flap=0.1", "flip=0.1,,"] {
            assert!(text.parse::<Rates>().is_err(), "{text}");
        }
    }
}
