//! Elements between their bytes in a file, little-endian, and f32.

use dqa_golden::tensor::DType;
use half::{bf16, f16};

/// Bytes converted at a time, which bounds what reading or writing a tensor holds.
pub(super) const CHUNK: usize = 1 << 16;

/// Elements of a shape, or nothing if their number or that of their bytes exceeds 2^62.
pub(super) fn count(dtype: DType, shape: &[u64]) -> Option<u64> {
    let product = |n: u64, axis: &u64| n.checked_mul(*axis);
    let elements = shape.iter().try_fold(1, product)?;
    let bytes = elements.checked_mul(dtype.bytes() as u64)?;
    (bytes <= 1 << 62).then_some(elements)
}

/// Converts elements to f32, exactly. `bytes` holds as many as there are `values`.
pub(super) fn decode(dtype: DType, bytes: &[u8], values: &mut [f32]) {
    match dtype {
        DType::F32 => decode_each(bytes, values, f32::from_le_bytes),
        DType::F16 => decode_each(bytes, values, |raw| f16::from_le_bytes(raw).to_f32()),
        DType::Bf16 => decode_each(bytes, values, |raw| bf16::from_le_bytes(raw).to_f32()),
        DType::I16 => decode_each(bytes, values, |raw| i16::from_le_bytes(raw).into()),
        DType::I8 => decode_each(bytes, values, |raw| i8::from_le_bytes(raw).into()),
    }
}

/// Converts f32 to elements: to the nearest, half to even. Integers saturate and take NaN as 0;
/// floats overflow to infinity.
pub(super) fn encode(dtype: DType, values: &[f32], bytes: &mut [u8]) {
    match dtype {
        DType::F32 => encode_each(values, bytes, f32::to_le_bytes),
        DType::F16 => encode_each(values, bytes, |value| f16::from_f32(value).to_le_bytes()),
        DType::Bf16 => encode_each(values, bytes, |value| bf16::from_f32(value).to_le_bytes()),
        DType::I16 => encode_each(values, bytes, |value| {
            (rounded(value.clamp(-32768.0, 32767.0)) as i16).to_le_bytes()
        }),
        DType::I8 => encode_each(values, bytes, |value| {
            (rounded(value.clamp(-128.0, 127.0)) as i8).to_le_bytes()
        }),
    }
}

/// The nearest integer, half to even, of a value within 2^22: the sum has no bits for fractions.
/// `round_ties_even` is a library call, ten times as slow.
fn rounded(value: f32) -> f32 {
    const NO_FRACTIONS: f32 = 1.5 * (1 << 23) as f32;
    value + NO_FRACTIONS - NO_FRACTIONS
}

fn decode_each<const N: usize>(bytes: &[u8], values: &mut [f32], f: impl Fn([u8; N]) -> f32) {
    let (elements, rest) = bytes.as_chunks::<N>();
    assert!(elements.len() == values.len() && rest.is_empty());
    for (value, element) in values.iter_mut().zip(elements) {
        *value = f(*element);
    }
}

fn encode_each<const N: usize>(values: &[f32], bytes: &mut [u8], f: impl Fn(f32) -> [u8; N]) {
    let (elements, rest) = bytes.as_chunks_mut::<N>();
    assert!(elements.len() == values.len() && rest.is_empty());
    for (element, value) in elements.iter_mut().zip(values) {
        *element = f(*value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(dtype: DType, value: f32) -> f32 {
        let mut bytes = vec![0; dtype.bytes()];
        let mut result = [0.0];
        encode(dtype, &[value], &mut bytes);
        decode(dtype, &bytes, &mut result);
        result[0]
    }

    #[test]
    fn every_element_of_16_bits_or_less_survives() {
        for dtype in DType::ALL {
            let size = dtype.bytes();
            for bits in 0..1_u32 << (8 * size.min(2)) {
                let bytes = &bits.to_le_bytes()[..size];
                let mut value = [0.0];
                decode(dtype, bytes, &mut value);
                let mut again = vec![0; size];
                encode(dtype, &value, &mut again);
                // Only the payload of a NaN may change.
                assert!(bytes == again || value[0].is_nan(), "{dtype:?} {bits:#x}");
            }
        }
    }

    #[test]
    fn rounding_is_to_the_nearest_half_to_even() {
        for quarters in -4 * 32768..=4 * 32767 {
            let value = quarters as f32 / 4.0;
            assert_eq!(rounded(value), value.round_ties_even(), "{value}");
        }
    }

    #[test]
    fn integers_round_half_to_even_and_saturate() {
        for (dtype, least, most) in [(DType::I16, -32768.0, 32767.0), (DType::I8, -128.0, 127.0)] {
            for (value, expected) in [
                (0.5, 0.0),
                (1.5, 2.0),
                (-2.5, -2.0),
                (99.49, 99.0),
                (f32::NAN, 0.0),
                (f32::INFINITY, most),
                (-1e9, least),
                (most + 0.5, most),
            ] {
                assert_eq!(through(dtype, value), expected, "{dtype:?} {value}");
            }
        }
    }

    #[test]
    fn halves_round_half_to_even_and_overflow_to_infinity() {
        assert_eq!(through(DType::F16, 2049.0), 2048.0);
        assert_eq!(through(DType::F16, 2051.0), 2052.0);
        assert_eq!(through(DType::F16, 65520.0), f32::INFINITY);
        assert_eq!(through(DType::Bf16, 257.0), 256.0);
        assert_eq!(through(DType::Bf16, 259.0), 260.0);
        assert_eq!(through(DType::Bf16, f32::MAX), f32::INFINITY);
        assert!(through(DType::Bf16, f32::NAN).is_nan());
    }

    #[test]
    fn counts_that_no_file_can_have_are_refused() {
        assert_eq!(count(DType::F32, &[]), Some(1));
        assert_eq!(count(DType::F32, &[3, 0, u64::MAX]), Some(0));
        assert_eq!(count(DType::I8, &[1 << 62]), Some(1 << 62));
        assert_eq!(count(DType::F16, &[1 << 62]), None);
        assert_eq!(count(DType::I8, &[1 << 32, 1 << 32]), None);
    }
}
