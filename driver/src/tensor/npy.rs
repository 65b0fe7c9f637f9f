//! The `.npy` format: a header, written as a Python dict, and one tensor.
//!
//! The header is parsed by `npyz`, whose parser of Python literals recurses, takes exponential
//! time on nested brackets and multiplies the shape unchecked. The header of a plain array has
//! one pair of braces, one of parentheses and few digits, so others are refused before.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use dqa_golden::tensor::DType;
use npyz::{Endianness, NpyHeader, Order, TypeChar, TypeStr, WriteOptions, WriterBuilder};

use super::element;
use super::{FileFormat, TensorFileError, TensorReader, choose};

/// Longest header text that is read, in bytes; numpy itself stops at 10000.
const MAX_HEADER: usize = 10_000;
/// Most digits of a shape: their numbers cannot multiply past 64 bits, yet any 4 axes of a
/// tensor that DQA takes fit.
const MAX_SHAPE_DIGITS: usize = 19;

/// What a `.npy` file holds.
pub(super) struct Header {
    pub dtype: DType,
    pub shape: Vec<u64>,
    pub elements: u64,
    /// Bytes before the elements.
    pub len: u64,
}

/// Opens the tensor of a `.npy` file of `len` bytes.
pub(super) fn open(
    path: &Path,
    mut file: File,
    len: u64,
    wanted: Option<&str>,
) -> Result<Vec<TensorReader>, TensorFileError> {
    let name = path.file_stem().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    choose(path, std::slice::from_ref(&name), wanted)?;
    let header = read_header(&mut file, len, path, &name, FileFormat::Npy)?;
    Ok(vec![TensorReader {
        path: path.into(),
        file: Arc::new(file),
        name,
        dtype: header.dtype,
        shape: header.shape,
        elements: header.elements,
        offset: header.len,
    }])
}

/// Reads the header of a `.npy` file, or entry of an archive, of `len` bytes, and leaves
/// `reader` at its first element. The elements are exactly the rest of `len`.
pub(super) fn read_header(
    reader: &mut dyn Read,
    len: u64,
    path: &Path,
    tensor: &str,
    format: FileFormat,
) -> Result<Header, TensorFileError> {
    let malformed = |what: String| {
        TensorFileError::malformed(path, format, format!("its tensor {tensor:?} {what}"))
    };
    let bytes = read_header_bytes(reader).map_err(|what| malformed(what.to_string()))?;
    let header = NpyHeader::from_reader(&bytes[..])
        .map_err(|error| malformed(format!("has a bad header ({error})")))?;

    let dtype = element_type(&header, path, tensor)?;
    // One axis at most is longer than 1 in a tensor that is in both orders.
    let long_axes = header.shape().iter().filter(|axis| **axis > 1).count();
    if header.order() == Order::Fortran && long_axes > 1 {
        return Err(TensorFileError::FortranOrder {
            path: path.to_owned(),
            tensor: tensor.to_owned(),
        });
    }
    let elements = element::count(dtype, header.shape());
    let elements = elements.ok_or_else(|| malformed("is larger than any file".to_owned()))?;
    let (header_len, expected) = (bytes.len() as u64, elements * dtype.bytes() as u64);
    if len.checked_sub(header_len) != Some(expected) {
        return Err(malformed(format!(
            "needs {expected} bytes for its elements but has {}",
            len.saturating_sub(header_len)
        )));
    }
    Ok(Header {
        dtype,
        shape: header.shape().to_vec(),
        elements,
        len: header_len,
    })
}

