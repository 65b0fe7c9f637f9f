//! The depth of an encoder's lane FIFOs: never above its bound, and the bound is reached.

use dqa_golden::context::Scale;
use dqa_golden::lanes::LaneShape;
use dqa_golden::payload::encode;
use dqa_tests::activations;
use dqa_tests::layer::{Choice, fit, run_of};
use dqa_tests::skew::{Skew, depth_bound};
use dqa_tests::strategies::{Planes, planes};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// 30 words with fixed scale and 62 with dynamic scale do for every legal layer.
    #[test]
    fn no_layer_needs_more_than_32_or_64_words(planes in planes()) {
        let Planes { context, run, samples } = &planes;
        let depth = encode(context, run, samples).unwrap().fifo_depth;
        let dynamic = context.parts().scale != Scale::Fixed;
        let bound = if dynamic { 62 } else { 30 };
        prop_assert!(depth <= bound);
    }

    /// Skew in random planes, or in a random part of them.
    #[test]
    fn random_skew_stays_within_the_bound(
        lanes in prop::sample::select(&[2u8, 4, 8, 16][..]),
        word_bits in prop::sample::select(&[32u8, 64][..]),
        extra in 0..40u32,
        raw_bits in 0..4u8,
        dynamic: bool,
        phases in prop::collection::vec((1..120usize, any::<u16>()), 1..8),
    ) {
        let plane_len = u32::from(lanes) + extra;
        let skew = Skew { lanes, word_bits, plane_len, raw_bits, dynamic };
        let total = phases.iter().map(|phase| phase.0).sum::<usize>();
        let depth = skew.depth(u16::try_from(total).unwrap(), |plane, i| {
            let ends = phases.iter().scan(0, |end, &(len, lanes)| {
                *end += len;
                Some((*end, lanes))
            });
            let phase = ends.into_iter().find(|&(end, _)| plane < end);
            phase.is_some_and(|(_, long)| long >> (i % usize::from(lanes)) & 1 == 1)
        });
        prop_assert!(depth <= depth_bound(&skew) as usize, "{depth} {skew:?}");
    }
}

#[test]
fn the_search_reaches_the_bound() {
    let plain = Skew {
        lanes: 4,
        word_bits: 32,
        plane_len: 4,
        raw_bits: 0,
        dynamic: false,
    };
    for (skew, bound) in [
        (plain, 14),
        (
            Skew {
                plane_len: 13,
                ..plain
            },
            20,
        ),
        (
            Skew {
                raw_bits: 2,
                ..plain
            },
            5,
        ),
        (
            Skew {
                dynamic: true,
                ..plain
            },
            46,
        ),
        (
            Skew {
                plane_len: 12,
                dynamic: true,
                ..plain
            },
            25,
        ),
    ] {
        assert_eq!(depth_bound(&skew), bound, "{skew:?}");
        assert_eq!(skew.search(), bound as usize, "{skew:?}");
    }
}

#[test]
fn real_tensors_need_at_most_4_words() {
    let choice = Choice::full_range(3, 1);
    for tensor in activations::all() {
        for lanes in [2, 4, 8, 16] {
            let shape = LaneShape::new(lanes).unwrap();
            let context = fit(&tensor, &choice, choice.joint(), shape);
            let (run, samples) = run_of(&tensor, shape, &[0, 1, 2, 3, 4, 5, 6, 7]);
            let depth = encode(&context, &run, &samples).unwrap().fifo_depth;
            assert!(depth <= 4, "{} with {lanes} lanes: {depth}", tensor.name);
        }
    }
}
