//! Silhouettes: does each item lie better in its group than it would in the next?
//!
//! For an item, `a` is its mean distance to the others of its group and `b` the least of its mean distances to another
//! group. Its silhouette is (b − a) / max(a, b), from −1 (in the wrong group) to 1; of an item alone in its group it is
//! 0 (Rousseeuw, *Silhouettes: a graphical aid to the interpretation and validation of cluster analysis*, Journal of
//! Computational and Applied Mathematics, 1987). The mean over all items judges a partition, and the best mean picks the
//! number of groups.
//!
//! **Cost.** The distances are read once, a block of items at a time: O(n²) time and, for `k` groups, memory of 64 rows
//! of `k` sums. [`best_cut`] sums for its finest cut alone; each coarser one adds two of the sums together, O(n·k) a cut.

use serde::Serialize;

use super::{ClusterError, Dendrogram, Partition};
use crate::distance::DistanceMatrix;

/// How well a partition separates.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Silhouette {
    /// Mean over all items.
    pub mean: f64,
    /// Of each item.
    pub items: Vec<f64>,
    /// Mean over each group.
    pub groups: Vec<f64>,
}

/// How well a partition separates.
///
/// ```
/// use karma_analyze::cluster::{Partition, silhouette};
/// use karma_analyze::DistanceMatrix;
///
/// // 0 and 1 against 4 and 5: for the first, a = 1 and b = 4.5.
/// let places = [0.0_f32, 1.0, 4.0, 5.0];
/// let distances = DistanceMatrix::from_fn(4, |i, j| (places[i] - places[j]).abs());
/// let found = silhouette(&distances, &Partition::of_labels([0, 0, 1, 1]))?;
/// assert_eq!(found.items[0], 3.5 / 4.5);
/// # Ok::<(), karma_analyze::cluster::ClusterError>(())
/// ```
///
/// # Errors
/// If the partition is of other items or has fewer than two groups, or a distance does not lie between 0 and 1e18.
pub fn silhouette(distances: &DistanceMatrix, partition: &Partition) -> Result<Silhouette, ClusterError> {
    check(distances, partition.len())?;
    if partition.groups() < 2 {
        return Err(ClusterError::OneGroup { groups: partition.groups() });
    }
    let sizes = sizes(partition);
    let mut items = Vec::with_capacity(partition.len());
    for_each_item(distances, partition, |item, sums| {
        items.push(of_item(partition.labels()[item], sums, &sizes));
    });
    let mut groups = vec![0.0; sizes.len()];
    items.iter().zip(partition.labels()).for_each(|(found, group)| groups[*group] += found);
    groups.iter_mut().zip(&sizes).for_each(|(sum, size)| *sum /= *size as f64);
    Ok(Silhouette { mean: items.iter().sum::<f64>() / items.len() as f64, items, groups })
}

/// The cut of the greatest mean silhouette.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BestCut {
    /// Its number of groups; of equal ones the least.
    pub groups: usize,
    /// Mean silhouette of the cut into 2 groups, 3, and so on.
    pub scores: Vec<f64>,
}

impl BestCut {
    /// The greatest mean silhouette.
    pub fn score(&self) -> f64 {
        self.scores[self.groups - 2]
    }
}

/// Tries all cuts of a dendrogram into 2 to `max_groups` groups (or as many as there are items).
///
/// # Errors
/// If the dendrogram is of other items or of fewer than two, `max_groups` is below 2, or a distance does not lie between
/// 0 and 1e18.
pub fn best_cut(
    distances: &DistanceMatrix,
    tree: &Dendrogram,
    max_groups: usize,
) -> Result<BestCut, ClusterError> {
    check(distances, tree.items)?;
    ClusterError::unless(max_groups >= 2, "max_groups", max_groups as f64, "2 at least")?;
    if tree.items < 2 {
        return Err(ClusterError::TooFewItems { items: tree.items, needed: 2 });
    }
    let finest = tree.cut_into(max_groups.min(tree.items))?;
    let merges = merges_of(tree, &finest);
    let mut scores = vec![0.0; finest.groups() - 1];
    let (all, mut sizes) = (sizes(&finest), Vec::new());
    for_each_item(distances, &finest, |item, sums| {
        sizes.clone_from(&all);
        let mut own = finest.labels()[item];
        for (score, merge) in
            scores.iter_mut().rev().zip(std::iter::once(None).chain(merges.iter().map(Some)))
        {
            if let Some((into, from)) = merge {
                sums[*into] += std::mem::take(&mut sums[*from]);
                sizes[*into] += std::mem::take(&mut sizes[*from]);
                own = if own == *from { *into } else { own };
            }
            *score += of_item(own, sums, &sizes);
        }
    });
    for score in &mut scores {
        *score /= tree.items as f64;
    }
    let best = (0..scores.len()).rev().max_by(|a, b| scores[*a].total_cmp(&scores[*b])).unwrap_or(0);
    Ok(BestCut { groups: best + 2, scores })
}

