//! The answer to a request that is as it should be.

use alloc::vec::Vec;

use super::{Header, Operation, Packet, PacketError, samples_from_bytes, samples_to_bytes};
use crate::context::Context;
use crate::{payload, scan};

/// The answer to a request: what every device must send back, as a plain packet.
///
/// `contexts` are the loaded contexts by id. The answer to an Encode packet is the Decode packet
/// that undoes it, and the other way round; the answer to a Scan packet is a Scan packet.
pub fn answer(contexts: &[Option<Context>], request: &[u8]) -> Result<Vec<u8>, PacketError> {
    let packet = Packet::parse(request)?;
    let id = packet.header.context;
    let context = contexts.get(usize::from(id)).and_then(Option::as_ref);
    let context = context.ok_or(PacketError::NoContext(id))?;
    packet.header.check(context)?;
    let payload = answer_payload(context, &packet)?;
    let header = Header {
        operation: packet.header.operation.answer(),
        ..packet.header
    };
    Ok(header.packet(&payload))
}

/// The payload of the answer.
pub(super) fn answer_payload(
    context: &Context,
    Packet { header, payload }: &Packet<'_>,
) -> Result<Vec<u8>, PacketError> {
    let run = &header.run;
    Ok(match header.operation {
        Operation::Encode => payload::encode(context, run, &samples_from_bytes(payload))?.payload,
        Operation::Decode => samples_to_bytes(&payload::decode(context, run, payload)?),
        Operation::Scan => scan::scan(context, run, &samples_from_bytes(payload))?.to_bytes(),
    })
}
