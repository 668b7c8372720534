//! Leaves that touch become one.

use super::{Bound, Leaf};

/// Fewer leaves that hold the same rows: two that are `alike`, differ in one feature only, and touch there, become one, at
/// the place of the first of them. It says what one of them said.
///
/// Each leaf is compared with those that were kept so far, and once more with all of them after each union, so the cost is at
/// most O(leaves² · features).
///
/// ```
/// use karma_analyze::tree::{Bound, Leaf, joined};
///
/// let leaf = |above, below| Leaf { bounds: vec![Bound { feature: 0, above, below }], counts: vec![5], class: 0 };
/// let one = joined([leaf(None, Some(2.0)), leaf(Some(2.0), Some(7.0))], |a, b| a.class == b.class);
/// assert_eq!(one, [Leaf { counts: vec![10], ..leaf(None, Some(7.0)) }]);
/// ```
pub fn joined(leaves: impl IntoIterator<Item = Leaf>, alike: impl Fn(&Leaf, &Leaf) -> bool) -> Vec<Leaf> {
    let mut kept: Vec<Leaf> = Vec::new();
    for mut leaf in leaves {
        let mut place = kept.len();
        let union = |(at, one): (usize, &Leaf), leaf: &Leaf| {
            alike(one, leaf).then(|| one.with(leaf)).flatten().map(|both| (at, both))
        };
        while let Some((at, both)) = kept.iter().enumerate().find_map(|one| union(one, &leaf)) {
            kept.remove(at);
            (place, leaf) = (place.min(at), both);
        }
        kept.insert(place, leaf);
    }
    kept
}

impl Leaf {
    /// Both as one leaf, if that is one.
    fn with(&self, other: &Self) -> Option<Self> {
        if self.bounds.len() != other.bounds.len() {
            return None;
        }
        let mut differing = (0..self.bounds.len()).filter(|at| self.bounds[*at] != other.bounds[*at]);
        let (Some(at), None) = (differing.next(), differing.next()) else { return None };
        let both = self.bounds[at].with(&other.bounds[at])?;
        let mut bounds = self.bounds.clone();
        // A bound without ends says nothing.
        bounds.splice(at..=at, both.above.or(both.below).map(|_| both));
        let counts = self.counts.iter().zip(&other.counts).map(|(a, b)| a + b).collect();
        Some(Self { bounds, counts, class: self.class })
    }
}

impl Bound {
    /// Both as one interval, if they touch.
    fn with(&self, other: &Self) -> Option<Self> {
        let feature = (self.feature == other.feature).then_some(self.feature)?;
        let touch = |low: &Self, high: &Self| low.below.is_some() && low.below == high.above;
        let (low, high) = match (touch(self, other), touch(other, self)) {
            (true, _) => (self, other),
            (_, true) => (other, self),
            _ => return None,
        };
        Some(Self { feature, above: low.above, below: high.below })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(above: Option<f64>, below: Option<f64>, count: usize) -> Leaf {
        let other = Bound { feature: 2, above: Some(5.0), below: None };
        Leaf { bounds: vec![Bound { feature: 0, above, below }, other], counts: vec![count], class: 0 }
    }

    #[test]
    fn leaves_that_touch_become_one_and_a_bound_that_says_nothing_is_dropped() {
        let leaves = vec![leaf(Some(1.0), None, 4), leaf(None, Some(0.0), 2), leaf(Some(0.0), Some(1.0), 3)];
        let one = joined(leaves, |_, _| true);
        assert_eq!(one.len(), 1);
        assert_eq!(
            (one[0].bounds.as_slice(), one[0].rows()),
            (&[Bound { feature: 2, above: Some(5.0), below: None }][..], 9)
        );
    }

    #[test]
    fn leaves_that_do_not_touch_or_are_not_alike_stay_apart() {
        let gap = vec![leaf(None, Some(0.0), 1), leaf(Some(1.0), None, 1)];
        assert_eq!(joined(gap.clone(), |_, _| true), gap);
        let touching = vec![leaf(None, Some(0.0), 1), Leaf { class: 1, ..leaf(Some(0.0), None, 1) }];
        assert_eq!(joined(touching.clone(), |a, b| a.class == b.class), touching);
    }

    #[test]
    fn a_union_stands_where_the_first_of_its_leaves_stood() {
        let leaves = [leaf(None, Some(0.0), 1), leaf(Some(3.0), None, 2), leaf(Some(0.0), Some(1.0), 4)];
        let rows: Vec<usize> = joined(leaves, |_, _| true).iter().map(Leaf::rows).collect();
        assert_eq!(rows, [5, 2]);
    }
}
