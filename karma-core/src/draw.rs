//! Draws that stay the same across versions of the random number library.

use crate::StreamRng;
use rand_xoshiro::rand_core::Rng as _;

/// A number below `n`, which is at least 1: the high half of a 64 × 64 bit product (Lemire, 2019). Without
/// his rejection step the bias is n / 2⁶⁴.
#[expect(clippy::cast_possible_truncation, reason = "the high half of the product is below n")]
pub fn below(rng: &mut StreamRng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

/// Shuffles in place (Fisher and Yates; Durstenfeld, 1964).
pub fn shuffle<T>(items: &mut [T], rng: &mut StreamRng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeedTree;

    #[test]
    fn a_shuffle_keeps_every_item_and_every_place_is_equally_likely() {
        let mut rng = SeedTree::new(3).rng();
        let mut first = [0_u32; 5];
        for _ in 0..10_000 {
            let mut items = [0_usize, 1, 2, 3, 4];
            shuffle(&mut items, &mut rng);
            first[items[0]] += 1;
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2, 3, 4]);
        }
        // Expectation 2 000, standard deviation 40.
        assert!(first.iter().all(|count| count.abs_diff(2_000) < 200), "{first:?}");
    }
}
