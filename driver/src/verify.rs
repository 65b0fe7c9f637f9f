//! Checks a container, alone or against the tensor it was made from.

use std::io::Read;

use crate::compress::Sizes;
use crate::decompress::Decompressor;
use crate::error::Error;
use crate::observer::Observer;
use crate::source::{ImageReader, TensorSource, multi_index};
use crate::survey::{Quantization, to_sample};
use crate::transport::Transport;

/// Decodes a whole container, checking every checksum, count and code on the way.
///
/// With `against`, each element that comes back is also held against what golden's arithmetic
/// makes of the original.
pub fn verify<R: Read>(
    container: &mut Decompressor<R>,
    against: Option<&dyn TensorSource>,
    transport: &mut dyn Transport,
    observer: &dyn Observer,
) -> Result<Sizes, Error> {
    let tensor = container.tensor().clone();
    let tiling = *container.tiling();
    if let Some(source) = against
        && (source.dtype(), source.shape()) != (tensor.dtype, &tensor.shape[..])
    {
        let describe = |dtype, shape: &[u64]| format!("{dtype:?} {shape:?}");
        return Err(Error::OtherTensor {
            container: describe(tensor.dtype, &tensor.shape),
            file: describe(source.dtype(), source.shape()),
        });
    }
    let mut original = against.map(|source| ImageReader::new(source, tiling));
    let mut samples = Vec::new();
    container.for_each_image(transport, observer, |decoded| {
        let Some(original) = &mut original else {
            return Ok(());
        };
        let quantization = Quantization {
            format: *decoded.context.format(),
            scale: tensor.scale,
            delta: decoded.context.parts().scale,
            plane_len: decoded.context.plane_len(),
            channels: decoded.context.channels().to_vec(),
        };
        let planes = original.read(decoded.image)?;
        let back = decoded.samples.chunks_exact(decoded.len);
        for (channel, (plane, back)) in planes.iter().zip(back).enumerate() {
            samples.clear();
            samples.extend(plane.iter().map(|&a| to_sample(a, tensor.scale.recip())));
            let entry = quantization.entry_for(channel, &samples);
            let format = &quantization.format;
            for (position, (&x, &got)) in samples.iter().zip(back).enumerate() {
                let expected = entry.dequantize(format, entry.quantize(format, x));
                if got != expected {
                    let span = tiling.span(decoded.image, channel);
                    let flat = span.start + position as u64 * span.stride;
                    return Err(Error::Mismatch {
                        index: multi_index(flat, &tensor.shape),
                        value: plane[position],
                        got: f32::from(got) * tensor.scale,
                        expected: f32::from(expected) * tensor.scale,
                    });
                }
            }
        }
        Ok(())
    })
}
