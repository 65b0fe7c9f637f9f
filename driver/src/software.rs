//! The device that needs no hardware: the fast codec on the host's own cores.
//!
//! Each request is one task of a thread pool and has a channel for its answer; receiving takes
//! the oldest request's channel, so answers come in the order of their requests whichever task
//! ends first. A task that panics drops its end of the channel, and the receiver learns it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use dqa_golden::context::Context;
use dqa_golden::packet::{Packet, PacketError};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::codec::Prepared;
use crate::transport::{Capabilities, Largest, Operations, Transport, TransportError};

/// Requests in flight for each thread: one that it works on, one that waits.
const WINDOW_PER_THREAD: usize = 2;
const CONTEXTS: u16 = 256;

type Answer = Result<Vec<u8>, PacketError>;
type Contexts = Vec<Option<Arc<Prepared>>>;

/// The software codec behind [`Transport`], on threads of its own.
pub struct Software {
    capabilities: Capabilities,
    /// Shared with the requests in flight, so that each keeps the contexts it was sent with.
    contexts: Arc<Contexts>,
    pool: ThreadPool,
    in_flight: VecDeque<Receiver<Answer>>,
}

impl Software {
    /// A device of `threads` threads, at least one.
    ///
    /// # Panics
    /// If the operating system gives no threads.
    pub fn new(threads: usize) -> Self {
        let threads = threads.max(1);
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("dqa-codec-{index}"))
            // The receiver learns it from its channel.
            .panic_handler(|_| {})
            .build()
            .expect("the operating system gives threads");
        Self {
            capabilities: capabilities(WINDOW_PER_THREAD * threads),
            contexts: Arc::new(vec![None; CONTEXTS.into()]),
            pool,
            in_flight: VecDeque::new(),
        }
    }

    fn start(
        &mut self,
        work: impl FnOnce() -> Answer + Send + 'static,
    ) -> Result<(), TransportError> {
        if self.in_flight.len() >= self.capabilities.window {
            return Err(TransportError::WindowFull(self.capabilities.window));
        }
        let (sender, receiver) = channel();
        self.in_flight.push_back(receiver);
        // A device that was dropped wants no answers any more.
        self.pool.spawn_fifo(move || drop(sender.send(work())));
        Ok(())
    }
}

impl Transport for Software {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError> {
        let contexts = Arc::make_mut(&mut self.contexts);
        contexts[usize::from(id)] = Some(Arc::new(Prepared::new(context.clone())));
        Ok(())
    }

    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError> {
        let contexts = Arc::clone(&self.contexts);
        self.start(move || answer(&contexts, &request))
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let oldest = self.in_flight.pop_front();
        let answer = oldest.ok_or(TransportError::NothingInFlight)?.recv();
        Ok(answer.map_err(|_| TransportError::Stopped)??)
    }

    fn in_flight(&self) -> usize {
        self.in_flight.len()
    }
}

/// The software codec behind [`Transport`] on the caller's own thread: for callers that are many
/// threads already, and send many small tensors.
pub struct Inline {
    capabilities: Capabilities,
    contexts: Contexts,
    answers: VecDeque<Answer>,
}

impl Default for Inline {
    fn default() -> Self {
        Self {
            capabilities: capabilities(1),
            contexts: vec![None; CONTEXTS.into()],
            answers: VecDeque::new(),
        }
    }
}

impl Transport for Inline {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError> {
        self.contexts[usize::from(id)] = Some(Arc::new(Prepared::new(context.clone())));
        Ok(())
    }

    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError> {
        if self.answers.len() >= self.capabilities.window {
            return Err(TransportError::WindowFull(self.capabilities.window));
        }
        self.answers.push_back(answer(&self.contexts, &request));
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let oldest = self.answers.pop_front();
        Ok(oldest.ok_or(TransportError::NothingInFlight)??)
    }

    fn in_flight(&self) -> usize {
        self.answers.len()
    }
}

fn capabilities(window: usize) -> Capabilities {
    Capabilities {
        name: "software".into(),
        lanes: vec![1, 2, 4, 8, 16],
        contexts: CONTEXTS,
        channels: u16::MAX.into(),
        window,
        operations: Operations::ALL,
        largest: Largest::LEGAL,
    }
}

/// As [`dqa_golden::packet::answer`].
fn answer(contexts: &Contexts, request: &[u8]) -> Answer {
    let request = Packet::parse(request)?;
    let id = request.header.context;
    let context = contexts[usize::from(id)].as_ref();
    context.ok_or(PacketError::NoContext(id))?.answer(&request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_stops_its_own_request_only() {
        for threads in [1, 3] {
            let mut device = Software::new(threads);
            device.start(|| panic!("deliberate")).unwrap();
            device.start(|| Ok(vec![7])).unwrap();
            assert!(matches!(device.receive(), Err(TransportError::Stopped)));
            assert_eq!(device.receive().unwrap(), [7]);
            assert!(matches!(
                device.receive(),
                Err(TransportError::NothingInFlight)
            ));
        }
    }

    #[test]
    fn the_window_bounds_the_requests_in_flight() {
        let mut device = Software::new(1);
        for _ in 0..device.capabilities().window {
            device.submit(Vec::new()).unwrap();
        }
        assert!(matches!(
            device.submit(Vec::new()),
            Err(TransportError::WindowFull(2))
        ));
        assert!(matches!(device.receive(), Err(TransportError::Packet(_))));
        device.submit(Vec::new()).unwrap();
        assert_eq!(device.in_flight(), 2);
    }
}
