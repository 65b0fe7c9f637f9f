//! The registers in the card's user BAR: mapped into memory, or read and written where that is not
//! possible. The only unsafe code of the driver.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

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
    /// Where a register is: within the map, and a multiple of 4 from its start, which is that of a page.
    fn register(&self, offset: u16) -> io::Result<*mut u32> {
        let offset = usize::from(offset);
        if !offset.is_multiple_of(4) || offset + 4 > self.0.len() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        Ok(self.0.as_mut_ptr().wrapping_add(offset).cast())
    }
}

impl Registers for Mapped {
    fn read(&mut self, offset: u16) -> io::Result<u32> {
        let register = self.register(offset)?;
        // SAFETY: the four bytes are in the map, which lives as long as `self`, and begin at a multiple of
        // four. The hardware changes them at any time: a volatile read is one access, and done each time.
        Ok(u32::from_le(unsafe { register.read_volatile() }))
    }

    fn write(&mut self, offset: u16, word: u32) -> io::Result<()> {
        let register = self.register(offset)?;
        // SAFETY: as in `read`. An atomic would do on memory, but exchanges where it is to stay in order,
        // and bus locks and reads are not for registers.
        unsafe { register.write_volatile(word.to_le()) };
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
