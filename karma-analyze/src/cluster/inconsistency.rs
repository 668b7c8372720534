//! How much higher a merge is than those below it.

use serde::Serialize;

use super::{ClusterError, Dendrogram};

/// A merge among those up to some levels below it, itself included (Jain and Dubes, *Algorithms for Clustering Data*,
/// 1988; SciPy's `inconsistent`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Inconsistency {
    /// Mean of their heights.
    pub mean: f64,
    /// Standard deviation of their heights, with n − 1; 0 of a single one.
    pub std: f64,
    /// How many they are.
    pub count: usize,
    /// Its own height in standard deviations above the mean; 0 if they do not deviate.
    pub coefficient: f64,
}

impl Dendrogram {
    /// The inconsistency of each merge, among those less than `depth` levels below; 1 is the merge alone.
    ///
    /// # Errors
    /// If the depth is 0.
    pub fn inconsistency(&self, depth: usize) -> Result<Vec<Inconsistency>, ClusterError> {
        ClusterError::unless(depth > 0, "depth", 0.0, "1 at least")?;
        Ok((0..self.merges.len()).map(|merge| self.inconsistency_of(merge, depth)).collect())
    }

    fn inconsistency_of(&self, merge: usize, depth: usize) -> Inconsistency {
        let (mut heights, mut open) = (Vec::new(), vec![(merge, 1)]);
        while let Some((at, level)) = open.pop() {
            heights.push(f64::from(self.merges[at].height));
            if level < depth {
                open.extend(self.children(at).into_iter().flatten().map(|child| (child, level + 1)));
            }
        }
        let count = heights.len();
        let mean = heights.iter().sum::<f64>() / count as f64;
        let squares: f64 = heights.iter().map(|height| (height - mean).powi(2)).sum();
        let std = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
        let coefficient = if std > 0.0 { (heights[0] - mean) / std } else { 0.0 };
        Inconsistency { mean, std, count, coefficient }
    }
}
