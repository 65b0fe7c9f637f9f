//! A board's row of the table in `constraints/README.md`.

use crate::build::Built;

/// Heads of the columns.
pub const HEAD: &str = "\
| board | logic cells | FF | BRAM | DSP | MHz, of | slowest path | seed | date, versions |
|---|---|---|---|---|---|---|---|---|
";

/// Cells of a column by the beginnings of their names, for each family: those that place and route counts stand
/// before those of synthesis alone.
const LOGIC: &[&str] = &["ICESTORM_LC", "TRELLIS_COMB", "LUT"];
const FLIP_FLOPS: &[&str] = &["SB_DFF", "TRELLIS_FF", "FD"];
const MEMORIES: &[&str] = &["ICESTORM_RAM", "DP16KD", "RAMB"];
const MULTIPLIERS: &[&str] = &["ICESTORM_DSP", "MULT18X18D", "DSP48"];

/// The row: what was built for a clock of so many Hz, with which seed, and when.
pub fn row(name: &str, clock_hz: u32, built: &Built, seed: u32, date: &str) -> String {
    let cells = |kinds: &[&str]| {
        let of = built.cells.iter();
        let of = of.filter(|(kind, ..)| kinds.iter().any(|begin| kind.starts_with(begin)));
        let (used, there) = of.fold((0, None), |(used, there), cell| {
            (used + cell.1, there.or(cell.2))
        });
        match there {
            Some(there) => format!("{used} of {there}"),
            None => used.to_string(),
        }
    };
    let wanted = f64::from(clock_hz) / 1e6;
    let (mhz, path, seed) = match &built.timing {
        Some(timing) => (
            format!("{:.1}, {wanted}", timing.mhz),
            timing.path.as_str(),
            seed.to_string(),
        ),
        None => (format!("not placed, {wanted}"), "", String::new()),
    };
    format!(
        "| {} | {} | {} | {} | {} | {mhz} | {path} | {seed} | {date}, {} |\n",
        name,
        cells(LOGIC),
        cells(FLIP_FLOPS),
        cells(MEMORIES),
        cells(MULTIPLIERS),
        built.tools.join(", "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::Timing;

    #[test]
    fn every_column_has_its_cells() {
        let cell = |kind: &str, used, there| (kind.to_owned(), used, there);
        let built = Built {
            files: Vec::new(),
            cells: vec![
                cell("ICESTORM_LC", 7000, Some(7680)),
                cell("ICESTORM_RAM", 27, Some(32)),
                cell("SB_DFF", 100, None),
                cell("SB_DFFER", 20, None),
            ],
            timing: Some(Timing {
                mhz: 52.25,
                path: "a -> b".into(),
            }),
            tools: vec!["yosys 1".into(), "nextpnr 2".into()],
            notes: Vec::new(),
        };
        let row = row("alchitry-cu", 50_000_000, &built, 7, "1 May");
        assert_eq!(
            row,
            "| alchitry-cu | 7000 of 7680 | 120 | 27 of 32 | 0 | 52.2, 50 | a -> b | 7 | 1 May, yosys 1, nextpnr 2 |\n"
        );
        let columns = |line: &str| line.matches('|').count();
        assert!(HEAD.lines().all(|line| columns(line) == columns(&row)));
    }
}
