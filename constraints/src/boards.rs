//! The boards. Where the pins come from stands in each board's folder.

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

const ULX3S: Board = Board {
    name: "ulx3s-25f",
    folder: "ulx3s",
    about: "Radiona ULX3S with LFE5U-25F",
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
    clock_hz: 25_000_000,
    baud: 3_000_000,
    lanes: 4,
};

const ARTY: Board = Board {
    name: "arty-a7-35",
    folder: "arty-a7",
    about: "Digilent Arty A7-35",
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
    clock_hz: 100_000_000,
    baud: 2_000_000,
    lanes: 4,
};

/// All of them.
pub const ALL: [Board; 5] = [
    ULX3S,
    Board {
        name: "ulx3s-85f",
        about: "Radiona ULX3S with LFE5U-85F",
        device: Device::Ecp5 {
            nextpnr: &["--85k", "--package", "CABGA381", "--speed", "6"],
            configuration: "SYSCONFIG CONFIG_IOVOLTAGE=3.3 COMPRESS_CONFIG=ON MCCLK_FREQ=62 \
                 SLAVE_SPI_PORT=DISABLE MASTER_SPI_PORT=ENABLE SLAVE_PARALLEL_PORT=DISABLE",
        },
        lanes: 8,
        ..ULX3S
    },
    Board {
        name: "ecpix5-85f",
        folder: "ecpix5",
        about: "LambdaConcept ECPIX-5 with LFE5UM5G-85F",
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
        clock_hz: 100_000_000,
        baud: 3_000_000,
        lanes: 8,
    },
    ARTY,
    Board {
        name: "arty-a7-100",
        about: "Digilent Arty A7-100",
        device: Device::Series7 {
            part: "xc7a100tcsg324-1",
        },
        lanes: 8,
        ..ARTY
    },
];

/// The board of this name.
pub fn find(name: &str) -> Option<&'static Board> {
    ALL.iter().find(|board| board.name == name)
}
