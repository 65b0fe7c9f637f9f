//! What `docs/src/pcie.md` says of the link is what the programs print.

use std::process::Command;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/pcie.md");

fn page() -> String {
    std::fs::read_to_string(PAGE).expect("the page")
}

fn printed(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let output = output.expect("the program runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).expect("text")
}

/// Rows of Markdown tables.
fn rows(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.starts_with('|')).collect()
}

#[test]
fn the_model_of_the_link_gives_the_pages_table() {
    let printed = printed(env!("CARGO_BIN_EXE_link-model"), &[]);
    let rows = rows(&printed);
    assert_eq!(rows.len(), 2 + 4, "{printed}");
    assert!(
        page().contains(&rows.join("\n")),
        "docs/src/pcie.md is stale: put there what link-model prints:\n{printed}"
    );
}

/// Of the measured tables the page has other figures, but the same columns and sizes.
#[test]
fn the_bench_of_the_link_prints_the_pages_tables() {
    let small = ["--rounds", "1", "--mib", "8"];
    let printed = printed(env!("CARGO_BIN_EXE_link-bench"), &small);
    let page = page();
    let mut tables = 0;
    for (at, row) in rows(&printed).iter().enumerate() {
        let label = |row: &str| row.split('|').nth(1).map(str::to_owned);
        let header = at == 0
            || !row.starts_with("|---")
                && rows(&printed)
                    .get(at + 1)
                    .is_some_and(|next| next.starts_with("|---"));
        tables += usize::from(header);
        let same = |line: &&str| {
            if header {
                *line == *row
            } else {
                label(line) == label(row)
            }
        };
        assert!(
            rows(&page).iter().any(same),
            "docs/src/pcie.md has no row {row}"
        );
    }
    let skipped = printed.contains("skipped");
    if skipped {
        eprintln!("{printed}");
    }
    assert_eq!(tables, if skipped { 2 } else { 3 }, "{printed}");
}
