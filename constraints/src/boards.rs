//! The boards. Where the pins come from stands in each board's folder.

use dqa_hdl::parameters::Parameters;
use dqa_hdl::paths::Paths;

use crate::board::{Board, Device, Pin, Pins};

const fn high(name: &'static str) -> Pin {
    Pin {
        name,
        active_low: false,
    }
}

const fn low(name: &'static str) -> Pin {
    Pin {
        name,
        active_low: true,
    }
}

const EIGHT_LANES: Parameters = Parameters {
    lanes: 8,
    ..Parameters::DEFAULT
};

const ULX3S: Board = Board {
    name: "ulx3s-25f",
    folder: "ulx3s",
    about: "Radiona ULX3S with LFE5U-25F",
    loader: "ulx3s",
    device: Device::Ecp5 {
        nextpnr: &["--25k", "--package", "CABGA381", "--speed", "6"],
        configuration: "SYSCONFIG CONFIG_IOVOLTAGE=3.3 COMPRESS_CONFIG=ON MCCLK_FREQ=62 \
             SLAVE_SPI_PORT=DISABLE MASTER_SPI_PORT=ENABLE SLAVE_PARALLEL_PORT=DISABLE",
    },
    pins: Pins {
        clock: "G2",
        reset: high("R1"),
        rx: "M1",
        tx: "L4",
        session: high("B2"),
        irq: high("C2"),
    },
    pin_hz: 25_000_000,
    divider: 1,
    baud: 3_000_000,
    core: Parameters::DEFAULT,
};

const ARTY: Board = Board {
    name: "arty-a7-35",
    folder: "arty-a7",
    about: "Digilent Arty A7-35",
    loader: "arty_a7_35t",
    device: Device::Series7 {
        part: "xc7a35ticsg324-1L",
    },
    pins: Pins {
        clock: "E3",
        reset: low("C2"),
        rx: "A9",
        tx: "D10",
        session: high("H5"),
        irq: high("J5"),
    },
    pin_hz: 100_000_000,
    divider: 1,
    baud: 2_000_000,
    core: Parameters::DEFAULT,
};

/// All of them.
pub const ALL: [Board; 7] = [
    ULX3S,
    Board {
        name: "ulx3s-85f",
        about: "Radiona ULX3S with LFE5U-85F",
        device: Device::Ecp5 {
            nextpnr: &["--85k", "--package", "CABGA381", "--speed", "6"],
            configuration: "SYSCONFIG CONFIG_IOVOLTAGE=3.3 COMPRESS_CONFIG=ON MCCLK_FREQ=62 \
                 SLAVE_SPI_PORT=DISABLE MASTER_SPI_PORT=ENABLE SLAVE_PARALLEL_PORT=DISABLE",
        },
        core: EIGHT_LANES,
        ..ULX3S
    },
    Board {
        name: "ecpix5-85f",
        folder: "ecpix5",
        about: "LambdaConcept ECPIX-5 with LFE5UM5G-85F",
        loader: "ecpix5",
        device: Device::Ecp5 {
            nextpnr: &["--um5g-85k", "--package", "CABGA554", "--speed", "8"],
            configuration: "SYSCONFIG CONFIG_IOVOLTAGE=3.3 COMPRESS_CONFIG=ON MCCLK_FREQ=62",
        },
        pins: Pins {
            clock: "K23",
            reset: low("AB1"),
            rx: "R26",
            tx: "R24",
            session: low("R21"),
            irq: low("U21"),
        },
        pin_hz: 100_000_000,
        divider: 2,
        baud: 3_000_000,
        core: EIGHT_LANES,
    },
    Board {
        name: "alchitry-cu",
        folder: "alchitry-cu",
        about: "Alchitry Cu with iCE40 HX8K",
        loader: "ice40_generic",
        device: Device::Ice40 {
            part: "hx8k",
            package: "cb132",
            synthesis: "-device hx",
        },
        pins: Pins {
            clock: "P7",
            reset: low("P8"),
            rx: "P14",
            tx: "M9",
            session: high("J11"),
            irq: high("K11"),
        },
        pin_hz: 100_000_000,
        divider: 2,
        baud: 3_000_000,
        core: Parameters::smallest(Paths::Encode),
    },
    Board {
        name: "icebreaker",
        folder: "icebreaker",
        about: "iCEBreaker with iCE40 UP5K",
        loader: "ice40_generic",
        device: Device::Ice40 {
            part: "up5k",
            package: "sg48",
            // Few registers share an enable of their own: else they fill too few of the logic tiles to be placed.
            synthesis: "-device u -dsp -abc2 -dffe_min_ce_use 9",
        },
        pins: Pins {
            clock: "35",
            reset: low("10"),
            rx: "6",
            tx: "9",
            session: low("37"),
            irq: low("11"),
        },
        pin_hz: 12_000_000,
        divider: 1,
        baud: 1_000_000,
        core: Parameters::smallest(Paths::Encode),
    },
    ARTY,
    Board {
        name: "arty-a7-100",
        about: "Digilent Arty A7-100",
        loader: "arty_a7_100t",
        device: Device::Series7 {
            part: "xc7a100tcsg324-1",
        },
        core: EIGHT_LANES,
        ..ARTY
    },
];

/// The board of this name.
pub fn find(name: &str) -> Option<&'static Board> {
    ALL.iter().find(|board| board.name == name)
}
