//! Tensors and the order in which their planes are sent.

use alloc::vec::Vec;

use crate::context::{MAX_CHANNELS, MAX_PLANE_LEN};

/// Element type of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "lowercase")
)]
pub enum DType {
    /// 32-bit IEEE float.
    F32 = 0,
    /// 16-bit IEEE float.
    F16 = 1,
    /// 16-bit brain float.
    Bf16 = 2,
    /// 16-bit signed integer.
    I16 = 3,
    /// 8-bit signed integer.
    I8 = 4,
}

impl DType {
    /// All types, by their number in a container.
    pub const ALL: [Self; 5] = [Self::F32, Self::F16, Self::Bf16, Self::I16, Self::I8];

    /// Bytes of an element.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 => 2,
            Self::I8 => 1,
        }
    }
}

/// Which axis of a tensor of 3 or 4 axes holds the channels. With 2 axes it is always the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "lowercase")
)]
pub enum Layout {
    /// `[N, C, H, W]` or `[C, H, W]`.
    Nchw = 0,
    /// `[N, H, W, C]` or `[H, W, C]`.
    Nhwc = 1,
}

/// A tensor's description: all that is needed to put its planes back in place.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TensorInfo {
    /// Element type.
    pub dtype: DType,
    /// Where the channels are.
    pub layout: Layout,
    /// Lengths of the axes, outermost first; 2 to 4 of them.
    pub shape: Vec<u64>,
    /// The value of one sample unit: element = sample * scale. A power of two for floats
    /// ("fixed point"), 1 for integers.
    pub scale: f32,
    /// Samples of each plane that are sent as one plane; see [`Tiling`].
    pub segment_len: u32,
}

/// Why a tensor is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum TensorError {
    #[error("the tensor has {0} axes: give one of 2 ([N, C]), 3 ([C, H, W]) or 4 ([N, C, H, W])")]
    Rank(usize),
    #[error("the tensor {0:?} is empty: every axis must be at least 1 long")]
    Empty(Vec<u64>),
    #[error("the tensor {0:?} is larger than 2^48 elements")]
    TooLarge(Vec<u64>),
    #[error("{0} channels: at most {MAX_CHANNELS} are possible; is the layout right (NCHW, NHWC)?")]
    Channels(u64),
    #[error("planes of {plane} samples cannot be sent in segments of {segment_len}")]
    Segment { plane: u64, segment_len: u32 },
    #[error("the scale {0} is no positive normal number")]
    Scale(f32),
}

/// A tensor seen as images of C planes.
///
/// A plane is all samples of one channel of one N. Planes longer than a device takes are cut
/// into segments of equal length, the last one shorter; segment k of all C planes is one image
/// of the code stream, so there are N times segments images. A tensor `[N, C]`, or one whose
/// planes have a single sample, is seen as one N whose planes run over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    layout: Layout,
    outer: u64,
    channels: u64,
    plane: u64,
    segment_len: u64,
}

/// Elements of one segment of one plane: `start, start + stride, ..`, `len` of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Index of the first element in the tensor.
    pub start: u64,
    /// Distance of its elements.
    pub stride: u64,
    /// Number of elements.
    pub len: usize,
}

/// Most samples of an image, which bounds what a program must hold at once.
const IMAGE_SAMPLES: u64 = 1 << 22;
/// Most elements of a tensor.
const MAX_ELEMENTS: u64 = 1 << 48;

impl TensorInfo {
    /// The tiling; checks the description.
    pub fn tiling(&self) -> Result<Tiling, TensorError> {
        if !(self.scale.is_normal() && self.scale > 0.0) {
            return Err(TensorError::Scale(self.scale));
        }
        let mut tiling = Tiling::new(&self.shape, self.layout)?;
        let segment_len = u64::from(self.segment_len);
        if segment_len == 0 || segment_len > tiling.plane.min(u64::from(MAX_PLANE_LEN)) {
            return Err(TensorError::Segment {
                plane: tiling.plane,
                segment_len: self.segment_len,
            });
        }
        tiling.segment_len = segment_len;
        Ok(tiling)
    }
}

