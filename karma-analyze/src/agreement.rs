//! Do two partitions of the same items agree?

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{ClusterError, Partition};

/// The adjusted Rand index: of all pairs of items, how many are together in both partitions, against what chance would
/// give. 1 for equal partitions, 0 on average for random ones of these sizes, negative below.
///
/// With nᵢⱼ items in group i of one and j of the other, S = Σ C(nᵢⱼ, 2), A and B the same sums over the groups of each,
/// and E = A·B / C(n, 2), it is (S − E) / ((A + B)/2 − E) (Hubert and Arabie, *Comparing partitions*, Journal of
/// Classification, 1985). If both put all items together, or both leave each alone, that is 0/0: they are equal, so 1, as
/// in scikit-learn; the same for fewer than two items. O(n log n).
///
/// ```
/// use karma_analyze::agreement::adjusted_rand_index;
/// use karma_analyze::cluster::Partition;
///
/// // S = 1, A = 2, B = 1, E = 2/6: (1 − 1/3) / (3/2 − 1/3).
/// let (a, b) = (Partition::of_labels([0, 0, 1, 1]), Partition::of_labels([0, 0, 1, 2]));
/// assert!((adjusted_rand_index(&a, &b)? - 4.0 / 7.0).abs() < 1e-12);
/// # Ok::<(), karma_analyze::cluster::ClusterError>(())
/// ```
///
/// # Errors
/// If they are of different numbers of items.
pub fn adjusted_rand_index(a: &Partition, b: &Partition) -> Result<f64, ClusterError> {
    let shared = contingency(a, b)?;
    let pairs = |counts: &mut dyn Iterator<Item = usize>| counts.map(pairs_of).sum::<f64>();
    let together = pairs(&mut shared.values().copied());
    let (of_a, of_b) = (pairs(&mut sizes(a).into_iter()), pairs(&mut sizes(b).into_iter()));
    let expected = of_a * of_b / pairs_of(a.len()).max(1.0);
    let (above, possible) = (together - expected, f64::midpoint(of_a, of_b) - expected);
    Ok(if possible == 0.0 { 1.0 } else { above / possible })
}

/// The share of items that are of the most frequent class of their group, from 0 to 1 (1 if there is no item). It grows
/// with the number of groups: items alone are pure.
///
/// ```
/// use karma_analyze::agreement::purity;
/// use karma_analyze::cluster::Partition;
///
/// let (found, classes) = (Partition::of_labels([0, 0, 0, 1]), Partition::of_labels(["a", "a", "b", "b"]));
/// assert_eq!(purity(&found, &classes)?, 0.75);
/// # Ok::<(), karma_analyze::cluster::ClusterError>(())
/// ```
///
/// # Errors
/// If they are of different numbers of items.
pub fn purity(found: &Partition, classes: &Partition) -> Result<f64, ClusterError> {
    let mut greatest = vec![0; found.groups()];
    for ((group, _), count) in contingency(found, classes)? {
        greatest[group] = count.max(greatest[group]);
    }
    Ok(if found.is_empty() { 1.0 } else { greatest.iter().sum::<usize>() as f64 / found.len() as f64 })
}

/// How stable a clustering is: the mean adjusted Rand index of all pairs of its partitions, for instance of several seeds
/// (Lange, Roth, Braun and Buhmann, *Stability-based validation of clustering solutions*, Neural Computation, 2004, with
/// this index in place of theirs).
///
/// # Errors
/// If there are fewer than two partitions, or they are of different numbers of items.
pub fn stability(partitions: &[Partition]) -> Result<f64, ClusterError> {
    let count = partitions.len();
    if count < 2 {
        return Err(ClusterError::TooFewItems { items: count, needed: 2 });
    }
    let mut sum = 0.0;
    for (at, a) in partitions.iter().enumerate() {
        for b in &partitions[at + 1..] {
            sum += adjusted_rand_index(a, b)?;
        }
    }
    Ok(sum / pairs_of(count))
}

