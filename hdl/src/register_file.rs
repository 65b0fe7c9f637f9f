//! Register file: the registers of [`registers`](crate::registers) as hardware.
//!
//! | port | direction | meaning |
//! |---|---|---|
//! | `clock`, `aresetn` | in | clock, active-low synchronous reset |
//! | `write`, `write_address`, `write_data`, `write_strobe` | in | write one word: its address / 4, a bit for each byte |
//! | `write_error` | out | that is refused, and does nothing |
//! | `read_address` | in | address / 4 |
//! | `read_data`, `read_error` | out | the word; there is none (and `read_data` is 0) |
//! | `irq` | out | a bit is set in IRQ_STATUS and IRQ_ENABLE |
//! | `events`, `counter`, `count` | out, out, in | a [counter bank](crate::counter_bank): what to count, which to read, its value |
//! | `register_field` | | by the field's access, see below |
//!
//! | access | port |
//! |---|---|
//! | `ReadOnly` | in: its value |
//! | `Counter` | in: count one |
//! | `Sticky` | in: bits to set, which wins over clearing them |
//! | `ReadWrite` | out: its value; left out where nobody wants it |
//! | `Advance` | out: its value; and in, `..._advance`: add 1 |
//! | `Pulse` | out: high in the clock of the write |
//! | `WriteOnly` | out: what is written; and `..._write`: high in the clock of a write |
//!
//! Fields of a path that the core lacks, as FEATURES says, keep nothing. The Verilog is made from the description by [`register_verilog`]; the ports are compared with it
//! when the block is built. Latency 0 for reads, 1 clock for writes; one of each a clock.

use std::collections::HashMap;

use dqa_golden::packet::Direction;
use rust_hdl::prelude::*;

use crate::register_verilog;
use crate::registers::{ALL, Access, Field, Register, features, fields, irq_enable, irq_status};

/// Counters that the description has.
pub const COUNTERS: usize = {
    let (mut count, mut at) = (0, 0);
    while at < ALL.len() {
        if matches!(ALL[at].fields[0].access, Access::Counter) {
            count += 1;
        }
        at += 1;
    }
    count
};

/// A port's value as a number.
trait Word: Synth {
    fn from_word(word: u32) -> Self;
    fn to_word(self) -> u32;
}

impl Word for Bit {
    fn from_word(word: u32) -> Self {
        word != 0
    }

    fn to_word(self) -> u32 {
        self.into()
    }
}

impl<const N: usize> Word for Bits<N> {
    fn from_word(word: u32) -> Self {
        bits(word.into())
    }

    fn to_word(self) -> u32 {
        self.to_u64().try_into().expect("at most 32 bits")
    }
}

/// The block, with its ports by name for the description's sake.
macro_rules! register_file {
    (
        in { $($input:ident: $input_type:ident$(<$input_bits:literal>)?,)+ }
        out { $($output:ident: $output_type:ident$(<$output_bits:literal>)?,)+ }
    ) => {
        /// The register file; see the module's text.
        #[derive(LogicBlock)]
        #[allow(missing_docs)]
        pub struct RegisterFile {
            pub clock: Signal<In, Clock>,
            pub aresetn: Signal<In, Bit>,
            pub write: Signal<In, Bit>,
            pub write_address: Signal<In, Bits<10>>,
            pub write_data: Signal<In, Bits<32>>,
            pub write_strobe: Signal<In, Bits<4>>,
            pub write_error: Signal<Out, Bit>,
            pub read_address: Signal<In, Bits<10>>,
            pub read_data: Signal<Out, Bits<32>>,
            pub read_error: Signal<Out, Bit>,
            pub irq: Signal<Out, Bit>,
            pub events: Signal<Out, Bits<COUNTERS>>,
            pub counter: Signal<Out, Bits<4>>,
            pub count: Signal<In, Bits<32>>,
            $(pub $input: Signal<In, $input_type$(<$input_bits>)?>,)+
            $(pub $output: Signal<Out, $output_type$(<$output_bits>)?>,)+
            _constants: Vec<(Field, u32)>,
            _stored: Vec<u32>,
        }

        const INPUTS: &[(&str, usize)] =
            &[$((stringify!($input), <$input_type$(<$input_bits>)? as Synth>::BITS)),+];
        const OUTPUTS: &[(&str, usize)] =
            &[$((stringify!($output), <$output_type$(<$output_bits>)? as Synth>::BITS)),+];

        impl RegisterFile {
            /// A register file whose constants have these values.
            ///
            /// # Panics
            ///
            /// When a constant of the description is left out or named twice.
            pub fn new(constants: Vec<(Field, u32)>) -> Self {
                check_ports();
                check_counters();
                check_constants(&constants);
                Self {
                    clock: Default::default(),
                    aresetn: Default::default(),
                    write: Default::default(),
                    write_address: Default::default(),
                    write_data: Default::default(),
                    write_strobe: Default::default(),
                    write_error: Default::default(),
                    read_address: Default::default(),
                    read_data: Default::default(),
                    read_error: Default::default(),
                    irq: Default::default(),
                    events: Default::default(),
                    counter: Default::default(),
                    count: Default::default(),
                    $($input: Default::default(),)+
                    $($output: Default::default(),)+
                    _constants: constants,
                    _stored: vec![0; ALL.len()],
                }
            }

            fn inputs(&self) -> HashMap<&'static str, u32> {
                [$((stringify!($input), self.$input.val().to_word())),+].into()
            }

            fn drive(&mut self, value: impl Fn(&str) -> u32) {
                $(self.$output.next = Word::from_word(value(stringify!($output)));)+
            }

            fn connect_outputs(&mut self) {
                $(self.$output.connect();)+
            }
        }
    };
}

