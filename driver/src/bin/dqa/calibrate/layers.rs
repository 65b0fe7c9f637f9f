//! `dqa calibrate layers`: from a network and calibration images to the layer file.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use dqa_calibrate::cheap::rank_cheaply;
use dqa_calibrate::dataset::{Dataset, file_digest};
use dqa_calibrate::journal::{Journal, Task};
use dqa_calibrate::layers::{LayerFile, VERSION};
use dqa_calibrate::network::Network;
use dqa_calibrate::plan::{Choice, with_tables};
use dqa_calibrate::rank::{Measure, Ranked, Shard, rank_by_runs};
use dqa_calibrate::statistics::{TapStatistics, survey};

use super::choice::ChoiceArgs;
use super::write;
use crate::console::{Console, Failure};
use crate::network::NetworkArgs;

/// Rank a network's channels, choose ranges and code tables, and write the layer file
///
/// Ranking by runs can be stopped and goes on where it was (--journal), and can be shared by many
/// machines (--shard).
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    network: NetworkArgs,
    /// The layer file to write
    #[arg(
        long,
        short,
        value_name = "FILE.toml",
        required_unless_present = "shard"
    )]
    output: Option<PathBuf>,
    #[command(flatten)]
    choices: ChoiceArgs,
    /// By what channels are ranked
    #[arg(long, value_enum, default_value_t = RankArg::Error, help_heading = "Ranking")]
    rank: RankArg,
    /// Seed of --rank random
    #[arg(long, default_value_t = 1, help_heading = "Ranking")]
    seed: u64,
    /// Folder that keeps what has been measured, to go on from there
    #[arg(long, value_name = "FOLDER", help_heading = "Ranking")]
    journal: Option<PathBuf>,
    /// Measure only this shard of each layer's channels, such as 2/16; needs --journal
    #[arg(
        long,
        value_name = "I/N",
        requires = "journal",
        help_heading = "Ranking"
    )]
    shard: Option<Shard>,
    /// Wait so long for other shards of a layer, which share the journal's folder
    #[arg(
        long,
        value_name = "SECONDS",
        requires = "shard",
        help_heading = "Ranking"
    )]
    wait: Option<u64>,
    /// Images of a batch, over which --when batch takes ranges
    #[arg(
        long,
        value_name = "IMAGES",
        default_value_t = 128,
        help_heading = "Quantization"
    )]
    batch: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum RankArg {
    /// The paper's Algorithm 3: accuracy with the channel left alone
    Greedy,
    /// How far outputs move when only this channel is quantized
    Output,
    /// Mean absolute activation
    Activation,
    /// Mean squared error of quantizing to n bits
    Error,
    /// By lot
    Random,
}

impl RankArg {
    fn measure(self) -> Measure {
        match self {
            Self::Greedy => Measure::Greedy,
            Self::Output => Measure::Output,
            Self::Activation => Measure::Activation,
            Self::Error => Measure::Error,
            Self::Random => Measure::Random,
        }
    }
}

#[derive(serde::Serialize)]
struct Report {
    output: Option<PathBuf>,
    ranks: Vec<Vec<usize>>,
    seconds: f64,
    stages: Vec<(&'static str, f64)>,
}

pub fn run(args: &Args, console: &Console) -> Result<(), Failure> {
    let begin = Instant::now();
    let dataset = args.network.dataset()?;
    let network = args.network.open(&dataset)?;
    let opened = ("open", begin.elapsed().as_secs_f64());
    network.on_threads(|| calibrate(args, &dataset, &network, opened, console))
}

fn calibrate(
    args: &Args,
    dataset: &Dataset,
    network: &Network,
    opened: (&'static str, f64),
    console: &Console,
) -> Result<(), Failure> {
    let mut stages = vec![opened];
    let mut stage = |name, since: Instant| stages.push((name, since.elapsed().as_secs_f64()));
    let choice = args.choices.choice();

    let since = Instant::now();
    let statistics = survey(network, dataset, console)?;
    stage("statistics", since);

    let since = Instant::now();
    let ranks = match choice.important {
        0.0 => Vec::new(),
        _ => match args.ranks(&choice, dataset, network, &statistics, console)? {
            Ranked::Complete(ranks) => ranks,
            Ranked::Waiting { known, channels } => return args.waiting(known, channels, console),
        },
    };
    stage("ranking", since);

    let since = Instant::now();
    let mut layers = choice.layers(network.taps(), &statistics, &ranks)?;
    with_tables(network, dataset, &mut layers, args.batch, console)?;
    stage("code tables", since);
    let file = LayerFile {
        version: VERSION,
        made_by: format!(
            "dqa {}, {} images, ranked by {:?}",
            env!("CARGO_PKG_VERSION"),
            dataset.len(),
            args.rank.measure()
        ),
        reads: args.network.reads(),
        layers,
    };
    if let Some(path) = &args.output {
        write(path, &file)?;
    }
    let report = Report {
        output: args.output.clone(),
        ranks,
        seconds: stages.iter().map(|(_, seconds)| seconds).sum(),
        stages,
    };
    let mut text = format!("{} layers, {:.1} s:", file.layers.len(), report.seconds);
    for (name, seconds) in &report.stages {
        let _ = write!(text, " {name} {seconds:.1} s");
    }
    console.result(&text, &report)
}

impl Args {
    /// Ranks channels with all of them Direct.
    fn ranks(
        &self,
        choice: &Choice,
        dataset: &Dataset,
        network: &Network,
        statistics: &[TapStatistics],
        console: &Console,
    ) -> Result<Ranked, Failure> {
        let layers = (choice.all_direct()).layers(network.taps(), statistics, &[])?;
        let (measure, seed) = (self.rank.measure(), self.seed);
        if !measure.needs_runs() {
            return Ok(Ranked::Complete(rank_cheaply(
                network, dataset, measure, &layers, statistics, seed, console,
            )?));
        }
        let scratch = tempfile::tempdir().map_err(Failure::new)?;
        let folder = self.journal.as_deref().unwrap_or(scratch.path());
        let task = Task {
            version: 1,
            network: file_digest(&self.network.network).map_err(Failure::new)?,
            images: dataset.digest(),
            reads: self.network.reads(),
            measure,
            batch: self.batch,
            layers,
        };
        let shard = self.shard.unwrap_or(Shard::WHOLE);
        let name = format!("shard-{}-of-{}", shard.index + 1, shard.count);
        let mut journal = Journal::open(folder, &name, task).map_err(Failure::new)?;
        let wait = self.wait.map(Duration::from_secs);
        Ok(rank_by_runs(
            network,
            dataset,
            measure,
            &mut journal,
            shard,
            wait,
            console,
        )?)
    }

    /// A shard that has done its part leaves nothing but its journal.
    fn waiting(&self, known: usize, channels: usize, console: &Console) -> Result<(), Failure> {
        let text = format!(
            "{known} of {channels} channels have a score so far; the rest is for other shards. \
             Run them on the same --journal, or merge theirs, and then this again"
        );
        match (&self.output, self.wait) {
            (None, None) => {
                let counts = serde_json::json!({ "known": known, "channels": channels });
                console.result(&text, &counts)
            }
            _ => Err(Failure::new(text)),
        }
    }
}