fn check(distances: &DistanceMatrix, items: usize) -> Result<(), ClusterError> {
    if distances.len() != items {
        return Err(ClusterError::DifferentItems { left: distances.len(), right: items });
    }
    match distances.first_unfit() {
        Some((left, right, distance)) => Err(ClusterError::UnfitDistance { left, right, distance }),
        None => Ok(()),
    }
}

fn sizes(partition: &Partition) -> Vec<usize> {
    let mut sizes = vec![0; partition.groups()];
    partition.labels().iter().for_each(|group| sizes[*group] += 1);
    sizes
}

/// The last merges of a tree as pairs of groups of the cut: into the first of a pair, from the second.
fn merges_of(tree: &Dendrogram, finest: &Partition) -> Vec<(usize, usize)> {
    let mut group = finest.labels().to_vec();
    for merge in &tree.merges {
        group.push(group[merge.left]);
    }
    let last = tree.merges.len() + 1 - finest.groups();
    tree.merges[last..].iter().map(|merge| (group[merge.left], group[merge.right])).collect()
}

/// Items whose sums are made together, so that distances are read in the order in which they lie.
const BLOCK: usize = 64;

/// Calls `use_sums` with each item and the sums of its distances to the groups.
fn for_each_item(
    distances: &DistanceMatrix,
    partition: &Partition,
    mut use_sums: impl FnMut(usize, &mut [f64]),
) {
    let (len, groups, labels) = (partition.len(), partition.groups(), partition.labels());
    let mut sums = vec![0.0; BLOCK * groups];
    for start in (0..len).step_by(BLOCK) {
        let end = len.min(start + BLOCK);
        sums.fill(0.0);
        for (j, label) in labels.iter().enumerate().take(end) {
            // From j to the items of the block behind it.
            let first = start.max(j + 1);
            let to_block = &distances.after(j)[first - j - 1..end - j - 1];
            to_block.iter().zip(first - start..).for_each(|(d, i)| sums[i * groups + label] += f64::from(*d));
        }
        for (i, sums) in (start..end).zip(sums.chunks_exact_mut(groups)) {
            let behind = distances.after(i).iter().zip(&labels[i + 1..]);
            behind.for_each(|(d, label)| sums[*label] += f64::from(*d));
            use_sums(i, sums);
        }
    }
}

/// The silhouette of an item; groups of size 0 do not count.
fn of_item(own: usize, sums: &[f64], sizes: &[usize]) -> f64 {
    if sizes[own] < 2 {
        return 0.0;
    }
    let a = sums[own] / (sizes[own] - 1) as f64;
    let others = sums.iter().zip(sizes).enumerate().filter(|(group, (_, size))| *group != own && **size > 0);
    let b = others.map(|(_, (sum, size))| sum / *size as f64).fold(f64::INFINITY, f64::min);
    match a.max(b) {
        0.0 => 0.0,
        greater => (b - a) / greater,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Linkage, linkage};
    use super::*;

    fn line(places: &[f32]) -> DistanceMatrix {
        DistanceMatrix::from_fn(places.len(), |i, j| (places[i] - places[j]).abs())
    }

    #[test]
    fn two_clumps_are_best_cut_into_two() {
        let distances = line(&[0.0, 1.0, 2.0, 20.0, 21.0, 22.0]);
        let best = best_cut(&distances, &linkage(&distances, Linkage::Average).unwrap(), 5).unwrap();
        assert_eq!((best.groups, best.scores.len()), (2, 4));
        assert!(best.score() > 0.9);
    }

    #[test]
    fn one_group_has_no_silhouette_and_items_alone_have_0() {
        let distances = line(&[0.0, 1.0, 2.0]);
        let refused = silhouette(&distances, &Partition::of_labels([0, 0, 0])).unwrap_err();
        assert_eq!(refused, ClusterError::OneGroup { groups: 1 });
        assert_eq!(silhouette(&distances, &Partition::of_labels([0, 1, 2])).unwrap().mean, 0.0);
    }

    #[test]
    fn equal_items_in_different_groups_have_0() {
        let distances = line(&[1.0; 4]);
        assert_eq!(silhouette(&distances, &Partition::of_labels([0, 0, 1, 1])).unwrap().items, [0.0; 4]);
    }
}