register_file! {
    in {
        status_encoder_busy: Bit,
        status_decoder_busy: Bit,
        contexts_encoder_busy: Bits<2>,
        contexts_decoder_busy: Bits<2>,
        load_addr_address_advance: Bit,
        enc_errors_seen: Bits<15>,
        dec_errors_seen: Bits<15>,
        irq_status_encoder_done: Bit,
        irq_status_decoder_done: Bit,
        irq_status_encoder_error: Bit,
        irq_status_decoder_error: Bit,
        irq_status_load_refused: Bit,
        cycles_count: Bit,
        enc_packets_count: Bit,
        enc_failed_count: Bit,
        enc_beats_in_count: Bit,
        enc_beats_out_count: Bit,
        enc_stalls_in_count: Bit,
        enc_stalls_out_count: Bit,
        dec_packets_count: Bit,
        dec_failed_count: Bit,
        dec_beats_in_count: Bit,
        dec_beats_out_count: Bit,
        dec_stalls_in_count: Bit,
        dec_stalls_out_count: Bit,
    }
    out {
        control_soft_reset: Bit,
        control_clear_counters: Bit,
        control_hold_counters: Bit,
        control_check_sequence: Bit,
        contexts_encoder_valid: Bits<2>,
        contexts_decoder_valid: Bits<2>,
        enc_plane_len0_samples: Bits<21>,
        enc_plane_len1_samples: Bits<21>,
        dec_plane_len0_samples: Bits<21>,
        dec_plane_len1_samples: Bits<21>,
        load_addr_address: Bits<17>,
        load_addr_context: Bit,
        load_addr_path: Bit,
        load_data_word: Bits<32>,
        load_data_word_write: Bit,
    }
}

/// Whether the ports are those of the description.
fn check_ports() {
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for field in fields() {
        let (port, width) = (field.signal(), field.width() as usize);
        match field.access {
            Access::Constant => {}
            Access::ReadOnly | Access::Sticky => inputs.push((port, width)),
            Access::Counter => inputs.push((port, 1)),
            Access::ReadWrite if !OUTPUTS.iter().any(|(name, _)| *name == port) => {}
            Access::ReadWrite | Access::Pulse => outputs.push((port, width)),
            Access::Advance => {
                inputs.push((port.clone() + "_advance", 1));
                outputs.push((port, width));
            }
            Access::WriteOnly => {
                outputs.push((port.clone() + "_write", 1));
                outputs.push((port, width));
            }
        }
    }
    for (mut wanted, ports) in [(inputs, INPUTS), (outputs, OUTPUTS)] {
        let ports = ports.iter().map(|&(name, width)| (name.to_owned(), width));
        let mut ports: Vec<_> = ports.collect();
        wanted.sort();
        ports.sort();
        assert_eq!(ports, wanted, "ports of the register file and description");
    }
}

/// Whether a counter's number is its word address modulo 16.
fn check_counters() {
    let counters = fields().filter(|f| f.access == Access::Counter);
    let addresses: Vec<_> = counters.map(|f| f.offset / 4).collect();
    let from = addresses[0];
    assert!(from % 16 == 0 && addresses.len() <= 16);
    assert!(addresses.iter().copied().eq((from..).take(COUNTERS)));
}

fn check_constants(constants: &[(Field, u32)]) {
    let mut named: Vec<_> = constants.iter().map(|(f, _)| f.signal()).collect();
    let wanted = fields().filter(|f| f.access == Access::Constant);
    let mut wanted: Vec<_> = wanted.map(Field::signal).collect();
    named.sort();
    wanted.sort();
    assert_eq!(named, wanted, "constants of the register file");
}

impl RegisterFile {
    fn constant(&self, field: &Field) -> u32 {
        let found = self._constants.iter().find(|(f, _)| f == field);
        found.expect("each constant has a value").1
    }

