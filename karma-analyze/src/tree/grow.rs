//! From rows to nodes.

use super::{Node, Samples, TreeParams};

/// The nodes of a tree, the root first.
pub(super) fn grow(samples: &Samples<'_>, rows: &[usize], params: &TreeParams) -> Vec<Node> {
    let weights = weights(&samples.count(rows), params.balanced);
    let mut grower = Grower { samples, params, weights, nodes: Vec::new() };
    grower.node(&mut rows.to_vec(), 0);
    grower.nodes
}

/// What a row of each class weighs.
fn weights(counts: &[usize], balanced: bool) -> Vec<f64> {
    counts.iter().map(|count| if balanced { 1.0 / (*count).max(1) as f64 } else { 1.0 }).collect()
}

/// A place to split at.
#[derive(Clone, Copy)]
struct Split {
    feature: usize,
    threshold: f64,
    gain: f64,
}

struct Grower<'a> {
    samples: &'a Samples<'a>,
    params: &'a TreeParams,
    weights: Vec<f64>,
    nodes: Vec<Node>,
}

impl Grower<'_> {
    /// Makes the node of `rows` and all below it; gives its place.
    fn node(&mut self, rows: &mut [usize], depth: usize) -> usize {
        let (place, counts) = (self.nodes.len(), self.samples.count(rows));
        let split = if depth < self.params.max_depth { self.best(rows, &counts) } else { None };
        let class = self.heaviest(&counts);
        self.nodes.push(Node::Leaf { counts, class });
        if let Some(Split { feature, threshold, gain }) = split {
            let column = self.samples.column(feature);
            rows.sort_unstable_by_key(|row| (column[*row] > threshold, *row));
            let middle = rows.partition_point(|row| column[*row] <= threshold);
            let (low, high) = rows.split_at_mut(middle);
            let (below, above) = (self.node(low, depth + 1), self.node(high, depth + 1));
            self.nodes[place] = Node::Split { feature, threshold, gain, below, above };
        }
        place
    }

    /// The class that weighs most; the first of equals.
    fn heaviest(&self, counts: &[usize]) -> usize {
        let weight = |class: usize| self.weights[class] * counts[class] as f64;
        (1..counts.len()).fold(0, |best, class| if weight(class) > weight(best) { class } else { best })
    }

    /// The split that gains most, if any gains.
    fn best(&self, rows: &mut [usize], counts: &[usize]) -> Option<Split> {
        let whole = Side::new(&self.weights, counts.to_vec());
        let mut best: Option<Split> = None;
        for feature in 0..self.samples.features() {
            let column = self.samples.column(feature);
            rows.sort_unstable_by(|a, b| column[*a].total_cmp(&column[*b]).then(a.cmp(b)));
            best = self.best_of(rows, feature, &whole, best);
        }
        best
    }

    /// The better one of `best` and the best split of rows that are sorted by `feature`.
    fn best_of(
        &self,
        rows: &[usize],
        feature: usize,
        whole: &Side<'_>,
        mut best: Option<Split>,
    ) -> Option<Split> {
        let column = self.samples.column(feature);
        let (mut below, mut above) = (whole.none(), whole.clone());
        // Rounding is far below either: what gains nothing, and what gains no more than another.
        let (nothing, alike) = (1e-9 * whole.weight(), 1e-12 * whole.weight());
        for place in 1..rows.len() {
            let class = self.samples.label(rows[place - 1]);
            below.counts[class] += 1;
            above.counts[class] -= 1;
            let (low, high) = (column[rows[place - 1]], column[rows[place]]);
            if low < high && place.min(rows.len() - place) >= self.params.min_leaf {
                let gain = below.purity() + above.purity() - whole.purity();
                if gain > best.map_or(nothing, |best| best.gain + alike) {
                    best = Some(Split { feature, threshold: between(low, high), gain });
                }
            }
        }
        best
    }
}

/// A number from `low` on and below `high`, in the middle if there is room.
fn between(low: f64, high: f64) -> f64 {
    let middle = f64::midpoint(low, high);
    if middle < high { middle } else { low }
}

/// The rows of each class on one side of a split. Their weights are made of whole counts, so that the order in which rows come
/// does not matter.
#[derive(Clone)]
struct Side<'a> {
    weights: &'a [f64],
    counts: Vec<usize>,
}

impl<'a> Side<'a> {
    const fn new(weights: &'a [f64], counts: Vec<usize>) -> Self {
        Self { weights, counts }
    }

    /// A side without rows.
    fn none(&self) -> Self {
        Self::new(self.weights, vec![0; self.counts.len()])
    }

    fn classes(&self) -> impl Iterator<Item = f64> {
        self.weights.iter().zip(&self.counts).map(|(weight, count)| weight * *count as f64)
    }

    fn weight(&self) -> f64 {
        self.classes().sum()
    }

    /// What its weight exceeds its weighted Gini impurity by: `Σ_c w_c² / w`.
    fn purity(&self) -> f64 {
        let weight = self.weight();
        if weight > 0.0 { self.classes().map(|w| w * w).sum::<f64>() / weight } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_the_one_with_the_purest_sides() {
        let columns = [vec![5.0, 5.0, 5.0, 5.0], vec![1.0, 2.0, 3.0, 4.0]];
        let samples = Samples::new(&columns, &[0, 1, 1, 1], 2).unwrap();
        let grown = |min_leaf| {
            let params = TreeParams { max_depth: 1, min_leaf, balanced: false };
            grow(&samples, &[0, 1, 2, 3], &params)
        };
        let leaf = |counts, class| Node::Leaf { counts, class };
        // Pure sides have the purity 1²/1 + 3²/3 = 4; the whole has (1² + 3²)/4 = 2.5.
        let split = Node::Split { feature: 1, threshold: 1.5, gain: 1.5, below: 1, above: 2 };
        assert_eq!(grown(1), [split, leaf(vec![1, 0], 0), leaf(vec![0, 3], 1)]);
        assert_eq!(grown(3), [leaf(vec![1, 3], 1)], "no side could have three rows");
    }

    #[test]
    fn neighbouring_numbers_have_a_threshold_between_them() {
        let (low, high) = (1.0, 1.0_f64.next_up());
        assert!(between(low, high) >= low && between(low, high) < high);
    }
}
