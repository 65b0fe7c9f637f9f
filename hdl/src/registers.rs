//! The registers of `dqa_core`, described once.
//!
//! [`ALL`] is the description: [`register_file`](crate::register_file) makes the hardware of it,
//! [`register_page`](crate::register_page) the documentation's page, and drivers read and write
//! registers by its constants:
//!
//! ```
//! use dqa_hdl::registers::{build0, load_addr};
//!
//! let word = 0x5843_2004; // as read from build0::REGISTER.offset
//! assert_eq!(build0::LANES.get(word), 4);
//! assert_eq!(load_addr::ADDRESS.put(0x10) | load_addr::CONTEXT.put(1), 0x2_0010);
//! ```
//!
//! A register has 32 bits; what no field names reads as 0 and is not written.

use dqa_golden::packet::Direction;

/// Bytes of the address space.
pub const BYTES: u16 = 1 << 12;

/// What reads and writes of a field do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Read only: fixed when the core is generated.
    Constant,
    /// Read only: what the hardware says now.
    ReadOnly,
    /// Read only: counts events, modulo `2^32`.
    Counter,
    /// Keeps what is written.
    ReadWrite,
    /// Keeps what is written, and the hardware adds 1.
    Advance,
    /// A write is an event, reads give 0.
    WriteOnly,
    /// A written 1 is an event of one clock, reads give 0.
    Pulse,
    /// The hardware sets a bit, a written 1 clears it.
    Sticky,
}

impl Access {
    /// The short name used in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Constant | Self::ReadOnly | Self::Counter => "ro",
            Self::ReadWrite | Self::Advance => "rw",
            Self::WriteOnly => "wo",
            Self::Pulse => "w1 pulse",
            Self::Sticky => "w1c",
        }
    }
}

/// Some bits of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its register's name.
    pub register: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its register's byte offset.
    pub offset: u16,
    /// Its most significant bit.
    pub high: u8,
    /// Its least significant bit.
    pub low: u8,
    /// What reads and writes do.
    pub access: Access,
    /// Its value after reset; 0 for [`Access::Constant`].
    pub reset: u32,
    /// What it is for, in Markdown.
    pub doc: &'static str,
}

impl Field {
    /// Bits.
    pub const fn width(&self) -> u32 {
        (self.high - self.low + 1) as u32
    }

    /// Its bits in the register, set.
    pub const fn mask(&self) -> u32 {
        (u32::MAX >> (32 - self.width())) << self.low
    }

    /// Its value in a register's word.
    pub const fn get(&self, word: u32) -> u32 {
        (word & self.mask()) >> self.low
    }

    /// A register's word with this value and all else 0.
    ///
    /// # Panics
    ///
    /// When the value does not fit.
    pub const fn put(&self, value: u32) -> u32 {
        assert!(
            value <= self.mask() >> self.low,
            "the value does not fit in the field"
        );
        value << self.low
    }

    /// The path that it is of, by its name or its register's.
    pub fn path(&self) -> Option<Direction> {
        let begins = |path: &str, field: &str| {
            self.register.starts_with(path) || self.name.starts_with(field)
        };
        match (begins("enc_", "ENCODER_"), begins("dec_", "DECODER_")) {
            (true, _) => Some(Direction::Write),
            (_, true) => Some(Direction::Read),
            _ => None,
        }
    }

    /// The name of what the hardware has of it: `register_field`.
    pub fn signal(&self) -> String {
        format!("{}_{}", self.register, self.name.to_lowercase())
    }
}

/// A register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Its name.
    pub name: &'static str,
    /// Its byte offset.
    pub offset: u16,
    /// Its fields, from the least significant bit on.
    pub fields: &'static [Field],
    /// What it is for, in Markdown.
    pub doc: &'static str,
}

impl Register {
    /// The bits of its fields whose access is one of these.
    pub fn mask(&self, access: &[Access]) -> u32 {
        let chosen = self.fields.iter().filter(|f| access.contains(&f.access));
        chosen.fold(0, |mask, field| mask | field.mask())
    }

    /// Its value after reset, constants as 0.
    pub fn reset(&self) -> u32 {
        self.fields.iter().fold(0, |word, f| word | f.put(f.reset))
    }
}

