//! Classification trees that a person can read: shallow, axis-parallel, the same for the same data.
//!
//! # What it solves
//! When does an agent do what? A tree parts what was seen at its decisions by a few thresholds, so that decisions of one kind
//! end together. What a role may do is inferred from its leaves ([`crate::inference`]), and a policy is put into words by them
//! ([`crate::distill`]).
//!
//! # Algorithm
//! CART (Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees*, 1984): the rows of a node are split
//! where the weighted Gini impurity of both sides together
//!
//! ```text
//! Σ_sides w · (1 − Σ_c p_c²)         w: weight of the side; p_c: share of class c in it
//! ```
//!
//! is least, which is where `Σ_sides Σ_c w_c² / w` is largest, `w_c` being the weight of class `c` on a side. The threshold is
//! the middle between two neighbouring values of one feature; rows at most there go on below it, the others above. Splitting
//! ends where the depth is used up, a side would have too few rows, or nothing is gained. Splits that gain equally, but for
//! rounding, are decided for the first feature and the lowest threshold, equal classes of a leaf for the first. There is no
//! pruning: depth and leaf size are the only brakes, and the reader sees both.
//!
//! Every row weighs the same, or, if classes are `balanced`, one over the number of rows of its class.
//!
//! # What comes out
//! [`Tree::leaves`] tells the way to each leaf as one interval for each feature, with the rows of each class that ended
//! there. [`joined`] makes one of leaves that touch, [`Tree::rounded`] gives thresholds as few digits as tell the rows apart,
//! and [`Tree::importances`] says how much each feature gained.
//!
//! # Cost
//! O(depth · features · n (log n + classes)) time, O(n) memory beside the data.
//!
//! # Why not a library
//! The crate `linfa-trees` keeps class frequencies in hash maps of random order, and decides equal splits and equal classes by
//! it, so that two runs may differ. It sends a row that lies on a threshold to one side in growing and to the other in
//! predicting, and does not tell the class counts of a leaf, which permissions are inferred from. So it is the oracle of a
//! test here, and not more.
//!
//! ```
//! use karma_analyze::tree::{Samples, Tree, TreeParams};
//!
//! let columns = [vec![0.1, 0.2, 0.3, 0.7, 0.8, 0.9]]; // one feature
//! let samples = Samples::new(&columns, &[0, 0, 0, 1, 1, 1], 2).unwrap();
//! let tree = Tree::fit(&samples, &TreeParams { min_leaf: 1, ..TreeParams::default() });
//! assert_eq!(tree.predict(|_| 0.49), 0);
//! assert_eq!(tree.predict(|_| 0.51), 1);
//! assert_eq!(tree.leaves().len(), 2);
//! ```

mod grow;
mod join;
mod leaves;
mod round;
mod samples;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use join::joined;
pub use leaves::{Bound, Leaf};
pub use samples::{Samples, SamplesError};

/// How large a tree may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TreeParams {
    /// Most splits on the way to a leaf; 3 by default: eight leaves are what a person keeps in mind.
    pub max_depth: usize,
    /// Fewest rows of a leaf, 20 by default; 0 counts as 1.
    pub min_leaf: usize,
    /// Whether every class weighs the same, however rare; by default every row does.
    pub balanced: bool,
}

impl Default for TreeParams {
    fn default() -> Self {
        Self { max_depth: 3, min_leaf: 20, balanced: false }
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// Rows whose feature is above the threshold go on at `above`, the others at `below`.
    Split {
        feature: usize,
        threshold: f64,
        /// By how much the impurity falls, times the weight of the node.
        gain: f64,
        below: usize,
        above: usize,
    },
    /// Rows of each class that ended here in fitting.
    Leaf { counts: Vec<usize>, class: usize },
}

/// A fitted tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree {
    features: usize,
    /// The root first, and every node before those below it.
    nodes: Vec<Node>,
}

impl Tree {
    /// Fits a tree to all samples.
    pub fn fit(samples: &Samples<'_>, params: &TreeParams) -> Self {
        Self::fit_rows(samples, &(0..samples.len()).collect::<Vec<_>>(), params)
    }

    /// Fits a tree to some of the samples.
    ///
    /// # Panics
    /// If a row does not exist.
    pub fn fit_rows(samples: &Samples<'_>, rows: &[usize], params: &TreeParams) -> Self {
        Self { features: samples.features(), nodes: grow::grow(samples, rows, params) }
    }

    /// The class of a row of which `value` gives the features. NaN counts as at most any threshold.
    pub fn predict(&self, value: impl Fn(usize) -> f64) -> usize {
        let mut at = 0;
        loop {
            match &self.nodes[at] {
                Node::Split { feature, threshold, below, above, .. } => {
                    at = if value(*feature) > *threshold { *above } else { *below };
                }
                Node::Leaf { class, .. } => return *class,
            }
        }
    }

    /// Share of each feature in what all splits gained; they sum to 1, unless there is no split. A split below which all
    /// leaves say the same tells nothing, and counts for nothing.
    ///
    /// ```
    /// use karma_analyze::tree::{Samples, Tree, TreeParams};
    ///
    /// let columns = [vec![7.0, 7.0, 7.0, 7.0], vec![1.0, 2.0, 3.0, 4.0]];
    /// let samples = Samples::new(&columns, &[0, 0, 1, 1], 2).unwrap();
    /// let tree = Tree::fit(&samples, &TreeParams { min_leaf: 1, ..TreeParams::default() });
    /// assert_eq!(tree.importances(), [0.0, 1.0]);
    /// ```
    pub fn importances(&self) -> Vec<f64> {
        let (mut gains, mut only) = (vec![0.0; self.features], vec![None; self.nodes.len()]);
        for (at, node) in self.nodes.iter().enumerate().rev() {
            match node {
                Node::Leaf { class, .. } => only[at] = Some(*class),
                Node::Split { below, above, .. }
                    if only[*below].is_some() && only[*below] == only[*above] =>
                {
                    only[at] = only[*below];
                }
                Node::Split { feature, gain, .. } => gains[*feature] += gain,
            }
        }
        let sum: f64 = gains.iter().sum();
        gains.iter().map(|gain| if sum > 0.0 { gain / sum } else { 0.0 }).collect()
    }
}
