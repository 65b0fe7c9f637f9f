//! Runs the cells of a sweep.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dqa_golden::channel::Class;

use crate::Error;
use crate::cheap::rank_cheaply;
use crate::code::entropy;
use crate::dataset::Dataset;
use crate::evaluate::{Options, Outcome, evaluate};
use crate::journal::{Journal, Task};
use crate::layers::Layer;
use crate::network::Network;
use crate::noisy;
use crate::plan::{Choice, treatments, with_tables};
use crate::progress::Progress;
use crate::rank::{Ranked, Shard, rank_by_runs};
use crate::statistics::{TapStatistics, survey};
use crate::sweep::{Cell, CellTap, Key, Method, Row, Sweep};

/// Runs cells on one network and two data sets.
pub struct Runner<'a> {
    /// The network.
    pub network: &'a Network,
    /// Where calibration images are drawn from.
    pub calibration: &'a Dataset,
    /// The images to evaluate on.
    pub test: &'a Dataset,
    /// How to evaluate.
    pub options: Options<'a>,
    /// Folder for journals of rankings.
    pub journals: PathBuf,
    /// Stands in a journal's task for the network and for who reads.
    pub task: (String, crate::graph::Reads),
    /// Statistics by (images, seed), and ranks by what they hang on.
    known: Known,
}

#[derive(Default)]
struct Known {
    statistics: BTreeMap<(usize, u64), (Dataset, Vec<TapStatistics>)>,
}

impl<'a> Runner<'a> {
    /// A runner that has run nothing yet.
    pub fn new(
        network: &'a Network,
        (calibration, test): (&'a Dataset, &'a Dataset),
        options: Options<'a>,
        journals: PathBuf,
        task: (String, crate::graph::Reads),
    ) -> Self {
        Self {
            network,
            calibration,
            test,
            options,
            journals,
            task,
            known: Known::default(),
        }
    }

    /// Runs a cell.
    pub fn run(
        &mut self,
        sweep: &Sweep,
        key: &Key<'_>,
        progress: &dyn Progress,
    ) -> Result<Cell, Error> {
        let begin = std::time::Instant::now();
        let row = key.row;
        if row.method == Method::Float {
            let none: Vec<_> = self.network.taps().iter().map(|_| None).collect();
            let options = Options {
                storage: None,
                ..self.options
            };
            let outcome = evaluate(self.network, self.test, &none, options, progress)?;
            return Ok(cell(key, &outcome, &[], Vec::new(), begin));
        }
        let seed = key.seed.unwrap_or(0);
        let count = row.calibration.unwrap_or(sweep.calibration);
        let count = count.min(self.calibration.len());
        let known = (
            count,
            if count == self.calibration.len() {
                0
            } else {
                seed
            },
        );
        if !self.known.statistics.contains_key(&known) {
            let dataset = self.calibration.clone().draw(count, seed);
            let statistics = survey(self.network, &dataset, progress)?;
            self.known.statistics.insert(known, (dataset, statistics));
        }
        let (dataset, statistics) = &self.known.statistics[&known];
        let choice = row.choice(key.bits);
        let ranks = self.ranks(row, &choice, (dataset, statistics), seed, progress)?;
        let mut layers = choice.layers(self.network.taps(), statistics, &ranks)?;
        let treatments = match row.method {
            Method::Noisy => {
                let few = dataset.clone().draw(256, seed);
                let found = noisy::search(self.network, &few, &layers, statistics, seed, progress)?;
                found
                    .into_iter()
                    .map(|(treatment, _)| Some(treatment))
                    .collect()
            }
            _ => {
                let few = dataset.clone().draw(512, seed);
                with_tables(
                    self.network,
                    &few,
                    &mut layers,
                    self.options.batch,
                    progress,
                )?;
                treatments(self.network, &layers)?
            }
        };
        let outcome = evaluate(self.network, self.test, &treatments, self.options, progress)?;
        Ok(cell(key, &outcome, &layers, ranks, begin))
    }

    fn ranks(
        &self,
        row: &Row,
        choice: &Choice,
        (dataset, statistics): (&Dataset, &[TapStatistics]),
        seed: u64,
        progress: &dyn Progress,
    ) -> Result<Vec<Vec<usize>>, Error> {
        let (Some(measure), true) = (row.rank, choice.important > 0.0) else {
            return Ok(Vec::new());
        };
        let taps = self.network.taps();
        let layers = choice.all_direct().layers(taps, statistics, &[])?;
        if !measure.needs_runs() {
            let network = self.network;
            return rank_cheaply(
                network, dataset, measure, &layers, statistics, seed, progress,
            );
        }
        let (network, reads) = self.task.clone();
        let task = Task {
            version: 1,
            network,
            images: dataset.digest(),
            reads,
            measure,
            batch: self.options.batch,
            layers,
        };
        // Rows that rank alike share a journal.
        let folder = self.journals.join(task.digest());
        let mut journal = Journal::open(&folder, "sweep", task)?;
        let ranked = rank_by_runs(
            self.network,
            dataset,
            measure,
            &mut journal,
            Shard::WHOLE,
            None,
            progress,
        )?;
        match ranked {
            Ranked::Complete(ranks) => Ok(ranks),
            Ranked::Waiting { .. } => unreachable!("one shard is all of them"),
        }
    }
}

fn cell(
    key: &Key<'_>,
    outcome: &Outcome,
    layers: &[Layer],
    ranks: Vec<Vec<usize>>,
    begin: std::time::Instant,
) -> Cell {
    let mut entropy_bits = 0.0;
    let mut elements = 0.0;
    for tap in &outcome.taps {
        for class in [Class::Direct, Class::Important] {
            let counts = tap.counts.of(class);
            entropy_bits += entropy(counts) * counts.iter().sum::<u64>() as f64;
        }
        elements += tap.elements as f64;
    }
    let counted = outcome.taps.iter().any(|tap| !tap.counts.direct.is_empty());
    let taps = outcome.taps.iter().enumerate().map(|(index, tap)| CellTap {
        tensor: tap.tensor.clone(),
        elements: tap.elements,
        flat_bits: tap.flat_bits,
        container_bits: (tap.container_bytes)
            .map(|bytes| 8.0 * bytes as f64 / tap.elements.max(1) as f64),
        shifting_errors: layers.get(index).map_or(Vec::new(), |layer| {
            let mut errors = vec![0; 1 << layer.extra];
            for (pattern, count) in tap.counts.important.iter().enumerate() {
                errors[pattern & ((1 << layer.extra) - 1)] += count;
            }
            errors
        }),
    });
    Cell {
        row: key.row.name.clone(),
        bits: key.bits,
        seed: key.seed,
        images: outcome.images,
        accuracy: outcome.score.accuracy(),
        loss: outcome.score.mean_loss(),
        flat_bits: outcome.flat_bits(),
        entropy_bits: counted.then_some(entropy_bits / elements),
        container_bits: outcome.container_bits(),
        taps: taps.collect(),
        ranks,
        seconds: begin.elapsed().as_secs_f64(),
    }
}
