//! Registers of cores that are no hardware: they keep what is written and say what they are.

use dqa_hdl::core::identification;
use dqa_hdl::parameters::Parameters;
use dqa_hdl::registers::{ALL, Access, BYTES, Field};

/// The words, by offset divided by 4.
#[derive(Debug)]
pub(super) struct RegisterFile(Vec<u32>);

impl RegisterFile {
    /// Those of a core of these parameters after its reset.
    pub(super) fn new(parameters: &Parameters) -> Self {
        let mut words = vec![0; usize::from(BYTES / 4)];
        for register in ALL {
            words[usize::from(register.offset / 4)] = register.reset();
        }
        for (field, value) in identification(parameters).constants() {
            words[usize::from(field.offset / 4)] |= field.put(value);
        }
        Self(words)
    }

    /// A word; all ones where there is none, as on PCIe.
    pub(super) fn read(&self, offset: u16) -> u32 {
        let word = self.0.get(usize::from(offset / 4));
        word.copied().unwrap_or(u32::MAX)
    }

    /// Keeps what a register keeps of a word.
    pub(super) fn write(&mut self, offset: u16, word: u32) {
        if let Some(register) = ALL.iter().find(|register| register.offset == offset) {
            let keeps = register.mask(&[Access::ReadWrite, Access::Advance]);
            let kept = &mut self.0[usize::from(offset / 4)];
            *kept = *kept & !keeps | word & keeps;
        }
    }

    /// A field's value.
    pub(super) fn get(&self, field: Field) -> u32 {
        field.get(self.read(field.offset))
    }
}
