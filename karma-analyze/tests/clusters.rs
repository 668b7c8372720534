//! Laws of dendrograms, cuts and silhouettes.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use karma_analyze::DistanceMatrix;
use karma_analyze::cluster::{Linkage, Partition, best_cut, linkage, silhouette};
use proptest::prelude::*;

fn distances(items: std::ops::Range<usize>) -> impl Strategy<Value = DistanceMatrix> {
    items.prop_flat_map(|n| {
        prop::collection::vec(0_f32..9.0, n * (n - 1) / 2).prop_map(move |condensed| {
            let mut next = condensed.into_iter();
            DistanceMatrix::from_fn(n, |_, _| next.next().unwrap())
        })
    })
}

fn rising() -> impl Strategy<Value = Linkage> {
    prop_oneof![
        Just(Linkage::Single),
        Just(Linkage::Complete),
        Just(Linkage::Average),
        Just(Linkage::Weighted),
        Just(Linkage::Ward)
    ]
}

/// Whether items that are together in one partition are so in the other.
fn refines(fine: &Partition, coarse: &Partition) -> bool {
    (0..fine.groups()).all(|group| {
        let mut labels = fine.members(group).map(|item| coarse.labels()[item]);
        let first = labels.next();
        labels.all(|label| Some(label) == first)
    })
}

proptest! {
    #[test]
    fn a_cut_has_exactly_so_many_groups_and_refines_the_coarser_ones(matrix in distances(2..20), kind in rising()) {
        let tree = linkage(&matrix, kind).unwrap();
        for groups in 1..=matrix.len() {
            let cut = tree.cut_into(groups).unwrap();
            prop_assert_eq!((cut.groups(), cut.len()), (groups, matrix.len()));
            prop_assert!(groups == 1 || refines(&cut, &tree.cut_into(groups - 1).unwrap()));
        }
    }

    #[test]
    fn merges_rise_and_leaves_are_all_items(matrix in distances(2..20), kind in rising()) {
        let tree = linkage(&matrix, kind).unwrap();
        prop_assert!(tree.merges().windows(2).all(|pair| pair[0].height <= pair[1].height));
        prop_assert_eq!(tree.merges().last().map(|merge| merge.size), Some(matrix.len()));
        let mut leaves = tree.leaves();
        leaves.sort_unstable();
        prop_assert_eq!(leaves, (0..matrix.len()).collect::<Vec<_>>());
    }

    #[test]
    fn single_linkage_never_puts_pairs_further_apart_than_they_are(matrix in distances(2..20)) {
        let met = linkage(&matrix, Linkage::Single).unwrap().cophenetic();
        prop_assert!(met.as_slice().iter().zip(matrix.as_slice()).all(|(met, apart)| met <= apart));
    }

    #[test]
    fn silhouettes_lie_between_minus_1_and_1(matrix in distances(3..200), modulus in 2_usize..5) {
        let found = silhouette(&matrix, &Partition::of_labels((0..matrix.len()).map(|item| item % modulus))).unwrap();
        prop_assert!(found.items.iter().chain(&found.groups).all(|one| (-1.0..=1.0).contains(one)));
    }

    #[test]
    fn the_scores_of_all_cuts_are_the_silhouettes_of_each(matrix in distances(3..150), kind in rising(), most in 2_usize..12) {
        let tree = linkage(&matrix, kind).unwrap();
        let best = best_cut(&matrix, &tree, most).unwrap();
        prop_assert_eq!(best.scores.len(), most.min(matrix.len()) - 1);
        for (groups, score) in (2..).zip(&best.scores) {
            let alone = silhouette(&matrix, &tree.cut_into(groups).unwrap()).unwrap().mean;
            prop_assert!((alone - score).abs() < 1e-9, "{} groups: {} is not {}", groups, score, alone);
        }
        prop_assert!(best.scores.iter().all(|score| *score <= best.score()));
    }
}
