//! The report of a sweep: one HTML file with plots, and the same as CSV and JSON.

mod figures;
mod plot;
mod summary;

use std::fmt::Write as _;

pub use summary::{Stability, Summary, stability, summaries};

use crate::sweep::{Cell, Sweep};

/// A report in its three forms.
pub struct Report {
    /// A self-contained page.
    pub html: String,
    /// A line for each row and bits.
    pub csv: String,
    /// Summaries and cells.
    pub json: String,
}

/// Makes the report of the cells of a sweep that are there.
pub fn report(sweep: &Sweep, cells: &[Cell], notes: &[String]) -> Report {
    let summaries = summaries(sweep, cells);
    let stability = stability(sweep, cells);
    Report {
        html: html(sweep, cells, &summaries, &stability, notes),
        csv: csv(&summaries),
        json: json(sweep, cells, &summaries, &stability, notes),
    }
}

fn csv(summaries: &[Summary]) -> String {
    let mut out = String::from(
        "row,bits,cells,images,accuracy_mean,accuracy_min,accuracy_max,flat_bits,entropy_bits,\
         container_bits,reported,seconds\n",
    );
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
    for row in summaries {
        let _ = writeln!(
            out,
            "\"{}\",{},{},{},{:.4},{:.4},{:.4},{:.4},{},{},{},{:.1}",
            row.row.replace('"', "\"\""),
            row.bits,
            row.cells,
            row.images,
            row.mean,
            row.min,
            row.max,
            row.flat_bits,
            number(row.entropy_bits),
            number(row.container_bits),
            number(row.reported),
            row.seconds
        );
    }
    out
}

fn json(
    sweep: &Sweep,
    cells: &[Cell],
    summaries: &[Summary],
    stability: &[Stability],
    notes: &[String],
) -> String {
    #[derive(serde::Serialize)]
    struct All<'a> {
        title: &'a str,
        notes: &'a [String],
        rows: &'a [Summary],
        rank_stability: &'a [Stability],
        cells: &'a [Cell],
    }
    let all = All {
        title: &sweep.title,
        notes,
        rows: summaries,
        rank_stability: stability,
        cells,
    };
    serde_json::to_string(&all).expect("numbers, texts and lists of them")
}

fn html(
    sweep: &Sweep,
    cells: &[Cell],
    summaries: &[Summary],
    stability: &[Stability],
    notes: &[String],
) -> String {
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>{0}</title>\n\
         <style>body{{font:15px/1.5 system-ui,sans-serif;max-width:66em;margin:2em auto;\
         padding:0 1em}}table{{border-collapse:collapse;margin:1em 0}}th,td{{padding:.2em .8em;\
         border-bottom:1px solid #ddd;text-align:right}}th:first-child,td:first-child\
         {{text-align:left}}svg{{max-width:100%;height:auto}}</style>\n</head><body>\n<h1>{0}</h1>\n",
        escape(&sweep.title)
    );
    for note in notes {
        let _ = writeln!(out, "<p>{}</p>", escape(note));
    }
    out.push_str(
        "<h2>Accuracy and bits</h2>\n<p>Bits an activation: <i>flat</i> writes n and n + m bits \
         plainly; <i>entropy</i> is the order-0 entropy of the codes; <i>container</i> counts the \
         bytes of <code>.dqa</code> files, tables, ranges, headers and checksums included. \
         Accuracy in %, the mean over seeds with the least and the most.</p>\n",
    );
    let _ = writeln!(
        out,
        "<p>Drawn is what reaches {:.1} %, at the bits of containers where there are some, else at \
         the entropy.</p>",
        plot::lowest_drawn(summaries)
    );
    out.push_str(&plot::accuracy(summaries));
    out.push_str(&table(summaries));
    if !stability.is_empty() {
        out.push_str(
            "<h2>Do ranks depend on the calibration images?</h2>\n<p>How much of the important \
             channels two seeds share, the mean over pairs of seeds and tensors; by chance it would be \
             the part that is important.</p>\n",
        );
        out.push_str(&stability_table(stability));
        out.push_str(&plot::stability(stability));
    }
    for (title, figure) in figures::layers(sweep, cells) {
        let _ = writeln!(out, "<h2>{}</h2>\n{figure}", escape(&title));
    }
    out.push_str("</body></html>\n");
    out
}

fn table(summaries: &[Summary]) -> String {
    let mut out = String::from(
        "<table><tr><th>setting</th><th>n</th><th>accuracy</th><th>least</th><th>most</th>\
         <th>seeds</th><th>reported</th><th>flat</th><th>entropy</th><th>container</th></tr>\n",
    );
    let number = |value: Option<f64>, digits: usize| {
        value.map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    for row in summaries {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td><b>{:.2}</b></td><td>{:.2}</td><td>{:.2}</td>\
             <td>{}</td><td>{}</td><td>{:.3}</td><td>{}</td><td>{}</td></tr>",
            escape(&row.row),
            row.bits,
            100.0 * row.mean,
            100.0 * row.min,
            100.0 * row.max,
            row.cells,
            number(row.reported, 2),
            row.flat_bits,
            number(row.entropy_bits, 3),
            number(row.container_bits, 3),
        );
    }
    out.push_str("</table>\n");
    out
}

fn stability_table(stability: &[Stability]) -> String {
    let mut out = String::from(
        "<table><tr><th>setting</th><th>n</th><th>seeds</th><th>shared</th><th>by chance</th></tr>\n",
    );
    for row in stability {
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.3}</td><td>{:.3}</td></tr>",
            escape(&row.row),
            row.bits,
            row.seeds,
            row.mean(),
            row.chance
        );
    }
    out.push_str("</table>\n");
    out
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
