//! What can go wrong, each with what to do about it.

use crate::dataset::DatasetError;
use crate::graph::GraphError;
use crate::layers::LayerError;
use crate::network::NetworkError;
use crate::plan::ChoiceError;

/// Any failure of the crate.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum Error {
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    #[error(transparent)]
    Layers(#[from] LayerError),
    #[error(transparent)]
    Choice(#[from] ChoiceError),
    #[error("storing activations: {0}")]
    Storage(Box<dyn std::error::Error + Send + Sync>),
    #[error("{0}: what the device gives back is not what golden's arithmetic makes of the tensor")]
    Returned(String),
    #[error("interrupted")]
    Interrupted,
}
