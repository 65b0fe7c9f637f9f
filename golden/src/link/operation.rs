//! What the register channel carries: operations, and their answers.

use alloc::vec::Vec;

const WRITE: u8 = 0x80;
/// Most words of a write.
const MAX_WORDS: usize = 256;

/// An operation on a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reads it.
    Read {
        /// Byte address, below 4096.
        address: u16,
    },
    /// Writes words to it, one after the other.
    Write {
        /// Byte address, below 4096.
        address: u16,
        /// 1 to 256 words.
        words: Vec<u32>,
    },
}

impl Operation {
    /// Its bytes in the channel.
    ///
    /// # Panics
    /// For an address or a number of words out of range.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (Self::Read { address } | Self::Write { address, .. }) = self;
        assert!(*address < 4096, "an address has 12 bits");
        let [low, high] = address.to_le_bytes();
        match self {
            Self::Read { .. } => alloc::vec![high, low],
            Self::Write { words, .. } => {
                assert!((1..=MAX_WORDS).contains(&words.len()), "1 to 256 words");
                let mut bytes = alloc::vec![WRITE | high, low, (words.len() - 1) as u8];
                bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
                bytes
            }
        }
    }

    /// Bytes of its answer.
    pub const fn answer_bytes(&self) -> usize {
        match self {
            Self::Read { .. } => 5,
            Self::Write { .. } => 1,
        }
    }
}

/// The answer to an operation: AXI's response, 0 for done, and the word that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// AXI's response: 0 done, 2 refused.
    pub code: u8,
    /// The word; 0 after a write.
    pub word: u32,
}

impl Response {
    /// Of an answer's bytes, 1 or 5.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&code, word) = bytes.split_first()?;
        Some(Self {
            code,
            word: u32::from_le_bytes(match word {
                [] => [0; 4],
                word => word.try_into().ok()?,
            }),
        })
    }
}

/// Reads operations from the bytes of the channel, as a board does.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    bytes: Vec<u8>,
}

impl Reader {
    /// Takes a byte; gives the operation that it completes.
    pub fn push(&mut self, byte: u8) -> Option<Operation> {
        self.bytes.push(byte);
        let (&[high, low], rest) = self.bytes.split_first_chunk()?;
        let address = u16::from_le_bytes([low, high & 0x0f]);
        let operation = if high & WRITE == 0 {
            Operation::Read { address }
        } else {
            let (&count, words) = rest.split_first()?;
            if words.len() < 4 * (usize::from(count) + 1) {
                return None;
            }
            let (words, _) = words.as_chunks();
            Operation::Write {
                address,
                words: words.iter().map(|&word| u32::from_le_bytes(word)).collect(),
            }
        };
        self.bytes.clear();
        Some(operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_come_back() {
        let operations = [
            Operation::Read { address: 0x0b0 },
            Operation::Write {
                address: 0xffc,
                words: (0..256).collect(),
            },
            Operation::Write {
                address: 0,
                words: alloc::vec![u32::MAX],
            },
        ];
        let bytes = operations.iter().flat_map(Operation::to_bytes);
        let mut reader = Reader::default();
        let got: Vec<_> = bytes.filter_map(|byte| reader.push(byte)).collect();
        assert_eq!(got, operations);
    }
}
