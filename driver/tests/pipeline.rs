//! Tensors through plan, device, container and back, against golden at every step.

use dqa_driver::compress::compress;
use dqa_driver::decompress::{Decompressor, TensorSink};
use dqa_driver::error::Error;
use dqa_driver::plan::Plan;
use dqa_driver::settings::{Important, ModeChoice, Policy, RangeOf, Scope, Settings, Tables};
use dqa_driver::software::Software;
use dqa_driver::source::TensorSlice;
use dqa_driver::survey::to_sample;
use dqa_driver::tensor::TensorFileError;
use dqa_driver::transport::{Capabilities, Largest, Operations, Transport, TransportError};
use dqa_driver::verify::verify;
use dqa_golden::channel::Class;
use dqa_golden::container::Container;
use dqa_golden::context::{Context, Scale};
use dqa_golden::packet::{Packet, PacketError, answer};
use dqa_golden::tensor::Layout;
use proptest::prelude::*;

/// The reference model as a device: slow, and right by definition. Its answers are streamed.
struct Golden {
    capabilities: Capabilities,
    contexts: Vec<Option<Context>>,
    answers: std::collections::VecDeque<Result<Vec<u8>, PacketError>>,
}

impl Golden {
    fn new() -> Self {
        Self {
            capabilities: Capabilities {
                name: "golden".into(),
                lanes: vec![1, 2, 4, 8, 16],
                contexts: 1,
                channels: 65535,
                window: 3,
                operations: Operations::ALL,
                largest: Largest::LEGAL,
            },
            contexts: vec![None],
            answers: Default::default(),
        }
    }
}

impl Transport for Golden {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn load_context(&mut self, id: u8, context: &Context) -> Result<(), TransportError> {
        self.contexts[usize::from(id)] = Some(context.clone());
        Ok(())
    }

    fn submit(&mut self, request: Vec<u8>) -> Result<(), TransportError> {
        assert!(self.answers.len() < 3, "the window is kept");
        self.answers.push_back(answer(&self.contexts, &request));
        Ok(())
    }

    fn receive(&mut self) -> Result<Vec<u8>, TransportError> {
        let answer = self.answers.pop_front();
        let answer = answer.ok_or(TransportError::NothingInFlight)??;
        Ok(Packet::parse(&answer)?.stream())
    }

    fn in_flight(&self) -> usize {
        self.answers.len()
    }
}

/// A tensor in memory being written.
struct Memory(Vec<f32>);

impl TensorSink for Memory {
    fn write(&mut self, start: u64, values: &[f32]) -> Result<(), TensorFileError> {
        let start = start as usize;
        self.0[start..start + values.len()].copy_from_slice(values);
        Ok(())
    }
}

fn compressed(
    source: &TensorSlice<'_>,
    settings: &Settings,
    transport: &mut dyn Transport,
) -> Result<(Plan, Vec<u8>), Error> {
    let plan = Plan::new(source, settings, &())?;
    let mut bytes = Vec::new();
    let sizes = compress(source, &plan.encoding, transport, &mut bytes, &())?;
    assert_eq!(sizes.container_bytes, bytes.len() as u64);
    Ok((plan, bytes))
}

fn settings() -> impl Strategy<Value = Settings> {
    let format = (2u8..=8).prop_flat_map(|n| (Just(n), 0..=5.min(n).min(10 - n)));
    let range = prop_oneof![
        Just(RangeOf::Max),
        (1.0..=100.0).prop_map(RangeOf::Percentile),
        (0.01f32..50.0).prop_map(RangeOf::Clip),
    ];
    let policy = prop_oneof![
        Just(Policy::Auto),
        Just(Policy::Paper),
        Just(Policy::FullRange),
        Just(Policy::Asymmetric),
    ];
    let scope = prop_oneof![Just(Scope::Layer), Just(Scope::Channel), Just(Scope::Plane)];
    let lanes = prop_oneof![Just(1u8), Just(2), Just(4), Just(8), Just(16)];
    let mode = prop_oneof![Just(ModeChoice::Joint), Just(ModeChoice::Paper)];
    let layout = prop_oneof![Just(Layout::Nchw), Just(Layout::Nhwc)];
    (
        (format, range, policy, scope, lanes),
        (mode, layout, 0.0..=1.0, 0u8..=6, any::<bool>(), 1u32..3000),
    )
        .prop_map(|(a, b)| {
            let ((bits, extra), range, policy, mut scope, lanes) = a;
            let (mode, layout, ratio, symbol_bits, all_symbols, packet_samples) = b;
            if policy == Policy::Asymmetric {
                scope = Scope::Layer;
            }
            Settings {
                bits,
                extra,
                lanes,
                layout,
                policy,
                range: if scope == Scope::Plane {
                    RangeOf::Max
                } else {
                    range
                },
                scope,
                important: Important::Ratio(ratio),
                mode,
                symbol_bits,
                limit: 8,
                tables: Tables::Own { all_symbols },
                packet_samples,
            }
        })
}

