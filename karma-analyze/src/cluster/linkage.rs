//! Agglomerative clustering: the two closest groups become one, until one is left.
//!
//! What *closest* means is the linkage. All but Single run in O(n²) time by chains of nearest neighbours (Müllner,
//! *Modern hierarchical, agglomerative clustering algorithms*, 2011), Single by a minimum spanning tree, Centroid and
//! Median by a queue, through the crate `kodama`; memory is a copy of the distances. Of equally close pairs one is taken
//! that depends on nothing but the distances; SciPy may take another.

use kodama::Method;
use serde::{Deserialize, Serialize};

use super::{ClusterError, Dendrogram, Merge};
use crate::distance::DistanceMatrix;

/// How far apart two groups are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linkage {
    /// As their closest items. Finds long chains.
    Single,
    /// As their furthest items. Finds compact groups.
    Complete,
    /// As their items on average (Sokal and Michener, 1958). The default: it takes any distances.
    #[default]
    Average,
    /// As the two parts of a group on average, however many items each has.
    Weighted,
    /// By how much a merge raises the sum of squares within groups (Ward, 1963). Meant for Euclidean distances; of others,
    /// heights have no such meaning.
    Ward,
    /// As their means. Meant for Euclidean distances; heights may fall from a merge to the next.
    Centroid,
    /// As their means, however many items each has. Meant for Euclidean distances; heights may fall.
    Median,
}

impl Linkage {
    const fn method(self) -> Method {
        match self {
            Self::Single => Method::Single,
            Self::Complete => Method::Complete,
            Self::Average => Method::Average,
            Self::Weighted => Method::Weighted,
            Self::Ward => Method::Ward,
            Self::Centroid => Method::Centroid,
            Self::Median => Method::Median,
        }
    }
}

/// Merges items until one group is left.
///
/// ```
/// use karma_analyze::DistanceMatrix;
/// use karma_analyze::cluster::{Linkage, linkage};
///
/// // Items at 0, 1, 5 and 7 on a line.
/// let places = [0.0_f32, 1.0, 5.0, 7.0];
/// let distances = DistanceMatrix::from_fn(4, |i, j| (places[i] - places[j]).abs());
/// let tree = linkage(&distances, Linkage::Average)?;
/// let heights: Vec<f32> = tree.merges().iter().map(|merge| merge.height).collect();
/// assert_eq!(heights, [1.0, 2.0, 5.5]); // (5 + 7 + 4 + 6) / 4
/// assert_eq!(tree.cut_into(2)?.labels(), [0, 0, 1, 1]);
/// # Ok::<(), karma_analyze::cluster::ClusterError>(())
/// ```
///
/// # Errors
/// If there is no item, or a distance does not lie between 0 and 1e18.
pub fn linkage(distances: &DistanceMatrix, linkage: Linkage) -> Result<Dendrogram, ClusterError> {
    let items = distances.len();
    if items == 0 {
        return Err(ClusterError::TooFewItems { items, needed: 1 });
    }
    if let Some((left, right, distance)) = distances.first_unfit() {
        return Err(ClusterError::UnfitDistance { left, right, distance });
    }
    let steps = kodama::linkage(&mut distances.as_slice().to_vec(), items, linkage.method());
    let merges = steps.steps().iter().map(|step| Merge {
        left: step.cluster1,
        right: step.cluster2,
        height: step.dissimilarity,
        size: step.size,
    });
    Ok(Dendrogram { items, merges: merges.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_item_needs_no_merge_and_none_has_no_tree() {
        let tree = linkage(&DistanceMatrix::from_fn(1, |_, _| 0.0), Linkage::Ward).unwrap();
        assert_eq!((tree.items(), tree.merges().len(), tree.leaves()), (1, 0, vec![0]));
        let refused = linkage(&DistanceMatrix::from_fn(0, |_, _| 0.0), Linkage::Ward).unwrap_err();
        assert_eq!(refused, ClusterError::TooFewItems { items: 0, needed: 1 });
    }

    #[test]
    fn a_distance_that_is_no_number_is_refused_with_its_pair() {
        let distances = DistanceMatrix::from_fn(3, |i, _| if i == 1 { f32::NAN } else { 1.0 });
        let refused = linkage(&distances, Linkage::Single).unwrap_err().to_string();
        assert!(refused.starts_with("the distance of items 1 and 2 is NaN"), "{refused}");
    }
}
