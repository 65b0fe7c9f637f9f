//! The decoder core under Verilator equals `golden::payload::decode`, whatever the context, the
//! planes, the stalls, and what went before.

mod errors;
mod packet;
mod throughput;

use dqa_golden::context::Context;
use dqa_golden::packet::samples_to_bytes;
use dqa_golden::payload::{self, PlaneRun};
use dqa_hdl::decoder::{TOP, verilog};
use dqa_hdl::load::Write;
use dqa_hdl::parameters::Parameters;
use dqa_sim::{Beat, Bench, Core, CoreError, Model, Stall, layers, seeds};
use fastrand::Rng;

fn parameters(lanes: usize) -> Parameters {
    packet::parameters(lanes)
}

fn model(lanes: usize) -> Model {
    let verilog = verilog(&parameters(lanes), "").expect("sound RTL");
    Model::build(TOP, &verilog).expect("it verilates")
}

fn load(bench: &mut Bench, bank: bool, writes: &[Write]) {
    let beats = writes.iter().map(|write| {
        Beat::new()
            .with("context", u64::from(bank))
            .with("addr", u64::from(write.addr))
            .with("data", u64::from(write.data))
    });
    bench.source("load", beats, Stall::NONE);
}

/// A packet's code words and the samples that golden decodes from them.
struct Coded {
    context: Context,
    run: PlaneRun,
    words: Vec<u8>,
    samples: Vec<u8>,
}

/// A random packet of which all symbols have codes.
fn coded(random: &mut Rng, lanes: usize) -> Coded {
    loop {
        let context = layers::context(random, &parameters(lanes));
        let run = layers::run(random, &context);
        let samples = layers::samples(random, &context, &run);
        if let Ok(encoded) = payload::encode(&context, &run, &samples) {
            let decoded = payload::decode(&context, &run, &encoded.payload);
            return Coded {
                context,
                run,
                words: encoded.payload,
                samples: samples_to_bytes(&decoded.expect("it was just encoded")),
            };
        }
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

fn equals_golden(lanes: usize) -> Result<(), CoreError> {
    let first = Core::decoder(parameters(lanes), 0)?;
    for seed in seeds(3) {
        for stall_in in Stall::SWEEP {
            for stall_out in Stall::SWEEP {
                let mut random = Rng::with_seed(seed);
                let packets: Vec<_> = (0..6).map(|_| coded(&mut random, lanes)).collect();
                let mut core = first.another(seed)?;
                decodes(&mut core, &packets, [stall_in, stall_out])?;
            }
        }
    }
    Ok(())
}

#[test]
fn one_lane_equals_golden() -> Result<(), CoreError> {
    equals_golden(1)
}

#[test]
fn two_lanes_equal_golden() -> Result<(), CoreError> {
    equals_golden(2)
}

#[test]
fn four_lanes_equal_golden() -> Result<(), CoreError> {
    equals_golden(4)
}

#[test]
fn eight_lanes_equal_golden() -> Result<(), CoreError> {
    equals_golden(8)
}

/// A reset at any time, and the packets behind it are right.
#[test]
fn reset_in_the_middle_of_a_packet() -> Result<(), CoreError> {
    let mut random = Rng::with_seed(1);
    let mut core = Core::decoder(parameters(4), 1)?;
    for _ in 0..60 {
        let packets = [coded(&mut random, 4), coded(&mut random, 4)];
        decodes(&mut core, &packets, [Stall::percent(10); 2])?;
        let packet = coded(&mut random, 4);
        core.load(false, &packet.context)?;
        core.send(false, &packet.run, &packet.words, Stall::percent(50));
        core.bench().run(random.u64(0..300))?;
        core.reset()?;
    }
    Ok(())
}