fn tensor() -> impl Strategy<Value = (Vec<u64>, Vec<f32>)> {
    let shape = prop::collection::vec(1u64..9, 2..=4);
    let value = prop_oneof![
        3 => Just(0.0f32),
        5 => 0.0f32..10.0,
        2 => -10.0f32..10.0,
        1 => prop::num::f32::NORMAL,
    ];
    shape.prop_flat_map(move |shape| {
        let elements = shape.iter().product::<u64>() as usize;
        (Just(shape), prop::collection::vec(value.clone(), elements))
    })
}

proptest! {
    /// The software device and golden make the same container, and all ways back agree.
    #[test]
    fn every_device_makes_the_same_container((shape, values) in tensor(), settings in settings()) {
        let source = TensorSlice::new(&shape, &values).unwrap();
        let (plan, bytes) = compressed(&source, &settings, &mut Software::new(2)).unwrap();
        let (_, golden) = compressed(&source, &settings, &mut Golden::new()).unwrap();
        prop_assert_eq!(&bytes, &golden);

        let (info, samples) = Container::decode(&bytes).unwrap();
        prop_assert_eq!(&info, &plan.encoding.tensor);
        let mut memory = Memory(vec![f32::NAN; values.len()]);
        Decompressor::new(&bytes[..]).unwrap()
            .run(&mut Software::new(2), &mut memory, &()).unwrap();
        for (&got, &sample) in memory.0.iter().zip(&samples) {
            prop_assert_eq!(got, f32::from(sample) * info.scale);
        }
        let mut container = Decompressor::new(&bytes[..]).unwrap();
        verify(&mut container, Some(&source), &mut Golden::new(), &()).unwrap();

        // Within half a step where the range covers the element. The step is that of the
        // samples, whose own unit adds at most half of it twice.
        if settings.scope != Scope::Plane && plan.encoding.context.format().zero_point() == 0 {
            let format = plan.encoding.context.format();
            let tiling = plan.encoding.tiling;
            for image in 0..tiling.images() {
                for channel in 0..tiling.channels() {
                    let entry = plan.encoding.context.channels()[channel];
                    if entry.class == Class::Pruned {
                        continue;
                    }
                    let factor = entry.dequantizer;
                    let delta = f64::from(factor.mantissa())
                        / f64::from(u32::from(factor.shift()) + format.extra_of(entry.class)).exp2();
                    let (lo, hi) = format.code_range(entry.class);
                    let span = tiling.span(image, channel);
                    for i in 0..span.len as u64 {
                        let at = (span.start + i * span.stride) as usize;
                        let x = f64::from(to_sample(values[at], info.scale.recip()));
                        if f64::from(lo) * delta <= x && x <= f64::from(hi) * delta {
                            let error = (f64::from(samples[at]) - x).abs();
                            prop_assert!(error <= delta / 2.0 * 1.0001 + 0.51, "{error} {delta}");
                        }
                    }
                }
            }
        }
    }
}

/// 8 x 8 planes whose values grow along the columns, so that lanes differ.
fn small() -> (Vec<u64>, Vec<f32>) {
    let values = (0..3 * 5 * 64)
        .map(|i| {
            if i % 3 == 0 {
                0.0
            } else {
                (i % 64) as f32 / 7.0
            }
        })
        .collect();
    (vec![3, 5, 8, 8], values)
}

#[test]
fn packets_follow_their_aim() {
    let (shape, values) = small();
    let source = TensorSlice::new(&shape, &values).unwrap();
    for (packet_samples, packets) in [(1, 15), (64, 15), (128, 9), (320, 3), (640, 2), (9999, 1)] {
        let settings = Settings {
            packet_samples,
            ..Settings::default()
        };
        let plan = Plan::new(&source, &settings, &()).unwrap();
        let mut bytes = Vec::new();
        let sizes = compress(
            &source,
            &plan.encoding,
            &mut Software::new(1),
            &mut bytes,
            &(),
        )
        .unwrap();
        assert_eq!(
            (sizes.packets, sizes.planes),
            (packets, 15),
            "{packet_samples}"
        );
        assert!(Container::decode(&bytes).is_ok());
    }
}

