//! The sequencer gives each step its lanes and its row, as golden walks planes, or refuses.

use dqa_golden::channel::Class;
use dqa_hdl::emit::emit;
use dqa_hdl::load::{self, CHANNELS};
use dqa_hdl::parameters::Parameters;
use dqa_hdl::sequencer::{LATENCY, Sequencer};
use dqa_sim::{Instance, Model, SimError, layers, seeds};
use fastrand::Rng;
use rust_hdl::prelude::Block;
use std::collections::VecDeque;

/// A command; whether it runs.
fn start(unit: &mut Instance, context: bool, [first, channels, images]: [u16; 3]) -> bool {
    unit.set("run_context", context);
    unit.set("first_channel", first);
    unit.set("channels", channels);
    unit.set("images", images);
    unit.set("start", true);
    unit.tick("aclk");
    unit.set("start", false);
    for _ in 0..3 {
        unit.eval();
        if unit.get_u64("running") == 1 {
            return true;
        }
        if unit.get_u64("refused") == 1 {
            unit.tick("aclk");
            unit.eval();
            assert_eq!((unit.get_u64("running"), unit.get_u64("refused")), (0, 0));
            return false;
        }
        unit.tick("aclk");
    }
    panic!("no answer to a command");
}

/// Steps at random through all planes; each beat is (lanes, mantissa, shift, class, undefined).
fn walk(unit: &mut Instance, random: &mut Rng, expected: &[[u64; 5]]) {
    let (mut steps, mut under_way) = (0, VecDeque::from([None; LATENCY - 1]));
    let stop = random.bool().then(|| random.usize(1..=expected.len()));
    while steps < stop.unwrap_or(expected.len()) {
        unit.eval();
        assert_eq!(unit.get_u64("running"), 1);
        assert_eq!(unit.get_u64("last") == 1, steps + 1 == expected.len());
        let step = random.bool();
        unit.set("step", step);
        unit.tick("aclk");
        under_way.push_back(step.then(|| expected[steps]));
        steps += usize::from(step);
        arrives(unit, under_way.pop_front().flatten());
    }
    unit.set("step", false);
    unit.set("stop", stop.is_some());
    while let Some(beat) = under_way.pop_front() {
        unit.tick("aclk");
        unit.set("stop", false);
        arrives(unit, beat);
        assert_eq!(unit.get_u64("running"), 0);
    }
}

fn arrives(unit: &mut Instance, beat: Option<[u64; 5]>) {
    unit.eval();
    assert_eq!(unit.get_u64("beat_valid") == 1, beat.is_some());
    let Some(expected) = beat else { return };
    let ports = ["lanes", "mantissa", "shift", "important", "undefined"];
    let got = ports.map(|port| unit.get_u64(&format!("beat_{port}")));
    assert_eq!(got, expected);
}

fn walks(lanes: usize, channels: usize, block: impl Block) -> Result<(), SimError> {
    let top = format!("sequencer_{lanes}");
    let model = Model::build(&top, &emit(&top, "", block).expect("sound RTL"))?;
    let parameters = Parameters {
        lanes,
        channels,
        ..Parameters::default()
    };
    for seed in seeds(20) {
        let mut random = Rng::with_seed(seed);
        let mut unit = model.instance(seed);
        unit.tick("aclk");
        unit.set("aresetn", true);
        for slot in [false, true, false, true] {
            let context = layers::context(&mut random, &parameters);
            let rows = context.channels().len();
            let undefined = random.usize(0..2 * rows);
            let mut table = vec![0; rows];
            for write in load::encoder(&parameters, &context).expect("it fits") {
                let mut data = write.data & 0xfff_ffff;
                if let Some(row @ 0..1024) = write.addr.checked_sub(CHANNELS) {
                    data |= if row as usize == undefined {
                        3 << 22
                    } else {
                        0
                    };
                    table[row as usize] = u64::from(data);
                }
                unit.set("load", true);
                unit.set("load_context", slot);
                unit.set("load_addr", write.addr);
                unit.set("load_data", data);
                unit.tick("aclk");
            }
            unit.set("load", false);
            for _ in 0..4 {
                let run = layers::run(&mut random, &context);
                let beat = |row: usize, lanes: u64| {
                    let data = table[row];
                    let stored = context.channels()[row].class != Class::Pruned && row != undefined;
                    [
                        if stored { lanes } else { 0 },
                        data & 0x1_ffff,
                        data >> 17 & 31,
                        data >> 22 & 1,
                        u64::from(row == undefined),
                    ]
                };
                let beats = context.shape().beats(context.plane_len());
                let last = context.plane_len() - (beats - 1) * lanes;
                let expected: Vec<_> = run
                    .rows()
                    .flat_map(|row| {
                        (1..=beats).map(move |at| (row, if at == beats { last } else { lanes }))
                    })
                    .map(|(row, lanes)| beat(row, (1 << lanes) - 1))
                    .collect();
                assert!(start(
                    &mut unit,
                    slot,
                    [run.first_channel, run.channels, run.images]
                ));
                walk(&mut unit, &mut random, &expected);
                let beyond = u16::try_from(rows).expect("few") - run.first_channel + 1;
                for [channels, images] in [[0, 1], [1, 0], [beyond, 1], [u16::MAX, u16::MAX]] {
                    assert!(!start(
                        &mut unit,
                        slot,
                        [run.first_channel, channels, images]
                    ));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn one_lane() -> Result<(), SimError> {
    walks(1, 13, Sequencer::<1>::new(13))
}

#[test]
fn eight_lanes() -> Result<(), SimError> {
    walks(8, 1024, Sequencer::<8>::new(1024))
}
