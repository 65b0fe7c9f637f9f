//! The decoder core under Verilator equals `golden::payload::decode`, whatever the context, the
//! planes, the stalls, and what went before.

mod errors;
mod packet;
mod throughput;

use dqa_hdl::decoder::{TOP, verilog};
use dqa_hdl::load::Write;
use dqa_sim::{Beat, Bench, Model, SimError, Stall, seeds};
use fastrand::Rng;
use packet::Packet;

fn model(lanes: usize) -> Model {
    let verilog = verilog(&packet::parameters(lanes), "").expect("sound RTL");
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

/// Runs packets back to back, each context loaded while the packet before may still run.
fn run(bench: &mut Bench, packets: &[Packet], input: Stall, output: Stall) -> Result<(), SimError> {
    bench.source("cmd", Vec::<Beat>::new(), Stall::NONE);
    bench.sink("m_axis", output);
    for (i, packet) in packets.iter().enumerate() {
        let bank = i % 2 == 1;
        bench.run_until(|bench| bench.waiting("cmd") == 0, 1_000_000)?;
        load(bench, bank, &packet.writes());
        bench.run_until(|bench| bench.waiting("load") == 0, 1_000_000)?;
        bench.source("cmd", [packet.command(bank)], Stall::NONE);
        bench.source("s_axis", packet.words.clone(), input);
    }
    let expected: Vec<_> = packets.iter().flat_map(|p| p.samples.clone()).collect();
    bench.lanes("m_axis", 16);
    let done = bench.run_until(
        |bench| bench.received("m_axis") >= expected.len(),
        4_000_000,
    );
    let checked = bench.check("m_axis", expected);
    checked.and(done)
}

fn equals_golden(lanes: usize) -> Result<(), SimError> {
    let model = model(lanes);
    for seed in seeds(6) {
        for input in Stall::SWEEP {
            for output in Stall::SWEEP {
                let mut random = Rng::with_seed(seed);
                let lengths = [lanes, 49, 196, 1024, 4 * lanes + 1, lanes + 1];
                let packets: Vec<_> = (0..6)
                    .map(|_| {
                        let length = lengths[random.usize(0..lengths.len())];
                        let planes = random.usize(1..=(3000 / length).clamp(1, 60));
                        Packet::random(&mut random, lanes, length, planes)
                    })
                    .collect();
                let mut bench = Bench::new(&model, seed)?;
                bench.reset();
                run(&mut bench, &packets, input, output)?;
            }
        }
    }
    Ok(())
}

#[test]
fn one_lane_equals_golden() -> Result<(), SimError> {
    equals_golden(1)
}

#[test]
fn two_lanes_equal_golden() -> Result<(), SimError> {
    equals_golden(2)
}

#[test]
fn four_lanes_equal_golden() -> Result<(), SimError> {
    equals_golden(4)
}

#[test]
fn eight_lanes_equal_golden() -> Result<(), SimError> {
    equals_golden(8)
}