#[test]
fn tables_of_another_tensor() {
    let (shape, values) = small();
    let source = TensorSlice::new(&shape, &values).unwrap();
    let with = |tables| Settings {
        tables,
        ..Settings::default()
    };
    let all = with(Tables::Own { all_symbols: true });
    let (plan, bytes) = compressed(&source, &all, &mut Software::new(1)).unwrap();
    let given = with(Tables::of(&plan.encoding.context));
    let (_, again) = compressed(&source, &given, &mut Software::new(1)).unwrap();
    assert_eq!(bytes, again);

    let zeros = vec![0.5; values.len()];
    let constant = TensorSlice::new(&shape, &zeros).unwrap();
    let own = with(Tables::Own { all_symbols: false });
    let (plan, _) = compressed(&constant, &own, &mut Software::new(1)).unwrap();
    let given = with(Tables::of(&plan.encoding.context));
    let plan = Plan::new(&source, &given, &()).unwrap();
    let error = compressed(&source, &given, &mut Software::new(1)).unwrap_err();
    assert!(error.to_string().contains("--all-symbols"), "{error}");
    let Error::NoCode { channel, symbol } = error else {
        panic!("{error}");
    };
    let table = plan
        .encoding
        .context
        .table(plan.encoding.context.channels()[channel].class);
    assert_eq!(table.code(symbol), None);
    let first = table.lengths().iter().position(|&length| length == 0);
    assert!(
        symbol >= first.unwrap() && channel == 0,
        "the first sample without a code"
    );
}

#[test]
fn the_channels_that_quantize_worst_are_important() {
    // n = 2 over 0 to 3 has the steps 0, 1, 2, 3: only channels 1 and 3 are off them.
    let shape = [1, 5, 4, 4];
    let values: Vec<f32> = [3.0, 1.4, 2.0, 0.7, 1.0]
        .into_iter()
        .flat_map(|v| [v; 16])
        .collect();
    let source = TensorSlice::new(&shape, &values).unwrap();
    for (ratio, expected) in [(0.2, vec![1]), (0.4, vec![1, 3])] {
        let settings = Settings {
            bits: 2,
            extra: 1,
            scope: Scope::Layer,
            important: Important::Ratio(ratio),
            ..Settings::default()
        };
        let plan = Plan::new(&source, &settings, &()).unwrap();
        let channels = plan.encoding.context.channels().iter().enumerate();
        let important = channels.filter(|(_, entry)| entry.class == Class::Important);
        assert_eq!(
            important.map(|(channel, _)| channel).collect::<Vec<_>>(),
            expected
        );
    }
}

#[test]
fn verify_finds_another_tensor() {
    let (shape, mut values) = small();
    let source = TensorSlice::new(&shape, &values).unwrap();
    let (_, bytes) = compressed(&source, &Settings::default(), &mut Software::new(1)).unwrap();
    values[700] += 3.0;
    let changed = TensorSlice::new(&shape, &values).unwrap();
    let mut container = Decompressor::new(&bytes[..]).unwrap();
    let error = verify(&mut container, Some(&changed), &mut Software::new(1), &()).unwrap_err();
    assert!(matches!(error, Error::Mismatch { index, .. } if index == [2, 0, 7, 4]));
    let other = [15, 1, 8, 8];
    let other = TensorSlice::new(&other, &values).unwrap();
    let mut container = Decompressor::new(&bytes[..]).unwrap();
    let error = verify(&mut container, Some(&other), &mut Software::new(1), &()).unwrap_err();
    assert!(matches!(error, Error::OtherTensor { .. }));
}

#[test]
fn ranges_on_the_fly_follow_each_plane() {
    let (shape, values) = small();
    let source = TensorSlice::new(&shape, &values).unwrap();
    let settings = Settings {
        scope: Scope::Plane,
        ..Settings::default()
    };
    let (plan, _) = compressed(&source, &settings, &mut Software::new(1)).unwrap();
    assert!(matches!(
        plan.encoding.context.parts().scale,
        Scale::Dynamic { .. }
    ));
}

#[test]
fn a_stopped_observer_interrupts() {
    struct Stop;
    impl dqa_driver::observer::Observer for Stop {
        fn stage(&self, _name: &'static str, _elements: u64) {}
        fn advance(&self, _elements: u64) -> bool {
            false
        }
    }
    let (shape, values) = small();
    let source = TensorSlice::new(&shape, &values).unwrap();
    let error = Plan::new(&source, &Settings::default(), &Stop).unwrap_err();
    assert!(matches!(error, Error::Interrupted));
    let plan = Plan::new(&source, &Settings::default(), &()).unwrap();
    let mut device = Software::new(1);
    let error = compress(
        &source,
        &plan.encoding,
        &mut device,
        &mut std::io::sink(),
        &Stop,
    )
    .unwrap_err();
    assert!(matches!(error, Error::Interrupted));
    assert_eq!(device.in_flight(), 0, "the device is ready for other work");
}
