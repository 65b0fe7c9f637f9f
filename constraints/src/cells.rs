//! What nextpnr and yosys count, in the reports that they write.

use std::path::Path;

use serde_json::Value;

use crate::build::BuildError;
use crate::tools::report;

/// Cells that a placed design has of each kind, and how many there are.
pub(crate) fn used(report: &Value) -> Vec<(String, u64, Option<u64>)> {
    let kinds = report["utilization"].as_object().into_iter().flatten();
    let cells = kinds.filter_map(|(kind, cells)| {
        let used = cells["used"].as_u64().filter(|&used| used > 0)?;
        Some((kind.clone(), used, cells["available"].as_u64()))
    });
    cells.collect()
}

/// Cells that yosys counted with `stat -json`.
pub(crate) fn counted(path: &Path) -> Result<Vec<(String, u64, Option<u64>)>, BuildError> {
    let stat = report(path)?;
    let cells = stat["design"]["num_cells_by_type"].as_object();
    let cells = cells.ok_or_else(|| BuildError::Report(path.into()))?;
    let cells = cells.iter();
    let cells = cells.filter_map(|(kind, count)| Some((kind.clone(), count.as_u64()?, None)));
    Ok(cells.collect())
}