    /// Whether a field is of a path that the core lacks: it keeps nothing, and reads as 0.
    fn absent(&self, field: &Field) -> bool {
        match field.path() {
            Some(Direction::Write) => self.constant(&features::ENCODE) == 0,
            Some(Direction::Read) => self.constant(&features::DECODE) == 0,
            None => false,
        }
    }

    /// The enabled bits of a write to this register; none if there is no write.
    fn enabled(&self, register: &Register) -> u32 {
        let here = self.write_address.val().to_word() == u32::from(register.offset / 4);
        let strobe = self.write_strobe.val().to_word();
        let bytes = (0..4).filter(|byte| strobe >> byte & 1 == 1);
        let mask = bytes.fold(0, |mask, byte| mask | 0xff << (8 * byte));
        if self.write.val() && here { mask } else { 0 }
    }

    /// What a register holds after the clock.
    fn next(&self, register: &Register, stored: u32, inputs: &HashMap<&str, u32>) -> u32 {
        let enabled = self.enabled(register);
        let data = self.write_data.val().to_word();
        register.fields.iter().fold(0, |word, field| {
            let mask = field.mask() & enabled;
            let kept = match field.access {
                _ if self.absent(field) => 0,
                Access::ReadWrite => stored & !mask | data & mask,
                Access::Advance => {
                    let advance = inputs[&*(field.signal() + "_advance")] << field.low;
                    stored.wrapping_add(advance) & !mask | data & mask
                }
                Access::Sticky => stored & !(data & mask) | field.put(inputs[&*field.signal()]),
                _ => 0,
            };
            word | kept & field.mask()
        })
    }

    /// What a read of a register gives.
    fn word(&self, register: &Register, stored: u32, inputs: &HashMap<&str, u32>) -> u32 {
        register.fields.iter().fold(0, |word, field| {
            let value = match field.access {
                Access::Constant => self.constant(field),
                Access::ReadOnly => inputs[&*field.signal()],
                Access::Counter => self.count.val().to_word(),
                Access::ReadWrite | Access::Advance | Access::Sticky => field.get(stored),
                Access::WriteOnly | Access::Pulse => 0,
            };
            word | field.put(value)
        })
    }
}

impl Logic for RegisterFile {
    fn update(&mut self) {
        let inputs = self.inputs();
        if self.clock.pos_edge() {
            let next = ALL.iter().zip(&self._stored).map(|(register, &stored)| {
                if self.aresetn.val() {
                    self.next(register, stored, &inputs)
                } else {
                    register.reset()
                }
            });
            self._stored = next.collect();
        }

        let mut outputs = HashMap::new();
        let (mut read, mut write_error) = (None, true);
        for (register, &stored) in ALL.iter().zip(&self._stored) {
            let enabled = self.enabled(register);
            for field in register.fields {
                let (port, data) = (field.signal(), self.write_data.val().to_word());
                let value = match field.access {
                    Access::Pulse => field.get(data & enabled),
                    Access::WriteOnly => {
                        outputs.insert(port.clone() + "_write", u32::from(enabled == u32::MAX));
                        data
                    }
                    _ => field.get(stored),
                };
                outputs.insert(port, value);
            }
            if self.read_address.val().to_word() == u32::from(register.offset / 4) {
                read = Some(self.word(register, stored, &inputs));
            }
            if self.write_address.val().to_word() == u32::from(register.offset / 4) {
                let whole = register.mask(&[Access::WriteOnly]) != 0;
                write_error = whole && self.write_strobe.val().to_word() != 0xf;
            }
        }
        self.drive(|port| outputs[port]);
        self.write_error.next = write_error;
        self.read_data.next = Word::from_word(read.unwrap_or(0));
        self.read_error.next = read.is_none();
        let stored = |register: Register| {
            let at = ALL.iter().position(|r| *r == register);
            self._stored[at.expect("a register")]
        };
        let raised = stored(irq_status::REGISTER) & stored(irq_enable::REGISTER);
        self.irq.next = raised != 0;
        let counters = fields().filter(|f| f.access == Access::Counter);
        let events = counters.enumerate();
        let events = events.fold(0, |all, (at, field)| all | inputs[&*field.signal()] << at);
        self.events.next = Word::from_word(events);
        self.counter.next = Word::from_word(self.read_address.val().to_word() & 15);
    }

    fn connect(&mut self) {
        self.connect_outputs();
        self.write_error.connect();
        self.read_data.connect();
        self.read_error.connect();
        self.irq.connect();
        self.events.connect();
        self.counter.connect();
    }

    fn hdl(&self) -> Verilog {
        let ports: Vec<_> = OUTPUTS.iter().map(|(name, _)| *name).collect();
        Verilog::Wrapper(Wrapper {
            code: register_verilog::body(
                &ports,
                |field| self.constant(field),
                |field| self.absent(field),
            ),
            cores: String::new(),
        })
    }
}
