//! Rules: the leaves of a tree with the ways that lead there.

use serde::{Deserialize, Serialize};

use crate::tree::{Bound, Leaf, Tree, joined};

/// A feature against a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Which feature.
    pub feature: usize,
    /// Whether it must be above the threshold, or at most that.
    pub above: bool,
    /// The threshold.
    pub threshold: f64,
}

impl Condition {
    /// Whether a row satisfies it.
    fn holds(&self, value: &impl Fn(usize) -> f64) -> bool {
        (value(self.feature) > self.threshold) == self.above
    }
}

/// If all conditions hold, the outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What must hold, by feature: at most one lower and one upper bound each. A rule without conditions always holds.
    pub conditions: Vec<Condition>,
    /// The class.
    pub outcome: usize,
    /// Rows the tree was grown on that it covers.
    pub support: usize,
    /// Share of the outcome among them.
    pub share: f64,
    /// Held-out rows that it covers.
    pub covers: usize,
    /// Share of them in which the policy chose the outcome; none if it covers none.
    pub fidelity: Option<f64>,
}

impl Rule {
    pub(super) fn matches(&self, value: impl Fn(usize) -> f64) -> bool {
        self.conditions.iter().all(|condition| condition.holds(&value))
    }
}

/// The rules of a tree, from left to right; nothing is known of held-out rows yet.
pub(super) fn rules(tree: &Tree) -> Vec<Rule> {
    joined(tree.leaves(), |one, other| one.class == other.class).iter().map(rule).collect()
}

fn rule(leaf: &Leaf) -> Rule {
    Rule {
        conditions: leaf.bounds.iter().flat_map(conditions).collect(),
        outcome: leaf.class,
        support: leaf.rows(),
        share: leaf.share(leaf.class),
        covers: 0,
        fidelity: None,
    }
}

/// A lower and an upper bound, as far as there are any.
fn conditions(bound: &Bound) -> impl Iterator<Item = Condition> + use<> {
    let feature = bound.feature;
    let of = move |above| move |threshold| Condition { feature, above, threshold };
    bound.above.map(of(true)).into_iter().chain(bound.below.map(of(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_on_one_feature_are_an_interval() {
        let at = |feature, above, threshold| Condition { feature, above, threshold };
        let bounds = vec![
            Bound { feature: 0, above: Some(1.0), below: None },
            Bound { feature: 1, above: Some(3.0), below: Some(7.0) },
        ];
        let rule = rule(&Leaf { bounds, counts: vec![1, 3], class: 1 });
        assert_eq!(rule.conditions, [at(0, true, 1.0), at(1, true, 3.0), at(1, false, 7.0)]);
        assert_eq!((rule.outcome, rule.support, rule.share), (1, 4, 0.75));
        assert!(rule.matches(|feature| [2.0, 7.0][feature]) && !rule.matches(|feature| [2.0, 3.0][feature]));
    }
}
