//! A verilated board on a serial port: `dqa_uart` with the far end of its wire.

use std::collections::VecDeque;

use dqa_hdl::link::uart_core::{self, Speed};
use dqa_hdl::parameters::Parameters;

use crate::faults::{Fault, Faults, Rates};
use crate::model::Instance;
use crate::uart::{Listener, Talker};
use crate::{CoreError, Model, Options, SimError};

/// Clocks of a reset.
const RESET_CLOCKS: u64 = 8;
/// Bytes that a stalled direction pauses for.
const STALL_BYTES: f64 = 200.0;

/// A board. Bytes go in and come out; in between they are bits on its pins.
#[derive(Debug)]
pub struct UartBoard {
    instance: Instance,
    aclk: usize,
    aresetn: usize,
    rx: usize,
    tx: usize,
    speed: Speed,
    talker: Talker,
    listener: Listener,
    /// To the board and from it.
    faults: [Faults; 2],
    received: VecDeque<u8>,
    /// From when on they are handed out.
    stalled_until: u64,
    clocks: u64,
    reset_until: u64,
    resets: u64,
}

impl UartBoard {
    /// A board that has just been switched on; its model is built, or taken from the cache. With a
    /// folder, it writes a waveform there.
    ///
    /// # Errors
    ///
    /// When the core cannot be emitted or built.
    pub fn new(
        parameters: &Parameters,
        speed: Speed,
        seed: u64,
        trace: Option<std::path::PathBuf>,
    ) -> Result<Self, CoreError> {
        let verilog = uart_core::verilog(parameters, speed, "");
        let verilog = verilog.map_err(|error| CoreError::Emit(format!("{error:?}")))?;
        let options = Options { trace, cache: None };
        let model = Model::build_with(uart_core::TOP, &verilog, options)?;
        let port = |name: &str| {
            let top = uart_core::TOP.to_owned();
            model.find(name).ok_or(SimError::NoClock { top })
        };
        let clocks_per_bit = f64::from(speed.clock_hz) / f64::from(speed.baud);
        Ok(Self {
            aclk: port("aclk")?,
            aresetn: port("aresetn")?,
            rx: port("rx")?,
            tx: port("tx")?,
            instance: model.instance(seed),
            speed,
            talker: Talker::new(clocks_per_bit),
            listener: Listener::new(clocks_per_bit),
            faults: [seed, !seed].map(|seed| Faults::new(Rates::default(), seed)),
            received: VecDeque::new(),
            stalled_until: 0,
            clocks: 0,
            reset_until: RESET_CLOCKS,
            resets: 0,
        })
    }

    /// Faults from now on, of bytes to the board and of those from it.
    pub fn set_faults(&mut self, rates: [Rates; 2]) {
        for (faults, rates) in self.faults.iter_mut().zip(rates) {
            faults.set(rates);
        }
    }

    /// Has faults happen to bytes of these numbers, to the board and from it, whatever the rates.
    pub fn plan_faults(&mut self, faults: [Vec<(u64, Fault)>; 2]) {
        for (line, faults) in self.faults.iter_mut().zip(faults) {
            line.plan(faults);
        }
    }

    /// What went wrong so far, to the board and from it.
    pub fn faults(&self) -> &[Faults; 2] {
        &self.faults
    }

    /// Clocks since it was switched on.
    pub fn clocks(&self) -> u64 {
        self.clocks
    }

    /// Its clock and baud rate.
    pub fn speed(&self) -> Speed {
        self.speed
    }

    /// Resets it.
    pub fn reset(&mut self) {
        self.reset_until = self.clocks + RESET_CLOCKS;
        self.resets += 1;
    }

    /// How often it was reset.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// Puts bytes on the wire to it, behind those that wait.
    pub fn send(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let talker = &mut self.talker;
            match self.faults[0].pass(byte, |byte| talker.send([byte])) {
                Some(Fault::Stall) => {
                    self.talker.pause(STALL_BYTES);
                }
                Some(_) => self.reset(),
                None => {}
            }
        }
    }

    /// Bytes that wait to go to it.
    pub fn waiting(&self) -> usize {
        self.talker.waiting()
    }

    /// Bytes that came from it.
    pub fn received(&mut self) -> Vec<u8> {
        match self.clocks < self.stalled_until {
            true => Vec::new(),
            false => self.received.drain(..).collect(),
        }
    }

    /// Clocks so often; whether a byte was on the wire in either direction.
    pub fn run(&mut self, clocks: u64) -> bool {
        let mut busy = false;
        for _ in 0..clocks {
            self.clocks += 1;
            let level = self.talker.level();
            self.instance.set_bit(self.rx, level);
            self.instance
                .set_bit(self.aresetn, self.clocks > self.reset_until);
            self.instance.settle();
            let heard = self.instance.bit(self.tx);
            self.instance.edge(self.aclk);
            busy |= !(level && heard);
            let Some(byte) = self.listener.hear(heard) else {
                continue;
            };
            let received = &mut self.received;
            match self.faults[1].pass(byte, |byte| received.push_back(byte)) {
                Some(Fault::Stall) => {
                    let clocks = 10.0 * STALL_BYTES * f64::from(self.speed.clock_hz);
                    self.stalled_until = self.clocks + (clocks / f64::from(self.speed.baud)) as u64;
                }
                Some(_) => self.reset(),
                None => {}
            }
        }
        busy
    }
}
