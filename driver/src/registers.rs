//! A core's registers, over whatever bus reaches them.
//!
//! The constants are those of the description that the hardware is made from:
//! `dqa_hdl::registers`.

use dqa_hdl::identification::{Identification, IdentificationError};
use dqa_hdl::registers::{ALL, Access, Field};

/// Reads and writes of words at byte offsets from the core's address.
pub trait RegisterBus {
    /// Why a read or write fails.
    type Error: From<IdentificationError>;

    /// Reads a register.
    fn read(&mut self, offset: u16) -> Result<u32, Self::Error>;

    /// Writes a register.
    fn write(&mut self, offset: u16, word: u32) -> Result<(), Self::Error>;

    /// A field's value.
    fn get(&mut self, field: Field) -> Result<u32, Self::Error> {
        Ok(field.get(self.read(field.offset)?))
    }

    /// Writes a field and leaves the others of its register as they are.
    ///
    /// # Panics
    ///
    /// When the value does not fit in the field.
    fn set(&mut self, field: Field, value: u32) -> Result<(), Self::Error> {
        let register = ALL.iter().find(|r| r.offset == field.offset);
        let keeps = [Access::ReadWrite, Access::Advance];
        // 0 is no event, and clears nothing.
        let others = register.map_or(0, |r| r.mask(&keeps)) & !field.mask();
        let kept = match others {
            0 => 0,
            _ => self.read(field.offset)? & others,
        };
        self.write(field.offset, kept | field.put(value))
    }

    /// What the core is.
    fn identify(&mut self) -> Result<Identification, Self::Error> {
        Identification::read(|offset| self.read(offset))
    }
}
