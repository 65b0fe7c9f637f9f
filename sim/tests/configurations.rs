//! Cores of other parameters than the default, on layers that go to their limits: encoder, then
//! decoder, golden's bytes; what is beyond the limits is refused.

use dqa_golden::packet::samples_to_bytes;
use dqa_golden::payload::{EncodeError, decode, encode};
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Core, CoreError, Stall, layers, seeds};
use fastrand::Rng;

fn agrees_with_golden(parameters: Parameters) -> Result<(), CoreError> {
    for seed in seeds(2) {
        let mut random = Rng::with_seed(seed);
        let mut encoder = Core::encoder(parameters, seed)?;
        let mut decoder = Core::decoder(parameters, seed)?;
        for number in 0..60 {
            let slot = number % 2 == 1;
            let context = layers::context(&mut random, &parameters);
            let run = layers::run(&mut random, &context);
            let samples = layers::samples(&mut random, &context, &run);
            let [stall_in, stall_out] = [(); 2].map(|()| Stall::SWEEP[random.usize(0..4)]);
            encoder.load(slot, &context)?;
            encoder.send(slot, &run, &samples_to_bytes(&samples), stall_in);
            let payload = match encode(&context, &run, &samples) {
                Ok(encoded) => encoded.payload,
                Err(EncodeError::NoCode { .. }) => {
                    assert_eq!(encoder.answer(stall_out)?.error, 3, "seed {seed}");
                    continue;
                }
                Err(other) => panic!("{other}"),
            };
            encoder.expect(&payload, 0, stall_out)?;
            let back = decode(&context, &run, &payload).expect("it was just encoded");
            decoder.load(slot, &context)?;
            decoder.send(slot, &run, &payload, stall_in);
            decoder.expect(&samples_to_bytes(&back), 0, stall_out)?;
        }
        let mut larger = parameters;
        larger.channels += 1;
        let beyond = std::iter::repeat_with(|| layers::context(&mut random, &larger));
        let beyond = beyond
            .take(200)
            .find(|context| context.channels().len() == larger.channels);
        let refused = encoder.load(false, &beyond.expect("one of eight"));
        assert!(matches!(refused, Err(CoreError::Misfit(_))));
    }
    Ok(())
}

/// n up to 4, m up to 1, codes up to 6 bits, 32 channels.
fn small(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        max_bits: 4,
        max_extra: 1,
        max_code_length: 6,
        symbol_bits: 5,
        channels: 32,
        ..Parameters::default()
    }
}

/// n up to 8, m up to 2, codes up to 8 bits of up to 64 symbols, 512 channels.
fn wide(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        max_bits: 8,
        max_extra: 2,
        max_code_length: 8,
        symbol_bits: 6,
        channels: 512,
        ..Parameters::default()
    }
}

/// n up to 5, m up to 5, codes up to 8 bits, 63 channels: no power of two.
fn deep(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        max_bits: 5,
        max_extra: 5,
        max_code_length: 8,
        symbol_bits: 5,
        channels: 63,
        ..Parameters::default()
    }
}

/// Codes of 4 bits at most, one channel.
fn least(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        max_bits: 2,
        max_extra: 0,
        max_code_length: 4,
        symbol_bits: 5,
        channels: 1,
        ..Parameters::default()
    }
}

/// Every parameter's largest, and planes of up to 130 beats of dynamic scale.
fn dynamic(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        dynamic_beats: 130,
        symbol_bits: 6,
        channels: 96,
        ..Parameters::default()
    }
}

macro_rules! configurations {
    ($($name:ident: $parameters:expr;)*) => {$(
        #[test]
        fn $name() -> Result<(), CoreError> {
            agrees_with_golden($parameters)
        }
    )*};
}

configurations! {
    small_of_1_lane: small(1);
    small_of_2_lanes: small(2);
    small_of_4_lanes: small(4);
    small_of_8_lanes: small(8);
    wide_of_1_lane: wide(1);
    wide_of_2_lanes: wide(2);
    wide_of_4_lanes: wide(4);
    wide_of_8_lanes: wide(8);
    deep_of_1_lane: deep(1);
    deep_of_2_lanes: deep(2);
    deep_of_4_lanes: deep(4);
    deep_of_8_lanes: deep(8);
    least_of_4_lanes: least(4);
    dynamic_of_2_lanes: dynamic(2);
    dynamic_of_8_lanes: dynamic(8);
}
