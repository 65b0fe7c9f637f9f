//! What every device looks like to the host: contexts in, packets in, answers out.

use dqa_golden::context::Context;
use dqa_golden::packet::PacketError;

/// A device that answers packets, reached over some link.
///
/// A request is an Encode or Decode [packet](dqa_golden::packet); its answer is the packet that
/// [`dqa_golden::packet::answer`] defines, bit for bit. Up to [`window`](Self::window) requests
/// are in flight at once, and answers come in the order of their requests.
pub trait Transport {
    /// What the device is and can do.
    fn capabilities(&self) -> &Capabilities;

    /// Loads a context under an id. Requests submitted before keep the context they had.
    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError>;

    /// Sends a request. [`TransportError::WindowFull`] leaves it unsent.
    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError>;

    /// Waits for the answer to the oldest request in flight.
    ///
    /// An error of that one request leaves the others in flight.
    fn receive(&mut self) -> Result<Vec<u8>, TransportError>;

    /// Requests in flight.
    fn in_flight(&self) -> usize;
}

/// What a device is and can do.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Capabilities {
    /// A name for people.
    pub name: String,
    /// Lane counts that it takes.
    pub lanes: Vec<u8>,
    /// Contexts that it holds at once.
    pub contexts: u16,
    /// Rows of its channel table.
    pub channels: u32,
    /// Requests that may be in flight at once, at least 1.
    pub window: usize,
}

/// Why a device did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum TransportError {
    #[error(transparent)]
    Packet(#[from] PacketError),
    #[error("all {0} places for requests in flight are taken: receive an answer first")]
    WindowFull(usize),
    #[error("no request is in flight: submit one before receiving")]
    NothingInFlight,
    #[error("{name} has no context {id}: use ids below {contexts}")]
    ContextId { name: String, id: u8, contexts: u16 },
    #[error("the device stopped while it worked on a request")]
    Stopped,
}

/// Sends every request and hands each answer on, keeping as many requests in flight as the
/// device takes. Stops at the first error, of either side.
pub fn exchange<E: From<TransportError>>(
    transport: &mut dyn Transport,
    requests: impl IntoIterator<Item = Result<Vec<u8>, E>>,
    mut on_answer: impl FnMut(Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    for request in requests {
        if transport.in_flight() >= transport.capabilities().window {
            on_answer(transport.receive()?)?;
        }
        transport.submit(request?)?;
    }
    while transport.in_flight() > 0 {
        on_answer(transport.receive()?)?;
    }
    Ok(())
}
