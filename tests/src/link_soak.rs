//! Many packets through the driver and a verilated board, over a wire with faults, in simulated time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use dqa_driver::card::{Card, LinkError};
use dqa_driver::transport::{Transport, TransportError};
use dqa_driver::uart::bridge::Bridge;
use dqa_driver::uart::{PortName, SerialLink, Timing};
use dqa_golden::context::Context;
use dqa_golden::link::Counts;
use dqa_golden::packet::{Header, Operation, Packet, answer, plain, samples_to_bytes};
use dqa_hdl::link::uart_core::Speed;
use dqa_hdl::parameters::Parameters;
use dqa_sim::account::Account;
use dqa_sim::faults::{Fault, Rates};
use dqa_sim::uart_board::UartBoard;
use dqa_sim::{CoreError, layers};
use fastrand::Rng;
use parking_lot::Mutex;

/// Bits of a byte on the wire take 80 clocks: the fewest that the hardware is built for, so that simulation is
/// quick.
pub const SPEED: Speed = Speed {
    clock_hz: 24_000_000,
    baud: 3_000_000,
};
/// The longest silence, in the simulation's time.
const PATIENCE: Duration = Duration::from_millis(500);
/// What the host's bridge keeps bytes of the board for.
const DELAY: Duration = Duration::from_micros(100);
/// Packets of a pair of contexts, in mean: to load them takes as many bytes as 300 packets.
const PACKETS_A_CONTEXT: usize = 1000;

/// What to send, and over which wire.
#[derive(Clone, Copy, Debug)]
pub struct LinkSoak {
    /// Packets to send.
    pub packets: usize,
    /// Samples of a packet at most, at least 16.
    pub samples: usize,
    /// Part of the bytes of each direction that are flipped, dropped, doubled, or preceded by another byte or a
    /// break, all alike.
    pub byte_errors: f64,
    /// Part of the bytes of each direction ahead of which the line stalls.
    pub stalls: f64,
    /// Part of the bytes of each direction ahead of which the board is reset.
    pub resets: f64,
    /// Decides packets and faults.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Packets whose answer is golden's.
    pub right: usize,
    /// Packets without an answer.
    pub lost: usize,
    /// Answers that are those of an earlier packet.
    pub duplicated: usize,
    /// Answers that are no packet's.
    pub wrong: usize,
    /// Samples of the packets that were answered rightly.
    pub samples: usize,
    /// Sessions that the driver opened.
    pub sessions: u64,
    /// Of the link's host.
    pub counts: Counts,
    /// What became of the faults to the board, and of those to the host.
    pub accounts: [Account; 2],
    /// Clocks of the board.
    pub clocks: u64,
}

/// Why it could not be carried out.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SoakError {
    #[error(transparent)]
    Model(#[from] CoreError),
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Transport(#[from] TransportError),
}

impl LinkSoak {
    /// Sends all; `progress` hears of every answer.
    ///
    /// # Errors
    ///
    /// When there is no model, or the driver gives up.
    pub fn run(&self, progress: impl Fn()) -> Result<Outcome, SoakError> {
        let parameters = Parameters {
            lanes: 1,
            ..Parameters::default()
        };
        let mut board = UartBoard::new(&parameters, SPEED, self.seed, None)?;
        let part = self.byte_errors / 5.0;
        let rates = Rates::bytes(4.0 * part)
            .with(Fault::Break, part)
            .with(Fault::Stall, self.stalls)
            .with(Fault::Reset, self.resets);
        board.set_faults([rates; 2]);
        let board = Arc::new(Mutex::new(board));
        let bridge = Bridge::new(Arc::clone(&board), DELAY);
        let mut outcome = self.send(&parameters, bridge, progress)?;
        let board = board.lock();
        outcome.accounts = board.accounts().map(Account::clone);
        outcome.clocks = board.clocks();
        Ok(outcome)
    }

    fn send(
        &self,
        parameters: &Parameters,
        bridge: Bridge,
        progress: impl Fn(),
    ) -> Result<Outcome, SoakError> {
        let port = PortName::parse("simulated")?;
        let link = SerialLink::over(Box::new(bridge), &port, Timing::within(PATIENCE))?;
        let mut card = Card::open(link)?;
        let mut random = Rng::with_seed(self.seed);
        let mut contexts = [const { None }; 2];
        let mut expected = VecDeque::new();
        let mut outcome = Outcome::default();
        for sequence in 0..self.packets {
            if sequence == 0 || random.usize(..PACKETS_A_CONTEXT) == 0 {
                for id in [0u8, 1] {
                    let context = loop {
                        let context = layers::context(&mut random, parameters);
                        if context.padded_plane() <= self.samples {
                            break context;
                        }
                    };
                    card.load_context(id, &context)?;
                    contexts[usize::from(id)] = Some(context);
                }
            }
            if card.in_flight() == card.capabilities().window {
                outcome.receive(&mut card, &mut expected)?;
                progress();
            }
            let (request, answer) = self.request(&mut random, &contexts, sequence as u32);
            expected.push_back(answer);
            card.submit(request)?;
        }
        while card.in_flight() > 0 {
            outcome.receive(&mut card, &mut expected)?;
            progress();
        }
        outcome.lost += expected.len();
        outcome.sessions = card.link().sessions();
        outcome.counts = card.link().counts();
        Ok(outcome)
    }

    /// Encode, decode or scan, of few planes; and its answer.
    fn request(
        &self,
        random: &mut Rng,
        contexts: &[Option<Context>; 2],
        sequence: u32,
    ) -> (Vec<u8>, Vec<u8>) {
        loop {
            let id = random.u8(..2);
            let context = contexts[usize::from(id)].as_ref().expect("it is loaded");
            let mut run = layers::run(random, context);
            while run.samples(context) > self.samples && run.planes() > 1 {
                run.channels = run.channels.div_ceil(2);
                run.images = run.images.div_ceil(2);
            }
            let header = Header {
                operation: match random.u8(..8) {
                    0 => Operation::Scan,
                    _ => Operation::Encode,
                },
                context: id,
                shape: context.shape(),
                run,
                plane_len: context.parts().plane_len,
                sequence,
                payload_len: 0,
            };
            let samples = layers::samples(random, context, &run);
            let request = header.packet(&samples_to_bytes(&samples));
            // There is none where a symbol has no code.
            let Ok(coded) = answer(contexts, &request) else {
                continue;
            };
            if header.operation == Operation::Scan || random.bool() {
                return (request, coded);
            }
            let back = answer(contexts, &coded).expect("it was just encoded");
            return (coded, back);
        }
    }
}

impl Outcome {
    /// Takes the oldest answer.
    fn receive(
        &mut self,
        card: &mut dyn Transport,
        expected: &mut VecDeque<Vec<u8>>,
    ) -> Result<(), TransportError> {
        let got = plain(card.receive()?)?;
        let right = expected.pop_front().expect("a request is in flight");
        if got == right {
            let header = Packet::parse(&got)?.header;
            self.right += 1;
            self.samples += header.run.planes() as usize * header.plane_len as usize;
            return Ok(());
        }
        let number = |packet: &[u8]| Packet::parse(packet).map(|packet| packet.header.sequence);
        match (number(&got), number(&right)) {
            (Ok(got), Ok(right)) if got < right => self.duplicated += 1,
            (Ok(got), Ok(right)) if got > right => self.lost += 1,
            _ => self.wrong += 1,
        }
        Ok(())
    }
}
