//! A device that works beside the program: tensors in, results back in order.
//!
//! An [`Offload`] has a thread that keeps the device's window full, across tensors. It takes a few tensors
//! at a time and says so when it is full, so that nothing grows without bound and nothing waits for
//! itself. What is cancelled or dropped leaves the device ready for other work.
//!
//! ```
//! use dqa_driver::device;
//! use dqa_driver::offload::{Done, Offload, Work};
//! use dqa_driver::plan::Plan;
//! use dqa_driver::settings::{Settings, Tables};
//! use dqa_driver::source::TensorSlice;
//!
//! let values: Vec<f32> = (0..2 * 3 * 8 * 8).map(|i| (i % 50) as f32).collect();
//! let source = TensorSlice::new(&[2, 3, 8, 8], &values).expect("as many values as the shape says");
//! let settings = Settings { tables: Tables::Own { all_symbols: true }, ..Settings::default() };
//! let plan = Plan::new(&source, &settings, &())?;
//! let mut offload = Offload::new(device::open("software:2")?, plan, 4)?;
//! offload.submit(Work::Compress(values.clone()))?;
//! let Done::Compressed(packets) = offload.receive()? else { unreachable!() };
//! offload.submit(Work::Restore(packets))?;
//! let Done::Restored(back) = offload.receive()? else { unreachable!() };
//! assert!(back.iter().zip(&values).all(|(back, value)| (back - value).abs() <= 2.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, TryRecvError};
use std::thread::{self, JoinHandle};

use dqa_golden::packet::{
    HEADER_BYTES, Header, Operation, TRAILER_BYTES, plain, samples_from_bytes,
};

use crate::compress::{Requests, check_answer};
use crate::error::Error;
use crate::plan::Plan;
use crate::source::{ImageReader, TensorSlice};
use crate::transport::{Transport, TransportError};

/// Something to do with a tensor of the plan's shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Elements in row-major order to packets.
    Compress(Vec<f32>),
    /// Packets to elements.
    Restore(Vec<Vec<u8>>),
}

