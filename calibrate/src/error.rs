//! What can go wrong, each with what to do about it.

use crate::dataset::DatasetError;
use crate::graph::GraphError;
use crate::journal::JournalError;
use crate::layers::LayerError;
use crate::network::NetworkError;
use crate::plan::ChoiceError;
use crate::sweep::SweepError;

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
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Sweep(#[from] SweepError),
    #[error("storing activations: {0}")]
    Storage(Box<dyn std::error::Error + Send + Sync>),
    #[error("{0}: what the device gives back is not what golden's arithmetic makes of the tensor")]
    Returned(String),
    #[error("interrupted")]
    Interrupted,
}
