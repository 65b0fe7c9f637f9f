//! Rankings are the same whoever does the work: in one run, stopped and gone on with, on other
//! numbers of threads, in shards that share a folder or are merged.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{Setup, residual};
use dqa_calibrate::Error;
use dqa_calibrate::cheap::rank_cheaply;
use dqa_calibrate::dataset::file_digest;
use dqa_calibrate::graph::Reads;
use dqa_calibrate::journal::{Journal, JournalError, Scores, Task, merge};
use dqa_calibrate::network::Network;
use dqa_calibrate::plan::Choice;
use dqa_calibrate::progress::Progress;
use dqa_calibrate::rank::{Measure, Ranked, Shard, rank_by_runs, ranks_of};
use dqa_calibrate::statistics::survey;

const CHANNELS: [usize; 2] = [6, 6];

fn task(setup: &Setup, network: &Network, measure: Measure) -> Task {
    let dataset = setup.dataset();
    let statistics = survey(network, &dataset, &()).unwrap();
    let choice = Choice::default().all_direct();
    let layers = choice.layers(network.taps(), &statistics, &[]).unwrap();
    Task {
        version: 1,
        network: file_digest(&setup.network).unwrap(),
        images: dataset.digest(),
        reads: Reads::Residual,
        measure,
        batch: 16,
        layers,
    }
}

/// One run of a shard; its journal is `folder`.
fn run(setup: &Setup, measure: Measure, folder: &Path, shard: Shard) -> (Ranked, Scores) {
    let network = setup.open(&[], Reads::Residual);
    let name = format!("shard-{}", shard.index);
    let task = task(setup, &network, measure);
    let mut journal = Journal::open(folder, &name, task).unwrap();
    let dataset = setup.dataset();
    let rank = || rank_by_runs(&network, &dataset, measure, &mut journal, shard, None, &());
    let ranked = network.on_threads(rank).unwrap();
    (ranked, journal.scores().clone())
}

fn whole(setup: &Setup, measure: Measure) -> (Vec<Vec<usize>>, Scores) {
    let folder = setup.folder.path().join(format!("whole-{measure:?}"));
    let (ranked, scores) = run(setup, measure, &folder, Shard::WHOLE);
    let Ranked::Complete(ranks) = ranked else {
        panic!("one shard is all of them");
    };
    (ranks, scores)
}

#[test]
fn shards_of_one_folder_rank_as_one_run() {
    let setup = Setup::new(residual, 40);
    for measure in [Measure::Greedy, Measure::Output] {
        let (ranks, scores) = whole(&setup, measure);
        let folder = setup.folder.path().join(format!("shared-{measure:?}"));
        let mut rounds = 0;
        let found = 'all: loop {
            rounds += 1;
            assert!(rounds < 10, "the shards do not come to an end");
            for index in 0..4 {
                let shard = Shard { index, count: 4 };
                if let (Ranked::Complete(ranks), scores) = run(&setup, measure, &folder, shard) {
                    break 'all (ranks, scores);
                }
            }
        };
        assert_eq!(found, (ranks, scores), "{measure:?}");
    }
}

#[test]
fn merged_journals_rank_as_one_run() {
    let setup = Setup::new(residual, 40);
    let (ranks, scores) = whole(&setup, Measure::Output);
    let folders: Vec<PathBuf> = (0..3)
        .map(|index| setup.folder.path().join(format!("own-{index}")))
        .collect();
    for (index, folder) in folders.iter().enumerate() {
        let shard = Shard { index, count: 3 };
        let (ranked, _) = run(&setup, Measure::Output, folder, shard);
        assert!(matches!(ranked, Ranked::Waiting { .. }));
    }
    let into = setup.folder.path().join("merged");
    let (_, merged) = merge(&folders[..2], &into).unwrap();
    assert!(merged.len() < scores.len());
    let (task, merged) = merge(&folders, &into).unwrap();
    assert_eq!(merged, scores);
    assert_eq!(ranks_of(task.measure, &merged, &CHANNELS), ranks);
    // The merged journal is one to go on with.
    let (ranked, again) = run(&setup, Measure::Output, &into, Shard::WHOLE);
    assert_eq!((ranked, again), (Ranked::Complete(ranks), scores));
}

/// Stops after some steps.
struct Impatient(std::sync::atomic::AtomicU64);

