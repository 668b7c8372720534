//! Named streams of randomness, all derived from one root seed.
//!
//! A stream is addressed by a path of names and numbers (`root → "arrivals" → 2`), never by the order in
//! which threads ask for it, so results do not depend on the number of threads, and adding one stream
//! changes no other.
//!
//! **Derivation.** A node of the tree is 64 bits. A child is `mix(parent + odd · fnv1a(name))` with the
//! finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014); a generator is xoshiro256++ (Blackman and
//! Vigna, ACM TOMS 2021), whose 256 bits are four further SplitMix64 outputs. Its state is serialisable, so
//! a checkpoint continues the stream. Not for cryptography.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng as _;

/// The generator behind every named stream.
pub type StreamRng = Xoshiro256PlusPlus;

/// A node of the tree of seeds.
///
/// ```
/// use karma_core::SeedTree;
/// use rand::Rng;
///
/// let root = SeedTree::new(7);
/// let mut arrivals = root.child("arrivals").index(0).rng();
/// let mut again = SeedTree::new(7).child("arrivals").index(0).rng();
/// assert_eq!(arrivals.next_u64(), again.next_u64());
/// assert_ne!(root.child("faults").seed(), root.child("arrivals").seed());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedTree(u64);

impl SeedTree {
    /// The root of all streams of a run.
    pub const fn new(root_seed: u64) -> Self {
        Self(mix(root_seed ^ 0x006B_6172_6D61)) // "karma"
    }

    /// The subtree called `name`.
    #[must_use]
    pub fn child(self, name: &str) -> Self {
        Self(mix(self.0.wrapping_add(fnv1a(name.as_bytes()).wrapping_mul(GOLDEN | 1))))
    }

    /// The subtree with number `index`.
    #[must_use]
    pub const fn index(self, index: u64) -> Self {
        Self(mix(self.0.rotate_left(17) ^ mix(index.wrapping_add(GOLDEN))))
    }

    /// This node as a seed, for instance of an episode.
    pub const fn seed(self) -> u64 {
        self.0
    }

    /// A generator at this node.
    pub fn rng(self) -> StreamRng {
        StreamRng::seed_from_u64(self.0)
    }
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn streams_are_pinned_so_that_old_results_stay_repeatable() {
        let first = SeedTree::new(1).child("arrivals").index(3).rng().next_u64();
        assert_eq!(
            first, 4_657_198_446_086_279_834,
            "changing the derivation changes every published number"
        );
    }

    proptest! {
        #[test]
        fn different_paths_give_different_seeds(seed: u64, a in "[a-z]{1,8}", b in "[a-z]{1,8}", i: u64, j: u64) {
            let root = SeedTree::new(seed);
            prop_assert_eq!(a == b, root.child(&a).seed() == root.child(&b).seed());
            prop_assert_eq!(i == j, root.index(i).seed() == root.index(j).seed());
        }
    }
}
