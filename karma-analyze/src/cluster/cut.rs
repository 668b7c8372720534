//! What a dendrogram says: its leaves, its cuts, its cophenetic distances.

use super::{ClusterError, Dendrogram, Merge, Partition};
use crate::distance::DistanceMatrix;

impl Dendrogram {
    /// Number of items.
    pub const fn items(&self) -> usize {
        self.items
    }

    /// The merges, in order: one fewer than items.
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// The items from left to right, as they stand under a drawn tree without crossings (SciPy's `leaves_list`).
    pub fn leaves(&self) -> Vec<usize> {
        self.leaves_below(self.items + self.merges.len() - 1)
    }

    /// The items below a node, from left to right.
    fn leaves_below(&self, node: usize) -> Vec<usize> {
        let (mut leaves, mut open) = (Vec::new(), vec![node]);
        while let Some(node) = open.pop() {
            match node.checked_sub(self.items) {
                None => leaves.push(node),
                Some(merge) => open.extend([self.merges[merge].right, self.merges[merge].left]),
            }
        }
        leaves
    }

    /// Exactly `groups` groups: the last `groups − 1` merges are undone.
    ///
    /// # Errors
    /// If that is none, or more than there are items.
    pub fn cut_into(&self, groups: usize) -> Result<Partition, ClusterError> {
        match groups {
            0 => Err(ClusterError::NoGroups),
            _ if groups > self.items => Err(ClusterError::TooFewItems { items: self.items, needed: groups }),
            _ => Ok(self.partition(|merge| merge < self.items - groups)),
        }
    }

    /// The groups that are merged at `height` or below, in all their parts.
    pub fn cut_at(&self, height: f32) -> Partition {
        self.cut_by(self.merges.iter().map(|merge| f64::from(merge.height)).collect(), f64::from(height))
    }

    /// The groups in which no merge has an inconsistency above `threshold` (SciPy's `fcluster`), among the merges `depth`
    /// levels down. A merge that is much higher than those below it joins what does not belong together.
    ///
    /// # Errors
    /// If the depth is 0.
    pub fn cut_by_inconsistency(&self, threshold: f64, depth: usize) -> Result<Partition, ClusterError> {
        let found = self.inconsistency(depth)?;
        Ok(self.cut_by(found.iter().map(|found| found.coefficient).collect(), threshold))
    }

    /// The groups in which no merge exceeds the threshold.
    fn cut_by(&self, mut greatest: Vec<f64>, threshold: f64) -> Partition {
        for at in 0..self.merges.len() {
            for child in self.children(at).into_iter().flatten() {
                greatest[at] = greatest[at].max(greatest[child]);
            }
        }
        self.partition(|merge| greatest[merge] <= threshold)
    }

    /// The merges that made the two parts of a merge, of parts that are not items.
    pub(super) fn children(&self, merge: usize) -> [Option<usize>; 2] {
        let Merge { left, right, .. } = self.merges[merge];
        [left, right].map(|node| node.checked_sub(self.items))
    }

    /// The groups that the kept merges make; with a merge, those below it are kept.
    fn partition(&self, kept: impl Fn(usize) -> bool) -> Partition {
        let nodes = self.items + self.merges.len();
        let mut top: Vec<usize> = (0..nodes).collect();
        for (at, merge) in self.merges.iter().enumerate().rev() {
            let node = self.items + at;
            if top[node] != node || kept(at) {
                (top[merge.left], top[merge.right]) = (top[node], top[node]);
            }
        }
        Partition::of_labels(top[..self.items].iter().copied())
    }

    /// The height at which each pair of items meets (Sokal and Rohlf, *The comparison of dendrograms by objective
    /// methods*, 1962). O(n²).
    pub fn cophenetic(&self) -> DistanceMatrix {
        let mut distances = DistanceMatrix::zeros(self.items);
        let mut members: Vec<Vec<usize>> = (0..self.items).map(|item| vec![item]).collect();
        for merge in &self.merges {
            let (mut left, right) =
                (std::mem::take(&mut members[merge.left]), std::mem::take(&mut members[merge.right]));
            for i in &left {
                for j in &right {
                    distances.put(*i, *j, merge.height);
                }
            }
            left.extend(right);
            members.push(left);
        }
        distances
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Linkage, linkage};
    use super::*;

    fn line(places: &[f32]) -> Dendrogram {
        let distances = DistanceMatrix::from_fn(places.len(), |i, j| (places[i] - places[j]).abs());
        linkage(&distances, Linkage::Single).unwrap()
    }

    #[test]
    fn a_cut_at_a_height_keeps_the_merges_up_to_it() {
        let tree = line(&[0.0, 1.0, 5.0, 7.0]);
        assert_eq!(tree.cut_at(0.5).groups(), 4);
        assert_eq!(tree.cut_at(1.0).labels(), [0, 0, 1, 2]);
        assert_eq!(tree.cut_at(2.0).labels(), [0, 0, 1, 1]);
        assert_eq!(tree.cut_at(4.0).groups(), 1);
    }

    #[test]
    fn a_cut_into_no_group_or_more_than_items_is_refused() {
        let tree = line(&[0.0, 1.0]);
        assert_eq!(tree.cut_into(0).unwrap_err(), ClusterError::NoGroups);
        assert_eq!(tree.cut_into(3).unwrap_err(), ClusterError::TooFewItems { items: 2, needed: 3 });
    }

    #[test]
    fn pairs_meet_at_the_height_of_their_first_common_merge() {
        assert_eq!(line(&[0.0, 1.0, 5.0, 7.0]).cophenetic().as_slice(), [1.0, 4.0, 4.0, 4.0, 4.0, 2.0]);
    }
}