impl Progress for Impatient {
    fn stage(&self, _name: &'static str, _steps: u64) {}

    fn advance(&self, steps: u64) -> bool {
        self.0
            .fetch_add(steps, std::sync::atomic::Ordering::Relaxed)
            + steps
            < 6
    }
}

#[test]
fn a_run_that_was_stopped_goes_on_where_it_was() {
    let setup = Setup::new(residual, 40);
    let measure = Measure::Greedy;
    let (ranks, scores) = whole(&setup, measure);
    let folder = setup.folder.path().join("stopped");
    let network = setup.open(&[], Reads::Residual);
    let task = task(&setup, &network, measure);
    let mut journal = Journal::open(&folder, "shard-0", task).unwrap();
    let stopped = rank_by_runs(
        &network,
        &setup.dataset(),
        measure,
        &mut journal,
        Shard::WHOLE,
        None,
        &Impatient(0.into()),
    );
    assert!(matches!(stopped, Err(Error::Interrupted)), "{stopped:?}");
    drop(journal);
    // As if the machine had failed in the middle of a line.
    let file = folder.join("shard-0.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.lines().count() > 2);
    fs::write(&file, &text[..text.len() - 9]).unwrap();
    assert_eq!(
        run(&setup, measure, &folder, Shard::WHOLE),
        (Ranked::Complete(ranks), scores)
    );
}

#[test]
fn journals_of_other_rankings_are_refused() {
    let setup = Setup::new(residual, 8);
    let network = setup.open(&[], Reads::Residual);
    let task = task(&setup, &network, Measure::Output);
    let folder = setup.folder.path().join("journal");
    drop(Journal::open(&folder, "a", task.clone()).unwrap());
    let other = Task {
        images: "others".into(),
        ..task.clone()
    };
    let refused = Journal::open(&folder, "b", other).err().unwrap();
    assert!(
        matches!(refused, JournalError::OtherTask { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("the images"), "{refused}");

    let own = folder.join("a.jsonl");
    let first = fs::read_to_string(&own).unwrap();
    let score = r#"{"layer":0,"channel":0,"counted":8,"correct":1,"loss":2.0,"change":0.0}"#;
    let otherwise = score.replace("\"correct\":1", "\"correct\":2");
    fs::write(&own, format!("{first}{score}\n{otherwise}\n")).unwrap();
    let refused = Journal::open(&folder, "a", task.clone()).err().unwrap();
    assert!(
        matches!(refused, JournalError::Contradiction { .. }),
        "{refused}"
    );
    fs::write(&own, format!("{first}nonsense\n")).unwrap();
    let refused = Journal::open(&folder, "a", task).err().unwrap();
    assert!(refused.to_string().contains("line 2"), "{refused}");
    let empty = setup.folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let refused = merge(&[empty], &setup.folder.path().join("into"))
        .err()
        .unwrap();
    assert!(matches!(refused, JournalError::Empty(_)), "{refused}");
}

#[test]
fn cheap_measures_are_the_same_by_the_same_seed() {
    let setup = Setup::new(residual, 16);
    let network = setup.open(&[], Reads::Residual);
    let dataset = setup.dataset();
    let layers = task(&setup, &network, Measure::Error).layers;
    let statistics = survey(&network, &dataset, &()).unwrap();
    let rank = |measure, seed| {
        rank_cheaply(&network, &dataset, measure, &layers, &statistics, seed, &()).unwrap()
    };
    for measure in [Measure::Activation, Measure::Error, Measure::Random] {
        let ranks = rank(measure, 1);
        assert_eq!(ranks, rank(measure, 1));
        assert_eq!(ranks == rank(measure, 2), measure != Measure::Random);
        for ranks in ranks {
            let mut sorted = ranks;
            sorted.sort_unstable();
            assert_eq!(sorted, [0, 1, 2, 3, 4, 5]);
        }
    }
}

#[test]
fn shards_are_counted_from_one() {
    let shard = |index, count| Ok(Shard { index, count });
    assert_eq!("2/16".parse(), shard(1, 16));
    assert_eq!("1/1".parse::<Shard>(), Ok(Shard::WHOLE));
    for wrong in ["0/3", "4/3", "3", "1/0", "a/b", "-1/2", ""] {
        assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
    }
}
