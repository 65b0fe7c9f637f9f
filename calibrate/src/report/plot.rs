//! Plots as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;

use super::summary::{Stability, Summary};

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type DrawResult<'a> =
    Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// A drawing of this size, on white.
pub(super) fn svg(
    size: (u32, u32),
    draw: impl for<'a> FnOnce(&Area<'a>) -> DrawResult<'a>,
) -> String {
    let mut document = String::new();
    {
        let root = SVGBackend::with_string(&mut document, size).into_drawing_area();
        let drawn = root
            .fill(&WHITE)
            .and_then(|()| draw(&root))
            .and_then(|()| root.present());
        drawn.expect("a string takes every drawing");
    }
    document
}

/// Accuracy in % below which [`accuracy`] draws nothing: it would press the rest together.
pub(super) fn lowest_drawn(summaries: &[Summary]) -> f64 {
    let means = summaries.iter().filter(|row| row.bits > 0);
    let means = means.map(|row| 100.0 * row.mean);
    let highest = means.clone().fold(0.0, f64::max);
    means.fold(highest, f64::min).max(highest - 25.0)
}

/// Accuracy against bits: containers where they were made, else entropy, else flat bits.
pub(super) fn accuracy(summaries: &[Summary]) -> String {
    svg((960, 560), |root| {
        let bits = |row: &Summary| {
            row.container_bits
                .or(row.entropy_bits)
                .unwrap_or(row.flat_bits)
        };
        let stored = || summaries.iter().filter(|row| row.bits > 0);
        let float = summaries.iter().find(|row| row.bits == 0);
        let narrowest = stored().map(bits).fold(1.0, f64::min).floor();
        let widest = stored().map(bits).fold(3.0, f64::max) + 0.3;
        let highest = summaries
            .iter()
            .map(|row| 100.0 * row.max)
            .fold(0.0, f64::max);
        let lowest = lowest_drawn(summaries);
        let mut chart = ChartBuilder::on(root)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(52)
            .build_cartesian_2d(narrowest..widest, lowest - 0.5..highest + 0.7)?;
        chart
            .configure_mesh()
            .x_desc("bits an activation")
            .y_desc("accuracy in %")
            .light_line_style(WHITE.mix(0.0))
            .draw()?;
        if let Some(float) = float {
            let level = 100.0 * float.mean;
            chart
                .draw_series(LineSeries::new(
                    [(narrowest, level), (widest, level)],
                    BLACK.stroke_width(1),
                ))?
                .label(float.row.clone())
                .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], BLACK));
        }
        let mut names: Vec<&str> = stored().map(|row| &*row.row).collect();
        names.dedup();
        for (index, name) in names.into_iter().enumerate() {
            let color = Palette99::pick(index).to_rgba();
            let points: Vec<(f64, f64, f64, f64)> = stored()
                .filter(|row| row.row == name && 100.0 * row.mean >= lowest)
                .map(|row| {
                    (
                        bits(row),
                        100.0 * row.mean,
                        100.0 * row.min,
                        100.0 * row.max,
                    )
                })
                .collect();
            let line = points.iter().map(|&(x, y, _, _)| (x, y));
            chart
                .draw_series(LineSeries::new(line.clone(), color.stroke_width(2)))?
                .label(name)
                .legend(move |(x, y)| Circle::new((x + 8, y), 4, color.filled()));
            chart.draw_series(line.map(|point| Circle::new(point, 4, color.filled())))?;
            let spread = points.iter().filter(|(_, _, min, max)| min < max);
            chart.draw_series(spread.map(|&(x, _, min, max)| {
                PathElement::new([(x, min.max(lowest)), (x, max)], color.stroke_width(1))
            }))?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.2))
            .draw()
    })
}

/// The part of the important channels that seeds share, tap by tap.
pub(super) fn stability(rows: &[Stability]) -> String {
    svg((960, 320), |root| {
        let taps = rows.iter().map(|row| row.shared.len()).max().unwrap_or(1);
        let mut chart = ChartBuilder::on(root)
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(52)
            .build_cartesian_2d(0.0..taps as f64 - 1.0 + 0.01, 0.0..1.02)?;
        chart
            .configure_mesh()
            .x_desc("tensor, in the order of the network")
            .y_desc("part shared")
            .light_line_style(WHITE.mix(0.0))
            .draw()?;
        for (index, row) in rows.iter().enumerate() {
            let color = Palette99::pick(index).to_rgba();
            let line = row
                .shared
                .iter()
                .enumerate()
                .map(|(tap, &part)| (tap as f64, part));
            chart
                .draw_series(LineSeries::new(line, color.stroke_width(2)))?
                .label(format!("{}, n = {}", row.row, row.bits))
                .legend(move |(x, y)| Circle::new((x + 8, y), 4, color.filled()));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.2))
            .draw()
    })
}
