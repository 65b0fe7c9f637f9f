//! An iCE40 board's bitstream, and a session with what synthesis made of the board: the netlist of its
//! cells, simulated, answers as golden. It is the board that is placed fastest; `DQA_BOARD` names another.

use std::time::Duration;

use dqa_constraints::board::Board;
use dqa_constraints::build::build;
use dqa_constraints::{boards, post_synthesis, top};
use dqa_driver::card::Card;
use dqa_driver::selftest::selftest;
use dqa_driver::uart::{PortName, SerialLink, Timing};
use dqa_hdl::link::uart_core::Speed;
use dqa_sim::uart_board::{Design, UartBoard};
use dqa_tests::serial_board::with_serial_board;
use tempfile::TempDir;

/// What an iCE40 waits for in front of a bitstream.
const PREAMBLE: [u8; 4] = [0x7e, 0xaa, 0x99, 0x7e];

/// The session, and each wait in it, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

#[test]
fn a_small_board_is_built_and_its_netlist_answers() {
    let name = std::env::var("DQA_BOARD").unwrap_or_else(|_| "alchitry-cu".into());
    let board = boards::find(&name).expect("a board");
    let folder = TempDir::new().expect("a folder");
    let built = build(board, folder.path(), 1, |step| println!("{step}")).expect("it is built");
    let timing = built.timing.expect("it was placed");
    assert!(timing.mhz >= f64::from(board.clock_hz()) / 1e6);
    let bitstream = std::fs::read(folder.path().join("board.bin")).expect("a bitstream");
    assert!(bitstream.windows(4).any(|bytes| bytes == PREAMBLE));

    let verilog = post_synthesis::verilog(folder.path()).expect("a netlist");
    with_serial_board(simulated(board, &verilog), |port| {
        let port = PortName {
            path: port.to_owned(),
            baud: board.baud,
        };
        let link = SerialLink::open(&port, Timing::within(PATIENCE)).expect("it answers");
        let mut card = Card::open(link).expect("it is a core");
        let tested = selftest(&mut card, 2, 5, &()).expect("as golden");
        assert!(tested.packets >= 2, "{tested:?}");
    });
}

/// The board, of this Verilog.
fn simulated(board: &Board, verilog: &str) -> UartBoard {
    let design = Design {
        verilog,
        top: top::TOP,
        clock: "clk",
        reset: "reset",
        reset_level: !board.pins.reset.active_low,
    };
    let speed = Speed {
        clock_hz: board.pin_hz,
        baud: board.baud,
    };
    UartBoard::of(&design, speed, 1, None).expect("a model")
}
