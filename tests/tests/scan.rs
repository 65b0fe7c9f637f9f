//! Scans against what the samples say, counted the simple way.

use dqa_golden::channel::Class;
use dqa_golden::context::{Context, Scale};
use dqa_golden::packet::{Header, Operation, Packet, answer, samples_to_bytes};
use dqa_golden::payload::quantize_planes;
use dqa_golden::scan::{DIRECT_PATTERNS, IMPORTANT_PATTERNS, Scan, scan};
use dqa_tests::strategies::{Planes, planes};
use proptest::prelude::*;

/// Bytes of all counts.
const COUNT_BYTES: usize = 4 * (DIRECT_PATTERNS + IMPORTANT_PATTERNS);

/// The samples of one channel, and their codes.
fn of_channel(planes: &Planes, channel: usize) -> (Vec<i16>, Vec<i32>) {
    let Planes {
        context,
        run,
        samples,
    } = planes;
    let padded = context.padded_plane();
    let channels = usize::from(run.channels);
    let mut one = *run;
    one.first_channel += u16::try_from(channel).unwrap();
    one.channels = 1;
    let planes = samples.chunks(padded).skip(channel).step_by(channels);
    let padded: Vec<i16> = planes.clone().flatten().copied().collect();
    let samples = planes.flat_map(|plane| &plane[..context.plane_len()]);
    (
        samples.copied().collect(),
        quantize_planes(context, &one, &padded).unwrap(),
    )
}

fn count(context: &Context, class: Class, codes: &[i32], counts: &mut [u32]) {
    let modulus = 1 << context.format().width(class);
    for code in codes {
        counts[code.rem_euclid(modulus) as usize] += 1;
    }
}

proptest! {
    #[test]
    fn a_scan_is_what_the_samples_say(planes in planes()) {
        let Planes { context, run, samples } = &planes;
        let scan = scan(context, run, samples).unwrap();
        let mut direct = [0; DIRECT_PATTERNS];
        let mut important = [0; IMPORTANT_PATTERNS];
        prop_assert_eq!(scan.ranges.len(), usize::from(run.channels));
        for (channel, range) in scan.ranges.iter().enumerate() {
            let (samples, codes) = of_channel(&planes, channel);
            prop_assert_eq!(Some(range.min), samples.iter().copied().min());
            prop_assert_eq!(Some(range.max), samples.iter().copied().max());
            let magnitude = samples.iter().map(|x| x.unsigned_abs()).max();
            prop_assert_eq!(Some(range.magnitude), magnitude);
            let row = usize::from(run.first_channel) + channel;
            match context.channels()[row].class {
                Class::Direct => count(context, Class::Direct, &codes, &mut direct),
                Class::Important => count(context, Class::Important, &codes, &mut important),
                Class::Pruned => prop_assert!(codes.is_empty()),
            }
        }
        let counts = scan.counts.as_ref().unwrap();
        prop_assert_eq!(*counts.direct, direct);
        prop_assert_eq!(*counts.important, important);

        let bytes = scan.to_bytes();
        prop_assert_eq!(bytes.len(), 8 * usize::from(run.channels) + COUNT_BYTES);
        prop_assert_eq!(Scan::from_bytes(run.channels, &bytes), Some(scan.clone()));
        let ranges = Scan { counts: None, ..scan };
        prop_assert_eq!(Scan::from_bytes(run.channels, &ranges.to_bytes()), Some(ranges));
        for len in [0, 7, bytes.len() - COUNT_BYTES + 4, bytes.len() - 4, bytes.len() - 1] {
            prop_assert_eq!(Scan::from_bytes(run.channels, &bytes[..len]), None);
        }
        let long = [&bytes[..], &[0; 4]].concat();
        prop_assert_eq!(Scan::from_bytes(run.channels, &long), None);
    }

    #[test]
    fn a_scan_is_answered_with_its_request_s_header(planes in planes()) {
        let Planes { context, run, samples } = planes;
        let header = Header {
            operation: Operation::Scan,
            context: 0,
            shape: context.shape(),
            run,
            plane_len: u32::try_from(context.plane_len()).unwrap(),
            sequence: 5,
            payload_len: 0,
        };
        let request = header.packet(&samples_to_bytes(&samples));
        let answer = answer(&[Some(context.clone())], &request).unwrap();
        let packet = Packet::parse(&answer).unwrap();
        let payload_len = packet.header.payload_len;
        prop_assert_eq!(packet.header, Header { payload_len, ..header });
        let expected = scan(&context, &run, &samples).unwrap();
        prop_assert_eq!(Scan::from_bytes(run.channels, packet.payload), Some(expected));
    }

    /// A plane's dynamic range is the magnitude that a scan of it finds.
    #[test]
    fn the_magnitude_is_the_paper_s_range(planes in planes()) {
        let Planes { context, run, samples } = planes;
        if let Scale::Dynamic { policy } = context.parts().scale {
            let scan = scan(&context, &run, &samples).unwrap();
            let range = scan.ranges.iter().map(|range| match policy.signed() {
                true => range.magnitude,
                false => policy.magnitude(range.max),
            });
            let plane = |plane: &[i16]| {
                let plane = plane[..context.plane_len()].iter();
                plane.map(|&x| policy.magnitude(x)).max()
            };
            let planes = samples.chunks(context.padded_plane()).filter_map(plane);
            prop_assert_eq!(range.max(), planes.max());
        }
    }
}