/// All fields, in the order of their addresses.
pub fn fields() -> impl Iterator<Item = &'static Field> {
    ALL.iter().flat_map(|register| register.fields)
}

/// A module for each register, in it a constant for each field and `REGISTER`; and `ALL`.
macro_rules! registers {
    ($(
        $(#[doc = $doc:literal])+
        $register:ident @ $offset:literal {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident [$high:literal : $low:literal] $access:ident $(= $reset:literal)?;
            )+
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            pub mod $register {
                use super::{Access, Field, Register};
                $(
                    $(#[doc = $field_doc])+
                    pub const $field: Field = Field {
                        register: stringify!($register),
                        name: stringify!($field),
                        offset: $offset,
                        high: $high,
                        low: $low,
                        access: Access::$access,
                        reset: 0 $(+ $reset)?,
                        doc: concat!($($field_doc),+),
                    };
                )+
                /// The register.
                pub const REGISTER: Register = Register {
                    name: stringify!($register),
                    offset: $offset,
                    fields: &[$($field),+],
                    doc: concat!($($doc),+),
                };
            }
        )+
        /// Every register, in the order of their addresses.
        pub const ALL: &[Register] = &[$($register::REGISTER),+];
    };
}

registers! {
    /// Tells that this is a DQA core.
    id @ 0x000 {
        /// `DQA1` in ASCII, its first letter in the low byte.
        MAGIC [31:0] Constant;
    }
    /// Version of the core.
    version @ 0x004 {
        /// Bug fixes.
        PATCH [7:0] Constant;
        /// Additions: a driver of an older minor version still works.
        MINOR [15:8] Constant;
        /// Changes that a driver has to know. While it is 0, MINOR counts those.
        MAJOR [23:16] Constant;
    }
    /// What the core was generated for: the arithmetic.
    build0 @ 0x008 {
        /// Lanes S: samples a beat.
        LANES [7:0] Constant;
        /// Bits W of a code word.
        WORD_BITS [15:8] Constant;
        /// Largest n.
        MAX_BITS [19:16] Constant;
        /// Largest m.
        MAX_EXTRA [23:20] Constant;
        /// Longest code in bits.
        MAX_CODE_LENGTH [27:24] Constant;
        /// Most symbol bits t.
        SYMBOL_BITS [31:28] Constant;
    }
    /// What the core was generated for: the tables.
    build1 @ 0x00c {
        /// Rows of a context's channel table.
        CHANNELS [15:0] Constant;
        /// Contexts of each path.
        CONTEXTS [23:16] Constant;
        /// Behind a serial port: its room for the requests of each path, in 64 bytes.
        LINK_ROOM [31:24] Constant;
    }
    /// What is built in.
    features @ 0x010 {
        /// The scan operation.
        SCAN [0:0] Constant;
        /// Histograms of codes in the answer to a scan.
        HISTOGRAM [1:1] Constant;
        /// The write path. Where a path is not built in, its registers do nothing, its counters stay 0,
        /// and what is sent to it is dropped.
        ENCODE [2:2] Constant;
        /// The read path.
        DECODE [3:3] Constant;
        /// The counters; where they are not built in, they stay 0.
        COUNTERS [4:4] Constant;
        /// Scales found while the data passes: beats of the longest plane. 0 if not built in.
        DYNAMIC_BEATS [31:16] Constant;
    }
    /// Does nothing: for trying out the bus.
    scratch @ 0x014 {
        /// Any value.
        VALUE [31:0] ReadWrite;
    }
    /// Commands to the whole core.
    control @ 0x020 {
        /// Resets both paths: packets under way are lost, the next packet may have any sequence
        /// number. Registers and loaded contexts stay as they are.
        SOFT_RESET [0:0] Pulse;
        /// Sets all counters to 0.
        CLEAR_COUNTERS [1:1] Pulse;
        /// While 1 no counter counts, so that what is read belongs together.
        HOLD_COUNTERS [8:8] ReadWrite;
        /// While 1 a packet whose sequence number is neither the last one nor the one after is
        /// refused with status 10.
        CHECK_SEQUENCE [9:9] ReadWrite = 1;
    }
    /// What the paths are doing.
    status @ 0x024 {
        /// The write path is inside a packet.
        ENCODER_BUSY [0:0] ReadOnly;
        /// The read path is inside a packet.
        DECODER_BUSY [1:1] ReadOnly;
    }
    /// Which contexts may be used, one bit for each. To replace one: clear its valid bit, wait until
    /// it is not busy, load it, set the bit.
    contexts @ 0x028 {
        /// Packets may use this context of the write path; others get status 8.
        ENCODER_VALID [1:0] ReadWrite;
        /// Packets may use this context of the read path; others get status 8.
        DECODER_VALID [9:8] ReadWrite;
        /// A packet under way uses this context of the write path.
        ENCODER_BUSY [17:16] ReadOnly;
        /// A packet under way uses this context of the read path.
        DECODER_BUSY [25:24] ReadOnly;
    }
    /// Plane length of the write path's context 0.
    enc_plane_len0 @ 0x030 {
        /// Samples; a packet of any other plane length gets status 9.
        SAMPLES [20:0] ReadWrite;
    }
    /// Plane length of the write path's context 1.
    enc_plane_len1 @ 0x034 {
        /// Samples; a packet of any other plane length gets status 9.
        SAMPLES [20:0] ReadWrite;
    }
    /// Plane length of the read path's context 0.
    dec_plane_len0 @ 0x038 {
        /// Samples; a packet of any other plane length gets status 9.
        SAMPLES [20:0] ReadWrite;
    }
    /// Plane length of the read path's context 1.
    dec_plane_len1 @ 0x03c {
        /// Samples; a packet of any other plane length gets status 9.
        SAMPLES [20:0] ReadWrite;
    }
    /// Where the next write of LOAD_DATA goes.
    load_addr @ 0x040 {
        /// Address in the load map. Each write of LOAD_DATA adds 1, also one that is refused.
        ADDRESS [16:0] Advance;
        /// Context.
        CONTEXT [17:17] ReadWrite;
        /// 0 the write path, 1 the read path.
        PATH [18:18] ReadWrite;
    }
    /// Loads a context. Only whole words: a write with a byte strobe off answers SLVERR and does nothing.
    load_data @ 0x044 {
        /// Data for the load map, at LOAD_ADDR. Refused if a packet under way uses the context.
        WORD [31:0] WriteOnly;
    }
    /// Status codes of the write path's packets.
    enc_errors @ 0x050 {
        /// Bit k of the register: a packet ended with status k.
        SEEN [15:1] Sticky;
    }
    /// Status codes of the read path's packets.
    dec_errors @ 0x054 {
        /// Bit k of the register: a packet ended with status k.
        SEEN [15:1] Sticky;
    }
    /// Which bits of IRQ_STATUS raise the interrupt.
    irq_enable @ 0x058 {
        /// The write path ended a packet.
        ENCODER_DONE [0:0] ReadWrite;
        /// The read path ended a packet.
        DECODER_DONE [1:1] ReadWrite;
        /// The write path ended a packet with a status other than 0.
        ENCODER_ERROR [2:2] ReadWrite;
        /// The read path ended a packet with a status other than 0.
        DECODER_ERROR [3:3] ReadWrite;
        /// A write of LOAD_DATA was refused.
        LOAD_REFUSED [4:4] ReadWrite;
    }
    /// What happened since its bit was cleared. The interrupt is high while a bit is set here and in IRQ_ENABLE.
    irq_status @ 0x05c {
        /// The write path ended a packet.
        ENCODER_DONE [0:0] Sticky;
        /// The read path ended a packet.
        DECODER_DONE [1:1] Sticky;
        /// The write path ended a packet with a status other than 0.
        ENCODER_ERROR [2:2] Sticky;
        /// The read path ended a packet with a status other than 0.
        DECODER_ERROR [3:3] Sticky;
        /// A write of LOAD_DATA was refused.
        LOAD_REFUSED [4:4] Sticky;
    }
    /// Time, as the other counters see it. All counters wrap around, lag behind by up to 17 clocks,
    /// and are cleared by CONTROL.
    cycles @ 0x080 {
        /// Clocks.
        COUNT [31:0] Counter;
    }
    /// Packets of the write path.
    enc_packets @ 0x084 {
        /// Packets ended, errors among them.
        COUNT [31:0] Counter;
    }
    /// Errors of the write path.
    enc_failed @ 0x088 {
        /// Packets ended with a status other than 0.
        COUNT [31:0] Counter;
    }
    /// Input of the write path.
    enc_beats_in @ 0x08c {
        /// Beats taken.
        COUNT [31:0] Counter;
    }
    /// Output of the write path.
    enc_beats_out @ 0x090 {
        /// Beats given.
        COUNT [31:0] Counter;
    }
    /// Waiting at the write path's input.
    enc_stalls_in @ 0x094 {
        /// Clocks in which the input was valid and not ready.
        COUNT [31:0] Counter;
    }
    /// Waiting at the write path's output.
    enc_stalls_out @ 0x098 {
        /// Clocks in which the output was valid and not ready.
        COUNT [31:0] Counter;
    }
    /// Packets of the read path.
    dec_packets @ 0x09c {
        /// Packets ended, errors among them.
        COUNT [31:0] Counter;
    }
    /// Errors of the read path.
    dec_failed @ 0x0a0 {
        /// Packets ended with a status other than 0.
        COUNT [31:0] Counter;
    }
    /// Input of the read path.
    dec_beats_in @ 0x0a4 {
        /// Beats taken.
        COUNT [31:0] Counter;
    }
    /// Output of the read path.
    dec_beats_out @ 0x0a8 {
        /// Beats given.
        COUNT [31:0] Counter;
    }
    /// Waiting at the read path's input.
    dec_stalls_in @ 0x0ac {
        /// Clocks in which the input was valid and not ready.
        COUNT [31:0] Counter;
    }
    /// Waiting at the read path's output.
    dec_stalls_out @ 0x0b0 {
        /// Clocks in which the output was valid and not ready.
        COUNT [31:0] Counter;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn registers_are_apart_aligned_and_ascending() {
        for pair in ALL.windows(2) {
            assert!(pair[0].offset < pair[1].offset, "{}", pair[1].name);
        }
        for register in ALL {
            assert!(register.offset % 4 == 0 && register.offset < BYTES);
        }
    }

    #[test]
    fn fields_are_apart_and_ascending_and_named_once() {
        let mut names = HashSet::new();
        for register in ALL {
            let mut from = 0;
            for field in register.fields {
                assert!(field.low >= from && field.high >= field.low && field.high < 32);
                assert!(names.insert(field.signal()), "{} twice", field.signal());
                from = field.high + 1;
            }
        }
    }

    #[test]
    fn a_field_is_of_the_path_that_it_names() {
        assert_eq!(enc_errors::SEEN.path(), Some(Direction::Write));
        assert_eq!(contexts::DECODER_VALID.path(), Some(Direction::Read));
        assert_eq!(build0::LANES.path(), None);
        let of = |path| fields().filter(move |field| field.path() == Some(path));
        assert_eq!(of(Direction::Write).count(), of(Direction::Read).count());
    }

    #[test]
    fn only_what_keeps_a_value_has_one_at_reset() {
        for field in fields() {
            field.put(field.reset);
            let keeps = matches!(field.access, Access::ReadWrite | Access::Advance);
            assert!(keeps || field.reset == 0, "{}", field.signal());
        }
    }

    #[test]
    fn counters_and_writes_that_are_events_have_the_whole_register() {
        for field in fields() {
            if matches!(field.access, Access::Counter | Access::WriteOnly) {
                assert_eq!(field.mask(), u32::MAX, "{}", field.signal());
            }
        }
    }

    #[test]
    fn an_interrupt_is_enabled_by_the_bit_of_its_own_place() {
        let shape = |register: Register| {
            let fields = register
                .fields
                .iter()
                .map(|f| (f.name, f.high, f.low, f.doc));
            fields.collect::<Vec<_>>()
        };
        assert_eq!(shape(irq_enable::REGISTER), shape(irq_status::REGISTER));
    }
}
