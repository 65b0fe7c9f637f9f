//! Plots of a tensor's codes, as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::stats::{ClassStats, Stats};

const PANEL: (u32, u32) = (640, 360);

/// The shifting-error histogram (the paper's Figure 2) and, below it, the codes of Direct and of
/// Important channels with the bits that each costs, as an SVG document.
pub fn svg(stats: &Stats, title: &str) -> String {
    let mut document = String::new();
    {
        let size = (PANEL.0, 3 * PANEL.1);
        let root = SVGBackend::with_string(&mut document, size).into_drawing_area();
        draw(&root, stats, title).expect("a string takes every drawing");
    }
    document
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type DrawResult<'a> =
    Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

fn draw<'a>(root: &Area<'a>, stats: &Stats, title: &str) -> DrawResult<'a> {
    root.fill(&WHITE)?;
    let panels = root.split_evenly((3, 1));
    let error = &stats.shifting_error;
    let caption = format!(
        "{title}: shifting errors, n = {}, m = {}; entropy {:.3}, Huffman {:.3} bits, ratio {:.3}",
        stats.bits, stats.extra, error.entropy, error.average_bits, error.ratio
    );
    bars(
        &panels[0],
        &caption,
        "shifting error e",
        false,
        &error.histogram,
        None,
    )?;
    for (panel, name, class) in [
        (&panels[1], "Direct", &stats.direct),
        (&panels[2], "Important", &stats.important),
    ] {
        let caption = format!(
            "{name}: {} channels, {} bits a code; entropy {:.3}, written {:.3} bits",
            class.channels, class.width, class.entropy, class.average_bits
        );
        bars(
            panel,
            &caption,
            "code q",
            stats.signed,
            &class.histogram,
            Some(class),
        )?;
    }
    root.present()
}

/// Bars of the share of each value; with a class, also a point for the bits that each value costs.
///
/// `histogram` is by pattern; signed values stand in their order, the negative ones first.
fn bars<'a>(
    area: &Area<'a>,
    caption: &str,
    label: &str,
    signed: bool,
    histogram: &[u64],
    class: Option<&ClassStats>,
) -> DrawResult<'a> {
    let total = histogram.iter().sum::<u64>().max(1) as f64;
    let share = |count: u64| 100.0 * count as f64 / total;
    let top = histogram.iter().map(|&c| share(c)).fold(1.0, f64::max) * 1.05;
    let values = histogram.len() as f64;
    let lowest = if signed { -values / 2.0 } else { 0.0 };
    let value = |pattern: usize| match pattern as f64 {
        low_half if low_half < values + lowest => low_half,
        high_half => high_half - values,
    };
    let across = lowest - 0.5..lowest + values - 0.5;
    let mut chart = ChartBuilder::on(area)
        .caption(caption, ("sans-serif", 15))
        .margin(12)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .right_y_label_area_size(44)
        .build_cartesian_2d(across.clone(), 0.0..top)?
        .set_secondary_coord(across, 0.0..14.0f64);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_desc(label)
        .y_desc("share in %")
        .x_label_formatter(&|&x| match x.round() == x {
            true => format!("{}", x as i64),
            false => String::new(),
        })
        .draw()?;
    chart.draw_series(histogram.iter().enumerate().map(|(pattern, &count)| {
        let x = value(pattern);
        let corners = [(x - 0.4, 0.0), (x + 0.4, share(count))];
        Rectangle::new(corners, BLUE.mix(0.6).filled())
    }))?;
    let Some(class) = class else {
        return Ok(());
    };
    chart
        .configure_secondary_axes()
        .y_desc("bits (red)")
        .draw()?;
    let cost = (0u32..)
        .zip(0..histogram.len())
        .filter_map(|(pattern, index)| {
            let (symbol, _) = class.layout.split(pattern);
            let length = class.code_lengths[symbol];
            let bits = f64::from(u32::from(length) + class.layout.raw_bits);
            (length > 0 || class.layout.symbol_bits == 0).then(|| (value(index), bits))
        });
    chart.draw_secondary_series(cost.map(|point| Circle::new(point, 2, RED.filled())))?;
    Ok(())
}
