//! Containers: round trips, and damage that their CRCs must show.

use dqa_golden::container::{Container, ContainerError};
use dqa_golden::context::{Context, Scale};
use dqa_golden::lanes::LaneShape;
use dqa_golden::packet::{Header, Operation};
use dqa_golden::payload::{PlaneRun, encode};
use dqa_golden::symbol::Mode;
use dqa_golden::tensor::{DType, Layout, TensorInfo};
use dqa_tests::activations;
use dqa_tests::hostile::{damaged, small_container, small_containers};
use dqa_tests::layer::{Choice, fit, run_of};
use dqa_tests::strategies::context;
use proptest::prelude::*;

proptest! {
    #[test]
    fn contexts_survive_their_bytes(context in context()) {
        let image = context.to_bytes();
        prop_assert_eq!(Context::from_bytes(&image), Ok(context));
        for len in 0..image.len() {
            prop_assert!(Context::from_bytes(&image[..len]).is_err());
        }
    }

    /// A changed context image is refused, or is another context whose image is the changed one:
    /// there is one image for each context.
    #[test]
    fn context_images_are_canonical(context in context(), at: prop::sample::Index, value: u8) {
        let mut image = context.to_bytes();
        let at = at.index(image.len());
        image[at] = value;
        if let Ok(other) = Context::from_bytes(&image) {
            prop_assert_eq!(other.to_bytes(), image);
        }
    }
}

#[test]
fn real_tensors_survive() {
    let choice = Choice::full_range(3, 1);
    for (tensor, lanes) in activations::all().iter().zip([1, 2, 4, 8, 16, 4]) {
        let shape = LaneShape::new(lanes).unwrap();
        let context = fit(tensor, &choice, choice.joint(), shape);
        let packets = (0..tensor.images).map(|image| {
            let (run, samples) = run_of(tensor, shape, &[image]);
            packet(&context, run, image, &samples)
        });
        let container = Container {
            tensor: TensorInfo {
                dtype: DType::F32,
                layout: Layout::Nchw,
                shape: [tensor.images, tensor.channels, 1, tensor.plane_len]
                    .map(|n| n as u64)
                    .to_vec(),
                scale: tensor.scale,
                segment_len: u32::try_from(tensor.plane_len).unwrap(),
            },
            packets: packets.collect(),
            context,
        };
        let (info, elements) = Container::decode(&container.to_bytes()).unwrap();
        assert_eq!(info, container.tensor);
        let format = container.context.format();
        let rows = tensor.samples.chunks(tensor.plane_len).enumerate();
        let expected: Vec<i16> = rows
            .flat_map(|(plane, samples)| {
                let entry = container.context.channels()[plane % tensor.channels];
                samples
                    .iter()
                    .map(move |&x| entry.dequantize(format, entry.quantize(format, x)))
            })
            .collect();
        assert_eq!(elements, expected, "{}", tensor.name);
    }
}

/// `[N, H, W, C]`, planes in segments of unequal length, packets that end within an image.
#[test]
fn segments_and_channels_last_go_back_to_their_places() {
    let joint = Mode::Joint {
        direct: 3,
        important: 5,
    };
    let mut parts = small_container(2, joint, Scale::Fixed, false)
        .context
        .parts()
        .clone();
    parts.plane_len = 4;
    let context = Context::new(parts).unwrap();
    let tensor = TensorInfo {
        dtype: DType::I16,
        layout: Layout::Nhwc,
        shape: vec![2, 2, 3, 3],
        scale: 1.0,
        segment_len: 4,
    };
    let elements: Vec<i16> = (0..36).map(|i| i * 19).collect();
    let tiling = tensor.tiling().unwrap();
    let mut packets = Vec::new();
    for image in 0..4 {
        for (first_channel, channels) in [(0, 2), (2, 1)] {
            let mut samples = Vec::new();
            for channel in first_channel..first_channel + channels {
                let mut plane = [77; 4]; // what pads the short segments must not matter
                let span = tiling.span(image, channel);
                for (i, sample) in plane.iter_mut().take(span.len).enumerate() {
                    *sample = elements[(span.start + i as u64 * span.stride) as usize];
                }
                samples.extend(plane);
            }
            let run = PlaneRun {
                first_channel: u16::try_from(first_channel).unwrap(),
                channels: u16::try_from(channels).unwrap(),
                images: 1,
            };
            packets.push(packet(&context, run, packets.len(), &samples));
        }
    }
    let container = Container {
        tensor,
        context: context.clone(),
        packets,
    };
    let (_, decoded) = Container::decode(&container.to_bytes()).unwrap();
    let back = |(i, &x): (usize, &i16)| {
        let entry = context.channels()[i % 3];
        entry.dequantize(context.format(), entry.quantize(context.format(), x))
    };
    assert_eq!(
        decoded,
        elements.iter().enumerate().map(back).collect::<Vec<_>>()
    );
}

/// Lengths, counts and CRCs, computed a second time from the description of the format.
#[test]
fn lengths_and_crcs_are_as_described() {
    for container in small_containers() {
        let bytes = container.to_bytes();
        assert!(damaged(&bytes, &[]) == bytes);
    }
}

#[test]
fn every_damaged_bit_and_length_is_refused() {
    for container in small_containers() {
        let bytes = container.to_bytes();
        assert!(Container::decode(&bytes).is_ok());
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(Container::decode(&damaged).is_err(), "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert!(Container::decode(&bytes[..len]).is_err(), "{len} bytes");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert_eq!(Container::decode(&longer), Err(ContainerError::TooLong(1)));
    }
}

#[test]
fn packets_must_cover_the_planes_once_and_in_order() {
    let sound = &small_containers()[1];
    let with = |packets: &[usize]| {
        let packets = packets
            .iter()
            .map(|&index| sound.packets[index].clone())
            .collect();
        Container {
            packets,
            ..sound.clone()
        }
        .to_bytes()
    };
    assert!(Container::decode(&with(&[0, 1])).is_ok());
    let refused = |packets: &[usize]| Container::decode(&with(packets)).unwrap_err();
    assert!(matches!(
        refused(&[0]),
        ContainerError::Planes {
            planes: 3,
            expected: 6
        }
    ));
    assert!(matches!(
        refused(&[1, 0]),
        ContainerError::Sequence { index: 0 }
    ));
    assert!(matches!(
        refused(&[0, 0]),
        ContainerError::Sequence { index: 1 }
    ));
    let third = {
        let packet = &sound.packets[0];
        let mut header = Header::from_bytes(packet.first_chunk().unwrap()).unwrap();
        header.sequence = 2;
        header.packet(&packet[32..packet.len() - 16])
    };
    let mut surplus = sound.clone();
    surplus.packets.push(third);
    // Refused at the surplus packet itself: the last record, the tail, is not even there.
    let bytes = surplus.to_bytes();
    let refused = Container::decode(&bytes[..bytes.len() - 28]).unwrap_err();
    assert!(matches!(
        refused,
        ContainerError::Planes {
            planes: 9,
            expected: 6
        }
    ));
}

fn packet(context: &Context, run: PlaneRun, sequence: usize, samples: &[i16]) -> Vec<u8> {
    let header = Header {
        operation: Operation::Decode,
        context: 0,
        shape: context.shape(),
        run,
        plane_len: u32::try_from(context.plane_len()).unwrap(),
        sequence: u32::try_from(sequence).unwrap(),
        payload_len: 0,
    };
    header.packet(&encode(context, &run, samples).unwrap().payload)
}
