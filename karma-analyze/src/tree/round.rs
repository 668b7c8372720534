//! Thresholds that one can remember.

use super::{Node, Samples, Tree};

impl Tree {
    /// The tree with each threshold rounded to as few significant digits, but at least 3, as send each of the samples the
    /// same way.
    ///
    /// # Panics
    /// If the samples have fewer features than those that the tree was fitted to.
    #[must_use]
    pub fn rounded(mut self, samples: &Samples<'_>) -> Self {
        let mut open = vec![(0, (0..samples.len()).collect::<Vec<_>>())];
        while let Some((at, rows)) = open.pop() {
            if let Node::Split { feature, threshold, below, above, .. } = &mut self.nodes[at] {
                let column = samples.column(*feature);
                *threshold = shortest(*threshold, &rows.iter().map(|row| column[*row]).collect::<Vec<_>>());
                let (high, low) = rows.iter().partition(|row| column[**row] > *threshold);
                open.extend([(*below, low), (*above, high)]);
            }
        }
        self
    }
}

fn shortest(threshold: f64, values: &[f64]) -> f64 {
    let splits_alike = |short: &f64| values.iter().all(|value| (*value <= threshold) == (value <= short));
    (3..=16).map(|count| digits(threshold, count)).find(splits_alike).unwrap_or(threshold)
}

/// The nearest number of so many significant digits, as it is read.
fn digits(number: f64, count: usize) -> f64 {
    format!("{number:.*e}", count - 1).parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_are_kept_of_any_size() {
        for (number, short) in [(0.123_456, 0.123), (98_765.0, 98_800.0), (-1e-7, -1e-7), (0.0, 0.0)] {
            assert_eq!(digits(number, 3), short);
        }
    }

    #[test]
    fn a_threshold_keeps_the_digits_that_tell_rows_apart() {
        let middle = f64::midpoint(1.2345, 1.2349);
        assert_eq!(shortest(middle, &[1.0, 2.0]), 1.23);
        assert_eq!(shortest(middle, &[1.2345, 1.2349]), 1.2347, "1.23 is below both, 1.235 above both");
        let (low, high) = (1.0, 1.0_f64.next_up());
        assert_eq!(shortest(low, &[low, high]), low);
    }

    #[test]
    fn all_thresholds_of_a_tree_are_rounded() {
        let leaf = || Node::Leaf { counts: vec![1], class: 0 };
        let split = |threshold, below, above| Node::Split { feature: 0, threshold, gain: 1.0, below, above };
        let tree = |high, low| Tree {
            features: 1,
            nodes: vec![split(high, 1, 4), split(low, 2, 3), leaf(), leaf(), leaf()],
        };
        let columns = [vec![1.0, 3.0, 7.0]];
        let samples = Samples::new(&columns, &[0, 0, 0], 1).unwrap();
        assert_eq!(tree(5.000_1, 1.999_9).rounded(&samples), tree(5.0, 2.0));
    }
}
