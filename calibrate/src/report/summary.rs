//! Cells put together: a row and bits over its seeds.

use std::collections::BTreeMap;

use crate::sweep::{Cell, Sweep};

/// A row at one n, over its seeds.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Summary {
    /// The row's name.
    pub row: String,
    /// Target bits n.
    pub bits: u8,
    /// Cells put together.
    pub cells: usize,
    /// Images of each.
    pub images: usize,
    /// Mean accuracy, 0 to 1.
    pub mean: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// Mean bits, written plainly.
    pub flat_bits: f64,
    /// Mean entropy of the codes.
    pub entropy_bits: Option<f64>,
    /// Mean bits of the containers.
    pub container_bits: Option<f64>,
    /// What somebody else reports, in %.
    pub reported: Option<f64>,
    /// Time of all cells.
    pub seconds: f64,
}

/// How much of the important channels two seeds share.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Stability {
    /// The row's name.
    pub row: String,
    /// Target bits n.
    pub bits: u8,
    /// Seeds compared.
    pub seeds: usize,
    /// Part shared, tap by tap: the mean over pairs of seeds.
    pub shared: Vec<f64>,
    /// What chance would give: the part that is important.
    pub chance: f64,
}

impl Stability {
    /// The mean over taps.
    pub fn mean(&self) -> f64 {
        self.shared.iter().sum::<f64>() / self.shared.len().max(1) as f64
    }
}

/// The cells of each row and bits, in the order of the rows, seed by seed.
fn grouped<'a>(sweep: &'a Sweep, cells: &'a [Cell]) -> Vec<Vec<&'a Cell>> {
    let keys = sweep.cells();
    let found = keys
        .iter()
        .filter_map(|key| cells.iter().find(|cell| cell.is(key)));
    let mut groups: BTreeMap<_, Vec<&Cell>> = BTreeMap::new();
    for cell in found {
        let row = sweep.rows.iter().position(|row| row.name == cell.row);
        groups.entry((row, cell.bits)).or_default().push(cell);
    }
    groups.into_values().collect()
}

/// A summary of each row and bits that has cells.
pub fn summaries(sweep: &Sweep, cells: &[Cell]) -> Vec<Summary> {
    let summary = |group: Vec<&Cell>| {
        let first = group[0];
        let count = group.len() as f64;
        let mean = |value: &dyn Fn(&Cell) -> f64| {
            group.iter().map(|cell| value(cell)).sum::<f64>() / count
        };
        let optional = |value: &dyn Fn(&Cell) -> Option<f64>| {
            let sum = group.iter().map(|cell| value(cell)).sum::<Option<f64>>();
            sum.map(|sum| sum / count)
        };
        let accuracies = group.iter().map(|cell| cell.accuracy);
        let row = sweep.rows.iter().find(|row| row.name == first.row);
        Summary {
            row: first.row.clone(),
            bits: first.bits,
            cells: group.len(),
            images: first.images,
            mean: mean(&|cell| cell.accuracy),
            min: accuracies.clone().fold(f64::INFINITY, f64::min),
            max: accuracies.fold(0.0, f64::max),
            flat_bits: mean(&|cell| cell.flat_bits),
            entropy_bits: optional(&|cell| cell.entropy_bits),
            container_bits: optional(&|cell| cell.container_bits),
            reported: row.and_then(|row| row.reported.get(&first.bits.to_string()).copied()),
            seconds: group.iter().map(|cell| cell.seconds).sum(),
        }
    };
    grouped(sweep, cells).into_iter().map(summary).collect()
}

/// The rank stability of each row and bits with ranks of at least two seeds.
pub fn stability(sweep: &Sweep, cells: &[Cell]) -> Vec<Stability> {
    let mut all = Vec::new();
    for group in grouped(sweep, cells) {
        let row = sweep.rows.iter().find(|row| row.name == group[0].row);
        let Some(row) = row.filter(|row| row.important > 0.0 && group.len() > 1) else {
            continue;
        };
        let taps = group[0].ranks.len();
        if group
            .iter()
            .any(|cell| cell.ranks.len() != taps || cell.ranks.iter().any(Vec::is_empty))
        {
            continue;
        }
        let shared = (0..taps).map(|tap| {
            let (mut sum, mut pairs) = (0.0, 0.0);
            for (index, a) in group.iter().enumerate() {
                for b in &group[index + 1..] {
                    sum += overlap(&a.ranks[tap], &b.ranks[tap], row.important);
                    pairs += 1.0;
                }
            }
            sum / pairs
        });
        all.push(Stability {
            row: row.name.clone(),
            bits: group[0].bits,
            seeds: group.len(),
            shared: shared.collect(),
            chance: row.important,
        });
    }
    all
}

/// The part of the first channels of one ranking that is among the first of the other.
fn overlap(a: &[usize], b: &[usize], important: f64) -> f64 {
    let count = ((important * a.len() as f64).round() as usize).max(1);
    let (a, b) = (&a[..count.min(a.len())], &b[..count.min(b.len())]);
    let both = a.iter().filter(|channel| b.contains(channel)).count();
    both as f64 / a.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_counts_the_important_ones_alone() {
        assert_eq!(overlap(&[0, 1, 2, 3], &[1, 0, 3, 2], 0.5), 1.0);
        assert_eq!(overlap(&[0, 1, 2, 3], &[2, 1, 0, 3], 0.5), 0.5);
        assert_eq!(overlap(&[0, 1, 2, 3], &[2, 3, 0, 1], 0.5), 0.0);
    }
}
