//! The fast codec against the golden model.

#[path = "common/activations.rs"]
mod activations;
mod common;

use dqa_driver::codec::Prepared;
use dqa_golden::context::Context;
use dqa_golden::packet::{self, Header, Operation, Packet};
use dqa_golden::payload::{self, DecodeError, EncodeError, PlaneRun};
use proptest::prelude::*;

/// What happens to a payload on its way.
#[derive(Clone, Copy, Debug)]
enum Damage {
    None,
    Flip(u64),
    Cut(u64),
    Lengthen(usize),
    Random(u64),
}

fn damages() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::None),
        any::<u64>().prop_map(Damage::Flip),
        any::<u64>().prop_map(Damage::Cut),
        (1usize..40).prop_map(Damage::Lengthen),
        any::<u64>().prop_map(Damage::Random),
    ]
}

impl Damage {
    fn apply(self, payload: &mut Vec<u8>) {
        match self {
            Self::None => {}
            Self::Flip(seed) => {
                let at = seed as usize % payload.len();
                payload[at] ^= 1 << (seed >> 61);
            }
            Self::Cut(seed) => payload.truncate(seed as usize % payload.len()),
            Self::Lengthen(bytes) => payload.resize(payload.len() + bytes, 0),
            Self::Random(seed) => {
                let mut numbers = common::numbers(seed);
                payload.fill_with(|| numbers() as u8);
            }
        }
    }
}

/// A legal payload of these planes; where a symbol has no code, noise.
fn payload_of(context: &Context, run: &PlaneRun, samples: &[i16]) -> Vec<u8> {
    payload::encode(context, run, samples).map_or_else(
        |_| {
            let mut noise = vec![0; samples.len() + context.shape().min_payload()];
            Damage::Random(samples.len() as u64).apply(&mut noise);
            noise
        },
        |encoded| encoded.payload,
    )
}

#[test]
fn real_activations_code_as_golden() {
    for name in ["00", "07", "14"] {
        let tensor = activations::Tensor::load(name);
        let run = tensor.run();
        for (lanes, paper) in [(4, false), (8, true)] {
            let context = tensor.context(4, 3, lanes, paper);
            let expected = payload::encode(&context, &run, &tensor.samples).unwrap();
            let samples = payload::decode(&context, &run, &expected.payload).unwrap();
            let prepared = Prepared::new(context);
            let (mut encoded, mut decoded) = (Vec::new(), Vec::new());
            let result = prepared.encode(&run, &tensor.samples, &mut encoded);
            assert_eq!((result, &encoded), (Ok(()), &expected.payload));
            let result = prepared.decode(&run, &encoded, &mut decoded);
            assert_eq!((result, decoded), (Ok(()), samples));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn encodes_as_golden((context, run, samples) in common::planes()) {
        let expected = payload::encode(&context, &run, &samples).map(|e| e.payload);
        let prepared = Prepared::new(context);
        let mut got = vec![1, 2, 3];
        let result = prepared.encode(&run, &samples, &mut got);
        let payload = got.split_off(3);
        prop_assert_eq!(got, [1, 2, 3]);
        prop_assert!(result.is_ok() || payload.is_empty());
        prop_assert_eq!(result.map(|()| payload), expected);
    }

    #[test]
    fn decodes_as_golden(
        (context, run, samples) in common::planes(),
        damage in damages(),
    ) {
        let mut payload = payload_of(&context, &run, &samples);
        damage.apply(&mut payload);
        let expected = payload::decode(&context, &run, &payload);
        let prepared = Prepared::new(context);
        let mut got = vec![1, 2, 3];
        let result = prepared.decode(&run, &payload, &mut got);
        let samples = got.split_off(3);
        prop_assert_eq!(got, [1, 2, 3]);
        prop_assert!(result.is_ok() || samples.is_empty());
        prop_assert_eq!(result.map(|()| samples), expected);
    }

    #[test]
    fn answers_as_golden(
        (context, run, samples) in common::planes(),
        damage in damages(),
        sequence: u32,
        operation in common::operations(),
    ) {
        let header = Header {
            operation,
            context: 0,
            shape: context.shape(),
            run,
            plane_len: u32::try_from(context.plane_len()).unwrap(),
            sequence,
            payload_len: 0,
        };
        let request = if operation == Operation::Decode {
            let mut payload = payload_of(&context, &run, &samples);
            damage.apply(&mut payload);
            header.packet(&payload)
        } else {
            let mut bytes = packet::samples_to_bytes(&samples);
            if let Damage::Cut(_) | Damage::Lengthen(_) = damage {
                damage.apply(&mut bytes);
            }
            header.packet(&bytes)
        };
        let expected = packet::answer(&[Some(context.clone())], &request);
        let prepared = Prepared::new(context);
        let got = prepared.answer(&Packet::parse(&request).unwrap());
        prop_assert_eq!(got, expected);
    }

    #[test]
    fn refuses_runs_and_sample_counts_as_golden(
        context in common::contexts(),
        (first_channel, channels, images) in (0u16..6, 0u16..6, prop_oneof![0u16..3, 60000u16..]),
        extra in 0usize..3,
    ) {
        let run = PlaneRun { first_channel, channels, images };
        let payload = vec![0; context.shape().min_payload()];
        let prepared = Prepared::new(context.clone());
        if run.fits(&context) && images < 3 {
            let samples = vec![0; run.samples(&context) + extra];
            let expected = payload::encode(&context, &run, &samples).map(|e| e.payload);
            let mut got = Vec::new();
            prop_assert_eq!(prepared.encode(&run, &samples, &mut got).map(|()| got), expected);
        } else if !run.fits(&context) {
            let channels = context.channels().len();
            let refused = prepared.encode(&run, &[], &mut Vec::new());
            prop_assert_eq!(refused, Err(EncodeError::Run { run, channels }));
            let refused = prepared.decode(&run, &payload, &mut Vec::new());
            prop_assert_eq!(refused, Err(DecodeError::Run { run, channels }));
            prop_assert_eq!(payload::decode(&context, &run, &payload).unwrap_err(), refused.unwrap_err());
        }
    }
}
