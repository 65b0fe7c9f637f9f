//! Which paths a `dqa_core` has.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use dqa_golden::packet::Direction;

/// Paths of a core: it can encode, decode, or both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Paths {
    /// Write path and read path.
    Both,
    /// The write path alone: samples to code words.
    Encode,
    /// The read path alone: code words to samples.
    Decode,
}

/// A name that is none of a choice of paths.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no paths: choose both, encode or decode")]
pub struct UnknownPaths(pub String);

impl Paths {
    /// All that there are.
    pub const ALL: [Self; 3] = [Self::Both, Self::Encode, Self::Decode];

    /// Whether the path of this direction is there.
    pub fn has(self, direction: Direction) -> bool {
        match direction {
            Direction::Write => self != Self::Decode,
            Direction::Read => self != Self::Encode,
        }
    }

    /// Those that are there; none if there is no path.
    pub fn of(encode: bool, decode: bool) -> Option<Self> {
        match (encode, decode) {
            (true, true) => Some(Self::Both),
            (true, false) => Some(Self::Encode),
            (false, true) => Some(Self::Decode),
            (false, false) => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Encode => "encode",
            Self::Decode => "decode",
        }
    }
}

impl Display for Paths {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Paths {
    type Err = UnknownPaths;

    fn from_str(name: &str) -> Result<Self, UnknownPaths> {
        let found = Self::ALL.into_iter().find(|paths| paths.name() == name);
        found.ok_or_else(|| UnknownPaths(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Direction, Paths};

    #[test]
    fn names_and_directions_go_together() {
        for paths in Paths::ALL {
            assert_eq!(paths.to_string().parse(), Ok(paths));
            let has = [Direction::Write, Direction::Read].map(|direction| paths.has(direction));
            assert_eq!(Paths::of(has[0], has[1]), Some(paths));
        }
        assert_eq!(Paths::of(false, false), None);
        assert!("none".parse::<Paths>().is_err());
    }
}
