//! Buffers of what is sent, whose bytes begin on a page, as DMA engines like them, and of what is read.

use parking_lot::{Condvar, Mutex};

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
}

/// Whether no more can be read into a buffer.
pub(super) fn is_full(buffer: &Vec<u8>) -> bool {
    buffer.len() == buffer.capacity()
}

/// Buffers that wait for a reader, the last one first: it may still be in a cache.
#[derive(Debug)]
pub(super) struct Pool {
    /// Nothing once it is closed.
    buffers: Mutex<Option<Vec<Vec<u8>>>>,
    changed: Condvar,
}

impl Pool {
    /// One with these.
    pub(super) fn new(buffers: Vec<Vec<u8>>) -> Self {
        Self {
            buffers: Mutex::new(Some(buffers)),
            changed: Condvar::new(),
        }
    }

    /// Waits for one; `None` where there will be no more.
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        let mut buffers = self.buffers.lock();
        loop {
            match buffers.as_mut()?.pop() {
                Some(buffer) => return Some(buffer),
                None => self.changed.wait(&mut buffers),
            }
        }
    }

    /// Puts one back.
    pub(super) fn put(&self, buffer: Vec<u8>) {
        if let Some(buffers) = self.buffers.lock().as_mut() {
            buffers.push(buffer);
        }
        self.changed.notify_one();
    }

    /// Those who wait get none.
    pub(super) fn close(&self) {
        *self.buffers.lock() = None;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_gives_the_last_one_until_it_is_closed() {
        let pool = Pool::new(vec![vec![1], vec![2]]);
        let last = pool.take().expect("there are two");
        assert_eq!(last, [2]);
        pool.put(last);
        assert_eq!(pool.take(), Some(vec![2]));
        assert!(pool.take().is_some());
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| pool.take().is_none());
            pool.close();
            assert!(waits.join().expect("no panic"));
        });
    }

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
        }
    }
}