/// Bytes of a header whose parsing takes bounded time and memory, from the magic on.
fn read_header_bytes(reader: &mut dyn Read) -> Result<Vec<u8>, &'static str> {
    let mut read = |bytes: &mut Vec<u8>, end: usize| {
        let start = bytes.len();
        bytes.resize(end, 0);
        let read = reader.read_exact(&mut bytes[start..]);
        read.map_err(|_| "ends in its header")
    };
    let mut bytes = Vec::new();
    read(&mut bytes, 8)?;
    let length_size = match bytes[..] {
        [0x93, b'N', b'U', b'M', b'P', b'Y', 1, 0] => 2,
        [0x93, b'N', b'U', b'M', b'P', b'Y', 2 | 3, 0] => 4,
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => return Err("is of an unknown .npy version"),
        _ => return Err("does not start as a .npy file does"),
    };
    let start = 8 + length_size;
    read(&mut bytes, start)?;
    let mut length = [0; 4];
    length[..length_size].copy_from_slice(&bytes[8..]);
    let length = usize::try_from(u32::from_le_bytes(length)).expect("at least 32 bits");
    if length > MAX_HEADER {
        return Err("has a header too long for a plain array");
    }
    read(&mut bytes, start + length)?;

    let text = &bytes[start..];
    let is_open = |byte: &u8| b"{[(".contains(byte);
    if text.iter().filter(|byte| is_open(byte)).count() > 2 || text.contains(&b'\\') {
        return Err("is a structured array (save each field alone) or has a bad header");
    }
    let shape = text.iter().rposition(is_open).unwrap_or(0);
    let shape = text[shape..].split(|byte| b")]".contains(byte)).next();
    let shape = shape.unwrap_or_default().get(1..).unwrap_or_default();
    if !shape.iter().all(|byte| b"0123456789, ".contains(byte)) {
        return Err("has a bad shape");
    }
    if shape.iter().filter(|byte| byte.is_ascii_digit()).count() > MAX_SHAPE_DIGITS {
        return Err("has a shape of too many digits");
    }
    Ok(bytes)
}

fn element_type(header: &NpyHeader, path: &Path, tensor: &str) -> Result<DType, TensorFileError> {
    let (dtype, remedy) = match header.dtype() {
        npyz::DType::Plain(element) => {
            let size = element.size_field();
            let dtype = match (element.type_char(), size) {
                (TypeChar::Float, 4) => Ok(DType::F32),
                (TypeChar::Float, 2) => Ok(DType::F16),
                (TypeChar::Int, 2) => Ok(DType::I16),
                (TypeChar::Int, 1) => Ok(DType::I8),
                _ => Err(unsupported(&element)),
            };
            match dtype {
                Ok(_) if element.endianness() == Endianness::Big && size > 1 => {
                    return Err(TensorFileError::BigEndian {
                        path: path.to_owned(),
                        tensor: tensor.to_owned(),
                    });
                }
                Ok(dtype) => return Ok(dtype),
                Err(unsupported) => unsupported,
            }
        }
        _ => ("structured".to_owned(), "save each field alone"),
    };
    Err(TensorFileError::DType {
        path: path.to_owned(),
        tensor: tensor.to_owned(),
        dtype,
        remedy,
    })
}

/// numpy's name of an unsupported type, and what to do about it.
fn unsupported(element: &TypeStr) -> (String, &'static str) {
    let bits = element.size_field().saturating_mul(8);
    let to_f32 = "convert it first, numpy: x.astype(np.float32)";
    let to_i16 = "convert it first, numpy: x.astype(np.int16)";
    match element.type_char() {
        TypeChar::Float => (format!("float{bits}"), to_f32),
        TypeChar::Int => (format!("int{bits}"), to_f32),
        TypeChar::Uint if bits == 8 => ("uint8".to_owned(), to_i16),
        TypeChar::Uint => (format!("uint{bits}"), to_f32),
        TypeChar::Bool => ("bool".to_owned(), to_i16),
        TypeChar::RawData => (
            format!("void{bits}"),
            "if it is bfloat16, save it as .safetensors, or convert it, numpy: x.astype(np.float32)",
        ),
        _ => (element.to_string(), to_f32),
    }
}

/// The header of a `.npy` file; numpy has no bfloat16.
pub(super) fn header(dtype: DType, shape: &[u64]) -> Vec<u8> {
    let element = match dtype {
        DType::F32 => "<f4",
        DType::F16 => "<f2",
        DType::I16 => "<i2",
        DType::I8 => "|i1",
        DType::Bf16 => unreachable!("refused before"),
    };
    let element = element.parse().expect("a type of numpy");
    WriteOptions::new_header_only()
        .dtype(npyz::DType::new_scalar(element))
        .shape(shape)
        .writer(Vec::new())
        .write_header_only()
        .expect("memory takes it")
}
