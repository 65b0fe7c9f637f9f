//! Options that name a network and its images; shared by the commands that run one.

use std::path::PathBuf;

use clap::ValueEnum;
use dqa_calibrate::dataset::Dataset;
use dqa_calibrate::graph::Reads;
use dqa_calibrate::layers::LayerFile;
use dqa_calibrate::network::Network;

use crate::console::Failure;

/// A network and labelled images.
#[derive(clap::Args)]
#[command(next_help_heading = "Network and images")]
pub struct NetworkArgs {
    /// The network: ONNX, one image input in [0, 1], one output of classes
    #[arg(long, value_name = "FILE.onnx")]
    pub network: PathBuf,
    /// Labelled images: the binary format of CIFAR-10
    #[arg(long, value_name = "FILE.bin")]
    pub images: PathBuf,
    /// Labels of pixels, for segmentation: a byte for each pixel of each image, 255 for none
    #[arg(long, value_name = "FILE")]
    pub pixel_labels: Option<PathBuf>,
    /// Take only so many images [default: all]
    #[arg(long, value_name = "IMAGES")]
    pub count: Option<usize>,
    /// Draw them by lot, with this seed, instead of the first ones
    #[arg(long, value_name = "SEED", requires = "count")]
    pub draw: Option<u64>,
    /// Tensors to quantize, by name [default: the skip connections]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub tensors: Vec<String>,
    /// Who reads a tensor when it comes back: the skip connection alone, or all
    #[arg(long, value_enum, default_value_t = ReadsArg::Residual)]
    pub reads: ReadsArg,
    /// Threads [default: one a core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum ReadsArg {
    /// The skip connection
    Residual,
    /// Everything
    All,
}

impl NetworkArgs {
    /// Reads the images.
    pub fn dataset(&self) -> Result<Dataset, Failure> {
        let mut dataset = Dataset::cifar10(&self.images).map_err(Failure::new)?;
        if let Some(labels) = &self.pixel_labels {
            dataset = dataset.with_pixel_labels(labels).map_err(Failure::new)?;
        }
        match (self.count, self.draw) {
            (None, _) => Ok(dataset),
            (Some(count), Some(seed)) if count <= dataset.len() => Ok(dataset.draw(count, seed)),
            (Some(count), _) => dataset.first(count, &self.images).map_err(Failure::new),
        }
    }

    /// Opens the network for these images.
    pub fn open(&self, dataset: &Dataset) -> Result<Network, Failure> {
        self.cut(dataset, &self.tensors, self.reads())
    }

    /// Opens the network for these images, cut where a layer file says.
    pub fn open_for(&self, dataset: &Dataset, file: &LayerFile) -> Result<Network, Failure> {
        let tensors: Vec<String> = file.layers.iter().map(|l| l.tensor.clone()).collect();
        let network = self.cut(dataset, &tensors, file.reads)?;
        file.check_taps(network.taps()).map_err(Failure::new)?;
        Ok(network)
    }

    fn cut(&self, dataset: &Dataset, tensors: &[String], reads: Reads) -> Result<Network, Failure> {
        let network = Network::open(
            &self.network,
            tensors,
            reads,
            dataset.shape(),
            self.threads.unwrap_or(0),
        )
        .map_err(|error| Failure::new(format!("{}: {error}", self.network.display())))?;
        dataset
            .check(network.classes(), network.pixels())
            .map_err(|error| Failure::new(format!("{}: {error}", self.images.display())))?;
        Ok(network)
    }

    /// Who reads.
    pub fn reads(&self) -> Reads {
        match self.reads {
            ReadsArg::Residual => Reads::Residual,
            ReadsArg::All => Reads::All,
        }
    }
}