/// What has been done.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// The packets that hold the tensor, as a container has them.
    Compressed(Vec<Vec<u8>>),
    /// Elements in row-major order.
    Restored(Vec<f32>),
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum OffloadError {
    #[error("{0} tensors are under way: receive one before submitting the next")]
    Full(usize),
    #[error("no tensor is under way: submit one before receiving")]
    Nothing,
    #[error("{got} elements where the plan's shape has {expected}")]
    Elements { got: usize, expected: u64 },
    #[error("the device's thread ended: open the device anew")]
    Stopped,
    #[error(transparent)]
    Failed(#[from] Error),
}

type Answer = Result<Done, Error>;

/// A device with a thread of its own.
#[derive(Debug)]
pub struct Offload {
    elements: u64,
    depth: usize,
    under_way: usize,
    /// Counts up when all that is under way is cancelled.
    epoch: Arc<AtomicU64>,
    /// Taken when it ends.
    work: Option<Sender<(u64, Work)>>,
    answers: Receiver<(u64, Answer)>,
    thread: Option<JoinHandle<()>>,
}

impl Offload {
    /// Puts a device to work on tensors as planned: of its shape, with its context and scale. At most
    /// `depth` are under way at once, at least 1. Tables must have a code for every symbol that tensors
    /// after the planned one may hold.
    pub fn new(
        mut device: Box<dyn Transport>,
        plan: Plan,
        depth: usize,
    ) -> Result<Self, OffloadError> {
        let loaded = device.load_context(0, &plan.encoding.context);
        loaded.map_err(Error::from)?;
        let elements = plan.encoding.tiling.elements();
        let epoch = Arc::new(AtomicU64::new(0));
        let (work, jobs) = mpsc::channel();
        let (results, answers) = mpsc::channel();
        let worker = Worker {
            device,
            plan,
            epoch: Arc::clone(&epoch),
            results,
            tensors: VecDeque::new(),
        };
        let named = thread::Builder::new().name("dqa-offload".into());
        let thread = named.spawn(move || worker.run(&jobs));
        Ok(Self {
            elements,
            depth: depth.max(1),
            under_way: 0,
            epoch,
            work: Some(work),
            answers,
            thread: Some(thread.map_err(|_| OffloadError::Stopped)?),
        })
    }

    /// Hands over a tensor; returns at once.
    pub fn submit(&mut self, work: Work) -> Result<(), OffloadError> {
        if let Work::Compress(values) = &work
            && values.len() as u64 != self.elements
        {
            return Err(OffloadError::Elements {
                got: values.len(),
                expected: self.elements,
            });
        }
        if self.under_way == self.depth {
            return Err(OffloadError::Full(self.depth));
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let sender = self.work.as_ref().ok_or(OffloadError::Stopped)?;
        sender
            .send((epoch, work))
            .map_err(|_| OffloadError::Stopped)?;
        self.under_way += 1;
        Ok(())
    }

    /// Waits for the result of the oldest tensor under way. An error is of that tensor alone.
    pub fn receive(&mut self) -> Result<Done, OffloadError> {
        if self.under_way == 0 {
            return Err(OffloadError::Nothing);
        }
        let current = self.epoch.load(Ordering::Acquire);
        loop {
            let received = self.answers.recv();
            let (epoch, answer) = received.map_err(|_| OffloadError::Stopped)?;
            // What was cancelled may have been done before it was known.
            if epoch == current {
                self.under_way -= 1;
                return Ok(answer?);
            }
        }
    }

    /// Tensors under way.
    pub fn under_way(&self) -> usize {
        self.under_way
    }

    /// Forgets all tensors under way; the next one submitted is the next one received.
    pub fn cancel(&mut self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.under_way = 0;
    }
}

impl Drop for Offload {
    /// Waits until the device has nothing in flight any more.
    fn drop(&mut self) {
        self.cancel();
        self.work = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's own.
struct Worker {
    device: Box<dyn Transport>,
    plan: Plan,
    epoch: Arc<AtomicU64>,
    results: Sender<(u64, Answer)>,
    /// Those with requests in flight or still to be sent, the oldest first.
    tensors: VecDeque<Tensor>,
}

/// A tensor under way.
struct Tensor {
    epoch: u64,
    done: Done,
    /// Requests without an answer.
    waiting: VecDeque<Request>,
    /// All its requests were sent.
    sent: bool,
    failed: Option<Error>,
}

/// What an answer has to fit.
struct Request {
    operation: Operation,
    sequence: u32,
    /// Its first plane and their number.
    planes: (u64, usize),
}

impl Worker {
    fn run(mut self, jobs: &Receiver<(u64, Work)>) {
        loop {
            let job = match self.device.in_flight() {
                0 => jobs.recv().map_err(|_| TryRecvError::Disconnected),
                _ => jobs.try_recv(),
            };
            match job {
                Ok((epoch, work)) => self.tensor(epoch, &work),
                Err(TryRecvError::Empty) => self.answer(),
                Err(TryRecvError::Disconnected) => break,
            }
        }
        while self.device.in_flight() > 0 {
            self.answer();
        }
    }

    fn is_cancelled(&self, epoch: u64) -> bool {
        self.epoch.load(Ordering::Acquire) != epoch
    }

    /// Sends all requests of a tensor, taking answers where the window is full.
    fn tensor(&mut self, epoch: u64, work: &Work) {
        let elements = self.plan.encoding.tiling.elements();
        self.tensors.push_back(Tensor {
            epoch,
            done: match work {
                Work::Compress(_) => Done::Compressed(Vec::new()),
                Work::Restore(_) => {
                    Done::Restored(vec![0.0; usize::try_from(elements).unwrap_or(0)])
                }
            },
            waiting: VecDeque::new(),
            sent: false,
            failed: None,
        });
        let sent = match work {
            Work::Compress(values) => self.compress(epoch, values),
            Work::Restore(packets) => self.restore(epoch, packets),
        };
        let tensor = self.tensors.back_mut().expect("just put there");
        tensor.sent = true;
        tensor.failed = tensor.failed.take().or(sent.err());
        self.finish();
    }

    fn compress(&mut self, epoch: u64, values: &[f32]) -> Result<(), Error> {
        let plan = self.plan.clone();
        let shape = &plan.encoding.tensor.shape;
        let source = TensorSlice::new(shape, values).expect("as many as the plan's");
        let mut requests = Requests::new(&plan.encoding);
        let mut reader = ImageReader::new(&source, plan.encoding.tiling);
        for image in 0..plan.encoding.tiling.images() {
            for (channel, plane) in reader.read(image)?.iter().enumerate() {
                if let Some(request) = requests.plane(image, channel, plane) {
                    self.send(epoch, request, 0)?;
                }
            }
        }
        Ok(())
    }

    fn restore(&mut self, epoch: u64, packets: &[Vec<u8>]) -> Result<(), Error> {
        let mut plane = 0;
        for packet in packets {
            plane += self.send(epoch, packet.clone(), plane)?;
        }
        let planes =
            self.plan.encoding.tiling.images() * self.plan.encoding.tiling.channels() as u64;
        match plane == planes {
            true => Ok(()),
            false => Err(Error::Packets {
                got: plane,
                expected: planes,
            }),
        }
    }

    /// Sends a request of the newest tensor, unless it is cancelled; how many planes it has.
    fn send(&mut self, epoch: u64, request: Vec<u8>, plane: u64) -> Result<u64, Error> {
        let head = request.first_chunk().copied().unwrap_or_default();
        let header = Header::from_bytes(&head).map_err(TransportError::from)?;
        let planes = header.run.planes();
        while self.device.in_flight() >= self.device.capabilities().window {
            self.answer();
        }
        if self.is_cancelled(epoch) {
            return Err(Error::Interrupted);
        }
        self.device.submit(request)?;
        let tensor = self.tensors.back_mut().expect("its requests are sent");
        tensor.waiting.push_back(Request {
            operation: header.operation.answer(),
            sequence: header.sequence,
            planes: (plane, planes),
        });
        Ok(planes as u64)
    }

    /// Takes the next answer for the oldest tensor that waits for one.
    fn answer(&mut self) {
        let answer = self.device.receive();
        let waits = |tensor: &&mut Tensor| !tensor.waiting.is_empty();
        let Some(tensor) = self.tensors.iter_mut().find(waits) else {
            return;
        };
        let request = tensor.waiting.pop_front().expect("it waits");
        if tensor.failed.is_none() {
            let taken = answer
                .map_err(Error::from)
                .and_then(|answer| take(&self.plan, &request, answer, &mut tensor.done));
            tensor.failed = taken.err();
        }
        self.finish();
    }

    /// Hands on what is complete.
    fn finish(&mut self) {
        let complete = |tensor: &Tensor| tensor.sent && tensor.waiting.is_empty();
        while self.tensors.front().is_some_and(complete) {
            let tensor = self.tensors.pop_front().expect("there is one");
            let answer = match tensor.failed {
                Some(error) => Err(error),
                None => Ok(tensor.done),
            };
            // Nobody may wait for it any more.
            let _ = self.results.send((tensor.epoch, answer));
        }
    }
}

/// Puts an answer where it belongs.
fn take(plan: &Plan, request: &Request, answer: Vec<u8>, done: &mut Done) -> Result<(), Error> {
    let answer = plain(answer).map_err(TransportError::from)?;
    check_answer(&answer, request.operation, request.sequence)?;
    let values = match done {
        Done::Compressed(packets) => {
            packets.push(answer);
            return Ok(());
        }
        Done::Restored(values) => values,
    };
    let payload = &answer[HEADER_BYTES..answer.len() - TRAILER_BYTES];
    let (first, planes) = request.planes;
    let padded = plan.encoding.context.padded_plane();
    if payload.len() != 2 * planes * padded {
        return Err(TransportError::WrongAnswer.into());
    }
    let samples = samples_from_bytes(payload);
    let channels = plan.encoding.tiling.channels();
    if first + planes as u64 > plan.encoding.tiling.images() * channels as u64 {
        return Err(TransportError::WrongAnswer.into());
    }
    for (plane, samples) in (first..).zip(samples.chunks_exact(padded)) {
        let channel = plane % channels as u64;
        let channel = usize::try_from(channel).expect("less than channels");
        let span = plan.encoding.tiling.span(plane / channels as u64, channel);
        let places = (span.start..).step_by(usize::try_from(span.stride).unwrap_or(usize::MAX));
        for (place, &sample) in places.zip(&samples[..span.len]) {
            let place = usize::try_from(place).expect("in memory");
            values[place] = f32::from(sample) * plan.encoding.tensor.scale;
        }
    }
    Ok(())
}
