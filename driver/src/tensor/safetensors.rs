//! The `.safetensors` format: the length of a JSON header, the header, and the tensors.

use std::cmp::Reverse;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use dqa_golden::tensor::DType;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{FileFormat, TensorFileError, TensorReader, TensorSpec, choose, element};

/// Longest header, in bytes; that of the reference implementation.
const MAX_HEADER: u64 = 100_000_000;
/// The header's name for what is no tensor.
pub(super) const METADATA: &str = "__metadata__";

/// Opens the tensors of a `.safetensors` file of `len` bytes, in the order of their data.
pub(super) fn open(
    path: &Path,
    mut file: File,
    len: u64,
    wanted: Option<&str>,
) -> Result<Vec<TensorReader>, TensorFileError> {
    let malformed = |what: &dyn ToString| {
        TensorFileError::malformed(path, FileFormat::Safetensors, what.to_string())
    };
    let mut header_len = [0; 8];
    let read = file.read_exact(&mut header_len);
    read.map_err(|_| malformed(&"it is shorter than 8 bytes"))?;
    let header_len = u64::from_le_bytes(header_len);
    if header_len > MAX_HEADER || header_len > len - 8 {
        return Err(malformed(&format!(
            "its header cannot be {header_len} bytes long"
        )));
    }
    let header = BufReader::new((&file).take(header_len));
    let Header(tensors) = serde_json::from_reader(header).map_err(|error| malformed(&error))?;
    let count = tensors.len();
    let metadata = Metadata::new(None, tensors).map_err(|error| malformed(&error))?;
    let names = metadata.offset_keys();
    if names.len() != count {
        return Err(malformed(&"two tensors have one name"));
    }
    let data = 8 + header_len;
    if data + metadata.data_len() as u64 != len {
        return Err(malformed(&format!(
            "its tensors need {} bytes but have {}",
            metadata.data_len(),
            len - data
        )));
    }

    let (shared_path, file) = (Arc::<Path>::from(path), Arc::new(file));
    let chosen = choose(path, &names, wanted)?;
    let tensors = names[chosen].iter().map(|name| {
        let info = metadata.info(name).expect("a name of the header");
        let dtype = element_type(info.dtype).ok_or_else(|| TensorFileError::DType {
            path: path.to_owned(),
            tensor: name.clone(),
            dtype: info.dtype.to_string(),
            remedy: "convert it first, torch: x.to(torch.float32)",
        })?;
        let shape: Vec<_> = info.shape.iter().map(|axis| *axis as u64).collect();
        let elements = element::count(dtype, &shape);
        Ok(TensorReader {
            path: shared_path.clone(),
            file: file.clone(),
            name: name.clone(),
            dtype,
            elements: elements.ok_or_else(|| malformed(&"a tensor is larger than any file"))?,
            shape,
            offset: data + info.data_offsets.0 as u64,
        })
    });
    tensors.collect()
}

/// Tensors of a header in the order of their data. Read one by one: the derived form of
/// [`Metadata`] first holds all the JSON, at a multiple of its size.
struct Header(Vec<(String, TensorInfo)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Tensors;

        impl<'de> Visitor<'de> for Tensors {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut tensors = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if name == METADATA {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        tensors.push((name, map.next_value::<TensorInfo>()?));
                    }
                }
                tensors.sort_by_key(|(_, tensor)| tensor.data_offsets);
                Ok(Header(tensors))
            }
        }

        deserializer.deserialize_map(Tensors)
    }
}

fn element_type(dtype: Dtype) -> Option<DType> {
    DType::ALL
        .into_iter()
        .find(|known| format_type(*known) == dtype)
}

fn format_type(dtype: DType) -> Dtype {
    match dtype {
        DType::F32 => Dtype::F32,
        DType::F16 => Dtype::F16,
        DType::Bf16 => Dtype::BF16,
        DType::I16 => Dtype::I16,
        DType::I8 => Dtype::I8,
    }
}

/// The first bytes of a file, up to the tensors, and the position of each tensor. Wide elements
/// come first, so that each tensor is aligned to its elements.
pub(super) fn header(specs: &[TensorSpec]) -> (Vec<u8>, Vec<u64>) {
    let mut order: Vec<_> = (0..specs.len()).collect();
    order.sort_by_key(|index| Reverse(specs[*index].dtype.bytes()));
    let (mut tensors, mut offsets, mut end) = (Vec::new(), vec![0; specs.len()], 0);
    let size = |n: u64| usize::try_from(n).expect("at most 2^62");
    for index in order {
        let spec = &specs[index];
        let start = end;
        end += spec.bytes().expect("checked before");
        offsets[index] = start;
        let info = TensorInfo {
            dtype: format_type(spec.dtype),
            shape: spec.shape.iter().copied().map(size).collect(),
            data_offsets: (size(start), size(end)),
        };
        tensors.push((spec.name.clone(), info));
    }
    let metadata = Metadata::new(None, tensors).expect("consecutive and of their size");
    let mut json = serde_json::to_vec(&metadata).expect("a map with names as keys");
    json.resize(json.len().next_multiple_of(8), b' ');
    let mut header = (json.len() as u64).to_le_bytes().to_vec();
    header.extend(json);
    for offset in &mut offsets {
        *offset += header.len() as u64;
    }
    (header, offsets)
}
