//! Figures of single settings, tensor by tensor: shifting errors (the paper's Figure 2) and bits.

use plotters::prelude::*;

use super::plot::svg;
use crate::sweep::{Cell, Sweep};

/// For the first cell of each row: title and drawings.
pub(super) fn layers(sweep: &Sweep, cells: &[Cell]) -> Vec<(String, String)> {
    let mut figures = Vec::new();
    for row in &sweep.rows {
        for &bits in &row.bits {
            let cell = cells
                .iter()
                .find(|cell| cell.row == row.name && cell.bits == bits);
            let Some(cell) = cell else {
                continue;
            };
            let mut drawings = String::new();
            if row.extra > 0
                && cell
                    .taps
                    .iter()
                    .any(|tap| tap.shifting_errors.iter().sum::<u64>() > 0)
            {
                drawings.push_str(&shifting_errors(cell));
            }
            if cell.taps.iter().any(|tap| tap.container_bits.is_some()) {
                drawings.push_str(&bits_by_tap(cell));
            }
            if !drawings.is_empty() {
                figures.push((
                    format!("{}, n = {bits}: tensor by tensor", row.name),
                    drawings,
                ));
            }
        }
    }
    figures
}

/// Shares of the shifting errors, a small panel for each tensor.
fn shifting_errors(cell: &Cell) -> String {
    const ACROSS: usize = 5;
    let down = cell.taps.len().div_ceil(ACROSS);
    let height = 130 * u32::try_from(down).unwrap_or(1);
    svg((960, height), |root| {
        for (tap, panel) in cell.taps.iter().zip(root.split_evenly((down, ACROSS))) {
            let total = tap.shifting_errors.iter().sum::<u64>().max(1) as f64;
            let shares: Vec<f64> = (tap.shifting_errors.iter())
                .map(|&count| 100.0 * count as f64 / total)
                .collect();
            let top = shares.iter().copied().fold(1.0, f64::max);
            let mut chart = ChartBuilder::on(&panel)
                .caption(&tap.tensor, ("sans-serif", 13))
                .margin(6)
                .y_label_area_size(36)
                .build_cartesian_2d(-0.5..shares.len() as f64 - 0.5, 0.0..top * 1.05)?;
            chart
                .configure_mesh()
                .disable_x_mesh()
                .disable_x_axis()
                .y_labels(4)
                .y_label_formatter(&|share| format!("{share:.0} %"))
                .draw()?;
            chart.draw_series(shares.iter().enumerate().map(|(error, &share)| {
                let x = error as f64;
                Rectangle::new([(x - 0.4, 0.0), (x + 0.4, share)], BLUE.mix(0.6).filled())
            }))?;
        }
        Ok(())
    })
}

/// Flat bits and bits of the container of each tensor.
fn bits_by_tap(cell: &Cell) -> String {
    svg((960, 260), |root| {
        let flat = cell
            .taps
            .iter()
            .map(|tap| tap.flat_bits)
            .fold(0.0, f64::max);
        let count = cell.taps.len();
        let mut chart = ChartBuilder::on(root)
            .caption(
                "bits an activation: container (blue), flat (grey)",
                ("sans-serif", 13),
            )
            .margin(8)
            .x_label_area_size(30)
            .y_label_area_size(40)
            .build_cartesian_2d(-0.5..count as f64 - 0.5, 0.0..flat * 1.1)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(count)
            .x_label_formatter(&|x| {
                let tap = cell.taps.get(x.round() as usize);
                tap.filter(|_| x.fract() == 0.0)
                    .map_or(String::new(), |tap| tap.tensor.clone())
            })
            .draw()?;
        let bar = |index: usize, from: f64, to: f64, bits: f64| {
            [(index as f64 + from, 0.0), (index as f64 + to, bits)]
        };
        let taps = || cell.taps.iter().enumerate();
        chart.draw_series(taps().map(|(index, tap)| {
            Rectangle::new(
                bar(index, 0.0, 0.35, tap.flat_bits),
                BLACK.mix(0.25).filled(),
            )
        }))?;
        chart.draw_series(taps().filter_map(|(index, tap)| {
            let bits = tap.container_bits?;
            Some(Rectangle::new(
                bar(index, -0.35, 0.0, bits),
                BLUE.mix(0.6).filled(),
            ))
        }))?;
        Ok(())
    })
}
