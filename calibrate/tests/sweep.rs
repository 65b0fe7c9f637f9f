//! A sweep runs all its settings, and its report holds them in three forms.

mod common;

use common::{Setup, residual};
use dqa_calibrate::evaluate::Options;
use dqa_calibrate::graph::Reads;
use dqa_calibrate::report::{report, stability, summaries};
use dqa_calibrate::runner::Runner;
use dqa_calibrate::sweep::{Cell, Sweep, SweepError};

const SWEEP: &str = r#"
title = "Rows < columns"
calibration = 12
seeds = [1, 2]

[[row]]
name = "floating point"
method = "float"
reported = { 0 = 92.5 }

[[row]]
name = "direct & online"
method = "direct"
bits = [3, 5]
policy = "paper"
when = "image"
over = "layer"

[[row]]
name = "noisy"
method = "noisy"
bits = [3]

[[row]]
name = "dqa, \"greedy\""
method = "dqa"
bits = [3]
extra = 2
important = 0.5
rank = "greedy"
reported = { 3 = 80.0 }
"#;

fn run(setup: &Setup, text: &str) -> (Sweep, Vec<Cell>) {
    let path = setup.folder.path().join("sweep.toml");
    std::fs::write(&path, text).unwrap();
    let sweep = Sweep::open(&path).unwrap();
    let network = setup.open(&[], Reads::Residual);
    let dataset = setup.dataset();
    let journals = setup.folder.path().join("ranks");
    let task = ("net".to_owned(), Reads::Residual);
    let options = Options::default();
    let mut runner = Runner::new(&network, (&dataset, &dataset), options, journals, task);
    let cells = sweep.cells().into_iter();
    let cells = cells.map(|key| runner.run(&sweep, &key, &()).unwrap());
    let cells = cells.collect();
    (sweep, cells)
}

#[test]
fn a_report_holds_every_setting() {
    let setup = Setup::new(residual, 24);
    let (sweep, cells) = run(&setup, SWEEP);
    // One for floating point, one for each n of an online range, one for each seed elsewhere.
    assert_eq!(cells.len(), 1 + 2 + 2 + 2);
    let float = &cells[0];
    assert_eq!((float.bits, float.entropy_bits), (0, None));
    for cell in &cells[1..] {
        let entropy = cell.entropy_bits.unwrap();
        assert!(0.5 < entropy && entropy < cell.flat_bits, "{cell:?}");
        assert_ne!(cell.loss, float.loss, "{}", cell.row);
    }
    assert_eq!(cells[4].flat_bits, 4.0);
    let errors = &cells[4].taps[0].shifting_errors;
    assert_eq!(errors.len(), 4);
    assert_eq!(errors.iter().sum::<u64>(), 24 * 3 * 256);

    let summaries = summaries(&sweep, &cells);
    assert_eq!(summaries.len(), 5);
    assert_eq!(summaries[4].cells, 2);
    assert_eq!(summaries[4].reported, Some(80.0));
    let stability = stability(&sweep, &cells);
    assert_eq!(stability.len(), 1);
    assert!((0.0..=1.0).contains(&stability[0].mean()));

    let report = report(&sweep, &cells, &["on <this> data".into()]);
    assert!(report.html.contains("<h1>Rows &lt; columns</h1>"));
    assert!(report.html.contains("on &lt;this&gt; data"));
    // Accuracy, rank stability; shifting errors of the one row that has some.
    assert_eq!(report.html.matches("<svg").count(), 3);
    for row in &sweep.rows {
        let name = row.name.replace('&', "&amp;");
        assert!(report.html.contains(&format!("<td>{name}</td>")), "{name}");
    }
    assert!(!report.html.contains("http-equiv") && !report.html.contains("src="));
    assert_eq!(report.csv.lines().count(), 1 + summaries.len());
    assert!(
        report.csv.contains(r#""dqa, ""greedy""",3,2,24,"#),
        "{}",
        report.csv
    );
    let json: serde_json::Value = serde_json::from_str(&report.json).unwrap();
    assert_eq!(json["cells"].as_array().unwrap().len(), cells.len());
    assert_eq!(json["rows"][4]["cells"], 2);
}

#[test]
fn cells_are_the_same_each_time() {
    let setup = Setup::new(residual, 24);
    let untimed = |cells: Vec<Cell>| -> Vec<Cell> {
        let cells = cells.into_iter();
        cells
            .map(|cell| Cell {
                seconds: 0.0,
                ..cell
            })
            .collect()
    };
    let first = untimed(run(&setup, SWEEP).1);
    // The second time ranks come from the journals of the first.
    assert_eq!(untimed(run(&setup, SWEEP).1), first);
    let lines = first
        .iter()
        .map(|cell| serde_json::to_string(cell).unwrap());
    let back = lines.map(|line| serde_json::from_str::<Cell>(&line).unwrap());
    assert_eq!(back.collect::<Vec<_>>(), first);
}

#[test]
fn sweeps_that_do_not_hold_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.toml");
    let refused = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Sweep::open(&path).expect_err("refused")
    };
    let twice = SWEEP.replace("\"noisy\"\nmethod", "\"floating point\"\nmethod");
    assert!(matches!(refused(&twice), SweepError::Twice(_)));
    let no_seed = SWEEP.replace("[1, 2]", "[]");
    assert!(matches!(refused(&no_seed), SweepError::NoSeed));
    let unknown = refused(&SWEEP.replace("extra = 2", "extras = 2"));
    assert!(unknown.to_string().contains("extras"), "{unknown}");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Sweep::open(&path), Err(SweepError::Read { .. })));
}
