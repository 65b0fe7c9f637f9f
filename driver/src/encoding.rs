//! What a tensor is encoded with: all that a container says of it.

use dqa_calibrate::layers::{Layer, RangeFrom};
use dqa_golden::channel::{ChannelEntry, Class};
use dqa_golden::context::{Context, ContextParts, Scale};
use dqa_golden::lanes::LaneShape;
use dqa_golden::tensor::{DType, Layout, TensorInfo, Tiling};

use crate::error::Error;
use crate::observer::Observer;
use crate::ranges::extremes;
use crate::settings::Settings;
use crate::source::TensorSource;
use crate::survey::to_sample;

/// A tensor's description and its context.
#[derive(Clone, Debug)]
pub struct Encoding {
    /// The tensor's description, as a container stores it.
    pub tensor: TensorInfo,
    /// How its planes are sent.
    pub tiling: Tiling,
    /// The context.
    pub context: Context,
    /// Samples a packet aims at.
    pub packet_samples: usize,
}

impl Encoding {
    /// What a layer says of a tensor, its ranges found in the tensor where the layer leaves them to
    /// each batch: the whole tensor is one.
    pub fn of_source(
        layer: &Layer,
        source: &dyn TensorSource,
        settings: &Settings,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let tiling = Tiling::new(source.shape(), settings.layout)?;
        let dynamic = layer.range == RangeFrom::ChannelOfImage;
        let extremes = extremes(source, tiling, observer)?;
        layer.check_channels(tiling.channels())?;
        let mut ranges: Vec<u16> = (extremes.iter())
            .map(|extremes| {
                let sample = |value| layer.policy.magnitude(to_sample(value, layer.unit.recip()));
                sample(extremes.min).max(sample(extremes.max))
            })
            .collect();
        let whole_layer = match layer.range {
            RangeFrom::LayerOfImage if source.shape().len() == 4 && source.shape()[0] > 1 => {
                return Err(Error::RangeOfImages(layer.tensor.clone()));
            }
            RangeFrom::LayerOfBatch | RangeFrom::LayerOfImage => true,
            RangeFrom::Fixed | RangeFrom::ChannelOfBatch | RangeFrom::ChannelOfImage => false,
        };
        if whole_layer {
            let largest = ranges.iter().copied().max().unwrap_or(0);
            ranges.fill(largest);
        }
        let entries = match layer.range {
            RangeFrom::Fixed => layer.entries(),
            _ => (ranges.iter().zip(layer.classes()))
                .map(|(&range, class)| layer.entry(class, range, range))
                .collect(),
        };
        Self::of_layer(
            layer,
            (entries, dynamic),
            (source.dtype(), settings.layout, source.shape()),
            settings.lanes,
            settings.packet_samples as usize,
        )
    }

    /// What a layer file says of a tensor of this type and shape, with a channel table made from it;
    /// with `dynamic` each plane sends its own range.
    ///
    /// Refused where the tensor has other channels than the layer.
    pub fn of_layer(
        layer: &Layer,
        (channels, dynamic): (Vec<ChannelEntry>, bool),
        (dtype, layout, shape): (DType, Layout, &[u64]),
        lanes: u8,
        packet_samples: usize,
    ) -> Result<Self, Error> {
        let tiling = Tiling::new(shape, layout)?;
        layer.check_channels(tiling.channels())?;
        let lanes = LaneShape::new(lanes)?;
        let segment_len = tiling.segment_len();
        let shortest = u32::try_from(lanes.lanes()).expect("at most 16");
        let context = Context::new(ContextParts {
            format: layer.format()?,
            mode: layer.mode(),
            shape: lanes,
            scale: match dynamic {
                true => Scale::Dynamic {
                    policy: layer.policy,
                },
                false => Scale::Fixed,
            },
            plane_len: segment_len.max(shortest),
            limit: layer.limit,
            direct: layer.table(Class::Direct)?,
            important: layer.table(Class::Important)?,
            channels,
        })?;
        Ok(Self {
            tensor: TensorInfo {
                dtype,
                layout,
                shape: shape.to_vec(),
                scale: layer.unit,
                segment_len,
            },
            tiling,
            context,
            packet_samples,
        })
    }
}
