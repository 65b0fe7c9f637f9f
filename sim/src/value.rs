//! A port's value, of any width.

use std::fmt;

/// Bits, least significant first; equal values are equal whatever the width they came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Value {
    /// Without zero words at the end.
    words: Vec<u32>,
}

impl Value {
    /// From 32-bit words, least significant first.
    pub fn from_words(words: &[u32]) -> Self {
        let used = words.iter().rposition(|&w| w != 0).map_or(0, |at| at + 1);
        Self {
            words: words[..used].to_vec(),
        }
    }

    /// Two's complement of `x` in `width` bits.
    ///
    /// # Panics
    ///
    /// When `x` does not fit, or `width` is not 1 to 64.
    pub fn signed(x: i64, width: usize) -> Self {
        assert!((1..=64).contains(&width), "width {width} is not 1 to 64");
        assert!(
            (x << (64 - width)) >> (64 - width) == x,
            "{x} does not fit in {width} signed bits"
        );
        Self::from(x.cast_unsigned() & (u64::MAX >> (64 - width)))
    }

    /// Lanes of `width` bits side by side, lane 0 in the low bits; each is signed or unsigned.
    ///
    /// # Panics
    ///
    /// When a lane does not fit, or `width` is not 1 to 63.
    pub fn lanes(lanes: &[i64], width: usize) -> Self {
        assert!((1..64).contains(&width), "width {width} is not 1 to 63");
        let mut words = vec![0u32; (lanes.len() * width).div_ceil(32)];
        for (lane, &x) in lanes.iter().enumerate() {
            assert!(
                x >> width == 0 || x >> (width - 1) == -1,
                "lane {lane}: {x} does not fit in {width} bits"
            );
            for bit in 0..width {
                let at = lane * width + bit;
                words[at / 32] |= ((x >> bit & 1) as u32) << (at % 32);
            }
        }
        Self::from_words(&words)
    }

    /// The 32-bit words, least significant first, without zeros at the end.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// Bits up to the highest one that is set.
    pub fn bit_len(&self) -> usize {
        match self.words.last() {
            None => 0,
            Some(top) => self.words.len() * 32 - top.leading_zeros() as usize,
        }
    }

    /// `width` bits from bit `at` on.
    ///
    /// # Panics
    ///
    /// When `width` is over 64.
    pub fn field(&self, at: usize, width: usize) -> u64 {
        assert!(width <= 64, "width {width} is over 64");
        (0..width).fold(0, |x, bit| {
            let word = self.words.get((at + bit) / 32).copied().unwrap_or(0);
            x | u64::from(word >> ((at + bit) % 32) & 1) << bit
        })
    }

    /// `width` bits from bit `at` on, of any number.
    pub fn slice(&self, at: usize, width: usize) -> Self {
        let word = |w: usize| self.field(at + w * 32, 32.min(width - w * 32)) as u32;
        Self::from_words(&(0..width.div_ceil(32)).map(word).collect::<Vec<_>>())
    }

    /// As an unsigned number.
    ///
    /// # Panics
    ///
    /// When it has more than 64 bits.
    pub fn to_u64(&self) -> u64 {
        assert!(self.words.len() <= 2, "{self} has more than 64 bits");
        self.field(0, 64)
    }

    /// As a two's complement number of `width` bits.
    ///
    /// # Panics
    ///
    /// When it has more than `width` bits, or `width` is not 1 to 64.
    pub fn to_i64(&self, width: usize) -> i64 {
        assert!((1..=64).contains(&width), "width {width} is not 1 to 64");
        assert!(self.bit_len() <= width, "{self} has more than {width} bits");
        self.to_u64().cast_signed() << (64 - width) >> (64 - width)
    }

    /// As a number that may have up to 128 bits.
    ///
    /// # Panics
    ///
    /// When it has more.
    pub fn to_u128(&self) -> u128 {
        assert!(self.words.len() <= 4, "{self} has more than 128 bits");
        u128::from(self.field(0, 64)) | u128::from(self.field(64, 64)) << 64
    }
}

impl From<u64> for Value {
    fn from(x: u64) -> Self {
        Self::from_words(&[x as u32, (x >> 32) as u32])
    }
}

impl From<u128> for Value {
    fn from(x: u128) -> Self {
        Self::from_words(&[
            x as u32,
            (x >> 32) as u32,
            (x >> 64) as u32,
            (x >> 96) as u32,
        ])
    }
}

macro_rules! from_small {
    ($($t:ty),*) => {$(
        impl From<$t> for Value {
            fn from(x: $t) -> Self {
                Self::from(u64::from(x))
            }
        }
    )*};
}
from_small!(bool, u8, u16, u32);

/// Hexadecimal.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words.split_last() {
            None => write!(f, "0x0"),
            Some((top, rest)) => {
                write!(f, "0x{top:x}")?;
                rest.iter()
                    .rev()
                    .try_for_each(|word| write!(f, "_{word:08x}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn lanes_are_packed_from_the_low_bits() {
        let value = Value::lanes(&[-1, 2, -3], 20);
        assert_eq!(value.field(0, 20), 0xf_ffff);
        assert_eq!(value.field(20, 20), 2);
        assert_eq!(Value::from(value.field(40, 20)).to_i64(20), -3);
        assert_eq!(value.to_string(), "0xffffd00_002fffff");
    }

    #[test]
    fn equal_values_are_equal_at_any_width() {
        assert_eq!(Value::from_words(&[5, 0, 0]), Value::from(5u8));
        assert_eq!(Value::from(1u128 << 70).bit_len(), 71);
        assert_eq!(Value::from(0u64).bit_len(), 0);
    }

    #[test]
    #[should_panic(expected = "does not fit")]
    fn lanes_that_do_not_fit_are_refused() {
        Value::lanes(&[8], 3);
    }
}
