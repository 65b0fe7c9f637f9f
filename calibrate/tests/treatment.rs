//! What a treatment does to a tensor is what golden's entries do to each sample.

mod common;

use dqa_calibrate::layers::{CodeMode, Layer, RangeFrom};
use dqa_calibrate::treatment::Treatment;
use dqa_golden::channel::Class;
use dqa_golden::policy::DeltaPolicy;
use dqa_golden::symbol::Mode;
use dqa_golden::table::CodeTable;

/// A layer with random formats, classes and ranges.
pub fn random_layer(rng: &mut fastrand::Rng, channels: usize, range: RangeFrom) -> Layer {
    let policy = *rng
        .choice(&[DeltaPolicy::Paper, DeltaPolicy::FullRange])
        .unwrap();
    let bits = rng.u8(2..=6);
    let extra = rng.u8(0..=dqa_golden::format::max_extra(bits).min(4));
    let mut ranks: Vec<usize> = (0..channels).collect();
    rng.shuffle(&mut ranks);
    let ranges = |rng: &mut fastrand::Rng| (0..channels).map(|_| rng.u16(1..30000)).collect();
    let format = policy.format(bits, extra).unwrap();
    let flat = |class| {
        let layout = Mode::Paper.layout(&format, class);
        CodeTable::flat(layout.symbol_bits).lengths().to_vec()
    };
    Layer {
        tensor: "t".into(),
        bits,
        extra,
        policy,
        range,
        unit: 2f32.powi(rng.i32(-14..-8)),
        mode: CodeMode::Paper,
        limit: 8,
        direct_lengths: flat(Class::Direct),
        important_lengths: flat(Class::Important),
        important: rng.usize(0..=channels),
        pruned: (0..channels).filter(|_| rng.u8(..6) == 0).collect(),
        ranks,
        ranges: ranges(rng),
        back_ranges: match range == RangeFrom::Fixed && rng.bool() {
            true => ranges(rng),
            false => Vec::new(),
        },
    }
}

/// The sample of an element, by the definition.
fn sample(element: f32, unit: f32) -> i16 {
    let scaled = f64::from(element) / f64::from(unit);
    scaled.round_ties_even().clamp(-32768.0, 32767.0) as i16
}

/// What the definition makes of a batch, and how often it makes each pattern.
fn defined(layer: &Layer, plane: usize, values: &[f32]) -> (Vec<f32>, [Vec<u64>; 2]) {
    let format = layer.format().unwrap();
    let classes = layer.classes();
    let image = plane * classes.len();
    let mut back = Vec::new();
    let mut counts =
        [Class::Direct, Class::Important].map(|class| vec![0; 1 << format.width(class)]);
    for (index, &value) in values.iter().enumerate() {
        let (of_image, channel) = (index / image, index % image / plane);
        // The elements over which this one's range is taken.
        let together = (0..values.len()).filter(|&other| {
            let same_image = other / image == of_image;
            let same_channel = other % image / plane == channel;
            match layer.range {
                RangeFrom::Fixed => false,
                RangeFrom::LayerOfImage => same_image,
                RangeFrom::LayerOfBatch => true,
                RangeFrom::ChannelOfImage => same_image && same_channel,
                RangeFrom::ChannelOfBatch => same_channel,
            }
        });
        let magnitude = |other: usize| layer.policy.magnitude(sample(values[other], layer.unit));
        let online = together.map(magnitude).max();
        let entry = match online {
            None => layer.entries()[channel],
            Some(range) => layer.entry(classes[channel], range, range),
        };
        if entry.class == Class::Pruned {
            back.push(0.0);
            continue;
        }
        let q = entry.quantize(&format, sample(value, layer.unit));
        counts[usize::from(entry.class == Class::Important)]
            [format.pattern(entry.class, q) as usize] += 1;
        back.push(f32::from(entry.dequantize(&format, q)) * layer.unit);
    }
    (back, counts)
}

#[test]
fn a_treatment_is_golden_on_every_sample() {
    let mut rng = fastrand::Rng::with_seed(11);
    let ranges = [
        RangeFrom::Fixed,
        RangeFrom::LayerOfImage,
        RangeFrom::LayerOfBatch,
        RangeFrom::ChannelOfImage,
        RangeFrom::ChannelOfBatch,
    ];
    for round in 0..100 {
        let range = ranges[round % ranges.len()];
        let (channels, plane, images) = (rng.usize(1..7), rng.usize(1..20), rng.usize(1..4));
        let layer = random_layer(&mut rng, channels, range);
        let reach = layer.unit * 40000.0;
        let values: Vec<f32> = (0..channels * plane * images)
            .map(|_| reach * rng.f32() * (rng.f32() - 0.4))
            .collect();
        let (back, [direct, important]) = defined(&layer, plane, &values);
        let treatment = Treatment::new(layer.clone(), plane).unwrap();
        let mut applied = values.clone();
        treatment.apply(&mut applied);
        assert_eq!(applied, back, "round {round}, {layer:?}");
        let mut counted = values;
        let counts = treatment.apply_and_count(&mut counted);
        assert_eq!(counted, back);
        assert_eq!((counts.direct, counts.important), (direct, important));
    }
}

#[test]
fn flat_bits_count_what_is_stored() {
    let mut layer = random_layer(&mut fastrand::Rng::with_seed(1), 4, RangeFrom::Fixed);
    (layer.bits, layer.extra, layer.important) = (3, 2, 1);
    layer.pruned = vec![layer.ranks[3]];
    let treatment = Treatment::new(layer, 7).unwrap();
    assert_eq!(treatment.flat_bits(), (5.0 + 3.0 + 3.0 + 0.0) / 4.0);
}
