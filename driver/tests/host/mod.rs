//! A host of one card: contexts of a few ids, requests of all kinds, and what golden answers.

use std::collections::VecDeque;

use dqa_driver::transport::{Transport, TransportError};
use dqa_golden::context::Context;
use dqa_golden::packet::{Header, Operation, PacketError, Status, answer, plain, samples_to_bytes};
use dqa_hdl::parameters::Parameters;
use dqa_sim::layers;
use fastrand::Rng;

/// Parameters that fit all contexts of these tests.
pub fn parameters(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        channels: 16,
        ..Parameters::default()
    }
}

/// A host of one card: contexts of a few ids, requests, and what golden answers.
pub struct Host {
    /// Of all its choices.
    pub random: Rng,
    /// Of the contexts that it loads.
    pub parameters: Parameters,
    /// Those it has loaded.
    pub contexts: Vec<Option<Context>>,
    /// Asks for what has an answer alone, so that the card has nothing to repair.
    pub sound: bool,
    /// What the requests in flight are to be answered with.
    pub expected: VecDeque<Result<Vec<u8>, PacketError>>,
    sequence: u32,
}

impl Host {
    /// One that has loaded nothing.
    pub fn new(seed: u64, lanes: usize) -> Self {
        Self {
            random: Rng::with_seed(!seed),
            parameters: parameters(lanes),
            contexts: vec![None; 256],
            sound: false,
            expected: VecDeque::new(),
            sequence: 0,
        }
    }

    /// Loads a context under one of five ids, of which one is high.
    pub fn load(&mut self, card: &mut (impl Transport + ?Sized)) {
        let context = layers::context(&mut self.random, &self.parameters);
        let id = [0, 1, 2, 3, 255][self.random.usize(0..5)];
        card.load_context(id, &context).expect("it fits");
        self.contexts[usize::from(id)] = Some(context);
    }

    /// A request of any operation for a context that is loaded; its numbers are the host's own.
    pub fn request(&mut self) -> Vec<u8> {
        let ids: Vec<u8> = (0..=255)
            .filter(|&id| self.contexts[usize::from(id)].is_some())
            .collect();
        let id = ids[self.random.usize(0..ids.len())];
        let context = self.contexts[usize::from(id)].clone().expect("loaded");
        let run = layers::run(&mut self.random, &context);
        let samples = layers::samples(&mut self.random, &context, &run);
        self.sequence = self.sequence.wrapping_add(self.random.u32(0..3));
        let operation = [Operation::Encode, Operation::Scan, Operation::Decode];
        let operation = operation[self.random.usize(0..3)];
        let header = Header {
            operation: match operation {
                Operation::Decode => Operation::Encode,
                other => other,
            },
            context: id,
            shape: context.shape(),
            run,
            plane_len: context.parts().plane_len,
            sequence: self.sequence,
            payload_len: 0,
        };
        let encode = header.packet(&samples_to_bytes(&samples));
        match answer(&self.contexts, &encode) {
            Ok(coded) if operation == Operation::Decode => coded,
            _ => encode,
        }
    }

    /// Compares with the oldest answer that is expected.
    pub fn check(&mut self, got: Result<Vec<u8>, TransportError>) {
        let got = match got {
            Ok(bytes) => plain(bytes),
            Err(TransportError::Packet(error)) => Err(error),
            Err(error) => panic!("{error}"),
        };
        match (got, self.expected.pop_front().expect("one was asked")) {
            // The core does not say where.
            (Err(PacketError::Status(Status::NoCode)), Err(PacketError::Encode(_))) => {}
            // The core has no use for it.
            (
                Ok(_),
                Err(PacketError::Trailer {
                    what: "samples", ..
                }),
            ) => {}
            (got, expected) => assert!(got == expected, "{got:?} instead of {expected:?}"),
        }
    }

    /// Sends so many requests, with loads between, and checks all answers.
    pub fn session(&mut self, card: &mut (impl Transport + ?Sized), requests: usize) {
        for _ in 0..requests {
            if self.random.u8(0..4) == 0 || self.sequence == 0 {
                self.load(card);
                self.sequence += 1;
            }
            let mut request = self.request();
            while self.sound && answer(&self.contexts, &request).is_err() {
                // Perhaps no context that is loaded has one.
                self.load(card);
                request = self.request();
            }
            // What the host itself has damaged is told in golden's words.
            if !self.sound && self.random.u8(0..30) == 0 {
                let at = self.random.usize(0..request.len());
                request[at] ^= 4;
            }
            while card.in_flight() == card.capabilities().window
                || card.in_flight() > 0 && self.random.u8(0..3) == 0
            {
                let got = card.receive();
                self.check(got);
            }
            self.expected.push_back(answer(&self.contexts, &request));
            card.submit(request).expect("there is room");
        }
        while card.in_flight() > 0 {
            let got = card.receive();
            self.check(got);
        }
        assert!(self.expected.is_empty());
        assert!(matches!(
            card.receive(),
            Err(TransportError::NothingInFlight)
        ));
    }
}
