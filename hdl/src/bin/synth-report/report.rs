//! The page: a table for each device.

use std::fmt::Write as _;

use serde::Serialize;

use crate::nextpnr::Placed;
use crate::target::Target;
use crate::yosys::Cells;

/// What one design costs on one device.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The device.
    pub target: &'static str,
    /// The module.
    pub design: &'static str,
    /// What it is built for.
    pub size: String,
    /// Lanes that it serves, where their number is its size.
    pub lanes: Option<usize>,
    /// Its cells.
    #[serde(flatten)]
    pub cells: Cells,
    /// What place and route came to, for each seed.
    pub placed: Vec<Placed>,
}

const INTRODUCTION: &str = "\
LUT: look-up tables of 4 inputs, on 7-series of 6. LUT RAM: those that are distributed RAM or shift
registers, not counted under LUT. A lane: LUT and LUT RAM by the number of lanes, all that the lanes share counted
in. BRAM: block RAMs, of 4 kbit on iCE40, of 18 kbit elsewhere. MHz: clock rate after place and
route of the module alone between registers, for each seed; the slowest path is that of the median.
Cores have the parameters that `gen-verilog` has by default, which take every legal layer. Their options
are at the end of the first table, those of dynamic scale for planes of up to 448 beats. Where a design is
too large for a device, it is not tried with more lanes.
";

/// The page for `rows`; `made` says how and when.
pub fn markdown(made: &str, targets: &[&Target], rows: &[Row]) -> String {
    let mut page = format!("# Cost\n\n{made}\n\n{INTRODUCTION}");
    for target in targets {
        let _ = write!(
            page,
            "\n## {}\n\n{}. `{}`\n\n\
             | unit | | LUT | LUT RAM | a lane | FF | BRAM | DSP | MHz | slowest path |\n\
             |---|---|---|---|---|---|---|---|---|---|\n",
            target.name, target.device, target.synthesis,
        );
        for row in rows.iter().filter(|row| row.target == target.name) {
            page.push_str(&line(row));
        }
    }
    page
}

fn line(row: &Row) -> String {
    let Cells {
        lut,
        ff,
        lut_ram,
        bram,
        dsp,
    } = row.cells;
    let lanes = row.lanes.map(|lanes| lanes as u64);
    let a_lane = lanes.map_or_else(String::new, |lanes| ((lut + lut_ram) / lanes).to_string());
    let (mhz, path) = speed(&row.placed);
    format!(
        "| {} | {} | {lut} | {lut_ram} | {a_lane} | {ff} | {bram} | {dsp} | {mhz} | {path} |\n",
        row.design, row.size
    )
}

/// The clock rates, and the path of the median.
fn speed(placed: &[Placed]) -> (String, &str) {
    let mut timings = Vec::new();
    for placed in placed {
        match placed {
            Placed::Timing {
                mhz, critical_path, ..
            } => timings.push((*mhz, critical_path.as_str())),
            Placed::TooLarge(excess) => return ("does not fit".into(), excess),
        }
    }
    let rates: Vec<_> = timings.iter().map(|(mhz, _)| format!("{mhz:.0}")).collect();
    timings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let median = timings.get(timings.len() / 2);
    (rates.join(", "), median.map_or("", |(_, path)| path))
}
