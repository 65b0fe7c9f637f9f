//! What a simulated card does wrong now and then.

use fastrand::Rng;

/// Something that goes wrong with a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Fewer bytes are taken or given than could be.
    Short,
    /// The transfer fails with EIO, and what it carried is lost in part.
    Failed,
    /// It takes some milliseconds longer.
    Late,
    /// It waits for one of the other path to go first, for a while.
    Reordered,
    /// The card takes and gives nothing any more until it is soft-reset.
    Stuck,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Short,
        Self::Failed,
        Self::Late,
        Self::Reordered,
        Self::Stuck,
    ];
}

/// How often each fault happens, and how often it has.
#[derive(Clone, Debug)]
pub struct Faults {
    random: Rng,
    /// By [`Fault::ALL`]: once in so many transfers, 0 for never.
    rates: [u32; Fault::ALL.len()],
    counts: [u64; Fault::ALL.len()],
}

impl Faults {
    /// None yet; `seed` decides when and how those happen that [`with`](Self::with) asks for.
    pub fn new(seed: u64) -> Self {
        Self {
            random: Rng::with_seed(seed),
            rates: [0; Fault::ALL.len()],
            counts: [0; Fault::ALL.len()],
        }
    }

    /// Has a fault happen once in so many transfers, 0 for never.
    #[must_use]
    pub fn with(mut self, fault: Fault, rate: u32) -> Self {
        self.rates[fault as usize] = rate;
        self
    }

    /// How often a fault has happened.
    pub fn count(&self, fault: Fault) -> u64 {
        self.counts[fault as usize]
    }

    /// Whether it happens to this transfer.
    pub(super) fn strikes(&mut self, fault: Fault) -> bool {
        let rate = self.rates[fault as usize];
        let strikes = rate > 0 && self.random.u32(0..rate) == 0;
        self.counts[fault as usize] += u64::from(strikes);
        strikes
    }

    /// A part of so many bytes, in units, at least one of them where there is one.
    pub(super) fn part(&mut self, bytes: usize, unit: usize) -> usize {
        match bytes / unit {
            0 => bytes,
            units => self.random.usize(1..=units) * unit,
        }
    }

    /// Milliseconds of a delay.
    pub(super) fn delay(&mut self) -> u64 {
        self.random.u64(1..5)
    }
}
