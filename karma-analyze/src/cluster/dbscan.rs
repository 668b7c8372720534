//! DBSCAN: groups are where items are dense; what is nowhere dense is noise.
//!
//! An item with at least `min_items` items within `radius`, itself included, is a core item. Core items within the
//! radius of each other are of one group, and an item that is none but has a core item within the radius belongs to the
//! group that reaches it first, in the order of items (Ester, Kriegel, Sander and Xu, *A density-based algorithm for
//! discovering clusters in large spatial databases with noise*, KDD 1996). Written here, because the library's takes
//! points and we have distances. O(n²) time, O(n) memory.

use serde::{Deserialize, Serialize};

use super::ClusterError;
use crate::distance::DistanceMatrix;

/// What counts as dense, as written in a file. There is no sensible default radius: it has the unit of the distances.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbscanParams {
    /// Greatest distance of neighbours; at least 0.
    pub radius: f32,
    /// Items within the radius of a core item, itself included; at least 1. The paper's value in the plane is 4.
    pub min_items: usize,
}

/// What counts as dense, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DbscanConfig(DbscanParams);

impl DbscanParams {
    /// Checks the numbers.
    ///
    /// # Errors
    /// If the radius is negative or not finite, or `min_items` is 0.
    pub fn check(self) -> Result<DbscanConfig, ClusterError> {
        let radius = f64::from(self.radius);
        ClusterError::unless(radius >= 0.0 && radius.is_finite(), "radius", radius, "finite and 0 at least")?;
        ClusterError::unless(self.min_items > 0, "min_items", 0.0, "1 at least")?;
        Ok(DbscanConfig(self))
    }
}

/// The group of each item, numbered from 0 in the order of their first core items; noise has none.
///
/// ```
/// use karma_analyze::DistanceMatrix;
/// use karma_analyze::cluster::{DbscanParams, dbscan};
///
/// let places = [0.0_f32, 1.0, 2.0, 10.0];
/// let distances = DistanceMatrix::from_fn(4, |i, j| (places[i] - places[j]).abs());
/// let config = DbscanParams { radius: 1.0, min_items: 3 }.check()?;
/// assert_eq!(dbscan(&distances, &config), [Some(0), Some(0), Some(0), None]);
/// # Ok::<(), karma_analyze::cluster::ClusterError>(())
/// ```
pub fn dbscan(distances: &DistanceMatrix, config: &DbscanConfig) -> Vec<Option<usize>> {
    let DbscanParams { radius, min_items } = config.0;
    let core = core_items(distances, radius, min_items);
    let (mut groups, mut next) = (vec![None; distances.len()], 0);
    for seed in 0..distances.len() {
        if !core[seed] || groups[seed].is_some() {
            continue;
        }
        groups[seed] = Some(next);
        let mut open = vec![seed];
        while let Some(item) = open.pop() {
            for other in 0..distances.len() {
                if groups[other].is_none() && distances.get(item, other) <= radius {
                    groups[other] = Some(next);
                    open.extend(core[other].then_some(other));
                }
            }
        }
        next += 1;
    }
    groups
}

fn core_items(distances: &DistanceMatrix, radius: f32, min_items: usize) -> Vec<bool> {
    let mut neighbours = vec![1_usize; distances.len()];
    for i in 0..distances.len() {
        for (j, _) in (i + 1..).zip(distances.after(i)).filter(|(_, distance)| **distance <= radius) {
            neighbours[i] += 1;
            neighbours[j] += 1;
        }
    }
    neighbours.iter().map(|count| *count >= min_items).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_between_two_groups_goes_to_the_first_and_joins_them_not() {
        let places = [0.0_f32, 0.1, 0.2, 1.2, 2.2, 2.3, 2.4];
        let distances = DistanceMatrix::from_fn(7, |i, j| (places[i] - places[j]).abs());
        let config = DbscanParams { radius: 1.05, min_items: 4 }.check().unwrap();
        let groups = dbscan(&distances, &config);
        assert_eq!(groups, [0, 0, 0, 0, 1, 1, 1].map(Some));
    }

    #[test]
    fn numbers_that_would_mean_nothing_are_refused() {
        assert!(DbscanParams { radius: -1.0, min_items: 1 }.check().is_err());
        assert!(DbscanParams { radius: f32::NAN, min_items: 1 }.check().is_err());
        assert!(DbscanParams { radius: 1.0, min_items: 0 }.check().is_err());
    }
}
