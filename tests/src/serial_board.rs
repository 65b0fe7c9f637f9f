//! A simulated board on a serial port, as a program finds it: by the port's name.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use dqa_driver::uart::pty::PtyBoard;
use dqa_sim::uart_board::UartBoard;

/// The board runs behind a pseudo-terminal while `work` does, which gets the terminal's name.
///
/// # Panics
///
/// Where there is no pseudo-terminal, and when `work` does.
pub fn with_serial_board(board: UartBoard, work: impl FnOnce(&str)) {
    let mut board = PtyBoard::new(board, false).expect("a pseudo-terminal");
    let name = board.name().to_owned();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                board.step().expect("a pseudo-terminal");
            }
        });
        let worked = catch_unwind(AssertUnwindSafe(|| work(&name)));
        done.store(true, Ordering::Relaxed);
        worked.unwrap_or_else(|panic| resume_unwind(panic));
    });
}
