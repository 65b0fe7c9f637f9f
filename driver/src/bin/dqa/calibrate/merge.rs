//! `dqa calibrate merge`: the journals of shards that share no folder, put together.

use std::path::PathBuf;

use dqa_calibrate::journal::merge;
use dqa_calibrate::layers::Layer;
use dqa_calibrate::rank::ranks_of;

use crate::console::{Console, Failure};

/// Put the journals of several shards together
#[derive(clap::Args)]
pub struct Args {
    /// Journals: folders that --journal named
    #[arg(required = true)]
    journals: Vec<PathBuf>,
    /// The journal of all
    #[arg(long, short)]
    output: PathBuf,
}

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let (task, scores) = merge(&args.journals, &args.output).map_err(Failure::new)?;
    let channels: Vec<usize> = task.layers.iter().map(Layer::channels).collect();
    let ranks = ranks_of(task.measure, &scores, &channels);
    let text = format!(
        "{} of {} channels have a score, {} of {} layers are ranked",
        scores.len(),
        channels.iter().sum::<usize>(),
        ranks.len(),
        channels.len()
    );
    console.result(&text, &ranks)
}
