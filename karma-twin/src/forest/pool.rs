//! From the samples that the trees put beside a new one to a forecast.

use super::{Forest, View};
use crate::Forecasts;

/// The samples beside one new sample, with their weights; keeps its memory from row to row.
pub(super) struct Pool<'a> {
    forest: &'a Forest,
    /// Weight of every sample of the forest: 1 for each tree, divided among its leaf.
    weights: Vec<f64>,
    /// The samples whose weight is not 0.
    touched: Vec<u32>,
    /// Trees × columns: the mean of the leaf; NaN if no target is known there.
    means: Vec<f64>,
    /// The targets of one leaf, by column.
    leaf: Vec<Tally>,
    /// Values with their weights, of one column.
    items: Vec<(f32, f64)>,
}

/// What the pool says of one column, on the scale of the forest's view.
struct Said {
    median: f32,
    mean: f64,
    deviation: f64,
}

impl<'a> Pool<'a> {
    pub(super) fn new(forest: &'a Forest) -> Self {
        let weights = vec![0.0; forest.values.len() / forest.columns.max(1)];
        let leaf = vec![Tally::default(); forest.columns];
        Self { forest, weights, touched: Vec::new(), means: Vec::new(), leaf, items: Vec::new() }
    }

    /// Pools the leaves into which `features` fall, in the trees of those bags that may speak; how many do.
    pub(super) fn gather(&mut self, features: &[f32], may_speak: impl Fn(usize) -> bool) -> usize {
        self.touched.drain(..).for_each(|sample| self.weights[sample as usize] = 0.0);
        self.means.clear();
        let forest = self.forest;
        let bags = forest.trees.chunks(forest.trees_per_bag).enumerate();
        for tree in bags.filter(|(bag, _)| may_speak(*bag)).flat_map(|(_, trees)| trees) {
            let members = tree.neighbours(features);
            let share = 1.0 / members.len() as f64;
            self.leaf.fill(Tally::default());
            for sample in members {
                let weight = &mut self.weights[*sample as usize];
                if *weight == 0.0 {
                    self.touched.push(*sample);
                }
                *weight += share;
                for (tally, value) in self.leaf.iter_mut().zip(forest.values_of(*sample)) {
                    tally.add(f64::from(*value));
                }
            }
            self.means.extend(self.leaf.iter().map(Tally::mean));
        }
        self.means.len() / forest.columns.max(1)
    }

    /// Writes the forecast of what was gathered as row `row` of `out`.
    #[expect(clippy::cast_possible_truncation, reason = "weights and sums are in double precision")]
    pub(super) fn write(&mut self, row: usize, present: &[f32], out: &mut Forecasts) {
        for (column, present) in present.iter().enumerate() {
            let place = row * self.forest.columns + column;
            let Some(said) = self.said(column) else {
                (out.median[place], out.mean[place]) = (*present, *present);
                continue;
            };
            let base = match self.forest.view {
                View::Increments => *present,
                View::Levels => 0.0,
            };
            out.median[place] = base + said.median;
            out.mean[place] = base + said.mean as f32;
            out.aleatoric[place] = said.deviation as f32;
            out.epistemic[place] = self.ignorance(column, said.mean).unwrap_or(said.deviation) as f32;
        }
    }

    /// Median, mean and mean deviation of a column. If no sample of the pool knows it, all samples speak; none if none
    /// of them does either.
    fn said(&mut self, column: usize) -> Option<Said> {
        let forest = self.forest;
        let weighted = |sample: &u32| (forest.values_of(*sample)[column], self.weights[*sample as usize]);
        self.items.clear();
        self.items.extend(self.touched.iter().map(weighted).filter(|(value, _)| value.is_finite()));
        if self.items.is_empty() {
            let all = forest.values.iter().skip(column).step_by(forest.columns);
            self.items.extend(all.filter(|value| value.is_finite()).map(|value| (*value, 1.0)));
        }
        let total: f64 = self.items.iter().map(|(_, weight)| weight).sum();
        let mean = self.items.iter().map(|(value, weight)| f64::from(*value) * weight).sum::<f64>() / total;
        let median = weighted_median(&mut self.items)?;
        let distance = |value: f32| (f64::from(value) - f64::from(median)).abs();
        let deviation =
            self.items.iter().map(|(value, weight)| distance(*value) * weight).sum::<f64>() / total;
        Some(Said { median, mean, deviation })
    }

