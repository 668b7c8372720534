//! A tree as a list: each leaf with what leads to it.

use super::{Node, Tree};

/// What leads to a leaf, about one feature: more than `above`, at most `below`, as far as they are given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Which feature.
    pub feature: usize,
    /// The feature is greater than this.
    pub above: Option<f64>,
    /// The feature is at most this.
    pub below: Option<f64>,
}

/// A leaf.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// All that leads to it, one bound for each feature that was asked about, in the order of the features.
    pub bounds: Vec<Bound>,
    /// Rows of each class that ended here in fitting.
    pub counts: Vec<usize>,
    /// What the tree says here.
    pub class: usize,
}

impl Leaf {
    /// Rows that ended here in fitting.
    pub fn rows(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Share of them that are of `class`; 0 of a class that does not exist.
    pub fn share(&self, class: usize) -> f64 {
        self.counts.get(class).map_or(0.0, |count| *count as f64 / self.rows().max(1) as f64)
    }

    /// Whether a row of which `value` gives the features ends here.
    pub fn holds(&self, value: impl Fn(usize) -> f64) -> bool {
        self.bounds.iter().all(|bound| bound.holds(value(bound.feature)))
    }
}

impl Bound {
    /// Whether a value lies within. NaN counts as at most any threshold, as it does in [`Tree::predict`].
    pub fn holds(&self, value: f64) -> bool {
        let exceeds = |threshold: f64| value > threshold;
        self.above.is_none_or(exceeds) && !self.below.is_some_and(exceeds)
    }

    fn narrow(bounds: &[Self], feature: usize, threshold: f64, above: bool) -> Vec<Self> {
        let mut bounds = bounds.to_vec();
        let place = bounds.partition_point(|bound| bound.feature < feature);
        if bounds.get(place).is_none_or(|bound| bound.feature != feature) {
            bounds.insert(place, Self { feature, above: None, below: None });
        }
        // Deeper splits are within those above them.
        if above {
            bounds[place].above = Some(threshold);
        } else {
            bounds[place].below = Some(threshold);
        }
        bounds
    }
}

impl Tree {
    /// The leaves from left to right: each row ends in exactly one of them.
    pub fn leaves(&self) -> Vec<Leaf> {
        let mut leaves = Vec::new();
        let mut open = vec![(0, Vec::new())];
        while let Some((at, bounds)) = open.pop() {
            match &self.nodes[at] {
                Node::Leaf { counts, class } => {
                    leaves.push(Leaf { bounds, counts: counts.clone(), class: *class });
                }
                Node::Split { feature, threshold, below, above, .. } => {
                    open.push((*above, Bound::narrow(&bounds, *feature, *threshold, true)));
                    open.push((*below, Bound::narrow(&bounds, *feature, *threshold, false)));
                }
            }
        }
        leaves
    }
}
