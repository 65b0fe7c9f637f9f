//! Tensors through a device's own thread: in order, bounded, cancelled, dropped, and with errors of one.

#[path = "../examples/offload.rs"]
#[allow(dead_code)] // its `main`
mod example;

use std::time::Duration;

use dqa_driver::card::{Card, Limits};
use dqa_driver::error::Error;
use dqa_driver::offload::{Done, Offload, OffloadError, Work};
use dqa_driver::plan::Plan;
use dqa_driver::settings::{Settings, Tables};
use dqa_driver::simulated_card::{Fault, Faults, SimulatedCard};
use dqa_driver::software::Software;
use dqa_driver::source::TensorSlice;
use dqa_driver::survey::to_sample;
use dqa_driver::transport::Transport;
use dqa_driver::xdma::{Tuning, XdmaLink};
use dqa_golden::packet::Packet;
use dqa_golden::payload::{decode, encode};
use dqa_golden::tensor::Layout;
use dqa_hdl::parameters::Parameters;
use dqa_sim::Device;
use fastrand::Rng;

const SHAPE: [u64; 4] = [3, 10, 6, 5];

fn tensor(random: &mut Rng) -> Vec<f32> {
    let elements = SHAPE.iter().product::<u64>();
    (0..elements)
        .map(|_| (random.f32() * 9.0 - 4.0).max(0.0))
        .collect()
}

fn planned(values: &[f32], layout: Layout, all_symbols: bool) -> Plan {
    let source = TensorSlice::new(&SHAPE, values).unwrap();
    let settings = Settings {
        layout,
        tables: Tables::Own { all_symbols },
        packet_samples: 100,
        ..Settings::default()
    };
    Plan::new(&source, &settings, &()).unwrap()
}

/// What golden makes of the packets: their planes' samples, as values in the packets' order.
fn check(plan: &Plan, values: &[f32], packets: &[Vec<u8>], restored: &[f32]) {
    let (context, tiling) = (&plan.encoding.context, plan.encoding.tiling);
    let mut plane = 0;
    for packet in packets {
        let Packet { header, payload } = Packet::parse(packet).unwrap();
        let samples = decode(context, &header.run, payload).unwrap();
        let mut asked = Vec::new();
        for samples in samples.chunks_exact(context.padded_plane()) {
            let channels = tiling.channels() as u64;
            let span = tiling.span(plane / channels, (plane % channels) as usize);
            let mut padded = vec![0; context.padded_plane()];
            for at in 0..span.len {
                let place = (span.start + at as u64 * span.stride) as usize;
                assert_eq!(
                    restored[place],
                    f32::from(samples[at]) * plan.encoding.tensor.scale
                );
                padded[at] = to_sample(values[place], plan.encoding.tensor.scale.recip());
            }
            asked.extend(padded);
            plane += 1;
        }
        let encoded = encode(context, &header.run, &asked).unwrap().payload;
        assert!(encoded == payload, "packet {}", header.sequence);
    }
    assert_eq!(plane, tiling.images() * tiling.channels() as u64);
}

/// Tensors there and back, some at once.
fn session(device: Box<dyn Transport>, layout: Layout, tensors: usize) {
    let mut random = Rng::with_seed(1);
    let sent: Vec<_> = (0..tensors).map(|_| tensor(&mut random)).collect();
    let plan = planned(&sent[0], layout, true);
    let mut offload = Offload::new(device, plan.clone(), 3).unwrap();
    let (mut next, mut packed, mut restored) = (0, Vec::new(), 0);
    while restored < tensors {
        while next < tensors && offload.under_way() < 3 {
            offload.submit(Work::Compress(sent[next].clone())).unwrap();
            next += 1;
        }
        match offload.receive().unwrap() {
            Done::Compressed(packets) => {
                packed.push(packets.clone());
                offload.submit(Work::Restore(packets)).unwrap();
            }
            Done::Restored(values) => {
                check(&plan, &sent[restored], &packed[restored], &values);
                restored += 1;
            }
        }
    }
}

#[test]
fn tensors_come_back_in_order() {
    session(Box::new(Software::new(2)), Layout::Nchw, 12);
    session(Box::new(Software::new(1)), Layout::Nhwc, 4);
}

fn card(faults: Faults) -> Card<XdmaLink<SimulatedCard>> {
    let core = Device::new(Parameters::default(), 0).unwrap();
    let card = SimulatedCard::new(Box::new(core), Faults::new(0), Duration::from_secs(1));
    let tuning = Tuning {
        buffer: 2048,
        buffers: 3,
        limits: Limits {
            window: 6,
            answer: Duration::from_secs(1),
        },
    };
    let opened = Card::open(XdmaLink::new(card.clone(), tuning).unwrap()).unwrap();
    card.set_faults(faults);
    opened
}

