//! A 64-bit digest for configurations and event streams: FNV-1a over bytes.
//!
//! It tells two runs apart and lets determinism be tested; it does not resist forgery.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A digest, printed as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(u64);

impl Digest {
    /// The digest of nothing.
    pub const EMPTY: Self = Self(0xCBF2_9CE4_8422_2325);

    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(crate::random::fnv1a(bytes))
    }

    /// The digest of a value's JSON form, for instance of a configuration.
    ///
    /// # Errors
    /// If the value has no JSON form (a map with keys that are not strings).
    pub fn of_json(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self::of(&serde_json::to_vec(value)?))
    }

    /// This digest followed by one more word. One multiplication: cheap enough for each event of a simulation.
    #[inline]
    #[must_use]
    pub const fn then(self, word: u64) -> Self {
        Self((self.0.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// The 64 bits.
    pub const fn bits(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_matters() {
        assert_ne!(Digest::EMPTY.then(1).then(2), Digest::EMPTY.then(2).then(1));
        assert_ne!(Digest::EMPTY.then(0), Digest::EMPTY);
    }

    #[test]
    fn it_prints_as_sixteen_digits() {
        assert_eq!(Digest::of(b"").to_string(), "cbf29ce484222325");
    }
}
