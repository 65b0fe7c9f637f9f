//! A short soak: 10^6 symbols and more through both cores, a quarter with each number of lanes.

use dqa_sim::CoreError;
use dqa_tests::soak::Soak;

fn quarter(lanes: usize) -> Result<(), CoreError> {
    let mut soak = Soak::new(lanes)?;
    let mut symbols = 0;
    for number in 0.. {
        symbols += soak.round(0, number)?.symbols;
        if symbols >= 250_000 {
            break;
        }
    }
    Ok(())
}

#[test]
fn one_lane() -> Result<(), CoreError> {
    quarter(1)
}

#[test]
fn two_lanes() -> Result<(), CoreError> {
    quarter(2)
}

#[test]
fn four_lanes() -> Result<(), CoreError> {
    quarter(4)
}

#[test]
fn eight_lanes() -> Result<(), CoreError> {
    quarter(8)
}
