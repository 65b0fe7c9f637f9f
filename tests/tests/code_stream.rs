//! Encoding and decoding again gives exactly the de-quantized codes, whatever the layer.

use dqa_golden::channel::{Class, shift};
use dqa_golden::context::{Context, Scale};
use dqa_golden::lanes::LaneShape;
use dqa_golden::payload::{decode, encode, quantize_planes};
use dqa_golden::symbol::Mode;
use dqa_tests::strategies::{Planes, planes};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn decoding_gives_the_dequantized_codes(planes in planes()) {
        let Planes { context, run, samples } = &planes;
        let encoded = encode(context, run, samples).unwrap();
        let decoded = decode(context, run, &encoded.payload).unwrap();
        prop_assert_eq!(decoded, expected(&planes));
    }

    #[test]
    fn a_payload_that_ends_early_or_late_is_refused(planes in planes(), cut in 1..64usize) {
        let Planes { context, run, samples } = &planes;
        let mut payload = encode(context, run, samples).unwrap().payload;
        payload.extend(vec![0; context.shape().word_bytes()]);
        prop_assert!(decode(context, run, &payload).is_err());
        payload.truncate(payload.len() - context.shape().word_bytes());
        payload.truncate(payload.len().saturating_sub(cut));
        prop_assert!(decode(context, run, &payload).is_err());
    }

    #[test]
    fn one_lane_in_paper_mode_is_the_plain_concatenation(planes in planes()) {
        let Planes { context, run, samples } = &planes;
        let mut parts = context.parts().clone();
        parts.mode = Mode::Paper;
        parts.scale = Scale::Fixed;
        parts.shape = LaneShape::with_word_bits(1, 32).unwrap();
        parts.limit = 8;
        parts.direct = dqa_golden::table::CodeTable::flat(0);
        parts.important = dqa_golden::table::CodeTable::flat(parts.format.extra());
        let padded = context.padded_plane();
        let samples: Vec<i16> = samples
            .chunks(padded)
            .flat_map(|plane| &plane[..context.plane_len()])
            .copied()
            .collect();
        let context = Context::new(parts).unwrap();
        let payload = encode(&context, run, &samples).unwrap().payload;

        let format = context.format();
        let mut bits = String::new();
        for (row, plane) in run.rows().zip(samples.chunks(context.plane_len())) {
            let entry = context.channels()[row];
            for &x in plane {
                let q = entry.quantize(format, x);
                let n = format.bits() as usize;
                match entry.class {
                    Class::Pruned => {}
                    Class::Direct => bits += &binary(q, n),
                    Class::Important => {
                        let m = format.extra();
                        let (v, e) = shift(q, m);
                        if m > 0 {
                            bits += &format!("{e:0m$b}", m = m as usize);
                        }
                        bits += &binary(v, n);
                    }
                }
            }
        }
        let words = bits.len() / 32 + 2;
        let concatenation: String = payload
            .chunks(4)
            .map(|word| format!("{:032b}", u32::from_le_bytes(word.try_into().unwrap())))
            .collect();
        prop_assert_eq!(payload.len(), 4 * words);
        bits.extend(vec!['0'; 32 * words - bits.len()]);
        prop_assert_eq!(concatenation, bits);
    }

    #[test]
    fn codes_are_those_of_the_channel_entries(planes in planes()) {
        let Planes { context, run, samples } = &planes;
        let codes = quantize_planes(context, run, samples).unwrap();
        let stored = run.rows().filter(|&row| context.channels()[row].class != Class::Pruned);
        prop_assert_eq!(codes.len(), stored.count() * context.plane_len());
    }
}

/// `dequantize(quantize(x))` of every sample, zeros for Pruned planes and in the padding.
fn expected(planes: &Planes) -> Vec<i16> {
    let Planes {
        context,
        run,
        samples,
    } = planes;
    let (len, padded) = (context.plane_len(), context.padded_plane());
    let mut expected = Vec::new();
    for (row, plane) in run.rows().zip(samples.chunks(padded)) {
        let mut entry = context.channels()[row];
        if let Scale::Dynamic { policy } = context.parts().scale {
            let range = plane[..len]
                .iter()
                .map(|&x| policy.magnitude(x))
                .max()
                .unwrap();
            entry = policy.entry(entry.class, context.format().bits(), range);
        }
        let format = context.format();
        let back = |&x: &i16| match entry.class {
            Class::Pruned => 0,
            _ => entry.dequantize(format, entry.quantize(format, x)),
        };
        expected.extend(plane[..len].iter().map(back));
        expected.resize(expected.len() + padded - len, 0);
    }
    expected
}

/// The low bits of a code, most significant first.
fn binary(code: i32, bits: usize) -> String {
    let pattern = format!("{code:032b}");
    pattern[32 - bits..].to_owned()
}
