//! A board's row of the table in `constraints/README.md`.

use crate::build::Built;

/// Heads of the columns.
pub const HEAD: &str = "\
| board | logic cells | FF | BRAM | DSP | MHz, of | slowest path | seed | date, versions |
|---|---|---|---|---|---|---|---|---|
";

/// Beginnings of a kind of cell's name, and what one counts in its column.
type Kind = (&'static str, u64);

/// Cells of each column, for each family: those that place and route counts stand before those of synthesis alone.
/// Of 7-series, logic has the LUTs that are distributed RAM or shift registers, and memories are of 18 kbit.
const LOGIC: &[Kind] = &[
    ("ICESTORM_LC", 1),
    ("TRELLIS_COMB", 1),
    ("LUT", 1),
    ("RAM32M", 4),
    ("RAM64M", 4),
    ("RAM32X1D", 2),
    ("RAM64X1D", 2),
    ("SRL16E", 1),
    ("SRLC32E", 1),
];
const FLIP_FLOPS: &[Kind] = &[("SB_DFF", 1), ("TRELLIS_FF", 1), ("FD", 1)];
const MEMORIES: &[Kind] = &[
    ("ICESTORM_RAM", 1),
    ("DP16KD", 1),
    ("RAMB18", 1),
    ("RAMB36", 2),
];
const MULTIPLIERS: &[Kind] = &[("ICESTORM_DSP", 1), ("MULT18X18D", 1), ("DSP48", 1)];

/// The row: what was built for a clock of so many Hz, with which seed, and when.
pub fn row(name: &str, clock_hz: u32, built: &Built, seed: u32, date: &str) -> String {
    let cells = |kinds: &[Kind]| {
        let of = built.cells.iter().filter_map(|(name, used, there)| {
            let kind = kinds.iter().find(|(begin, _)| name.starts_with(begin));
            kind.map(|(_, counts)| (used * counts, *there))
        });
        let (used, there) = of.fold((0, None), |(used, there), cell| {
            (used + cell.0, there.or(cell.1))
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
        let cells = vec![
            cell("LUT1", 1, None),
            cell("LUT6", 20, None),
            cell("RAM32M", 3, None),
            cell("RAMB18E1", 5, None),
            cell("RAMB36E1", 7, None),
            cell("SRL16E", 100, None),
        ];
        let series7 = Built {
            cells,
            timing: None,
            ..built
        };
        assert_eq!(
            super::row("arty", 100_000_000, &series7, 7, "1 May"),
            "| arty | 133 | 0 | 19 | 0 | not placed, 100 |  |  | 1 May, yosys 1, nextpnr 2 |\n"
        );
        let columns = |line: &str| line.matches('|').count();
        assert!(HEAD.lines().all(|line| columns(line) == columns(&row)));
    }
}
