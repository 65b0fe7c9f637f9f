//! The software device against golden's answers, with many packets in flight.

mod common;

use dqa_driver::software::Software;
use dqa_driver::transport::{Transport, TransportError};
use dqa_golden::context::Context;
use dqa_golden::packet::{self, Header, Operation};
use dqa_golden::payload::PlaneRun;
use proptest::collection::vec;
use proptest::prelude::*;

/// What a host does next.
#[derive(Clone, Debug)]
enum Step {
    /// Loads a context.
    Load(u8, Context),
    /// Sends samples under an id, or the code words of those that have codes. Damaged where asked.
    Send {
        id: u8,
        planes: (Context, PlaneRun, Vec<i16>),
        operation: Operation,
        damage: Option<usize>,
    },
}

/// Loads and requests over three ids; most requests name the context that is loaded.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let load_and_send = (
        0u8..3,
        common::planes(),
        vec(
            (
                common::operations(),
                prop::option::weighted(0.1, any::<usize>()),
            ),
            1..6,
        ),
        prop::bool::weighted(0.9),
    );
    vec(load_and_send, 1..5).prop_map(|groups| {
        let mut steps = Vec::new();
        for (id, planes, sends, load) in groups {
            if load {
                steps.push(Step::Load(id, planes.0.clone()));
            }
            steps.extend(sends.into_iter().map(|(operation, damage)| Step::Send {
                id,
                planes: planes.clone(),
                operation,
                damage,
            }));
        }
        steps
    })
}

fn request(
    sequence: u32,
    id: u8,
    (context, run, samples): &(Context, PlaneRun, Vec<i16>),
    operation: Operation,
    damage: Option<usize>,
) -> Vec<u8> {
    let header = Header {
        operation: match operation {
            Operation::Scan => Operation::Scan,
            Operation::Encode | Operation::Decode => Operation::Encode,
        },
        context: id,
        shape: context.shape(),
        run: *run,
        plane_len: u32::try_from(context.plane_len()).unwrap(),
        sequence,
        payload_len: 0,
    };
    let request = header.packet(&packet::samples_to_bytes(samples));
    let mut contexts = vec![None; 3];
    contexts[usize::from(id)] = Some(context.clone());
    let mut request = match packet::answer(&contexts, &request) {
        Ok(coded) if operation == Operation::Decode => coded,
        _ => request,
    };
    if let Some(damage) = damage {
        let at = damage % request.len();
        request[at] ^= 1;
    }
    request
}

proptest! {
    #[test]
    fn answers_as_golden_in_order(threads in 1usize..4, steps in steps()) {
        let mut device = Software::new(threads);
        let mut contexts = vec![None; 256];
        let mut expected = std::collections::VecDeque::new();
        for (sequence, step) in (0..).zip(steps) {
            match step {
                Step::Load(id, context) => {
                    device.load_context(id, &context).unwrap();
                    contexts[usize::from(id)] = Some(context);
                }
                Step::Send { id, planes, operation, damage } => {
                    let request = request(sequence, id, &planes, operation, damage);
                    if device.in_flight() == device.capabilities().window {
                        check(device.receive(), expected.pop_front().unwrap())?;
                    }
                    expected.push_back(packet::answer(&contexts, &request));
                    device.submit(request).unwrap();
                }
            }
        }
        for expected in expected {
            check(device.receive(), expected)?;
        }
        prop_assert_eq!(device.in_flight(), 0);
    }
}

fn check(
    got: Result<Vec<u8>, TransportError>,
    expected: Result<Vec<u8>, packet::PacketError>,
) -> Result<(), TestCaseError> {
    let got = match got {
        Ok(answer) => Ok(answer),
        Err(TransportError::Packet(error)) => Err(error),
        Err(other) => return Err(TestCaseError::fail(other.to_string())),
    };
    prop_assert_eq!(got, expected);
    Ok(())
}
