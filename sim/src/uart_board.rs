//! A verilated board on a serial port: `dqa_uart`, or another design with a serial port, with the far end of
//! its wire.

use std::collections::VecDeque;

use dqa_hdl::link::uart_core::{self, Speed};
use dqa_hdl::parameters::Parameters;

use crate::account::Account;
use crate::faults::{Event, Fault, Faults, Rates};
use crate::model::Instance;
use crate::uart::{Listener, Talker};
use crate::{CoreError, Model, Options, SimError};

/// Clocks of a reset.
const RESET_CLOCKS: u64 = 8;
/// Bits that a stalled direction pauses for.
const STALL_BITS: f64 = 2000.0;
/// Bits of a break.
const BREAK_BITS: f64 = 25.0;

/// A direction of the wire.
#[derive(Debug)]
struct Line {
    faults: Faults,
    account: Account,
}

impl Line {
    fn new(seed: u64) -> Self {
        Self {
            faults: Faults::new(Rates::default(), seed),
            account: Account::default(),
        }
    }

    /// A byte goes in; `out` gets what comes out, after `as_read`.
    fn pass(&mut self, byte: u8, as_read: fn(Event) -> Event, mut out: impl FnMut(Event)) {
        let account = &mut self.account;
        account.sent(byte);
        let fault = self.faults.pass(byte, |event| {
            let event = as_read(event);
            account.came(event);
            out(event);
        });
        account.passed(byte, fault);
    }
}

/// A host reads a break as the byte 0.
fn as_host_reads(event: Event) -> Event {
    match event {
        Event::Break => Event::Byte(0),
        other => other,
    }
}

/// A board. Bytes go in and come out; in between they are bits on its pins.
#[derive(Debug)]
pub struct UartBoard {
    instance: Instance,
    clock: usize,
    reset: usize,
    reset_level: bool,
    rx: usize,
    tx: usize,
    speed: Speed,
    talker: Talker,
    listener: Listener,
    /// The host's, in bits a second.
    host_baud: u32,
    /// To the board and from it.
    lines: [Line; 2],
    received: VecDeque<u8>,
    /// From when on they are handed out.
    stalled_until: u64,
    clocks: u64,
    reset_until: u64,
    resets: u64,
}

/// A design with a serial port whose pins are called `rx` and `tx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Design<'a> {
    /// Its Verilog.
    pub verilog: &'a str,
    /// Name of the top module.
    pub top: &'a str,
    /// Its clock pin, whose rate is that of its [`Speed`].
    pub clock: &'a str,
    /// Its reset pin.
    pub reset: &'a str,
    /// Level of that which resets.
    pub reset_level: bool,
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
        let design = Design {
            verilog: &verilog,
            top: uart_core::TOP,
            clock: "aclk",
            reset: "aresetn",
            reset_level: false,
        };
        Self::of(&design, speed, seed, trace)
    }

    /// As [`new`](Self::new), with this design in place of the core's own: a board's top, or a netlist.
    ///
    /// # Errors
    ///
    /// When the design cannot be built, or lacks one of the pins.
    pub fn of(
        design: &Design<'_>,
        speed: Speed,
        seed: u64,
        trace: Option<std::path::PathBuf>,
    ) -> Result<Self, CoreError> {
        let options = Options { trace, cache: None };
        let model = Model::build_with(design.top, design.verilog, options)?;
        let port = |name: &str| {
            let (top, port) = (design.top.to_owned(), name.to_owned());
            model.find(name).ok_or(SimError::NoPort { top, port })
        };
        let clocks_per_bit = f64::from(speed.clock_hz) / f64::from(speed.baud);
        Ok(Self {
            clock: port(design.clock)?,
            reset: port(design.reset)?,
            reset_level: design.reset_level,
            rx: port("rx")?,
            tx: port("tx")?,
            instance: model.instance(seed),
            speed,
            host_baud: speed.baud,
            talker: Talker::new(clocks_per_bit),
            listener: Listener::new(clocks_per_bit),
            lines: [seed, !seed].map(Line::new),
            received: VecDeque::new(),
            stalled_until: 0,
            clocks: 0,
            reset_until: RESET_CLOCKS,
            resets: 0,
        })
    }

    /// Faults from now on, of bytes to the board and of those from it.
    pub fn set_faults(&mut self, rates: [Rates; 2]) {
        for (line, rates) in self.lines.iter_mut().zip(rates) {
            line.faults.set(rates);
        }
    }

    /// Has faults happen to bytes of these numbers, to the board and from it, whatever the rates.
    pub fn plan_faults(&mut self, faults: [Vec<(u64, Fault)>; 2]) {
        for (line, faults) in self.lines.iter_mut().zip(faults) {
            line.faults.plan(faults);
        }
    }

    /// What became of the faults so far, to the board and from it.
    pub fn accounts(&self) -> [&Account; 2] {
        self.lines.each_ref().map(|line| &line.account)
    }

    /// Another baud rate of the host, from the next byte on; at first it is the board's.
    pub fn set_host_baud(&mut self, baud: u32) {
        if baud == self.host_baud {
            return;
        }
        self.host_baud = baud;
        let clocks_per_bit = f64::from(self.speed.clock_hz) / f64::from(baud);
        self.talker.set_rate(clocks_per_bit);
        self.listener.set_rate(clocks_per_bit);
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
        let mut resets = false;
        let [line, _] = &mut self.lines;
        for &byte in bytes {
            let talker = &mut self.talker;
            line.pass(
                byte,
                |event| event,
                |event| match event {
                    Event::Byte(byte) => talker.send([byte]),
                    Event::Stall => talker.pause(STALL_BITS),
                    Event::Break => talker.low(BREAK_BITS),
                    Event::Reset => resets = true,
                },
            );
        }
        if resets {
            self.reset();
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
            let resets = self.clocks <= self.reset_until;
            self.instance
                .set_bit(self.reset, resets == self.reset_level);
            self.instance.settle();
            // As long as it resets, what was on its pin before says nothing.
            let heard = resets || self.instance.bit(self.tx);
            self.instance.edge(self.clock);
            busy |= !(level && heard);
            let Some(byte) = self.listener.hear(heard) else {
                continue;
            };
            self.heard(byte);
        }
        busy
    }

    /// A byte comes from it.
    fn heard(&mut self, byte: u8) {
        let mut resets = false;
        let received = &mut self.received;
        let stalled_until = &mut self.stalled_until;
        let stall = STALL_BITS * f64::from(self.speed.clock_hz) / f64::from(self.host_baud);
        let until = self.clocks + stall as u64;
        let [_, line] = &mut self.lines;
        line.pass(byte, as_host_reads, |event| match event {
            Event::Byte(byte) => received.push_back(byte),
            Event::Stall => *stalled_until = until,
            Event::Reset => resets = true,
            Event::Break => {}
        });
        if resets {
            self.reset();
        }
    }
}
