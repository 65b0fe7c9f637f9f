//! Packets: requests and answers, and damage of every single bit and length.

use dqa_golden::context::{Context, Scale};
use dqa_golden::packet::{
    Header, Operation, Packet, PacketError, answer, samples_from_bytes, samples_to_bytes,
};
use dqa_golden::payload::{decode, encode};
use dqa_golden::symbol::Mode;
use dqa_tests::hostile::small_container;
use dqa_tests::strategies::{Planes, planes};
use proptest::prelude::*;

fn request(planes: &Planes, operation: Operation, payload: &[u8]) -> Vec<u8> {
    Header {
        operation,
        context: 1,
        shape: planes.context.shape(),
        run: planes.run,
        plane_len: u32::try_from(planes.context.plane_len()).unwrap(),
        sequence: 0xfffe_1234,
        payload_len: 0,
    }
    .packet(payload)
}

fn loaded(context: &Context) -> [Option<Context>; 2] {
    [None, Some(context.clone())]
}

proptest! {
    #[test]
    fn the_answer_undoes_the_request(planes in planes()) {
        let Planes { context, run, samples } = &planes;
        let contexts = loaded(context);
        let request = request(&planes, Operation::Encode, &samples_to_bytes(samples));
        let encoded = answer(&contexts, &request).unwrap();
        let packet = Packet::parse(&encoded).unwrap();
        prop_assert_eq!(packet.header.operation, Operation::Decode);
        prop_assert_eq!(packet.header.sequence, 0xfffe_1234);
        prop_assert_eq!(packet.payload, &encode(context, run, samples).unwrap().payload);

        let decoded = answer(&contexts, &encoded).unwrap();
        let packet = Packet::parse(&decoded).unwrap();
        prop_assert_eq!(packet.header.operation, Operation::Encode);
        let back = samples_from_bytes(packet.payload);
        prop_assert_eq!(Ok(back), decode(context, run, &encode(context, run, samples).unwrap().payload));
    }

    #[test]
    fn any_bytes_get_an_answer_or_an_error(planes in planes(), payload: Vec<u8>) {
        for operation in [Operation::Encode, Operation::Decode] {
            let request = request(&planes, operation, &payload);
            prop_assert!(Packet::parse(&request).is_ok());
            let _ = answer(&loaded(&planes.context), &request);
        }
    }

    #[test]
    fn an_answer_never_comes_from_half_a_sample(planes in planes()) {
        let mut payload = samples_to_bytes(&planes.samples);
        payload.push(0);
        let request = request(&planes, Operation::Encode, &payload);
        prop_assert!(answer(&loaded(&planes.context), &request).is_err());
    }
}

#[test]
fn every_damaged_bit_and_length_is_refused() {
    let joint = Mode::Joint {
        direct: 3,
        important: 5,
    };
    let packet = &small_container(4, joint, Scale::Fixed, true).packets[1];
    for bit in 0..packet.len() * 8 {
        let mut damaged = packet.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(Packet::parse(&damaged).is_err(), "bit {bit}");
    }
    for len in 0..packet.len() {
        assert!(Packet::parse(&packet[..len]).is_err(), "{len} bytes");
    }
    assert!(Packet::parse(&[&packet[..], &[0]].concat()).is_err());
}

#[test]
fn a_packet_and_its_context_must_agree() {
    let joint = Mode::Joint {
        direct: 3,
        important: 5,
    };
    let container = small_container(4, joint, Scale::Fixed, true);
    let packet = Packet::parse(&container.packets[0]).unwrap();
    let refused =
        |context: &Context| answer(&[Some(context.clone())], &container.packets[0]).unwrap_err();
    assert!(answer(&[Some(container.context.clone())], &container.packets[0]).is_ok());
    assert_eq!(
        answer(&[], &container.packets[0]),
        Err(PacketError::NoContext(0))
    );
    for lanes in [1, 2, 8] {
        let other = small_container(lanes, joint, Scale::Fixed, true).context;
        assert!(matches!(refused(&other), PacketError::Context { .. }));
    }
    let mut parts = container.context.parts().clone();
    parts.plane_len += 1;
    assert!(matches!(
        refused(&Context::new(parts.clone()).unwrap()),
        PacketError::Context { .. }
    ));
    parts.plane_len -= 1;
    parts.channels.pop();
    assert!(matches!(
        refused(&Context::new(parts).unwrap()),
        PacketError::Decode(_)
    ));
    for (first_channel, channels, images) in [(1, 3, 1), (0, 0, 1), (0, 3, 0), (0, 3, u16::MAX)] {
        let mut header = packet.header;
        header.run.first_channel = first_channel;
        header.run.channels = channels;
        header.run.images = images;
        let request = header.packet(packet.payload);
        assert!(answer(&[Some(container.context.clone())], &request).is_err());
    }
}