/// The share of the members of two sets that both have (Jaccard, 1901), from 0 to 1. Two empty sets are equal.
///
/// ```
/// use karma_analyze::agreement::jaccard;
///
/// assert_eq!(jaccard(&[1, 2, 3].into(), &[2, 3, 4].into()), 0.5);
/// ```
pub fn jaccard<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    match a.union(b).count() {
        0 => 1.0,
        all => a.intersection(b).count() as f64 / all as f64,
    }
}

/// Items by their groups in both.
fn contingency(a: &Partition, b: &Partition) -> Result<BTreeMap<(usize, usize), usize>, ClusterError> {
    if a.len() != b.len() {
        return Err(ClusterError::DifferentItems { left: a.len(), right: b.len() });
    }
    let mut shared = BTreeMap::new();
    for labels in a.labels().iter().copied().zip(b.labels().iter().copied()) {
        *shared.entry(labels).or_insert(0) += 1;
    }
    Ok(shared)
}

fn sizes(partition: &Partition) -> Vec<usize> {
    let mut sizes = vec![0; partition.groups()];
    partition.labels().iter().for_each(|group| sizes[*group] += 1);
    sizes
}

/// Pairs of so many items.
fn pairs_of(items: usize) -> f64 {
    items as f64 * (items as f64 - 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn partition(labels: &[u8]) -> Partition {
        Partition::of_labels(labels.iter().copied())
    }

    fn index(a: &[u8], b: &[u8]) -> f64 {
        adjusted_rand_index(&partition(a), &partition(b)).unwrap()
    }

    #[test]
    fn trivial_partitions_agree_with_themselves_and_say_nothing_about_others() {
        assert_eq!(index(&[0, 0, 0], &[1, 1, 1]), 1.0);
        assert_eq!(index(&[0, 1, 2], &[2, 1, 0]), 1.0);
        assert_eq!(index(&[0, 0, 0], &[0, 1, 2]), 0.0);
        assert_eq!(index(&[], &[]), 1.0);
        assert_eq!(index(&[4], &[7]), 1.0);
    }

    #[test]
    fn crossed_partitions_agree_less_than_by_chance() {
        assert!((index(&[0, 0, 1, 1], &[0, 1, 0, 1]) + 0.5).abs() < 1e-12);
    }

    #[test]
    fn stability_is_the_mean_over_pairs_and_needs_two() {
        let partitions = [partition(&[0, 0, 1, 1]), partition(&[1, 1, 0, 0]), partition(&[0, 1, 0, 1])];
        assert!(stability(&partitions).unwrap().abs() < 1e-12, "1, -0.5 and -0.5");
        assert!(stability(&partitions[..1]).is_err());
    }

    #[test]
    fn partitions_of_other_items_are_refused() {
        let refused = purity(&partition(&[0]), &partition(&[0, 1])).unwrap_err();
        assert_eq!(refused, ClusterError::DifferentItems { left: 1, right: 2 });
    }

    proptest! {
        #[test]
        fn names_of_groups_and_the_order_of_partitions_do_not_matter(
            labels in prop::collection::vec((0_u8..4, 0_u8..4), 2..30), shift in 1_u8..200,
        ) {
            let (a, b): (Vec<u8>, Vec<u8>) = labels.into_iter().unzip();
            let renamed: Vec<u8> = a.iter().map(|label| label.wrapping_mul(3).wrapping_add(shift)).collect();
            prop_assert_eq!(index(&a, &b), index(&b, &a));
            prop_assert_eq!(index(&renamed, &b), index(&a, &b));
            prop_assert!((index(&a, &a) - 1.0).abs() < 1e-12);
            prop_assert!(index(&a, &b) <= 1.0 + 1e-12);
        }

        #[test]
        fn purity_is_1_of_items_alone_and_at_least_the_share_of_the_greatest_class(
            labels in prop::collection::vec((0_u8..4, 0_u8..4), 1..30),
        ) {
            let (found, classes): (Vec<u8>, Vec<u8>) = labels.iter().copied().unzip();
            let (alone, together) = (Partition::of_labels(0..labels.len()), partition(&vec![0; labels.len()]));
            let classes = partition(&classes);
            prop_assert_eq!(purity(&alone, &classes).unwrap(), 1.0);
            prop_assert!(purity(&partition(&found), &classes).unwrap() >= purity(&together, &classes).unwrap());
        }
    }
}