impl Tiling {
    /// The tiling of a tensor, with the fewest equal segments that keep an image within 2^22
    /// samples (but planes of up to 64 whole) and a plane within 2^20.
    pub fn new(shape: &[u64], layout: Layout) -> Result<Self, TensorError> {
        let (outer, channels, plane) = match (layout, shape) {
            (_, &[n, c]) => (n, c, Some(1)),
            (Layout::Nchw, &[c, h, w]) | (Layout::Nhwc, &[h, w, c]) => (1, c, h.checked_mul(w)),
            (Layout::Nchw, &[n, c, h, w]) | (Layout::Nhwc, &[n, h, w, c]) => {
                (n, c, h.checked_mul(w))
            }
            _ => return Err(TensorError::Rank(shape.len())),
        };
        if shape.contains(&0) {
            return Err(TensorError::Empty(shape.to_vec()));
        }
        let plane = plane.filter(|plane| {
            let elements = outer
                .checked_mul(channels)
                .and_then(|n| n.checked_mul(*plane));
            elements.is_some_and(|elements| elements <= MAX_ELEMENTS)
        });
        let plane = plane.ok_or_else(|| TensorError::TooLarge(shape.to_vec()))?;
        if channels > MAX_CHANNELS as u64 {
            return Err(TensorError::Channels(channels));
        }
        let (layout, outer, plane) = match plane {
            1 => (Layout::Nhwc, 1, outer),
            _ => (layout, outer, plane),
        };
        let longest = (IMAGE_SAMPLES / channels).clamp(64, u64::from(MAX_PLANE_LEN));
        let segments = plane.div_ceil(longest);
        Ok(Self {
            layout,
            outer,
            channels,
            plane,
            segment_len: plane.div_ceil(segments),
        })
    }

    /// Channels C.
    pub fn channels(&self) -> usize {
        usize::try_from(self.channels).expect("at most 65535")
    }

    /// Samples of a segment; the last one of a plane may be shorter.
    pub fn segment_len(&self) -> u32 {
        u32::try_from(self.segment_len).expect("at most 2^20")
    }

    /// Images of the code stream: N times segments a plane.
    pub fn images(&self) -> u64 {
        self.outer * self.segments()
    }

    /// Samples of one channel in the whole tensor.
    pub fn channel_samples(&self) -> u64 {
        self.outer * self.plane
    }

    /// Whether the planes of an image lie one behind the other in the tensor.
    pub fn is_contiguous(&self) -> bool {
        self.layout == Layout::Nchw && self.segments() == 1
    }

    /// Elements of the tensor.
    pub fn elements(&self) -> u64 {
        self.outer * self.channels * self.plane
    }

    /// Where the samples of one plane of one image are.
    pub fn span(&self, image: u64, channel: usize) -> Span {
        let (outer, segment) = (image / self.segments(), image % self.segments());
        let first = segment * self.segment_len;
        let len = self.segment_len.min(self.plane - first);
        let channel = channel as u64;
        let (start, stride) = match self.layout {
            Layout::Nchw => ((outer * self.channels + channel) * self.plane + first, 1),
            Layout::Nhwc => (
                (outer * self.plane + first) * self.channels + channel,
                self.channels,
            ),
        };
        Span {
            start,
            stride,
            len: usize::try_from(len).expect("at most 2^20"),
        }
    }

    fn segments(&self) -> u64 {
        self.plane.div_ceil(self.segment_len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn all_indices(tiling: &Tiling) -> Vec<u64> {
        let mut indices = Vec::new();
        for image in 0..tiling.images() {
            for channel in 0..tiling.channels() {
                let span = tiling.span(image, channel);
                indices.extend((0..span.len as u64).map(|i| span.start + i * span.stride));
            }
        }
        indices
    }

    #[test]
    fn every_element_is_in_exactly_one_span() {
        for layout in [Layout::Nchw, Layout::Nhwc] {
            for shape in [
                vec![3, 5],
                vec![1, 5],
                vec![4, 3, 2],
                vec![2, 3, 4, 5],
                vec![4, 6, 1, 1],
            ] {
                let mut tiling = Tiling::new(&shape, layout).unwrap();
                for segment_len in [tiling.segment_len, 1, tiling.plane.min(3)] {
                    tiling.segment_len = segment_len;
                    let mut indices = all_indices(&tiling);
                    indices.sort_unstable();
                    assert!(indices.into_iter().eq(0..tiling.elements()), "{shape:?}");
                }
            }
        }
    }

    #[test]
    fn planes_and_images_stay_within_their_bounds() {
        let tiling = |shape: &[u64]| Tiling::new(shape, Layout::Nchw).unwrap();
        assert_eq!(tiling(&[8, 16, 32, 32]).segment_len(), 1024);
        assert_eq!(tiling(&[1, 64, 1024, 1024]).segment_len(), 65536);
        assert_eq!(tiling(&[1, 4096, 4097]).segment_len(), 4096 * 4097 / 17);
        assert_eq!(tiling(&[1025, 65535]).segment_len(), 61);
        assert_eq!(tiling(&[1000, 512, 1, 1]).images(), 1);
    }

    #[test]
    fn bad_shapes_are_refused() {
        let error = |shape: &[u64]| Tiling::new(shape, Layout::Nchw).unwrap_err();
        assert_eq!(error(&[7]), TensorError::Rank(1));
        assert_eq!(error(&[1; 5]), TensorError::Rank(5));
        assert_eq!(error(&[0, 4]), TensorError::Empty(vec![0, 4]));
        assert_eq!(error(&[1, 70000]), TensorError::Channels(70000));
        let huge = [u64::MAX, 2, u64::MAX, 2];
        assert_eq!(error(&huge), TensorError::TooLarge(huge.to_vec()));
    }
}
