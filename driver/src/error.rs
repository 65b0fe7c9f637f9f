//! What can go wrong on the host, each with what to do about it.

use dqa_calibrate::layers::LayerError;
use dqa_golden::container::ContainerError;
use dqa_golden::context::ContextError;
use dqa_golden::format::FormatError;
use dqa_golden::lanes::LaneError;
use dqa_golden::packet::PacketError;
use dqa_golden::payload::EncodeError;
use dqa_golden::table::TableError;
use dqa_golden::tensor::TensorError;

use crate::settings::SettingsError;
use crate::tensor::TensorFileError;
use crate::transport::TransportError;

/// Any failure of the host library.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum Error {
    #[error(transparent)]
    File(#[from] TensorFileError),
    #[error(transparent)]
    Tensor(#[from] TensorError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Context(#[from] ContextError),
    #[error(transparent)]
    Container(#[from] ContainerError),
    #[error(transparent)]
    Layers(#[from] LayerError),
    #[error(transparent)]
    Transport(TransportError),
    #[error("reading the container: {0}")]
    Read(std::io::Error),
    #[error("writing the container: {0}")]
    Write(std::io::Error),
    #[error(
        "element {index:?} is {value}: DQA codes finite numbers only; replace it first, \
         numpy: numpy.nan_to_num(x)"
    )]
    NotFinite { index: Vec<u64>, value: f32 },
    #[error(
        "the given tables lack a code for symbol {symbol} of channel {channel}: build them with \
         --all-symbols, or from this tensor"
    )]
    NoCode { channel: usize, symbol: usize },
    #[error(
        "element {index:?} comes back as {got}, but quantizing {value} gives {expected}: \
         the container is of another tensor, or was made wrongly"
    )]
    Mismatch {
        index: Vec<u64>,
        value: f32,
        got: f32,
        expected: f32,
    },
    #[error("the container holds a tensor {container}, the file to compare with {file}")]
    OtherTensor { container: String, file: String },
    #[error(
        "the packets hold {got} planes where the tensor has {expected}: give all of one tensor, in order"
    )]
    Packets { got: u64, expected: u64 },
    #[error(
        "layer {0:?} takes its range over the layer of each image, and the tensor holds several \
         images, which share one container: compress them one by one, or calibrate with --when \
         fixed or --over channel"
    )]
    RangeOfImages(String),
    #[error("interrupted")]
    Interrupted,
}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        ContextError::from(error).into()
    }
}

impl From<LaneError> for Error {
    fn from(error: LaneError) -> Self {
        ContextError::from(error).into()
    }
}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Packet(PacketError::Encode(EncodeError::NoCode {
                channel,
                symbol,
            })) => Self::NoCode { channel, symbol },
            other => Self::Transport(other),
        }
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        TransportError::from(PacketError::from(error)).into()
    }
}

impl Error {
    /// A table that cannot be built is a fault of the length limit asked for.
    pub(crate) fn table(class: dqa_golden::channel::Class, error: TableError) -> Self {
        ContextError::Table { class, error }.into()
    }
}
