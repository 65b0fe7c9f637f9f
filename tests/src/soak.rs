//! Random packets through both emitted cores, for as long as one likes.
//!
//! A round is all of its number and seed: it starts with new instances of the cores, whose
//! registers begin at random, and goes through layers of every kind. Each context is loaded while
//! packets of the other run, packets wait behind each other, either side stalls, and some rounds
//! have a reset in the middle of a packet. The bytes expected are the software codec's, which is
//! itself held to golden.

use dqa_driver::codec::Prepared;
use dqa_golden::channel::Class;
use dqa_golden::context::Context;
use dqa_golden::packet::samples_to_bytes;
use dqa_golden::payload::{EncodeError, PlaneRun};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Core, CoreError, Stall, layers};
use fastrand::Rng;

/// Contexts of a round.
const CONTEXTS: usize = 8;

/// Both cores of a number of lanes.
pub struct Soak {
    parameters: Parameters,
    encoder: Core,
    decoder: Core,
}

/// What went through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Samples that were coded; those of Pruned planes are not.
    pub symbols: u64,
    /// Packets through both cores.
    pub packets: u64,
    /// Packets that the encoder refused, for a symbol without a code.
    pub refused: u64,
    /// Resets in the middle of a packet, both cores.
    pub resets: u64,
    /// Clocks of the encoder.
    pub encoder_clocks: u64,
    /// Clocks of the decoder.
    pub decoder_clocks: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.symbols += other.symbols;
        self.packets += other.packets;
        self.refused += other.refused;
        self.resets += other.resets;
        self.encoder_clocks += other.encoder_clocks;
        self.decoder_clocks += other.decoder_clocks;
    }
}

/// A packet under way: its words, or none where the encoder has to refuse, and what comes back.
struct Packet {
    run: PlaneRun,
    samples: Vec<u8>,
    words: Option<Vec<u8>>,
    back: Vec<u8>,
}

impl Packet {
    fn new(random: &mut Rng, codec: &Prepared, tally: &mut Tally) -> Self {
        let context = codec.context();
        let run = layers::run(random, context);
        let samples = layers::samples(random, context, &run);
        let mut words = Vec::new();
        let mut back = Vec::new();
        let words = match codec.encode(&run, &samples, &mut words) {
            Ok(()) => {
                codec.decode(&run, &words, &mut back).expect("just encoded");
                tally.packets += 1;
                tally.symbols += coded(context, &run);
                Some(words)
            }
            Err(EncodeError::NoCode { .. }) => {
                tally.refused += 1;
                None
            }
            Err(other) => unreachable!("{other}"),
        };
        Self {
            run,
            samples: samples_to_bytes(&samples),
            words,
            back: samples_to_bytes(&back),
        }
    }
}

/// Samples of planes that are not Pruned.
fn coded(context: &Context, run: &PlaneRun) -> u64 {
    let channels = context.channels();
    let stored = run
        .rows()
        .filter(|&row| channels[row].class != Class::Pruned);
    (stored.count() * context.plane_len()) as u64
}

fn stall(random: &mut Rng) -> Stall {
    Stall::SWEEP[random.usize(0..Stall::SWEEP.len())]
}

impl Soak {
    /// Builds the cores.
    ///
    /// # Errors
    ///
    /// When Verilator is missing.
    pub fn new(lanes: usize) -> Result<Self, CoreError> {
        let parameters = Parameters {
            lanes,
            channels: 64,
            ..Parameters::default()
        };
        Ok(Self {
            parameters,
            encoder: Core::encoder(parameters, 0)?,
            decoder: Core::decoder(parameters, 0)?,
        })
    }

    /// One round.
    ///
    /// # Errors
    ///
    /// The first difference between a core and the software codec, or a core that hangs.
    pub fn round(&mut self, seed: u64, number: u64) -> Result<Tally, CoreError> {
        let mut random = Rng::with_seed(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let random = &mut random;
        self.encoder = self.encoder.another(random.u64(..))?;
        self.decoder = self.decoder.another(random.u64(..))?;
        let starts = [self.encoder.bench().cycle(), self.decoder.bench().cycle()];
        let mut tally = Tally::default();
        let mut running = Vec::new();
        for at in 0..CONTEXTS {
            let slot = at % 2 == 1;
            let codec = Prepared::new(layers::context(random, &self.parameters));
            if random.u8(0..16) == 0 {
                self.finish(random, &mut running)?;
                self.cut_short(random, slot, &codec)?;
                tally.resets += 1;
            }
            self.encoder.load(slot, codec.context())?;
            self.decoder.load(slot, codec.context())?;
            let packets: Vec<_> = (0..random.usize(1..=3))
                .map(|_| Packet::new(random, &codec, &mut tally))
                .collect();
            for packet in &packets {
                let stall = stall(random);
                self.encoder.send(slot, &packet.run, &packet.samples, stall);
                if let Some(words) = &packet.words {
                    self.decoder.send(slot, &packet.run, words, stall);
                }
            }
            self.finish(random, &mut running)?;
            running = packets;
        }
        self.finish(random, &mut running)?;
        tally.encoder_clocks = self.encoder.bench().cycle() - starts[0];
        tally.decoder_clocks = self.decoder.bench().cycle() - starts[1];
        Ok(tally)
    }

    /// Takes the answers of packets that were sent.
    fn finish(&mut self, random: &mut Rng, packets: &mut Vec<Packet>) -> Result<(), CoreError> {
        for packet in packets.drain(..) {
            match &packet.words {
                Some(words) => {
                    self.encoder.expect(words, 0, stall(random))?;
                    self.decoder.expect(&packet.back, 0, stall(random))?;
                }
                None => self.encoder.expect_error(3, stall(random))?,
            }
        }
        Ok(())
    }

    /// A packet that a reset ends.
    fn cut_short(
        &mut self,
        random: &mut Rng,
        slot: bool,
        codec: &Prepared,
    ) -> Result<(), CoreError> {
        let packet = Packet::new(random, codec, &mut Tally::default());
        let clocks = random.u64(0..2000);
        self.encoder.load(slot, codec.context())?;
        self.decoder.load(slot, codec.context())?;
        self.encoder
            .send(slot, &packet.run, &packet.samples, Stall::NONE);
        self.encoder.bench().run(clocks)?;
        self.encoder.reset()?;
        if let Some(words) = &packet.words {
            self.decoder.send(slot, &packet.run, words, Stall::NONE);
            self.decoder.bench().run(clocks)?;
        }
        self.decoder.reset()
    }
}
