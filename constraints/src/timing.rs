//! Clock rates that place and route came to, against those that are asked for.

use std::path::Path;

use dqa_hdl::critical_path::critical_path;
use serde_json::Value;

use crate::build::BuildError;

/// What nextpnr says of a design's timing.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// Clock rate that the design reaches, in MHz.
    pub mhz: f64,
    /// Its slowest path.
    pub path: String,
}

impl Timing {
    /// From a report in the file `path`, of a design whose clock is to have `wanted` MHz.
    ///
    /// # Errors
    ///
    /// When any of its clocks is slower than is asked of it, or the report tells no clock.
    pub(crate) fn of(report: &Value, path: &Path, wanted: f64) -> Result<Self, BuildError> {
        let clocks = report["fmax"].as_object().into_iter().flatten();
        let rates: Vec<_> = clocks
            .filter_map(|(name, clock)| {
                let asked = clock["constraint"].as_f64()?;
                Some((name, clock["achieved"].as_f64()?, asked))
            })
            .collect();
        for &(name, mhz, wanted) in &rates {
            if mhz < wanted {
                let clock = name.to_owned();
                return Err(BuildError::Timing { clock, mhz, wanted });
            }
        }
        // A divided clock stands beside the pin's, which is faster.
        let own = |&&(_, _, asked): &&(_, _, f64)| (asked - wanted).abs() < 0.01;
        let &(_, mhz, _) = rates
            .iter()
            .find(own)
            .ok_or_else(|| BuildError::Report(path.into()))?;
        Ok(Self {
            mhz,
            path: critical_path(report, "").unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(design: f64) -> Result<Timing, BuildError> {
        let report = json!({"fmax": {
            "clk$SB_IO_IN": {"achieved": 400.0, "constraint": 100.0},
            "clock_$glb_clk": {"achieved": design, "constraint": 50.0},
        }});
        Timing::of(&report, "report.json".as_ref(), 50.0)
    }

    #[test]
    fn the_design_has_its_own_clock_and_every_clock_is_looked_at() {
        assert_eq!(of(61.5).unwrap().mhz, 61.5);
        let error = of(49.0).unwrap_err();
        assert!(
            matches!(&error, BuildError::Timing { clock, .. } if clock == "clock_$glb_clk"),
            "{error}"
        );
        let none = Timing::of(&json!({}), "report.json".as_ref(), 50.0);
        assert!(matches!(none, Err(BuildError::Report(_))));
    }
}
