//! Real activations through the emitted cores: the encoder's words and the decoder's samples are
//! golden's, byte for byte, with packets back to back and stalls on both sides.

use dqa_golden::context::{Context, Scale};
use dqa_golden::lanes::LaneShape;
use dqa_golden::packet::samples_to_bytes;
use dqa_golden::payload::{decode, encode};
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::Mode;
use dqa_golden::table::CodeTable;
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Core, CoreError, Stall};
use dqa_tests::activations;
use dqa_tests::layer::{Choice, fit, run_of};

fn all_tensors(lanes: usize) -> Result<(), CoreError> {
    let parameters = Parameters {
        lanes,
        channels: 64,
        ..Parameters::default()
    };
    let shape = LaneShape::new(u8::try_from(lanes).unwrap()).unwrap();
    let mut encoder = Core::encoder(parameters, 1)?;
    let mut decoder = Core::decoder(parameters, 2)?;
    let mut slot = false;
    for (number, tensor) in activations::all().iter().enumerate() {
        for (bits, extra) in [(3, 1), (4, 3)] {
            let choice = Choice::full_range(bits, extra);
            for mode in [choice.joint(), Mode::Paper] {
                let context = fit(tensor, &choice, mode, shape);
                let (run, samples) = run_of(tensor, shape, &[number % tensor.images]);
                let expected = encode(&context, &run, &samples).unwrap().payload;
                let back = decode(&context, &run, &expected).unwrap();
                let stalls = match slot {
                    false => [Stall::NONE, Stall::NONE],
                    true => [Stall::percent(10), Stall::percent(50)],
                };
                encoder.load(slot, &context)?;
                let samples = samples_to_bytes(&samples);
                encoder.send(slot, &run, &samples, stalls[0]);
                encoder.expect(&expected, 0, stalls[1])?;
                decoder.load(slot, &context)?;
                decoder.send(slot, &run, &expected, stalls[0]);
                decoder.expect(&samples_to_bytes(&back), 0, stalls[1])?;
                slot = !slot;
            }
        }
    }
    Ok(())
}

/// The cores find each plane's range and factors themselves.
fn all_tensors_of_dynamic_scale(lanes: usize) -> Result<(), CoreError> {
    let longest = activations::all()
        .iter()
        .map(|tensor| tensor.plane_len)
        .max();
    let parameters = Parameters {
        lanes,
        channels: 64,
        dynamic_beats: longest.expect("tensors").div_ceil(lanes),
        ..Parameters::default()
    };
    let shape = LaneShape::new(u8::try_from(lanes).unwrap()).unwrap();
    let mut encoder = Core::encoder(parameters, 1)?;
    let mut decoder = Core::decoder(parameters, 2)?;
    for tensor in activations::all() {
        for (bits, extra) in [(3, 1), (4, 3)] {
            let choice = Choice::full_range(bits, extra);
            let fixed = fit(&tensor, &choice, choice.joint(), shape);
            let mut parts = fixed.parts().clone();
            parts.scale = Scale::Dynamic {
                policy: DeltaPolicy::FullRange,
            };
            // The fixed scale clips, so other symbols occur.
            for table in [&mut parts.direct, &mut parts.important] {
                let counts: Vec<u64> = (0..table.alphabet()).map(|s| 1 + (1 << 20 >> s)).collect();
                *table = CodeTable::from_counts(&counts, parts.limit).unwrap();
            }
            let context = Context::new(parts).unwrap();
            let (run, samples) = run_of(&tensor, shape, &[0]);
            let expected = encode(&context, &run, &samples).unwrap().payload;
            encoder.load(false, &context)?;
            encoder.send(false, &run, &samples_to_bytes(&samples), Stall::NONE);
            encoder.expect(&expected, 0, Stall::percent(10))?;
            let back = decode(&context, &run, &expected).unwrap();
            decoder.load(false, &context)?;
            decoder.send(false, &run, &expected, Stall::NONE);
            decoder.expect(&samples_to_bytes(&back), 0, Stall::percent(10))?;
        }
    }
    Ok(())
}

#[test]
fn four_lanes_of_dynamic_scale() -> Result<(), CoreError> {
    all_tensors_of_dynamic_scale(4)
}

#[test]
fn eight_lanes_of_dynamic_scale() -> Result<(), CoreError> {
    all_tensors_of_dynamic_scale(8)
}

#[test]
fn one_lane() -> Result<(), CoreError> {
    all_tensors(1)
}

#[test]
fn two_lanes() -> Result<(), CoreError> {
    all_tensors(2)
}

#[test]
fn four_lanes() -> Result<(), CoreError> {
    all_tensors(4)
}

#[test]
fn eight_lanes() -> Result<(), CoreError> {
    all_tensors(8)
}
