//! The registers in the card's user BAR: mapped into memory, or read and written where that is not
//! possible. The only unsafe code of the driver.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU32, Ordering};

use dqa_hdl::registers::BYTES;
use memmap2::{MmapOptions, MmapRaw};

use super::board::Registers;

/// Registers in memory.
struct Mapped(MmapRaw);

/// Registers in a file.
struct Plain(File);

/// The registers of a `user` node. Mapped where the file can be; a FUSE node with direct input and output
/// cannot.
pub(super) fn registers(user: File) -> Box<dyn Registers> {
    match MmapOptions::new().len(BYTES.into()).map_raw(&user) {
        Ok(map) => Box::new(Mapped(map)),
        Err(_) => Box::new(Plain(user)),
    }
}

impl Mapped {
    fn register(&self, offset: u16) -> io::Result<&AtomicU32> {
        let offset = usize::from(offset);
        if !offset.is_multiple_of(4) || offset + 4 > self.0.len() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: the map begins on a page, lives as long as `self`, and holds the four bytes at this
        // multiple of four. The hardware changes them at any time, as another thread would: an atomic is
        // made for that, and is one access of 32 bits.
        Ok(unsafe { AtomicU32::from_ptr(self.0.as_mut_ptr().add(offset).cast()) })
    }
}

impl Registers for Mapped {
    fn read(&mut self, offset: u16) -> io::Result<u32> {
        Ok(u32::from_le(self.register(offset)?.load(Ordering::SeqCst)))
    }

    fn write(&mut self, offset: u16, word: u32) -> io::Result<()> {
        self.register(offset)?.store(word.to_le(), Ordering::SeqCst);
        Ok(())
    }
}

impl Registers for Plain {
    fn read(&mut self, offset: u16) -> io::Result<u32> {
        let mut word = [0; 4];
        self.0.read_exact_at(&mut word, offset.into())?;
        Ok(u32::from_le_bytes(word))
    }

    fn write(&mut self, offset: u16, word: u32) -> io::Result<()> {
        self.0.write_all_at(&word.to_le_bytes(), offset.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_and_plain_registers_are_the_same() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("user");
        std::fs::write(&path, vec![0; BYTES.into()])?;
        let open = || File::options().read(true).write(true).open(&path);
        let map = MmapOptions::new().len(BYTES.into()).map_raw(&open()?)?;
        let (mut mapped, mut plain) = (Mapped(map), Plain(open()?));
        for offset in (0..BYTES).step_by(4) {
            mapped.write(offset, u32::from(offset) << 8)?;
            assert_eq!(plain.read(offset)?, u32::from(offset) << 8);
            plain.write(offset, 1)?;
            assert_eq!(mapped.read(offset)?, 1);
        }
        assert!(mapped.read(2).is_err() && mapped.read(BYTES).is_err());
        Ok(())
    }
}
