//! A verilated board and a host's USB bridge, in the simulation's own time: what happens depends on nothing but the
//! board's seed, and waiting costs only clocks.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use dqa_sim::uart_board::UartBoard;
use parking_lot::Mutex;

use super::wire::Wire;

/// A [`Wire`] to a board; reading makes its clock run.
#[derive(Debug)]
pub struct Bridge {
    board: Arc<Mutex<UartBoard>>,
    /// Clocks that the bridge keeps bytes of the board for.
    delay: u64,
    /// When they are handed on.
    to_host: VecDeque<(u64, u8)>,
}

impl Bridge {
    /// The board, which the caller may look at between calls, behind a bridge that hands its bytes on so much
    /// later.
    pub fn new(board: Arc<Mutex<UartBoard>>, delay: Duration) -> Self {
        let clock_hz = board.lock().speed().clock_hz;
        Self {
            board,
            delay: clocks(delay, clock_hz),
            to_host: VecDeque::new(),
        }
    }
}

fn clocks(time: Duration, clock_hz: u32) -> u64 {
    (time.as_secs_f64() * f64::from(clock_hz)) as u64
}

impl Wire for Bridge {
    fn now(&self) -> Duration {
        let board = self.board.lock();
        Duration::from_secs_f64(board.clocks() as f64 / f64::from(board.speed().clock_hz))
    }

    fn set_baud(&mut self, baud: u32) -> io::Result<()> {
        self.board.lock().set_host_baud(baud);
        Ok(())
    }

    fn waiting(&self) -> usize {
        self.board.lock().waiting()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.board.lock().send(bytes);
        Ok(bytes.len())
    }

    fn read(&mut self, bytes: &mut [u8], wait: Duration) -> io::Result<usize> {
        let mut board = self.board.lock();
        let speed = board.speed();
        let clocks_per_byte = u64::from(10 * speed.clock_hz / speed.baud);
        let until = board.clocks() + clocks(wait, speed.clock_hz);
        loop {
            board.run(clocks_per_byte);
            let now = board.clocks();
            let came = board.received().into_iter();
            self.to_host
                .extend(came.map(|byte| (now + self.delay, byte)));
            let mut count = 0;
            while count < bytes.len() && self.to_host.front().is_some_and(|&(at, _)| at <= now) {
                bytes[count] = self.to_host.pop_front().expect("it is there").1;
                count += 1;
            }
            if count > 0 || now >= until {
                return Ok(count);
            }
        }
    }

    fn clear(&mut self) {}
}