#[test]
fn a_card_with_faults_does_the_same() {
    let faults = Faults::new(3)
        .with(Fault::Short, 4)
        .with(Fault::Failed, 30)
        .with(Fault::Reordered, 5);
    session(Box::new(card(faults)), Layout::Nchw, 4);
}

#[test]
fn no_more_than_asked_for_are_under_way() {
    let mut random = Rng::with_seed(2);
    let values = tensor(&mut random);
    let plan = planned(&values, Layout::Nchw, true);
    let mut offload = Offload::new(Box::new(Software::new(1)), plan, 2).unwrap();
    let work = Work::Compress(values);
    assert!(matches!(offload.receive(), Err(OffloadError::Nothing)));
    offload.submit(work.clone()).unwrap();
    offload.submit(work.clone()).unwrap();
    assert!(matches!(
        offload.submit(work.clone()),
        Err(OffloadError::Full(2))
    ));
    offload.receive().unwrap();
    offload.submit(work).unwrap();
    let short = Work::Compress(vec![0.0; 7]);
    assert!(matches!(
        offload.submit(short),
        Err(OffloadError::Elements {
            got: 7,
            expected: 900
        })
    ));
}

#[test]
fn what_is_cancelled_does_not_come() {
    let mut random = Rng::with_seed(3);
    let first = tensor(&mut random);
    let plan = planned(&first, Layout::Nchw, true);
    let mut offload = Offload::new(Box::new(card(Faults::new(0))), plan.clone(), 3).unwrap();
    for round in 0..8 {
        for _ in 0..round % 4 {
            let work = Work::Compress(tensor(&mut random));
            offload.submit(work).unwrap();
        }
        if round % 3 == 1 && offload.under_way() > 0 {
            offload.receive().unwrap();
        }
        offload.cancel();
        assert_eq!(offload.under_way(), 0);
        let values = tensor(&mut random);
        offload.submit(Work::Compress(values.clone())).unwrap();
        let Done::Compressed(packets) = offload.receive().unwrap() else {
            panic!("one was sent to compress");
        };
        offload.submit(Work::Restore(packets.clone())).unwrap();
        let Done::Restored(restored) = offload.receive().unwrap() else {
            panic!("one was sent to restore");
        };
        check(&plan, &values, &packets, &restored);
    }
    // Dropped with work under way.
    offload.submit(Work::Compress(first)).unwrap();
}

#[test]
fn an_error_is_of_one_tensor() {
    let mut random = Rng::with_seed(4);
    let good = tensor(&mut random);
    // All codes of the first plane's values only.
    let mut flat = good.clone();
    flat.iter_mut()
        .for_each(|value| *value = value.min(1.0).round() * 5.0);
    let plan = planned(&flat, Layout::Nchw, false);
    let mut offload = Offload::new(Box::new(Software::new(1)), plan, 4).unwrap();
    offload.submit(Work::Compress(flat.clone())).unwrap();
    offload.submit(Work::Compress(good)).unwrap();
    offload.submit(Work::Compress(flat.clone())).unwrap();
    offload.submit(Work::Restore(vec![vec![1; 100]])).unwrap();
    let first = offload.receive().unwrap();
    let told = offload.receive();
    assert!(
        matches!(told, Err(OffloadError::Failed(Error::NoCode { .. }))),
        "{told:?}"
    );
    assert_eq!(offload.receive().unwrap(), first);
    assert!(matches!(offload.receive(), Err(OffloadError::Failed(_))));
    let Done::Compressed(mut packets) = first else {
        panic!("it was sent to compress");
    };
    packets.pop();
    offload.submit(Work::Restore(packets)).unwrap();
    assert!(matches!(
        offload.receive(),
        Err(OffloadError::Failed(Error::Packets { .. }))
    ));
}

#[test]
fn the_example_offloads_to_hardware_and_software_alike() {
    let software = example::offload("software:").expect("it is always there");
    let error = software
        .strip_prefix("10 batches in ")
        .and_then(|rest| rest.rsplit(' ').next());
    let error: f64 = error.and_then(|error| error.parse().ok()).expect(&software);
    // Values from 0 to 1 in codes of 3 bits or more.
    assert!(error > 0.0 && error < 1.0 / 7.0, "{software}");
    assert_eq!(
        example::offload("sim:").expect("the core is built"),
        software
    );
    assert!(example::offload("nothing:").is_err());
}
