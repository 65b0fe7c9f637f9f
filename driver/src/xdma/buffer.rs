//! Buffers whose bytes begin on a page, as DMA engines like them.

/// Bytes of a page.
const PAGE: usize = 4096;

/// A buffer of fixed capacity that begins on a page.
#[derive(Debug)]
pub(super) struct Buffer {
    /// A page longer than the capacity; never grows, so that it stays where it is.
    bytes: Vec<u8>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// An empty one.
    pub(super) fn new(capacity: usize) -> Self {
        let bytes = vec![0; capacity + PAGE];
        Self {
            start: bytes.as_ptr().align_offset(PAGE).min(PAGE),
            bytes,
            len: 0,
        }
    }

    fn capacity(&self) -> usize {
        self.bytes.len() - PAGE
    }

    /// Puts bytes behind those that are in it, as many as fit, and says how many.
    pub(super) fn fill(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.capacity() - self.len);
        let at = self.start + self.len;
        self.bytes[at..at + count].copy_from_slice(&bytes[..count]);
        self.len += count;
        count
    }

    pub(super) fn is_full(&self) -> bool {
        self.len == self.capacity()
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// What is in it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.len]
    }

    /// Fills it anew by `read`, which gets all of it and says how much it used.
    pub(super) fn read<E>(
        &mut self,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let capacity = self.capacity();
        self.len = 0;
        self.len = read(&mut self.bytes[self.start..self.start + capacity])?.min(capacity);
        Ok(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_on_a_page_and_takes_what_fits() {
        for capacity in [1, 4096, 100_000] {
            let mut buffer = Buffer::new(capacity);
            assert_eq!(buffer.bytes().as_ptr().addr() % PAGE, 0);
            assert_eq!(buffer.fill(&vec![7; capacity - 1]), capacity - 1);
            assert_eq!(buffer.fill(&[8, 9]), 1);
            assert!(buffer.is_full());
            assert_eq!(buffer.bytes().last(), Some(&8));
            buffer.clear();
            assert!(buffer.bytes().is_empty());
            let read = |into: &mut [u8]| {
                into.fill(3);
                Ok::<_, ()>(into.len() / 2)
            };
            assert_eq!(buffer.read(read), Ok(capacity / 2));
            assert_eq!(buffer.bytes(), vec![3; capacity / 2]);
        }
    }
}
