//! Buffers of requests that were answered, for the answers to later ones.

/// Buffers that are kept, at most.
const MOST: usize = 16;

/// Buffers to be used again, the last one first: it may still be in a cache.
#[derive(Debug, Default)]
pub(super) struct Spares(Vec<Vec<u8>>);

impl Spares {
    /// A buffer that holds so many bytes without growing.
    pub(super) fn take(&mut self, bytes: usize) -> Vec<u8> {
        let fits = self.0.iter().rposition(|spare| spare.capacity() >= bytes);
        match fits {
            Some(at) => self.0.remove(at),
            None => Vec::with_capacity(bytes),
        }
    }

    /// Keeps a buffer; drops the oldest where there are enough.
    pub(super) fn put(&mut self, buffer: Vec<u8>) {
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        self.0.push(buffer);
    }
}

/// A packet as the host may keep it: in a buffer that is not much larger.
pub(super) fn fitted(mut packet: Vec<u8>) -> Vec<u8> {
    if packet.capacity() > 2 * packet.len() {
        packet.shrink_to_fit();
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_used_again_and_do_not_pile_up() {
        let mut spares = Spares::default();
        spares.put(Vec::with_capacity(1000));
        spares.put(Vec::with_capacity(10));
        assert!(spares.take(500).capacity() >= 1000);
        assert!(spares.take(500).capacity() >= 500);
        assert_eq!(spares.0.len(), 1);

        let mut packet = Vec::with_capacity(1000);
        packet.push(7);
        let fitted = fitted(packet);
        assert!(fitted == [7] && fitted.capacity() < 100);

        (0..100).for_each(|_| spares.put(Vec::with_capacity(1)));
        assert_eq!(spares.0.len(), MOST);
    }
}
