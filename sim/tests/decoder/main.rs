//! The decoder core under Verilator equals `golden::payload::decode`, whatever the context, the
//! planes, the stalls, and what went before.

mod coded;
mod errors;
mod planes;
mod throughput;

use coded::Coded;
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Core, CoreError, Stall, seeds};
use fastrand::Rng;

/// Of the cores that these packets go to.
fn parameters(lanes: usize) -> Parameters {
    Parameters {
        lanes,
        symbol_bits: 6,
        channels: 64,
        ..Parameters::default()
    }
}

/// Of those that find the factor of a plane's range.
fn dynamic(lanes: usize) -> Parameters {
    Parameters {
        dynamic_beats: 200,
        ..parameters(lanes)
    }
}

/// Packets back to back, each context loaded while the packet before runs.
fn decodes(
    core: &mut Core,
    packets: &[Coded],
    [stall_in, stall_out]: [Stall; 2],
) -> Result<(), CoreError> {
    let mut before: Option<&Coded> = None;
    for (at, packet) in packets.iter().enumerate() {
        let slot = at % 2 == 1;
        core.load(slot, &packet.context)?;
        core.send(slot, &packet.run, &packet.words, stall_in);
        if let Some(before) = before.replace(packet) {
            core.expect(&before.samples, 0, stall_out)?;
        }
    }
    let last = before.expect("a packet");
    core.expect(&last.samples, 0, stall_out)?;
    Ok(())
}

fn equals_golden(parameters: Parameters) -> Result<(), CoreError> {
    let first = Core::decoder(parameters, 0)?;
    for seed in seeds(3) {
        for stall_in in Stall::SWEEP {
            for stall_out in Stall::SWEEP {
                let mut random = Rng::with_seed(seed);
                let packets: Vec<_> = (0..6)
                    .map(|_| Coded::random(&mut random, &parameters))
                    .collect();
                let mut core = first.another(seed)?;
                decodes(&mut core, &packets, [stall_in, stall_out])?;
            }
        }
    }
    Ok(())
}

#[test]
fn one_lane_equals_golden() -> Result<(), CoreError> {
    equals_golden(parameters(1))
}

#[test]
fn two_lanes_equal_golden() -> Result<(), CoreError> {
    equals_golden(parameters(2))
}

#[test]
fn four_lanes_equal_golden() -> Result<(), CoreError> {
    equals_golden(parameters(4))
}

#[test]
fn eight_lanes_equal_golden() -> Result<(), CoreError> {
    equals_golden(parameters(8))
}

#[test]
fn one_lane_of_dynamic_scale_equals_golden() -> Result<(), CoreError> {
    equals_golden(dynamic(1))
}

#[test]
fn two_lanes_of_dynamic_scale_equal_golden() -> Result<(), CoreError> {
    equals_golden(dynamic(2))
}

#[test]
fn four_lanes_of_dynamic_scale_equal_golden() -> Result<(), CoreError> {
    equals_golden(dynamic(4))
}

#[test]
fn eight_lanes_of_dynamic_scale_equal_golden() -> Result<(), CoreError> {
    equals_golden(dynamic(8))
}

#[test]
fn reset_in_the_middle_of_a_packet() -> Result<(), CoreError> {
    reset_at_any_time(parameters(4))
}

#[test]
fn reset_in_the_middle_of_a_packet_of_dynamic_scale() -> Result<(), CoreError> {
    reset_at_any_time(dynamic(4))
}

/// A reset at any time, and the packets behind it are right.
fn reset_at_any_time(parameters: Parameters) -> Result<(), CoreError> {
    let mut random = Rng::with_seed(1);
    let mut core = Core::decoder(parameters, 1)?;
    for _ in 0..100 {
        let packets = [(); 2].map(|()| Coded::small(&mut random, &parameters, 1000));
        decodes(&mut core, &packets, [Stall::percent(10); 2])?;
        // Few samples that leave slowly, so that the reset often comes at their end.
        let packet = Coded::small(&mut random, &parameters, 100);
        core.load(false, &packet.context)?;
        core.send(false, &packet.run, &packet.words, Stall::percent(50));
        core.bench().sink("m_axis", Stall::percent(90));
        core.bench().run(random.u64(0..300))?;
        core.reset()?;
    }
    Ok(())
}
