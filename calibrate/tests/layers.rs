//! The layer file: what is written is read back, what does not hold together is refused.

mod common;

use common::{Setup, encoder_decoder, residual};
use dqa_calibrate::graph::Reads;
use dqa_calibrate::layers::{LayerError, LayerFile, VERSION};
use dqa_calibrate::network::Network;
use dqa_calibrate::plan::{Choice, with_tables};
use dqa_calibrate::statistics::survey;

fn calibrated(setup: &Setup, network: &Network) -> LayerFile {
    let dataset = setup.dataset();
    let statistics = survey(network, &dataset, &()).unwrap();
    let ranks = network
        .taps()
        .iter()
        .map(|tap| (0..tap.channels).rev().collect());
    let ranks: Vec<Vec<usize>> = ranks.collect();
    let choice = Choice::default();
    let mut layers = choice.layers(network.taps(), &statistics, &ranks).unwrap();
    with_tables(network, &dataset, &mut layers, 8, &()).unwrap();
    LayerFile {
        version: VERSION,
        made_by: "a \"test\"\nof two lines".into(),
        reads: Reads::Residual,
        layers,
    }
}

#[test]
fn what_is_written_is_read_back() {
    for write in [residual, encoder_decoder] {
        let setup = Setup::new(write, 8);
        let network = setup.open(&[], Reads::Residual);
        let file = calibrated(&setup, &network);
        let path = setup.folder.path().join("layers.toml");
        std::fs::write(&path, file.text()).unwrap();
        assert_eq!(LayerFile::open(&path).unwrap(), file);
        file.check_taps(network.taps()).unwrap();
    }
}

#[test]
fn signed_tensors_get_signed_codes() {
    let setup = Setup::new(residual, 8);
    let network = setup.open(&[], Reads::Residual);
    let file = calibrated(&setup, &network);
    let signed = file.layers.iter().map(|layer| layer.policy.signed());
    assert_eq!(signed.collect::<Vec<_>>(), [false, true]);
}

#[test]
fn what_does_not_hold_together_is_refused() {
    let setup = Setup::new(residual, 8);
    let network = setup.open(&[], Reads::Residual);
    let text = calibrated(&setup, &network).text();
    let line = |field: &str| {
        let found = text.lines().find(|line| line.starts_with(field));
        found.unwrap_or_else(|| panic!("no {field}")).to_owned()
    };
    for (field, to, told) in [
        ("version", "version = 9", "version 9"),
        ("bits", "bits = 9", "s0"),
        ("bits", "bites = 3", "unknown field"),
        ("extra", "extra = 7", "s0"),
        ("unit", "unit = 0.3", "power of two"),
        ("unit", "unit = 0.0", "power of two"),
        ("unit", "unit = nan", "power of two"),
        ("ranges", "ranges = []", "ranges is empty"),
        ("ranges", "ranges = [1, -1]", "invalid value"),
        ("ranks", "ranks = [0, 1, 2, 3, 4, 6]", "channel 6"),
        ("ranks", "ranks = [0, 0]", "twice"),
        ("important =", "important = 7", "7 channels"),
        (
            "direct_lengths",
            "direct_lengths = [1, 1, 1, 1]",
            "code of Direct",
        ),
        (
            "direct_lengths",
            "direct_lengths = [1, 1, 9, 9]",
            "code of Direct",
        ),
        (
            "important_lengths",
            "important_lengths = []",
            "code of Important",
        ),
        ("limit", "limit = 0", "code of"),
        ("policy", "policy = \"other\"", "other"),
    ] {
        let broken = text.replacen(&line(field), to, 1);
        assert_ne!(broken, text, "{field}");
        let error = LayerFile::parse(&broken).expect_err(to).to_string();
        assert!(
            error.contains(told),
            "{to}: {error:?} does not tell {told:?}"
        );
    }
    assert!(LayerFile::parse("").is_err());
}

#[test]
fn a_file_for_another_network_is_refused() {
    let setup = Setup::new(residual, 8);
    let network = setup.open(&[], Reads::Residual);
    let mut file = calibrated(&setup, &network);
    let other = Setup::new(encoder_decoder, 1).open(&[], Reads::Residual);
    let error = file.check_taps(other.taps()).unwrap_err();
    assert!(matches!(error, LayerError::OtherNetwork { .. }), "{error}");
    file.layers[1].ranges.push(1);
    let error = file.check_taps(network.taps()).unwrap_err();
    assert!(matches!(error, LayerError::Channels { .. }), "{error}");
}
