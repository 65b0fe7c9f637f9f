//! The designs whose cost is reported: both cores, by lanes.

use crate::parameters::Parameters;
use crate::{decoder, encoder};

/// A module to report on.
#[derive(Clone, Debug)]
pub struct Design {
    /// Name in the report.
    pub name: String,
    /// Name of the module.
    pub top: String,
    /// Its Verilog.
    pub verilog: String,
}

/// Encoder and decoder of 1, 2, 4 and 8 lanes with the default parameters.
///
/// # Panics
/// If RustHDL refuses a core, which the tests exclude.
pub fn all() -> Vec<Design> {
    let mut designs = Vec::new();
    for lanes in [1, 2, 4, 8] {
        let parameters = Parameters {
            lanes,
            ..Parameters::default()
        };
        for (top, verilog) in [
            (encoder::TOP, encoder::verilog(&parameters, "")),
            (decoder::TOP, decoder::verilog(&parameters, "")),
        ] {
            designs.push(Design {
                name: format!("{top}, {lanes} lanes"),
                top: top.to_owned(),
                verilog: verilog.expect("sound RTL"),
            });
        }
    }
    designs
}