    /// Standard deviation over what could have been learned (the forest's documentation has the formula). It does not
    /// depend on `centre`, from which distances are taken so that squares stay exact. None if no tree knows the column.
    fn ignorance(&self, column: usize, centre: f64) -> Option<f64> {
        let (columns, per_bag) = (self.forest.columns, self.forest.trees_per_bag);
        let (mut trees, mut bags, mut within) = (Tally::default(), Tally::default(), Tally::default());
        for means in self.means.chunks(columns * per_bag) {
            let mut bag = Tally::default();
            for mean in means.iter().skip(column).step_by(columns) {
                bag.add(mean - centre);
                trees.add(mean - centre);
            }
            bags.add(bag.mean());
            within.add(bag.variance() / bag.count);
        }
        let between = if per_bag == 1 { trees.variance() } else { bags.variance() - within.mean() };
        (trees.count > 0.0).then(|| between.max(trees.variance() / trees.count).sqrt())
    }
}

/// Count, sum and sum of squares of the values that are there.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Tally {
    fn add(&mut self, value: f64) {
        if value.is_finite() {
            self.count += 1.0;
            self.sum += value;
            self.squares += value * value;
        }
    }

    /// NaN for no values.
    fn mean(&self) -> f64 {
        self.sum / self.count
    }

    /// Of a sample (divided by one less than the count); 0 for fewer than two values.
    fn variance(&self) -> f64 {
        let about_mean = self.squares - self.sum * self.sum / self.count;
        if self.count > 1.0 { about_mean.max(0.0) / (self.count - 1.0) } else { 0.0 }
    }
}

/// The least value at which half of the weight is reached; in linear time, by halving.
pub(crate) fn weighted_median(items: &mut [(f32, f64)]) -> Option<f32> {
    let mut half = items.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut rest = items;
    loop {
        let middle = rest.len().checked_sub(1)? / 2;
        let (below, (value, weight), above) = rest.select_nth_unstable_by(middle, |a, b| a.0.total_cmp(&b.0));
        let under: f64 = below.iter().map(|(_, weight)| weight).sum();
        if under >= half && !below.is_empty() {
            rest = below;
        } else if under + *weight >= half || above.is_empty() {
            return Some(*value);
        } else {
            half -= under + *weight;
            rest = above;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_median_counts_weights() {
        assert_eq!(weighted_median(&mut [(3.0, 1.0), (1.0, 1.0), (2.0, 1.0)]), Some(2.0));
        assert_eq!(weighted_median(&mut [(3.0, 5.0), (1.0, 1.0), (2.0, 1.0)]), Some(3.0));
        assert_eq!(weighted_median(&mut []), None);
    }

    #[test]
    fn a_missing_value_is_not_tallied_and_a_variance_of_one_value_is_0() {
        let tally = |values: &[f64]| {
            let mut tally = Tally::default();
            for value in values {
                tally.add(*value);
            }
            (tally.mean(), tally.variance())
        };
        assert_eq!(tally(&[4.0, f64::NAN]), (4.0, 0.0));
        assert_eq!(tally(&[1.0, 3.0]), (2.0, 2.0));
    }

    proptest! {
        #[test]
        fn a_median_by_halving_is_the_one_by_sorting(
            items in proptest::collection::vec((-9i8..9, 1u8..4), 1..60),
        ) {
            let mut items: Vec<(f32, f64)> =
                items.into_iter().map(|(value, weight)| (f32::from(value), f64::from(weight))).collect();
            let found = weighted_median(&mut items);
            items.sort_by(|a, b| a.0.total_cmp(&b.0));
            let half = items.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
            let mut reached = 0.0;
            let first = items.iter().find(|(_, weight)| {
                reached += weight;
                reached >= half
            });
            prop_assert_eq!(found, first.map(|(value, _)| *value));
        }
    }
}
